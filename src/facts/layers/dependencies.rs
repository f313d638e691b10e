//! Development dependencies of Node projects that are taken out of a layer in which they already lie.

use super::super::commands::{Npm, NpmAction};
use super::super::paths::{is_below, resolve};
use super::super::{Facts, Guard, Invocation, Run, Source, StageFacts, Transfer};
use super::written::installs_node_modules;
use super::{Addition, Late, Way, on_mount};

impl Facts<'_> {
    pub(super) fn late_development_dependencies<'f>(
        &'f self,
        stage: &'f StageFacts,
        run: &'f Run,
        index: usize,
    ) -> Option<Late<'f>> {
        let invocation = run.invocations.get(index)?;
        if !self.leaves_out_development(run, invocation) || !self.has_development_dependencies(stage, run, invocation) {
            return None;
        }
        let modules = modules(invocation)?;
        let fills = |other: &Invocation| other.workdir == invocation.workdir && installs_node_modules(other);
        if on_mount(run, &modules) || run.invocations.iter().take(index).any(fills) {
            return None;
        }
        let transfers = self.chain(stage).flat_map(|stage| &stage.transfers);
        let taken = transfers.filter(|transfer| transfer.instruction < run.instruction);
        let taken = taken.filter(|transfer| self.brings(transfer, &modules)).map(|transfer| Addition {
            path: modules.clone(),
            way: Way::Taken,
            instruction: transfer.instruction,
            range: transfer.range,
            bytes: None,
        });
        let made = self.runs_before(stage, run).filter_map(|(_, other)| self.full_install(other, &modules));
        let last = taken.chain(made).max_by_key(|addition| addition.instruction)?;
        // Once they are gone, there is nothing more to take out.
        let prunes = |other: &Run| {
            let own = |later: &Invocation| later.workdir == invocation.workdir;
            super::deletes(other, 0, &modules)
                || other.invocations.iter().any(|later| own(later) && self.leaves_out_development(other, later))
        };
        let mut between = self.runs_before(stage, run).filter(|(_, other)| other.instruction > last.instruction);
        (!between.any(|(_, other)| prunes(other))).then_some(Late::DevelopmentDependencies(last))
    }

    /// The first command of `run` that fills `modules` with all dependencies, when they are there at its end.
    fn full_install(&self, run: &Run, folder: &str) -> Option<Addition> {
        let own = |invocation: &Invocation| modules(invocation).as_deref() == Some(folder);
        let fills = |invocation: &Invocation| {
            invocation.guard == Guard::Always && own(invocation) && installs_node_modules(invocation)
        };
        let mut invocations = run.invocations.iter().enumerate();
        let (at, install) = invocations.find(|(_, invocation)| fills(invocation))?;
        let mut from_there = run.invocations.iter().skip(at);
        let pruned = from_there.any(|later| own(later) && self.leaves_out_development(run, later));
        let stays = !pruned && !on_mount(run, folder) && !super::deletes(run, at + 1, folder);
        stays.then(|| Addition {
            path: folder.to_owned(),
            way: Way::Made,
            instruction: run.instruction,
            range: install.range,
            bytes: None,
        })
    }

    /// Whether a command leaves `node_modules` without development dependencies.
    pub(super) fn leaves_out_development(&self, run: &Run, invocation: &Invocation) -> bool {
        let has = |flags: &[&str]| flags.iter().any(|flag| invocation.has_argument(flag));
        let by_variable =
            || self.variable(run, invocation, "NODE_ENV").is_some_and(|value| value.text() == "production");
        let installs = installs_node_modules(invocation);
        match invocation.program.as_str() {
            "npm" => Npm::read(invocation).is_some_and(|npm| {
                let of_development = npm
                    .options
                    .uses(&["--include"])
                    .any(|flag| flag.value.as_ref().is_some_and(|it| it.text() == "dev"));
                (npm.action == NpmAction::Prune || installs)
                    && npm.options.operands.is_empty()
                    && !of_development
                    && (npm.omits_dev() || by_variable())
            }),
            "yarn" => installs && (has(&["--production", "--prod", "--production=true"]) || by_variable()),
            "pnpm" => (has(&["prune"]) || installs) && (has(&["--prod", "-P", "--production"]) || by_variable()),
            _ => false,
        }
    }

    /// Whether the project has development dependencies, as far as its manifest can be read.
    fn has_development_dependencies(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
        let manifest = self.origin_in(stage.index, run, &invocation.workdir, "package.json");
        let manifest = manifest.and_then(|path| self.workspace.read(&path).ok());
        manifest.is_none_or(|file| file.text().contains("\"devDependencies\""))
    }

    /// Whether a `COPY --from` brings the folder `folder` with all dependencies.
    fn brings(&self, transfer: &Transfer, folder: &str) -> bool {
        let Source::Stage(from) = transfer.source else { return false };
        let (Some(from), Some(destination)) = (self.stages.get(from), transfer.destination.known()) else {
            return false;
        };
        transfer.paths.iter().filter_map(|(path, _)| path.known()).any(|source| {
            // A folder gives its content.
            let Some(rest) = folder.strip_prefix(destination).filter(|_| is_below(folder, destination)) else {
                return false;
            };
            let original = resolve("/", &format!("{source}/{rest}"));
            original.ends_with("/node_modules") && self.is_full(from, &original, source == original)
        })
    }

    /// Whether a stage holds all dependencies in `folder`. `named` says that a copy names the folder itself, so that it is there.
    fn is_full(&self, stage: &StageFacts, folder: &str, named: bool) -> bool {
        let runs = || self.chain(stage).flat_map(|stage| &stage.runs);
        let of = |invocation: &Invocation| modules(invocation).as_deref() == Some(folder);
        let installs = |run: &Run| run.invocations.iter().any(|it| of(it) && installs_node_modules(it));
        let leaves_out = |run: &Run| run.invocations.iter().any(|it| of(it) && self.leaves_out_development(run, it));
        (named || runs().any(installs)) && !runs().any(leaves_out)
    }
}

/// `node_modules` of the folder in which a command runs.
pub(super) fn modules(invocation: &Invocation) -> Option<String> {
    invocation.workdir.known().map(|folder| resolve("/", &format!("{folder}/node_modules")))
}
