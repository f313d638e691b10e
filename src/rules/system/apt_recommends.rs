//! `apt-get install` brings recommended packages along.

use crate::catalogue::{self, Distribution};
use crate::diagnostic::{Applicability, Basis, Component, Fix, Saving, Savings, Severity};
use crate::facts::commands::{Apt, AptAction, is_archive};
use crate::facts::{Facts, Guard, Invocation, Run, StageFacts};
use crate::rules::phrase::ONLY_ELSEWHERE;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// Packages that Dockerfiles take from their makers' repositories.
const FOREIGN: [&str; 4] = ["nodejs", "yarn", "google-chrome-stable", "docker-ce"];

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    // `COPY --from=builder /usr/lib/x86_64-linux-gnu/libssl.so* …` takes two libraries, and none of what came along.
    let folders = ["/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let is_shipped = |folder: &str| facts.whole_reaches_final(stage.index, folder);
    if !facts.is_in_final(stage.index) && !folders.into_iter().any(is_shipped) {
        return;
    }
    let mut reported = Vec::new();
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(apt) = Apt::read(invocation).filter(|_| invocation.guard != Guard::Never) else { continue };
        let installs = apt.action == AptAction::Install
            && matches!(apt.subcommand.value.text(), "install" | "build-dep" | "satisfy");
        if !installs
            || apt.recommends().is_some()
            || invocation.program == "aptitude"
            || apt.options.operands.is_empty()
        {
            continue;
        }
        // `apt-get install ./local.deb` brings what that archive recommends, mostly nothing.
        if apt.packages().count() == apt.options.operands.len() && apt.packages().all(|(name, _)| is_archive(name)) {
            continue;
        }
        if facts.apt_leaves_out_recommends(stage, run, index) || reported.contains(&invocation.range) {
            continue;
        }
        // What comes along with a compiler goes with it where the same `RUN` purges it with `--auto-remove`.
        let is_there = |name: &str| facts.base_brings(stage, name) || facts.is_removed_with_all(run, name);
        let mut packages = apt.packages().map(|(name, _)| name);
        if apt.packages().count() == apt.options.operands.len()
            && packages.all(|name| facts.is_removed_with_all(run, name))
        {
            continue;
        }
        // `curl … nodesource… | bash` adds a repository for every later install.
        let earlier = || std::iter::once(stage).chain(facts.ancestors(stage)).flat_map(|stage| &stage.runs);
        let foreign = run.opaque || earlier().any(|other| other.opaque && other.instruction < run.instruction);
        let certificates = facts.brings_certificates(stage, apt.packages().map(|(name, _)| name));
        let savings = savings(&apt, foreign, is_there);
        let nothing = savings.complete && savings.bytes() == 0;
        let all_there = apt.packages().count() == apt.options.operands.len()
            && apt.packages().all(|(name, _)| facts.base_brings(stage, name));
        reported.push(invocation.range);
        let program = invocation.program.as_str();
        let name = apt.subcommand.value.text();
        let mut finding =
            reporter.report(invocation.range, format!("`{program} {name}` also installs the recommended packages"));
        if facts.is_workshop() {
            finding.severity(Severity::Info);
        }
        finding.help("add `--no-install-recommends`, and name what the image needs of them, such as `ca-certificates` beside `curl`");
        if all_there {
            finding.severity(Severity::Info);
            finding.note("bytes", "the base image has what is named here already, so apt adds nothing");
        } else if nothing {
            finding.severity(Severity::Info);
            let removes = apt.packages().any(|(name, _)| facts.is_removed_with_all(run, name));
            let what = if removes { "what this step does not remove again" } else { "what is named here" };
            finding.note("bytes", format!("{what} recommends nothing on Debian bookworm; other releases may differ"));
        } else if invocation.guard == Guard::Elsewhere {
            finding.note("bytes", ONLY_ELSEWHERE);
        } else if !savings.items.is_empty() {
            finding.savings(savings);
        }
        finding.script_of(invocation);
        finding.fix(fix(facts, invocation, &apt, certificates));
    }
}

/// The flag, with the certificates beside the package named `certificates` that would have brought them.
fn fix(facts: &Facts<'_>, invocation: &Invocation, apt: &Apt<'_>, certificates: Option<&str>) -> Option<Fix> {
    let mut edits = vec![facts.insert_after(invocation, apt.subcommand, "--no-install-recommends")?];
    let mut title = "add `--no-install-recommends`".to_owned();
    if let Some(name) = certificates {
        let (_, argument) = apt.packages().find(|(package, _)| *package == name)?;
        edits.push(facts.insert_after(invocation, argument, "ca-certificates")?);
        title = format!("{title}, and `ca-certificates`, which `{name}` recommends");
    }
    Some(Fix {
        title,
        applicability: Applicability::Unsafe,
        caution: Some("something the image uses may have come along as a recommended package".to_owned()),
        edits,
    })
}

/// What `ca-certificates` adds to a package that recommends it. It stays: the base has it, another command names it, or the fix does.
fn certificates_of(name: &str) -> u64 {
    /// With `openssl`, whose library curl has anyway. Installed-Size of bookworm.
    const BESIDE_CURL: u64 = 2_768_000;
    match name {
        "curl" => BESIDE_CURL,
        "git" | "wget" => catalogue::system_package(Distribution::Debian, "ca-certificates")
            .and_then(|entry| entry.installed_bytes)
            .unwrap_or_default(),
        _ => 0,
    }
}

/// What the recommended packages of each named package weigh. Packages that two of them recommend are counted once at most,
/// since the heaviest alone is taken of those that share a tree of compilers.
fn savings(apt: &Apt<'_>, foreign: bool, is_there: impl Fn(&str) -> bool) -> Savings {
    let mut savings = Savings { items: Vec::new(), complete: true, in_image: true };
    let known = apt.options.operands.iter().all(|(_, argument)| argument.value.known().is_some());
    // apt looks at what is recommended only for what it newly installs.
    for (name, _) in apt.packages().filter(|(name, _)| !is_there(name)) {
        // A repository was added before: the package is not Debian's.
        if foreign && FOREIGN.contains(&name) {
            savings.complete = false;
            continue;
        }
        let entry = catalogue::system_package(Distribution::Debian, name);
        let sizes = entry.and_then(|entry| Some((entry.recommended_bytes?, entry.installed_bytes?)));
        match sizes {
            Some((with, without)) if with > without => savings.items.push(Saving {
                component: Component::Package(format!("recommended by {name}")),
                bytes: (with - without).saturating_sub(certificates_of(name)),
                basis: Basis::Catalogue,
            }),
            Some(_) => {}
            None => savings.complete = false,
        }
    }
    savings.complete &= known;
    // Closures overlap (`gcc` and `build-essential` recommend the same headers), so only the largest is certain.
    savings.items.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.component.cmp(&b.component)));
    if savings.items.len() > 1 {
        savings.items.truncate(1);
        savings.complete = false;
    }
    savings
}
