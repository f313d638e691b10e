//! hadolint's configuration, for repositories that have no other.

mod written;

use crate::diagnostic::Severity;
use crate::rules;
use crate::text::{Encoding, SourceFile};
use crate::workspace::YamlNode;

use super::options::{Level, Options};
use super::{FailOn, reader};

/// The names of hadolint's configurations; of several in one folder the first counts. Those in a user's home are not read, which
/// would make a result depend on the machine.
pub const HADOLINT_NAMES: [&str; 2] = [".hadolint.yaml", ".hadolint.yml"];

/// The keys of `override`, with what they come to; slimlint has no severity below `info`.
const OVERRIDES: [(&str, Severity); 4] =
    [("error", Severity::Error), ("warning", Severity::Warning), ("info", Severity::Info), ("style", Severity::Info)];

/// What a configuration of hadolint's says, in slimlint's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hadolint {
    /// Rules that do not run, by slimlint's names, in the order of the file.
    ignore: Vec<&'static str>,
    /// Severities of rules, by slimlint's names.
    severities: Vec<(&'static str, Severity)>,
    fail_on: Option<FailOn>,
    /// What is said of rules that slimlint does not have, which comes to nothing.
    foreign: Vec<String>,
    /// What does not carry over, each with the reason or what to do instead.
    left: Vec<String>,
}

/// Why a configuration of hadolint's is not used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HadolintProblem {
    /// It is not UTF-8, or larger than any that a person writes.
    #[error("it is no UTF-8 text of at most 256 KiB")]
    NotText,
    /// It is not YAML.
    #[error("it is no YAML")]
    Syntax,
    /// It holds a list or a word.
    #[error("it is no mapping of keys to values")]
    NoMapping,
}

impl Hadolint {
    /// Reads the file.
    ///
    /// # Errors
    /// When nothing can be taken from it. A single value that cannot be understood is left, and told.
    pub fn read(file: &SourceFile) -> Result<Self, HadolintProblem> {
        if file.text().len() > reader::MOST_BYTES || file.encoding() == Encoding::Utf8Lossy {
            return Err(HadolintProblem::NotText);
        }
        let mut read = Self::default();
        let is_empty = |line: &str| matches!(line.trim(), "" | "---" | "...") || line.trim_start().starts_with('#');
        if file.text().trim_start_matches('\u{feff}').lines().all(is_empty) {
            return Ok(read);
        }
        let node = YamlNode::parse(file.text()).ok_or(HadolintProblem::Syntax)?;
        let YamlNode::Map(members) = &node else { return Err(HadolintProblem::NoMapping) };
        for member in members {
            read.key(&member.key, &member.node);
        }
        // `no-fail` wins over the threshold, wherever it stands.
        if node.get("no-fail").is_some_and(is_true) {
            read.fail_on = Some(FailOn::Never);
        }
        Ok(read)
    }

    fn key(&mut self, key: &str, node: &YamlNode) {
        match key {
            "ignored" => {
                for rule in self.rules(key, node) {
                    let named: Vec<&str> = rules::named(&rule).map(|page| page.name).collect();
                    // Not to run a rule that there is not needs nothing.
                    if named.is_empty() {
                        self.foreign.push(rule);
                    }
                    self.ignore.extend(named);
                }
            }
            "override" => self.overrides(node),
            "failure-threshold" => self.threshold(node.text().unwrap_or_default()),
            "trustedRegistries" if !is_nothing(node) => self.leave(key, "slimlint does not judge registries"),
            "label-schema" if !is_nothing(node) => self.leave(key, "slimlint does not judge labels"),
            "strict-labels" if is_true(node) => self.leave(key, "slimlint does not judge labels"),
            "disable-ignore-pragma" if is_true(node) => {
                self.leave(key, "`# hadolint ignore` silences what slimlint calls by another name, too");
            }
            "format" => self.format(node.text().unwrap_or_default()),
            "trustedRegistries" | "label-schema" | "strict-labels" | "disable-ignore-pragma" | "no-fail"
            // How hadolint's own output looks.
            | "no-color" | "verbose" => {}
            // Names of anything may stand here, and go into messages and comments.
            _ if is_word(key) => self.left.push(format!("`{key}`: hadolint has no such key")),
            _ => self.left.push("a key that is no word".to_owned()),
        }
    }

    fn overrides(&mut self, node: &YamlNode) {
        for member in node.members() {
            let Some((_, severity)) = OVERRIDES.iter().find(|(name, _)| *name == member.key) else {
                self.leave("override", "its keys are `error`, `warning`, `info` and `style`");
                continue;
            };
            for rule in self.rules("override", &member.node) {
                let named: Vec<&str> = rules::named(&rule).map(|page| page.name).collect();
                if named.is_empty() {
                    self.foreign.push(rule);
                }
                self.severities.extend(named.into_iter().map(|name| (name, *severity)));
            }
        }
    }

    fn threshold(&mut self, word: &str) {
        self.fail_on = match word.to_ascii_lowercase().as_str() {
            "error" => Some(FailOn::Error),
            "warning" => Some(FailOn::Warning),
            "info" | "style" => Some(FailOn::Info),
            "ignore" | "none" => Some(FailOn::Never),
            _ => {
                self.leave("failure-threshold", "hadolint has no such threshold");
                None
            }
        };
    }

    /// How results are written is said on the command line.
    fn format(&mut self, word: &str) {
        let ours = match word {
            "tty" => return,
            "codeclimate" | "gitlab_codeclimate" => "gitlab",
            "json" | "checkstyle" | "gnu" | "sarif" | "junit" => word,
            _ => return self.leave("format", "slimlint has no such format"),
        };
        self.leave("format", &format!("give it on the command line, `--format {ours}`"));
    }

    /// The codes in a list, or in the place of one.
    fn rules(&mut self, key: &str, node: &YamlNode) -> Vec<String> {
        let nodes = if node.scalar().is_some() { std::slice::from_ref(node) } else { node.items() };
        let mut codes = Vec::new();
        for text in nodes.iter().filter(|node| !is_nothing(node)).map(|node| node.text().unwrap_or_default().trim()) {
            if text.len() <= 16 && is_word(text) {
                codes.push(text.to_owned());
            } else {
                self.leave(key, "it holds something that is no code of a rule");
            }
        }
        codes
    }

    fn leave(&mut self, key: &str, reason: &str) {
        let left = format!("`{key}`: {reason}");
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    /// What it comes to.
    pub(super) fn options(&self) -> Options {
        Options {
            ignore: self.ignore.iter().map(|&name| name.to_owned()).collect(),
            severities: self
                .severities
                .iter()
                .map(|&(name, severity)| (name.to_owned(), Level::At(severity)))
                .collect(),
            fail_on: self.fail_on,
            ..Options::default()
        }
    }

    /// What does not carry over, each with the reason or what to do instead.
    #[must_use]
    pub fn left(&self) -> &[String] {
        &self.left
    }
}

fn is_true(node: &YamlNode) -> bool {
    let is = |text: &str| ["true", "yes", "on", "y"].iter().any(|word| text.eq_ignore_ascii_case(word));
    node.scalar().is_some_and(|scalar| scalar.plain && is(&scalar.text))
}

/// Whether nothing stands there: `ignored:` above a list that is commented out.
fn is_nothing(node: &YamlNode) -> bool {
    match node {
        YamlNode::Scalar(scalar) => scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null"),
        YamlNode::List(items) => items.is_empty(),
        YamlNode::Map(members) => members.is_empty(),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests;
