//! A final image keeps a file of the context that holds secrets.

use crate::diagnostic::Fix;
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
        finding.primary_label("whoever has the image can read it");
        for file in copy.files.iter().filter(|file| !file.names.is_empty()).take(LISTED) {
            let names: Vec<String> = file.names.iter().map(|name| format!("`{name}`")).collect();
            finding.note("secrets", format!("`{}` sets {}", file.path, listed_up_to(&names, LISTED)));
        }
        finding.help(help(facts, &copy));
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
    if copy.by_name {
        return format!("do not copy it: {runs}");
    }
    let path = copied::ignore_path(facts);
    format!("list it in `{path}`, and {runs}; replace what an image that was pushed has shown")
}

/// Appends the files to the ignore file that is there, when no `COPY` names them.
fn fix(facts: &Facts<'_>, copy: &SecretCopy<'_>) -> Option<Fix> {
    let is_plain = |path: &str| path.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/@+".contains(letter));
    if copy.by_name || !copy.files.iter().all(|secret| is_plain(&secret.path)) {
        return None;
    }
    let addition = |file: &SecretFile| Addition { heading: "Secrets", pattern: file.path.clone() };
    let additions: Vec<Addition> = copy.files.iter().map(addition).collect();
    let caution = "what reads it in the image has to get it when the container runs";
    copied::append(facts, &additions, Some(caution.to_owned()))
}
