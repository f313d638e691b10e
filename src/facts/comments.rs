//! What comments of a Dockerfile say of what is installed below them.

use crate::catalogue::is_development_package;
use crate::dockerfile::{Comment, Instruction};
use crate::text::TextRange;

use super::{Facts, SystemInstall};

/// When a package serves, as comments say it.
const AT_START: [&str; 3] = ["at start", "on start", "at boot"];
const WHEN_IT_RUNS: [&str; 6] =
    ["at runtime", "at run time", "at run-time", "during runtime", "when it runs", "when running"];
/// What says of a list of packages that it is for the running container, or stays.
const OF_THE_IMAGE: [&str; 15] = [
    "runtime dep",
    "runtime pack",
    "runtime lib",
    "runtime req",
    "run-time dep",
    "run-time pack",
    "run-time lib",
    "run-time req",
    "run time dep",
    "persistent dep",
    "persistent pack",
    "persistent /",
    "persistent and",
    "required for running",
    "needed for running",
];
/// What says that the same list is for the build as well, or is not for the running container.
const OF_THE_BUILD: [&str; 6] = ["build", "compil", "not ", "n't ", "non-", "remove"];

impl Facts<'_> {
    /// Whether a comment says that people call the package: `# For maintenance tasks` above it in the instruction, or
    /// `# default-mysql-client for convenience` above the instruction or its stage.
    #[must_use]
    pub fn is_for_people(&self, install: &SystemInstall<'_>) -> bool {
        const PEOPLE: [&str; 15] = [
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
            "editing",
            "not remove",
            "n't remove",
            "keep ",
        ];
        self.comments_about(install).iter().any(|(comment, place)| {
            // `# vim is just for debugging` speaks of `vim-tiny`.
            let name = install.name.split('-').next().filter(|name| name.len() > 2).unwrap_or(install.name);
            // `# for us`, where `# for use with nginx` says nothing of people.
            let words: Vec<&str> =
                comment.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
            let for_us =
                words.windows(2).any(|pair| matches!(pair, ["for", "us" | "me" | "humans" | "people" | "devs"]));
            is_explained(comment, name)
                || (*place == Place::List || comment.contains(name))
                    && (for_us || PEOPLE.iter().any(|people| comment.contains(people)))
        }) || self.is_named_with_a_purpose(install)
    }

    /// Whether a comment in front of the first step names the package in a sentence of its own with what it is for: `# nmap + dig for recon`.
    fn is_named_with_a_purpose(&self, install: &SystemInstall<'_>) -> bool {
        const NAMED_FIRST: usize = 3;
        let first = self.dockerfile.instructions.first().map_or(0, |first| first.range.start());
        let comments = self.dockerfile.comments.iter().take_while(|comment| comment.range.end() <= first);
        comments.filter_map(|comment| self.said(comment)).any(|comment| {
            let words = comment.split(|c: char| !(c.is_alphanumeric() || "-+._".contains(c)));
            let words: Vec<&str> = words.filter(|word| word.chars().any(char::is_alphanumeric)).collect();
            // `# Builds the program with git, to ship it` begins otherwise.
            let named = words.iter().take(NAMED_FIRST).position(|word| *word == install.name);
            named.is_some_and(|at| words.iter().skip(at + 1).any(|word| matches!(*word, "for" | "to")))
        })
    }

    /// Whether a comment says that the package serves what is installed or compiled in the container, or belongs to what stays:
    /// `# extensions need those`, `# gcc: serve.py pip-installs what customers ask for at start`, `# persistent / runtime deps`.
    #[must_use]
    pub fn is_said_to_serve_at_start(&self, install: &SystemInstall<'_>) -> bool {
        // `# uses git at runtime` is no word about compilers.
        const ACTS: [&str; 4] = ["install", "compil", "build", "jit"];
        const TAKERS: [&str; 5] =
            ["extensions need", "plugins need", "for extensions", "for plugins", "in case someone"];
        // `# Python extensions need a compiler` speaks of the build.
        const LANGUAGES: [&str; 8] =
            ["c ext", "c++ ext", "native ", "python ext", "php ", "ruby ext", "cython", "build time"];
        let later = |comment: &str| {
            (has(comment, &AT_START) || has(comment, &WHEN_IT_RUNS)) && has(comment, &ACTS) && !has(comment, &LANGUAGES)
        };
        let stays = |comment: &str| has(comment, &OF_THE_IMAGE) && !has(comment, &OF_THE_BUILD);
        self.comments_about(install).iter().any(|(comment, place)| {
            let takes = has(comment, &TAKERS) && !has(comment, &LANGUAGES);
            let is_meant = match place {
                // `# Runtime dependencies` there speaks of what the stage copies.
                Place::Stage => false,
                Place::Instruction => !self.stands_for_a_library(install),
                Place::List => true,
            };
            later(comment) || takes || is_meant && stays(comment)
        }) || self.comments_naming(install).iter().any(|comment| later(comment))
    }

    /// Whether headers are installed beside no compiler, so that who calls them run-time dependencies, `# install runtime
    /// dependencies` above `libpq-dev`, means the library.
    fn stands_for_a_library(&self, install: &SystemInstall<'_>) -> bool {
        let compiles = |other: &SystemInstall<'_>| other.build_tool().is_some();
        is_development_package(install.family, install.name) && !self.installed_with(install).iter().any(compiles)
    }

    /// What the instruction of an install installs.
    fn installed_with(&self, install: &SystemInstall<'_>) -> Vec<SystemInstall<'_>> {
        let stage = self.stages.get(install.stage);
        stage.zip(self.run_of(install)).map(|(stage, run)| self.system_installs(stage, run)).unwrap_or_default()
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
        let installs = self.installed_with(install).len();
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
            lines.extend(self.said(comment));
        }
        lines.reverse();
        lines.join(" ")
    }

    /// The comments about what is installed, in lower case: those above its instruction and its stage, and those inside the
    /// instruction that head its line.
    fn comments_about(&self, install: &SystemInstall<'_>) -> Vec<(String, Place)> {
        let Some(instruction) = self.dockerfile.instructions.get(install.instruction) else { return Vec::new() };
        let stage = self.stages.get(install.stage).and_then(|stage| self.dockerfile.instructions.get(stage.from));
        let range_above = |(instruction, place): (Option<&Instruction>, Place)| {
            let instruction = instruction?;
            let start = self.dockerfile.with_comments_above(instruction).start();
            Some((TextRange::new(start, instruction.range.start()), place))
        };
        let above = [(Some(instruction), Place::Instruction), (stage, Place::Stage)];
        let above: Vec<(TextRange, Place)> = above.into_iter().filter_map(range_above).collect();
        let start = install.argument.range.start();
        // A comment heads the lines below it, up to the next one.
        let mut inside: Vec<&Comment> = Vec::new();
        for comment in self.comments_in(instruction).filter(|comment| comment.range.start() < start) {
            if inside.last().is_some_and(|last| last.line + 1 != comment.line) {
                inside.clear();
            }
            inside.push(comment);
        }
        let outside = self.dockerfile.comments.iter().filter_map(|comment| {
            let (_, place) = above.iter().find(|(range, _)| range.contains_range(comment.range))?;
            Some((comment, *place))
        });
        let both = outside.chain(inside.into_iter().map(|comment| (comment, Place::List)));
        both.filter_map(|(comment, place)| Some((self.said(comment)?, place))).collect()
    }

    /// The comments inside the instruction, wherever they stand, that name what is installed, in lower case: `# gcc/make/devel: …`
    /// below `python3-devel`.
    fn comments_naming(&self, install: &SystemInstall<'_>) -> Vec<String> {
        let Some(instruction) = self.dockerfile.instructions.get(install.instruction) else { return Vec::new() };
        let kinds: &[&str] =
            if is_development_package(install.family, install.name) { &["dev", "devel", "headers"] } else { &[] };
        let names = |comment: &String| {
            let mut words = comment.split(|c: char| !(c.is_alphanumeric() || "-+._".contains(c)));
            words.any(|word| word == install.name || kinds.contains(&word))
        };
        self.comments_in(instruction).filter_map(|comment| self.said(comment)).filter(names).collect()
    }

    fn comments_in<'f>(&'f self, instruction: &'f Instruction) -> impl Iterator<Item = &'f Comment> {
        self.dockerfile.comments.iter().filter(|comment| instruction.range.contains_range(comment.range))
    }

    /// What a comment says to people, in lower case.
    fn said(&self, comment: &Comment) -> Option<String> {
        let text = self.source.slice(comment.range);
        (!is_for_tools(text)).then(|| text.to_lowercase())
    }
}

/// Where a comment stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Above the stage.
    Stage,
    /// Above the instruction.
    Instruction,
    /// In the instruction, above the line that it heads.
    List,
}

/// Whether a comment says in a list what a tool is there for, other than for the build: `# git: the agent's workspace`.
fn is_explained(comment: &str, name: &str) -> bool {
    const FOR_THE_BUILD: [&str; 16] = [
        "build",
        "compil",
        "clon",
        "install",
        "fetch",
        "download",
        "version",
        "dependenc",
        "submodule",
        "pip",
        "npm",
        "package",
        "requirement",
        "checkout",
        "ft=",
        "filetype=",
    ];
    let label = format!("{name}: ");
    comment.match_indices(&label).any(|(at, _)| {
        let before = comment.get(..at).and_then(|before| before.chars().next_back());
        let reason = comment.get(at + label.len()..).unwrap_or_default();
        let reason = reason.split(". ").next().unwrap_or_default();
        before.is_none_or(|letter| !letter.is_alphanumeric() && !matches!(letter, '-' | '_'))
            && !reason.is_empty()
            && !has(reason, &FOR_THE_BUILD)
    })
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
