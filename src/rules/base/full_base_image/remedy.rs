//! How a full base image is replaced.

use crate::catalogue::{Slimmer, SlimmerKind};
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::facts::{Facts, ImageNeeds, MANUAL_FOLDER, ShippedBase};
use crate::text::TextRange;

use super::evidence::Use;

pub(super) fn help(reference: &str, kind: SlimmerKind, needs: &ImageNeeds, purpose: Use) -> String {
    match (kind, purpose) {
        (SlimmerKind::Jre | SlimmerKind::Kit, Use::BuildsToo) if needs.packages.is_empty() => {
            format!("build in a stage of its own and copy the result into `{reference}`")
        }
        (SlimmerKind::Jre | SlimmerKind::Kit, Use::BuildsToo) => {
            format!("build in a stage of its own, copy the result into `{reference}`, and install there what it lacks")
        }
        (SlimmerKind::Minimal, _) => format!("take `{reference}`, which installs with `microdnf`"),
        _ if needs.packages.is_empty() && needs.links_manual.is_some() => {
            format!("take `{reference}`, and run `mkdir -p {MANUAL_FOLDER}` before the packages are installed")
        }
        _ if needs.packages.is_empty() => match &needs.headers {
            Some(headers) => {
                format!("take `{reference}`, and install a compiler too if the build compiles with `{headers}`")
            }
            None => format!("take `{reference}`"),
        },
        _ => format!(
            "take `{reference}` and install there what it lacks, or build in a stage of its own and copy the result"
        ),
    }
}

/// The change of the tag. It is made only where it is written out and nothing is seen to need more than the small image has.
pub(super) fn fix(
    facts: &Facts<'_>,
    base: &ShippedBase<'_>,
    slimmer: &Slimmer,
    needs: &ImageNeeds,
    purpose: Use,
) -> Option<Fix> {
    let tag = slimmer.tag.as_deref()?;
    if purpose == Use::BuildsToo || slimmer.kind == SlimmerKind::Kit {
        return None;
    }
    let pinned = base.word.text.contains('@');
    let edit = if pinned { None } else { edit(facts, base, tag) };
    let sure = needs.packages.is_empty()
        && !needs.opaque
        && needs.headers.is_none()
        && needs.links_manual.is_none()
        && slimmer.kind != SlimmerKind::Minimal;
    let (applicability, caution) = match &edit {
        Some(_) if base.stage.image.repository == "pypy" && !facts.python_installs().is_empty() => (
            Applicability::Display,
            Some("few wheels are made for PyPy, so that most packages with C code are compiled".to_owned()),
        ),
        Some(_) if is_before_wheels(base) && !facts.python_installs().is_empty() => (
            Applicability::Display,
            Some("few wheels are made for this Python any more, so that most packages are compiled".to_owned()),
        ),
        Some(_) if slimmer.kind == SlimmerKind::Jre && names_inner_jre(facts) => {
            (Applicability::Display, Some("a step names the folder `jre`, which only a JDK 8 has".to_owned()))
        }
        Some(_) if sure && facts.is_reasoned(base) => {
            (Applicability::Display, Some("a comment gives a reason for this image".to_owned()))
        }
        Some(_) if sure && needs.unlocked => {
            (Applicability::Display, Some("no lock file tells which packages of npm are compiled".to_owned()))
        }
        Some(_) if sure => (Applicability::Unsafe, Some(caution(facts, base, needs))),
        _ if pinned => (Applicability::Display, Some("the digest of the smaller image has to be looked up".to_owned())),
        Some(_) if needs.opaque => (
            Applicability::Display,
            Some("what it runs is not all known here, and may call what only the full image has".to_owned()),
        ),
        Some(_) => (Applicability::Display, Some(caution(facts, base, needs))),
        None if !base.word.text.contains('$') => {
            (Applicability::Display, Some("the image is not written as plain text".to_owned()))
        }
        None => (Applicability::Display, Some("the tag is made of arguments".to_owned())),
    };
    let edits = edit.filter(|_| applicability > Applicability::Display).into_iter().collect();
    Some(Fix { title: format!("take `{}`", slimmer.reference), applicability, caution, edits })
}

/// What may go wrong with the small image although nothing speaks against it.
fn caution(facts: &Facts<'_>, base: &ShippedBase<'_>, needs: &ImageNeeds) -> String {
    let holders = facts.descendants(base.stage.index);
    let unlocked =
        facts.python_installs().iter().any(|install| holders.contains(&install.stage) && install.lock.is_none());
    let wheels = match (unlocked, needs.of_npm) {
        (true, true) => ", or a package without a wheel, or one of npm, may need a compiler",
        (true, false) => ", or a package without a wheel may need a compiler",
        (false, true) => ", or a package of npm without a prebuilt binary may need a compiler",
        (false, false) => "",
    };
    format!("the build or the program may call something that only the full image has{wheels}")
}

/// `python:2.7`, `python:3.6`
fn is_before_wheels(base: &ShippedBase<'_>) -> bool {
    let tag = base.stage.image.tag.as_deref().unwrap_or_default();
    let mut parts = tag.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    base.stage.image.repository == "python"
        && match (parts.next(), parts.next()) {
            (Some(2), _) => true,
            (Some(3), Some(minor)) => minor < 7,
            _ => false,
        }
}

/// `sed -i … $JAVA_HOME/jre/lib/security/java.security`
fn names_inner_jre(facts: &Facts<'_>) -> bool {
    facts.dockerfile.instructions.iter().any(|instruction| {
        let text = instruction.body.text();
        text.contains("/jre/lib") || text.contains("JAVA_HOME/jre") || text.contains("JAVA_HOME}/jre")
    })
}

/// The shortest insertion that makes the tag of the word `tag`; `None` when the word does not spell the tag out.
fn edit(facts: &Facts<'_>, base: &ShippedBase<'_>, tag: &str) -> Option<Edit> {
    let word = base.word;
    if word.range.slice(facts.source.text()) != word.text || word.text.contains(['"', '\'', '\\', '`']) {
        return None;
    }
    // Behind the last variable the text is what it says; of `$REGISTRY/python` the name of the variable is no harm.
    let literal = word.text.get(word.text.rfind(['$', '}']).map_or(0, |at| at + 1)..)?;
    let file = facts.file();
    let end = word.range.end();
    let Some((_, old)) = literal.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) else {
        let untagged = base.stage.image.tag.is_none() && !word.text.contains('$');
        return untagged.then(|| Edit { file, range: TextRange::empty(end), text: format!(":{tag}") });
    };
    if base.stage.image.tag.as_deref() != Some(old) {
        return None;
    }
    let before = old.bytes().zip(tag.bytes()).take_while(|(left, right)| left == right).count();
    let after = old.bytes().rev().zip(tag.bytes().rev()).take_while(|(left, right)| left == right).count();
    let after = after.min(old.len() - before).min(tag.len() - before);
    let start = end - old.len() as u32;
    let range = TextRange::new(start + before as u32, end - after as u32);
    Some(Edit { file, range, text: tag.get(before..tag.len() - after)?.to_owned() })
}
