//! A final image keeps a file of the context that holds secrets.

use crate::diagnostic::{Fix, Severity};
use crate::facts::Facts;
use crate::facts::context::{Addition, SecretCopy, SecretFile, SecretKind};
use crate::rules::phrase::{listed, listed_up_to};
use crate::rules::{Check, Reporter, copied};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// How many files or names a sentence lists.
const LISTED: usize = 3;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for copy in facts.secret_copies() {
        let files: Vec<String> = copy.files.iter().map(|file| format!("`{}`", file.path)).collect();
        let keyword = if copy.transfer.add { "ADD" } else { "COPY" };
        let message =
            format!("`{keyword}` takes {} into the image: {}", listed_up_to(&files, LISTED), reason(&copy.files));
        let mut finding = reporter.report(copy.range, message);
        if copy.handed_on.is_empty() {
            finding.primary_label("whoever has the image can read it");
        } else {
            finding.primary_label("takes it from the context");
        }
        for range in &copy.handed_on {
            finding.label(*range, "whoever has the image can read it");
        }
        // Who keeps it in the repository shows it to more people than the image does, or to the same.
        if copy.files.iter().all(|file| file.tracked) {
            finding.severity(Severity::Info);
        }
        for file in copy.files.iter().filter(|file| !file.names.is_empty()).take(LISTED) {
            let names: Vec<String> = file.names.iter().map(|name| format!("`{name}`")).collect();
            finding.note("secrets", format!("`{}` sets {}", file.path, listed_up_to(&names, LISTED)));
        }
        let tracked: Vec<String> =
            copy.files.iter().filter(|file| file.tracked).map(|file| format!("`{}`", file.path)).collect();
        if !tracked.is_empty() {
            let them = if tracked.len() == 1 { "it" } else { "them" };
            let named = listed_up_to(&tracked, LISTED);
            finding.note(
                "git",
                format!("{named}: no `.gitignore` names {them}, so whoever has the repository has {them} as well"),
            );
        }
        for (file, reader) in readers(&copy).take(LISTED) {
            finding.note("reach", format!("`{reader}` names `{}`", file.path));
        }
        let named = copy.files.iter().find_map(|file| Some((file, facts.step_that_names(file)?)));
        let named = named.map(|(file, range)| {
            format!(
                "; the `RUN` of line {} names `{}`: that step has to get it, too",
                facts.source.line(range.start()),
                file.path
            )
        });
        finding.help(format!("{}{}", help(facts, &copy), named.unwrap_or_default()));
        finding.fix(fix(facts, &copy));
    }
}

fn reason(files: &[SecretFile]) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for (kind, text) in [
        (SecretKind::Key, "private keys"),
        (SecretKind::Variables, "variables that look like secrets"),
        (SecretKind::Credentials, "credentials"),
    ] {
        let count = files.iter().filter(|file| file.kind == kind).count();
        match (kind, count) {
            (_, 0) => {}
            (SecretKind::Key, 1) => reasons.push("a private key".to_owned()),
            _ => reasons.push(text.to_owned()),
        }
    }
    if files.len() == 1 && files.iter().all(|file| file.kind == SecretKind::Key) {
        return "it is a private key".to_owned();
    }
    let verb = if files.len() == 1 { "it holds" } else { "they hold" };
    format!("{verb} {}", listed(&reasons))
}

fn help(facts: &Facts<'_>, copy: &SecretCopy<'_>) -> String {
    let runs =
        "pass it when the container runs, or mount it in the step that needs it: `RUN --mount=type=secret,id=NAME …`";
    if readers(copy).next().is_some() {
        return "mount it when the container runs, so that each installation has its own; replace what an image that was pushed has shown"
            .to_owned();
    }
    if copy.by_name {
        return format!("do not copy it: {runs}");
    }
    let shown = "replace what an image that was pushed has shown";
    if is_wanted(facts, copy) {
        return format!("{runs}; {shown}");
    }
    format!("list it in `{}`, and {runs}; {shown}", copied::ignore_path(facts))
}

/// Whether a build that shares the ignore file names one of the files, which without it would fail.
fn is_wanted(facts: &Facts<'_>, copy: &SecretCopy<'_>) -> bool {
    let plan = facts.ignore_plan();
    !copy.handed_on.is_empty() || copy.files.iter().any(|file| plan.is_wanted(&file.path))
}

/// The files that a source or a setting of the program names, with that.
fn readers<'c>(copy: &'c SecretCopy<'_>) -> impl Iterator<Item = (&'c SecretFile, &'c str)> {
    copy.files.iter().filter_map(|file| Some((file, file.reader.as_deref()?)))
}

/// Appends the files to the ignore file that is there, when git leaves them out and no build that shares the ignore file names them.
fn fix(facts: &Facts<'_>, copy: &SecretCopy<'_>) -> Option<Fix> {
    let is_plain = |path: &str| path.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/@+".contains(letter));
    if copy.by_name || readers(copy).next().is_some() || copy.files.iter().any(|file| file.tracked) {
        return None;
    }
    if is_wanted(facts, copy) || !copy.files.iter().all(|secret| is_plain(&secret.path)) {
        return None;
    }
    let addition = |file: &SecretFile| Addition { heading: "Secrets", pattern: file.path.clone() };
    let additions: Vec<Addition> = copy.files.iter().map(addition).collect();
    let caution = "what reads it in the image has to get it when the container runs";
    copied::append(facts, &additions, Some(caution.to_owned()))
}
