//! Settings of tools that earlier steps of a stage make: configuration files that are written or copied, `pip config set`.

use super::commands::{Pip, PipAction};
use super::transfer::Source;
use super::{Base, Facts, Invocation, Run, StageFacts};

impl Facts<'_> {
    /// The invocations that ran before the one at `index` of `run`, in the stage and those it is built on.
    pub(super) fn earlier<'a>(
        &'a self,
        stage: &'a StageFacts,
        run: &'a Run,
        index: usize,
    ) -> impl Iterator<Item = &'a Invocation> {
        let own =
            stage.runs.iter().filter(|other| other.instruction < run.instruction).flat_map(|other| &other.invocations);
        let ancestors = self.ancestors(stage).flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        ancestors.chain(own).chain(run.invocations.iter().take(index))
    }

    /// Those of [`Facts::earlier`] that may configure a tool.
    pub(super) fn configuring<'a>(
        &'a self,
        stage: &'a StageFacts,
        run: &'a Run,
        index: usize,
    ) -> impl Iterator<Item = &'a Invocation> {
        let of = |stage: &'a StageFacts| {
            let place = |&(run, index): &(usize, usize)| {
                stage.runs.get(run).and_then(|run| Some((run, index, run.invocations.get(index)?)))
            };
            stage.configuring.iter().filter_map(place)
        };
        let before = move |&(other, at, _): &(&Run, usize, &Invocation)| {
            other.instruction < run.instruction || (other.instruction == run.instruction && at < index)
        };
        let ancestors = self.ancestors(stage).flat_map(of);
        ancestors.chain(of(stage).filter(before)).map(|(_, _, invocation)| invocation)
    }

    /// The stages that a stage is built on, the nearest first.
    pub fn ancestors<'a>(&'a self, stage: &'a StageFacts) -> impl Iterator<Item = &'a StageFacts> {
        let parent = |stage: &StageFacts| match stage.base {
            Base::Stage(parent) => self.stages.get(parent),
            _ => None,
        };
        std::iter::successors(parent(stage), move |stage| parent(stage))
    }

    /// Whether pip's configuration sets `option` (without its section) before the invocation at `index` of `run` runs.
    #[must_use]
    pub fn pip_configured(&self, stage: &StageFacts, run: &Run, index: usize, option: &str) -> bool {
        let by_command = self.configuring(stage, run, index).any(|invocation| {
            let set = Pip::read(invocation).filter(|pip| pip.action == PipAction::ConfigSet);
            let written = invocation.output.as_ref().is_some_and(|file| is_pip_configuration(file.text()));
            set.is_some_and(|pip| pip.options.operands.iter().any(|(_, name)| name.value.text().ends_with(option)))
                || (written && invocation.arguments.iter().any(|argument| argument.value.text().contains(option)))
        });
        by_command || self.copied_files(stage, run.instruction, is_pip_configuration).any(|text| text.contains(option))
    }

    /// Whether apt is configured to leave out recommended packages before the invocation at `index` of `run` runs.
    #[must_use]
    pub fn apt_leaves_out_recommends(&self, stage: &StageFacts, run: &Run, index: usize) -> bool {
        let says_no = |text: &str| super::commands::recommends_option(text) == Some(false);
        let by_command = self.configuring(stage, run, index).any(|invocation| {
            let written = invocation.output.as_ref().is_some_and(|file| is_apt_configuration(file.text()))
                || (invocation.program == "tee"
                    && invocation.arguments.iter().any(|argument| is_apt_configuration(argument.value.text())));
            // What `tee` writes comes through a pipe or a heredoc, which is not followed.
            let piped = invocation.program == "tee";
            written && (piped || invocation.arguments.iter().any(|argument| says_no(argument.value.text())))
        });
        by_command || self.copied_files(stage, run.instruction, is_apt_configuration).any(|text| says_no(&text))
    }

    /// Texts of configuration files of pip that are copied before instruction `before`.
    pub(super) fn pip_configurations<'a>(
        &'a self,
        stage: &'a StageFacts,
        before: usize,
    ) -> impl Iterator<Item = String> + 'a {
        self.copied_files(stage, before, is_pip_configuration)
    }

    /// Texts of the context's files that transfers before instruction `before` put where `wanted` says.
    fn copied_files<'a>(
        &'a self,
        stage: &'a StageFacts,
        before: usize,
        wanted: fn(&str) -> bool,
    ) -> impl Iterator<Item = String> + 'a {
        let own = stage.transfers.iter().filter(move |transfer| transfer.instruction < before);
        let all = own.chain(self.ancestors(stage).flat_map(|stage| &stage.transfers));
        let from_context = all.filter(|transfer| transfer.source == Source::Context);
        from_context.flat_map(move |transfer| {
            let destination = transfer.destination.known().unwrap_or_default();
            transfer.paths.iter().filter_map(move |(path, _)| {
                let path = path.known()?;
                let target =
                    if transfer.into_folder { format!("{destination}/{path}") } else { destination.to_owned() };
                let file = wanted(&target).then(|| crate::workspace::join(&self.service.context, path))?;
                Some(self.workspace.read(&file?).ok()?.text().to_owned())
            })
        })
    }
}

fn is_pip_configuration(path: &str) -> bool {
    path.ends_with("pip.conf") || path.ends_with("pip.ini")
}

fn is_apt_configuration(path: &str) -> bool {
    path.contains("/etc/apt/apt.conf")
}
