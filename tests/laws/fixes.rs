//! Laws about what fixes leave.

use std::collections::BTreeMap;

use slimlint::diagnostic::Applicability;
use slimlint::dockerfile::Dockerfile;

use super::common::example::Example;
use super::common::samples;
use super::{crlf, dockerfiles};

const THRESHOLDS: [Applicability; 2] = [Applicability::Safe, Applicability::Unsafe];

#[test]
fn a_second_fix_changes_nothing() {
    for example in samples::all() {
        for threshold in THRESHOLDS {
            let fixed = example.with(example.fixed(threshold));
            let again: Vec<_> = fixed.fixed(threshold).into_keys().collect();
            assert!(again.is_empty(), "{}: {threshold:?} fixes change {again:?} again", example.name);
        }
    }
}

#[test]
fn no_fix_is_refused() {
    for example in samples::all() {
        for threshold in THRESHOLDS {
            let rejected = example.plan(threshold).rejected;
            assert!(rejected.is_empty(), "{}: {rejected:?}", example.name);
        }
    }
}

#[test]
fn comments_and_flags_survive() {
    for example in samples::all() {
        for threshold in THRESHOLDS {
            let fixed = example.with(example.fixed(threshold));
            for (before, after) in dockerfiles(&example).zip(dockerfiles(&fixed)) {
                let (kept, left) = (survivors(before.text()), survivors(after.text()));
                for (thing, count) in kept {
                    // A cache mount that two stages come to share is locked.
                    let locked = left.get(&format!("{thing},sharing=locked")).copied().unwrap_or(0);
                    let found = left.get(&thing).copied().unwrap_or(0) + locked;
                    // A `COPY --from=IMAGE` may become mounts of the same image.
                    let mounted = thing.split_once("COPY --from=").is_some_and(|(_, image)| {
                        let mount = format!("--mount=from={image},");
                        after.text().contains(&mount) && !before.text().contains(&mount)
                    });
                    assert!(
                        found >= count || mounted,
                        "{}: `{thing}` is lost to {threshold:?} fixes:\n{}",
                        example.name,
                        after.text()
                    );
                }
            }
        }
    }
}

#[test]
fn fixes_make_no_syntax_error() {
    for example in samples::all() {
        for threshold in THRESHOLDS {
            let fixed = example.with(example.fixed(threshold));
            for (before, after) in dockerfiles(&example).zip(dockerfiles(&fixed)) {
                let errors = |text: &str| Dockerfile::parse(text).errors.len();
                assert!(errors(after.text()) <= errors(before.text()), "{}:\n{}", example.name, after.text());
            }
        }
    }
}

#[test]
fn line_ends_stay_what_they_are() {
    for example in samples::all() {
        let Some(files) = crlf(&example.files) else { continue };
        let twin = example.with(files);
        for threshold in THRESHOLDS {
            for (path, bytes) in twin.fixed(threshold) {
                // A file that fixes create has the line ends of its creator.
                if twin.files.contains_key(&path) {
                    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "");
                    assert!(!text.contains(['\r', '\n']), "{}: mixed line ends in {path}", example.name);
                }
            }
            let same = |path: &String| twin.files.contains_key(path);
            let changed = |example: &Example| example.fixed(threshold).into_keys().filter(same).collect::<Vec<_>>();
            assert_eq!(changed(&twin), changed(&example), "{}: {threshold:?} fixes differ with CRLF", example.name);
        }
    }
}

/// Comments and flags with how often they stand there.
fn survivors(text: &str) -> BTreeMap<String, usize> {
    let dockerfile = Dockerfile::parse(text);
    let comments = dockerfile.comments.iter().map(|comment| comment.range.slice(text).to_owned());
    let flags = dockerfile.instructions.iter().flat_map(|instruction| {
        instruction
            .effective()
            .flags
            .iter()
            .map(|flag| format!("{} {}", instruction.keyword.name(), flag.range.slice(text)))
    });
    let mut survivors = BTreeMap::new();
    for thing in comments.chain(flags) {
        *survivors.entry(thing).or_insert(0) += 1;
    }
    survivors
}
