//! Paths as people see them.

use std::borrow::Cow;
use std::path::Path;

use crate::workspace::relative_to;

/// The path of `file` (relative to `root`, `/`-separated) relative to `cwd`, with `/` between its parts. Both folders are
/// absolute and without links. Not escaped.
#[must_use]
pub fn shown_path(root: &Path, file: &str, cwd: &Path) -> String {
    // Mostly it is the root itself that somebody works in.
    let is_plain = !file.is_empty() && file.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_plain && cfg!(not(windows)) && root.as_os_str() == cwd.as_os_str() {
        return file.to_owned();
    }
    let path = relative_to(&root.join(file), cwd);
    if path.is_empty() { ".".to_owned() } else { path }
}

/// An escaped path that begins a line of output. CI services take lines that begin in a certain way for commands, and a repository can
/// have a folder of that name.
pub(super) fn line_start(path: &str) -> Cow<'_, str> {
    let is_command = path.starts_with("::") || path.starts_with("##");
    if is_command { format!("./{path}").into() } else { path.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_to_the_working_directory() {
        for (root, file, cwd, shown) in [
            ("/r", "a/Dockerfile", "/r", "a/Dockerfile"),
            ("/r", "a/Dockerfile", "/r/a", "Dockerfile"),
            ("/r", "a/Dockerfile", "/r/b/c", "../../a/Dockerfile"),
            ("/r/x", "Dockerfile", "/r", "x/Dockerfile"),
            ("/r", "", "/r", "."),
        ] {
            assert_eq!(shown_path(Path::new(root), file, Path::new(cwd)), shown);
        }
    }

    #[test]
    fn no_path_is_a_command_of_a_service() {
        assert_eq!(line_start("::error::x/Dockerfile"), "./::error::x/Dockerfile");
        assert_eq!(line_start("##[error]x/Dockerfile"), "./##[error]x/Dockerfile");
        assert_eq!(line_start(":a/Dockerfile"), ":a/Dockerfile");
    }
}
