//! Credentials in addresses.

use std::borrow::Cow;

/// `text` with the credentials of each address (`https://user:secret@host/`) as asterisks, one for each byte, so that offsets stay
/// what they are. `git@` and what variables will hold (`https://$TOKEN@host/`) are no secrets.
#[must_use]
pub fn mask_credentials(text: &str) -> Cow<'_, str> {
    let mut masked: Option<String> = None;
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("://")) {
        from += found + 3;
        let rest = text.get(from..).unwrap_or_default();
        // `@` may stand in a path or a query, but not behind their beginning in the part that names host and user.
        let authority = rest.find(ends_authority).map_or(rest, |end| rest.split_at(end).0);
        let Some((user, _)) = authority.rsplit_once('@') else { continue };
        if !is_public(user) {
            let masked = masked.get_or_insert_with(|| text.to_owned());
            masked.replace_range(from..from + user.len(), &"*".repeat(user.len()));
        }
        from += user.len();
    }
    masked.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn ends_authority(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | '\\')
}

fn is_public(user: &str) -> bool {
    let is_variable =
        |part: &str| part.is_empty() || part.starts_with('$') || (part.starts_with('{') && part.ends_with('}'));
    let (name, secret) = user.split_once(':').unwrap_or((user, ""));
    match secret {
        "" => name == "git" || is_variable(name),
        secret => is_variable(secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_become_asterisks() {
        for (text, expected) in [
            (
                "pip install -i https://me:s3cret@example.invalid/simple x",
                "pip install -i https://*********@example.invalid/simple x",
            ),
            ("\"git+https://ghp_abc@example.invalid/r.git\"", "\"git+https://*******@example.invalid/r.git\""),
            ("https://a:ü@h https://b:c@h", "https://****@h https://***@h"),
            ("https://:p@ss@h/", "https://*****@h/"),
        ] {
            assert_eq!(mask_credentials(text), expected);
            assert_eq!(mask_credentials(text).len(), text.len());
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "ssh://git@example.invalid/r.git",
            "https://$TOKEN@example.invalid/ https://x:${TOKEN}@example.invalid/ https://{user}@h",
            "https://example.invalid/@scope/package https://example.invalid?a=b@c",
            "https://example.invalid mail me@example.invalid",
            "://",
            "no address @ all",
        ] {
            assert_eq!(mask_credentials(text), text);
        }
    }
}
