//! Who has a file with secrets anyway, and what reads it.

use crate::context::{CopySource, IgnoreFile};
use crate::facts::Facts;
use crate::facts::purpose::READMES;
use crate::workspace::{join, parent};

use super::super::super::paths::{file_name, is_below};
use super::super::super::transfer::glob_matches;
use super::super::readers::{MAX_BYTES, MAX_FILES, extension, is_aside, is_code};
use super::super::{IgnorePlan, waste};
use super::{SecretFile, SecretKind, look};

/// Packages of Symfony that read `.env` when a program starts, and stop without it.
const SYMFONY: [&str; 4] = ["symfony/dotenv", "symfony/runtime", "symfony/flex", "symfony/framework-bundle"];
/// What a repository has in its folders.
const REPOSITORY: [&str; 3] = [".git", ".gitignore", ".gitattributes"];

impl Facts<'_> {
    /// The file at `path` of the context, when it holds secrets that are none of the program's own defaults.
    pub(super) fn secret(&self, path: &str) -> Option<SecretFile> {
        let context = self.service.context.as_str();
        let mut secret = look(self.workspace, context, path, |value| self.is_shown(path, value))?;
        secret.tracked = self.is_tracked(path);
        if secret.tracked && secret.kind == SecretKind::Variables && self.is_of_symfony(path) {
            return None;
        }
        if secret.tracked && secret.kind == SecretKind::Key && self.is_published(path) {
            return None;
        }
        if secret.kind == SecretKind::Key {
            if secret.tracked && self.is_said_to_be_for_show(path) {
                return None;
            }
            secret.reader = self.reader_of_key(path);
        }
        Some(secret)
    }

    /// Whether a value of the file at `path` stands in a file for tests, `.env.test`, or in a source as well, where it is no secret.
    fn is_shown(&self, path: &str, value: &str) -> bool {
        let context = self.service.context.as_str();
        let tree = self.workspace.tree(context, None);
        let is_for_tests = |path: &str| {
            let mut parts = path.split(['/', '.', '-', '_']);
            parts.any(|part| part.eq_ignore_ascii_case("test") || part.eq_ignore_ascii_case("tests"))
        };
        let may_show = |other: &str| other != path && (is_for_tests(other) || is_code(file_name(other)));
        let mut others =
            tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && may_show(&file.path)).take(MAX_FILES);
        others.any(|other| {
            let source = join(context, &other.path).and_then(|place| self.workspace.read(&place).ok());
            source.is_some_and(|source| source.text().contains(value))
        })
    }

    /// Whether the context lies in a repository that does not leave the file out.
    fn is_tracked(&self, path: &str) -> bool {
        let context = self.service.context.as_str();
        let Some(place) = join(context, path) else { return false };
        let folders =
            std::iter::successors(Some(parent(&place)), |folder| (!folder.is_empty()).then(|| parent(folder)));
        let mut signs = folders.flat_map(|folder| REPOSITORY.iter().filter_map(move |name| join(folder, name)));
        signs.any(|sign| self.workspace.exists(&sign))
            && waste::ignored_by(self.workspace, context, path, false).is_none()
    }

    /// Whether a `composer.json` beside it says that it holds the defaults of a program with Symfony, which asks for all others in
    /// `.env.local`.
    fn is_of_symfony(&self, path: &str) -> bool {
        let manifest = join(&self.service.context, parent(path)).and_then(|folder| join(&folder, "composer.json"));
        let manifest = manifest.and_then(|manifest| self.workspace.read(&manifest).ok());
        file_name(path) != ".env.local"
            && manifest.is_some_and(|manifest| SYMFONY.iter().any(|name| manifest.text().contains(name)))
    }

    /// Whether a package of Python holds the file by what its `MANIFEST.in` says, so that everybody has it who has the package:
    /// `include certificates/*`.
    fn is_published(&self, path: &str) -> bool {
        let place = join(&self.service.context, path).unwrap_or_default();
        let mut folders =
            std::iter::successors(Some(parent(&place)), |folder| (!folder.is_empty()).then(|| parent(folder)));
        folders.any(|folder| {
            let manifest = join(folder, "MANIFEST.in").and_then(|manifest| self.workspace.read(&manifest).ok());
            let below = place.strip_prefix(folder).unwrap_or(&place).trim_start_matches('/');
            manifest.is_some_and(|manifest| includes(manifest.text(), below))
        })
    }

    /// Whether the `README` beside a key says that it is for show: `These are for demonstration and testing purposes only.` Or that of
    /// a folder around it does, and names the file: `example server.crt and server.key`.
    fn is_said_to_be_for_show(&self, path: &str) -> bool {
        const SAID: [&str; 4] = ["demonstration", "testing purposes", "test purposes", "testing only"];
        let beside = join(&self.service.context, parent(path)).unwrap_or_default();
        let name = file_name(path).to_lowercase();
        // The one of the whole project speaks of more than its keys.
        let mut folders = std::iter::successors(Some(beside.as_str()), |folder| Some(parent(folder)))
            .take_while(|folder| !folder.is_empty());
        folders.any(|folder| {
            let speaks = |line: &str| {
                let of_keys = ["key", "keys", "certificate", "certificates"].iter().any(|word| has_part(line, word));
                // `example server.crt, server.key`; `for example` says nothing of the file.
                let line = line.replace("for example", "").replace("e.g.", "");
                let is_example = line.split_once("example ").is_some_and(|(_, behind)| has_part(behind, &name));
                is_example
                    || SAID.iter().any(|said| line.contains(said))
                        && (has_part(&line, &name) || of_keys && folder == beside)
            };
            let mut texts = READMES.iter().filter_map(|name| self.workspace.read(&join(folder, name)?).ok());
            texts.any(|text| text.text().to_lowercase().lines().any(speaks))
        })
    }

    /// The first source or setting of the context that names the file together with its folder, or stands in that folder.
    fn reader_of_key(&self, path: &str) -> Option<String> {
        const SETTINGS: [&str; 14] =
            ["java", "kt", "rs", "cs", "sh", "conf", "cfg", "ini", "toml", "json", "yml", "yaml", "xml", "properties"];
        let context = self.service.context.as_str();
        let tree = self.workspace.tree(context, self.ignore().as_deref());
        let (name, folder) = (file_name(path), file_name(parent(path)));
        let is_comment =
            |line: &str| ["#", "//", ";", "--", "*", "/*"].iter().any(|sign| line.trim_start().starts_with(sign));
        // The folder is told beside the name: `server.key` does not tell of a folder `server`.
        let speaks = |line: &str, is_beside: bool| {
            !is_comment(line) && has_part(line, name) && (is_beside || has_part(&line.replace(name, ""), folder))
        };
        let may_read = |path: &str| {
            let name = file_name(path);
            let is_source = is_code(name) || SETTINGS.contains(&extension(name));
            // Compose files and workflows tell of other containers too.
            is_source && !is_aside(path) && !crate::workspace::is_compose_name(name)
        };
        let files = tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && may_read(&file.path)).take(MAX_FILES);
        let mut reading = files.filter(|file| {
            let source = join(context, &file.path).and_then(|path| self.workspace.read(&path).ok());
            let is_beside = parent(&file.path) == parent(path);
            source.is_some_and(|source| {
                source.text().contains(name) && source.text().lines().any(|line| speaks(line, is_beside))
            })
        });
        reading.next().map(|file| file.path.clone())
    }
}

/// Whether `name` stands in `line` as a part of its own, as in a path.
pub(super) fn has_part(line: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    !name.is_empty()
        && line.match_indices(name).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let after = line.get(at + name.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
}

/// Whether a `MANIFEST.in` takes the file at `path`, relative to its folder, and does not leave it out again.
fn includes(manifest: &str, path: &str) -> bool {
    let (folder, name) = (parent(path), file_name(path));
    let is_in = |outer: &str| is_below(&format!("/{folder}"), &format!("/{}", outer.trim_matches('/')));
    manifest.lines().fold(false, |taken, line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let covers = |pattern: &&str| match pattern.rsplit_once('/') {
            Some((outer, last)) => outer == folder && glob_matches(last, name),
            None => folder.is_empty() && glob_matches(pattern, name),
        };
        let matches_name = |pattern: &&str| glob_matches(pattern, name);
        match words.as_slice() {
            ["include", patterns @ ..] => taken || patterns.iter().any(covers),
            ["exclude", patterns @ ..] => taken && !patterns.iter().any(covers),
            ["recursive-include", outer, patterns @ ..] => taken || is_in(outer) && patterns.iter().any(matches_name),
            ["recursive-exclude", outer, patterns @ ..] => {
                taken && !(is_in(outer) && patterns.iter().any(matches_name))
            }
            ["graft", outer] => taken || is_in(outer),
            ["prune", outer] => taken && !is_in(outer),
            ["global-include", patterns @ ..] => taken || patterns.iter().any(matches_name),
            ["global-exclude", patterns @ ..] => taken && !patterns.iter().any(matches_name),
            _ => taken,
        }
    })
}

impl IgnorePlan {
    /// Whether somebody wants the file at `path` in a build: a Dockerfile that shares the ignore file copies or mounts it by name, a
    /// command or a start script names it, or the ignore file takes it back.
    #[must_use]
    pub fn is_wanted(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let names = |source: &String| {
            CopySource::parse(source).is_some_and(|source| {
                let patterns = source.parts();
                let is_all = patterns.last().is_none_or(|last| last.matches("a-file-of-any-name"));
                !is_all
                    && patterns.len() == parts.len()
                    && patterns.iter().zip(&parts).all(|(pattern, part)| pattern.matches(part))
            })
        };
        let mut exceptions = self.ignore.patterns.iter().filter(|pattern| pattern.exclusion);
        self.builds.iter().any(|build| build.says(file_name(path)) || build.sources.iter().any(names))
            || exceptions.any(|exception| IgnoreFile::parse(&exception.text).excluded(path))
    }
}

#[cfg(test)]
mod tests {
    use super::includes;

    #[test]
    fn a_manifest_takes_files_in_turn() {
        assert!(includes("include proxy/*\n", "proxy/ca.key"));
        assert!(!includes("include proxy/*\n", "proxy/deep/ca.key"));
        assert!(includes("graft src", "src/package/ca.key"));
        assert!(includes("recursive-include src *.key *.pem", "src/package/ca.key"));
        assert!(!includes("graft src\nglobal-exclude *.key", "src/ca.key"));
        assert!(!includes("include README.md", "ca.key"));
    }
}
