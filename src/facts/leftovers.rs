//! Folders that compilers fill on the way to their result.

use crate::dockerfile::Value;
use crate::text::TextRange;

use super::caches::is_mounted;
use super::commands::removal;
use super::paths::resolve;
use super::{Facts, Guard, Invocation, Run, StageFacts};

/// Stages of a `FROM` chain that are looked at, so that a file of thousands takes no time.
const MAX_CHAIN: usize = 32;

/// A folder that a command of a stage fills and that is still there at the stage's end.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// The folder, absolute.
    pub folder: String,
    /// What is in it.
    pub what: &'static str,
    /// The command.
    pub range: TextRange,
    /// How the command is called: `cargo build`.
    pub command: String,
    /// Programs that would read it again.
    pub readers: &'static [&'static str],
    /// Whether it was downloaded, and not made from something.
    pub is_download: bool,
}

impl Facts<'_> {
    /// What the compilers of a stage, and of those it is built on, leave behind.
    #[must_use]
    pub fn leftovers(&self, stage: &StageFacts) -> Vec<Leftover> {
        let mut found: Vec<Leftover> = Vec::new();
        for holder in std::iter::once(stage).chain(self.ancestors(stage)).take(MAX_CHAIN) {
            for (number, run) in holder.runs.iter().enumerate() {
                for (index, invocation) in run.invocations.iter().enumerate() {
                    if invocation.guard != Guard::Always {
                        continue;
                    }
                    for leftover in self.filled_by(holder, run, invocation) {
                        let rest = run.invocations.iter().skip(index + 1);
                        let behind = holder.runs.iter().skip(number + 1).flat_map(|run| &run.invocations);
                        let own =
                            stage.runs.iter().filter(|_| holder.index != stage.index).flat_map(|run| &run.invocations);
                        let gone = rest.chain(behind).chain(own).any(|later| clears(later, &leftover));
                        let mounted = is_mounted(run, &leftover.folder);
                        let known = found.iter().any(|other| other.folder == leftover.folder);
                        if !gone && !mounted && !known {
                            found.push(leftover);
                        }
                    }
                }
            }
        }
        found
    }

    /// The folders that a compiler fills on its way, whatever becomes of them later.
    #[must_use]
    pub fn filled_by(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Vec<Leftover> {
        let first = invocation
            .arguments
            .iter()
            .map(|argument| argument.value.text())
            .find(|text| !text.starts_with(['-', '+']));
        let first = first.unwrap_or_default();
        let variable =
            |name: &str| self.variable(run, invocation, name).and_then(Value::known).filter(|value| !value.is_empty());
        let home = || self.homes(stage, run, invocation).into_iter().next();
        // `ENV GOPATH=$HOME/go`, where no instruction sets `HOME`.
        let is_open = |name: &str| self.variable(run, invocation, name).is_some_and(|value| value.known().is_none());
        let image = stage.image.repository.as_str();
        let make = |folder: Option<String>, what: &'static str, readers: &'static [&'static str]| {
            let command = format!("{} {first}", invocation.program).trim_end().to_owned();
            let is_download =
                !matches!(what, "the intermediate files" | "the compiler's cache" | "Gradle's intermediate files");
            folder.map(|folder| Leftover { folder, what, range: invocation.range, command, readers, is_download })
        };
        let here = |name: &str| invocation.workdir.known().map(|workdir| resolve(workdir, name));
        let found = match (invocation.program.as_str(), first) {
            ("cargo", "build" | "b" | "install" | "test" | "check" | "run" | "leptos" | "auditable") => {
                let elsewhere = invocation.arguments.iter().any(|argument| {
                    let text = argument.value.text();
                    ["--target-dir", "--manifest-path", "-Z", "--git", "--root", "--version"]
                        .iter()
                        .any(|flag| text.starts_with(flag))
                });
                let by_variable =
                    variable("CARGO_TARGET_DIR").map(|path| resolve(invocation.workdir.known().unwrap_or("/"), path));
                let target = by_variable.or_else(|| here("target")).filter(|_| !elsewhere && first != "install");
                let home = variable("CARGO_HOME")
                    .map(str::to_owned)
                    .or_else(|| (image == "rust").then(|| "/usr/local/cargo".to_owned()))
                    .or_else(|| Some(format!("{}/.cargo", home()?)))
                    .filter(|_| !is_open("CARGO_HOME"));
                vec![
                    make(target, "the intermediate files", &["cargo", "rustc"]),
                    make(home.map(|home| format!("{home}/registry")), "the sources of all crates", &["cargo"]),
                ]
            }
            ("go", "build" | "install" | "get" | "mod" | "test" | "run" | "generate" | "vet") => {
                let path = variable("GOPATH")
                    .map(|path| path.split(':').next().unwrap_or(path).to_owned())
                    .or_else(|| (image == "golang").then(|| "/go".to_owned()))
                    .or_else(|| Some(format!("{}/go", home()?)));
                let modules =
                    variable("GOMODCACHE").map(str::to_owned).or_else(|| path.map(|path| format!("{path}/pkg/mod")));
                let cache =
                    variable("GOCACHE").map(str::to_owned).or_else(|| Some(format!("{}/.cache/go-build", home()?)));
                let vendored = invocation.has_argument("-mod=vendor")
                    || variable("GOFLAGS").is_some_and(|flags| flags.contains("-mod=vendor"));
                let modules = modules.filter(|_| !vendored && !is_open("GOPATH") && !is_open("GOMODCACHE"));
                // `go get` of Go 1.18 and later downloads only, as `go get -d` of all.
                let tag = stage.image.tag.as_deref().filter(|_| image == "golang").unwrap_or_default();
                let minor = tag.strip_prefix("1.").and_then(|rest| rest.split(['.', '-']).next()?.parse::<u32>().ok());
                let get_compiles = minor.is_some_and(|minor| minor < 18) && !invocation.has_argument("-d");
                let compiles = first != "mod" && (first != "get" || get_compiles);
                let cache = cache.filter(|_| !is_open("GOCACHE") && compiles);
                vec![make(modules, "the sources of all modules", &["go"]), make(cache, "the compiler's cache", &["go"])]
            }
            ("mvn" | "mvnw", _) => {
                let local =
                    invocation.arguments.iter().any(|argument| argument.value.text().contains("maven.repo.local"));
                let repository = home().filter(|_| !local).map(|home| format!("{home}/.m2/repository"));
                vec![make(repository, "Maven's repository", &["mvn", "mvnw"])]
            }
            ("gradle" | "gradlew", _) => {
                let folder = variable("GRADLE_USER_HOME")
                    .map(str::to_owned)
                    .or_else(|| (image == "gradle").then(|| "/home/gradle/.gradle".to_owned()))
                    .or_else(|| Some(format!("{}/.gradle", home()?)));
                vec![
                    make(folder.map(|folder| format!("{folder}/caches")), "Gradle's downloads", &["gradle", "gradlew"]),
                    make(
                        here("build/classes").filter(|_| builds_java(invocation)),
                        "Gradle's intermediate files",
                        &["gradle", "gradlew"],
                    ),
                ]
            }
            _ => Vec::new(),
        };
        found.into_iter().flatten().collect()
    }
}

fn builds_java(invocation: &Invocation) -> bool {
    let elsewhere = ["-p", "--project-dir", "-b", "--build-file"];
    let tasks = ["build", "assemble", "installDist", "shadowJar", "bootJar", "jar", "distTar", "distZip"];
    let mut words = invocation.arguments.iter().map(|argument| argument.value.text());
    let mut builds = false;
    words.all(|word| {
        builds |= tasks.contains(&word);
        !elsewhere.contains(&word)
    }) && builds
}

/// Whether a later command takes the folder away.
fn clears(invocation: &Invocation, leftover: &Leftover) -> bool {
    let cleans = leftover.readers.contains(&invocation.program.as_str())
        && invocation
            .arguments
            .iter()
            .any(|argument| matches!(argument.value.text(), "clean" | "-modcache" | "-cache"));
    cleans || removal(invocation).is_some_and(|removal| removal.covers(&leftover.folder))
}
