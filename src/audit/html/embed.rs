//! Text in places where a browser would read it as something else.

use std::io;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// JSON in which nothing ends the element that it stands in, and no line ends.
pub(super) fn json(object: &impl Serialize) -> io::Result<String> {
    let json = serde_json::to_string(object).map_err(io::Error::other)?;
    let mut safe = String::with_capacity(json.len() + json.len() / 50);
    for c in json.chars() {
        // Outside strings JSON has none of these.
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    Ok(safe)
}

/// How a Content-Security-Policy names an inline style or script.
pub(super) fn hash(content: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(content.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let shown = DIGITS.get(value as usize).filter(|_| digit <= group.len());
            text.push(shown.map_or('=', |&digit| char::from(digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn nothing_in_json_is_markup_and_it_reads_as_it_was() {
        let hostile = "</script><!--<script>\u{2028}\u{2029}&amp;\"'";
        let embedded = json(&hostile).expect("JSON");
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{embedded}");
        assert_eq!(serde_json::from_str::<String>(&embedded).expect("JSON"), hostile);
    }
}
