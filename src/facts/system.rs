//! System packages that a `RUN` installs and removes, whatever the package manager.

use crate::catalogue::Distribution;

use super::commands::{Apk, ApkAction, Apt, AptAction, Options};
use super::{Argument, Facts, Guard, Invocation, Run, StageFacts};

/// A system package that stays in a layer.
#[derive(Clone, Debug)]
pub struct SystemInstall<'f> {
    /// The family whose package names these are.
    pub family: Distribution,
    /// Its name without version and architecture.
    pub name: &'f str,
    /// The word that names it.
    pub argument: &'f Argument,
    /// The command.
    pub invocation: &'f Invocation,
    /// The stage in which it is installed.
    pub stage: usize,
    /// Index of the instruction.
    pub instruction: usize,
}

/// `dnf install` and its relatives: options that take a value.
const RPM_WITH_VALUE: &[&str] = &[
    "-c",
    "--config",
    "--releasever",
    "--installroot",
    "--setopt",
    "-x",
    "--exclude",
    "--enablerepo",
    "--disablerepo",
    "--repo",
    "--repoid",
    "-r",
];

impl Facts<'_> {
    /// The packages that a `RUN` installs and does not remove again.
    #[must_use]
    pub fn system_installs<'f>(&self, stage: &'f StageFacts, run: &'f Run) -> Vec<SystemInstall<'f>> {
        let mut installs: Vec<SystemInstall<'f>> = Vec::new();
        let mut groups: Vec<(String, usize)> = Vec::new();
        for invocation in run.invocations.iter().filter(|invocation| invocation.guard != Guard::Never) {
            if let Some((family, packages)) = installed(invocation) {
                if let Some(group) = Apk::read(invocation).and_then(|apk| apk.virtual_package().map(str::to_owned)) {
                    groups.push((group, invocation.range.start() as usize));
                }
                let instruction = run.instruction;
                installs.extend(packages.into_iter().map(|(name, argument)| SystemInstall {
                    family,
                    name,
                    argument,
                    invocation,
                    stage: stage.index,
                    instruction,
                }));
            } else if let Some(removed) = removed(invocation) {
                let in_group = |install: &SystemInstall<'_>| {
                    let at = install.invocation.range.start() as usize;
                    groups.iter().any(|(group, start)| *start == at && removed.iter().any(|name| name == group))
                };
                // A list that is not known (`apt-get purge $BUILD_DEPS`) is what was installed for the build.
                if removed.iter().any(|name| name.contains(crate::dockerfile::UNKNOWN)) {
                    installs.clear();
                }
                installs
                    .retain(|install| !removed.iter().any(|name| removes(name, install.name)) && !in_group(install));
            }
        }
        installs
    }
}

fn installed(invocation: &Invocation) -> Option<(Distribution, Vec<(&str, &Argument)>)> {
    if let Some(apt) = Apt::read(invocation) {
        let install = apt.action == AptAction::Install && apt.subcommand.value.text() == "install";
        // `apt-get install -y vim- nano+` marks removals and installs.
        return install
            .then(|| (Distribution::Debian, apt.packages().filter(|(name, _)| !name.ends_with('-')).collect()));
    }
    if let Some(apk) = Apk::read(invocation) {
        return (apk.action == ApkAction::Add).then(|| (Distribution::Alpine, apk.packages().collect()));
    }
    let family = match invocation.program.as_str() {
        "dnf" | "yum" | "microdnf" | "tdnf" => Distribution::RedHat,
        "zypper" => Distribution::Suse,
        "pacman" => Distribution::Arch,
        _ => return None,
    };
    let options = Options::read(&invocation.arguments, RPM_WITH_VALUE);
    let (first, rest) = match (family, options.operands.split_first()) {
        (Distribution::Arch, _) => (options.has(&["-S"]), options.operands.as_slice()),
        (_, Some(((_, word), rest))) => {
            (matches!(word.value.text(), "install" | "in" | "groupinstall" | "localinstall"), rest)
        }
        (_, None) => return None,
    };
    let packages = rest.iter().filter_map(|&(_, argument)| Some((argument.value.known()?, argument)));
    first.then(|| (family, packages.collect()))
}

fn removed(invocation: &Invocation) -> Option<Vec<String>> {
    if let Some(apt) = Apt::read(invocation) {
        let names = apt.options.operands.iter().map(|(_, argument)| argument.value.text().to_owned());
        return (apt.action == AptAction::Remove).then(|| names.collect());
    }
    if let Some(apk) = Apk::read(invocation) {
        let names = apk.options.operands.iter().map(|(_, argument)| argument.value.text().to_owned());
        return (apk.action == ApkAction::Delete).then(|| names.collect());
    }
    if !matches!(invocation.program.as_str(), "dnf" | "yum" | "microdnf" | "tdnf" | "zypper" | "dpkg" | "pacman") {
        return None;
    }
    let options = Options::read(&invocation.arguments, RPM_WITH_VALUE);
    let mut words = options.operands.iter().map(|(_, argument)| argument.value.text().to_owned());
    match words.next()?.as_str() {
        "remove" | "erase" | "autoremove" | "rm" => Some(words.collect()),
        _ => None,
    }
}

/// Whether removing `pattern` removes `name`; apt takes `gcc*` and `g++-12` too.
fn removes(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_start_matches('^').split([':', '=']).next().unwrap_or(pattern);
    match pattern.split_once('*') {
        Some((prefix, _)) => name.starts_with(prefix),
        None => pattern == name,
    }
}
