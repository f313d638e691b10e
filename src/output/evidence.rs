//! What a finding says besides its message: evidence by heading, the bytes, the fix, the remedy.

use std::borrow::Cow;

use crate::diagnostic::{Applicability, Diagnostic, Savings, format_bytes};

/// Headings with their texts, in the order in which they are told. Not escaped; a text can have several lines.
pub(crate) fn rows(diagnostic: &Diagnostic) -> Vec<(&str, Cow<'_, str>)> {
    let mut rows: Vec<(&str, Cow<'_, str>)> =
        diagnostic.notes.iter().map(|(name, text)| (*name, text.as_str().into())).collect();
    rows.extend(diagnostic.savings.as_ref().and_then(saves).map(|text| ("saves", text.into())));
    if let Some(fix) = &diagnostic.fix {
        let kind = match fix.applicability {
            Applicability::Safe => "",
            Applicability::Unsafe => "(unsafe) ",
            Applicability::Display => "(by hand) ",
        };
        rows.push(("fix", format!("{kind}{}", fix.title).into()));
        rows.extend(fix.caution.as_ref().map(|caution| ("risk", caution.as_str().into())));
    }
    rows.extend(diagnostic.help.as_ref().map(|help| ("help", help.as_str().into())));
    rows
}

/// `~4.4 GB (lock)`; nothing when it is not known.
fn saves(savings: &Savings) -> Option<String> {
    let bytes = savings.bytes();
    let basis = savings.basis()?.name();
    let amount = if savings.complete {
        format!("~{}", format_bytes(bytes))
    } else {
        format!("at least {}", format_bytes(bytes))
    };
    let whereof = if savings.in_image { "" } else { " less sent to the builder" };
    savings.is_telling().then(|| format!("{amount}{whereof} ({basis})"))
}

/// `−4.4 GB`, `−4.4 GB or more`; nothing when it is not known.
pub(super) fn saved(diagnostic: &Diagnostic) -> Option<String> {
    let savings = diagnostic.savings.as_ref().filter(|savings| savings.is_telling())?;
    let least = if savings.complete { "" } else { " or more" };
    Some(format!("−{}{least}", format_bytes(savings.bytes())))
}
