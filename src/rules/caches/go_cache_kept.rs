//! `go` leaves modules and its compiler's cache in a layer.

use crate::diagnostic::{Applicability, Fix};
use crate::facts::{Facts, Invocation, Leftover, Run, StageFacts};
use crate::rules::compiler_cache::mounts;
use crate::rules::kept_cache::{Fill, Tie};
use crate::rules::phrase::{WITHOUT_SHELL, listed};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

const TIE: Tie = Tie { flags: &[], variables: &["HOME", "GOPATH", "GOCACHE", "GOMODCACHE", "XDG_CACHE_HOME"] };

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |invocation: &Invocation, leftover: &Leftover| fills(facts, stage, run, invocation, leftover);
    let kept = facts.kept_folders(stage, run, "go", fills, empties);
    let Some(first) = kept.first().filter(|_| !facts.compiles_again(stage, "go")) else { return };
    let what: Vec<String> = kept.iter().map(|one| one.leftover.what.to_owned()).collect();
    let folders: Vec<String> =
        kept.iter().map(|one| facts.shown_folder(run, one.fill.invocation, &one.leftover.folder)).collect();
    let second = first.fill.invocation.argument(1).filter(|_| first.fill.invocation.argument(0) == Some("mod"));
    let command = second.map_or(first.leftover.command.clone(), |second| format!("go mod {second}"));
    let message = format!("`{command}` leaves {} in the image", listed(&what));
    let mut finding = reporter.report(first.fill.invocation.range, message);
    let quoted: Vec<String> = folders.iter().map(|folder| format!("`{folder}`")).collect();
    finding.primary_label(format!("fills {}", listed(&quoted)));
    let flags: Vec<&str> =
        kept.iter().map(|one| if one.leftover.is_download { "-modcache" } else { "-cache" }).collect();
    let clean = format!("clean {}", flags.join(" "));
    let known = folders.iter().all(|folder| !folder.starts_with('~'));
    let mount = if known { format!(", or mount caches: {}", mounts(&folders)) } else { String::new() };
    // Steps behind this one would fill them again.
    let again = facts.runs_later(stage, run, "go");
    let place = if again {
        "or call `go` in one `RUN` and empty the caches there"
    } else {
        "or empty the caches in the same `RUN`"
    };
    finding.help(format!(
        "compile in a builder stage and copy the program with the files that it reads, {place}: `&& go {clean}`{mount}"
    ));
    finding.script_of(first.fill.invocation);
    if facts.is_array(first.fill.invocation) {
        finding.note("form", WITHOUT_SHELL);
    }
    if again {
        return;
    }
    let fills: Vec<Fill<'_>> = run
        .invocations
        .iter()
        .enumerate()
        .filter(|(_, invocation)| invocation.program == "go")
        .map(|(index, invocation)| Fill { index, invocation, folders: first.fill.folders.clone() })
        .collect();
    if let Some(edits) = facts.clean_by_own_program(run, &fills, &clean, TIE) {
        finding.fix(Fix {
            title: "empty Go's caches in the same `RUN`".to_owned(),
            applicability: Applicability::Unsafe,
            caution: Some("what compiles in the container has to download and compile everything anew".to_owned()),
            edits,
        });
    }
}

/// Whether the command puts something into the folder.
fn fills(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation, leftover: &Leftover) -> bool {
    let word = |index: usize| invocation.argument(index).unwrap_or_default();
    let file = |name: &str| facts.origin_in(stage.index, run, &invocation.workdir, name);
    if word(0) == "mod" && !matches!(word(1), "download" | "tidy" | "vendor") {
        return false;
    }
    // A base of its own may have any Go, and without a manifest nothing asks for modules.
    let is_cloned = || {
        let earlier = stage.runs.iter().flat_map(|run| &run.invocations);
        earlier.into_iter().any(|other| matches!(other.program.as_str(), "git" | "curl" | "wget" | "tar" | "unzip"))
    };
    let by_name = invocation.arguments.iter().any(|argument| argument.value.text().contains('@'));
    if stage.image.repository != "golang" && !by_name && word(0) != "mod" && file("go.mod").is_none() && !is_cloned() {
        return false;
    }
    // Before there were modules, `go get` cloned them below `GOPATH/src`, and Go 1.9 and older had no cache.
    let by_get = word(0) == "get" && file("go.mod").is_none();
    if by_get || is_before_modules(facts, stage) {
        return false;
    }
    if !leftover.is_download || word(0) == "install" {
        return true;
    }
    // `COPY main.go ./`, `RUN go build main.go`: files that are named need no manifest, and without one there are no modules, as long as
    // no step makes one.
    let is_made = || {
        let earlier = std::iter::once(stage).chain(facts.ancestors(stage)).flat_map(|stage| &stage.runs);
        let mut commands =
            earlier.filter(|other| other.instruction <= run.instruction).flat_map(|run| &run.invocations);
        commands.any(|other| other.program == "go" && matches!(other.argument(0), Some("mod" | "get" | "work")))
    };
    let mut words = invocation.arguments.iter().filter_map(|argument| argument.value.known());
    let is_source = |word: &str| word.rsplit_once('.').is_some_and(|(_, ending)| ending == "go");
    let names_files = words.any(|word| is_source(word) && (word.contains('*') || file(word).is_some()));
    if names_files && file("go.mod").is_none() && !is_made() {
        return false;
    }
    // What is vendored is not downloaded, and a program may need the standard library only.
    let vendored = word(0) != "mod" && file("vendor/modules.txt").is_some();
    let needs_nothing = file("go.mod")
        .and_then(|path| facts.workspace.read(&path).ok())
        .is_some_and(|manifest| !manifest.text().contains("require"));
    !vendored && !needs_nothing
}

/// `golang:1.10`, `curl …/go1.2.1.src.tar.gz`
fn is_before_modules(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    let is_old = |version: &str| {
        let minor = version.strip_prefix("1.").and_then(|rest| rest.split(['.', '-']).next()?.parse::<u32>().ok());
        minor.is_some_and(|minor| minor < 12)
    };
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let words = chain
        .flat_map(|stage| &stage.runs)
        .flat_map(|run| &run.invocations)
        .filter(|invocation| matches!(invocation.program.as_str(), "curl" | "wget"))
        .flat_map(|invocation| &invocation.arguments);
    let names = words.filter_map(|word| word.value.text().rsplit('/').next());
    let archives: Vec<&str> =
        names.filter(|name| name.contains(".tar.gz")).filter_map(|name| name.strip_prefix("go")).collect();
    // An old one may only be there to compile a new one with.
    let by_archive = || !archives.is_empty() && archives.iter().all(|version| is_old(version));
    stage.image.repository == "golang" && is_old(stage.image.tag.as_deref().unwrap_or_default()) || by_archive()
}

/// `go clean -modcache`, `go clean -cache`
fn empties(later: &Invocation, leftover: &Leftover) -> bool {
    let flags: &[&str] = if leftover.is_download { &["-modcache", "--modcache"] } else { &["-cache", "--cache"] };
    later.program == "go" && later.argument(0) == Some("clean") && flags.iter().any(|flag| later.has_argument(flag))
}
