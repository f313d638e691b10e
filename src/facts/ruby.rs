//! Where Ruby's packages lie.

use crate::catalogue;

use super::{Facts, Invocation, Run, StageFacts};

impl Facts<'_> {
    /// Whether the lock beside a `bundle install` was written by Bundler 1 or 2.0, which take `BUNDLE_PATH` of the environment as it is,
    /// where later ones make `ruby/3.3.0` in it. Without a word of it, an image that sets the variable itself has an early one.
    #[must_use]
    pub fn locks_early_bundler(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
        let lock = self.likely_origin_in(stage.index, run, &invocation.workdir, "Gemfile.lock");
        let lock = lock.and_then(|(lock, _)| self.workspace.read(&lock).ok());
        let mut lines = lock.iter().flat_map(|lock| lock.text().lines()).skip_while(|line| *line != "BUNDLED WITH");
        let is_early = |version: &str| ["1.", "2.0."].iter().any(|early| version.trim().starts_with(early));
        let root = self.ancestors(stage).last().unwrap_or(stage);
        let mut chain = std::iter::once(stage).chain(self.ancestors(stage)).flat_map(|stage| &stage.runs);
        let renews = |call: &Invocation| {
            call.program == "gem"
                && ["bundler", "--system"].iter().any(|word| call.has_argument(word))
                && ["install", "update"].iter().any(|word| call.has_argument(word))
        };
        let mut of_image = || {
            catalogue::variables_of(&root.image).iter().any(|(name, _)| *name == "BUNDLE_PATH")
                && !chain.any(|run| run.invocations.iter().any(renews))
        };
        lines.nth(1).map_or_else(&mut of_image, is_early)
    }

    /// The version manager that brings the Ruby of `run`, with folders of its own: `bash -l -c "rvm use 3.3.0"`.
    #[must_use]
    pub fn ruby_manager(&self, stage: &StageFacts, run: &Run) -> Option<&'static str> {
        const MANAGERS: [&str; 5] = ["rvm", "rbenv", "asdf", "mise", "chruby"];
        let own = stage.runs.iter().filter(|other| other.instruction <= run.instruction);
        let before = own.chain(self.ancestors(stage).flat_map(|stage| &stage.runs));
        let mut programs = before.flat_map(|run| &run.invocations).map(|invocation| invocation.program.as_str());
        programs.find_map(|program| MANAGERS.into_iter().find(|manager| *manager == program))
    }

    /// Whether a step up to `run` installs the distribution's Ruby. A base that brings one, such as `bitnami/rails`, may keep gems anywhere.
    #[must_use]
    pub fn has_ruby_of_distribution(&self, stage: &StageFacts, run: &Run) -> bool {
        let own = stage.runs.iter().filter(|other| other.instruction <= run.instruction).map(|run| (stage, run));
        let earlier = self.ancestors(stage).flat_map(|stage| stage.runs.iter().map(move |run| (stage, run)));
        let mut installs = own.chain(earlier).flat_map(|(stage, run)| self.system_installs(stage, run));
        let of_ruby = |name: &str| name.starts_with("ruby") || matches!(name, "bundler" | "jekyll" | "rails");
        installs.any(|install| of_ruby(install.name))
    }
}
