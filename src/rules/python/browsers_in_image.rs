//! Browsers that Playwright fetches into an image that launches others, or none.

use crate::diagnostic::{Applicability, Fix};
use crate::facts::python::{BrowserDownload, BrowserUse};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::phrase::{count, listed};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(download) = BrowserDownload::read(invocation).filter(|_| invocation.guard == Guard::Always) else {
            continue;
        };
        let skipped = facts.variable(run, invocation, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD").is_some();
        if skipped || !facts.stage_is_for_use(stage.index) {
            continue;
        }
        let kept: Vec<&str> =
            download.browsers.iter().copied().filter(|browser| is_kept(facts, stage, run, index, browser)).collect();
        if kept.is_empty() {
            continue;
        }
        match facts.browser_use(stage.index) {
            BrowserUse::Unknown => {}
            BrowserUse::Unnamed => report_unnamed(facts, invocation, &kept, reporter),
            BrowserUse::Launched { browsers, file } => {
                let spare: Vec<&str> = kept.into_iter().filter(|browser| !browsers.contains(browser)).collect();
                // One that is launched and not fetched comes from elsewhere.
                if !spare.is_empty() && browsers.iter().all(|browser| download.browsers.contains(browser)) {
                    report_spare(facts, invocation, &download, &spare, (&browsers, &file), reporter);
                }
            }
        }
        // What the next one fetches is there already.
        return;
    }
}

/// Whether what Playwright fetches for `browser` stays in an image that is shipped.
fn is_kept(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, browser: &str) -> bool {
    let Some(invocation) = run.invocations.get(index) else { return false };
    let variable = "PLAYWRIGHT_BROWSERS_PATH";
    let set = facts.variable(run, invocation, variable);
    let folders =
        facts.cache_folders(stage, run, invocation, &[variable], "ms-playwright").below(&format!("{browser}-1"));
    // `PLAYWRIGHT_BROWSERS_PATH=0` is the folder of the package itself.
    if folders.is_empty() || set.is_some_and(|value| value.known() == Some("0")) {
        return facts.is_in_final(stage.index);
    }
    facts.fate(stage, run, index, &folders) == Fate::Kept
}

fn report_spare(
    facts: &Facts<'_>,
    invocation: &Invocation,
    download: &BrowserDownload<'_>,
    spare: &[&str],
    (browsers, file): (&[&str], &str),
    reporter: &mut Reporter<'_>,
) {
    let launched = listed(&quoted(browsers));
    let message =
        format!("{} {} fetched, and the sources launch {launched} alone", listed(&quoted(spare)), verb(spare));
    let mut finding = reporter.report(invocation.range, message);
    finding.primary_label(format!("fetches {}", listed(&quoted(&download.browsers))));
    finding.note("use", format!("{launched} in `{file}`, and no source, setting or command names another"));
    finding.script_of(invocation);
    let names = browsers.join(" ");
    if download.named {
        let them = if spare.len() == 1 { "it" } else { "them" };
        finding.help(format!("install without {them}: `playwright install {names}`"));
        return;
    }
    finding.help(format!("name what is launched: `playwright install {names}`"));
    finding.fix(facts.insert_after(invocation, download.last, &names).map(|edit| Fix {
        title: format!("fetch {launched} alone"),
        applicability: Applicability::Unsafe,
        caution: Some("what chooses a browser by a name that is made at run time was not seen".to_owned()),
        edits: vec![edit],
    }));
}

fn report_unnamed(facts: &Facts<'_>, invocation: &Invocation, kept: &[&str], reporter: &mut Reporter<'_>) {
    let message =
        format!("{} {} fetched, and nothing in the image drives a browser", listed(&quoted(kept)), verb(kept));
    let mut finding = reporter.report(invocation.range, message);
    let program = facts.program();
    finding.note(
        "use",
        format!(
            "nothing names Playwright, Selenium, Puppeteer or a browser in {} and {}",
            count(program.sources.len(), "Python source"),
            count(program.texts.len(), "other file")
        ),
    );
    finding.script_of(invocation);
    finding.help("install no browsers, and leave out the package that drives them");
}

fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

fn verb(names: &[&str]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}
