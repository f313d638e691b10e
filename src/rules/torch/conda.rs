//! The CPU build for what conda's environment file gives to pip.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::facts::Facts;
use crate::facts::python::PythonInstall;
use crate::python::conda::CondaEnvironment;
use crate::rules::Finding;
use crate::text::{Encoding, TextRange};

use super::remedy::CPU_INDEX;

pub(super) fn propose(facts: &Facts<'_>, install: &PythonInstall, finding: &mut Finding<'_>) {
    let Some(file) = install.files.iter().find(|file| CondaEnvironment::is_name(file)) else { return };
    let option = format!("--extra-index-url {CPU_INDEX}");
    finding.help(format!("let pip see the CPU index as well: a member `{option}` below `pip:` in `{file}`"));
    let Some(edit) = insert(facts, file, &option).filter(|_| facts.is_only_reader_of(file)) else { return };
    finding.fix(Fix {
        title: format!("add `{option}` to `{file}`"),
        applicability: Applicability::Unsafe,
        caution: Some("where the environment is used on a GPU, torch no longer uses it".to_owned()),
        edits: vec![edit],
    });
}

/// A member in front of the first one below `pip:`, where that stands on a line of its own.
fn insert(facts: &Facts<'_>, file: &str, option: &str) -> Option<Edit> {
    let source = facts.workspace.read(file).ok().filter(|source| source.encoding() == Encoding::Utf8)?;
    let text = source.text();
    let first = facts.workspace.requirements(file).ok()?.entries.first()?.range.start() as usize;
    let start = text.get(..first)?.rfind('\n')? + 1;
    let head = text.get(start..first)?;
    let indent = head.len() - head.trim_start().len();
    if !matches!(head.trim(), "-" | "- \"" | "- '") {
        return None;
    }
    let end = if text.get(..start)?.ends_with("\r\n") { "\r\n" } else { "\n" };
    let text = format!("- {option}{end}{}", head.get(..indent)?);
    Some(Edit { file: file.into(), range: TextRange::empty(u32::try_from(start + indent).ok()?), text })
}
