//! A command deletes what an earlier layer holds, which frees nothing.

use std::collections::BTreeMap;

use crate::diagnostic::{Basis, Component, Savings};
use crate::facts::{Addition, Facts, Invocation, Late, Run, StageFacts, SystemInstall, Way};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// How many names a message lists.
const LISTED: usize = 3;

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for late in facts.late_removals(stage, run) {
        let invocation = late.invocation;
        let said = Said::of(&command(invocation), &late.what);
        let mut finding = reporter.report(invocation.range, said.message);
        finding.primary_label("hides what the earlier layer keeps");
        for (range, text) in said.labels {
            finding.label(range, text);
        }
        finding.script_of(invocation);
        finding.help(said.help);
        finding.savings(said.savings);
    }
}

/// What a finding says.
struct Said {
    message: String,
    labels: Vec<(TextRange, String)>,
    help: &'static str,
    savings: Option<Savings>,
}

impl Said {
    fn of(command: &str, what: &Late<'_>) -> Self {
        match what {
            Late::Files(additions) => Self::of_files(command, additions),
            Late::SystemPackages { installs, with_dependencies } => {
                Self::of_packages(command, installs, *with_dependencies)
            }
            Late::PythonPackages(packages) => {
                let names: Vec<&str> = packages.iter().map(|(name, _)| name.as_str()).collect();
                Self {
                    message: format!("`{command}` frees nothing: {} in an earlier layer", stay(&names)),
                    labels: packages
                        .iter()
                        .map(|(name, range)| (*range, format!("`{name}` is installed here")))
                        .collect(),
                    help: "leave it out of the install, or uninstall it in the same `RUN`",
                    savings: None,
                }
            }
            Late::DevelopmentDependencies(addition) => Self {
                message: format!("`{command}` frees nothing: the development dependencies stay in an earlier layer"),
                labels: vec![(addition.range, format!("`{}` {} here", addition.path, verb(addition.way)))],
                help: if addition.way == Way::Taken {
                    "take the development dependencies out in the stage that is copied from, before the `COPY`"
                } else {
                    "install without development dependencies, or build in a stage of its own and copy what the image runs"
                },
                savings: None,
            },
        }
    }

    fn of_files(command: &str, additions: &[Addition]) -> Self {
        let paths: Vec<&str> = additions.iter().map(|addition| addition.path.as_str()).collect();
        let mut labels: BTreeMap<TextRange, String> = BTreeMap::new();
        for addition in additions {
            let alone = additions.iter().filter(|other| other.range == addition.range).count() == 1;
            let text = format!("`{}` {} here", addition.path, verb(addition.way));
            labels
                .insert(addition.range, if alone { text } else { format!("they {} here", verb_of_many(addition.way)) });
        }
        let known: Vec<_> =
            additions.iter().filter_map(|addition| Some((addition.path.clone(), addition.bytes?))).collect();
        let savings = known.into_iter().fold(None, |savings: Option<Savings>, (path, bytes)| {
            let next = Savings::of(Component::Path(path), bytes, Basis::Context);
            Some(match savings {
                None => Savings { complete: additions.iter().all(|addition| addition.bytes.is_some()), ..next },
                Some(mut savings) => {
                    savings.items.extend(next.items);
                    savings
                }
            })
        });
        let has = |way: Way| additions.iter().any(|addition| addition.way == way);
        let help = if has(Way::Taken) {
            "do not copy it: mount it where it is needed, `RUN --mount=type=bind,from=STAGE,source=…,target=… …`"
        } else if has(Way::Copied) {
            "do not copy it: mount it where it is needed, `RUN --mount=type=bind,source=…,target=… …`, or list it in `.dockerignore`"
        } else {
            "delete it in the `RUN` that makes it, or make it in a builder stage"
        };
        Self {
            message: format!("`{command}` frees nothing: {} in an earlier layer", stay(&paths)),
            labels: labels.into_iter().collect(),
            help,
            savings,
        }
    }

    fn of_packages(command: &str, installs: &[SystemInstall<'_>], with_dependencies: bool) -> Self {
        let names: Vec<&str> = installs.iter().map(|install| install.name).collect();
        let mut labels: BTreeMap<TextRange, String> = BTreeMap::new();
        for install in installs {
            labels.entry(install.argument.range).or_insert_with(|| format!("`{}` is installed here", install.name));
        }
        let entries = || installs.iter().filter_map(SystemInstall::known);
        // Without what it depends on a package weighs little, and the catalogue knows them together. Closures overlap: only the
        // largest is certain.
        let bytes = entries().filter_map(|entry| entry.installed_bytes).max().filter(|_| with_dependencies);
        let savings = bytes.map(|bytes| {
            let tools = entries().any(|entry| entry.kind.is_build_tool());
            let name = if tools { "build tools".to_owned() } else { names.join(" ") };
            Savings { complete: installs.len() == 1, ..Savings::of(Component::Path(name), bytes, Basis::Catalogue) }
        });
        Self {
            message: format!("`{command}` frees nothing: {} in an earlier layer", stay(&names)),
            labels: labels.into_iter().collect(),
            help: "install and remove them in one `RUN`, or install them in a builder stage only",
            savings,
        }
    }
}

/// `rm`, `apt-get purge`, `uv pip uninstall`: the program with what tells it to delete.
fn command(invocation: &Invocation) -> String {
    let program = invocation.program.as_str();
    let words = invocation.arguments.iter().filter_map(|word| word.value.known()).filter(|word| !word.starts_with('-'));
    let count = match program {
        "rm" | "find" | "unlink" | "dpkg" | "pacman" => 0,
        "uv" => 2,
        _ => 1,
    };
    std::iter::once(program).chain(words.take(count)).collect::<Vec<_>>().join(" ")
}

fn verb(way: Way) -> &'static str {
    match way {
        Way::Copied | Way::Taken => "is copied",
        Way::Downloaded => "is downloaded",
        Way::Cloned => "is cloned",
        Way::Unpacked => "is unpacked",
        Way::Made => "is made",
    }
}

fn verb_of_many(way: Way) -> String {
    verb(way).replacen("is", "are", 1)
}

/// `` `gcc` stays``, `` `gcc` and `make` stay``, `` `a`, `b`, `c` and 2 more stay``
fn stay(names: &[&str]) -> String {
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    match names {
        [one] => format!("`{one}` stays"),
        [before @ .., last] if names.len() <= LISTED => format!("{} and `{last}` stay", quoted(before).join(", ")),
        names => {
            let (listed, rest) = names.split_at(LISTED.min(names.len()));
            format!("{} and {} more stay", quoted(listed).join(", "), rest.len())
        }
    }
}
