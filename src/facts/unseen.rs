//! Scripts that an image starts and that the repository does not hold.

use crate::workspace::{join, parent};

use super::paths::{bare, file_name, has_ending, is_below};
use super::workplaces::installs_packages;
use super::{Facts, Guard, Source, StageFacts, Transfer};

/// What runs the file that is named behind it.
const RUNNERS: [&str; 5] = ["bash", "sh", ".", "source", "exec"];
/// Where packages of the system put scripts: what those do is known.
const OF_THE_SYSTEM: [&str; 6] = ["/bin", "/etc", "/lib", "/root", "/sbin", "/usr"];

/// How far copies between stages are followed back.
const DEPTH_LIMIT: u32 = 6;

impl Facts<'_> {
    /// Whether an image installs packages of a language and has nothing of the repository, so that nobody sees what its program calls:
    /// `RUN pip install rainbowstream`, `CMD ["rainbowstream"]`, which compiles when it starts.
    #[must_use]
    pub fn fetches_its_program(&self, image: &StageFacts) -> bool {
        let mut commands = self.chain(image).flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        commands.any(|command| command.guard != Guard::Never && installs_packages(command))
            && !self.has_something_of_the_context(image, 0)
    }

    /// Whether a copy or a mount of the context, through other stages too, or a file that the Dockerfile holds itself is in the image. A
    /// copy of the start script alone, where the repository does not hold that, brings nothing that can be read.
    fn has_something_of_the_context(&self, image: &StageFacts, depth: u32) -> bool {
        if depth > DEPTH_LIMIT {
            return true;
        }
        self.chain(image).any(|stage| {
            let mut runs = stage.runs.iter();
            let mut transfers = stage.transfers.iter();
            runs.any(|run| run.opaque || run.mounts.iter().any(|mount| mount.kind == "bind" && mount.from.is_none()))
                || transfers.any(|transfer| match transfer.source {
                    Source::Context => !self.takes_a_missing_start_alone(image, transfer),
                    Source::Stage(from) => {
                        self.stages.get(from).is_none_or(|from| self.has_something_of_the_context(from, depth + 1))
                    }
                    Source::Image(_) => false,
                })
        })
    }

    fn takes_a_missing_start_alone(&self, image: &StageFacts, transfer: &Transfer) -> bool {
        let starts = self.start_words(image);
        let destination = transfer.destination.known().map(file_name).unwrap_or_default();
        let is_started = |name: &str| starts.iter().any(|word| file_name(bare(word)) == name);
        let is_missing = |path: &str| {
            let place = join(&self.service.context, path);
            is_script(path)
                && (is_started(file_name(path)) || is_started(destination))
                && place.is_some_and(|place| !self.workspace.exists(&place))
        };
        !transfer.paths.is_empty() && transfer.paths.iter().all(|(path, _)| path.known().is_some_and(is_missing))
    }

    /// Whether a script that the image starts runs another one that is nowhere in the repository, so that nobody sees what it calls: one
    /// that a deployment mounts, `bash /srv/init/wait_for_postgres.bash`, or one of a submodule that is not there.
    pub(super) fn runs_an_unseen_script(&self, image: &StageFacts) -> bool {
        let submodules = self.submodules();
        let runs = |line: &str| {
            let words = line.split(|c: char| c.is_whitespace() || ";&|()\"'".contains(c));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let by_place = words.windows(2).any(|pair| match pair {
                [runner, word] => RUNNERS.contains(&file_name(runner)) && self.is_brought_by_nobody(image, word),
                _ => false,
            });
            by_place || words.iter().any(|word| submodules.iter().any(|folder| self.is_missing_below(folder, word)))
        };
        self.start_script_with(image, runs).is_some()
    }

    /// Whether `word` names a script by its place in the image, where no step puts anything.
    fn is_brought_by_nobody(&self, image: &StageFacts, word: &str) -> bool {
        let path = image.state.expand(word, '\\');
        path.known().is_some_and(|path| {
            path.starts_with('/')
                && is_script(path)
                && !OF_THE_SYSTEM.iter().any(|folder| is_below(path, folder))
                && [path, parent(path)].iter().all(|place| self.origin(image.index, usize::MAX, place, None).is_none())
        })
    }

    /// Whether `word` names a script below the folder of a submodule, which holds none such: `meta/dev/wait.sh`.
    fn is_missing_below(&self, submodule: &str, word: &str) -> bool {
        let plain = word.trim_start_matches("./").trim_start_matches('/');
        let rest = plain.strip_prefix(file_name(submodule)).filter(|rest| rest.starts_with('/'));
        is_script(plain) && rest.is_some_and(|rest| !self.workspace.is_file(&format!("{submodule}{rest}")))
    }

    /// The folders of the repository's submodules.
    fn submodules(&self) -> Vec<String> {
        let Ok(file) = self.workspace.read(".gitmodules") else { return Vec::new() };
        let paths = file.text().lines().filter_map(|line| line.trim().strip_prefix("path"));
        paths.filter_map(|rest| Some(rest.trim_start().strip_prefix('=')?.trim().to_owned())).collect()
    }
}

fn is_script(path: &str) -> bool {
    has_ending(path, "sh") || has_ending(path, "bash")
}
