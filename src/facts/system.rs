//! System packages that a `RUN` installs and removes, whatever the package manager.

use std::collections::HashSet;

use crate::catalogue::{self, BaseImage, Distribution, Gpu, Release, SlimmerKind, SystemPackage};
use crate::text::TextRange;

use super::commands::{Apk, ApkAction, Apt, AptAction, Options, Rpm, RpmAction, RpmTool};
use super::layers::deletes;
use super::{Argument, Facts, Guard, Invocation, Run, StageFacts};

/// A system package that stays in a layer.
#[derive(Clone, Debug)]
pub struct SystemInstall<'f> {
    /// The family whose package names these are.
    pub family: Distribution,
    /// The release of the distribution, which decides what it weighs.
    pub release: Release,
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
    /// The name that `apk add --virtual` gives to the whole of it.
    pub group: Option<String>,
}

impl SystemInstall<'_> {
    /// What the catalogue knows of the package, with its bytes on the release of the image.
    #[must_use]
    pub fn known(&self) -> Option<SystemPackage> {
        catalogue::system_package(self.family, self.name).map(|package| package.on(self.release))
    }

    /// The same, where it is a compiler or another build tool.
    #[must_use]
    pub fn build_tool(&self) -> Option<SystemPackage> {
        self.known().filter(|package| package.kind.is_build_tool())
    }
}

/// Whether an image of the distribution `base` has no package manager of `family`, so that the command ends in an error.
fn lacks_manager(base: Distribution, family: Distribution) -> bool {
    use Distribution::{Alpine, Debian, RedHat, Ubuntu};
    let base = if base == Ubuntu { Debian } else { base };
    matches!((base, family), (Debian, Alpine | RedHat) | (Alpine, Debian | RedHat) | (RedHat, Debian | Alpine))
}

impl Facts<'_> {
    /// The packages that a `RUN` installs for linux/amd64 and does not remove again.
    #[must_use]
    pub fn system_installs<'f>(&self, stage: &'f StageFacts, run: &'f Run) -> Vec<SystemInstall<'f>> {
        let mut installs: Vec<SystemInstall<'f>> = Vec::new();
        // Places of those that apt may take out again by itself.
        let mut automatic: HashSet<TextRange> = HashSet::new();
        let base = self.ancestors(stage).last().unwrap_or(stage).image.distribution;
        let release = self.release_of(stage);
        for invocation in run.invocations.iter().filter(|invocation| invocation.guard > Guard::Elsewhere) {
            if let Some((family, packages)) = installed(invocation) {
                if lacks_manager(base, family) {
                    continue;
                }
                let group = virtual_package(invocation);
                let instruction = run.instruction;
                installs.extend(packages.into_iter().map(|(name, argument)| SystemInstall {
                    family,
                    release,
                    name,
                    argument,
                    invocation,
                    stage: stage.index,
                    instruction,
                    group: group.clone(),
                }));
            } else if invocation.program == "apt-mark" {
                let words = invocation.arguments.iter().filter_map(|argument| argument.value.known());
                let names: Vec<&str> = words.filter(|word| !word.starts_with('-')).collect();
                let is_named = |install: &&SystemInstall<'_>| {
                    names.iter().skip(1).any(|name| matches!(*name, ".*" | "*") || removes(name, install.name))
                };
                let named = installs.iter().filter(is_named).map(|install| install.argument.range);
                match names.first() {
                    Some(&"auto") => automatic.extend(named),
                    Some(&"manual") => {
                        let named: Vec<TextRange> = named.collect();
                        automatic.retain(|range| !named.contains(range));
                    }
                    _ => {}
                }
            } else if let Some(removal) = SystemRemoval::read(invocation) {
                if removes_automatic(invocation) {
                    installs.retain(|install| !automatic.contains(&install.argument.range));
                }
                // A list that is not known (`apt-get purge $BUILD_DEPS`) is what was installed for the build.
                if removal.names.iter().any(|name| name.contains(crate::dockerfile::UNKNOWN)) {
                    installs.clear();
                }
                installs.retain(|install| !removal.takes(install));
            }
        }
        installs
    }

    /// The release of Debian or Ubuntu that a stage stands on.
    #[must_use]
    pub fn release_of(&self, stage: &StageFacts) -> Release {
        Release::of(&self.ancestors(stage).last().unwrap_or(stage).image)
    }

    /// The packages that a final image's stage and those that it is built on install and do not remove again in the same `RUN`.
    #[must_use]
    pub fn installs_of_image<'f>(&'f self, image: &'f StageFacts) -> Vec<SystemInstall<'f>> {
        let chain = std::iter::once(image).chain(self.ancestors(image));
        chain.flat_map(|stage| stage.runs.iter().flat_map(move |run| self.system_installs(stage, run))).collect()
    }

    /// The package of a final image beside which Debian and Ubuntu install compilers, since it recommends them and nobody leaves out what is
    /// recommended: `python3-pip` recommends `build-essential` and `python3-dev`.
    #[must_use]
    pub fn recommends_compilers<'f>(&'f self, image: &'f StageFacts) -> Option<SystemInstall<'f>> {
        let brings = |install: &SystemInstall<'_>| {
            let Some((stage, run)) = self.stages.get(install.stage).zip(self.run_of(install)) else { return false };
            let place = run.invocations.iter().position(|other| other.range == install.invocation.range);
            matches!(install.name, "python3-pip" | "python-pip" | "npm" | "node-gyp")
                && install.family == Distribution::Debian
                && install.invocation.guard == Guard::Always
                && Apt::read(install.invocation).is_some_and(|apt| apt.recommends() != Some(false))
                && place.is_some_and(|place| !self.apt_leaves_out_recommends(stage, run, place))
        };
        self.installs_of_image(image).into_iter().find(brings)
    }

    /// Whether the package is named outside of a group, `apk add --virtual .build-deps gcc …`, that the same `RUN` removes again: who sorts
    /// packages so means to keep the others.
    #[must_use]
    pub fn is_kept_apart(&self, install: &SystemInstall<'_>) -> bool {
        self.run_of(install).filter(|_| install.group.is_none()).is_some_and(|run| {
            let groups: Vec<String> = run.invocations.iter().filter_map(virtual_package).collect();
            let mut removals = run.invocations.iter().filter_map(SystemRemoval::read);
            removals.any(|removal| removal.names.iter().any(|name| groups.contains(name)))
        })
    }

    /// The command of a later layer that removes the package, which frees nothing.
    #[must_use]
    pub fn late_removal(&self, install: &SystemInstall<'_>) -> Option<TextRange> {
        let holders = self.descendants(install.stage);
        let runs = self.stages.iter().filter(|stage| holders.contains(&stage.index)).flat_map(|stage| &stage.runs);
        let later = runs.filter(|run| run.instruction > install.instruction).flat_map(|run| &run.invocations);
        let removal = later.filter_map(SystemRemoval::read).find(|removal| removal.takes(install));
        removal.map(|removal| removal.invocation.range)
    }

    /// Whether the `RUN` of an install deletes `folder` as well, so that what packages put there never comes into a layer.
    #[must_use]
    pub fn deletes_in_layer(&self, install: &SystemInstall<'_>, folder: &str) -> bool {
        self.run_of(install).is_some_and(|run| deletes(run, 0, folder))
    }

    pub(super) fn run_of(&self, install: &SystemInstall<'_>) -> Option<&Run> {
        self.stages.get(install.stage)?.runs.iter().find(|run| run.instruction == install.instruction)
    }

    /// Whether `run` removes the package `name` again with all that came along with it, be it only recommended:
    /// `apt-get purge -y --auto-remove gcc`.
    #[must_use]
    pub fn is_removed_with_all(&self, run: &Run, name: &str) -> bool {
        let mut removals = run.invocations.iter().filter_map(SystemRemoval::read);
        removals.any(|removal| {
            removal.names.iter().any(|pattern| removes(pattern, name)) && takes_dependencies(run, removal.invocation)
        })
    }

    /// Whether the `RUN` of an install has apt take out what nothing asks for any more: `apt-get purge --auto-remove gcc`.
    #[must_use]
    pub fn removes_automatic_beside(&self, install: &SystemInstall<'_>) -> bool {
        self.run_of(install).is_some_and(|run| run.invocations.iter().any(removes_automatic))
    }

    /// Whether the external image that `stage` is built on has the package `name` already, so that installing it adds nothing: `gcc` in a
    /// full `python`, or in an image of the repository that installs it.
    #[must_use]
    pub fn base_brings(&self, stage: &StageFacts, name: &str) -> bool {
        /// What each image with a C compiler has.
        const COMPILER: [&str; 3] = ["gcc", "libc6-dev", "libc-dev"];
        /// What all but the slim ones of them (`rust:slim`) have beside it. `build-essential` is the name for all of these.
        const KIT: [&str; 4] = ["g++", "make", "dpkg-dev", "build-essential"];
        let image = &self.ancestors(stage).last().unwrap_or(stage).image;
        // Triton compiles with it (pytorch's Dockerfile, stage `official`).
        let tag = image.tag.as_deref().unwrap_or("latest");
        if name == "gcc" && image.repository == "pytorch/pytorch" && (tag == "latest" || tag.starts_with("2.")) {
            return true;
        }
        if image.has_build_tools != Some(true)
            || !matches!(image.distribution, Distribution::Debian | Distribution::Ubuntu)
        {
            return self.own_base_installs(stage, name);
        }
        // PHP's images and those for a GPU are not built on `buildpack-deps`.
        let is_devel = image.slimmer.as_ref().is_some_and(|slimmer| slimmer.kind == SlimmerKind::Devel);
        let has_commands = !image.slim
            && !matches!(image.repository.as_str(), "php" | "wordpress")
            && !is_devel
            && image.gpu != Gpu::Rocm;
        COMPILER.contains(&name)
            || (!image.slim && KIT.contains(&name))
            || (has_commands && catalogue::package_of_command(name, image) == Some(name))
    }

    /// Whether it is known what the external image that `stage` is built on has: one of which the catalogue tells whether it has compilers,
    /// a slim one, or one of the repository that stands on such a one. `google/cloud-sdk` has compilers of its own, and so have Red Hat's
    /// images of languages, with headers that nobody lists (`ubi9/nodejs-22`).
    #[must_use]
    pub fn knows_base(&self, stage: &StageFacts) -> bool {
        let root = self.ancestors(stage).last().unwrap_or(stage);
        let image = &root.image;
        let is_listed = match image.has_build_tools {
            Some(true) => {
                matches!(image.distribution, Distribution::Debian | Distribution::Ubuntu | Distribution::Alpine)
            }
            Some(false) => true,
            None => image.slim,
        };
        is_listed || self.stands_on_own_base(stage)
    }

    /// Whether the external image that `stage` is built on has the package `name` already, whatever it is for: headers of a full
    /// `python`.
    #[must_use]
    pub fn has_already(&self, stage: &StageFacts, name: &str) -> bool {
        self.base_brings(stage, name) || self.stands_on_buildpack(stage) && catalogue::is_in_buildpack(name)
    }

    /// Whether the external image that `stage` is built on is a full one, which stands on `buildpack-deps`.
    #[must_use]
    pub fn stands_on_buildpack(&self, stage: &StageFacts) -> bool {
        is_on_buildpack(&self.ancestors(stage).last().unwrap_or(stage).image)
    }
}

/// Whether an image is a full one, which stands on `buildpack-deps`.
pub(super) fn is_on_buildpack(image: &BaseImage) -> bool {
    // The last ones are built on the full image of Python.
    const FULL: [&str; 11] =
        ["python", "pypy", "node", "ruby", "perl", "gcc", "buildpack-deps", "rust", "elixir", "erlang", "grpc/python"];
    let repository = image.repository.as_str();
    let is_full = FULL.contains(&repository)
        || repository.starts_with("tiangolo/")
        || matches!(repository, "ghcr.io/astral-sh/uv" | "astral/uv") && image.has_build_tools == Some(true);
    is_full && !image.slim && matches!(image.distribution, Distribution::Debian | Distribution::Ubuntu)
}

/// A command that removes system packages.
#[derive(Clone, Debug)]
pub struct SystemRemoval<'f> {
    /// The command.
    pub invocation: &'f Invocation,
    /// What it names, with wildcards as written.
    pub names: Vec<String>,
}

impl<'f> SystemRemoval<'f> {
    /// Reads a command; `None` when it removes no packages.
    #[must_use]
    pub fn read(invocation: &'f Invocation) -> Option<Self> {
        removed(invocation).map(|names| Self { invocation, names })
    }

    /// Whether it removes what `install` installed.
    #[must_use]
    pub fn takes(&self, install: &SystemInstall<'_>) -> bool {
        self.names.iter().any(|name| removes(name, install.name) || install.group.as_ref() == Some(name))
    }
}

/// `apt-get autoremove`, `apt-get purge -y --auto-remove`: takes out what `apt-mark auto '.*'` marked before.
fn removes_automatic(invocation: &Invocation) -> bool {
    Apt::read(invocation).filter(|apt| apt.action == AptAction::Remove).is_some_and(|apt| {
        matches!(apt.subcommand.value.known(), Some("autoremove" | "autopurge"))
            || apt.options.has(&["--auto-remove", "--autoremove"])
    })
}

/// Whether a removal takes what only the removed packages needed: always with apk and dnf, with apt on request.
pub(super) fn takes_dependencies(run: &Run, invocation: &Invocation) -> bool {
    if Apt::read(invocation).is_none() {
        return Rpm::read(invocation).is_none_or(|rpm| matches!(rpm.tool, RpmTool::Dnf | RpmTool::Dnf5));
    }
    run.invocations.iter().any(removes_automatic)
}

/// The name that `apk add --virtual NAME` gives.
fn virtual_package(invocation: &Invocation) -> Option<String> {
    Apk::read(invocation)?.virtual_package().map(str::to_owned)
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
    if let Some(rpm) = Rpm::read(invocation) {
        let family = if rpm.tool == RpmTool::Zypper { Distribution::Suse } else { Distribution::RedHat };
        return rpm.adds_packages().then(|| (family, rpm.packages().collect()));
    }
    if invocation.program != "pacman" {
        return None;
    }
    let options = Options::read(&invocation.arguments, &[]);
    let packages = options.operands.iter().filter_map(|&(_, argument)| Some((argument.value.known()?, argument)));
    options.has(&["-S"]).then(|| (Distribution::Arch, packages.collect()))
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
    if let Some(rpm) = Rpm::read(invocation) {
        let names = rpm.options.operands.iter().map(|(_, argument)| argument.value.text().to_owned());
        return (rpm.action == RpmAction::Remove).then(|| names.collect());
    }
    let flags: &[&str] = match invocation.program.as_str() {
        "dpkg" => &["-r", "--remove", "-P", "--purge"],
        "pacman" => &["-R", "--remove"],
        _ => return None,
    };
    let options = Options::read(&invocation.arguments, &[]);
    let names = options.operands.iter().map(|(_, argument)| argument.value.text().to_owned());
    options.has(flags).then(|| names.collect())
}

/// Whether removing `pattern` removes `name`; apt takes `gcc*` and `g++-12` too.
fn removes(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_start_matches('^').split([':', '=']).next().unwrap_or(pattern);
    match pattern.split_once('*') {
        Some((prefix, _)) => name.starts_with(prefix),
        None => pattern == name,
    }
}
