//! Paths as texts, `/`-separated.

use std::borrow::Cow;

/// The shortest form of `path`, as Go's `path.Clean` makes it: `.` when nothing is left, `..` steps kept only at the front.
pub(super) fn clean(path: &str) -> Cow<'_, str> {
    // Most are what a walk found.
    let mut before = b'/';
    let plain = path.bytes().all(|byte| {
        let holds = before != b'/' || !matches!(byte, b'/' | b'.');
        before = byte;
        holds
    });
    if plain && before != b'/' {
        return Cow::Borrowed(path);
    }
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => Cow::Owned(format!("/{}", parts.join("/"))),
        (false, true) => Cow::Borrowed("."),
        (false, false) => Cow::Owned(parts.join("/")),
    }
}

/// `path` below the context's root, where `..` cannot lead out and a leading `/` means nothing: what `COPY` makes of a source.
pub(super) fn in_context(path: &str) -> String {
    parts_in_context(path).join("/")
}

/// The parts of [`in_context`].
pub(super) fn parts_in_context(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// `a`, `a/b`, `a/b/c` of `a/b/c`.
pub(super) fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/')
        .filter_map(|(at, _)| path.get(..at))
        .chain(std::iter::once(path))
        .filter(|step| !step.is_empty())
}
