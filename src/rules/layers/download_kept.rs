//! A downloaded archive stays beside what was unpacked from it.

use crate::facts::{Facts, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Stage(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, reporter: &mut Reporter<'_>) {
    for archive in facts.kept_archives(stage) {
        let message = format!("`{}` stays in the image beside what is unpacked from it", archive.path);
        let mut finding = reporter.report(archive.range, message);
        finding.primary_label("fetches the archive");
        finding.label(archive.unpacked, "takes out what is in it");
        finding.help(if archive.together {
            "delete the archive at the end of the same `RUN`"
        } else if archive.by_add {
            "fetch, unpack and delete it in one `RUN`: what `ADD` fetches is a layer of its own"
        } else {
            "fetch, unpack and delete it in one `RUN`"
        });
    }
}
