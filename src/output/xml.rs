//! Text in XML.

use std::borrow::Cow;

use super::escape;

/// The declaration. The root stands right behind it: plug-ins take the first thing that stands there for it, be it a comment.
pub(super) const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Who wrote the document, behind the root.
pub(super) const TAIL: &str = concat!("<!-- slimlint ", env!("CARGO_PKG_VERSION"), " -->\n");

/// One line of text for an attribute in double quotes or for an element. What acts on terminals is made visible, and
/// that is also all that XML 1.0 has no place for.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    let escaped = escape(text);
    let is_special = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'');
    if !escaped.contains(is_special) {
        return escaped;
    }
    let mut safe = String::with_capacity(escaped.len() + 16);
    for c in escaped.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}
