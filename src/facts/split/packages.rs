//! On which side of a build its system packages stand, and a `RUN` that installs them with those of one side only.

use std::collections::BTreeSet;

use crate::catalogue::{self, Distribution, Release, SystemPackageKind};
use crate::dockerfile::edit::Cut;
use crate::facts::commands::{Apt, AptAction, is_archive};
use crate::facts::{Argument, Facts, Invocation, Origin, Run};
use crate::text::TextRange;

use super::Refusal;
use super::commands::is_cleanup;

/// Tools that other tools call when they run: Java's compiler for a service that generates code, and what comes with a GPU.
const STAYS: [&str; 9] = ["jdk", "maven", "gradle", "ant", "sbt", "nvidia", "cuda", "node-gyp", "mono-"];
/// What brings a C compiler.
const COMPILERS: [&str; 6] = ["gcc", "g++", "build-essential", "clang", "gfortran", "python3-dev"];

/// Where a package is needed.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Side {
    /// Only while packages are built.
    Build,
    /// What is built with it needs these libraries when it runs.
    Libraries(Vec<&'static str>),
    /// When the image runs, or nobody knows: it stays.
    Runtime,
}

/// What the build side has alone, and what the run-time side gets in its place.
#[derive(Debug, Default)]
pub(super) struct Packages {
    /// Names that only the build side has, with their words.
    pub removed: Vec<(String, TextRange)>,
    /// Libraries that stand in for development packages.
    pub libraries: Vec<&'static str>,
    /// What both sides have.
    pub kept: Vec<String>,
    /// Whether recommended packages come with them.
    pub recommended: bool,
}

/// A `RUN` as the run-time side repeats it.
pub(super) enum Copy {
    /// With these parts left out.
    With(Vec<Cut>),
    /// Nothing in it is left to do.
    Nothing,
}

/// A word of an install, as the run-time side has it.
#[derive(PartialEq, Eq)]
enum Word {
    Kept,
    Dropped,
    Replaced(String),
}

impl Packages {
    /// Takes note of what stays anyway, so that no library is named twice.
    pub fn note_kept(&mut self, run: &Run) {
        for apt in run.invocations.iter().filter_map(installing) {
            self.kept.extend(apt.packages().map(|(name, _)| name.to_owned()));
        }
    }

    /// Whether a compiler is among what only the build side has.
    pub fn removes_compiler(&self) -> bool {
        self.removed.iter().any(|(name, _)| COMPILERS.iter().any(|compiler| name.starts_with(compiler)))
    }

    /// The copy of a `RUN` of the build side for the run-time side.
    pub fn copy(&mut self, facts: &Facts<'_>, run: &Run, release: Release) -> Result<Copy, Refusal> {
        let (mut cuts, mut installs, mut emptied) = (Vec::new(), 0, Vec::new());
        for invocation in &run.invocations {
            let Some(apt) = installing(invocation) else { continue };
            installs += 1;
            let words = self.words(facts, &apt, release)?;
            if words.iter().all(|(_, word)| *word == Word::Kept) {
                continue;
            }
            if invocation.origin != Origin::Instruction {
                return Err(Refusal::new("the tools are installed by a script of the context"));
            }
            self.recommended |= apt.recommends() != Some(false);
            if words.iter().all(|(_, word)| *word == Word::Dropped) {
                emptied.push(invocation);
            } else {
                cuts.extend(word_cuts(facts, invocation, &words));
            }
        }
        if !emptied.is_empty() && emptied.len() == installs {
            let only_apt = run.invocations.iter().all(|other| Apt::read(other).is_some() || is_cleanup(other));
            if only_apt {
                return Ok(Copy::Nothing);
            }
        }
        for invocation in emptied {
            cuts.push(without_command(facts, invocation)?);
        }
        Ok(Copy::With(cuts))
    }

    fn words(&mut self, facts: &Facts<'_>, apt: &Apt<'_>, release: Release) -> Result<Vec<(TextRange, Word)>, Refusal> {
        let mut words: Vec<(TextRange, Word)> = Vec::new();
        for &(_, argument) in &apt.options.operands {
            let Some(text) = argument.value.known() else {
                return Err(Refusal::new("a variable whose value is not known names system packages"));
            };
            let name = text.split(['=', '/', ':']).next().unwrap_or(text);
            let side = if is_archive(text) || text.ends_with('-') { Side::Runtime } else { side(name, release)? };
            let word = match side {
                Side::Runtime => Word::Kept,
                Side::Build => Word::Dropped,
                Side::Libraries(_) if text.contains('=') => {
                    return Err(Refusal::new(format!("`{text}` is pinned, and its library would have to be, too")));
                }
                Side::Libraries(names) => self.stand_in(&names),
            };
            if word != Word::Kept {
                self.removed.push((name.to_owned(), argument.range));
            }
            match words.iter().find(|(range, _)| *range == argument.range) {
                None if argument.whole || word == Word::Kept || word == Word::Dropped => {
                    words.push((argument.range, word));
                }
                Some((_, other))
                    if *other == word && word != Word::Dropped || *other == Word::Dropped && word == Word::Dropped => {}
                _ => {
                    let written = argument.range.slice(facts.source.text());
                    return Err(Refusal::new(format!("`{written}` names packages of both sides")));
                }
            }
        }
        Ok(words)
    }

    /// The word that stands for a development package.
    fn stand_in(&mut self, names: &[&'static str]) -> Word {
        let missing: Vec<&'static str> = names
            .iter()
            .copied()
            .filter(|name| !self.libraries.contains(name) && !self.kept.iter().any(|kept| kept == name))
            .collect();
        self.libraries.extend(&missing);
        if missing.is_empty() { Word::Dropped } else { Word::Replaced(missing.join(" ")) }
    }

    /// Installed bytes on `release` that the run-time side lacks; `None` where not all of them are known.
    pub fn saved_bytes(&self, release: Release) -> Option<u64> {
        let kept = || self.kept.iter().map(String::as_str);
        let stays = kept().chain(self.libraries.iter().copied());
        let all = stays.clone().chain(self.removed.iter().map(|(name, _)| name.as_str()));
        let unknown = self.removed.iter().any(|(name, _)| !catalogue::closure_bytes([name.as_str()], release).1);
        let (before, after) = (catalogue::closure_bytes(all, release).0, catalogue::closure_bytes(stays, release).0);
        (!unknown).then(|| before.saturating_sub(after))
    }
}

/// Whether a command installs system packages with apt.
pub(super) fn installing(invocation: &Invocation) -> Option<Apt<'_>> {
    Apt::read(invocation).filter(|apt| apt.action == AptAction::Install && apt.subcommand.value.text() == "install")
}

fn side(name: &str, release: Release) -> Result<Side, Refusal> {
    if STAYS.iter().any(|part| name.contains(part)) {
        return Ok(Side::Runtime);
    }
    let python = |rest: &str| {
        rest.strip_suffix("-dev").is_some_and(|version| version.bytes().all(|b| b == b'.' || b.is_ascii_digit()))
    };
    let headers = name.starts_with("linux-headers") || name.starts_with("libstdc++-");
    let own_python = name.trim_start_matches("lib").strip_prefix("python").is_some_and(python);
    if headers || own_python || name == "libpython3-all-dev" || name == "python3-all-dev" {
        return Ok(Side::Build);
    }
    if name == "gfortran" {
        let libraries = catalogue::libraries_of_fortran(release);
        let unknown = || Refusal::new(format!("which library `{name}` leaves to install at run time is not known"));
        return libraries.map(|names| Side::Libraries(names.to_vec())).ok_or_else(unknown);
    }
    if catalogue::is_development_package(Distribution::Debian, name) {
        return match catalogue::libraries_of(name, release) {
            Some(names) if names.is_empty() => Ok(Side::Build),
            Some(names) => Ok(Side::Libraries(names)),
            None => Err(Refusal::new(format!("which library `{name}` leaves to install at run time is not known"))),
        };
    }
    let kind = catalogue::system_package(Distribution::Debian, name).map(|package| package.kind);
    Ok(if kind.is_some_and(SystemPackageKind::is_build_tool) { Side::Build } else { Side::Runtime })
}

/// Whether a package is only needed while packages are built.
pub(super) fn is_for_building(name: &str) -> bool {
    !matches!(side(name, Release::Bookworm), Ok(Side::Runtime))
}

/// The commands that go with what is removed.
pub(super) fn lost_commands(removed: &[(String, TextRange)]) -> BTreeSet<&str> {
    let entry = |name: &str| catalogue::build_tool(Distribution::Debian, name);
    let own = removed.iter().filter(|(name, _)| entry(name).is_some()).map(|(name, _)| name.as_str());
    let given = removed.iter().filter_map(|(name, _)| entry(name)).flat_map(|entry| entry.commands.iter().copied());
    own.chain(given).collect()
}

/// What is left out of one `apt-get install`.
fn word_cuts(facts: &Facts<'_>, invocation: &Invocation, words: &[(TextRange, Word)]) -> Vec<Cut> {
    let mut arguments: Vec<&Argument> = invocation.arguments.iter().collect();
    arguments.dedup_by_key(|argument| argument.range);
    let outcome = |argument: &Argument| words.iter().find(|(range, _)| *range == argument.range).map(|(_, word)| word);
    let comment_between = |from: u32, to: u32| from <= to && facts.dockerfile.holds_comment(TextRange::new(from, to));
    let mut cuts = Vec::new();
    let mut before = invocation.program_range;
    let mut at = 0;
    while let Some(argument) = arguments.get(at) {
        match outcome(argument) {
            Some(Word::Replaced(text)) => cuts.push((argument.range, text.clone())),
            Some(Word::Dropped) => {
                let mut last = argument.range;
                while let Some(next) = arguments.get(at + 1).filter(|next| outcome(next) == Some(&Word::Dropped)) {
                    last = next.range;
                    at += 1;
                }
                // A comment above the first of them tells of the one behind the last, too, unless that has one of its own.
                let heads = comment_between(before.end(), argument.range.start());
                let next =
                    arguments.get(at + 1).filter(|next| heads && !comment_between(last.end(), next.range.start()));
                let cut = match next {
                    Some(next) => TextRange::new(argument.range.start(), next.range.start().max(last.end())),
                    None => TextRange::new(before.end().min(argument.range.start()), last.end()),
                };
                cuts.push((cut, String::new()));
                at += 1;
                before = last;
                continue;
            }
            Some(Word::Kept) | None => {}
        }
        before = argument.range;
        at += 1;
    }
    cuts
}

/// A command left out of a list of `&&`.
pub(super) fn without_command(facts: &Facts<'_>, invocation: &Invocation) -> Result<Cut, Refusal> {
    let refusal = || {
        let command = &invocation.program;
        Refusal::new(format!("`{command}` stands in a script from which it cannot be taken out"))
    };
    let site = &invocation.site;
    let plain = invocation.origin == Origin::Instruction
        && site.direct
        && !site.piped
        && !site.tested
        && !site.alternative
        && site.instead_of.is_empty()
        && (site.chained || !site.followed);
    let text = facts.source.text();
    if !plain {
        return Err(refusal());
    }
    let is_gap = |from: u32, to: u32| {
        let gap = TextRange::new(from, to);
        let comments: Vec<TextRange> = facts
            .dockerfile
            .comments
            .iter()
            .map(|comment| comment.range)
            .filter(|range| gap.overlaps(*range))
            .collect();
        let code = gap.slice(text).char_indices().filter(|(at, _)| {
            let offset = from + *at as u32;
            !comments.iter().any(|comment| comment.contains(offset))
        });
        code.into_iter().all(|(_, c)| c.is_whitespace() || c == facts.dockerfile.escape)
    };
    let head = TextRange::new(site.list.start(), site.pipeline.start()).slice(text);
    if let Some(operator) = head.rfind("&&") {
        let operator = site.list.start() + operator as u32;
        if !is_gap(operator + 2, site.pipeline.start()) {
            return Err(refusal());
        }
        let kept = TextRange::new(site.list.start(), operator).slice(text);
        let kept = kept.trim_end_matches([' ', '\t', '\r', '\n', facts.dockerfile.escape]).len() as u32;
        return Ok((TextRange::new(site.list.start() + kept, site.pipeline.end()), String::new()));
    }
    let tail = TextRange::new(site.pipeline.end(), site.list.end()).slice(text);
    let operator = tail.find("&&").map(|at| site.pipeline.end() + at as u32).filter(|_| site.followed);
    let operator = operator.filter(|&operator| is_gap(site.pipeline.end(), operator)).ok_or_else(refusal)?;
    let behind = TextRange::new(operator + 2, site.list.end()).slice(text);
    let gap = behind.len() - behind.trim_start_matches([' ', '\t', '\r', '\n', facts.dockerfile.escape]).len();
    Ok((TextRange::new(site.pipeline.start(), operator + 2 + gap as u32), String::new()))
}
