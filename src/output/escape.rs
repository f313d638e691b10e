//! Characters that would act on a terminal or deceive its reader.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` on one line, with control, escape, bidirectional and invisible characters written as `\u{202e}` or `\x1b`.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => safe.push_str("    "),
            c if acts(c) && c.is_ascii() => {
                let _ = write!(safe, "\\x{:02x}", u32::from(c));
            }
            c if acts(c) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// JSON with such characters as `\uXXXX`. Outside strings JSON has none, so the text can be taken as a whole.
pub(super) fn escape_json(json: &str) -> Cow<'_, str> {
    if is_plain(json) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if acts(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Bytes for a terminal: lines and tabs stay, everything else that acts is escaped.
pub(crate) fn escape_lines(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let line = line.strip_suffix('\r').unwrap_or(line);
        for (index, part) in line.split('\t').enumerate() {
            safe.push_str(if index > 0 { "\t" } else { "" });
            safe.push_str(&escape(part));
        }
        safe.push_str(end);
    }
    safe
}

/// Whether nothing in `text` acts.
fn is_plain(text: &str) -> bool {
    // Nearly all of it is ASCII, of which blocks are looked at without a branch for each byte.
    let is_printable = |block: &[u8]| block.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    text.as_bytes().chunks(64).all(is_printable) || !text.chars().any(acts)
}

fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_escaped() {
        assert_eq!(escape("a\u{1b}[2Jb\u{202e}c\u{9b}d\te"), r"a\x1b[2Jb\u{202e}c\u{9b}d    e");
        assert_eq!(escape("größe 好 👩‍💻"), "größe 好 👩‍💻");
        assert_eq!(escape_json("\"a\u{202e}\u{7f}\u{e0041}\""), r#""a\u202e\u007f\udb40\udc41""#);
        assert_eq!(escape_lines(b"+a\tb\r\n-\x1b[0m\n"), "+a\tb\n-\\x1b[0m\n");
    }
}
