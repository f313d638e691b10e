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
    match escape(text) {
        Cow::Borrowed(text) => unmarked(text),
        Cow::Owned(text) => Cow::Owned(unmarked(&text).into_owned()),
    }
}

/// Text between tags or in an attribute in quotes, of XML or HTML, in which nothing is markup.
pub(crate) fn unmarked(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            // HTML 4 has no `&apos;`.
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(unmarked("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(text("<\u{1b}>"), "&lt;\\x1b&gt;");
    }
}
