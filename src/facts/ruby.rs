//! Where Ruby's packages lie.

use super::{Facts, Invocation, Run, StageFacts};

impl Facts<'_> {
    /// Whether the lock beside a `bundle install` was written by Bundler 1, which takes `BUNDLE_PATH` of the environment as it is, where
    /// Bundler 2 makes `ruby/3.3.0` in it.
    #[must_use]
    pub fn locks_bundler_1(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
        let lock = self.likely_origin_in(stage.index, run, &invocation.workdir, "Gemfile.lock");
        let lock = lock.and_then(|(lock, _)| self.workspace.read(&lock).ok());
        let mut lines = lock.iter().flat_map(|lock| lock.text().lines()).skip_while(|line| *line != "BUNDLED WITH");
        lines.nth(1).is_some_and(|version| version.trim().starts_with("1."))
    }

    /// Whether a version manager brings the Ruby of `run`, with folders of its own: `bash -l -c "rvm use 3.3.0"`.
    #[must_use]
    pub fn has_ruby_manager(&self, stage: &StageFacts, run: &Run) -> bool {
        const MANAGERS: [&str; 5] = ["rvm", "rbenv", "asdf", "mise", "chruby"];
        let own = stage.runs.iter().filter(|other| other.instruction <= run.instruction);
        let before = own.chain(self.ancestors(stage).flat_map(|stage| &stage.runs));
        before.flat_map(|run| &run.invocations).any(|invocation| MANAGERS.contains(&invocation.program.as_str()))
    }
}
