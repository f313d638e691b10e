//! The edits that turn a build of one stage into a builder and a run-time stage.
//!
//! What stands up to the last install becomes the builder, as it is. Behind it the run-time stage begins: it repeats what belongs to
//! both, and everything that stands below belongs to it.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::dockerfile::edit::{stands_apart, whole_lines, with_cuts};
use crate::dockerfile::{Arguments, Instruction};
use crate::facts::{Facts, Split};
use crate::rules::context::copy_before_install::manifests_instead;
use crate::text::TextRange;

/// Below this many bytes a second stage is not worth its lines.
pub(super) const WORTH_A_STAGE: u64 = 30_000_000;

/// The rewrite; `None` where an edit of it cannot be made.
pub(super) fn fix(facts: &Facts<'_>, split: &Split) -> Option<Fix> {
    let rewrite = Rewrite { facts, split };
    let caution = if split.slimmed {
        "what the program calls, or was compiled against, unseen may be missing in the run-time stage"
    } else {
        "what the program calls unseen may be missing in the run-time stage"
    };
    Some(Fix {
        title: format!("install in a builder stage, and run on `{}`", split.base),
        applicability: Applicability::Unsafe,
        caution: Some(caution.to_owned()),
        edits: rewrite.edits()?,
    })
}

/// The instructions that the rewrite repeats in the run-time stage.
pub(super) fn repeated(facts: &Facts<'_>, split: &Split) -> Vec<TextRange> {
    let instruction = |number: usize| facts.dockerfile.instructions.get(number);
    split.repeats.iter().filter_map(|repeat| Some(instruction(repeat.instruction)?.range)).collect()
}

struct Rewrite<'f, 'w> {
    facts: &'f Facts<'w>,
    split: &'f Split,
}

/// Lines of the run-time stage.
struct Block {
    text: String,
    /// Whether a blank line stands before it.
    apart: bool,
}

impl Rewrite<'_, '_> {
    fn edits(&self) -> Option<Vec<Edit>> {
        let mut edits = vec![self.named_builder()?];
        let first = self.instruction(self.split.first_install)?;
        if self.split.environment.is_new {
            let start = self.facts.dockerfile.with_comments_above(first).start();
            edits.push(self.edit(TextRange::empty(start), self.new_environment()));
        }
        let last = self.instruction(self.split.last)?.range.end();
        edits.push(self.edit(TextRange::empty(last), self.stage()?));
        edits.extend(self.manifests_only());
        for (range, text) in &self.split.changes {
            edits.push(self.edit(*range, text.clone()));
        }
        let leaving = self.split.repeats.iter().filter(|repeat| repeat.leaves_builder).map(|repeat| repeat.instruction);
        for number in leaving.chain(self.split.dropped.iter().copied()) {
            edits.push(self.edit(self.lines(number)?, String::new()));
        }
        Some(edits)
    }

    /// The builder copies the manifests alone where it needs no sources: those stand in the run-time stage.
    fn manifests_only(&self) -> Vec<Edit> {
        let repeated = |number: usize| self.split.repeats.iter().any(|repeat| repeat.instruction == number);
        let mut edits = Vec::new();
        for early in self.facts.early_copies() {
            let [copy] = early.copies.as_slice() else { continue };
            let number = copy.transfer.instruction;
            // What an install behind this one needs may be more.
            let is_last = early.run.instruction == self.split.last;
            let lines = manifests_instead(self.facts, &early, copy).filter(|lines| !lines.is_empty());
            if let (true, true, Some(lines), Some(instruction)) =
                (is_last, repeated(number), lines, self.instruction(number))
            {
                edits.push(self.edit(instruction.range, lines.join("\n")));
            }
        }
        edits
    }

    fn edit(&self, range: TextRange, text: String) -> Edit {
        Edit { file: self.facts.file(), range, text }
    }

    fn instruction(&self, number: usize) -> Option<&Instruction> {
        self.facts.dockerfile.instructions.get(number)
    }

    /// The keyword as this Dockerfile writes keywords.
    fn keyword(&self, keyword: &str) -> String {
        let from = self.facts.stages.first().and_then(|stage| self.instruction(stage.from));
        let lower = from.is_some_and(|from| from.raw_keyword.chars().all(char::is_lowercase));
        if lower { keyword.to_lowercase() } else { keyword.to_owned() }
    }

    /// `FROM image AS builder`
    fn named_builder(&self) -> Option<Edit> {
        let from = self.instruction(self.facts.stages.first()?.from)?;
        let Arguments::From { image: Some(image), name } = &from.arguments else { return None };
        Some(match name {
            Some(name) => self.edit(name.range, "builder".to_owned()),
            None => self.edit(TextRange::empty(image.range.end()), format!(" {} builder", self.keyword("AS"))),
        })
    }

    fn new_environment(&self) -> String {
        let environment = &self.split.environment;
        let path = &environment.path;
        let (run, env) = (self.keyword("RUN"), self.keyword("ENV"));
        let variable = if environment.by_variable { format!("VIRTUAL_ENV={path} ") } else { String::new() };
        // With `--system` uv asks for the interpreter, and takes the one that this names.
        let interpreter =
            if environment.by_interpreter { format!("UV_PYTHON={path}/bin/python ") } else { String::new() };
        format!("{run} python -m venv {path}\n{env} {variable}{interpreter}PATH=\"{path}/bin:$PATH\"\n")
    }

    /// What stands behind the builder up to the instructions that stay.
    fn stage(&self) -> Option<String> {
        let split = self.split;
        let text = self.facts.source.text();
        let mut blocks = vec![Block { text: self.from()?, apart: true }];
        if !split.added.is_empty() {
            let run = self.keyword("RUN");
            let names = split.added.join(" ");
            let install = format!(
                "{run} apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*"
            );
            blocks.push(Block { text: install, apart: false });
        }
        let transfers = self.facts.stages.first().map(|stage| stage.transfers.as_slice()).unwrap_or_default();
        let copies = |number: usize| transfers.iter().any(|transfer| transfer.instruction == number);
        let mut waiting = true;
        for repeat in &split.repeats {
            let due = repeat.instruction > split.first_install || copies(repeat.instruction);
            if waiting && due && !split.environment_last {
                blocks.push(self.environment());
                waiting = false;
            }
            let instruction = self.instruction(repeat.instruction)?;
            let range = self.facts.dockerfile.with_comments_above(instruction);
            let apart = stands_apart(text, range.start());
            blocks.push(Block { text: with_cuts(text, range, &repeat.cuts).replace("\r\n", "\n"), apart });
        }
        if waiting {
            blocks.push(self.environment());
        }
        let lines =
            blocks.into_iter().map(|block| format!("{}{}", if block.apart { "\n\n" } else { "\n" }, block.text));
        Some(lines.collect())
    }

    fn from(&self) -> Option<String> {
        let from = self.instruction(self.facts.stages.first()?.from)?;
        let Arguments::From { name, .. } = &from.arguments else { return None };
        let text = self.facts.source.text();
        let flags: Vec<&str> = from.flags.iter().flat_map(|flag| [flag.range.slice(text), " "]).collect();
        let flags = flags.concat();
        let name = name.as_ref().map(|name| format!(" {} {}", self.keyword("AS"), name.text)).unwrap_or_default();
        Some(format!("{} {flags}{}{name}", self.keyword("FROM"), self.split.base))
    }

    fn environment(&self) -> Block {
        let path = &self.split.environment.path;
        let copy = format!("{} --from=builder {path} {path}", self.keyword("COPY"));
        let text = if self.split.sets_path {
            format!("{copy}\n{} PATH=\"{path}/bin:$PATH\"", self.keyword("ENV"))
        } else {
            copy
        };
        Block { text, apart: false }
    }

    /// The lines of an instruction that goes, with one of the blank lines around it.
    fn lines(&self, number: usize) -> Option<TextRange> {
        let text = self.facts.source.text();
        let range = whole_lines(text, self.instruction(number)?.range)?;
        let rest = text.get(range.end() as usize..)?;
        let blank = rest.find('\n').map_or(0, |at| at + 1);
        let between = stands_apart(text, range.start()) && rest.get(..blank).is_some_and(|line| line.trim().is_empty());
        let end = if between { range.end() + blank as u32 } else { range.end() };
        Some(TextRange::new(range.start(), end))
    }
}
