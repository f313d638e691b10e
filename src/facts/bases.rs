//! The external images that reach what is shipped, and the words that name them.

use crate::catalogue::split_image;
use crate::dockerfile::{Arguments, UNKNOWN, Word};
use crate::text::TextRange;
use crate::workspace::Said;

use super::comments::is_for_tools;
use super::{Base, Facts, StageFacts};

/// A `FROM` that names an image, with what is shipped of it.
#[derive(Debug)]
pub struct ShippedBase<'f> {
    /// The stage that begins with it.
    pub stage: &'f StageFacts,
    /// The final stages that are it or are built on it.
    pub finals: Vec<&'f StageFacts>,
    /// The reference without its digest, variables filled in.
    pub reference: String,
    /// The word behind `FROM`.
    pub word: &'f Word,
}

impl Facts<'_> {
    /// Every `FROM` that names an external image whose layers are shipped, once however many stages are built on it. References
    /// whose tag is not known are left out.
    #[must_use]
    pub fn shipped_bases(&self) -> Vec<ShippedBase<'_>> {
        let bases = self.stages.iter().filter(|stage| self.is_in_final(stage.index));
        bases.filter_map(|stage| self.shipped_base(stage)).collect()
    }

    fn shipped_base<'f>(&'f self, stage: &'f StageFacts) -> Option<ShippedBase<'f>> {
        let Base::Image(value) = &stage.base else { return None };
        let instruction = self.dockerfile.instructions.get(stage.from)?;
        let Arguments::From { image: Some(word), .. } = &instruction.arguments else { return None };
        let name = value.text().split('@').next().unwrap_or_default();
        let (_, tag, _) = split_image(name);
        // What stands in front of the name is the registry, which an argument may well name.
        if tag.unwrap_or(name).contains(UNKNOWN) {
            return None;
        }
        let holders = self.descendants(stage.index);
        let finals = self.finals().filter(|image| holders.contains(&image.index)).collect();
        Some(ShippedBase { stage, finals, reference: name.replace(UNKNOWN, ""), word })
    }

    /// Whether a base is shipped to run a program: neither is the file named for development or tests, nor does every image built on
    /// it start a shell or nothing.
    #[must_use]
    pub fn runs_a_program(&self, base: &ShippedBase<'_>) -> bool {
        base.finals.iter().any(|image| self.is_runtime_image(image))
    }

    /// Whether a comment right above the `FROM`, or one that names the image, gives a reason for it: `# node:16.19.1 avoids segfaults`.
    #[must_use]
    pub fn is_reasoned(&self, base: &ShippedBase<'_>) -> bool {
        const REASONS: [&str; 23] = [
            "avoid",
            "because",
            "segfault",
            "bug",
            "do not ",
            "don't",
            "reliab",
            "instead of",
            "slim",
            "alpine",
            "musl",
            "lacks",
            "missing",
            "breaks",
            "broken",
            "fails",
            "compatib",
            "we need",
            "needs ",
            "requires",
            "required for",
            "needed for",
            "doesn't work",
        ];
        let text = self.source.text();
        let above =
            self.dockerfile.instructions.get(base.stage.from).map(|from| self.dockerfile.with_comments_above(from));
        let named = base.reference.to_lowercase();
        let comments: Vec<(bool, String)> = self
            .dockerfile
            .comments
            .iter()
            .filter(|comment| !is_for_tools(comment.range.slice(text)))
            .map(|comment| {
                let is_above = above.is_some_and(|above| above.contains_range(comment.range));
                (is_above, comment.range.slice(text).to_lowercase())
            })
            .collect();
        let gives = |comment: &str| REASONS.iter().any(|reason| comment.contains(reason));
        let is_instruction = |comment: &str| comment.trim_start_matches(['#', ' ']).starts_with("from ");
        comments.iter().enumerate().any(|(at, (is_above, comment))| {
            let names = *is_above || comment.contains(&named);
            // The sentence may go on in the next line.
            let next = comments.get(at + 1).filter(|_| !is_above).map_or("", |(_, next)| next.as_str());
            names && !is_instruction(comment) && (gives(comment) || gives(next))
        })
    }

    /// What else the finals of a base are called, when they are not the stage itself.
    #[must_use]
    pub fn heirs(&self, base: &ShippedBase<'_>) -> Option<String> {
        // The last stage is what is built when none is named.
        let others = base.finals.iter().rev().filter(|image| image.index != base.stage.index);
        let names: Vec<String> = others
            .map(|image| match &image.name {
                Some(name) => format!("the stage `{name}`"),
                None => "the last stage".to_owned(),
            })
            .collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{one} is built on this one and is shipped")),
            [first, rest @ ..] => {
                Some(format!("{first} and {} more are built on this one and are shipped", rest.len()))
            }
        }
    }

    /// The argument that says, in the word of a `FROM`, which image it is, and what every build gives to it.
    #[must_use]
    pub fn given_to(&self, word: &Word) -> Option<(String, &Said<String>)> {
        let name = argument_of(word)?;
        let given = self.service.builds.argument(&name)?;
        Some((name, given))
    }

    /// Where the default of the argument stands that says, in the word of a `FROM`, which image it is, unless every build gives another
    /// value. An argument for the registry says nothing of it.
    #[must_use]
    pub fn default_of(&self, word: &Word) -> Option<(String, TextRange)> {
        let name = argument_of(word).filter(|_| self.given_to(word).is_none())?;
        // Declared twice, the later value counts.
        self.dockerfile.preamble().iter().rev().find_map(|instruction| match &instruction.arguments {
            Arguments::Declarations(declarations) => {
                let declared = declarations.iter().rev().find(|declaration| declaration.name.text == name)?;
                Some((name.clone(), declared.default.as_ref()?.range))
            }
            _ => None,
        })
    }
}

fn argument_of(word: &Word) -> Option<String> {
    let (_, rest) = word.text.rsplit_once('$')?;
    let name: String = rest.trim_start_matches('{').chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let behind = rest.rsplit_once('}').map_or(rest, |(_, behind)| behind);
    if behind.contains(':') {
        return None;
    }
    Some(name)
}
