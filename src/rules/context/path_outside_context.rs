//! `COPY` asks for something above the build context, or for a link that leads out of the repository.

use crate::diagnostic::Severity;
use crate::facts::{Facts, Source, Transfer};
use crate::rules::{Check, Reporter};
use crate::workspace::{ReadError, join};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let transfers = facts.stages.iter().flat_map(|stage| &stage.transfers);
    for transfer in transfers.filter(|transfer| transfer.source == Source::Context) {
        let keyword = if transfer.add { "ADD" } else { "COPY" };
        for (path, range) in &transfer.escaping {
            let mut finding = reporter.report(*range, format!("`{keyword} {path}` leads above the build context"));
            if let Some(inside) = read_instead(facts, path) {
                finding.severity(Severity::Info);
                finding.primary_label(match inside.as_str() {
                    "" => "the builder takes the whole context instead".to_owned(),
                    inside => format!("the builder takes `{inside}` of the context instead"),
                });
            } else {
                finding.primary_label("the builder reads below the context instead");
            }
            finding.help("name the path from the context's root, or build with a context that holds it (`--context` shows slimlint another)");
        }
        for (path, range) in links_out(facts, transfer) {
            let mut finding = reporter.report(range, format!("`{path}` is a link that leads out of the repository"));
            finding.primary_label("the builder does not find it, and slimlint does not follow it");
            finding.help("copy the file into the context, or make the link point to something inside");
        }
    }
}

/// What the builder finds in the context for a path that leads above it: it reads `../shared` as `/shared`. `None` where nothing is.
fn read_instead(facts: &Facts<'_>, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let inside = parts.join("/");
    let full = join(&facts.service.context, &inside)?;
    (inside.is_empty() || facts.workspace.exists(&full)).then_some(inside)
}

fn links_out<'f>(
    facts: &'f Facts<'_>,
    transfer: &'f Transfer,
) -> impl Iterator<Item = (&'f str, crate::text::TextRange)> {
    transfer.paths.iter().filter_map(|(path, range)| {
        let path = path.known().filter(|path| !path.is_empty() && !path.contains("://"))?;
        let full = join(&facts.service.context, path)?;
        matches!(facts.workspace.real_path(&full), Err(ReadError::OutsideRoot)).then_some((path, *range))
    })
}
