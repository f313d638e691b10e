//! `setup.py` and `setup.cfg`, read for the lists of requirements that stand in them as text.

use std::sync::Arc;

use crate::python::Requirement;
use crate::text::TextRange;
use crate::workspace::join;

use super::Declared;
use super::projects::Selection;
use super::reader::{Reader, Source};

impl Reader<'_, '_> {
    /// A project without dependencies in `pyproject.toml`.
    pub(super) fn legacy_project(&mut self, folder: &str, selection: &Selection, word: TextRange, via: &[String]) {
        let wanted: Vec<&str> = selection.extras.iter().map(|extra| extra.name.as_str()).collect();
        for name in ["setup.py", "setup.cfg"] {
            let Some(path) = join(folder, name) else { continue };
            let Ok(source) = self.facts.workspace.read(&path) else { continue };
            let text = source.text();
            let via: Vec<String> = via.iter().cloned().chain([path.clone()]).collect();
            let place = Source {
                file: Arc::from(path.as_str()),
                word,
                via,
                declared: Declared::Project,
                extra: None,
                group: None,
            };
            let (found, files) = if name == "setup.py" { of_script(text) } else { of_configuration(text) };
            for requirement in found {
                self.add(requirement, &place, Vec::new(), &[]);
            }
            for file in files {
                let Some(file) = join(folder, &file) else { continue };
                let Ok(requirements) = self.facts.workspace.requirements(&file) else { continue };
                let mut place = place.clone();
                place.file = Arc::from(file.as_str());
                place.via.push(file);
                for requirement in requirements.requirements() {
                    self.add(requirement.clone(), &place, Vec::new(), &[]);
                }
            }
            // The extras of these files are code as often as not.
            self.install.unknown |= !wanted.is_empty();
        }
    }
}

/// The strings of `install_requires=[…]`, or else the requirements files that the script names.
fn of_script(text: &str) -> (Vec<Requirement>, Vec<String>) {
    let list = text.match_indices("install_requires").find_map(|(at, word)| {
        let start = at + word.len();
        let rest = text.get(start..)?;
        let value = rest.trim_start().strip_prefix('=')?.trim_start();
        let open = start + (rest.len() - value.len());
        value.starts_with('[').then_some(open)
    });
    let Some(open) = list else {
        let named = quoted(text, 0, text.len()).into_iter().map(|(_, name)| name);
        let files = named.filter(|name| {
            name.contains("requirements")
                && super::has_extension(name, &["txt"])
                && !name.contains("dev")
                && !name.contains("test")
        });
        return (Vec::new(), files.map(str::to_owned).collect());
    };
    let end = text
        .get(open..)
        .and_then(|rest| rest.find("\n)").or_else(|| rest.find("],")))
        .map_or(text.len(), |length| open + length);
    let close = text.get(open..end).and_then(|list| list.rfind(']')).map_or(end, |length| open + length);
    let first_close = matching(text, open).unwrap_or(close);
    (
        quoted(text, open, first_close).into_iter().filter_map(|(at, text)| Requirement::parse(text, at)).collect(),
        Vec::new(),
    )
}

/// The `]` that closes the `[` at `open`, strings and comments passed over.
fn matching(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut comment = false;
    for (at, character) in text.get(open..)?.char_indices() {
        match (quote, character) {
            _ if comment => comment = character != '\n',
            (Some(open), _) => quote = (character != open).then_some(open),
            (None, '#') => comment = true,
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(open + at);
                }
            }
            _ => {}
        }
    }
    None
}

/// String literals on one line between two offsets, outside comments.
fn quoted(text: &str, start: usize, end: usize) -> Vec<(u32, &str)> {
    let mut found = Vec::new();
    let mut offset = start;
    for line in text.get(start..end).unwrap_or_default().split_inclusive('\n') {
        let mut rest = line;
        while let Some(open) = rest.find(['"', '\'', '#']) {
            let quote = rest.get(open..=open).unwrap_or_default();
            let inside = rest.get(open + 1..).unwrap_or_default();
            if quote == "#" {
                break;
            }
            let Some(length) = inside.find(quote) else { break };
            let at = offset + (line.len() - inside.len());
            found.push((at as u32, inside.get(..length).unwrap_or_default()));
            rest = inside.get(length + 1..).unwrap_or_default();
        }
        offset += line.len();
    }
    found
}

/// `install_requires` of `[options]`: the indented lines, or `file: requirements.txt`.
fn of_configuration(text: &str) -> (Vec<Requirement>, Vec<String>) {
    let (mut requirements, mut files) = (Vec::new(), Vec::new());
    let (mut offset, mut inside) = (0_usize, false);
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let indented = line.starts_with([' ', '\t']);
        if !indented && !content.is_empty() {
            let value = line.strip_prefix("install_requires").and_then(|rest| rest.trim_start().strip_prefix('='));
            inside = value.is_some();
            if let Some(named) = value.and_then(|value| value.trim().strip_prefix("file:")) {
                files.extend(named.split(',').map(|file| file.trim().to_owned()));
            }
        } else if inside && !content.is_empty() && !content.starts_with('#') {
            let start = offset + (line.len() - line.trim_start().len());
            requirements.extend(Requirement::parse(content, start as u32));
        }
        offset += line.len();
    }
    (requirements, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_setup_files_are_found_where_they_stand() {
        let script = "setup(\n  install_requires=[\n    'torch>=2',  # 'x'\n    \"a[b]\",\n  ],\n  extras_require={'dev': ['pytest']},\n)\n";
        let (found, files) = of_script(script);
        let names: Vec<&str> = found.iter().map(|requirement| requirement.range.slice(script)).collect();
        assert_eq!((names, files.len()), (vec!["torch>=2", "a[b]"], 0));
        let (found, files) =
            of_script("setup(install_requires=open('requirements.txt').read(), x='requirements-dev.txt')\n");
        assert_eq!((found.len(), files), (0, vec!["requirements.txt".to_owned()]));
        let configuration = "[options]\npackages = x\ninstall_requires =\n    torch==2.1\n    # no\n    b\n[options.extras_require]\ndev = c\n";
        let (found, _) = of_configuration(configuration);
        assert_eq!(
            found.iter().map(|requirement| requirement.range.slice(configuration)).collect::<Vec<_>>(),
            ["torch==2.1", "b"]
        );
    }
}
