//! Reports of slimlint that lie among the files that it lints.

use std::path::Path;
use std::sync::Arc;

use crate::text::SourceFile;

use super::Workspace;

/// Bytes at its beginning, or at its end, in which a report says whose it is.
const HEAD: usize = 400;

/// Whether `text` is a report of slimlint in a format for programs. It names packages because it was made, and speaks for none of them.
#[must_use]
pub fn is_report(text: &str) -> bool {
    let head = text.get(..text.floor_char_boundary(HEAD)).unwrap_or_default();
    match head.as_bytes().first() {
        Some(b'{') => head.starts_with(r#"{"version":1,"diagnostics":["#) || head.contains(r#""name":"slimlint""#),
        Some(b'[') => head.starts_with(r#"[{"engine_name":"slimlint""#),
        Some(b'<') => {
            let tail = text.get(text.ceil_char_boundary(text.len().saturating_sub(HEAD))..).unwrap_or_default();
            tail.contains("<!-- slimlint ")
        }
        _ => false,
    }
}

impl Workspace {
    /// The file that was read from `real`, a path without links, under whatever name.
    #[must_use]
    pub fn read_from(&self, real: &Path) -> Option<Arc<SourceFile>> {
        if !real.starts_with(self.root()) {
            return None;
        }
        let read = self.files.made().into_iter().filter_map(|(path, file)| Some((path, file.ok()?.source)));
        let mut there = read.filter(|(path, _)| self.real_path(path).is_ok_and(|path| path == real));
        there.next().map(|(_, source)| source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_known_by_its_head() {
        assert!(is_report("{\"version\":1,\"diagnostics\":[],\"summary\":{}}\n"));
        assert!(!is_report("{\"version\":1,\"dependencies\":{\"torch\":\"2\"}}"));
        assert!(!is_report("{\"name\":\"service\",\"scripts\":{\"lint\":\"slimlint\"}}"));
        assert!(!is_report("[1]") && !is_report("<a/>") && !is_report("") && !is_report(&"好".repeat(HEAD)));
    }

    #[cfg(unix)]
    #[test]
    fn what_was_read_is_found_by_where_it_lies() {
        let folder = crate::workspace::testing::folder(&[("a/Dockerfile", "FROM a\n"), ("other", "x")]);
        crate::workspace::testing::link(folder.path(), "Dockerfile", "a/Dockerfile");
        let workspace = Workspace::open(folder.path()).unwrap();
        let real = workspace.root().join("a/Dockerfile");
        assert!(workspace.read_from(&real).is_none());
        assert!(workspace.read("Dockerfile").is_ok());
        assert!(workspace.read_from(&real).is_some());
        assert!(workspace.read_from(&workspace.root().join("other")).is_none());
    }
}
