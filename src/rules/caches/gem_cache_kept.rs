//! `bundle install` and `gem install` leave the gems that they download in a layer.

use crate::catalogue::Distribution;
use crate::diagnostic::Severity;
use crate::dockerfile::Value;
use crate::facts::commands::{Options, removal};
use crate::facts::{Base, Facts, Guard, Invocation, Run, Source, StageFacts, Transfer};
use crate::rules::kept_cache::Fill;
use crate::rules::phrase::WITHOUT_SHELL;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// Where Rubies of distributions, official images and version managers keep gems.
const HOMES: [&str; 6] = [
    "/usr/local/bundle",
    "/usr/local/lib/ruby/gems/*",
    "/var/lib/gems/*",
    "/usr/lib/ruby/gems/*",
    "/usr/lib64/ruby/gems/*",
    "/usr/local/rvm/gems/*",
];
/// Gems of a few kilobytes, alone not worth a word.
const SMALL: [&str; 8] = ["bundle", "bundler", "rake", "foreman", "json", "rdoc", "etc", "minitest"];

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |_: usize, invocation: &Invocation| {
        if facts.is_in_final(stage.index) && downloads(facts, stage, run, invocation) {
            folders(facts, stage, run, invocation)
        } else {
            Vec::new()
        }
    };
    let kept = facts.kept_caches(stage, run, fills, empties, |_| false);
    let Some(first) = kept.first() else { return };
    if facts.needs_cache_later(stage, run, |_, later| later.has_argument("--local")) {
        return;
    }
    // Another user than root cannot delete from a folder that an earlier step of root's made.
    if is_filled_by_root_before(facts, stage, run) {
        return;
    }
    // Nothing names the folder, and each distribution has its own.
    let guessed = HOMES.iter().any(|home| first.folder().strip_suffix("/cache") == Some(home));
    // `example/ruby` may be set up like the official image, or not.
    let repository = stage.image.repository.as_str();
    let manager = facts.ruby_manager(stage, run);
    let is_certain = !guessed
        || manager.is_none()
            && (repository == "ruby"
                || facts.has_ruby_of_distribution(stage, run)
                    && home_of(stage.image.distribution).is_some_and(|home| first.folder().starts_with(home)));
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let message = format!("`{} install` keeps the gems that it downloads in the image", first.invocation.program);
    let mut finding = reporter.report(first.invocation.range, message);
    // A few gems are a few megabytes.
    if kept.iter().all(|fill| fill.invocation.program == "gem" || may_be_there(facts, stage, run, fill)) {
        finding.severity(Severity::Info);
    }
    let place = if is_certain { format!("`{folder}`") } else { "the folder `cache` of the gems".to_owned() };
    finding.primary_label(format!("leaves each gem a second time, packed, in {place}"));
    finding.other_fills(&kept);
    let packed = match manager {
        _ if is_certain => word(&folder),
        // Its `gem` is on the path of login shells only.
        Some("rvm") => "/usr/local/rvm/gems/*/cache/*.gem ~/.rvm/gems/*/cache/*.gem".to_owned(),
        Some("rbenv") => {
            let root = facts.variable(run, first.invocation, "RBENV_ROOT");
            let root = root.and_then(Value::known).unwrap_or("~/.rbenv");
            word(&format!("{root}/versions/*/lib/ruby/gems/*/cache"))
        }
        // What root installs there does not lie where `gem env gemdir` tells.
        _ if stage.image.distribution == Distribution::RedHat => "/usr/local/share/gems/cache/*.gem".to_owned(),
        _ => "\"$(gem env gemdir)\"/cache/*.gem".to_owned(),
    };
    finding.help(format!("delete them in the same `RUN`: `&& rm -rf {packed}`"));
    finding.script_of(first.invocation);
    if facts.is_array(first.invocation) {
        finding.note("form", WITHOUT_SHELL);
    }
    let is_exact = is_certain && !folder.contains(['*', '~']);
    let users: Vec<Fill<'_>> = run
        .invocations
        .iter()
        .enumerate()
        .filter(|(_, other)| matches!(other.program.as_str(), "bundle" | "gem"))
        .map(|(index, invocation)| Fill { index, invocation, folders: first.folders.clone() })
        .collect();
    if is_exact && !facts.is_cache_taken(stage, &kept) {
        finding.fix(facts.removal_fix(run, &users, &format!("rm -rf {}", word(&folder))));
    }
}

/// Whether the base image may have all of the gems already: one that only an argument names, or one of which nobody knows what is in
/// it, in front of `bundle check || bundle install`.
fn may_be_there(facts: &Facts<'_>, stage: &StageFacts, run: &Run, fill: &Fill<'_>) -> bool {
    let root = facts.ancestors(stage).last().unwrap_or(stage);
    let is_named = !matches!(&root.base, Base::Image(reference) if reference.known().is_none());
    let mut before = run.invocations.iter().take(fill.index);
    let checks = |other: &Invocation| other.program == "bundle" && other.argument(0) == Some("check");
    !is_named || !root.image.is_known && before.any(checks)
}

/// The packed gems of a folder, as a shell reads it.
fn word(folder: &str) -> String {
    format!("{folder}/*.gem")
}

/// Whether gems are downloaded that are worth a word.
fn downloads(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
    let first = invocation.arguments.iter().map(|argument| argument.value.text()).find(|text| !text.starts_with('-'));
    match (invocation.program.as_str(), first) {
        ("bundle", Some("install")) => {
            // `vendor/cache` holds them already, and `--no-cache` says that nobody wants them.
            let vendored = facts.origin_in(stage.index, run, &invocation.workdir, "vendor/cache").is_some();
            !vendored
                && !invocation.has_argument("--local")
                && !invocation.has_argument("--no-cache")
                && !repeats(facts, stage, run, invocation)
        }
        ("gem", Some("install" | "i")) => {
            let options = Options::read(&invocation.arguments, &["-v", "--version", "-i", "--install-dir", "-n", "-P"]);
            let names = || options.operands.iter().skip(1).filter_map(|(_, argument)| argument.value.known());
            let elsewhere = options.has(&["-l", "--local", "-i", "--install-dir", "--user-install"]);
            let file = names().any(|name| name.contains('/') || name.to_ascii_lowercase().ends_with(".gem"));
            let is_worth = names().any(|name| !SMALL.contains(&name.split(':').next().unwrap_or(name)));
            is_worth && !elsewhere && !file
        }
        _ => false,
    }
}

/// Whether an earlier `RUN` has the gems already, since it calls `bundle install` too and no step in between copies anything but what
/// leaves it the same gems to install.
fn repeats(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
    let chain = || std::iter::once(stage).chain(facts.ancestors(stage));
    let all = chain().flat_map(|stage| stage.runs.iter().map(move |run| (stage, run)));
    let installing = all.filter(|(_, other)| other.range.end() <= run.range.start()).filter_map(|(stage, other)| {
        let mut all = other.invocations.iter().filter(|invocation| invocation.guard == Guard::Always);
        let install = all.find(|one| one.program == "bundle" && one.argument(0) == Some("install"))?;
        Some(Step { stage, run: other, invocation: install })
    });
    let Some(earlier) = installing.max_by_key(|step| step.run.range.end()) else { return false };
    let (from, to) = (earlier.run.range.end(), run.range.start());
    let copies: Vec<&Transfer> = chain()
        .flat_map(|stage| &stage.transfers)
        .filter(|copy| copy.range.start() > from && copy.range.start() < to)
        .collect();
    copies.is_empty() || has_same_gems(facts, &earlier, &Step { stage, run, invocation }, &copies)
}

/// A command with what it stands in.
struct Step<'f> {
    stage: &'f StageFacts,
    run: &'f Run,
    invocation: &'f Invocation,
}

/// Whether a later `bundle install` has the same Gemfile, lock and settings as an earlier one, with these copies in between:
/// `COPY Gemfile Gemfile.lock ./`, and then `COPY . .`.
fn has_same_gems(facts: &Facts<'_>, earlier: &Step<'_>, later: &Step<'_>, copies: &[&Transfer]) -> bool {
    let words = |step: &Step<'_>| -> Vec<String> {
        step.invocation.arguments.iter().map(|argument| argument.value.text().to_owned()).collect()
    };
    let settings = |step: &Step<'_>| -> Vec<(String, Value)> {
        let told =
            step.run.state.environment.iter().filter(|(name, _)| name.starts_with("BUNDLE_") || *name == "GEM_HOME");
        told.map(|(name, variable)| (name.to_owned(), variable.value.clone())).collect()
    };
    let Some(folder) = later.invocation.workdir.known() else { return false };
    let is_same = earlier.invocation.workdir.known() == Some(folder)
        && words(earlier) == words(later)
        && settings(earlier) == settings(later);
    if !is_same || changes_gems_between(facts, earlier, later) {
        return false;
    }
    let origin =
        |step: &Step<'_>, name: &str| facts.origin_in(step.stage.index, step.run, &step.invocation.workdir, name);
    let stays = |name: &&str| origin(earlier, name) == origin(later, name);
    if let Some(gemfile) = origin(later, "Gemfile") {
        return copies.iter().all(|copy| !matches!(copy.source, Source::Image(_)))
            && ["Gemfile", "Gemfile.lock", ".bundle/config"].iter().all(stays)
            && facts.workspace.read(&gemfile).is_ok_and(|file| names_all_gems(file.text()));
    }
    // Where nobody sees the Gemfile, the words tell: both files of the context first, and then all of it.
    let chain = std::iter::once(earlier.stage).chain(facts.ancestors(earlier.stage));
    let before = chain.flat_map(|stage| &stage.transfers);
    let before = before.filter(|copy| copy.range.start() < earlier.run.range.start());
    let is_there = |copy: &Transfer| copy.source == Source::Context && copy.destination.known() == Some(folder);
    let sources = |copy: &Transfer| -> Vec<String> {
        copy.paths.iter().map(|(path, _)| path.known().unwrap_or("?").to_owned()).collect()
    };
    let first: Vec<String> = before.filter(|copy| is_there(copy)).flat_map(sources).collect();
    let brings = |name: &str| first.iter().any(|source| source == name || source == "Gemfile*");
    brings("Gemfile") && brings("Gemfile.lock") && copies.iter().all(|copy| is_there(copy) && sources(copy) == [""])
}

/// Whether a command between two installs may change what the second one installs: `bundle config set --local with production`.
fn changes_gems_between(facts: &Facts<'_>, earlier: &Step<'_>, later: &Step<'_>) -> bool {
    let chain = || std::iter::once(later.stage).chain(facts.ancestors(later.stage));
    let all = || chain().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    let (from, to) = (earlier.invocation.range.end(), later.invocation.range.start());
    // Other groups than an earlier command left out may be installed anew.
    let earlier = all().filter(|one| one.range.end() <= from).filter_map(left_out_groups);
    let earlier: Vec<&str> = earlier.into_iter().max_by_key(Vec::len).unwrap_or_default();
    let mut between = all().filter(|one| one.range.start() >= from && one.range.end() <= to);
    between.any(|one| match one.program.as_str() {
        "gem" => false,
        "bundle" => {
            let groups = left_out_groups(one);
            let leaves_more_out = groups.is_some_and(|groups| earlier.iter().all(|group| groups.contains(group)));
            !leaves_more_out
                && !matches!(one.argument(0), Some("exec" | "check" | "show" | "list" | "binstubs" | "install"))
        }
        _ => one.arguments.iter().map(|word| word.value.text()).any(|word| {
            // `rm -rf /usr/local/bundle/cache/*.gem` leaves the gems themselves.
            ["Gemfile", ".bundle"].iter().any(|part| word.contains(part))
                || one.program == "rm" && word.contains("bundle") && !word.contains("/cache")
        }),
    })
}

/// The groups of `bundle config set --local without 'development test'`, behind which there is less to install.
fn left_out_groups(invocation: &Invocation) -> Option<Vec<&str>> {
    let words: Vec<&str> = invocation.arguments.iter().map(|word| word.value.text()).collect();
    let value = words.iter().position(|word| *word == "without").and_then(|at| words.get(at + 1))?;
    let sets = invocation.program == "bundle"
        && words.first() == Some(&"config")
        && !words.iter().any(|word| matches!(*word, "unset" | "--delete"));
    let groups: Vec<&str> = value.split([' ', ':']).filter(|group| !group.is_empty()).collect();
    (sets && !groups.is_empty()).then_some(groups)
}

/// Whether a Gemfile names its gems itself, whatever files and variables there are beside it.
fn names_all_gems(gemfile: &str) -> bool {
    const ELSEWHERE: [&str; 9] = ["gemspec", "eval", "path:", ":path", "path \"", "path '", "ENV", "Dir", "File."];
    let mut lines = gemfile.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    lines.all(|line| !ELSEWHERE.iter().any(|part| line.contains(part)))
}

/// Where the packed gems can be; the likeliest first.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Vec<String> {
    let known = |name: &str| facts.variable(run, invocation, name).map(|value| value.known().map(str::to_owned));
    if invocation.program == "bundle"
        && let Some(path) = known("BUNDLE_PATH")
    {
        let below = if facts.locks_early_bundler(stage, run, invocation) { "cache" } else { "ruby/*/cache" };
        return path.map(|path| format!("{path}/{below}")).into_iter().collect();
    }
    // `bundle config set path vendor/bundle` and `--path` put them where only Bundler knows.
    let names_path = |other: &Invocation| {
        other.program == "bundle"
            && other.arguments.iter().any(|word| {
                matches!(word.value.text(), "path" | "--path" | "deployment" | "--deployment" | "--system")
                    || word.value.text().starts_with("--path=")
            })
    };
    let own = run.invocations.iter();
    let chain = std::iter::once(stage).chain(facts.ancestors(stage)).flat_map(|stage| &stage.runs);
    let before = chain.filter(|other| other.instruction < run.instruction).flat_map(|run| &run.invocations);
    if own.chain(before).any(names_path) || known("BUNDLE_DEPLOYMENT").is_some() {
        return Vec::new();
    }
    if let Some(home) = known("GEM_HOME") {
        return home.map(|home| format!("{home}/cache")).into_iter().collect();
    }
    if stage.image.repository == "ruby" {
        return vec!["/usr/local/bundle/cache".to_owned()];
    }
    let own = home_of(stage.image.distribution);
    let others = HOMES.iter().filter(|home| Some(**home) != own);
    own.iter().chain(others).map(|home| format!("{home}/cache")).collect()
}

/// Whether the step runs as a user of its own, and an earlier one as root has filled the folder of the gems.
fn is_filled_by_root_before(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> bool {
    let is_root = |run: &Run| run.state.user_name().is_none_or(|user| matches!(user, "root" | "0"));
    let runs = || std::iter::once(stage).chain(facts.ancestors(stage)).flat_map(|stage| &stage.runs);
    let has_folder = ["GEM_HOME", "BUNDLE_PATH"].iter().any(|name| run.state.environment.get(name).is_some());
    let gives = |command: &Invocation| matches!(command.program.as_str(), "chown" | "chmod");
    if is_root(run) || has_folder || runs().flat_map(|run| &run.invocations).any(gives) {
        return false;
    }
    let installs =
        |command: &Invocation| matches!(command.program.as_str(), "gem" | "bundle") && command.has_argument("install");
    let mut before = runs().filter(|other| other.instruction < run.instruction);
    before.any(|other| is_root(other) && other.invocations.iter().any(installs))
}

/// Where the distribution's own Ruby keeps gems, where that is known.
fn home_of(distribution: Distribution) -> Option<&'static str> {
    match distribution {
        Distribution::Alpine => Some("/usr/lib/ruby/gems/*"),
        Distribution::Debian | Distribution::Ubuntu => Some("/var/lib/gems/*"),
        _ => None,
    }
}

/// `rm -rf "$GEM_HOME"/cache`, `rm -rf /usr/lib/ruby/gems/3.3.0/cache/*.gem`: whatever Ruby's version.
fn empties(later: &Invocation) -> bool {
    let removes = |gone: &crate::facts::commands::Removal| {
        let names = gone.paths.iter().chain(&gone.unknown);
        names.into_iter().any(|path| path.contains("/cache") || path.contains(".gem") || path.contains("bundle"))
    };
    let cleans = || later.program == "find" && later.arguments.iter().any(|word| word.value.text().contains(".gem"));
    removal(later).is_some_and(|gone| removes(&gone))
        || cleans()
        || (later.program == "bundle" && later.argument(0) == Some("clean"))
        || (later.program == "rm" && later.arguments.iter().any(|word| word.value.text().contains("/cache")))
}
