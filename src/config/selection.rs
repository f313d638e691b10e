//! Which rules run, and how bad their findings are.

use crate::diagnostic::Severity;
use crate::rules::{INTERNAL_ERROR, Page, SYNTAX_ERROR, UNREADABLE_FILE};

use super::Settings;

impl Settings {
    /// The severity of findings that the rule of `page` makes by itself; `None` when it does not run.
    ///
    /// Without `select` all rules run that are not off. A rule that is off runs when it is named, or given a severity, but not
    /// for its group. That a file cannot be read or parsed is said whatever is selected.
    #[must_use]
    pub fn severity_of(&self, page: &Page) -> Option<Severity> {
        let severity = self.severities.get(page.name).copied();
        let default = severity.or(page.severity);
        if page.name == INTERNAL_ERROR {
            return default;
        }
        let mut ignored = self.ignore.iter();
        if ignored.any(|selector| selects(selector, page)) {
            return None;
        }
        let named = || self.select.iter().flatten().any(|selector| page.is_named(selector));
        let selected = match &self.select {
            None => true,
            Some(_) if matches!(page.name, SYNTAX_ERROR | UNREADABLE_FILE) => true,
            Some(selectors) => selectors.iter().any(|selector| selects(selector, page)),
        };
        match default {
            Some(severity) => selected.then_some(severity),
            None => named().then_some(Severity::Warning),
        }
    }
}

/// Whether `selector` is the rule's name, an alias, its group, or `all`.
pub(super) fn selects(selector: &str, page: &Page) -> bool {
    page.is_named(selector) || page.group.eq_ignore_ascii_case(selector) || selector.eq_ignore_ascii_case("all")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Availability, Confidence, Images};

    fn page(name: &'static str, severity: Option<Severity>) -> Page {
        let (confidence, fix) = (Confidence::High, Availability::None);
        let aliases = &["DL3042"];
        Page {
            name,
            group: "caches",
            severity,
            confidence,
            fix,
            images: Images::All,
            aliases,
            since: "0.1.0",
            text: "",
        }
    }

    fn settings(select: Option<&[&str]>, ignore: &[&str]) -> Settings {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Settings { select: select.map(owned), ignore: owned(ignore), ..Settings::default() }
    }

    #[test]
    fn names_aliases_and_groups_select() {
        let page = page("pip-cache-kept", Some(Severity::Warning));
        for selector in ["pip-cache-kept", "dl3042", "Caches", "all"] {
            assert_eq!(settings(Some(&[selector]), &[]).severity_of(&page), Some(Severity::Warning), "{selector}");
            assert_eq!(settings(None, &[selector]).severity_of(&page), None, "{selector}");
        }
        assert_eq!(settings(Some(&["python"]), &[]).severity_of(&page), None);
        assert_eq!(settings(None, &[]).severity_of(&page), Some(Severity::Warning));
    }

    #[test]
    fn a_rule_that_is_off_must_be_named() {
        let page = page("pip-cache-kept", None);
        assert_eq!(settings(None, &[]).severity_of(&page), None);
        assert_eq!(settings(Some(&["caches"]), &[]).severity_of(&page), None);
        assert_eq!(settings(Some(&["pip-cache-kept"]), &[]).severity_of(&page), Some(Severity::Warning));
        let mut configured = settings(None, &[]);
        configured.severities.insert("pip-cache-kept".to_owned(), Severity::Info);
        assert_eq!(configured.severity_of(&page), Some(Severity::Info));
    }

    #[test]
    fn syntax_errors_are_told_whatever_is_selected() {
        let page = page(SYNTAX_ERROR, Some(Severity::Error));
        assert_eq!(settings(Some(&["unused-extra"]), &[]).severity_of(&page), Some(Severity::Error));
        assert_eq!(settings(None, &[SYNTAX_ERROR]).severity_of(&page), None);
    }
}
