//! Paths inside an image: always `/`, resolved without looking at any file system.

use crate::dockerfile::Value;
use crate::workspace::parent;

/// `path` made absolute against `base` and cleaned of `.`, `..` and repeated slashes. A trailing slash is dropped.
#[must_use]
pub fn resolve(base: &str, path: &str) -> String {
    let base = if path.starts_with('/') { "" } else { base };
    let mut clean = String::with_capacity(base.len() + path.len() + 2);
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => clean.truncate(clean.rfind('/').unwrap_or_default()),
            part => {
                clean.push('/');
                clean.push_str(part);
            }
        }
    }
    if clean.is_empty() {
        clean.push('/');
    }
    clean
}

/// [`resolve`] for values that may not be known.
pub(super) fn resolve_value(base: &Value, path: &Value) -> Value {
    match (base.known(), path.known()) {
        (_, Some(path)) if path.starts_with('/') => Value::new(resolve("", path)),
        (Some(base), Some(path)) => Value::new(resolve(base, path)),
        _ => Value::unknown(),
    }
}

/// Whether `path` is `ancestor` or lies below it. Both absolute and clean.
#[must_use]
pub fn is_below(path: &str, ancestor: &str) -> bool {
    ancestor == "/" || path == ancestor || path.strip_prefix(ancestor).is_some_and(|rest| rest.starts_with('/'))
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    // Paths are short, and asked for in great numbers: to look at each byte is the quickest.
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.and_then(|at| path.get(at + 1..)).unwrap_or(path)
}

/// Whether what stands behind the last dot of a name or path is `ending`.
pub(in crate::facts) fn has_ending(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == ending)
}

/// Whether `path` lies in one of `folders`, in one for tests such as `functional-tests`, or in a hidden one.
pub(in crate::facts) fn lies_in_any(path: &str, folders: &[&str]) -> bool {
    parent(path).split('/').any(|part| {
        let last = part.rsplit(['-', '_']).next().unwrap_or(part);
        part.starts_with('.') || folders.contains(&part) || matches!(last, "test" | "tests")
    })
}

/// A word of a command without the marks of the exec form around it: `app.sh` of `"app.sh",`.
pub(in crate::facts) fn bare(word: &str) -> &str {
    word.trim_matches(['"', '\'', ',', '[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve_like_the_shell_reads_them() {
        for (base, path, expected) in [
            ("/app", "requirements.txt", "/app/requirements.txt"),
            ("/app", "./x//y/", "/app/x/y"),
            ("/app", "../etc", "/etc"),
            ("/app", "/abs", "/abs"),
            ("/", ".", "/"),
            ("/a", "../../..", "/"),
        ] {
            assert_eq!(resolve(base, path), expected);
        }
        assert!(is_below("/app/x", "/app") && !is_below("/application", "/app") && is_below("/x", "/"));
    }
}
