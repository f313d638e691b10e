//! What is found depends on nothing but what a build is known to read.

use std::collections::BTreeSet;

use slimlint::diagnostic::{Diagnostic, Severity};
use slimlint::lint::{Report, touched};
use slimlint::workspace::Changes;

use super::common::example::{Example, Files};
use super::common::samples;

/// Examples of more files take long.
const MOST_FILES: usize = 40;

/// What is found about a Dockerfile.
fn essence(report: &Report, dockerfile: &str) -> BTreeSet<(String, Severity, String, String)> {
    let service = report.services.iter().filter(|service| service.service.dockerfile == dockerfile);
    let found = service.flat_map(|service| &service.findings).map(|&index| &report.diagnostics[index]);
    let essence = |found: &Diagnostic| {
        (found.rule.to_owned(), found.severity, found.primary.file.to_string(), found.message.clone())
    };
    found.map(essence).collect()
}

/// Whatever the file: prose and Makefiles are read by rules, too.
#[test]
fn what_changes_a_finding_touches_its_dockerfile() {
    let (mut missed, mut met) = (Vec::new(), 0);
    for example in samples::own().iter().filter(|example| example.files.len() <= MOST_FILES) {
        let before = example.lint();
        for path in example.files.keys().filter(|path| !example.dockerfiles.contains(path)) {
            let less = |(other, bytes): (&String, &Vec<u8>)| (other != path).then(|| (other.clone(), bytes.clone()));
            let gone = Example { files: example.files.iter().filter_map(less).collect(), ..example.clone() };
            let emptied = example.with(Files::from([(path.clone(), Vec::new())]));
            for (after, what) in [(gone, "is gone"), (emptied, "is empty")] {
                let report = after.lint();
                let differs = |dockerfile: &&String| essence(&before, dockerfile) != essence(&report, dockerfile);
                let differing: Vec<&String> = example.dockerfiles.iter().filter(differs).collect();
                if differing.is_empty() {
                    continue;
                }
                let changes = Changes::of([(path.clone(), example.files.get(path).cloned())]);
                let touched = touched(&after.workspace(), &example.dockerfiles, &example.settings, &changes);
                met += differing.len();
                for dockerfile in differing.into_iter().filter(|dockerfile| !touched.contains(dockerfile)) {
                    missed.push(format!("{}: `{path}` {what}, which `{dockerfile}` does not read", example.name));
                }
            }
        }
    }
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
    assert!(met > 500, "only {met} findings changed");
}
