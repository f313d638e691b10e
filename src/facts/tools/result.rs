//! What a program that a toolchain compiled calls when it runs, as far as its sources tell.

use std::collections::BTreeMap;

use crate::catalogue::{self, BaseImage, Distribution};
use crate::facts::paths::file_name;
use crate::facts::{Facts, StageFacts};

use super::ImageNeeds;

/// More and larger sources are not looked into.
const MAX_FILES: usize = 2_000;
const MAX_BYTES: u64 = 512_000;
/// How sources name a program that they start: of Go's calls all up to the arguments, of Rust's the type.
const STARTS: [&str; 4] = ["exec.Command(", "exec.LookPath(", "exec.CommandContext(", "Command::"];
/// What sources that fetch over `https://` hold. The compiled program takes the system's certificates.
const FETCHES: [&str; 8] = [
    "http.Get(",
    "http.Client{",
    "http.DefaultClient",
    "http.NewRequest",
    "tls.Dial",
    "reqwest::",
    "hyper_tls",
    "rustls_native_certs",
];

const MAX_LOCK_BYTES: u64 = 4_000_000;
/// Crates that take the system's certificates when the program runs.
const TRUSTING: [&str; 4] = ["native-tls", "rustls-native-certs", "rustls-platform-verifier", "openssl-probe"];
/// Crates that link with a library of the full image unless the crate with its sources is there as well, and the library's package
/// from bookworm on.
const LINKING: [(&str, &str, &str); 2] =
    [("pq-sys", "pq-src", "libpq5"), ("mysqlclient-sys", "mysqlclient-src", "libmariadb3")];

impl Facts<'_> {
    /// What the program that the stages built on `stage` make of Go's or Rust's sources calls when it runs, as Debian packages.
    #[must_use]
    pub fn needs_of_result(&self, stage: &StageFacts) -> ImageNeeds {
        let mut packages: BTreeMap<&'static str, String> = BTreeMap::new();
        for path in self.copied_sources(MAX_BYTES, is_source).into_iter().take(MAX_FILES) {
            let Ok(file) = self.workspace.read(&path) else { continue };
            let text = file.text();
            for command in STARTS.iter().flat_map(|start| started(text, start)) {
                if let Some(package) = catalogue::package_of_command(command, &stage.image) {
                    packages.entry(package).or_insert_with(|| format!("called by `{path}`"));
                }
            }
            if FETCHES.iter().any(|word| text.contains(word)) {
                packages.entry("ca-certificates").or_insert_with(|| format!("for `https://` of `{path}`"));
            }
        }
        for path in self.copied_sources(MAX_LOCK_BYTES, |path| file_name(path) == "Cargo.lock") {
            let Ok(file) = self.workspace.read(&path) else { continue };
            for (package, crate_name) in needs_of_crates(file.text(), &stage.image) {
                packages.entry(package).or_insert_with(|| format!("for `{crate_name}` in `{path}`"));
            }
        }
        if packages.contains_key("git") || packages.contains_key("curl") || packages.contains_key("wget") {
            packages.entry("ca-certificates").or_insert_with(|| "for `https://`".to_owned());
        }
        ImageNeeds { packages, ..ImageNeeds::default() }
    }
}

/// What the crates of a `Cargo.lock` need when the program runs, as Debian packages, each with the crate.
fn needs_of_crates<'l>(lock: &'l str, image: &BaseImage) -> Vec<(&'static str, &'l str)> {
    let names = || lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let has = |wanted: &str| names().any(|name| name == wanted);
    let mut needs: Vec<(&'static str, &str)> = Vec::new();
    // Alpine links nothing but the C library, and has certificates.
    if image.distribution != Distribution::Debian {
        return needs;
    }
    needs.extend(names().find(|name| TRUSTING.contains(name)).map(|name| ("ca-certificates", name)));
    if image.repository == "rust" {
        let linked = LINKING.iter().filter(|(name, source, _)| has(name) && !has(source));
        needs.extend(linked.map(|(name, _, package)| (*package, *name)));
        let smaller = image.slimmer.as_ref().map_or("", |slimmer| slimmer.reference.as_str());
        // From trixie on apt itself brings it.
        let named = [("bookworm", "libssl3"), ("bullseye", "libssl1.1"), ("buster", "libssl1.1")];
        let openssl = named.into_iter().find(|(release, _)| smaller.contains(release)).map(|(_, package)| package);
        let linked = names().find(|name| *name == "openssl-sys").filter(|_| !has("openssl-src"));
        needs.extend(openssl.zip(linked));
    }
    needs
}

/// A source of Go or Rust that serves the program.
fn is_source(path: &str) -> bool {
    let name = file_name(path);
    let own = match name.rsplit_once('.') {
        Some((_, "rs")) => true,
        Some((stem, "go")) => !stem.ends_with("_test"),
        _ => false,
    };
    own && !path.split('/').any(|folder| matches!(folder, "vendor" | "tests" | "testdata" | "examples" | "benches"))
}

/// The programs that stand in quotes right behind `start`: `git` of `exec.Command("git", "clone")`.
fn started<'t>(text: &'t str, start: &str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).filter_map(|rest| {
        // `exec.CommandContext(ctx, "git")`, `Command::…("git")` of Rust.
        let rest = rest.strip_prefix("ctx, ").or_else(|| rest.strip_prefix("new(")).unwrap_or(rest);
        rest.strip_prefix('"')?.split('"').next()
    })
}

#[cfg(test)]
mod tests {
    use super::started;

    #[test]
    fn programs_stand_in_quotes_behind_the_call() {
        let text = "exec.Command(\"git\", \"clone\")\nexec.Command(name)\nexec.CommandContext(ctx, \"curl\")";
        assert_eq!(started(text, "exec.Command(").collect::<Vec<_>>(), ["git"]);
        assert_eq!(started(text, "exec.CommandContext(").collect::<Vec<_>>(), ["curl"]);
    }
}
