//! The page of a rule: what it is called, how it behaves, and what it says for people.

use crate::diagnostic::Severity;

/// How sure a rule is when it speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// It may be wrong; a person should look.
    Low,
    /// It is right as a rule.
    Medium,
    /// It follows from what the files say.
    High,
}

impl Confidence {
    /// The word that pages and output use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Whether findings of a rule come with a fix that can be applied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Availability {
    /// Never.
    None,
    /// For some findings.
    Sometimes,
    /// For every finding.
    Always,
}

impl Availability {
    /// The word that pages and output use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sometimes => "sometimes",
            Self::Always => "always",
        }
    }
}

/// One rule's page, `rules/NAME.md`. the build has checked it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// The rule's name, its identity everywhere.
    pub name: &'static str,
    /// The group it belongs to.
    pub group: &'static str,
    /// How bad its findings are; `None` when the rule is off unless it is named.
    pub severity: Option<Severity>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether its findings come with a fix.
    pub fix: Availability,
    /// Which images it speaks of.
    pub images: Images,
    /// Names that other tools have for it.
    pub aliases: &'static [&'static str],
    /// The version of slimlint that had it first.
    pub since: &'static str,
    /// The whole page as it stands in the file.
    pub text: &'static str,
}

/// Which images a rule speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Images {
    /// All.
    All,
    /// Those that are shipped: not images with which people only develop, test or build.
    Shipped,
    /// The same, where nothing makes it doubtful that they are, or a file ships them whatever else speaks of work.
    Undoubted,
}

/// The folder of the pages on the web.
const PAGES_URL: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/rules");

/// The sections of prose that every page has, in this order. All further sections are examples.
pub const PROSE_SECTIONS: [&str; 4] = ["What it finds", "Why it matters", "What to do", "When it is right to keep it"];

impl Page {
    /// Whether `name` is the rule's name or an alias of it, in any case.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.is_alias(name)
    }

    /// Whether `name` is what another tool calls the rule, in any case.
    #[must_use]
    pub fn is_alias(&self, name: &str) -> bool {
        self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Where the page is on the web.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{PAGES_URL}/{}.md", self.name)
    }

    /// The page below its front matter.
    #[must_use]
    pub fn body(&self) -> &'static str {
        let rest = self.text.split_once("\n---").map_or(self.text, |(_, rest)| rest);
        rest.trim_start()
    }

    /// The title and the four sections of prose, without the examples.
    #[must_use]
    pub fn prose(&self) -> &'static str {
        let mut end = 0;
        let mut fenced = false;
        for line in self.body().split_inclusive('\n') {
            fenced ^= line.starts_with("```");
            let heading = line.strip_prefix("## ").filter(|_| !fenced).map(str::trim);
            if heading.is_some_and(|heading| !PROSE_SECTIONS.contains(&heading)) {
                break;
            }
            end += line.len();
        }
        self.body().get(..end).unwrap_or_default().trim_end()
    }

    /// The first paragraph of "What it finds", on one line.
    #[must_use]
    pub fn description(&self) -> String {
        let section = self.body().split_once("\n## What it finds").map_or("", |(_, rest)| rest).trim_start();
        let paragraph: Vec<&str> = section.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
        paragraph.join(" ")
    }

    /// The first sentence of "What it finds", on one line and without its full stop.
    #[must_use]
    pub fn summary(&self) -> String {
        let paragraph = self.description();
        let sentence = paragraph.split_once(". ").map_or(paragraph.as_str(), |(sentence, _)| sentence);
        sentence.trim_end_matches('.').to_owned()
    }
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
