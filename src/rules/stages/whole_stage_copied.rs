//! A copy from another stage takes much that only the build needs.

use crate::catalogue::{Distribution, SystemPackageKind};
use crate::diagnostic::{Basis, Component, Savings};
use crate::dockerfile::{Arguments, CommandLine};
use crate::facts::{Base, Facts, Guard, Leftover, Source, StageFacts, Transfer, is_below};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Stage(check);

/// Folders in which system packages put compilers.
const SYSTEM: [&str; 3] = ["/usr", "/usr/lib", "/usr/bin"];

fn check(facts: &Facts<'_>, stage: &StageFacts, reporter: &mut Reporter<'_>) {
    for transfer in &stage.transfers {
        let Source::Stage(from) = transfer.source else { continue };
        let Some(from) = facts.stages.get(from) else { continue };
        let Some(instruction) = facts.dockerfile.instructions.get(transfer.instruction) else { continue };
        if instruction.flag("exclude").is_some() {
            continue;
        }
        for (path, range) in &transfer.paths {
            if let Some(path) = path.known() {
                let copy = Copy { stage, from, transfer, path, range: *range };
                copy.report(facts, reporter);
            }
        }
    }
}

struct Copy<'f> {
    /// The stage that takes.
    stage: &'f StageFacts,
    /// The stage that it takes from.
    from: &'f StageFacts,
    transfer: &'f Transfer,
    /// What it takes, absolute.
    path: &'f str,
    range: TextRange,
}

impl Copy<'_> {
    fn report(&self, facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
        if !facts.is_in_final(self.stage.index) {
            return;
        }
        if self.path == "/" {
            self.report_root(facts, reporter);
            return;
        }
        let arrives = self.transfer.destination.known();
        if SYSTEM.contains(&self.path) && arrives == Some(self.path) && self.report_tools(facts, reporter) {
            return;
        }
        let beside = matches!(arrives, Some("/usr/local" | "/usr"));
        if self.path == "/usr/local" && beside && self.report_python(facts, reporter) {
            return;
        }
        let leftovers: Vec<Leftover> = facts
            .leftovers(self.from)
            .into_iter()
            .filter(|leftover| is_below(&leftover.folder, self.path) && leftover.folder != self.path)
            .filter(|leftover| !uses(facts, self.stage, leftover.readers))
            .collect();
        let Some(first) = leftovers.first().filter(|_| self.is_for_a_service(facts)) else { return };
        let message = format!("{} takes `{}`, {} of `{}`", self.quoted(facts), first.folder, first.what, first.command);
        let mut finding = reporter.report(self.range, message);
        finding.primary_label("takes the folder as a whole");
        for leftover in &leftovers {
            finding.label(leftover.range, format!("leaves {} in `{}`", leftover.what, leftover.folder));
        }
        finding
            .help(format!("copy only what runs out of `{}`, or delete the rest in the `RUN` that makes it", self.path));
    }

    /// The root of a system's files laid over another system's.
    fn report_root(&self, facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
        let onto_nothing = matches!(root(facts, self.stage).base, Base::Scratch);
        let source = root(facts, self.from);
        let is_system =
            matches!(source.base, Base::Image(_)) && !matches!(source.image.distribution, Distribution::Unknown);
        if onto_nothing || !is_system || self.transfer.destination.known() != Some("/") {
            return;
        }
        let under = image_of(facts, self.stage);
        let source_name = self.from.name.as_deref().unwrap_or("another stage");
        let message = format!("{} puts the whole system of `{source_name}` onto {under}", self.quoted(facts));
        let mut finding = reporter.report(self.range, message);
        finding.primary_label("takes all files, those of its base image included");
        finding.savings(source.image.bytes.map(|bytes| {
            let mut savings =
                Savings::of(Component::Path(format!("/ of {}", image_of(facts, self.from))), bytes, Basis::Catalogue);
            savings.complete = false;
            savings
        }));
        finding.help("copy the folders that the program needs; to flatten an image, copy onto `FROM scratch`");
    }

    /// `/usr` with compilers in it.
    fn report_tools(&self, facts: &Facts<'_>, reporter: &mut Reporter<'_>) -> bool {
        let chain: Vec<&StageFacts> = std::iter::once(self.from).chain(facts.ancestors(self.from)).collect();
        let installs =
            chain.iter().flat_map(|stage| stage.runs.iter().flat_map(|run| facts.system_installs(stage, run)));
        let mut tools: Vec<_> = installs
            .filter(|install| {
                let kind = install.build_tool().map(|tool| tool.kind);
                matches!(kind, Some(SystemPackageKind::Compiler | SystemPackageKind::BuildMeta))
            })
            .collect();
        tools.dedup_by(|a, b| a.name == b.name);
        if tools.is_empty()
            || !self.is_for_a_service(facts)
            || uses(facts, self.stage, &["gcc", "cc", "g++", "make", "cmake", "ld"])
        {
            return false;
        }
        let names: Vec<String> = tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
        let message = format!("{} takes the compilers of {} along", self.quoted(facts), names.join(", "));
        let mut finding = reporter.report(self.range, message);
        finding.primary_label("takes the folder as a whole");
        for tool in &tools {
            finding.label(tool.argument.range, "installed here");
        }
        finding.help("copy only the libraries and programs that are needed, or install their packages in this stage");
        true
    }

    /// `/usr/local` of one Python image laid over another's.
    fn report_python(&self, facts: &Facts<'_>, reporter: &mut Reporter<'_>) -> bool {
        let (source, target) = (root(facts, self.from), root(facts, self.stage));
        // uv's images with a Python in their tag are built on the official ones.
        let official = |stage: &StageFacts| {
            matches!(stage.image.repository.as_str(), "python" | "ghcr.io/astral-sh/uv" | "astral/uv")
                && stage.image.python.is_some()
        };
        if !official(source) || !official(target) || source.image.python != target.image.python {
            return false;
        }
        let message = format!(
            "{} takes Python itself along, which {} has already",
            self.quoted(facts),
            image_of(facts, self.stage)
        );
        let mut finding = reporter.report(self.range, message);
        finding.primary_label("the interpreter, its library and pip once more");
        finding.help(
            "install into a virtual environment, or with `--prefix=/install`, and copy that folder: `COPY --from=builder /install /usr/local`",
        );
        true
    }

    /// In an image to work in, what builds may be wanted.
    fn is_for_a_service(&self, facts: &Facts<'_>) -> bool {
        let heirs = facts.descendants(self.stage.index);
        let mut images = heirs.iter().filter_map(|&index| facts.stages.get(index)).filter(|heir| heir.is_final);
        images.any(|image| facts.is_runtime_image(image))
    }

    fn quoted(&self, facts: &Facts<'_>) -> String {
        let text = facts.source.slice(self.transfer.range).trim();
        if text.len() <= 60 && !text.contains(['\n', '`']) {
            return format!("`{text}`");
        }
        format!("the copy of `{}`", self.path)
    }
}

/// The stage at the root of a `FROM` chain.
fn root<'f>(facts: &'f Facts<'_>, stage: &'f StageFacts) -> &'f StageFacts {
    facts.ancestors(stage).last().unwrap_or(stage)
}

fn image_of(facts: &Facts<'_>, stage: &StageFacts) -> String {
    match &root(facts, stage).base {
        Base::Image(reference) if reference.known().is_some() => format!("`{}`", reference.text()),
        _ => "its base image".to_owned(),
    }
}

/// Whether the stage, or one that is built on it, runs one of the programs or starts it.
fn uses(facts: &Facts<'_>, stage: &StageFacts, programs: &[&str]) -> bool {
    let heirs = facts.descendants(stage.index);
    heirs.iter().filter_map(|&index| facts.stages.get(index)).any(|heir| {
        let runs =
            heir.runs.iter().flat_map(|run| &run.invocations).filter(|invocation| invocation.guard != Guard::Never);
        let mut runs = runs.map(|invocation| invocation.program.as_str());
        let instructions = [heir.command, heir.entrypoint].into_iter().flatten();
        let starts = instructions.filter_map(|number| facts.dockerfile.instructions.get(number)).any(|instruction| {
            let words: Vec<&str> = match &instruction.arguments {
                Arguments::Command(CommandLine::Exec(words)) => words.iter().map(|word| word.text.as_str()).collect(),
                _ => vec![instruction.body.text()],
            };
            let parts = words.iter().flat_map(|word| word.split([' ', '\t', ';', '&', '|', '(', ')', '"', '\'']));
            parts.map(|part| part.rsplit('/').next().unwrap_or(part)).any(|part| programs.contains(&part))
        });
        starts || runs.any(|program| programs.contains(&program))
    })
}
