//! Rewrites proved on real images: each service in `tests/images` is built before and after its fixes, both images pass the same
//! smoke test, the second is smaller, and what was predicted is what was saved.
//!
//! `tests/images/NAME/in` is the service, or `corpus` names one of the corpus, whose rewrite is recorded there. `smoke` is the command
//! that must succeed in a shell of either image, with the variables that `environment` sets; `Dockerfile.fixed` is what all fixes make
//! of the Dockerfile (`UPDATE=1` writes it). Where the image has a `HEALTHCHECK`, that must succeed too, beside the command that the
//! image starts with, or beside `start` where that one needs other services. `prepare` is a script for the context that runs before
//! anything is built: its status 69 says that something is missing on this machine. What needs a builder is only run when asked for:
//!
//! ```text
//! cargo test --test images -- --ignored --nocapture
//! ```
//!
//! It takes `docker` or `podman`, whichever is found first, or the command that `SLIMLINT_IMAGE_BUILDER` names, which must know
//! `build`, `run`, `exec`, `inspect`, `rm` and `image` as these do. `SLIMLINT_IMAGE_SERVICES` chooses services by name, separated by
//! commas. What is built is removed again; the largest images take 12 GB while they are there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and tells"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use common::{files_below, relative, root};
use slimlint::config::Settings;
use slimlint::diagnostic::{Applicability, Component, Saving, Savings};
use slimlint::fix::{self, Plan};
use slimlint::lint::lint;
use slimlint::workspace::Workspace;

/// How far what was predicted may be from what was saved, in hundredths.
const TOLERANCE: u64 = 20;

/// How often a container is asked whether it is healthy, each time after [`PAUSE`].
const TRIES: usize = 60;
const PAUSE: Duration = Duration::from_secs(1);
/// The status of a `prepare` that lacks something: `EX_UNAVAILABLE` of `sysexits.h`.
const UNAVAILABLE: i32 = 69;

type Files = BTreeMap<String, Vec<u8>>;

/// A service with its smoke test.
struct Service {
    name: String,
    folder: PathBuf,
    /// Whether it is one of the corpus.
    of_corpus: bool,
    files: Files,
}

impl Service {
    fn all() -> Vec<Self> {
        let folder = root().join("tests/images");
        let mut folders: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let service = |folder: PathBuf| {
            let named = fs::read_to_string(folder.join("corpus")).ok();
            let of_corpus = named.is_some();
            let context =
                named.map_or_else(|| folder.join("in"), |name| root().join("corpus").join(name.trim()).join("in"));
            let files = files_of(&context);
            Self { name: folder.file_name().unwrap().to_string_lossy().into_owned(), folder, of_corpus, files }
        };
        folders.into_iter().map(service).collect()
    }

    /// The files as the image is built from them; `None` when this machine cannot make them.
    fn prepared(&self) -> Result<Option<Files>, String> {
        let script = self.folder.join("prepare");
        if !script.exists() {
            return Ok(Some(self.files.clone()));
        }
        let folder = written(&self.files)?;
        let output = Command::new("sh").arg("-e").arg(script).current_dir(folder.path()).output();
        let output = output.map_err(|error| error.to_string())?;
        let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.code() == Some(UNAVAILABLE) {
            println!("{:<24} skipped: {told}", self.name);
            return Ok(None);
        }
        if !output.status.success() {
            return Err(format!("`prepare` failed: {told}"));
        }
        Ok(Some(files_of(folder.path())))
    }
}

fn files_of(context: &Path) -> Files {
    files_below(context).into_iter().map(|file| (relative(&file, context), fs::read(&file).unwrap())).collect()
}

fn written(files: &Files) -> Result<tempfile::TempDir, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).map_err(|error| error.to_string())?;
        fs::write(path, bytes).map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

fn plan(files: &Files) -> Plan {
    let workspace = Workspace::in_memory(files.clone());
    fix::plan(&workspace, &["Dockerfile".to_owned()], &Settings::default(), Applicability::Unsafe)
}

#[test]
fn every_service_is_rewritten_as_recorded() {
    for service in Service::all() {
        let plan = plan(&service.files);
        assert!(plan.rejected.is_empty(), "{}: {:?}", service.name, plan.rejected);
        let change = plan.files.iter().find(|change| change.path == "Dockerfile");
        let after = &change.unwrap_or_else(|| panic!("{}: nothing changes", service.name)).after;
        if service.of_corpus {
            continue;
        }
        let expected = service.folder.join("Dockerfile.fixed");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, after).unwrap();
        }
        let expected = fs::read(&expected).unwrap_or_default();
        assert!(*after == expected, "{}:\n{}", service.name, String::from_utf8_lossy(after));
    }
}

#[test]
#[ignore = "builds images: cargo test --test images -- --ignored --nocapture"]
fn images_work_and_lose_what_was_predicted() {
    let Some(builder) = Builder::find() else {
        println!(
            "skipped: neither docker nor podman answers. Install one of them (Debian: `apt-get install podman`), or name a \
             command that builds as they do in SLIMLINT_IMAGE_BUILDER."
        );
        return;
    };
    let wanted = std::env::var("SLIMLINT_IMAGE_SERVICES").ok();
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|one| one == name));
    let mut problems = String::new();
    let names = ["before", "after", "saved", "predicted"].map(|name| format!("{name:>9}")).concat();
    println!("{:<24}{names}{:>7}  rules", "service (MB)", "off");
    for service in Service::all().into_iter().filter(|service| is_wanted(&service.name)) {
        if let Err(problem) = compare(&builder, &service) {
            println!("{:<24} FAILED: {problem}", service.name);
            let _ = writeln!(problems, "{}: {problem}", service.name);
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

fn compare(builder: &Builder, service: &Service) -> Result<(), String> {
    let Some(files) = service.prepared()? else { return Ok(()) };
    let plan = plan(&files);
    let mut fixed = files.clone();
    for change in &plan.files {
        fixed.insert(change.path.clone(), change.after.clone());
    }
    let before = builder.size_of(service, "before", &files)?;
    let after = builder.size_of(service, "after", &fixed)?;
    let predicted = predicted(&files, &plan);
    let Some(saved) = before.checked_sub(after).filter(|saved| *saved > 0) else {
        return Err(format!("the image grew from {} MB to {} MB", mega(before), mega(after)));
    };
    let off = predicted.abs_diff(saved) * 100 / saved;
    let sign = if predicted < saved { '-' } else { '+' };
    let rules: BTreeSet<&str> = plan.files.iter().flat_map(|change| &change.fixes).map(|fix| fix.rule).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let figures = [before, after, saved, predicted].map(|bytes| format!("{:>9}", mega(bytes))).concat();
    println!("{:<24}{figures}{:>7}  {}", service.name, format!("{sign}{off} %"), rules.join(", "));
    if predicted.abs_diff(saved) * 100 > TOLERANCE * saved {
        return Err(format!("predicted {} MB, saved {} MB", mega(predicted), mega(saved)));
    }
    Ok(())
}

/// MB with one digit.
fn mega(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// The bytes of all that the applied fixes take out of the image, each component once: as the rule of the fix told at first, where
/// that is more. A cache that is left out last, when torch for CUDA is gone already, held that as well before.
fn predicted(files: &Files, plan: &Plan) -> u64 {
    let (workspace, paths) = (Workspace::in_memory(files.clone()), ["Dockerfile".to_owned()]);
    let report = lint(&workspace, &paths, &Settings::default());
    let first: Vec<(&str, &Saving)> = report
        .diagnostics
        .iter()
        .filter_map(|finding| Some((finding.rule, finding.savings.as_ref()?)))
        .flat_map(|(rule, savings)| in_image(savings).iter().map(move |item| (rule, item)))
        .collect();
    let mut components: BTreeMap<&Component, u64> = BTreeMap::new();
    for fix in plan.files.iter().flat_map(|change| &change.fixes) {
        for item in fix.savings.as_ref().map(in_image).unwrap_or_default() {
            let same = first.iter().filter(|(rule, told)| *rule == fix.rule && told.component == item.component);
            let told = same.map(|(_, told)| told.bytes).max().unwrap_or_default();
            let bytes = components.entry(&item.component).or_default();
            *bytes = item.bytes.max(told).max(*bytes);
        }
    }
    components.into_values().sum()
}

fn in_image(savings: &Savings) -> &[Saving] {
    if savings.in_image { &savings.items } else { &[] }
}

/// A program that builds and runs images.
struct Builder {
    program: String,
}

impl Builder {
    fn find() -> Option<Self> {
        let named = std::env::var("SLIMLINT_IMAGE_BUILDER").ok();
        let programs = named.map_or_else(|| vec!["docker".to_owned(), "podman".to_owned()], |name| vec![name]);
        programs.into_iter().map(|program| Self { program }).find(|builder| {
            let images = Command::new(&builder.program).arg("images").output();
            images.is_ok_and(|output| output.status.success())
        })
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, String> {
        let output = Command::new(&self.program).args(arguments).output();
        let output = output.map_err(|error| format!("{} does not start: {error}", self.program))?;
        if output.status.success() {
            return Ok(output);
        }
        let told = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let told = String::from_utf8_lossy(&told);
        let lines: Vec<&str> = told.lines().collect();
        let last = lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n    ");
        Err(format!("`{} {}` failed:\n    {last}", self.program, arguments.join(" ")))
    }

    /// Builds the files, runs the smoke test and the health check, and tells the size of the image in bytes.
    fn size_of(&self, service: &Service, which: &str, files: &Files) -> Result<u64, String> {
        let folder = written(files)?;
        let tag = format!("localhost/slimlint-test/{}:{which}", service.name);
        let context = folder.path().to_string_lossy();
        self.run(&["build", "-t", &tag, "-f", &format!("{context}/Dockerfile"), &context])?;
        let size = self.tested(service, &tag).map_err(|problem| format!("{which}: {problem}"));
        let _ = self.run(&["image", "rm", "-f", &tag]);
        size
    }

    fn tested(&self, service: &Service, tag: &str) -> Result<u64, String> {
        let smoke = fs::read_to_string(service.folder.join("smoke")).map_err(|error| error.to_string())?;
        let environment = fs::read_to_string(service.folder.join("environment")).unwrap_or_default();
        let variables: Vec<&str> = environment.lines().flat_map(|line| ["-e", line]).collect();
        let in_shell = |command: &str| {
            let shell = ["--entrypoint", "sh", tag, "-c", command];
            self.run(&[&["run", "--rm"], variables.as_slice(), &shell].concat())
        };
        in_shell(&smoke)?;
        if let Some(health) = self.health(tag)? {
            let start = fs::read_to_string(service.folder.join("start")).ok();
            let started =
                start.as_ref().map_or_else(|| vec![tag], |start| vec!["--entrypoint", "sh", tag, "-c", start]);
            let container = self.run(&[&["run", "-d"], variables.as_slice(), &started].concat())?;
            let container = String::from_utf8_lossy(&container.stdout).trim().to_owned();
            let mut answer = Err(String::new());
            for _ in 0..TRIES {
                sleep(PAUSE);
                answer = self.run(&[&["exec", container.as_str()], words(&health).as_slice()].concat());
                if answer.is_ok() {
                    break;
                }
            }
            let _ = self.run(&["rm", "-f", &container]);
            answer.map_err(|problem| format!("not healthy: {problem}"))?;
        }
        let size = self.run(&["image", "inspect", "--format", "{{.Size}}", tag])?;
        String::from_utf8_lossy(&size.stdout).trim().parse().map_err(|error| format!("no size: {error}"))
    }

    /// The words of the image's `HEALTHCHECK`, as they are run.
    fn health(&self, tag: &str) -> Result<Option<Vec<String>>, String> {
        let told = self.run(&["image", "inspect", tag])?;
        let images: serde_json::Value = serde_json::from_slice(&told.stdout).map_err(|error| error.to_string())?;
        let image = &images[0];
        // podman has it beside the configuration as well, docker only in it.
        let check = [&image["Config"]["Healthcheck"], &image["Healthcheck"], &image["HealthCheck"]];
        let Some(test) = check.iter().find_map(|check| check["Test"].as_array()) else { return Ok(None) };
        let mut words = test.iter().filter_map(|word| word.as_str()).map(str::to_owned);
        Ok(match words.next().as_deref() {
            Some("CMD") => Some(words.collect()),
            Some("CMD-SHELL") => Some(["sh".to_owned(), "-c".to_owned()].into_iter().chain(words).collect()),
            _ => None,
        })
    }
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
