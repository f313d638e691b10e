//! Paths of files as editors name them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use lsp_types::Uri;

/// The path that a `file:` address names; `None` for others, and where it is not Unicode.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    // What stands in front of the first slash is a host, of which only this one has files here.
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    if !path.starts_with('/') {
        return None;
    }
    let path = decoded(path)?;
    let is_drive = |path: &str| {
        let mut characters = path.chars();
        characters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && characters.next() == Some(':')
    };
    // `/c:/code`
    let without = path.strip_prefix('/').filter(|path| cfg!(windows) && is_drive(path));
    Some(PathBuf::from(without.unwrap_or(&path)))
}

/// The address of a file; `None` where its path is not Unicode.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let path = path.to_str()?;
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let root = if path.starts_with('/') { "" } else { "/" };
    let mut uri = format!("file://{root}");
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if is_plain {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    Uri::from_str(&uri).ok()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_there_and_back() {
        for (path, uri) in [
            ("/a/Dockerfile", "file:///a/Dockerfile"),
            ("/a b/größe#1?%.txt", "file:///a%20b/gr%C3%B6%C3%9Fe%231%3F%25.txt"),
        ] {
            let made = uri_of(Path::new(path)).unwrap();
            assert_eq!(made.as_str(), uri);
            assert_eq!(path_of(&made).unwrap(), Path::new(path));
        }
    }

    #[test]
    fn other_addresses_are_no_files() {
        for uri in [
            "untitled:Untitled-1",
            "file://host/a",
            "file:///a%2",
            "file:///a%ff",
            "file:///a%00",
            "https://a.invalid/b",
        ] {
            let Ok(uri) = Uri::from_str(uri) else { continue };
            assert_eq!(path_of(&uri), None, "{}", uri.as_str());
        }
        let local = Uri::from_str("file://localhost/a?x#y").unwrap();
        assert_eq!(path_of(&local).unwrap(), Path::new("/a"));
    }
}
