use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

/// `path` without `.`, `..` and empty parts; `""` is the root. `None` when it is absolute or leads above the root.
#[must_use]
pub fn normalise(path: &str) -> Option<String> {
    clean(path).map(Cow::into_owned)
}

/// [`normalise`], without a copy where nothing is to do.
pub(super) fn clean(path: &str) -> Option<Cow<'_, str>> {
    if is_clean(path) {
        return Some(Cow::Borrowed(path));
    }
    let mut clean = String::with_capacity(path.len());
    descend(&mut clean, path)?;
    Some(Cow::Owned(clean))
}

/// Whether nothing is to do, as far as bytes tell: no part is empty or begins with a dot.
fn is_clean(path: &str) -> bool {
    let mut before = b'/';
    let plain = path.bytes().all(|byte| {
        let holds =
            (before != b'/' || !matches!(byte, b'/' | b'.')) && !(cfg!(windows) && matches!(byte, b'\\' | b':'));
        before = byte;
        holds
    });
    plain && (before != b'/' || path.is_empty())
}

/// Goes from the folder `clean` to `path`.
fn descend(clean: &mut String, path: &str) -> Option<()> {
    let is_separator = |character| character == '/' || (cfg!(windows) && character == '\\');
    if path.starts_with(is_separator) {
        return None;
    }
    for part in path.split(is_separator) {
        match part {
            "" | "." => {}
            ".." if clean.is_empty() => return None,
            ".." => clean.truncate(clean.rfind('/').unwrap_or_default()),
            // `C:` would make the path absolute, `name:stream` would name something else.
            _ if cfg!(windows) && part.contains(':') => return None,
            _ => {
                if !clean.is_empty() {
                    clean.push('/');
                }
                clean.push_str(part);
            }
        }
    }
    Some(())
}

/// `path` as seen from the folder `directory`, normalised. `None` when it is absolute or leads above the root.
#[must_use]
pub fn join(directory: &str, path: &str) -> Option<String> {
    let mut clean = String::with_capacity(directory.len() + 1 + path.len());
    if is_clean(directory) {
        clean.push_str(directory);
    } else {
        descend(&mut clean, directory)?;
    }
    if is_clean(path) {
        if !clean.is_empty() && !path.is_empty() {
            clean.push('/');
        }
        clean.push_str(path);
    } else {
        descend(&mut clean, path)?;
    }
    Some(clean)
}

/// The folder that holds `path`; `""` for what lies in the root.
#[must_use]
pub fn parent(path: &str) -> &str {
    // Paths are short, and asked for in great numbers: to look at each byte is the quickest.
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.and_then(|at| path.get(..at)).unwrap_or_default()
}

/// `path` without `.` and `..`, as it is written: links in it are not looked at.
#[must_use]
pub fn lexical(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

/// The path of `file` as seen from `folder`, with `/` and as many `..` as it takes; `""` for the folder itself. Both are absolute and
/// without links.
#[must_use]
pub fn relative_to(file: &Path, folder: &Path) -> String {
    let (mut from, mut to) = (folder.components().peekable(), file.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let up = from.map(|_| "..".to_owned());
    let down = to.filter(|part| *part != Component::CurDir).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// `path` below `base`, with `/`. Names that are not Unicode are made readable, not exact.
pub(super) fn relative(path: &Path, base: &Path) -> String {
    let rest = path.strip_prefix(base).unwrap_or(path).to_string_lossy();
    if cfg!(windows) { rest.replace('\\', "/") } else { rest.into_owned() }
}

/// What is left of `path` below `directory`; `None` when it lies elsewhere.
#[must_use]
pub fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    if directory.is_empty() { Some(path) } else { path.strip_prefix(directory)?.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_never_lead_above_the_root() {
        for (path, expected) in [
            ("", Some("")),
            (".", Some("")),
            ("a/./b//c/", Some("a/b/c")),
            ("a/../b", Some("b")),
            ("a/..", Some("")),
            ("..", None),
            ("a/../../b", None),
            ("a/.b/c..", Some("a/.b/c..")),
            ("a//b", Some("a/b")),
            ("//a", None),
            ("/etc/passwd", None),
        ] {
            assert_eq!(normalise(path).as_deref(), expected, "{path}");
        }
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join("", "c").as_deref(), Some("c"));
        assert_eq!(join("c", "").as_deref(), Some("c"));
        assert_eq!(join("./a", "b/./c").as_deref(), Some("a/b/c"));
        assert_eq!(join("a", "../../c"), None);
        assert_eq!(join("a", "/etc/passwd"), None);
        assert_eq!((parent("a/b/c"), parent("c")), ("a/b", ""));
    }
}
