//! Heavy system packages that nothing in the image uses.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::catalogue::{self, Distribution, SystemUse};
use crate::diagnostic::format_bytes;
use crate::facts::python::Tool;
use crate::facts::{Facts, Guard, Seen, StageFacts, SystemInstall, UseSigns};
use crate::rules::packages::{bytes_alone, bytes_of, savings, without_words};
use crate::rules::phrase::{count, listed_up_to};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Packages that weigh less than this, with all they bring, are not worth a finding.
const HEAVY: u64 = 5_000_000;
/// Names that a sentence lists before it counts.
const LISTED: usize = 4;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut found: BTreeMap<TextRange, Unused<'_>> = BTreeMap::new();
    for image in facts.finals() {
        let idle = unused(facts, image);
        let lost = libraries_lost(facts, image, &idle);
        for install in idle {
            let entry = found.entry(install.invocation.range).or_default();
            let own = lost.iter().filter(|(_, by, _)| *by == install.name);
            entry.lost.extend(own.map(|(library, _, distribution)| (*library, distribution.clone())));
            if entry.members.iter().all(|member| member.name != install.name) {
                entry.members.push(install);
            }
        }
    }
    for mut unused in found.into_values() {
        unused.members.sort_by_key(|install| std::cmp::Reverse(bytes_of(install)));
        report(facts, &unused, reporter);
    }
}

/// Packages of one command that nothing uses.
#[derive(Default)]
struct Unused<'f> {
    members: Vec<SystemInstall<'f>>,
    /// Libraries that would go with them although something loads them, each with the Python distribution that does.
    lost: BTreeSet<(&'static str, String)>,
}

/// The libraries that nothing but one of the packages brings into the image, and that a Python distribution loads: `ffmpeg` brings `libgl1`,
/// which `opencv-python` loads. Each with the package and the distribution.
fn libraries_lost<'f>(
    facts: &'f Facts<'_>,
    image: &'f StageFacts,
    idle: &[SystemInstall<'f>],
) -> Vec<(&'static str, &'f str, String)> {
    // What the full images of languages have of them.
    let is_in_base =
        |library: &str| facts.stands_on_buildpack(image) && !matches!(library, "libgl1" | "libharfbuzz-subset0");
    if idle.iter().all(|install| catalogue::system_use(install.name).is_none_or(|entry| entry.brings.is_empty())) {
        return Vec::new();
    }
    let installs = facts.installs_of_image(image);
    let others: BTreeSet<&str> = installs
        .iter()
        .map(|install| install.name)
        .filter(|name| idle.iter().all(|install| install.name != *name))
        .collect();
    let comes_otherwise = |library: &str| {
        is_in_base(library)
            || others.iter().any(|other| {
                *other == library
                    || catalogue::system_use(other).is_some_and(|entry| entry.brings.contains(&library))
                    || (library == "libgl1" && other.starts_with("libgl1-mesa-glx"))
            })
    };
    let distributions = Distributions::of(facts);
    let mut loading: Vec<&String> = distributions.names.iter().collect();
    loading.sort_unstable();
    let mut lost = Vec::new();
    for install in idle {
        for library in catalogue::system_use(install.name).map(|entry| entry.brings).unwrap_or_default() {
            let loads = |name: &str| {
                // Current wheels of OpenCV without windows load none of them.
                let bundled = name.ends_with("-headless") || distributions.names.contains(&format!("{name}-binary"));
                !bundled
                    && catalogue::loads_of_pip_package(name)
                        .is_some_and(|list| list.split(' ').any(|it| it == *library))
            };
            let by = loading.iter().find(|name| loads(name)).filter(|_| !comes_otherwise(library));
            lost.extend(by.map(|name| (*library, install.name, (*name).clone())));
        }
    }
    lost
}

/// The packages of the image that something must use to be worth their bytes, and that nothing does.
fn unused<'f>(facts: &'f Facts<'_>, image: &'f StageFacts) -> Vec<SystemInstall<'f>> {
    let mut installs = facts.installs_of_image(image);
    installs.retain(|install| install.family == Distribution::Debian);
    let names: BTreeSet<&str> = installs.iter().map(|install| install.name).collect();
    let candidates: Vec<(&SystemInstall<'f>, &'static SystemUse)> = installs
        .iter()
        .filter(|install| install.invocation.guard == Guard::Always)
        .filter(|install| facts.stages.get(install.stage).is_some_and(|stage| !facts.has_already(stage, install.name)))
        .filter(|install| bytes_of(install).is_some_and(|bytes| bytes >= HEAVY))
        .filter_map(|install| Some((install, catalogue::system_use(install.name)?)))
        .filter(|(install, _)| !facts.is_for_people(install))
        .filter(|(install, entry)| !serves_a_package(install.name, entry, &names))
        .collect();
    let chain: Vec<&StageFacts> = std::iter::once(image).chain(facts.ancestors(image)).collect();
    if candidates.is_empty()
        || !facts.runs_a_service(image)
        || facts.is_workplace(image, &installs)
        || facts.builds_for_others(&chain, &installs)
        || !facts.knows_the_program_in(image.index)
    {
        return Vec::new();
    }
    let distributions = Distributions::of(facts);
    let foreign = facts.holds_foreign_programs();
    let candidates: Vec<_> =
        candidates.into_iter().filter(|(_, entry)| distributions.leave_alone(entry, foreign, &names)).collect();
    let wanted: Vec<UseSigns> = candidates.iter().map(|(_, entry)| signs(entry)).collect();
    let uses = facts.uses_of(&wanted, Seen::Anywhere);
    let idle = candidates.into_iter().zip(uses).zip(&wanted);
    let idle = idle.filter(|((_, reached), wanted)| reached.is_none() && !facts.is_documented(wanted));
    let mut idle: Vec<SystemInstall<'f>> = idle.map(|(((install, _), _), _)| install.clone()).collect();
    let named = |install: &&SystemInstall<'f>| install.invocation.guard == Guard::Always;
    let parts = installs.iter().filter(named).filter(|install| {
        let is_part = |whole: &SystemInstall<'f>| is_part_of(install.name, whole.name);
        idle.iter().any(is_part) && !idle.iter().any(|other| other.name == install.name)
    });
    let parts: Vec<SystemInstall<'f>> = parts.cloned().collect();
    idle.extend(parts);
    idle
}

/// Whether a package, for people of a language, brings another along that it is of no use without: `tesseract-ocr-deu` recommends
/// `tesseract-ocr`.
fn is_part_of(part: &str, whole: &str) -> bool {
    whole == "tesseract-ocr" && part.starts_with("tesseract-ocr-")
}

/// Whether another system package that is installed by name uses it.
fn serves_a_package(name: &str, entry: &SystemUse, names: &BTreeSet<&str>) -> bool {
    names.iter().any(|other| *other != name && catalogue::is_one_of(other, entry.packages))
}

/// The Python distributions of the build.
struct Distributions {
    names: HashSet<String>,
    /// Whether one of them may require anything.
    unknown: bool,
}

impl Distributions {
    fn of(facts: &Facts<'_>) -> Self {
        let mut found = Self { names: HashSet::new(), unknown: false };
        let installs = facts.python_installs().iter();
        for install in installs.filter(|install| install.guard != Guard::Never && install.tool != Tool::PipWheel) {
            for root in &install.roots {
                let name = root.requirement.name.as_str();
                found.unknown |= !catalogue::is_known_distribution(name);
                found.names.insert(name.to_owned());
                found.names.extend(catalogue::brings(name).into_iter().map(str::to_owned));
            }
            found.unknown |= install.unnamed;
            for name in install.repositories.iter().map(|repository| repository.name().to_lowercase()) {
                found.unknown |= !catalogue::is_known_distribution(&name);
                found.names.extend(catalogue::brings(&name).into_iter().map(str::to_owned));
                found.names.insert(name);
            }
            let closure = facts.closure(install);
            found.names.extend(closure.packages.iter().map(|package| package.name.to_string()));
        }
        found
    }

    /// Whether none of them uses the package.
    fn leave_alone(&self, entry: &SystemUse, foreign: bool, names: &BTreeSet<&str>) -> bool {
        let has = |list: &[&str]| list.iter().any(|name| self.names.contains(*name));
        let is_linked = has(entry.linked) && !entry.apart.iter().any(|name| names.contains(name));
        let by_library = !entry.libraries.is_empty() && (foreign || self.unknown);
        !has(entry.libraries) && !has(entry.callers) && !is_linked && !by_library
    }
}

fn signs(entry: &SystemUse) -> UseSigns {
    let modules = entry.libraries.iter().chain(entry.callers).filter(|name| catalogue::knows_import_names(name));
    UseSigns {
        commands: entry.commands.iter().map(|&command| command.to_owned()).collect(),
        hints: entry.hints.iter().map(|&hint| hint.to_owned()).collect(),
        modules: modules.flat_map(|name| catalogue::import_names(name)).collect(),
    }
}

fn report(facts: &Facts<'_>, unused: &Unused<'_>, reporter: &mut Reporter<'_>) {
    let members = unused.members.as_slice();
    let Some(first) = members.first() else { return };
    let one = members.len() == 1;
    let them = if one { "it" } else { "them" };
    let names: Vec<String> = members.iter().map(|install| format!("`{}`", install.name)).collect();
    let verb = if one { "is" } else { "are" };
    let message = format!("{} {verb} installed, and nothing in the image uses {them}", listed_up_to(&names, LISTED));
    let mut finding = reporter.report(first.argument.range, message);
    for install in members {
        let Some(bytes) = bytes_alone(facts, install, members) else { continue };
        let only = if bytes_of(install) == Some(bytes) { "it" } else { "only it" };
        let text = format!("≈ {} with what {only} needs", format_bytes(bytes));
        if install.argument.range == first.argument.range {
            finding.primary_label(text);
        } else {
            finding.label(install.argument.range, text);
        }
    }
    let program = facts.program();
    finding.note(
        "use",
        format!(
            "no command, setting or library speaks for {them} in {} and {}",
            count(program.sources.len(), "Python source"),
            count(program.texts.len(), "other file"),
        ),
    );
    let lost: BTreeSet<&str> = unused.lost.iter().map(|(library, _)| *library).collect();
    let mut saved = savings(facts, members);
    for item in saved.iter_mut().flat_map(|saved| &mut saved.items) {
        item.bytes = item.bytes.saturating_sub(catalogue::closure_bytes(lost.iter().copied(), first.release).0);
    }
    finding.savings(saved);
    finding.script_of(first.invocation);
    if !lost.is_empty() {
        let loads = |(library, name): &(&str, String)| format!("`{library}`, which `{name}` loads");
        let loaded: Vec<String> = unused.lost.iter().map(loads).collect();
        finding.note("loads", format!("nothing else brings {}", listed_up_to(&loaded, LISTED)));
        let named: Vec<String> = lost.iter().map(|library| format!("`{library}`")).collect();
        finding.help(format!("leave {them} out, and install {} in place of {them}", listed_up_to(&named, LISTED)));
        return;
    }
    finding.help(format!("leave {them} out"));
    finding.fix(without_words(facts, members, "what calls it by a name that is made at run time was not seen"));
}
