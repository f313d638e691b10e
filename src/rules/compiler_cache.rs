//! What the rules about caches of compilers share: which folders a `RUN` fills for the first time and leaves in an image that runs
//! a program.

use crate::facts::{Facts, Guard, Invocation, Leftover, Run, StageFacts};

use super::kept_cache::Fill;

/// A folder that a compiler fills, and that stays.
#[derive(Debug)]
pub(super) struct KeptFolder<'r> {
    /// The command that fills it first.
    pub fill: Fill<'r>,
    /// What is in it.
    pub leftover: Leftover,
}

impl Facts<'_> {
    /// The folders that `program` fills in `run`, not before, and that stay in an image in which nothing calls it. `fills` tells whether a
    /// command fills a folder, `empties` whether a later one empties it.
    pub(super) fn kept_folders<'r>(
        &self,
        stage: &StageFacts,
        run: &'r Run,
        program: &str,
        fills: impl Fn(&Invocation, &Leftover) -> bool,
        empties: impl Fn(&Invocation, &Leftover) -> bool,
    ) -> Vec<KeptFolder<'r>> {
        let is_used = run.invocations.iter().any(|invocation| invocation.program == program);
        let heirs = self.descendants(stage.index);
        let called = || {
            self.finals().filter(|image| heirs.contains(&image.index)).any(|image| {
                self.starts_with(image, &[program, "dlv"])
                    || self.recipes_at_start(image).is_some_and(|text| calls(&text, program))
            })
        };
        if !is_used
            || !self.is_in_final(stage.index)
            || !self.stage_is_for_use(stage.index)
            || called()
            || self.keeps_a_line_of(program)
        {
            return Vec::new();
        }
        let mut kept: Vec<KeptFolder<'r>> = Vec::new();
        for (index, invocation) in run.invocations.iter().enumerate() {
            if invocation.guard != Guard::Always || invocation.program != program {
                continue;
            }
            for leftover in self.filled_by(stage, run, invocation) {
                let known = kept.iter().any(|other| other.leftover.folder == leftover.folder);
                if known || !fills(invocation, &leftover) || self.is_filled_before(stage, run, program, &leftover) {
                    continue;
                }
                let folders = vec![leftover.folder.clone()];
                let here = |at: usize, _: &Invocation| if at == index { folders.clone() } else { Vec::new() };
                let fills = self.kept_caches(stage, run, here, |later| empties(later, &leftover), |_| false);
                kept.extend(fills.into_iter().map(|fill| KeptFolder { fill, leftover: leftover.clone() }));
            }
        }
        kept
    }

    /// Whether an earlier layer holds the folder already: `RUN go mod download`, then `RUN go build`.
    fn is_filled_before(&self, stage: &StageFacts, run: &Run, program: &str, leftover: &Leftover) -> bool {
        let chain = std::iter::once(stage).chain(self.ancestors(stage));
        let runs = chain.flat_map(|holder| holder.runs.iter().map(move |earlier| (holder, earlier)));
        let mut earlier = runs.filter(|(_, earlier)| earlier.instruction < run.instruction);
        earlier.any(|(holder, earlier)| {
            let mut commands = earlier.invocations.iter().filter(|command| command.program == program);
            commands.any(|command| {
                self.filled_by(holder, earlier, command).iter().any(|other| other.folder == leftover.folder)
                    && !crate::facts::is_mounted(earlier, &leftover.folder)
            })
        })
    }

    /// Whether `program` runs in a `RUN` behind this one, here or in a stage that is built on this one.
    pub(super) fn runs_later(&self, stage: &StageFacts, run: &Run, program: &str) -> bool {
        self.runs_after(stage, run).iter().flat_map(|later| &later.invocations).any(|later| later.program == program)
    }
}

/// Whether a command of a script is `program`.
fn calls(script: &str, program: &str) -> bool {
    let commands = script.lines().flat_map(|line| line.split([';', '&', '|', '(', ')']));
    commands.into_iter().any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
        words.next() == Some(program)
    })
}

/// `RUN --mount=type=cache,target=A --mount=type=cache,target=B …`, as advice.
pub(super) fn mounts(folders: &[String]) -> String {
    let mounts: Vec<String> = folders.iter().map(|folder| format!("--mount=type=cache,target={folder}")).collect();
    format!("`RUN {} …`", mounts.join(" "))
}
