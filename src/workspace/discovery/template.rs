//! Templates, which are not Dockerfiles yet.

use crate::dockerfile::{Arguments, Dockerfile, Keyword};

use super::super::Workspace;

/// Whether placeholders stand where a keyword or an image must: `{{ … }}` or `{% … %}`. Inside a `RUN` they are ordinary text, other
/// than `<<version>>`.
#[must_use]
pub fn is_template(workspace: &Workspace, path: &str) -> bool {
    let Ok(file) = workspace.read(path) else { return false };
    if holds_angled_placeholder(file.text()) {
        return true;
    }
    let holds = |text: &str| text.contains("{{") || text.contains("{%");
    holds(file.text())
        && Dockerfile::parse(file.text()).instructions.iter().any(|instruction| match &instruction.arguments {
            Arguments::From { image: Some(image), .. } => holds(&image.text),
            _ => instruction.keyword == Keyword::Unknown && holds(&instruction.raw_keyword),
        })
}

/// `RUN install.sh <<version>>`, which is a heredoc that nothing ends. `cat <<EOF>> file` is one that a line `EOF` ends.
fn holds_angled_placeholder(text: &str) -> bool {
    text.match_indices("<<").any(|(at, _)| {
        let rest = text.get(at + 2..).unwrap_or_default();
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let behind = rest.get(name.len()..).and_then(|rest| rest.strip_prefix(">>"));
        let is_whole = behind.is_some_and(|rest| !rest.starts_with(['>', '/', '$', '&']));
        !name.is_empty() && is_whole && !text.lines().any(|line| line.trim() == name)
    })
}
