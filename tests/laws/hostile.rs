//! No text makes slimlint fail.

use std::path::Path;

use slimlint::lint::lint_one;
use slimlint::output::{self, Format, Paint, Results};
use slimlint::rules::INTERNAL_ERROR;
use slimlint::text::SourceFile;

use super::common::example::{Example, Files};
use super::common::samples;
use super::dockerfiles;

/// Past this many bytes not every prefix is tried.
const LONG: usize = 1_500;
const SAMPLED_PREFIXES: u64 = 200;
const MUTATIONS: u64 = 60;

/// Pieces on which parsers stumble.
const PIECES: [&str; 24] = [
    "\\\n", "\n", "\r\n", "\"", "'", "`", "$", "${", "$(", "}", ")", "<<EOF", "<<-'E'\n", "&&", "||", ";", "#", " ",
    "\t", "é", "\0", "[\"", "RUN ", "FROM ",
];

/// A small generator of numbers, so that every run tries the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn no_prefix_makes_it_fail() {
    for example in samples::all() {
        for source in dockerfiles(&example) {
            let bytes = source.bytes();
            let mut random = Random(bytes.len() as u64 | 1);
            let ends: Vec<usize> = if bytes.len() <= LONG {
                (0..bytes.len()).collect()
            } else {
                let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index + 1);
                lines.chain((0..SAMPLED_PREFIXES).map(|_| random.below(bytes.len()))).collect()
            };
            survive(&example, &source, ends.into_iter().map(|end| bytes[..end].to_vec()));
        }
    }
}

#[test]
fn no_mutation_makes_it_fail() {
    for example in samples::all() {
        for source in dockerfiles(&example) {
            let mut random = Random((source.bytes().len() as u64 * 0x9e37_79b9) | 1);
            let mutations: Vec<Vec<u8>> = (0..MUTATIONS).map(|_| mutate(source.bytes(), &mut random)).collect();
            survive(&example, &source, mutations.into_iter());
        }
    }
}

/// Names and words with characters that act on a terminal must come out as something that does not, whatever rule speaks.
#[test]
fn nothing_from_a_file_acts_on_whoever_reads_the_report() {
    let acts = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    for example in samples::own() {
        let mut random = Random(example.name.len() as u64 | 1);
        let files: Files =
            example.files.iter().map(|(path, bytes)| (path.clone(), with_acting_words(bytes, &mut random))).collect();
        let hostile = example.with(files);
        let reports = [(hostile.workspace(), hostile.lint())];
        let results = Results { reports: &reports, fixed: None, baseline: None, cwd: Path::new("/") };
        for format in [Format::Text, Format::Concise, Format::Json] {
            let mut out = Vec::new();
            output::write(&results, format, Paint::new(false), &mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(!out.contains(acts), "{}: {format:?}\n{:?}", example.name, out);
        }
    }
}

/// Puts escape sequences behind some letters, where a word stays one word.
fn with_acting_words(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    const ACTING: [&str; 5] = ["\u{1b}[31m", "\u{9b}2J", "\u{202e}", "\u{7}", "\u{2066}"];
    let mut hostile = Vec::with_capacity(bytes.len() * 2);
    for (index, byte) in bytes.iter().enumerate() {
        hostile.push(*byte);
        let inside_word = byte.is_ascii_lowercase() && bytes.get(index + 1).is_some_and(u8::is_ascii_lowercase);
        if inside_word && random.below(12) == 0 {
            hostile.extend(ACTING[random.below(ACTING.len())].bytes());
        }
    }
    hostile
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    for (open, close) in
        [("(", ")"), ("{ ", ";}"), ("$(", ")"), ("`", "`"), ("\"$(", ")\""), ("if x; then ", "; fi"), ("sh -c '", "'")]
    {
        for depth in [100, 20_000] {
            let text = format!("FROM a\nRUN {}echo{}\n", open.repeat(depth), close.repeat(depth));
            let half = format!("FROM a\nRUN {}\n", open.repeat(depth));
            let triggers = format!("FROM a\n{} RUN x\n", "ONBUILD ".repeat(depth));
            for text in [text, half, triggers] {
                let source = SourceFile::new("Dockerfile", text.as_bytes());
                let example = Example {
                    name: format!("{depth} × `{open}`"),
                    files: [("Dockerfile".to_owned(), text.clone().into_bytes())].into(),
                    dockerfiles: vec!["Dockerfile".to_owned()],
                    settings: slimlint::config::Settings::default(),
                };
                survive(&example, &source, std::iter::once(text.into_bytes()));
            }
        }
    }
}

/// Lints each variant in the place of the Dockerfile.
fn survive(example: &Example, source: &SourceFile, variants: impl Iterator<Item = Vec<u8>>) {
    let workspace = example.workspace();
    for variant in variants {
        workspace.set_overlay(source.path(), Some(variant.clone()));
        let report = lint_one(&workspace, source.path(), &example.settings);
        let failure = report.diagnostics.iter().find(|found| found.rule == INTERNAL_ERROR);
        if let Some(failure) = failure {
            panic!("{}: {}\n{:?}", example.name, failure.message, String::from_utf8_lossy(&variant));
        }
    }
}

/// Changes one to four places: drops, repeats or swaps stretches, puts in pieces and stray bytes.
fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let start = random.below(bytes.len() + 1);
        let end = (start + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(start..end)),
            1 => {
                let stretch = bytes[start..end].to_vec();
                let at = random.below(bytes.len() + 1);
                bytes.splice(at..at, stretch);
            }
            2 => bytes.insert(start, random.below(256) as u8),
            3 if start < end => bytes[start..end].reverse(),
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(start..start, piece.bytes());
            }
        }
    }
    bytes
}
