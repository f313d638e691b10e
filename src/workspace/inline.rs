//! Dockerfiles that stand in other files: `dockerfile_inline` of compose files, `dockerfile-inline` of bake files. Each is read under the
//! path `FILE#SERVICE`, as if it were a file of that name, and knows where its text stands.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use crate::text::{SourceFile, TextRange};

use super::Workspace;
use super::compose::is_compose_name;
use super::definitions::bake;
use super::definitions::yaml::{Node, Scalar};
use super::names::{NameKind, is_dockerfile_name};

/// What stands between the path of a file and the name of the service in it.
const MARK: char = '#';

/// A Dockerfile in another file.
#[derive(Debug)]
pub struct InlineDockerfile {
    /// Its text, under the path `FILE#SERVICE`.
    pub source: Arc<SourceFile>,
    /// Where stretches of the text begin, there and in the file.
    stretches: Vec<(u32, u32)>,
}

impl InlineDockerfile {
    /// Where a range of the text stands in the file.
    #[must_use]
    pub fn place(&self, range: TextRange) -> TextRange {
        let start = self.offset(range.start());
        // What ends with a line ends before the indentation of the next.
        let end = if range.is_empty() { start } else { self.offset(range.end() - 1) + 1 };
        TextRange::new(start, end.max(start))
    }

    fn offset(&self, at: u32) -> u32 {
        let behind = self.stretches.partition_point(|(start, _)| *start <= at);
        let stretch = behind.checked_sub(1).and_then(|index| self.stretches.get(index));
        stretch.map_or(0, |(start, place)| place + (at - start))
    }
}

/// The text of a Dockerfile with the places that it is taken from.
#[derive(Default)]
pub(super) struct Taken {
    text: String,
    stretches: Vec<(u32, u32)>,
}

impl Taken {
    /// Takes the text that stands at `place`, less the first character of each of `escapes`: `$$` of `$$HOME`.
    pub(super) fn take(&mut self, text: &str, place: usize, escapes: &[&str]) {
        let (mut rest, mut place) = (text, place);
        loop {
            self.stretches.push((offset(self.text.len()), offset(place)));
            let next = escapes.iter().filter_map(|escape| Some((rest.find(escape)?, escape.len()))).min();
            let Some((at, length)) = next else { break };
            self.text.push_str(rest.get(..at).unwrap_or_default());
            self.stretches.push((offset(self.text.len()), offset(place + at + 1)));
            self.text.push_str(rest.get(at + 1..at + length).unwrap_or_default());
            rest = rest.get(at + length..).unwrap_or_default();
            place += at + length;
        }
        self.text.push_str(rest);
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The file that `path` stands in, when it is the path of a Dockerfile in another file.
#[must_use]
pub fn holder(path: &str) -> Option<&str> {
    let (file, _) = path.rsplit_once(MARK)?;
    may_hold(file.rsplit('/').next().unwrap_or(file)).then_some(file)
}

/// Whether there is no Dockerfile any more in the file at `path`, absolute, in which one was: the file is gone, or it is a compose or bake
/// file that holds none. Where the system does not tell there is one.
#[must_use]
pub fn is_no_more(path: &Path) -> bool {
    if let Err(error) = fs::metadata(path) {
        return matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else { return false };
    may_hold(name)
        && is_dockerfile_name(name) == NameKind::No
        && Workspace::open(folder)
            .is_ok_and(|folder| folder.read(name).is_ok() && folder.inline_dockerfiles(name).is_empty())
}

/// The path of the Dockerfile that the service or target `name` has in the file `file`.
pub(super) fn path_in(file: &str, name: &str) -> String {
    format!("{file}{MARK}{name}")
}

/// Whether Dockerfiles may stand in a file of this name.
pub(super) fn may_hold(name: &str) -> bool {
    is_compose_name(name) || is_bake_name(name)
}

fn is_bake_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("bake") && name.rsplit_once('.').is_some_and(|(_, extension)| extension == "hcl")
}

/// Whether a text has the key.
pub(super) fn speaks_of_one(text: &str) -> bool {
    text.contains("dockerfile_inline") || text.contains("dockerfile-inline")
}

impl Workspace {
    /// Whether the file at `path` is a compose or bake file that speaks of Dockerfiles in it, in whatever way they are written.
    #[must_use]
    pub fn is_holder(&self, path: &str) -> bool {
        may_hold(path.rsplit('/').next().unwrap_or(path))
            && self.read(path).is_ok_and(|file| speaks_of_one(file.text()))
    }

    /// The Dockerfiles in the file at `path`: blocks in a compose file (`dockerfile_inline: |`) and heredocs in a bake file. Other ways to
    /// write them are left out, for their lines are not lines of the file.
    #[must_use]
    pub fn inline_dockerfiles(&self, path: &str) -> Arc<Vec<InlineDockerfile>> {
        if !self.is_holder(path) {
            return Arc::default();
        }
        let Ok(file) = self.read(path) else { return Arc::default() };
        let name = path.rsplit('/').next().unwrap_or(path);
        self.remembered_of("inline Dockerfiles", &file, || {
            let taken = if is_bake_name(name) { bake::inline(file.text()) } else { composed(file.text()) };
            let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
            let named = taken.into_iter().filter(|(name, _)| is_name(name));
            let inline = named.map(|(name, taken)| InlineDockerfile {
                source: Arc::new(SourceFile::new(path_in(path, &name), taken.text)),
                stretches: taken.stretches,
            });
            inline.collect()
        })
    }

    /// The text of the Dockerfile at a path such as `compose.yml#api`.
    pub(super) fn inline_source(&self, path: &str) -> Option<Arc<SourceFile>> {
        let all = self.inline_dockerfiles(holder(path)?);
        all.iter().find(|inline| inline.source.path() == path).map(|inline| Arc::clone(&inline.source))
    }
}

/// The blocks in a compose file, by the names of the services.
fn composed(text: &str) -> Vec<(String, Taken)> {
    let Some(node) = Node::parse(text) else { return Vec::new() };
    let mut found: Vec<(String, Taken)> = Vec::new();
    let mut lines = Vec::new();
    for service in node.get("services").map(Node::members).unwrap_or_default() {
        let build = service.node.get("build");
        let Some(block) = build.and_then(|build| build.get("dockerfile_inline")?.scalar()) else { continue };
        // Two services may have one block by an alias.
        if lines.contains(&block.line) {
            continue;
        }
        lines.push(block.line);
        found.extend(literal(text, block).map(|taken| (service.key.clone(), taken)));
    }
    found
}

/// The lines of a block, each without its indentation, as compose passes them on: `$$` is a `$`.
fn literal(text: &str, block: &Scalar) -> Option<Taken> {
    // Empty lines in front do not count as the beginning of a block, though they are lines of its text.
    let empty = block.text.len() - block.text.trim_start_matches('\n').len();
    let first = block.line.checked_sub(1)? as usize;
    let starts = [Some(first), first.checked_sub(empty)].into_iter().flatten();
    if block.literal { starts.into_iter().find_map(|first| literal_from(text, first, block)) } else { None }
}

/// The lines of a block that begins on the line `first`, counted from 0; `None` where the file has other ones there.
fn literal_from(text: &str, first: usize, block: &Scalar) -> Option<Taken> {
    let mut taken = Taken::default();
    let mut indentation = None;
    let mut at = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    });
    let mut lines = lines.skip(first);
    for content in block.text.split_inclusive('\n') {
        let (start, line) = lines.next()?;
        let (content, end) = content.strip_suffix('\n').map_or((content, ""), |content| (content, "\n"));
        let indented = line.len().checked_sub(content.len());
        let indented = if content.is_empty() { line.len().min(indentation.unwrap_or(0)) } else { indented? };
        let (before, rest) = (line.get(..indented)?, line.get(indented..)?);
        let is_same = content.is_empty() || *indentation.get_or_insert(indented) == indented;
        if rest.trim_end() != content.trim_end() || !before.bytes().all(|byte| byte == b' ') || !is_same {
            return None;
        }
        taken.take(content, start + indented, &["$$"]);
        taken.text.push_str(end);
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, text: &str) -> Vec<String> {
        let workspace = Workspace::in_memory([(path.to_owned(), text.as_bytes().to_vec())]);
        let all = workspace.inline_dockerfiles(path);
        let line = |inline: &InlineDockerfile| {
            // Each word is found where it stands.
            let own = inline.source.text();
            for (at, word) in own.match_indices(|c: char| c.is_ascii_alphabetic()) {
                let place = inline.place(TextRange::from_usize(at, at + 1));
                assert_eq!(place.slice(text), word, "{own}");
            }
            assert!(workspace.read(inline.source.path()).is_ok());
            format!("{} {own:?}", inline.source.path())
        };
        all.iter().map(line).collect()
    }

    #[test]
    fn blocks_of_compose_files() {
        let text = "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM x\n\n        RUN a \\\n          && echo $$HOME $$ 'é' b\n  b:\n    build:\n      \
                    dockerfile_inline: |-\n\n        # c\n        FROM y\n  c:\n    build:\n      dockerfile_inline: \"FROM z\"\n  d:\n    build:\n      \
                    dockerfile_inline: >\n        FROM\n        z\n  e:\n    image: x\n";
        let expected = [
            "compose.yml#a \"FROM x\\n\\nRUN a \\\\\\n  && echo $HOME $ 'é' b\\n\"",
            "compose.yml#b \"\\n# c\\nFROM y\"",
        ];
        assert_eq!(shown("compose.yml", text), expected);
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(shown("compose.yml", &crlf), expected);
        assert!(shown("other.yml", text).is_empty());
    }

    /// A file that is being typed: nothing panics, and each place is one of the file.
    #[test]
    fn every_prefix_is_read() {
        let compose = "services:\n  a: &a\n    build: &b\n      dockerfile_inline: |2-\n\n         FROM é\n        RUN a $$$B\n  b: *a\n  <<: [*a, *b]\n";
        let bake = "target \"a\" {\n  dockerfile-inline = <<-EOT\n\n    FROM é $${A} %%{\n  EOT\n}\n";
        for (path, text) in [("compose.yml", compose), ("bake.hcl", bake)] {
            for (end, _) in text.char_indices() {
                let text = &text[..end];
                let workspace = Workspace::in_memory([(path.to_owned(), text.as_bytes().to_vec())]);
                for inline in workspace.inline_dockerfiles(path).iter() {
                    let length = inline.source.text().len();
                    for (start, _) in inline.source.text().char_indices() {
                        let place = inline.place(TextRange::from_usize(start, length));
                        assert!(text.get(place.start() as usize..place.end() as usize).is_some(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_range_of_lines_ends_where_they_end() {
        let text = "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM x\n        RUN a\n";
        let workspace = Workspace::in_memory([("compose.yml".to_owned(), text.as_bytes().to_vec())]);
        let all = workspace.inline_dockerfiles("compose.yml");
        assert_eq!(all[0].place(TextRange::new(0, 6)).slice(text), "FROM x");
        assert_eq!(all[0].place(TextRange::new(0, 12)).slice(text), "FROM x\n        RUN a");
    }

    #[test]
    fn heredocs_of_bake_files() {
        let text = "target \"a\" {\n  dockerfile-inline = <<EOT\nFROM x\nRUN echo $${HOME} $A\nEOT\n}\ntarget \"b\" {\n  dockerfile-inline = <<-EOT\n    FROM y\n      RUN b\n  EOT\n}\n\
                    target \"c\" {\n  dockerfile-inline = <<EOT\nFROM ${upper(X)}\nEOT\n}\n";
        assert_eq!(
            shown("docker-bake.hcl", text),
            ["docker-bake.hcl#a \"FROM x\\nRUN echo ${HOME} $A\\n\"", "docker-bake.hcl#b \"FROM y\\n  RUN b\\n\"",]
        );
    }
}
