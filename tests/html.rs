//! The report of `slimlint audit --format html`, driven in a browser.
//!
//! It takes `chromium`, `chromium-browser` or `google-chrome`, whichever is found first, or the command that
//! `SLIMLINT_BROWSER` names. Where there is none, what needs it is skipped with a message.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and tells"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const CHECKS: &str = include_str!("html/checks.js");
const SHARED: &str = "FROM python:3.11-slim\nCOPY shared.txt .\nRUN pip install -r shared.txt\nCMD [\"python\"]\n";
/// More than the checks take, in milliseconds of the browser's clock, which does not wait.
const BUDGET: &str = "20000";

const FILES: [(&str, &str); 7] = [
    ("shared/a/Dockerfile", SHARED),
    ("shared/b/Dockerfile", SHARED),
    ("shared.txt", "torch==2.7.1\n"),
    ("api/Dockerfile", "FROM python:3.11-slim\nRUN pip install flask\nCMD [\"flask\"]\n"),
    ("web/Dockerfile", "FROM nginx:1.27-alpine\n"),
    ("registry/own/Dockerfile", "FROM registry.example.invalid/own:1\nRUN apk add curl\nCMD [\"sh\"]\n"),
    (
        "x<img src=y onerror=hostile=1 id=hostile>/Dockerfile",
        "FROM debian:12-slim\nRUN apt-get update && apt-get install -y curl\n",
    ),
];
const SERVICES: usize = 6;
const KNOWN: usize = 5;

fn report() -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
    let output =
        command.current_dir(folder.path()).args(["audit", "--format", "html", "--keep", "10"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn browser() -> Option<String> {
    let named = std::env::var("SLIMLINT_BROWSER").ok();
    let programs = named.map_or_else(
        || ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned).to_vec(),
        |name| vec![name],
    );
    programs.into_iter().find(|program| {
        let version = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        version.is_ok_and(|output| output.status.success())
    })
}

/// What the document of `html` is after its scripts have run.
fn dom(browser: &str, folder: &Path, name: &str, html: &str) -> String {
    let file = folder.join(format!("{name}.html"));
    fs::write(&file, html).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--window-size=1200,900", &format!("--virtual-time-budget={BUDGET}"), "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join(format!("profile-{name}")).display()))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The page with the checks, which the policy allows besides the page's own script.
fn with_checks(html: &str) -> String {
    let (before, rest) = html.split_once("script-src '").unwrap();
    let (hash, after) = rest.split_once('\'').unwrap();
    let html = format!("{before}script-src '{hash}' 'nonce-checks'{after}");
    let listen = "<script nonce=\"checks\">const BROKEN = []; \
                  document.addEventListener('securitypolicyviolation', (event) => BROKEN.push(event));</script>";
    let (head, body) = html.split_once("<style>").unwrap();
    let checks = format!(
        "<script nonce=\"checks\">const EXPECTED = {{ services: {SERVICES}, known: {KNOWN} }};\n{CHECKS}</script></body>"
    );
    format!("{head}{listen}<style>{}", body.replacen("</body>", &checks, 1))
}

#[test]
fn it_sorts_filters_zooms_and_opens_pages() {
    let Some(browser) = browser() else {
        println!("skipped: there is no chromium on this machine");
        return;
    };
    let folder = folder();
    let dom = dom(&browser, folder.path(), "checks", &with_checks(&report()));
    let result = dom.rsplit_once("<pre id=\"checks\">").map_or("the checks did not end", |(_, rest)| rest);
    let result = result.split("</pre>").next().unwrap_or_default();
    println!("{result}");
    assert!(result.starts_with("all "), "{result}");
}

/// As it is written, with the policy that it is written with.
#[test]
fn it_draws_itself_under_its_own_policy() {
    let Some(browser) = browser() else {
        println!("skipped: there is no chromium on this machine");
        return;
    };
    let html = report();
    let folder = folder();
    let drawn = dom(&browser, folder.path(), "drawn", &html);
    assert!(drawn.contains("<html lang=\"en\" class=\"drawn\">"));
    assert!(!drawn.contains("<main id=\"plain\">") && drawn.contains("class=\"box\""));

    // A policy that allows no script at all, as where build servers show files.
    let (before, rest) = html.split_once("script-src '").unwrap();
    let (_, after) = rest.split_once('\'').unwrap();
    let plain = dom(&browser, folder.path(), "plain", &format!("{before}script-src 'none'{after}"));
    assert!(plain.contains("<main id=\"plain\">") && plain.contains("<tr id=\"service-shared-a\">"));
    assert!(!plain.contains("class=\"drawn\""));
}
