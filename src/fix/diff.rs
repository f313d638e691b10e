//! The unified diff of a plan, as `git apply` takes it.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::{FileChange, Plan};

/// Lines shown around a change.
const CONTEXT: usize = 3;

impl Plan {
    /// The patch: what `git apply` needs to make the same change, relative to the workspace's root. Bytes rather than text, since
    /// a file need not be UTF-8. Empty when nothing changes.
    #[must_use]
    pub fn diff(&self) -> Vec<u8> {
        let mut patch = Vec::new();
        for file in &self.files {
            diff_file(file, &mut patch);
        }
        patch
    }
}

impl FileChange {
    /// The part of [`Plan::diff`] that is about this file.
    #[must_use]
    pub fn diff(&self) -> Vec<u8> {
        let mut patch = Vec::new();
        diff_file(self, &mut patch);
        patch
    }
}

fn diff_file(file: &FileChange, patch: &mut Vec<u8>) {
    let (old_name, new_name) = (quoted(&format!("a/{}", file.path)), quoted(&format!("b/{}", file.path)));
    let mut header = format!("diff --git {old_name} {new_name}\n");
    if file.before.is_none() {
        header.push_str("new file mode 100644\n");
    }
    let before = file.before.as_ref().map_or(&[][..], |before| before.bytes());
    // A tab ends a name that holds a space.
    let tab = if file.path.contains(' ') { "\t" } else { "" };
    let old_header = if file.before.is_some() { format!("{old_name}{tab}") } else { "/dev/null".to_owned() };
    if before != file.after.as_slice() {
        let _ = write!(header, "--- {old_header}\n+++ {new_name}{tab}\n");
    }
    patch.extend_from_slice(header.as_bytes());

    let (old, new) = (lines(before), lines(&file.after));
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    for group in group_diff_ops(operations, CONTEXT) {
        hunk(&group, &old, &new, patch);
    }
}

fn hunk(group: &[DiffOp], old: &[&[u8]], new: &[&[u8]], patch: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let place = |start: usize, end: usize| match end - start {
        // The line before an empty range, by convention.
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    };
    let old_place = place(first.old_range().start, last.old_range().end);
    let new_place = place(first.new_range().start, last.new_range().end);
    patch.extend_from_slice(format!("@@ -{old_place} +{new_place} @@\n").as_bytes());
    for operation in group {
        if let DiffOp::Equal { .. } = operation {
            push_lines(b' ', old.get(operation.old_range()), patch);
        } else {
            push_lines(b'-', old.get(operation.old_range()), patch);
            push_lines(b'+', new.get(operation.new_range()), patch);
        }
    }
}

fn push_lines(sign: u8, lines: Option<&[&[u8]]>, patch: &mut Vec<u8>) {
    for line in lines.unwrap_or_default() {
        patch.push(sign);
        patch.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            patch.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    }
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

/// A name as git writes it: in quotes when it holds a quote, a backslash or a control character.
fn quoted(name: &str) -> String {
    if !name.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
        return name.to_owned();
    }
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(text, "\\{byte:03o}");
                }
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
