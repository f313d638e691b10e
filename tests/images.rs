//! Rewrites proved on real images: each service in `tests/images` is built before and after its fixes, both images pass the same
//! smoke test, the second is smaller, and what was predicted is what was saved.
//!
//! `tests/images/NAME/in` is the service, `smoke` the command that must succeed in a shell of either image, `Dockerfile.fixed` what
//! all fixes make of its Dockerfile (`UPDATE=1` writes it). What needs a builder is only run when asked for:
//!
//! ```text
//! cargo test --test images -- --ignored --nocapture
//! ```
//!
//! It takes `docker` or `podman`, whichever is found first, or the command that `SLIMLINT_IMAGE_BUILDER` names, which must know
//! `build`, `run` and `image inspect` as these do. `SLIMLINT_IMAGE_SERVICES` chooses services by name, separated by commas.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and tells"
)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{files_below, relative, root};
use slimlint::config::Settings;
use slimlint::diagnostic::Applicability;
use slimlint::fix::{self, Plan};
use slimlint::workspace::Workspace;

/// How far what was predicted may be from what was saved, in hundredths.
const TOLERANCE: u64 = 20;

/// A service with its smoke test.
struct Service {
    name: String,
    folder: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

impl Service {
    fn all() -> Vec<Self> {
        let folder = root().join("tests/images");
        let mut folders: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let service = |folder: PathBuf| {
            let context = folder.join("in");
            let read = |file: PathBuf| (relative(&file, &context), fs::read(&file).unwrap());
            let files = files_below(&context).into_iter().map(read).collect();
            Self { name: folder.file_name().unwrap().to_string_lossy().into_owned(), folder, files }
        };
        folders.into_iter().map(service).collect()
    }

    fn plan(&self) -> Plan {
        let workspace = Workspace::in_memory(self.files.clone());
        fix::plan(&workspace, &["Dockerfile".to_owned()], &Settings::default(), Applicability::Unsafe)
    }
}

#[test]
fn every_service_is_rewritten_as_recorded() {
    for service in Service::all() {
        let plan = service.plan();
        assert!(plan.rejected.is_empty(), "{}: {:?}", service.name, plan.rejected);
        let change = plan.files.iter().find(|change| change.path == "Dockerfile");
        let after = &change.unwrap_or_else(|| panic!("{}: nothing changes", service.name)).after;
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
    println!("{:<28} {:>9} {:>9} {:>9} {:>9}", "service (MB)", "before", "after", "saved", "predicted");
    for service in Service::all().into_iter().filter(|service| is_wanted(&service.name)) {
        if let Err(problem) = compare(&builder, &service) {
            let _ = writeln!(problems, "{}: {problem}", service.name);
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

fn compare(builder: &Builder, service: &Service) -> Result<(), String> {
    let plan = service.plan();
    let mut after = service.files.clone();
    for change in &plan.files {
        after.insert(change.path.clone(), change.after.clone());
    }
    let smoke = fs::read_to_string(service.folder.join("smoke")).map_err(|error| error.to_string())?;
    let before = builder.built(&service.name, "before", &service.files, &smoke)?;
    let after = builder.built(&service.name, "after", &after, &smoke)?;
    let predicted = predicted(&plan);
    let Some(saved) = before.checked_sub(after).filter(|saved| *saved > 0) else {
        return Err(format!("the image grew from {} MB to {} MB", mega(before), mega(after)));
    };
    let figures = [before, after, saved, predicted].map(mega);
    println!("{:<28} {:>9} {:>9} {:>9} {:>9}", service.name, figures[0], figures[1], figures[2], figures[3]);
    if predicted.abs_diff(saved) * 100 > TOLERANCE * saved {
        return Err(format!("predicted {} MB, saved {} MB", mega(predicted), mega(saved)));
    }
    Ok(())
}

/// MB with one digit.
fn mega(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// The bytes of all that the applied fixes take out of the image, each component once.
fn predicted(plan: &Plan) -> u64 {
    let mut components: BTreeMap<String, u64> = BTreeMap::new();
    for savings in plan.files.iter().flat_map(|change| &change.fixes).filter_map(|fix| fix.savings.as_ref()) {
        for item in savings.items.iter().filter(|_| savings.in_image) {
            components.insert(format!("{:?}", item.component), item.bytes);
        }
    }
    components.into_values().sum()
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

    /// Builds the files, runs the smoke test, and tells the size of the image in bytes.
    fn built(&self, name: &str, which: &str, files: &BTreeMap<String, Vec<u8>>, smoke: &str) -> Result<u64, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).map_err(|error| error.to_string())?;
            fs::write(path, bytes).map_err(|error| error.to_string())?;
        }
        let tag = format!("localhost/slimlint-test/{name}:{which}");
        let context = folder.path().to_string_lossy();
        self.run(&["build", "-t", &tag, "-f", &format!("{context}/Dockerfile"), &context])?;
        self.run(&["run", "--rm", "--entrypoint", "sh", &tag, "-c", smoke])?;
        let size = self.run(&["image", "inspect", "--format", "{{.Size}}", &tag])?;
        let size = String::from_utf8_lossy(&size.stdout).trim().parse().map_err(|error| format!("no size: {error}"));
        let _ = self.run(&["image", "rm", &tag]);
        size
    }
}
