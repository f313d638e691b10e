use crate::dockerfile::UNKNOWN;

use super::super::Invocation;
use super::super::paths::{is_below, resolve};
use super::super::transfer::glob_matches;
use super::Options;

/// Paths that a command deletes.
#[derive(Debug, Default)]
pub struct Removal {
    /// Absolute paths; globs are kept as written.
    pub paths: Vec<String>,
    /// Absolute paths that are deleted when they are files: those of `rm` without `-r`.
    pub files: Vec<String>,
    /// What stands behind the unknown beginning of the other paths that `rm -r` deletes: `/.npm` for `~/.npm` of a user whose
    /// home the base image decides, nothing for `"$(npm config get cache)"`.
    pub unknown: Vec<String>,
}

/// What `rm`, `find … -delete` or `unlink` deletes with everything below it; `None` for other programs.
#[must_use]
pub fn removal(invocation: &Invocation) -> Option<Removal> {
    let workdir = invocation.workdir.known().unwrap_or("/\u{fffc}");
    let absolute = |path: &str| {
        let resolved = resolve(workdir, path);
        if path.ends_with('/') && resolved != "/" { format!("{resolved}/") } else { resolved }
    };
    match invocation.program.as_str() {
        "rm" => {
            let options = Options::read(&invocation.arguments, &[]);
            let recursive = options.has(&["-r", "-R", "--recursive"]);
            let named = options.operands.iter().filter_map(|(_, argument)| argument.value.known());
            // Without `-r` only files go, which a glob may name.
            let (paths, files): (Vec<&str>, Vec<&str>) = named.partition(|path| recursive || path.contains(['*', '?']));
            let all = |paths: Vec<&str>| paths.into_iter().map(absolute).collect();
            let words = options.operands.iter().map(|(_, argument)| argument.value.text());
            let unknown = words.filter(|text| recursive && text.contains(UNKNOWN));
            let rest = |text: &str| text.trim_start_matches(UNKNOWN).trim_end_matches(['*', '/']).to_owned();
            Some(Removal { paths: all(paths), files: all(files), unknown: unknown.map(rest).collect() })
        }
        "find" => {
            let deletes = invocation.has_argument("-delete")
                || invocation.arguments.windows(2).any(|pair| {
                    matches!(pair, [exec, rm] if matches!(exec.value.text(), "-exec" | "-execdir") && rm.value.text().ends_with("rm"))
                });
            let filtered = selects(invocation);
            let paths = invocation
                .arguments
                .iter()
                .map_while(|argument| argument.value.known().filter(|text| !text.starts_with(['-', '(', '!'])));
            let paths = if deletes && !filtered { paths.map(absolute).collect() } else { Vec::new() };
            Some(Removal { paths, ..Removal::default() })
        }
        _ => None,
    }
}

/// Whether the tests of `find` choose what it takes. `! -name keep` chooses what it leaves, which is little of a cache.
fn selects(invocation: &Invocation) -> bool {
    let tests = ["-name", "-iname", "-path", "-regex", "-mtime", "-newer", "-size"];
    let mut negated = false;
    invocation.arguments.iter().any(|argument| {
        let text = argument.value.text();
        let spares = std::mem::replace(&mut negated, matches!(text, "!" | "-not"));
        tests.contains(&text) && !(spares && matches!(text, "-name" | "-iname"))
    })
}

impl Removal {
    /// Whether all below `folder` (absolute) is gone: the folder itself, one around it, or everything in one of them.
    #[must_use]
    pub fn covers(&self, folder: &str) -> bool {
        self.paths.iter().any(|path| covers(path, folder))
    }

    /// Whether all below `folder` (absolute) may be gone, because a path with an unknown beginning leads to it or around it.
    #[must_use]
    pub fn may_cover(&self, folder: &str) -> bool {
        let leads_to = |rest: &str, at: usize| is_below(folder, folder.get(..at + rest.len()).unwrap_or_default());
        let named = self.unknown.iter().filter(|rest| rest.len() > 1 && rest.starts_with('/'));
        named.into_iter().any(|rest| folder.match_indices(rest.as_str()).any(|(at, _)| leads_to(rest, at)))
    }

    /// The removal of each known path alone.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        let paths = self.paths.iter().map(|path| Self { paths: vec![path.clone()], ..Self::default() });
        paths.chain(self.files.iter().map(|file| Self { files: vec![file.clone()], ..Self::default() }))
    }

    /// The first path that it names.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.paths.iter().chain(&self.files).next().map(String::as_str)
    }

    /// Whether the file `path` (absolute) is gone.
    #[must_use]
    pub fn deletes(&self, path: &str) -> bool {
        self.covers(path)
            || self.files.iter().any(|file| file == path)
            || self.paths.iter().any(|pattern| names(pattern, path))
    }
}

/// Whether `path`, or a folder around it, is one of those that a glob in the last part of `pattern` names: `/tmp/*.deb`.
fn names(pattern: &str, path: &str) -> bool {
    let Some((parent, name)) = pattern.trim_end_matches('/').rsplit_once('/') else { return false };
    if !name.contains(['*', '?']) || name.contains(['[', '{']) || parent.contains(['*', '?', '[', '{']) {
        return false;
    }
    let rest = path.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
    rest.and_then(|rest| rest.split('/').next()).is_some_and(|first| glob_matches(name, first))
}

fn covers(removed: &str, folder: &str) -> bool {
    // `rm -rf /var/lib/apt/{lists,cache}/*`
    if let Some((before, rest)) = removed.split_once('{')
        && let Some((inside, after)) = rest.split_once('}')
    {
        return inside.split(',').any(|choice| covers(&format!("{before}{choice}{after}"), folder));
    }
    let plain = removed.trim_end_matches('/');
    if !plain.contains(['*', '?', '[']) {
        return !plain.is_empty() && is_below(folder, plain);
    }
    // A glob in the last part: everything in that folder (`lists/*`), or every sibling that the pattern takes (`.cache*`).
    let Some((parent, pattern)) = plain.rsplit_once('/') else { return false };
    if parent.contains(['*', '?', '[']) {
        return false;
    }
    let parent = if parent.is_empty() { "/" } else { parent };
    if pattern == "*" || pattern == "*.*" {
        return is_below(folder, parent);
    }
    let Some(prefix) = pattern.strip_suffix('*').filter(|prefix| !prefix.contains(['*', '?', '['])) else {
        return false;
    };
    let start = if parent == "/" { format!("/{prefix}") } else { format!("{parent}/{prefix}") };
    folder.starts_with(&start)
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn what_rm_takes_away() {
        let lists = "/var/lib/apt/lists";
        for (removed, expected) in [
            ("/var/lib/apt/lists/*", true),
            ("/var/lib/apt/lists/", true),
            ("/var/lib/apt/lists", true),
            ("/var/lib/apt", true),
            ("/var/lib/apt/*", true),
            ("/var/lib/{apt,dpkg}/*", true),
            ("/var/lib/apt/lists/partial", false),
            ("/var/cache/apt/*", false),
            ("/var/lib/apt/list*", true),
            ("/tmp/*", false),
        ] {
            assert_eq!(covers(removed, lists), expected, "{removed}");
        }
    }
}
