//! Requirements files that the build writes itself: `uv export`, `uv pip compile`, `pip-compile`, `poetry export`,
//! `pipenv requirements`.

use crate::dockerfile::Value;
use crate::facts::commands::{Options, Pipenv, PipenvAction, Poetry, PoetryAction, Uv, UvAction};
use crate::facts::paths::resolve;
use crate::facts::transfer::{Source, candidates};
use crate::facts::{Base, Facts, Guard};
use crate::text::TextRange;

use super::collect::At;
use super::reader::{Extras, Reader};
use super::{PythonInstall, Tool};

/// How far stage copies are followed back.
const DEPTH_LIMIT: u32 = 8;

/// The path of what another command takes as a file: `-r <(pipenv requirements)`.
const CAPTURED: &str = "<";

/// Files that earlier commands wrote.
#[derive(Default)]
pub(super) struct Generated {
    files: Vec<File>,
}

/// One file, with what is in it.
pub(super) struct File {
    stage: usize,
    instruction: usize,
    /// Its absolute path, `|` with the pipeline's range when it goes into a pipe, or [`CAPTURED`].
    path: String,
    /// The command that writes it, in the Dockerfile.
    range: TextRange,
    content: PythonInstall,
}

impl Generated {
    pub(super) fn add(&mut self, file: File) {
        self.files.push(file);
    }

    /// What the file at `path`, as the command names it, was written with.
    pub(super) fn find(&self, facts: &Facts<'_>, at: At<'_>, path: &str) -> Option<&PythonInstall> {
        let path = match path {
            "-" | "/dev/stdin" => pipe(at.invocation.site.pipeline),
            path => resolve(at.invocation.workdir.known()?, path),
        };
        self.trace(facts, at.stage.index, at.run.instruction, &path, 0)
    }

    /// What the command writes that stands in `word` and is given to the one at `at` as a file: `-r <(pipenv requirements)`.
    pub(super) fn captured(&self, at: At<'_>, word: TextRange) -> Option<&PythonInstall> {
        let here = self.files.iter().filter(|file| {
            file.stage == at.stage.index && file.instruction == at.run.instruction && file.path == CAPTURED
        });
        let mut inside = here.filter(|file| {
            word.start() <= file.range.start() && file.range.end() <= word.end() && file.range != at.invocation.range
        });
        inside.next().map(|file| &file.content)
    }

    fn trace(&self, facts: &Facts<'_>, stage: usize, until: usize, path: &str, depth: u32) -> Option<&PythonInstall> {
        let written =
            self.files.iter().rev().find(|file| file.stage == stage && file.instruction <= until && file.path == path);
        if written.is_some() || depth > DEPTH_LIMIT {
            return written.map(|file| &file.content);
        }
        let here = facts.stages.get(stage)?;
        for transfer in here.transfers.iter().rev().filter(|transfer| transfer.instruction < until) {
            let (Source::Stage(from), Some(destination)) = (&transfer.source, transfer.destination.known()) else {
                continue;
            };
            let sources = transfer.paths.iter().filter_map(|(source, _)| source.known());
            let places = sources.flat_map(|source| candidates(source, destination, path));
            let found = places
                .into_iter()
                .find_map(|place| self.trace(facts, *from, usize::MAX, &resolve("/", &place), depth + 1));
            if found.is_some() {
                return found;
            }
        }
        match here.base {
            Base::Stage(parent) => self.trace(facts, parent, usize::MAX, path, depth + 1),
            _ => None,
        }
    }
}

fn pipe(range: TextRange) -> String {
    format!("|{}", range.start())
}

/// The file that the command at `at` writes.
pub(super) fn generated(facts: &Facts<'_>, at: At<'_>, earlier: &Generated) -> Option<File> {
    if at.invocation.guard == Guard::Never {
        return None;
    }
    let (path, content) = if let Some(uv) = Uv::read(at.invocation) {
        match uv.action {
            UvAction::Export => {
                let mut reader = Reader::new(facts, at, earlier, Tool::UvSync);
                reader.uv_sync(&uv.options);
                reader.install.hashed = !uv.options.has(&["--no-hashes"]);
                (output(&uv.options), reader.install)
            }
            UvAction::PipCompile => (output(&uv.options), compiled(facts, at, earlier, Tool::UvPip, &uv.options)),
            _ => return None,
        }
    } else if let Some(poetry) = Poetry::read(at.invocation).filter(|poetry| poetry.action == PoetryAction::Export) {
        let mut reader = Reader::new(facts, at, earlier, Tool::Poetry);
        reader.poetry(&poetry.options);
        reader.install.hashed = !poetry.options.has(&["--without-hashes"]);
        (output(&poetry.options), reader.install)
    } else if let Some(pipenv) = Pipenv::read(at.invocation).filter(|pipenv| pipenv.action == PipenvAction::Export) {
        let mut reader = Reader::new(facts, at, earlier, Tool::Pipenv);
        reader.pipenv(&pipenv.options);
        reader.install.hashed = pipenv.options.has(&["--hash"]);
        (None, reader.install)
    } else if at.invocation.program == "pip-compile" {
        let options = Options::read(
            &at.invocation.arguments,
            &[
                "-o",
                "--output-file",
                "-c",
                "--constraint",
                "--extra",
                "-i",
                "--index-url",
                "--extra-index-url",
                "-f",
                "--find-links",
                "--resolver",
                "--annotation-style",
                "--cache-dir",
            ],
        );
        let first = options.operands.first().map(|(_, word)| word.value.text().to_owned()).unwrap_or_default();
        let stem = first.rsplit_once('.').map_or(first.as_str(), |(stem, _)| stem);
        let usual = if stem.ends_with("pyproject") || stem.is_empty() {
            "requirements.txt".to_owned()
        } else {
            format!("{stem}.txt")
        };
        let path = output(&options).or(Some(Value::new(usual)));
        (path, compiled(facts, at, earlier, Tool::Pip, &options))
    } else {
        return None;
    };
    let site = &at.invocation.site;
    let path = match path.or_else(|| at.invocation.output.clone()) {
        Some(path) => resolve(at.invocation.workdir.known()?, path.known()?),
        None if site.piped => pipe(site.pipeline),
        None if site.captured => CAPTURED.to_owned(),
        None => return None,
    };
    Some(File { stage: at.stage.index, instruction: at.run.instruction, path, range: at.invocation.range, content })
}

fn output(options: &Options<'_>) -> Option<Value> {
    options.value(&["-o", "--output-file", "--output"]).cloned()
}

/// What `pip-compile` and `uv pip compile` read.
fn compiled(facts: &Facts<'_>, at: At<'_>, earlier: &Generated, tool: Tool, options: &Options<'_>) -> PythonInstall {
    let mut reader = Reader::new(facts, at, earlier, tool);
    reader.indexes_of(options);
    let extras = Extras::of(options);
    for &(index, word) in &options.operands {
        // The words of the subcommand itself are no files.
        if index > 0 || !matches!(word.value.text(), "pip" | "compile") {
            reader.requirements(&word.value, word.range, &extras, false);
        }
    }
    reader.install.hashed = options.has(&["--generate-hashes"]);
    reader.install
}
