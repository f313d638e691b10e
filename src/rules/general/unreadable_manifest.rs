//! A manifest that an install reads cannot be read, or includes itself.

use crate::diagnostic::Span;
use crate::facts::{Facts, Guard};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let installs = facts.python_installs().iter().filter(|install| install.guard != Guard::Never);
    for (install, trouble) in
        installs.flat_map(|install| install.troubles.iter().map(move |trouble| (install, trouble)))
    {
        let place = Span::new(trouble.place.file.clone(), trouble.place.range);
        let mut finding = reporter.report_at(place, trouble.message.clone());
        finding.label(trouble.word, format!("`{}` reads it here", install.tool.name()));
        finding.help("what this install brings is not known to slimlint until the file can be read");
    }
}
