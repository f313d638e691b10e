//! Which stages later ones refer to, read so that a variable may mean whatever it can.

use std::collections::HashMap;

use crate::dockerfile::{Arguments, Instruction, Keyword, Lookup, UNKNOWN, expand};

use super::transfer::matches;
use super::{Facts, StageFacts};

/// With more different references that hold variables than these, any stage may be meant.
const MAX_PATTERNS: usize = 500;

/// References as written, in lower case and with [`UNKNOWN`] for each variable: each with the last stage that has it.
type References = HashMap<String, usize>;

impl Facts<'_> {
    /// The stages that nothing can use: no later `FROM`, `COPY --from` or `ADD --from` and no mount of a `RUN` means them by name or
    /// number, or has a variable that can. What `ONBUILD` refers to counts too.
    #[must_use]
    pub fn unused_stages(&self) -> Vec<&StageFacts> {
        let (patterns, names): (References, References) =
            self.references().into_iter().partition(|(reference, _)| reference.contains(UNKNOWN));
        if patterns.len() > MAX_PATTERNS {
            return Vec::new();
        }
        let patterns: Vec<(String, usize)> =
            patterns.into_iter().map(|(pattern, by)| (pattern.replace(UNKNOWN, "*"), by)).collect();
        let is_meant = |name: &str, stage: usize| {
            names.get(name).is_some_and(|&by| by > stage)
                || patterns
                    .iter()
                    .any(|(pattern, by)| *by > stage && matches(pattern.as_bytes(), name.as_bytes(), &mut 10_000))
        };
        let is_used = |stage: &StageFacts| {
            is_meant(&stage.index.to_string(), stage.index)
                || stage.name.as_deref().is_some_and(|name| is_meant(name, stage.index))
        };
        self.stages.iter().filter(|stage| !is_used(stage)).collect()
    }

    fn references(&self) -> References {
        let mut found = References::new();
        for (by, stage) in self.dockerfile.stages.iter().enumerate() {
            for instruction in self.dockerfile.stage_instructions(stage) {
                let instruction = instruction.effective();
                let references = words(instruction).filter_map(|word| self.reference(by, instruction, &word));
                found.extend(references.map(|reference| (reference, by)));
            }
        }
        found
    }

    fn reference(&self, by: usize, instruction: &Instruction, word: &str) -> Option<String> {
        let pattern = expand(word, self.dockerfile.escape, &|_| Lookup::Unknown);
        // `ARG BASE=python:3.12`, `FROM $BASE`: the default says that an image is meant.
        if instruction.keyword == Keyword::From && pattern.text().chars().all(|character| character == UNKNOWN) {
            let default = self.image_by_default(by);
            if default.is_some_and(|image| image.contains([':', '/', '@'])) {
                return None;
            }
        }
        Some(pattern.text().to_lowercase())
    }

    /// The image that a stage is built on when no build argument is given.
    fn image_by_default(&self, stage: usize) -> Option<&str> {
        match &self.stages.get(stage)?.base {
            super::Base::Image(reference) => reference.known(),
            _ => None,
        }
    }
}

/// The words of an instruction that name a stage or an image.
fn words(instruction: &Instruction) -> impl Iterator<Item = String> {
    let image = match &instruction.arguments {
        Arguments::From { image: Some(image), .. } => Some(image.text.clone()),
        _ => None,
    };
    let from = instruction.flags_named("from").filter_map(|flag| flag.value.clone());
    let mounts = instruction.flags_named("mount").filter_map(|flag| flag.value.as_deref());
    let sources = mounts
        .flat_map(|mount| mount.split(','))
        .filter_map(|field| Some(field.trim_matches(['"', '\'', ' ']).strip_prefix("from=")?.to_owned()));
    image.into_iter().chain(from).chain(sources).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::with_facts;

    /// The numbers of the stages that nothing can use.
    fn unused(text: &str) -> Vec<usize> {
        with_facts(text, &[], |facts| facts.unused_stages().into_iter().map(|stage| stage.index).collect())
    }

    #[test]
    fn references_are_read_as_buildkit_reads_them() {
        for (text, expected) in [
            ("FROM a AS x\nFROM b\nCOPY --from=X /a /b\n", vec![1]),
            ("FROM a\nFROM b\nCOPY --from=0 /a /b\n", vec![1]),
            ("FROM a\nFROM b\nADD --from=1 /a /b\n", vec![0, 1]),
            ("FROM a AS x\nFROM b\nRUN --mount=type=bind,target=/x,from=x true\n", vec![1]),
            ("FROM a AS x\nFROM b\nRUN --mount=from=\"x\",target=/x true\n", vec![1]),
            ("FROM a AS x\nFROM x\n", vec![1]),
            ("FROM a AS x\nFROM b\nONBUILD COPY --from=x /a /b\n", vec![1]),
            ("FROM a AS x-1\nFROM a AS x-2\nFROM a AS y\nARG N=1\nFROM x-$N\n", vec![2, 3]),
            ("ARG B=debian:12\nFROM a AS x\nFROM $B\n", vec![0, 1]),
            ("ARG B\nFROM a AS x\nFROM $B\n", vec![1]),
            ("ARG B=x\nFROM a AS x\nFROM a AS y\nFROM $B\n", vec![2]),
        ] {
            assert_eq!(unused(text), expected, "{text}");
        }
    }
}
