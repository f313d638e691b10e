//! Colour, which never carries meaning alone.

use crate::diagnostic::Severity;

/// Whether and how text is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
    color: bool,
}

impl Paint {
    /// Plain text, or text with ANSI colours.
    #[must_use]
    pub const fn new(color: bool) -> Self {
        Self { color }
    }

    /// Colours on a terminal, unless the environment says otherwise: `NO_COLOR` forbids, `CLICOLOR_FORCE` demands them.
    /// `variable` reads the environment.
    #[must_use]
    pub fn choose(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let forced = variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = variable("TERM").is_some_and(|value| value == "dumb");
        Self::new(!is_set("NO_COLOR") && (forced || (is_terminal && !dumb)))
    }

    /// Whether there are colours.
    #[must_use]
    pub const fn is_colored(self) -> bool {
        self.color
    }

    /// `text` in the colour of `severity`.
    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Info => "1;36",
        };
        self.with(code, text)
    }

    /// `text` that stands out.
    pub(crate) fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// `text` that steps back.
    pub(super) fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides() {
        for (is_terminal, variables, expected) in [
            (true, &[][..], true),
            (false, &[], false),
            (true, &[("NO_COLOR", "1")], false),
            (true, &[("NO_COLOR", "")], true),
            (false, &[("CLICOLOR_FORCE", "1")], true),
            (false, &[("CLICOLOR_FORCE", "0")], false),
            (false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (true, &[("TERM", "dumb")], false),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Paint::choose(is_terminal, variable).is_colored(), expected, "{is_terminal} {variables:?}");
        }
    }
}
