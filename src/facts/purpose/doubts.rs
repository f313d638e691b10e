//! What makes it doubtful that anybody ships an image, though nothing says outright that people only work with it.

use crate::facts::paths::{bare, file_name, has_ending, is_below};
use crate::facts::{Facts, Source, StageFacts, Transfer};
use crate::workspace::{ComposeService, join, parent};

use super::mounts::PLAIN_BASES;
use super::names::{is_folder_for_work, is_named_for_work};
use super::starts::is_shell;
use super::work::MODES;

/// Parts of names of files and folders around them for what is tried out.
const TRIALS: [&str; 9] =
    ["playground", "sandbox", "preview", "previews", "smoke", "travis", "circleci", "uffizzi", "cross"];
/// Names of folders for what shows how something is used.
const EXAMPLES: [&str; 6] = ["example", "examples", "demo", "demos", "sample", "samples"];
/// Names of folders for what is out of use.
const OUT_OF_USE: [&str; 5] = ["archived", "attic", "deprecated", "obsolete", "unused"];

/// Words of a start that say that people work in the image: `npm run dev`.
const WORK: [&str; 10] =
    ["dev", "development", "test", "tests", "watch", "start:dev", "start-dev", "develop", "storybook", "lint"];
/// Chains that somebody tests contracts against.
const TEST_CHAINS: [&str; 3] = ["anvil", "ganache", "ganache-cli"];
/// Images that start a shell, beside those of languages.
const SYSTEMS: [&str; 8] =
    ["amazonlinux", "almalinux", "centos", "fedora", "oraclelinux", "rockylinux", "ubi8", "ubi9"];

impl Facts<'_> {
    /// What makes it doubtful that a final image is shipped, or that people run it who do not work on it, in words; `None` where nothing
    /// does.
    #[must_use]
    pub fn doubt_of_shipping(&self, image: &StageFacts) -> Option<&str> {
        let purpose = self.purposes.get(image.index)?;
        purpose.doubt.get_or_init(|| self.find_doubt(image)).as_deref()
    }

    fn find_doubt(&self, image: &StageFacts) -> Option<String> {
        let shipped = self.shipped_by();
        if let Some(sign) = self.sign_of_development(image) {
            return Some(match shipped {
                Some(by) => format!("{sign}, though `{by}` ships the image"),
                None => format!("perhaps nobody ships the image, since {sign}"),
            });
        }
        if let Some(last) = self.workbench_in_its_place(image).filter(|_| shipped.is_none()) {
            return Some(format!(
                "perhaps nobody ships the image, since a build that names no stage makes `{last}`, to work in, and none is seen to name this one"
            ));
        }
        if let Some(sign) = self.passed_over(image) {
            return Some(format!("perhaps nobody ships the stage, since {sign}"));
        }
        if shipped.is_some() {
            return None;
        }
        self.sign_against_shipping(image).map(|sign| format!("perhaps nobody ships the image, since {sign}"))
    }

    /// What of an image speaks for developing or testing; people ship such images all the same.
    fn sign_of_development(&self, image: &StageFacts) -> Option<String> {
        if self.starts_a_development_server(image) {
            return Some("it starts a server for development".to_owned());
        }
        if self.is_set_for_development(image) {
            return Some("it is set up for development".to_owned());
        }
        if let Some((script, setting, mount)) = self.starts_in_development(image) {
            let sources =
                mount.map_or_else(|| "no step copies a folder".to_owned(), |mount| format!("`{mount}` mounts sources"));
            return Some(format!("`{script}` starts it with `{setting}`, and {sources}"));
        }
        if let Some(by) = self.starts_djangos_server(image) {
            return Some(format!("{by} starts the server of Django for development"));
        }
        let words = self.all_start_words(image);
        if let Some(word) = words.iter().map(|word| bare(word)).find(|word| WORK.contains(word)) {
            return Some(format!("it starts `{word}`"));
        }
        self.starts_with(image, &TEST_CHAINS).then(|| "it starts a chain to test with".to_owned())
    }

    /// What else makes it doubtful that an image is shipped of which no file says so.
    fn sign_against_shipping(&self, image: &StageFacts) -> Option<String> {
        if let Some(name) = self.name_of_trials() {
            return Some(format!("it is named `{name}`"));
        }
        if let Some(sign) = self.shown_or_generated() {
            return Some(sign);
        }
        if let Some(folder) = self.folder_out_of_use() {
            return Some(format!("it lies in `{folder}`"));
        }
        if let Some(other) = self
            .one_for_production()
            .filter(|_| self.workspace.workflow_that_builds(&self.service.dockerfile).is_none())
        {
            return Some(format!("`{other}` beside it is for production"));
        }
        if let Some((script, hook)) = self.open_hook(image) {
            return Some(format!("`{script}` runs `{hook}`, which only an image that is built on it can bring"));
        }
        if self.may_be_published() || self.is_for_production() {
            return None;
        }
        if let Some(source) = self.missing_source(image) {
            return Some(format!("`{source}`, which it copies, is not there, and nothing is seen to build it"));
        }
        if let Some(program) = self.hands_out_what_it_built(image) {
            return Some(format!(
                "it starts `{program}`, which hands out what was built, and nothing is seen to ship it"
            ));
        }
        if let Some(file) = self.told_to_work_in() {
            return Some(format!("`{file}` runs a shell in it, over sources that it mounts"));
        }
        if let Some(folder) = self.takes_settings_for_work(image) {
            return Some(format!("what it copies lies in `{folder}`, and no workflow is seen to build it"));
        }
        if let Some(manifest) = self.manifest_without_program(image) {
            return Some(format!("no step copies the program of `{manifest}`"));
        }
        if let Some((file, other)) = self.named_in_its_place() {
            return Some(format!("`{file}` builds `{other}` beside it, and nothing is seen to build this one"));
        }
        if let Some((workflow, job)) = self.workspace.job_that_tries(&self.service.dockerfile) {
            return Some(format!(
                "the job `{job}` of `{workflow}` builds it to test with and does not push it, and nothing else is seen to build it"
            ));
        }
        if let Some(mount) = self.mount_over(image) {
            return Some(format!("`{}` mounts the sources over it, and no workflow is seen to build it", mount.file));
        }
        if let Some(file) = self.project_from_a_mount(image) {
            return Some(format!(
                "`{file}` mounts the program, which no step copies, and no workflow is seen to build it"
            ));
        }
        if let Some((workflow, other)) = self.built_in_its_place() {
            return Some(format!(
                "`{workflow}` builds `{other}` of the same context, and none is seen to build this one"
            ));
        }
        let mut elsewhere = ["Procfile", "Capfile"].into_iter().filter_map(|name| join(&self.service.context, name));
        if let Some(path) = elsewhere.find(|path| self.deploys_without_an_image(path)) {
            return Some(format!(
                "`{path}` says how the program is deployed without an image, and no workflow is seen to build one"
            ));
        }
        if let Some(path) = self.editor_that_takes_it() {
            return Some(format!("`{path}` makes it the container of an editor, and no workflow is seen to build it"));
        }
        if let Some(path) = self.compose_for_work() {
            return Some(format!(
                "`{path}` builds it for developers, as its first lines say, and no workflow is seen to build it"
            ));
        }
        if self.leaves_what_it_starts(image) {
            return Some("it starts nothing by itself, and no workflow is seen to build it".to_owned());
        }
        let words = self.all_start_words(image);
        let words: Vec<&str> = words.iter().map(|word| bare(word)).filter(|word| !word.is_empty()).collect();
        is_shell(&words).then(|| "it only starts a shell, and no workflow is seen to build it".to_owned())
    }

    /// The folder for development that a start script or a setting comes from, where no step copies a folder:
    /// `COPY dev-environment/configs/slurm.conf /etc/slurm/`.
    fn takes_settings_for_work<'f>(&'f self, image: &'f StageFacts) -> Option<&'f str> {
        const ENDINGS: [&str; 7] = ["sh", "conf", "cfg", "ini", "env", "yml", "yaml"];
        let transfers = self.chain(image).flat_map(|stage| &stage.transfers);
        let own = transfers.filter(|transfer| transfer.source == Source::Context);
        let paths: Vec<&str> =
            own.flat_map(|transfer| &transfer.paths).map(|(path, _)| path.known().unwrap_or("")).collect();
        if paths.iter().any(|path| self.is_folder(path)) {
            return None;
        }
        let settings = paths.into_iter().filter(|path| ENDINGS.iter().any(|ending| has_ending(path, ending)));
        settings.flat_map(|path| parent(path).split('/')).find(|folder| is_folder_for_work(folder))
    }

    /// Whether a `Procfile` or `Capfile` tells how the program is deployed, and not how it is worked on, or that Docker is called there.
    fn deploys_without_an_image(&self, path: &str) -> bool {
        const FOR_WORK: [&str; 4] = ["webpack-dev-server", "guard:", "-e development", "bin/dev"];
        let Ok(file) = self.workspace.read(path) else { return false };
        if !path.ends_with("Capfile") {
            // These build the Dockerfile and take from a `Procfile` what to start.
            let builds_images = |text: &str| {
                ["git@beta.aptible.com", "aptible deploy", "dokku@"].iter().any(|sign| text.contains(sign))
            };
            return !FOR_WORK.iter().any(|sign| file.text().contains(sign))
                && !self.targets().texts().any(|(_, text)| builds_images(text));
        }
        let folder = parent(path);
        let settings =
            ["config/deploy.rb", "config/deploy/production.rb"].into_iter().filter_map(|name| join(folder, name));
        // Capistrano's tasks and Rake's.
        let tasks = ["lib/capistrano/tasks", "lib/tasks"].into_iter().filter_map(|name| join(folder, name));
        let tasks = tasks.flat_map(|folder| {
            let entries = self.workspace.list(&folder).into_iter().filter(|entry| has_ending(&entry.name, "rake"));
            entries.filter_map(move |entry| join(&folder, &entry.name))
        });
        let calls = |path: String| self.workspace.read(&path).is_ok_and(|file| file.text().contains("docker"));
        !file.text().contains("docker") && !settings.chain(tasks).any(calls)
    }

    /// A script that starts something for development, how it says so, and the compose file that mounts sources into the image, where no
    /// step brings them: `bin/rails server -e development`.
    fn starts_in_development(&self, image: &StageFacts) -> Option<(String, String, Option<&str>)> {
        let workdir = image.state.workdir.known().unwrap_or("/");
        let mut around = self.mounts.iter().filter(|mount| {
            mount.target != "/" && (is_below(&mount.target, workdir) || is_below(workdir, &mount.target))
        });
        let mount = around.find(|mount| mount.is_whole || self.workspace.is_dir(&mount.source));
        let mut copied = std::iter::once(image).chain(self.ancestors(image)).flat_map(|stage| &stage.transfers);
        let brings = |transfer: &Transfer| {
            transfer.source != Source::Context
                || transfer.paths.iter().any(|(path, _)| path.known().is_none_or(|path| self.is_folder(path)))
        };
        if mount.is_none() && copied.any(brings) {
            return None;
        }
        let said = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().map(bare).collect();
            let option = words.windows(2).find(|pair| matches!(pair, ["-e" | "--environment", "development"]));
            let option = option.map(|pair| pair.join(" "));
            option.or_else(|| {
                let is_mode = |word: &&&str| {
                    word.split_once('=').is_some_and(|(name, value)| {
                        value == "development" && (name == "--environment" || MODES.contains(&name))
                    })
                };
                words.iter().find(is_mode).map(|word| (*word).to_owned())
            })
        };
        let script = self.start_script_with(image, |line| said(line).is_some())?;
        let file = self.workspace.read(&script).ok()?;
        let setting = file.text().lines().filter(|line| !line.trim_start().starts_with('#')).find_map(said)?;
        Some((script, setting, mount.map(|mount| mount.file.as_str())))
    }

    /// What starts `manage.py runserver`: the image itself or a script.
    fn starts_djangos_server(&self, image: &StageFacts) -> Option<String> {
        let runs = |text: &str| text.split_whitespace().any(|word| matches!(word, "runserver" | "runserver_plus"));
        if self.all_start_words(image).iter().any(|word| runs(bare(word))) {
            return Some("it".to_owned());
        }
        self.start_script_with(image, runs).map(|path| format!("`{path}`"))
    }

    /// `travis/Dockerfile-travis-watch`, `build/cross-images/x86_64.dockerfile`
    fn name_of_trials(&self) -> Option<&str> {
        self.service.dockerfile.rsplit('/').find(|name| is_of_trials(&name.to_lowercase()))
    }

    /// `examples/graph-analytics/Dockerfile`, or a file that the generator of an API's clients writes.
    fn shown_or_generated(&self) -> Option<String> {
        let own = self.service.dockerfile.as_str();
        if self.may_be_published() || self.is_for_production() {
            return None;
        }
        let mut folders = parent(own).split('/');
        if let Some(folder) = folders.find(|folder| EXAMPLES.contains(&folder.to_lowercase().as_str())) {
            return Some(format!("it lies in `{folder}`"));
        }
        let generated = [".openapi-generator", ".swagger-codegen"];
        let found =
            generated.iter().find(|name| join(parent(own), name).is_some_and(|path| self.workspace.is_dir(&path)));
        found.map(|name| format!("`{name}` beside it says that it is generated"))
    }

    /// `archive/effects-controller/Dockerfile`, `services/deprecated/api/Dockerfile`
    fn folder_out_of_use(&self) -> Option<&str> {
        let own = self.service.dockerfile.as_str();
        // A service may be called `archive`.
        let whole = own.split_once('/').filter(|(first, rest)| *first == "archive" && rest.contains('/'));
        let folders = || parent(own).split('/');
        whole.map(|(first, _)| first).or_else(|| folders().find(|folder| OUT_OF_USE.contains(folder)))
    }

    /// A workflow that builds another Dockerfile in the same context, and that Dockerfile.
    fn built_in_its_place(&self) -> Option<(String, String)> {
        let own = &self.service.dockerfile;
        let is_shipped = |other: &str| {
            other != own
                && parent(other) == parent(own)
                && !is_named_for_work(&file_name(other).to_lowercase())
                && self.workspace.is_file(other)
        };
        self.workspace.built_by_workflows(&self.service.context).into_iter().find(|(_, other)| is_shipped(other))
    }

    /// Whether the image is the container of an editor, and workflows build another Dockerfile of the same context.
    pub(super) fn is_an_editors_container(&self) -> bool {
        let own = &self.service.dockerfile;
        self.editor_that_takes_it().is_some()
            && self.workspace.workflow_that_builds(own).is_none()
            && self.workspace.built_by_workflows(&self.service.context).iter().any(|(_, other)| {
                other != own && !is_named_for_work(&file_name(other).to_lowercase()) && self.workspace.is_file(other)
            })
    }

    /// A file of an editor that names the Dockerfile, or the compose service that builds it: `"dockerFile": "Dockerfile"` in
    /// `.devcontainer.json`. Paths are relative to that file.
    fn editor_that_takes_it(&self) -> Option<String> {
        let find = || {
            let mut files = self.editors_files().into_iter().filter(|path| self.workspace.is_file(path));
            files.find(|path| self.workspace.read(path).is_ok_and(|file| self.is_named_by_editor(path, file.text())))
        };
        self.editor.get_or_init(find).clone()
    }

    /// The files by which an editor finds its container, whether they are there or not.
    pub(in crate::facts) fn editors_files(&self) -> Vec<String> {
        let folders = [parent(&self.service.dockerfile), self.service.context.as_str(), ""];
        let mut paths: Vec<String> = Vec::new();
        for folder in folders {
            let container = join(folder, ".devcontainer").unwrap_or_default();
            let inner = if self.workspace.is_dir(&container) { self.workspace.list(&container) } else { Vec::new() };
            let inner = inner.into_iter().filter(|entry| entry.is_dir);
            let inner = inner.map(|entry| format!("{container}/{}/devcontainer.json", entry.name));
            let own = [".devcontainer.json", ".devcontainer/devcontainer.json"].map(|name| join(folder, name));
            paths.extend(own.into_iter().flatten().chain(inner));
        }
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    fn is_named_by_editor(&self, path: &str, text: &str) -> bool {
        let own = &self.service.dockerfile;
        let words: Vec<&str> = text.split('"').collect();
        let behind = |key: &str| {
            let at = words.iter().position(|word| word.eq_ignore_ascii_case(key))?;
            words.get(at + 2).copied()
        };
        let place = |word: &str| join(parent(path), word);
        if behind("dockerfile").and_then(place).as_ref() == Some(own) {
            return true;
        }
        let Some(service) = behind("service").filter(|_| words.contains(&"dockerComposeFile")) else { return false };
        let folders = self.workspace.compose_files(own, &self.service.context);
        folders.iter().flat_map(|files| files.iter()).any(|file| {
            let is_it = |composed: &ComposeService| {
                composed.name == service && composed.build.as_ref().is_some_and(|build| build.dockerfile == *own)
            };
            words.iter().filter_map(|word| place(word)).any(|path| path == file.path) && file.services.iter().any(is_it)
        })
    }

    /// A compose file that builds the Dockerfile and begins with a comment that speaks of developers: `# docker-compose for development`.
    fn compose_for_work(&self) -> Option<String> {
        let folders = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        let mut files = folders.iter().flat_map(|files| files.iter()).filter(|file| {
            let builds = file.services.iter().filter_map(|service| service.build.as_ref());
            builds.into_iter().any(|build| build.dockerfile == self.service.dockerfile)
        });
        let speaks = |text: &str| {
            let head = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#'));
            let head = head.collect::<Vec<_>>().join(" ").to_lowercase();
            let mut words = head.split(|c: char| !c.is_alphanumeric());
            words.any(|word| matches!(word, "development" | "developer" | "developers")) && !head.contains("prod")
        };
        files.find(|file| speaks(file.source.text())).map(|file| file.path.clone())
    }

    /// What an image starts that only hands out files to whoever runs it, `CMD ["cp", "target/release/tool.exe", "/output/"]`,
    /// `CMD tar -cf - .`. A container that starts before another one and leaves it a plugin is shipped, and copies elsewhere.
    fn hands_out_what_it_built(&self, image: &StageFacts) -> Option<&'static str> {
        const PRINTERS: [&str; 3] = ["tar", "zip", "cat"];
        const COPIERS: [&str; 4] = ["cp", "mv", "install", "rsync"];
        const TO_PEOPLE: [&str; 9] =
            ["artifacts", "dist", "export", "host", "out", "output", "release", "results", "target"];
        let hands_out = |words: &Vec<&str>| {
            let (program, arguments) = words.split_first()?;
            let program = file_name(program);
            let destination = arguments.last().and_then(|word| bare(word).strip_prefix('/')?.split('/').next());
            let is_given = destination.is_some_and(|folder| TO_PEOPLE.contains(&folder));
            PRINTERS.into_iter().chain(COPIERS.into_iter().filter(|_| is_given)).find(|known| *known == program)
        };
        let programs: Option<Vec<&str>> = self.started(image).iter().map(hands_out).collect();
        programs?.first().copied()
    }

    /// Whether neither the image nor a compose file says what it starts, and its base starts a shell or the prompt of a language.
    fn leaves_what_it_starts(&self, image: &StageFacts) -> bool {
        let root = self.ancestors(image).last().unwrap_or(image);
        // `php:8.3-fpm` and `php:8.3-apache` start a server.
        let tag = root.image.tag.as_deref().unwrap_or_default();
        let serves = tag.split('-').any(|part| matches!(part, "fpm" | "apache"));
        let name = file_name(&root.image.repository);
        self.starts_nothing(image) && !serves && (PLAIN_BASES.contains(&name) || SYSTEMS.contains(&name))
    }
}

/// Whether a name, in lower case, is one of what is tried out.
pub(super) fn is_of_trials(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|word| TRIALS.contains(&word))
}
