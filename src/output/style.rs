//! Colour, which never carries meaning alone.

use crate::diagnostic::Severity;

/// Whether and how text is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
    color: bool,
    /// Whether the terminal shows hyperlinks.
    links: bool,
}

/// Variables that terminals with hyperlinks set, and a part of their value; nothing for any.
const LINKING: [(&str, &str); 11] = [
    ("WT_SESSION", ""),
    ("KITTY_WINDOW_ID", ""),
    ("KONSOLE_VERSION", ""),
    ("VTE_VERSION", ""),
    ("TERM_PROGRAM", "iTerm.app"),
    ("TERM_PROGRAM", "WezTerm"),
    ("TERM_PROGRAM", "vscode"),
    ("TERM_PROGRAM", "ghostty"),
    ("TERM_PROGRAM", "Hyper"),
    ("TERM", "alacritty"),
    ("TERM", "foot"),
];

impl Paint {
    /// Plain text, or text with ANSI colours.
    #[must_use]
    pub const fn new(color: bool) -> Self {
        Self { color, links: false }
    }

    /// Colours on a terminal, unless the environment says otherwise: `NO_COLOR` forbids, `CLICOLOR_FORCE` demands them.
    /// `variable` reads the environment.
    #[must_use]
    pub fn choose(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let forced = variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = variable("TERM").is_some_and(|value| value == "dumb");
        let color = !is_set("NO_COLOR") && (forced || (is_terminal && !dumb));
        // Another program in between, such as a multiplexer or CI, may not pass them on.
        let shown = is_terminal && !is_set("TMUX") && !is_set("STY") && !is_set("CI");
        let known =
            LINKING.iter().any(|(name, part)| is_set(name) && variable(name).is_some_and(|value| value.contains(part)));
        let links = variable("FORCE_HYPERLINK").map_or(shown && known, |value| !value.is_empty() && value != "0");
        Self { color, links: color && links }
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

    /// `text` as a link to `url`, which must be one of ours.
    pub(super) fn link(self, url: &str, text: &str) -> String {
        if self.links { format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\") } else { text.to_owned() }
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

    #[test]
    fn links_are_made_for_terminals_that_show_them() {
        for (is_terminal, variables, expected) in [
            (true, &[("TERM_PROGRAM", "WezTerm")][..], true),
            (true, &[("WT_SESSION", "1")], true),
            (true, &[("TERM", "xterm-256color")], false),
            (true, &[("TERM_PROGRAM", "WezTerm"), ("TMUX", "1")], false),
            (true, &[("TERM_PROGRAM", "WezTerm"), ("NO_COLOR", "1")], false),
            (true, &[("TERM_PROGRAM", "WezTerm"), ("FORCE_HYPERLINK", "0")], false),
            (true, &[("FORCE_HYPERLINK", "1")], true),
            (false, &[("TERM_PROGRAM", "WezTerm")], false),
            (false, &[("FORCE_HYPERLINK", "1")], false),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            let paint = Paint::choose(is_terminal, variable);
            assert_eq!(paint.link("u", "t") != "t", expected, "{is_terminal} {variables:?}");
        }
    }
}
