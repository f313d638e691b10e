//! What comments of a Dockerfile say of what is installed below them.

use crate::dockerfile::Comment;
use crate::text::TextRange;

use super::{Facts, SystemInstall};

/// When a package serves, as comments say it.
const AT_START: [&str; 3] = ["at start", "on start", "at boot"];
const WHEN_IT_RUNS: [&str; 6] =
    ["at runtime", "at run time", "at run-time", "during runtime", "when it runs", "when running"];

impl Facts<'_> {
    /// Whether a comment says that people call the package: `# For maintenance tasks` above it in the instruction, or
    /// `# default-mysql-client for convenience` above the instruction or its stage.
    #[must_use]
    pub fn is_for_people(&self, install: &SystemInstall<'_>) -> bool {
        const PEOPLE: [&str; 14] = [
            "maintenance",
            "debug",
            "troubleshoot",
            "shell",
            "by hand",
            "manual",
            "convenien",
            "admin",
            "interactive",
            "inspect",
            "editor",
            "not remove",
            "n't remove",
            "keep ",
        ];
        self.comments_about(install).iter().any(|(comment, is_inside)| {
            // `# vim is just for debugging` speaks of `vim-tiny`.
            let name = install.name.split('-').next().filter(|name| name.len() > 2).unwrap_or(install.name);
            (*is_inside || comment.contains(name)) && PEOPLE.iter().any(|people| comment.contains(people))
        })
    }

    /// Whether a comment says that the package serves what is installed or compiled in the container: `# extensions need those`,
    /// `# gcc: serve.py pip-installs what customers ask for at start`.
    #[must_use]
    pub fn is_said_to_serve_at_start(&self, install: &SystemInstall<'_>) -> bool {
        // `# uses git at runtime` is no word about compilers.
        const ACTS: [&str; 4] = ["install", "compil", "build", "jit"];
        const TAKERS: [&str; 5] =
            ["extensions need", "plugins need", "for extensions", "for plugins", "in case someone"];
        // `# Python extensions need a compiler` speaks of the build.
        const LANGUAGES: [&str; 8] =
            ["c ext", "c++ ext", "native ", "python ext", "php ", "ruby ext", "cython", "build time"];
        self.comments_about(install).iter().any(|(comment, is_inside)| {
            let later = (has(comment, &AT_START) || has(comment, &WHEN_IT_RUNS)) && has(comment, &ACTS);
            // `# Runtime dependencies` heads the lines of a list; above a whole instruction it is said of anything.
            let heads = *is_inside && (comment.contains("runtime dep") || comment.contains("run-time dep"));
            (later || heads || has(comment, &TAKERS)) && !has(comment, &LANGUAGES)
        })
    }

    /// Whether the comment right above says that a program takes what comes with the headers: `# provides the libmagic.so symlink`.
    #[must_use]
    pub fn is_said_to_be_loaded(&self, install: &SystemInstall<'_>) -> bool {
        const SIGNS: [&str; 6] = [".so", "symlink", "dlopen", "ctypes", "cffi", "find_library"];
        const OF_BUILDS: [&str; 3] = ["compil", "build time", "not needed"];
        let said = self.comment_above(install);
        (has(&said, &SIGNS) || has(&said, &WHEN_IT_RUNS)) && !has(&said, &OF_BUILDS)
    }

    /// The comment right above the line that names what is installed, else right above the instruction, where that installs nothing
    /// else; in lower case, and empty where there is none.
    fn comment_above(&self, install: &SystemInstall<'_>) -> String {
        let instruction = self.dockerfile.instructions.get(install.instruction);
        let Some(instruction) = instruction.filter(|_| install.invocation.script().is_none()) else {
            return String::new();
        };
        let own = self.comment_before(install.argument.range.start());
        if !own.is_empty() {
            return own;
        }
        let stage = self.stages.get(install.stage);
        let run = stage.and_then(|stage| stage.runs.iter().find(|run| run.instruction == install.instruction));
        let installs = stage.zip(run).map_or(0, |(stage, run)| self.system_installs(stage, run).len());
        if installs == 1 { self.comment_before(instruction.range.start()) } else { String::new() }
    }

    /// The lines of comments that end right above the line of `offset`, one after the other.
    fn comment_before(&self, offset: u32) -> String {
        let mut line = self.source.line(offset);
        let mut lines = Vec::new();
        for comment in self.dockerfile.comments.iter().rev().filter(|comment| comment.range.end() <= offset) {
            if comment.line + 1 != line {
                break;
            }
            line = comment.line;
            let text = self.source.slice(comment.range);
            if !is_for_tools(text) {
                lines.push(text.to_lowercase());
            }
        }
        lines.reverse();
        lines.join(" ")
    }

    /// The comments about what is installed, in lower case: those above its instruction and its stage, and, with `true`, those inside
    /// the instruction that head its line.
    fn comments_about(&self, install: &SystemInstall<'_>) -> Vec<(String, bool)> {
        let Some(instruction) = self.dockerfile.instructions.get(install.instruction) else { return Vec::new() };
        let text = self.source.text();
        let stage = self.stages.get(install.stage).and_then(|stage| self.dockerfile.instructions.get(stage.from));
        let above = [Some(instruction), stage].into_iter().flatten().map(|instruction| {
            let start = self.dockerfile.with_comments_above(instruction).start();
            TextRange::new(start, instruction.range.start())
        });
        let above: Vec<TextRange> = above.collect();
        let start = install.argument.range.start();
        // A comment heads the lines below it, up to the next one.
        let mut inside: Vec<&Comment> = Vec::new();
        let is_own =
            |comment: &&Comment| instruction.range.contains_range(comment.range) && comment.range.start() < start;
        for comment in self.dockerfile.comments.iter().filter(is_own) {
            if inside.last().is_some_and(|last| last.line + 1 != comment.line) {
                inside.clear();
            }
            inside.push(comment);
        }
        let comments = self.dockerfile.comments.iter();
        let outside = comments.filter(|comment| above.iter().any(|range| range.contains_range(comment.range)));
        let both = outside.map(|comment| (comment, false)).chain(inside.into_iter().map(|comment| (comment, true)));
        let both = both.filter(|(comment, _)| !is_for_tools(comment.range.slice(text)));
        both.map(|(comment, is_inside)| (comment.range.slice(text).to_lowercase(), is_inside)).collect()
    }
}

fn has(comment: &str, words: &[&str]) -> bool {
    words.iter().any(|word| comment.contains(word))
}

/// Whether a comment speaks to a program: `# slimlint: ignore[full-base-image] as we need it`, `# hadolint ignore=DL3006`.
pub(super) fn is_for_tools(comment: &str) -> bool {
    let text = comment.trim_start_matches(['#', ' ', '\t']).to_lowercase();
    ["slimlint", "hadolint", "tally", "shellcheck", "check=", "check =", "syntax=", "syntax =", "escape="]
        .iter()
        .any(|tool| text.starts_with(tool))
}
