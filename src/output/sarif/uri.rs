//! Paths as addresses.

use std::fmt::Write as _;

/// A path relative to some folder. Everything but letters, digits and `-._~/` is percent-encoded, so that no part of it is taken for a
/// scheme, a query or a fragment.
pub(super) fn relative(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// An absolute path with `/` between its parts, also one of Windows (`//?/C:/a b` is `file:///C:/a%20b`).
pub(super) fn absolute(path: &str) -> String {
    let path = path.strip_prefix("//?/").unwrap_or(path);
    match path.split_once(":/").filter(|(drive, _)| drive.len() == 1) {
        Some((drive, rest)) => format!("file:///{drive}:/{}", relative(rest)),
        None => format!("file://{}", relative(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_path_is_syntax() {
        assert_eq!(relative("a b/c:d?e#f%g/ä[1]"), "a%20b/c%3Ad%3Fe%23f%25g/%C3%A4%5B1%5D");
        assert_eq!(relative("https://x/\u{202e}\n"), "https%3A//x/%E2%80%AE%0A");
        assert_eq!(absolute("/a b/Dockerfile"), "file:///a%20b/Dockerfile");
        assert_eq!(absolute("//?/C:/a b/Dockerfile"), "file:///C:/a%20b/Dockerfile");
    }
}
