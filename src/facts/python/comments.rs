//! Comments of people at requirements.

use crate::facts::Facts;

use super::development::speaks_of_development;
use super::{Declared, Root};

impl Facts<'_> {
    /// Whether a comment at the requirement says why it is there: `# not directly required, pinned to avoid a vulnerability`.
    #[must_use]
    pub fn is_explained(&self, root: &Root) -> bool {
        self.comments_at(root).iter().any(|comment| explains(comment))
    }

    /// Whether a comment at the requirement says that others need it, and not that tests or developers do.
    #[must_use]
    pub fn is_explained_for_use(&self, root: &Root) -> bool {
        self.comments_at(root).iter().any(|comment| explains(comment) && !speaks_of_development(comment))
    }

    /// The comment behind the requirement, and the one above it.
    fn comments_at(&self, root: &Root) -> Vec<String> {
        let Ok(file) = self.workspace.read(&root.place.file) else { return Vec::new() };
        let text = file.text();
        let start = root.place.range.start() as usize;
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let own = if root.declared == Declared::Dockerfile {
            ""
        } else {
            line.split_once('#').map_or("", |(_, comment)| comment)
        };
        let above =
            text.get(..line_start).and_then(|before| before.lines().next_back()).unwrap_or_default().trim_start();
        let above = above.strip_prefix('#').filter(|_| root.parents.is_empty()).unwrap_or_default();
        [own, above].into_iter().filter(|comment| !comment.is_empty()).map(str::to_owned).collect()
    }
}

/// Whether a comment gives a reason other than a heading or a description.
fn explains(comment: &str) -> bool {
    const REASONS: [&str; 28] = [
        "pinned",
        "rely on",
        "relies on",
        "we pin",
        "required",
        "requires",
        "needed",
        "needs",
        "depends",
        "dependency of",
        "transitive",
        "indirect",
        "security",
        "vuln",
        "cve",
        "used by",
        "used for",
        "used in",
        "compat",
        "conflict",
        "plugin",
        "keep",
        "optional",
        "backend for",
        "driver",
        "workaround",
        "issue",
        "because",
    ];
    let comment = comment.to_lowercase();
    !comment.trim_start().starts_with("via") && REASONS.iter().any(|reason| comment.contains(reason))
}
