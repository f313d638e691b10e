//! Clones with all of their history that stay in an image.

use crate::dockerfile::Value;

use super::commands::{GitClone, Options, removal};
use super::paths::{file_name, has_ending, is_below, resolve};
use super::python::{Program, each_in_key};
use super::{Argument, Facts, Fate, Guard, Invocation, Run, Seen, StageFacts, UseSigns};

/// Sources and scripts that are looked into for calls of git: at most so many, and none larger, in bytes.
const SOURCE_LIMIT: usize = 2_000;
const SOURCE_BYTES: u64 = 256_000;

/// A `git clone` without `--depth` whose `.git` stays in an image that is shipped.
#[derive(Debug)]
pub struct KeptHistory<'f> {
    /// The command.
    pub invocation: &'f Invocation,
    /// Its word `clone`.
    pub subcommand: &'f Argument,
    /// The clone, absolute.
    pub folder: String,
    /// A later command that works in the clone, and may need its history: one of git, or an install of what may take its version from
    /// tags.
    pub asks: Option<&'f Invocation>,
    /// Whether that stands in another `RUN`.
    pub asks_in_later_step: bool,
}

impl Facts<'_> {
    /// The clones of `run` whose whole history stays in an image that runs a program.
    #[must_use]
    pub fn kept_histories<'f>(&'f self, stage: &'f StageFacts, run: &'f Run) -> Vec<KeptHistory<'f>> {
        let mut found = Vec::new();
        for (index, invocation) in run.invocations.iter().enumerate() {
            if invocation.guard != Guard::Always || invocation.site.tested {
                continue;
            }
            let Some(clone) = GitClone::read(invocation).filter(is_whole) else { continue };
            let GitClone { subcommand, folder, .. } = clone;
            // Flutter and vcpkg take their versions from the history, ComfyUI's manager updates what it finds.
            let name = file_name(&folder).to_lowercase();
            if matches!(name.as_str(), "flutter" | "vcpkg") || name.starts_with("comfyui") {
                continue;
            }
            let history = format!("{folder}/.git");
            let later = run.invocations.get(index + 1..).unwrap_or_default();
            let touched = later.iter().any(|other| moves_or_deletes(other, &folder));
            if touched
                || self.fate(stage, run, index, std::slice::from_ref(&history)) != Fate::Kept
                || self.is_worked_with(stage, run, &folder)
            {
                continue;
            }
            let behind = || self.runs_after(stage, run).into_iter().flat_map(|run| &run.invocations);
            // What a later layer hides is not a matter of the history alone.
            if behind().filter_map(removal).any(|removal| removal.deletes(&folder)) {
                continue;
            }
            let asking = |other: &&Invocation| asks_history(other, &folder) || installs_from(other, &folder);
            let here = later.iter().find(asking);
            let asks = here.or_else(|| behind().find(asking));
            let asks_in_later_step = here.is_none() && asks.is_some();
            found.push(KeptHistory { invocation, subcommand, folder, asks, asks_in_later_step });
        }
        found
    }

    /// Whether an image is to work in, or what it starts calls git, or a command of the stage sets the clone up for that: `git config`,
    /// `git remote`.
    fn is_worked_with(&self, stage: &StageFacts, run: &Run, folder: &str) -> bool {
        let calls = |image: &StageFacts| {
            self.start_words(image).iter().any(|word| {
                let name = file_name(word.trim_matches(['"', '\'']));
                let script = has_script_extension(name) || name.contains("entrypoint");
                let origin = || {
                    let workdir = image.state.workdir.known()?;
                    self.origin(image.index, usize::MAX, &resolve(workdir, word.trim_matches(['"', '\''])), None)
                };
                // A script that cannot be read may pull.
                name == "git"
                    || (script
                        && origin()
                            .and_then(|path| self.workspace.read(&path).ok())
                            .is_none_or(|file| file.text().contains("git ")))
            })
        };
        let heirs = self.descendants(stage.index);
        let elsewhere = !self.is_in_final(stage.index);
        let is_project =
            |image: &StageFacts| (elsewhere || heirs.contains(&image.index)) && self.is_there_to_run(image);
        let sets_up = |invocation: &Invocation| {
            // Not `git config --global url.….insteadOf`, which is there to fetch.
            const ABOUT_WORK: [&str; 3] = ["user.", "pull.", "safe.directory"];
            let settings = matches!(invocation.argument(0), Some("config" | "remote"));
            let speaks = |word: &Argument| ABOUT_WORK.iter().any(|about| word.value.text().starts_with(about));
            let inside = || invocation.workdir.known().is_some_and(|workdir| is_below(workdir, folder));
            let of_all = invocation.has_argument("--global") || invocation.has_argument("--system");
            let for_work = invocation.arguments.iter().any(speaks) || !of_all && inside();
            invocation.program == "git" && settings && for_work
        };
        let others = || stage.runs.iter().filter(|other| other.instruction != run.instruction);
        !self.finals().any(is_project)
            || others().flat_map(|run| &run.invocations).any(sets_up)
            || self.finals().any(|image| calls(image) || self.may_update_itself(image, folder))
            || folder == "/"
            || self.updates_clones()
    }

    /// Whether a program or a script that is copied brings clones up to date, whoever starts it: cron, a supervisor, the program.
    fn updates_clones(&self) -> bool {
        const ENDINGS: [&str; 9] = ["sh", "bash", "py", "js", "mjs", "cjs", "ts", "rb", "go"];
        let mut lines = self.stages.iter().flat_map(|image| self.composed_starts_of(image));
        if lines.any(|words| updates_a_clone(&words.join(" "))) {
            return true;
        }
        let key = format!("updates clones\0{}", each_in_key(self.context_sources()));
        let found = self.of_program(&key, || {
            let is_source = |path: &str| {
                let name = file_name(path);
                let is_one = ENDINGS.iter().any(|ending| has_ending(name, ending)) || !name.contains('.');
                is_one && !Program::is_aside(path)
            };
            // `LICENSE`, `Makefile`
            let is_script = |path: &str, text: &str| file_name(path).contains('.') || text.starts_with("#!");
            let updates = |path: String| {
                self.workspace
                    .read(&path)
                    .is_ok_and(|file| is_script(&path, file.text()) && updates_a_clone(file.text()))
            };
            self.copied_sources(SOURCE_BYTES, is_source).into_iter().take(SOURCE_LIMIT).any(updates)
        });
        *found
    }

    /// Whether a source of the program takes a library that works with repositories: `require("simple-git")`.
    fn takes_git_library(&self, image: &StageFacts) -> bool {
        let signs = UseSigns {
            commands: Vec::new(),
            hints: ["simple-git", "isomorphic-git", "nodegit"].map(str::to_owned).to_vec(),
            modules: ["git", "dulwich", "pygit2"].map(str::to_owned).to_vec(),
        };
        self.is_runtime_image(image) && self.uses_of(&[signs], Seen::WhenRunning).into_iter().any(|used| used.is_some())
    }

    /// Whether a program may work with the clone that it lies in: it starts from there beside a git that stays, or a variable says
    /// that the clone is a repository: `ENV LKP_GIT_WORK_TREE=/usr/src/linux`.
    fn may_update_itself(&self, image: &StageFacts, folder: &str) -> bool {
        let workdir = image.state.workdir.known().unwrap_or("/");
        let starts_there = || {
            let words = self.start_words(image);
            is_below(workdir, folder)
                || words.iter().any(|word| is_below(&resolve(workdir, word.trim_matches(['"', '\''])), folder))
        };
        let has_git = || self.installs_of_image(image).iter().any(|install| install.name == "git");
        let environment = &image.state.environment;
        let names_it =
            |name: &str| name.contains("GIT") && environment.known(name).is_some_and(|value| value == folder);
        let is_told = environment.iter().any(|(name, _)| names_it(name));
        is_told || starts_there() && (has_git() || self.takes_git_library(image))
    }
}

/// Whether a text calls git to bring a clone up to date: `git pull;`, `["git", "-C", folder, "fetch"]`.
fn updates_a_clone(text: &str) -> bool {
    let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#') && !line.starts_with("//"));
    code.flat_map(|line| line.match_indices("git").map(move |(at, found)| (line, at, at + found.len()))).any(
        |(line, at, end)| {
            let before = line.get(..at).unwrap_or_default();
            let behind = line.get(end..).unwrap_or_default();
            let starts = before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || "\"'`(;&|/".contains(c));
            let words =
                behind.split(|c: char| c.is_whitespace() || "\"'`,;&|)".contains(c)).filter(|word| !word.is_empty());
            let mut takes_value = false;
            let verb = words.take(8).find(|word| {
                let is_value = std::mem::replace(&mut takes_value, matches!(*word, "-C" | "-c"));
                !is_value && !word.starts_with('-')
            });
            starts && behind.starts_with([' ', '"', '\'']) && matches!(verb, Some("pull" | "fetch"))
        },
    )
}

/// Whether a clone has its whole history, at a usual place.
fn is_whole(clone: &GitClone<'_>) -> bool {
    !clone.options.has(&[
        "--depth",
        "--filter",
        "--shallow-since",
        "--shallow-exclude",
        "--bare",
        "--mirror",
        "--separate-git-dir",
        "--git-dir",
        "--work-tree",
        "--reference",
        "--sparse",
        "--no-checkout",
        "-n",
        "--help",
    ])
}

/// Whether a command of the same `RUN` may take the history away in a way that is not followed: `find -name .git`, `mv`.
fn moves_or_deletes(invocation: &Invocation, folder: &str) -> bool {
    let workdir = invocation.workdir.known().unwrap_or("/");
    let words = || invocation.arguments.iter().map(|argument| &argument.value);
    let names_history = matches!(invocation.program.as_str(), "rm" | "find" | "xargs" | "rsync")
        && words().any(|word| word.text().contains(".git"));
    // Behind `popd` the folder is not known, the name of the clone is.
    let names_it = |word: &Value| {
        word.known().is_none_or(|word| {
            let path = resolve(workdir, word.trim_end_matches('*'));
            is_below(folder, &path) || file_name(&path) == file_name(folder)
        })
    };
    let moves = matches!(invocation.program.as_str(), "mv" | "rm") && words().any(names_it);
    names_history || moves
}

/// Whether a command of git looks at more than the last commit: everything but reading what is there now.
fn asks_history(invocation: &Invocation, folder: &str) -> bool {
    if invocation.program != "git" {
        return false;
    }
    let options = Options::read(&invocation.arguments, &["-C", "-c", "--git-dir", "--work-tree"]);
    let at = options.value(&["-C", "--work-tree"]);
    let place = match (at, invocation.workdir.known()) {
        (Some(at), Some(workdir)) => at.known().map(|at| resolve(workdir, at)),
        (None, workdir) => workdir.map(str::to_owned),
        (Some(at), None) => at.known().map(str::to_owned),
    };
    let elsewhere = place.is_some_and(|place| !is_below(&place, folder));
    !elsewhere && !matches!(options.word(0), Some("clone" | "clean" | "config" | "init" | "lfs" | "status"))
}

/// Whether a command installs a Python project of the clone, which may take its version from tags: `pip install .`,
/// `pip install /opt/tool/python`.
fn installs_from(invocation: &Invocation, folder: &str) -> bool {
    let words = || invocation.arguments.iter().filter_map(|argument| argument.value.known());
    let installs = match invocation.program.as_str() {
        "pip" | "uv" | "poetry" | "pdm" | "flit" | "hatch" => {
            words().any(|word| matches!(word, "install" | "sync" | "build"))
        }
        "python" => words().any(|word| word.ends_with("setup.py") || word == "build"),
        _ => false,
    };
    let Some(workdir) = invocation.workdir.known().filter(|_| installs) else { return false };
    let is_local = |word: &str| word.starts_with(['.', '/']) && is_below(&resolve(workdir, project_of(word)), folder);
    let by_workdir = || {
        is_below(workdir, folder)
            && !matches!(invocation.argument(0), Some("pip" | "tool"))
            && matches!(invocation.program.as_str(), "poetry" | "pdm" | "uv" | "flit" | "hatch" | "python")
    };
    // `-r requirements.txt` of the clone installs others.
    let mut behind_flag = false;
    let names_it = words().any(|word| {
        let is_value =
            std::mem::replace(&mut behind_flag, matches!(word, "-r" | "--requirement" | "-c" | "--constraint"));
        !is_value && is_local(word)
    });
    names_it || by_workdir()
}

/// `.` of `.[all]`
fn project_of(word: &str) -> &str {
    word.split('[').next().unwrap_or(word)
}

/// Whether a word names a shell script by its ending.
pub(super) fn has_script_extension(word: &str) -> bool {
    std::path::Path::new(word).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sh"))
}

#[cfg(test)]
mod tests {
    use super::updates_a_clone;

    #[test]
    fn clones_are_brought_up_to_date() {
        for (text, expected) in [
            ("cd /srv/rules && git pull --ff-only", true),
            ("subprocess.run([\"git\", \"-C\", folder, \"fetch\"])", true),
            ("execSync('git pull')", true),
            ("git clone https://example.invalid/a.git", false),
            ("simple-git", false),
            ("# legit push", false),
            ("https://example.invalid/x.git pull", false),
            ("git describe --tags", false),
            ("git push heroku main", false),
            ("# needs git to fetch its data", false),
            ("We use git to fetch things", false),
        ] {
            assert_eq!(updates_a_clone(text), expected, "{text}");
        }
    }
}
