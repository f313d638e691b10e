//! Which stages later ones refer to, read so that a variable may mean whatever it can.

use crate::dockerfile::{Arguments, Instruction, Keyword, Lookup, UNKNOWN, expand};

use super::transfer::matches;
use super::{Facts, StageFacts};

/// A reference as written, with everything that a build argument can change left open.
struct Reference {
    /// The stage that refers.
    by: usize,
    /// With [`UNKNOWN`] for each variable, in lower case.
    pattern: String,
}

impl Facts<'_> {
    /// Whether something can use the stage: a later `FROM`, `COPY --from` or `ADD --from`, or a mount of a `RUN` means it by name or
    /// number, or has a variable that can. What `ONBUILD` refers to counts too.
    #[must_use]
    pub fn may_be_used(&self, stage: &StageFacts) -> bool {
        let number = stage.index.to_string();
        self.references().iter().filter(|reference| reference.by > stage.index).any(|reference| {
            reference.may_mean(&number) || stage.name.as_deref().is_some_and(|name| reference.may_mean(name))
        })
    }

    fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        for (by, stage) in self.dockerfile.stages.iter().enumerate() {
            for instruction in self.dockerfile.stage_instructions(stage) {
                let instruction = instruction.effective();
                found.extend(words(instruction).filter_map(|word| self.reference(by, instruction, &word)));
            }
        }
        found
    }

    fn reference(&self, by: usize, instruction: &Instruction, word: &str) -> Option<Reference> {
        let escape = self.dockerfile.escape;
        let pattern = expand(word, escape, &|_| Lookup::Unknown);
        // `ARG BASE=python:3.12`, `FROM $BASE`: the default says that an image is meant.
        if instruction.keyword == Keyword::From && pattern.text().chars().all(|character| character == UNKNOWN) {
            let default = self.default_of(by);
            if default.is_some_and(|image| image.contains([':', '/', '@'])) {
                return None;
            }
        }
        Some(Reference { by, pattern: pattern.text().to_lowercase() })
    }

    /// The image that a stage is built on when no build argument is given.
    fn default_of(&self, stage: usize) -> Option<&str> {
        match &self.stages.get(stage)?.base {
            super::Base::Image(reference) => reference.known(),
            _ => None,
        }
    }
}

impl Reference {
    fn may_mean(&self, name: &str) -> bool {
        if !self.pattern.contains(UNKNOWN) {
            return self.pattern == name;
        }
        let glob = self.pattern.replace(UNKNOWN, "*");
        matches(glob.as_bytes(), name.as_bytes(), &mut 10_000)
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
