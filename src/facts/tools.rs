//! Which programs of a full base image the build and the start of an image use, which a slim one lacks.

mod compiling;
mod npm;
mod result;
mod yarn_lock;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{self, BaseImage, Distribution, Release};
use crate::dockerfile::{Arguments, CommandLine, Instruction, Keyword};
use crate::workspace::parent;

use super::commands::{Apt, Rpm, RpmTool, fetches_an_installer_by_git};
use super::layers::installs_node_modules;
use super::paths::{file_name, is_below, resolve_value};
use super::{Facts, Guard, Invocation, StageFacts};

/// Packages of a full image that something needs.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one image")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageNeeds {
    /// Debian packages with what needs each: ``for `psycopg2` ``.
    pub packages: BTreeMap<&'static str, String>,
    /// Whether a script runs that cannot be read, or packages are installed when the image runs.
    pub opaque: bool,
    /// A package that makes links in [`MANUAL_FOLDER`] when it is installed, where the slim image has no such folder.
    pub links_manual: Option<String>,
    /// A package of headers that the build installs, where nothing is known that it compiles.
    pub headers: Option<String>,
    /// Whether packages of npm are installed that no lock file names, so that nobody sees which of them are compiled.
    pub unlocked: bool,
    /// Whether packages of npm are installed, from a manifest or by name.
    pub of_npm: bool,
    /// Whether a command says that packages of Python are compiled, where nobody knows which libraries they then link with.
    pub compiles: bool,
}

/// Where alternatives of the manual stand. The slim images of Debian 11 and before have none of it.
pub const MANUAL_FOLDER: &str = "/usr/share/man/man1";
/// Packages that make alternatives of the manual, which fails without the folder.
const LINKS_MANUAL: [&str; 6] =
    ["openjdk-*", "default-jre*", "default-jdk*", "zulu*", "postgresql-client*", "postgresql"];

/// Words in front of a command that are none themselves.
const TRANSPARENT: [&str; 15] =
    ["if", "elif", "while", "until", "then", "do", "else", "!", "exec", "time", "env", "sudo", "nohup", "{", "("];

/// Programs that take the system's certificates for `https://`. Debian recommends `ca-certificates` beside each.
const DOWNLOADERS: [&str; 3] = ["curl", "wget", "git"];

/// Headers of libcurl that compile against another library than OpenSSL. They conflict with `libcurl4-openssl-dev`.
const CURL_WITHOUT_OPENSSL: [&str; 2] = ["libcurl4-gnutls-dev", "libcurl4-nss-dev"];

/// Whether the command installs recommended packages too.
fn brings_recommended(command: &Invocation) -> bool {
    Apt::read(command).is_some_and(|apt| apt.recommends() != Some(false))
}

impl Facts<'_> {
    /// The first of `packages` beside which Debian recommends `ca-certificates`, where nothing else brings these into the image: no
    /// command of the stage or of those that it is built on names them, and the base image, or the slim one that may take its
    /// place, has none.
    #[must_use]
    pub fn brings_certificates<'p>(
        &self,
        stage: &StageFacts,
        packages: impl Iterator<Item = &'p str>,
    ) -> Option<&'p str> {
        let chain: Vec<&StageFacts> = std::iter::once(stage).chain(self.ancestors(stage)).collect();
        let root = &chain.last().unwrap_or(&stage).image;
        let named = |stage: &&StageFacts| {
            let mut installs = stage.runs.iter().flat_map(|run| self.system_installs(stage, run));
            installs.any(|install| install.name == "ca-certificates")
        };
        if catalogue::has_certificates_when_slim(root) || chain.iter().any(named) {
            return None;
        }
        packages.into_iter().find(|name| DOWNLOADERS.contains(name))
    }

    /// What the stages built on `stage` ask of `dnf` or `yum` that `microdnf` cannot do.
    #[must_use]
    pub fn needs_of_dnf(&self, stage: &StageFacts) -> ImageNeeds {
        let holders = self.descendants(stage.index);
        let runs = self.stages.iter().filter(|other| holders.contains(&other.index)).flat_map(|stage| &stage.runs);
        let mut needs = ImageNeeds::default();
        for command in runs.flat_map(|run| &run.invocations).filter(|command| command.guard != Guard::Never) {
            let Some(rpm) =
                Rpm::read(command).filter(|rpm| matches!(rpm.tool, RpmTool::Yum | RpmTool::Dnf | RpmTool::Dnf5))
            else {
                continue;
            };
            let is_file = |name: &str| name.contains("://") || name.rsplit('.').next() == Some("rpm");
            let word = rpm.subcommand.value.text();
            let why = if rpm.packages().any(|(name, _)| is_file(name)) {
                "to install packages from URLs or files".to_owned()
            } else if matches!(
                word,
                "group" | "groups" | "groupinstall" | "config-manager" | "builddep" | "swap" | "localinstall"
            ) {
                format!("for `{} {word}`", command.program)
            } else {
                continue;
            };
            let name = if command.program == "yum" { "yum" } else { "dnf" };
            needs.packages.entry(name).or_insert(why);
        }
        needs
    }

    /// What the stages built on `stage` use of its image that a slim variant lacks, and do not install themselves.
    #[must_use]
    pub fn image_needs(&self, stage: &StageFacts) -> ImageNeeds {
        let holders = self.descendants(stage.index);
        let stages: Vec<&StageFacts> = self.stages.iter().filter(|other| holders.contains(&other.index)).collect();
        let mut needs = Collector { facts: self, image: &stage.image, needs: ImageNeeds::default() };
        let mut installed: BTreeSet<&str> = BTreeSet::new();
        for stage in &stages {
            for run in &stage.runs {
                for install in self.system_installs(stage, run) {
                    if install.family == Distribution::Debian && catalogue::is_one_of(install.name, &LINKS_MANUAL) {
                        needs.needs.links_manual.get_or_insert_with(|| install.name.to_owned());
                    }
                    installed.insert(match install.name {
                        "git-core" => "git",
                        name => name,
                    });
                    if DOWNLOADERS.contains(&install.name) && brings_recommended(install.invocation) {
                        installed.insert("ca-certificates");
                    }
                    if catalogue::is_development_package(install.family, install.name) {
                        needs.needs.headers.get_or_insert_with(|| install.name.to_owned());
                    }
                }
                needs.needs.opaque |= run.opaque;
                run.invocations.iter().for_each(|command| needs.compiling(run, command));
                run.invocations.iter().filter(|command| command.guard != Guard::Never).for_each(|command| {
                    needs.command(stage, run, command);
                });
            }
            needs.taken(stage);
            let own = self.dockerfile.stages.get(stage.index).map(|stage| stage.instructions.clone());
            for number in own.into_iter().flatten() {
                if let Some(instruction) = self.dockerfile.instructions.get(number) {
                    needs.start(stage, instruction);
                }
            }
        }
        for install in self.python_installs().iter().filter(|install| holders.contains(&install.stage)) {
            needs.python(install);
            if let Some((name, _)) = install.from_git().next() {
                needs.add("git", format!("for `{name}` from a git repository"));
            }
        }
        // What installs the server that it starts nobody sees, and there is no wheel of it.
        let starts_uwsgi = |stage: &&StageFacts| stage.is_final && self.starts_with(stage, &["uwsgi"]);
        if stages.iter().any(starts_uwsgi) && !self.python_installs().is_empty() {
            needs.add("gcc", "for `uwsgi`, which it starts".to_owned());
        }
        // OpenCV's next library behind libGL, which no other package of Python asks for by that name.
        let named = installed.iter().find(|name| matches!(**name, "libgl1" | "libgl1-mesa-glx"));
        if let Some(name) = named.filter(|_| !self.python_installs().is_empty()) {
            needs.add("libglib2.0-0", format!("for OpenCV, as `{name}` tells"));
        }
        for (text, path) in self.composed_health_checks() {
            needs.script(&text, &path);
        }
        for (path, command) in self.platform_commands() {
            needs.script(&command, &path);
        }
        let listed = self.listed_calls();
        let members = if listed.is_empty() { None } else { self.members_installed() };
        for (command, path) in listed.iter() {
            if members.as_ref().is_none_or(|members| !self.is_of_another_member(path, members)) {
                needs.call(command, path);
            }
        }
        needs.needs.opaque |= stages.iter().any(|stage| stage.is_final && self.installs_when_it_runs(stage).is_some());
        let release = Release::of(&stage.image);
        let makes_it = |instruction: &Instruction| instruction.body.text().contains("/usr/share/man");
        if !release.is_before_bookworm() || self.dockerfile.instructions.iter().any(makes_it) {
            needs.needs.links_manual = None;
        }
        // `libmagic-dev` brings `libmagic1`.
        let brought = installed.iter().filter_map(|package| catalogue::libraries_of(package, release));
        let brought: BTreeSet<&str> = brought.flatten().collect();
        let is_there = |package: &str| {
            let others: &[&str] = match package {
                "gcc" => &["g++", "build-essential"],
                "g++" | "make" => &["build-essential"],
                "libjpeg62-turbo-dev" => &["libjpeg-dev"],
                "default-libmysqlclient-dev" => &["libmariadb-dev", "libmariadbclient-dev", "libmysqlclient-dev"],
                // No two of them can be installed together.
                "libcurl4-openssl-dev" => &CURL_WITHOUT_OPENSSL,
                _ => &[],
            };
            brought.contains(package)
                || installed.contains(package)
                || others.iter().any(|other| installed.contains(other))
        };
        let other_curl = CURL_WITHOUT_OPENSSL.iter().any(|package| installed.contains(package));
        let without_openssl = |package: &str, why: &str| package == "libssl-dev" && why == "for `pycurl`" && other_curl;
        needs.needs.packages.retain(|package, why| !is_there(package) && !without_openssl(package, why));
        let compilers = ["gcc", "g++", "build-essential", "clang"];
        let named = compilers.iter().any(|name| needs.needs.packages.contains_key(name) || installed.contains(name));
        needs.needs.headers = needs.needs.headers.filter(|_| !named);
        needs.needs
    }
}

impl Facts<'_> {
    /// What compose files run in the image to see how it is, each with the file: `test: ["CMD", "wget", "--spider", …]`.
    fn composed_health_checks(&self) -> Vec<(String, String)> {
        let folders = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        let mut found = Vec::new();
        for file in folders.iter().flat_map(|files| files.iter()) {
            // `docker-compose.M1.yaml` is given alone, or laid over `docker-compose.yaml`.
            let own = file.services.iter().filter(|composed| {
                composed.build.as_ref().is_some_and(|build| build.dockerfile == self.service.dockerfile)
                    || composed.dockerfile_alone(parent(&file.path)).as_deref() == Some(&*self.service.dockerfile)
            });
            for composed in own {
                let behind = composed.lines.iter().skip_while(|line| line.trim() != "healthcheck:");
                let test = behind.skip(1).find_map(|line| line.trim().strip_prefix("test:"));
                let Some(test) = test.map(|test| test.replace(['[', ']', ','], " ").replace("CMD-SHELL", " ")) else {
                    continue;
                };
                found.push((test.replace("\"CMD\"", " ").replace("'CMD'", " "), file.path.clone()));
            }
        }
        found
    }
}

struct Collector<'f, 'w> {
    facts: &'f Facts<'w>,
    image: &'f BaseImage,
    needs: ImageNeeds,
}

impl Collector<'_, '_> {
    fn add(&mut self, package: &'static str, why: String) {
        self.needs.packages.entry(package).or_insert(why);
    }

    /// A command that the full image brings, called by `caller`.
    fn call(&mut self, command: &str, caller: &str) {
        if matches!(command, "pm2" | "pm2-runtime") {
            self.add("procps", format!("for `ps`, which `{command}` calls"));
        }
        if let Some(package) = catalogue::package_of_command(command, self.image) {
            let named = package == command || (package, command) == ("python3", "python");
            let what = if named { String::new() } else { format!("for `{command}`, ") };
            self.add(package, format!("{what}called by `{caller}`"));
        }
    }

    /// The certificates that `program` needs for `https://`, where the slim image has none.
    fn certificates_of(&mut self, program: &str) {
        if !catalogue::has_certificates_when_slim(self.image) {
            self.add("ca-certificates", format!("for `https://` of `{program}`"));
        }
    }

    fn command(&mut self, stage: &StageFacts, run: &super::Run, command: &Invocation) {
        let secure = || command.arguments.iter().any(|word| word.value.text().contains("https://"));
        if DOWNLOADERS.contains(&command.program.as_str()) && secure() {
            self.certificates_of(&command.program);
        }
        if fetches_an_installer_by_git(command) {
            self.add("git", "for an installer that is fetched, which clones".to_owned());
        }
        if let Some(address) = self.fetched_script(stage, run, command) {
            self.add("curl", format!("for the script of `{address}`, which downloads"));
        }
        let own =
            command.path.text().rsplit_once('/').is_some_and(|(folder, _)| !matches!(folder, "/bin" | "/usr/bin"));
        if !own {
            self.call(&command.program, command.script().unwrap_or("RUN"));
        }
        // `sed -i … /etc/ImageMagick-6/policy.xml`
        if command.arguments.iter().any(|word| word.value.text().starts_with("/etc/ImageMagick")) {
            self.add("imagemagick", format!("for `/etc/ImageMagick*`, which `{}` changes", command.program));
        }
        let installs = || command.arguments.iter().any(|word| matches!(word.value.text(), "install" | "update"));
        let native = match command.program.as_str() {
            "bundle" | "gem" if installs() => Some("gems with C extensions"),
            "cpan" | "cpanm" | "cpm" => Some("modules with C code"),
            "R" | "Rscript" if command.arguments.iter().any(|word| word.value.text().contains("install.packages(")) => {
                self.add("g++", "for packages of R".to_owned());
                Some("packages of R")
            }
            _ => None,
        };
        if let Some(why) = native {
            for package in ["gcc", "make"] {
                self.add(package, format!("for {why}"));
            }
        }
        if command.program == "gem" && command.argument(0) == Some("install") {
            for word in command.arguments.iter().skip(1).filter_map(|word| word.value.known()) {
                // `gem install pg:1.5.4`
                let name = word.split(':').next().unwrap_or(word);
                // Today's brings SQLite.
                self.gem(if name == "sqlite3" { "" } else { name });
            }
        }
        if command.program == "npm" {
            self.npm_from_git(command);
        }
        if command.program == "bundle"
            && let Some((lock, _)) = self.facts.likely_origin_in(stage.index, run, &command.workdir, "Gemfile.lock")
            && let Ok(lock) = self.facts.workspace.read(&lock)
        {
            self.gems(lock.text());
        }
        if matches!(command.program.as_str(), "npm" | "yarn" | "pnpm")
            && let Some((manifest, _)) = self.facts.likely_origin_in(stage.index, run, &command.workdir, "package.json")
        {
            let words: Vec<&str> = command.arguments.iter().map(|word| word.value.text()).collect();
            self.package_script(&manifest, &words, 0);
        }
        self.needs.of_npm |= npm::installs(command);
        if (installs_node_modules(command) || npm::is_focus(command))
            && let Some((manifest, _)) = self.facts.likely_origin_in(stage.index, run, &command.workdir, "package.json")
        {
            self.node(&manifest, command);
        }
    }

    /// The address of the script that a command runs, where an `ADD` has fetched it: nobody sees what it calls, and what installs
    /// something downloads it.
    fn fetched_script(&self, stage: &StageFacts, run: &super::Run, command: &Invocation) -> Option<String> {
        let shell = matches!(command.program.as_str(), "sh" | "bash" | "dash" | "ash");
        let script = if shell {
            command.arguments.iter().map(|word| &word.value).find(|value| !value.text().starts_with('-'))?
        } else {
            Some(&command.path).filter(|path| path.text().contains('/'))?
        };
        let path = resolve_value(&command.workdir, script);
        let chain = std::iter::once(stage).chain(self.facts.ancestors(stage));
        let fetched = chain
            .flat_map(|stage| &stage.transfers)
            .filter(|transfer| transfer.add && transfer.instruction < run.instruction);
        let mut addresses =
            fetched.flat_map(|transfer| transfer.paths.iter().map(move |(source, _)| (transfer, source)));
        let found = addresses.find(|(transfer, source)| {
            let source = source.text();
            let destination = transfer.destination.text().trim_end_matches('/');
            let name = file_name(source.split(['?', '#']).next().unwrap_or(source));
            source.contains("://")
                && path
                    .known()
                    .is_some_and(|path| path == destination || is_below(path, destination) && file_name(path) == name)
        });
        found.map(|(_, source)| source.text().to_owned())
    }

    /// What the gems of a lock need: `    pg (1.5.4)` below `specs:`, and the section `GIT` of those that are cloned.
    fn gems(&mut self, lock: &str) {
        for line in lock.lines() {
            if line == "GIT" {
                self.add("git", "for gems from git repositories".to_owned());
            }
            let (name, version) = line.strip_prefix("    ").and_then(|line| line.split_once(' ')).unwrap_or_default();
            // Up to version 4 it brings the library's sources, and SQLite's from version 1.5 on, or a compiled one.
            let old_sqlite =
                ["(0.", "(1.0", "(1.1.", "(1.2.", "(1.3.", "(1.4."].iter().any(|old| version.starts_with(old));
            let brings_it = name == "psych" && !version.starts_with("(5") || name == "sqlite3" && !old_sqlite;
            self.gem(if brings_it { "" } else { name });
        }
    }

    fn gem(&mut self, name: &str) {
        for package in catalogue::needs_of_gem(name).into_iter().flat_map(|list| list.split(' ')) {
            self.add(package, format!("for `{name}`"));
        }
    }

    /// What `CMD`, `ENTRYPOINT` and `HEALTHCHECK` call, themselves or in the script that they start.
    fn start(&mut self, stage: &StageFacts, instruction: &Instruction) {
        let health = instruction.keyword == Keyword::Healthcheck;
        if !health && !matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint) {
            return;
        }
        let (words, text) = match &instruction.arguments {
            Arguments::Command(CommandLine::Exec(words)) | Arguments::Healthcheck(Some(CommandLine::Exec(words))) => {
                let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
                let text = words.join(" ");
                (words, text)
            }
            Arguments::Command(CommandLine::Shell) => {
                let text = instruction.body.text();
                (text.split_whitespace().collect(), text.to_owned())
            }
            Arguments::Healthcheck(Some(CommandLine::Shell)) => {
                let text = instruction.body.text();
                let text = text.split_once("CMD").map_or(text, |(_, command)| command);
                (text.split_whitespace().collect(), text.to_owned())
            }
            _ => return,
        };
        self.script(&text.replace(" -c ", " ; "), instruction.keyword.name());
        if let Some(at) = words.iter().position(|word| matches!(*word, "npm" | "yarn" | "pnpm")) {
            let workdir = stage.state.workdir.known().unwrap_or("/");
            let manifest = super::resolve(workdir, "package.json");
            if let Some(manifest) = self.facts.origin(stage.index, usize::MAX, &manifest, None) {
                self.package_script(&manifest, words.get(at + 1..).unwrap_or_default(), 0);
            }
        }
        for word in words.iter().take(3).filter(|word| word.contains('/') || is_script(word)) {
            let path = super::resolve(stage.state.workdir.text(), word);
            let file = self.facts.origin(stage.index, usize::MAX, &path, None);
            match file.and_then(|file| self.facts.workspace.read(&file).ok()) {
                Some(file) if is_script(word) || file.text().starts_with("#!") => {
                    self.script(file.text(), file.path());
                }
                None if is_script(word) => self.needs.opaque = true,
                _ => {}
            }
        }
    }

    /// Commands of a shell script, read word by word: what stands at the start of a command.
    fn script(&mut self, text: &str, whose: &str) {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let spaced = line.replace("$(", " ; ").replace(['`', ';', '|', '&'], " ; ").replace(['"', '\''], " ");
            let words: Vec<&str> = spaced.split_whitespace().collect();
            for command in words.split(|word| *word == ";") {
                let mut behind = command.iter().skip_while(|word| TRANSPARENT.contains(word) || word.contains('='));
                let Some(program) = behind.next().map(|word| file_name(word)) else { continue };
                self.call(program, whose);
                let secure = DOWNLOADERS.contains(&program) && behind.clone().any(|word| word.contains("https://"));
                if secure || program == "git" && reaches_remotes(behind.copied()) {
                    self.certificates_of(program);
                }
            }
        }
    }
}

/// Whether a call of git with these words asks another machine, or sets git up for a program that does: `git config user.name …`.
fn reaches_remotes<'w>(words: impl Iterator<Item = &'w str>) -> bool {
    let words: Vec<&str> = words.collect();
    let address =
        |word: &&str| word.contains("git@") || ["ssh://", "git://", "file://"].iter().any(|it| word.contains(it));
    let asks = ["clone", "fetch", "pull", "push", "ls-remote", "submodule"];
    words.iter().any(|word| asks.contains(word) || *word == "config")
        && !words.iter().any(|word| address(word) || word.starts_with("safe.directory"))
}

fn is_script(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "sh" | "bash"))
}
