//! `composer install` leaves the archives that it downloads in a layer.

use serde_json::Value as Json;

use crate::catalogue::Distribution;
use crate::diagnostic::{Applicability, Fix};
use crate::facts::{Facts, Invocation, Run, StageFacts, resolve};
use crate::rules::kept_cache::{Tie, emptying, or_mount};
use crate::rules::phrase::WITHOUT_SHELL;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

const TIE: Tie = Tie { flags: &[], variables: &["HOME", "COMPOSER_HOME", "COMPOSER_CACHE_DIR"] };

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |_: usize, invocation: &Invocation| {
        let fetches = downloads(invocation) && !requires_nothing(facts, stage, run, invocation);
        if fetches { folders(facts, stage, run, invocation) } else { Vec::new() }
    };
    let kept = facts.kept_caches(stage, run, fills, empties, |_| false);
    let Some(first) = kept.first() else { return };
    // What a start script installs comes out of the cache.
    let holders = facts.descendants(stage.index);
    let mut images = facts.finals().filter(|image| holders.contains(&image.index));
    let is_project = matches!(subcommand(first.invocation), Some("install" | "update"));
    if is_project && images.any(|image| facts.start_script_with(image, installs).is_some()) {
        return;
    }
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let name = subcommand(first.invocation).unwrap_or_default();
    let mut finding =
        reporter.report(first.invocation.range, format!("`composer {name}` keeps its download cache in the image"));
    // Where there is `/etc/xdg`, which many packages bring, it is another folder than elsewhere (composer's `Factory::useXdg`).
    let is_certain = ["COMPOSER_CACHE_DIR", "COMPOSER_HOME"]
        .iter()
        .any(|name| facts.variable(run, first.invocation, name).is_some_and(|value| !value.text().is_empty()));
    finding.primary_label(if is_certain {
        format!("leaves what it downloads in `{folder}`")
    } else {
        "leaves what it downloads in its cache".to_owned()
    });
    finding.other_fills(&kept);
    finding.missed_mount(run, first.folder());
    // The builder makes what is around a mount for root, and `composer global` writes there.
    let is_global = kept.iter().any(|fill| fill.invocation.has_argument("global"));
    let is_place_known = (is_certain && run.state.user.is_some()) || is_plain_base(facts, stage);
    let mount =
        if is_global || !is_place_known { String::new() } else { or_mount(stage, run, first.invocation, &folder) };
    let clean = emptying(&kept, TIE, &folder, "composer clear-cache");
    finding.help(format!("empty it in the same `RUN`: {clean}{mount}"));
    finding.script_of(first.invocation);
    if facts.is_array(first.invocation) {
        finding.note("form", WITHOUT_SHELL);
    }
    if facts.is_cache_taken(stage, &kept) {
        return;
    }
    if let Some(edits) = facts.clean_by_own_program(run, &kept, "clear-cache", TIE) {
        finding.fix(Fix {
            title: "empty composer's cache in the same `RUN`".to_owned(),
            applicability: Applicability::Safe,
            caution: None,
            edits,
        });
    }
}

/// Whether a command of a line of a script is composer's install.
fn installs(line: &str) -> bool {
    line.replace("&&", ";").replace("||", ";").split(';').any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| matches!(*word, "then" | "do" | "else" | "exec"));
        words.next() == Some("composer") && words.any(|word| matches!(word, "install" | "update"))
    })
}

/// Whether the base is an official image, of which it is known who works in it and that it sets no folder for composer. Others do as they
/// like: `wodby/php` has a user of its own, and a mount below `/root` misses what that one writes.
fn is_plain_base(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    let root = facts.ancestors(stage).last().unwrap_or(stage);
    root.image.is_known && !root.image.repository.contains('/')
}

/// The command of composer; `global` is a way to say where.
fn subcommand(invocation: &Invocation) -> Option<&str> {
    let words = invocation.arguments.iter().map(|argument| argument.value.text());
    words.filter(|word| !word.starts_with('-')).find(|word| *word != "global")
}

fn downloads(invocation: &Invocation) -> bool {
    let named = matches!(subcommand(invocation), Some("install" | "i" | "update" | "u" | "require" | "create-project"));
    let off = ["--no-cache", "--dry-run", "--no-install", "--help"];
    invocation.program == "composer" && named && !off.iter().any(|flag| invocation.has_argument(flag))
}

/// Where the manifest has Composer keep what it downloads: `{"config": {"cache-dir": "composer-cache"}}`, below the project.
///
/// `Some(None)` where that is nowhere or not known.
#[expect(clippy::option_option, reason = "no setting is another matter than one that nobody can follow")]
fn folder_of_manifest(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    invocation: &Invocation,
) -> Option<Option<String>> {
    let is_of_project = matches!(subcommand(invocation), Some("install" | "i" | "update" | "u" | "require"));
    if !is_of_project || invocation.has_argument("global") || reads_elsewhere(facts, run, invocation) {
        return None;
    }
    let manifest = facts.origin_in(stage.index, run, &invocation.workdir, "composer.json")?;
    let source = facts.workspace.read(&manifest).ok()?;
    let package: Json = serde_json::from_str(source.text()).ok()?;
    let folder = package.get("config")?.get("cache-dir")?.as_str()?;
    let is_plain = folder != "/dev/null" && !folder.contains(['~', '$', '{']);
    Some(Some(resolve(invocation.workdir.known()?, folder)).filter(|_| is_plain))
}

/// Whether Composer takes another manifest than that of the folder in which it is called.
fn reads_elsewhere(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    ["-d", "--working-dir"].iter().any(|flag| invocation.has_argument(flag))
        || invocation.arguments.iter().any(|word| word.value.text().starts_with("--working-dir="))
        || facts.variable(run, invocation, "COMPOSER").is_some()
}

/// Whether the manifest asks for no package, but for PHP and what comes with it, so that only the autoloader is written.
fn requires_nothing(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
    // `composer require vendor/package`
    let names_one = || invocation.arguments.iter().skip(1).any(|word| word.value.text().contains('/'));
    // Packages have a vendor: `php-di/php-di`.
    let of_platform = |name: &String| !name.contains('/');
    let elsewhere = reads_elsewhere(facts, run, invocation);
    if !matches!(subcommand(invocation), Some("install" | "i" | "update" | "u")) || names_one() || elsewhere {
        return false;
    }
    let manifest = facts.origin_in(stage.index, run, &invocation.workdir, "composer.json");
    let source = manifest.and_then(|path| facts.workspace.read(&path).ok());
    let Some(package) = source.and_then(|source| serde_json::from_str::<Json>(source.text()).ok()) else {
        return false;
    };
    let required = |key: &str| package.get(key).and_then(Json::as_object).into_iter().flat_map(|names| names.keys());
    required("require").chain(required("require-dev")).all(of_platform)
}

fn empties(later: &Invocation) -> bool {
    later.program == "composer" && matches!(subcommand(later), Some("clear-cache" | "clearcache" | "cc"))
}

/// Where the cache can be; empty when that is not known or `/dev/null`.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Vec<String> {
    let set = |name: &str| facts.variable(run, invocation, name).filter(|value| !value.text().is_empty());
    if let Some(named) = set("COMPOSER_CACHE_DIR") {
        return named.known().filter(|path| *path != "/dev/null").map(str::to_owned).into_iter().collect();
    }
    // The project's own setting stands above what the home decides.
    if let Some(folder) = folder_of_manifest(facts, stage, run, invocation) {
        return folder.into_iter().collect();
    }
    if let Some(home) = set("COMPOSER_HOME") {
        return home.known().map(|home| format!("{home}/cache")).into_iter().collect();
    }
    // The image of that name sets `COMPOSER_HOME`.
    if stage.image.repository == "composer" {
        return vec!["/tmp/cache".to_owned()];
    }
    if has_no_home(facts, stage, run) {
        return Vec::new();
    }
    let homes = facts.homes(stage, run, invocation);
    homes.iter().flat_map(|home| [format!("{home}/.composer/cache"), format!("{home}/.cache/composer")]).collect()
}

/// Whether the step runs as a user who cannot write into a home, so that composer goes on without a cache: `www-data` of Debian, whose
/// `/var/www` is root's, `nobody`, and a number that no step gives a home.
fn has_no_home(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> bool {
    let Some(user) = run.state.user_name() else { return false };
    let is_number = user != "0" && user.bytes().all(|byte| byte.is_ascii_digit());
    let root = facts.ancestors(stage).last().unwrap_or(stage);
    let on_debian = matches!(root.image.distribution, Distribution::Debian | Distribution::Ubuntu);
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let mut commands = chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    // `usermod -d`, `chown www-data /var/www`, `useradd -u 1000 app`
    let mut gives = |name: &str| {
        commands.any(|command| match command.program.as_str() {
            // The first user of an image is 1000.
            "useradd" | "adduser" if is_number => true,
            "usermod" | "useradd" | "adduser" => command.arguments.iter().any(|word| word.value.text().contains(name)),
            "chown" | "mkdir" | "install" => command.arguments.iter().any(|word| {
                let path = word.value.text().trim_end_matches('/');
                path == "/var/www" || path.contains("/.composer") || path.contains("/.cache")
            }),
            _ => false,
        })
    };
    run.state.environment.known("HOME").is_none()
        && (user == "www-data" && on_debian || user == "nobody" || is_number)
        && !gives(user)
}
