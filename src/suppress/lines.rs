//! Ignore comments of files made of lines: manifests, requirements, ignore files.

use crate::rules::named;
use crate::text::SourceFile;

use super::comment::{Dialect, Reach, Reading, read};

/// Which rules are silenced on which lines.
#[derive(Debug, Default)]
pub(super) struct LineSuppressions {
    /// 1-based line, and the rule.
    lines: Vec<(u32, &'static str)>,
    file: Vec<&'static str>,
    /// Where each line starts.
    starts: Vec<u32>,
}

impl LineSuppressions {
    /// Reads the own comments of `source`.
    pub fn read(source: &SourceFile) -> Self {
        let mut found = Self::default();
        let lines: Vec<&str> = source.text().lines().collect();
        let mut start = 0;
        for (index, line) in source.text().split_inclusive('\n').enumerate() {
            found.starts.push(start);
            start += line.len() as u32;
            // Not each `#` begins a comment: `flask @ https://example.org/#egg=x  # slimlint ignore=…`.
            let hashes = line.match_indices('#').map(|(at, _)| at);
            let mut readings = hashes.filter_map(|at| match read(line.get(at..).unwrap_or_default().trim_end()) {
                Reading::Ignore(ignore) if ignore.dialect == Dialect::Own => Some((at, ignore)),
                _ => None,
            });
            let Some((at, ignore)) = readings.next() else { continue };
            let rules = ignore.names.iter().flat_map(|(_, name)| named(name)).map(|page| page.name);
            if ignore.reach != Reach::Instruction {
                found.file.extend(rules);
                continue;
            }
            let alone = line.get(..at).is_some_and(|before| before.trim().is_empty());
            let is_comment = |line: &&str| line.trim_start().starts_with('#');
            let followers = lines.iter().skip(index + 1).take_while(|line| is_comment(line)).count();
            let target = if alone { index + followers + 2 } else { index + 1 };
            found.lines.extend(rules.map(|rule| (target as u32, rule)));
        }
        found
    }

    /// Whether findings of `rule` at the byte `at` are silenced.
    pub fn silences(&self, rule: &str, at: u32) -> bool {
        let line = self.starts.partition_point(|start| *start <= at) as u32;
        self.file.contains(&rule) || self.lines.iter().any(|(of, silenced)| *of == line && *silenced == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_silences_its_line_or_the_one_below() {
        let text = "# slimlint ignore=unused-extra reason\n# more\na\r\nb # slimlint ignore=unused-extra\nc\n\
                    d @ https://example.org/x#egg=d  # slimlint ignore=unused-extra\n# slimlint ignore=unused-extra\n\ne\n";
        let source = SourceFile::new("requirements.txt", text.as_bytes());
        let found = LineSuppressions::read(&source);
        let silenced = |needle: &str| found.silences("unused-extra", text.find(needle).unwrap() as u32);
        assert!(silenced("a\r") && silenced("b #") && silenced("d @"));
        assert!(!silenced("c\n") && !silenced("e\n"));
        assert!(!found.silences("syntax-error", text.find("a\r").unwrap() as u32));
    }

    #[test]
    fn a_file_comment_silences_all_lines() {
        let source = SourceFile::new("requirements.txt", *b"a\n# slimlint file ignore=unused-extra\n");
        let found = LineSuppressions::read(&source);
        assert!(found.silences("unused-extra", 0));
    }
}
