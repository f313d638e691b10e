//! `COPY` asks for something above the build context, or for a link that leads out of the repository.

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
            finding.primary_label("the builder reads below the context instead");
            finding.help("name the path from the context's root, or build with a context that holds it (`--context` shows slimlint another)");
        }
        for (path, range) in links_out(facts, transfer) {
            let mut finding = reporter.report(range, format!("`{path}` is a link that leads out of the repository"));
            finding.primary_label("the builder does not find it, and slimlint does not follow it");
            finding.help("copy the file into the context, or make the link point to something inside");
        }
    }
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
