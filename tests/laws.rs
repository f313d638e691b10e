//! What holds for every file, checked on all examples, cases and corpus services, and on the Dockerfiles in the folder that
//! `SLIMLINT_REAL_DOCKERFILES` names.

mod common;

#[path = "laws/fixes.rs"]
mod fixes;
#[path = "laws/hostile.rs"]
mod hostile;

use common::example::{Example, Files};
use common::samples;
use slimlint::diagnostic::{Applicability, Diagnostic};
use slimlint::dockerfile::Dockerfile;
use slimlint::fix;
use slimlint::lint::{Report, lint};
use slimlint::rules::{self, Availability, Page};
use slimlint::suppress::ignore_instead_of_fixing;
use slimlint::text::SourceFile;
use slimlint::workspace::Workspace;

/// The Dockerfiles of an example as files.
fn dockerfiles(example: &Example) -> impl Iterator<Item = SourceFile> {
    example.dockerfiles.iter().map(|path| SourceFile::new(path.as_str(), example.files[path].as_slice()))
}

/// What must be the same when only places shift: file, line as `shift` moves it, rule, message without its numbers.
fn essence(
    example: &Example,
    report: &Report,
    shift: impl Fn(&str, u32) -> u32,
) -> Vec<(String, u32, &'static str, String)> {
    let workspace = example.workspace();
    let one = |found: &Diagnostic| {
        let path = &*found.primary.file;
        let line = workspace.read(path).map_or(0, |file| shift(path, file.line(found.primary.range.start())));
        (path.to_owned(), line, found.rule, found.message.replace(|character: char| character.is_ascii_digit(), "#"))
    };
    let mut essence: Vec<_> = report.diagnostics.iter().map(one).collect();
    essence.sort();
    essence
}

/// Each text file with `\r\n`, as an editor on Windows writes it. `None` when a file mixes line ends or is no text.
fn crlf(files: &Files) -> Option<Files> {
    let twin = |(path, bytes): (&String, &Vec<u8>)| {
        let text = str::from_utf8(bytes).ok().filter(|text| !text.contains('\r'))?;
        Some((path.clone(), text.replace('\n', "\r\n").into_bytes()))
    };
    files.iter().map(twin).collect()
}

#[test]
fn printing_what_was_parsed_gives_the_file() {
    for example in samples::all() {
        for source in dockerfiles(&example) {
            let dockerfile = Dockerfile::parse(source.text());
            assert!(dockerfile.print(source.text()) == source.text(), "{}", example.name);
            let mut end = 0;
            for piece in dockerfile.pieces() {
                assert_eq!(piece.range.start(), end, "{}: {piece:?}", example.name);
                end = piece.range.end();
            }
            assert_eq!(end as usize, source.text().len(), "{}", example.name);
        }
    }
}

#[test]
fn carriage_returns_change_no_finding() {
    for example in samples::all() {
        let Some(files) = crlf(&example.files) else { continue };
        let twin = example.with(files);
        let same = |_: &str, line| line;
        assert_eq!(essence(&twin, &twin.lint(), same), essence(&example, &example.lint(), same), "{}", example.name);
    }
}

#[test]
fn an_ignore_comment_silences_exactly_its_finding() {
    for example in samples::all() {
        let report = example.lint();
        for source in dockerfiles(&example) {
            let dockerfile = Dockerfile::parse(source.text());
            for found in &report.diagnostics {
                let start = found.primary.range.start();
                let holds = |instruction: &&slimlint::dockerfile::Instruction| instruction.range.contains(start);
                let Some(instruction) = dockerfile.instructions.iter().find(holds) else { continue };
                if &*found.primary.file != source.path() {
                    continue;
                }
                let line = instruction.start_line;
                let at = source.lines().start(line).unwrap() as usize;
                let mut text = source.text().to_owned();
                text.insert_str(at, &format!("# slimlint ignore={} a law\n", found.rule));
                let ignoring = example.with(Files::from([(source.path().to_owned(), text.into_bytes())]));
                let moved = |path: &str, other: u32| {
                    if path == source.path() && other >= line { other + 1 } else { other }
                };
                let mut left = Report { diagnostics: report.diagnostics.clone(), ..Report::default() };
                left.diagnostics.retain(|other| {
                    let inside = other.primary.file == found.primary.file
                        && instruction.range.contains(other.primary.range.start());
                    other.rule != found.rule || !inside
                });
                let same = |_: &str, line| line;
                assert_eq!(
                    essence(&ignoring, &ignoring.lint(), same),
                    essence(&example, &left, moved),
                    "{}: {} at line {line}",
                    example.name,
                    found.rule
                );
            }
        }
    }
}

/// Comments that slimlint writes silence all that is found in instructions, and each of them is needed.
#[test]
fn ignore_comments_that_are_written_are_heard() {
    for example in samples::all() {
        let ignoring = |workspace: &Workspace| {
            let mut report = lint(workspace, &example.dockerfiles, &example.settings);
            report.diagnostics.iter_mut().for_each(|found| found.fix = None);
            for source in report.services.iter().filter_map(|service| service.source.clone()) {
                let dockerfile = Dockerfile::parse(source.text());
                let mut here: Vec<_> =
                    report.diagnostics.iter_mut().filter(|found| *found.primary.file == *source.path()).collect();
                ignore_instead_of_fixing(&mut here, &source, &dockerfile, "a law");
            }
            report
        };
        let plan = fix::plan_with(&example.workspace(), &example.dockerfiles, Applicability::Safe, ignoring);
        assert!(plan.rejected.is_empty(), "{}: {:?}", example.name, plan.rejected);
        assert!(plan.rounds <= 1, "{}", example.name);
        for found in &plan.remaining.diagnostics {
            let Some(source) =
                dockerfiles(&example.with(after(&plan))).find(|source| *source.path() == *found.primary.file)
            else {
                continue;
            };
            let dockerfile = Dockerfile::parse(source.text());
            let start = found.primary.range.start();
            let inside = dockerfile.instructions.iter().any(|instruction| instruction.range.contains(start));
            let was_there = example.lint().diagnostics.iter().any(|other| other.rule == found.rule);
            assert!(!inside && was_there, "{}: {found:?}", example.name);
        }
    }
}

/// The files of a plan as they would be.
fn after(plan: &fix::Plan) -> Files {
    plan.files.iter().map(|file| (file.path.clone(), file.after.clone())).collect()
}

#[test]
fn threads_change_nothing() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(8 << 20).build().unwrap();
    let (one, many) = (pool(1), pool(4));
    for example in samples::all() {
        let workspace = example.workspace();
        let run = || lint(&workspace, &example.dockerfiles, &example.settings).diagnostics;
        assert_eq!(one.install(run), many.install(run), "{}", example.name);
    }
}

#[test]
fn rules_do_not_depend_on_each_other() {
    for example in samples::own() {
        let mut alone: Vec<_> = Vec::new();
        let enabled = |page: &&Page| example.settings.severity_of(page).is_some();
        for page in rules::rules().iter().map(|rule| rule.page).filter(enabled) {
            let single = Example { settings: common::only(&[page.name.to_owned()]), ..example.clone() };
            alone.extend(single.lint().diagnostics.into_iter().filter(|found| found.rule == page.name));
        }
        let mut together = example.lint().diagnostics;
        let key = |found: &Diagnostic| (found.primary.clone(), found.rule, found.message.clone());
        alone.sort_by_key(key);
        together.sort_by_key(key);
        assert_eq!(together, alone, "{}", example.name);
    }
}

#[test]
fn pages_declare_the_fixes_that_are_seen() {
    let examples = samples::own();
    let found: Vec<(&Example, Diagnostic)> = examples
        .iter()
        .flat_map(|example| example.lint().diagnostics.into_iter().map(move |found| (example, found)))
        .collect();
    let can_be_applied =
        |found: &Diagnostic| found.fix.as_ref().is_some_and(|fix| fix.applicability >= Applicability::Unsafe);
    let mut problems = Vec::new();
    for page in rules::PAGES {
        let own = found.iter().filter(|(_, found)| found.rule == page.name);
        let (with, without): (Vec<_>, Vec<_>) = own.partition(|(_, found)| can_be_applied(found));
        let seen = match (with.is_empty(), without.is_empty()) {
            (false, true) => Availability::Always,
            (false, false) => Availability::Sometimes,
            (true, _) => Availability::None,
        };
        if page.fix != seen {
            let (name, fix) = (page.name, page.fix.name());
            problems.push(format!(
                "rules/{name}.md declares `fix = \"{fix}\"`, all examples and cases show \"{}\"",
                seen.name()
            ));
        }
        if page.fix == Availability::Always {
            for (example, _) in with {
                let after = example.with(example.fixed(Applicability::Unsafe)).lint();
                if after.diagnostics.iter().any(|found| found.rule == page.name) {
                    problems.push(format!("{}: `{}` is found again after its fix", example.name, page.name));
                }
            }
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
