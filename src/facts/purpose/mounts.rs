//! What compose files mount over an image, and whether it runs what it holds or what is mounted.

use crate::context::CopySource;
use crate::facts::paths::{file_name, is_below, resolve};
use crate::facts::{Facts, Guard, Invocation, Run, Source, StageFacts, Transfer};
use crate::workspace::{
    ComposeFile, ComposeService, NameKind, Service, Workspace, is_dockerfile_name, is_for_production, is_sample, join,
    parent,
};

use super::doubts::is_of_trials;
use super::names::is_named_for_work;
use super::starts::{is_override, words};

/// Images that hold a language or a system, and no program.
pub(super) const PLAIN_BASES: [&str; 10] =
    ["alpine", "debian", "elixir", "golang", "node", "php", "python", "ruby", "rust", "ubuntu"];

/// Manifests of projects.
const MANIFESTS: [&str; 8] = [
    "composer.json",
    "package.json",
    "Gemfile",
    "pyproject.toml",
    "requirements.txt",
    "manage.py",
    "mix.exs",
    "go.mod",
];
/// Endings of sources of programs.
const SOURCES: [&str; 14] = ["py", "js", "mjs", "cjs", "ts", "rb", "php", "go", "rs", "java", "ex", "exs", "jar", "pl"];

/// A mount of files of the repository: of the folder that an image is built in, of one around it, or of a part.
#[derive(Debug)]
pub(in crate::facts) struct SourceMount {
    /// Where it lies in the image.
    pub(super) target: String,
    /// What is mounted, relative to the root.
    pub(super) source: String,
    /// Whether that is the folder that the image is built in, or one around it.
    pub(super) is_whole: bool,
    /// The compose file that says so.
    pub(super) file: String,
    /// The stage that the service builds; `None` for the last.
    stage: Option<String>,
    /// The folder that the service works in, where it says so.
    workdir: Option<String>,
    /// Whether it says nothing of development: the file is for production, or another one that builds the stage mounts no sources.
    is_outweighed: bool,
}

impl SourceMount {
    /// The folder that the service with the mount works in, where that is known.
    fn works_in<'f>(&'f self, image: &'f StageFacts) -> Option<&'f str> {
        self.workdir.as_deref().or_else(|| image.state.workdir.known())
    }
}

/// What compose services that build the Dockerfile mount of its sources.
pub(in crate::facts) fn mounts(workspace: &Workspace, service: &Service) -> Vec<SourceMount> {
    let folders = workspace.compose_files(&service.dockerfile, &service.context);
    let mut mounts = Vec::new();
    for file in folders.iter().flat_map(|files| files.iter()) {
        let own = file.services.iter().filter_map(|composed| {
            let build = composed.build.as_ref().filter(|build| build.dockerfile == service.dockerfile)?;
            Some(composed.volumes.iter().map(move |volume| (composed, build, volume)))
        });
        for (composed, build, (source, target)) in own.flatten() {
            let likely = |text: &str| workspace.likely_in_compose(&file.path, text);
            let (source, target) = (likely(source), likely(target));
            // Compose is called where its file lies.
            let here = ["${PWD}", "$PWD"].iter().find_map(|variable| source.strip_prefix(variable));
            let here = here.filter(|rest| rest.is_empty() || rest.starts_with('/'));
            let source = here.map_or_else(|| source.clone(), |rest| format!(".{rest}"));
            let place = source.starts_with('.').then(|| join(parent(&file.path), &source)).flatten();
            if let Some(source) = place {
                let target = format!("/{}", target.trim_matches('/'));
                let is_whole = is_below(&format!("/{}", service.context), &format!("/{source}"));
                let is_outweighed = is_for_production(&file.path);
                let (file, stage, workdir) = (file.path.clone(), build.target.clone(), composed.working_dir.clone());
                mounts.push(SourceMount { target, source, is_whole, file, stage, workdir, is_outweighed });
            }
        }
    }
    let files: Vec<&ComposeFile> = folders.iter().flat_map(|files| files.iter()).collect();
    let without: Vec<bool> = mounts.iter().map(|mount| is_built_without(&files, service, mount, &mounts)).collect();
    for (mount, without) in mounts.iter_mut().zip(without) {
        mount.is_outweighed |= without;
    }
    mounts
}

/// Whether another compose file, none for development, builds the same stage and mounts no sources into it.
fn is_built_without(files: &[&ComposeFile], service: &Service, mount: &SourceMount, mounts: &[SourceMount]) -> bool {
    let overrides = |path: &str| is_override(file_name(path));
    // What is laid over the others without being told holds for them.
    if overrides(&mount.file) {
        return false;
    }
    files.iter().any(|file| {
        let name = file_name(&file.path).to_lowercase();
        let is_of_work = || is_named_for_work(&name) || is_sample(&name) || overrides(&name) || is_of_trials(&name);
        // What another service says is taken in with its mounts.
        let is_own =
            |composed: &&ComposeService| !composed.lines.iter().any(|line| line.trim().starts_with("extends:"));
        let builds = || {
            let own = file.services.iter().filter(is_own).filter_map(|composed| composed.build.as_ref());
            own.into_iter()
                .any(|build| build.dockerfile == service.dockerfile && build.is_whole && build.target == mount.stage)
        };
        file.path != mount.file
            && !is_of_work()
            && builds()
            && !mounts.iter().any(|other| other.is_whole && (other.file == file.path || overrides(&other.file)))
    })
}

impl Facts<'_> {
    /// Whether the image starts a script that nothing in the build can have put there, so that it comes with a mount of the sources:
    /// `CMD ["./script/server"]` where no step copies a `script`.
    pub(super) fn starts_from_a_mount(&self, image: &StageFacts) -> bool {
        let Some(workdir) = image.state.workdir.known() else { return false };
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let number = chain().find_map(|stage| stage.command).or_else(|| chain().find_map(|stage| stage.entrypoint));
        let instruction = number.and_then(|number| self.dockerfile.instructions.get(number));
        let words = instruction.map(words).unwrap_or_default();
        let words = match words.as_slice() {
            [shell, rest @ ..] if matches!(file_name(shell), "sh" | "bash") => rest,
            words => words,
        };
        // Right in the folder itself a build may leave its result.
        let is_inside = |word: &&&str| word.strip_prefix("./").is_some_and(|rest| rest.contains('/'));
        let Some(script) = words.first().filter(is_inside) else { return false };
        let path = resolve(workdir, script);
        let root = chain().last().unwrap_or(image);
        let is_plain = PLAIN_BASES.contains(&file_name(&root.image.repository));
        let copied = chain().flat_map(|stage| &stage.transfers).any(|transfer| {
            let brings = |source: &str| {
                let name = file_name(source);
                !name.contains('.') || name.contains('*') || name == "." || name == file_name(&path)
            };
            match transfer.destination.known() {
                // `COPY Gemfile.lock package.json ./` brings no script.
                Some(destination) if is_below(&path, destination) => {
                    transfer.paths.iter().any(|(source, _)| source.known().is_none_or(brings))
                }
                Some(destination) => is_below(destination, &path),
                None => true,
            }
        });
        is_plain && !copied && chain().flat_map(|stage| &stage.runs).all(|run| !run.opaque && leaves_alone(run, &path))
    }

    /// Whether compose mounts the sources over the folder that the image works in.
    pub(super) fn works_in_a_mount(&self, image: &StageFacts) -> bool {
        self.mount_over(image).is_some()
    }

    /// A mount of the sources over the folder that the image works in.
    pub(super) fn mount_over(&self, image: &StageFacts) -> Option<&SourceMount> {
        let mut own =
            self.mounts.iter().filter(|mount| mount.is_whole && !mount.is_outweighed && is_built_for(image, mount));
        own.find(|mount| mount.target != "/" && is_below(mount.works_in(image).unwrap_or("/"), &mount.target))
    }

    /// Whether compose mounts the sources over the folder that the image works in, where no step copies any: what runs is what somebody
    /// works on.
    pub(super) fn takes_sources_from_a_mount(&self, image: &StageFacts) -> bool {
        let covers = |mount: &SourceMount| {
            mount.works_in(image).is_some_and(|workdir| is_below(workdir, &mount.target)) && mount.target != "/"
        };
        let covering: Vec<&str> = self
            .mounts
            .iter()
            .filter(|mount| mount.is_whole && is_built_for(image, mount) && covers(mount))
            .map(|mount| mount.target.as_str())
            .collect();
        let workdir = image.state.workdir.known().unwrap_or("/");
        let mut chain = std::iter::once(image).chain(self.ancestors(image)).flat_map(|stage| &stage.transfers);
        let holds_sources = |transfer: &Transfer| {
            let destination = transfer.destination.known().unwrap_or(workdir);
            covering.iter().any(|target| is_below(destination, target) || is_below(target, destination))
                && (transfer.source != Source::Context
                    || transfer.paths.iter().any(|(path, _)| path.known().is_none_or(|path| self.is_folder(path))))
        };
        !covering.is_empty() && !chain.any(holds_sources)
    }

    /// The compose file, none for production, that mounts a project of its own over the folder that the image works in, where no step copies
    /// sources: `./shop:/var/www/html/shop` for an image that is built in `docker/web`.
    pub(super) fn project_from_a_mount(&self, image: &StageFacts) -> Option<&str> {
        let mut own = self.mounts.iter().filter(|mount| {
            !mount.is_whole && !mount.is_outweighed && is_built_for(image, mount) && mount.target != "/"
        });
        let is_empty = self.holds_no_program(image);
        // Of an image that holds none whatever is mounted is the program: `./api:/var/www/api`.
        let covers = |mount: &SourceMount| {
            is_empty || mount.works_in(image).is_some_and(|workdir| is_below(workdir, &mount.target))
        };
        let mount = own.find(|mount| covers(mount) && self.holds_a_program(mount))?;
        let workdir = image.state.workdir.known().unwrap_or("/");
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let mut copied = chain.flat_map(|stage| &stage.transfers);
        let brings = |transfer: &Transfer| {
            let destination = transfer.destination.known().unwrap_or(workdir);
            let is_there = is_below(destination, &mount.target) || is_below(&mount.target, destination);
            let is_source = |path: &str| {
                let ending = file_name(path).rsplit_once('.').map(|(_, ending)| ending);
                self.is_folder(path) || ending.is_some_and(|ending| SOURCES.contains(&ending))
            };
            is_there
                && (transfer.source != Source::Context
                    || transfer.paths.iter().any(|(path, _)| path.known().is_none_or(is_source)))
        };
        (!copied.any(brings)).then_some(mount.file.as_str())
    }

    /// Whether the image stands on a base without a program, and no step copies or fetches anything but tools of other images.
    fn holds_no_program(&self, image: &StageFacts) -> bool {
        let root = self.ancestors(image).last().unwrap_or(image);
        let base = file_name(&root.image.repository);
        (PLAIN_BASES.contains(&base) || base == "wordpress")
            && self.chain(image).all(|stage| {
                stage.transfers.iter().all(|transfer| matches!(transfer.source, Source::Image(_)))
                    && !stage.runs.iter().any(fetches)
            })
    }

    /// The manifest of the repository's program, where the image, on a base of a system or a language, holds nothing of it: all that steps
    /// copy are scripts and settings that are there, and none clones or fetches anything.
    pub(super) fn manifest_without_program(&self, image: &StageFacts) -> Option<String> {
        const SETTINGS: [&str; 15] = [
            "conf", "cfg", "cnf", "env", "ini", "json", "list", "lock", "md", "sh", "bash", "toml", "txt", "yaml",
            "yml",
        ];
        let root = self.ancestors(image).last().unwrap_or(image);
        if !PLAIN_BASES.contains(&file_name(&root.image.repository)) {
            return None;
        }
        let folders = [self.service.context.as_str(), ""].into_iter();
        let mut manifests = folders.flat_map(|folder| MANIFESTS.iter().filter_map(move |name| join(folder, name)));
        let manifest = manifests.find(|path| self.workspace.is_file(path))?;
        let own = parent(&self.service.dockerfile);
        let is_source = |path: &str| {
            let ending = file_name(path).rsplit_once('.').map(|(_, ending)| ending);
            ending.is_some_and(|ending| SOURCES.contains(&ending))
                && (own.is_empty() || !is_below(&format!("/{path}"), &format!("/{own}")))
        };
        if !self.workspace.own_files().files.iter().any(|file| is_source(&file.path)) {
            return None;
        }
        // What is not there, or is no script and no setting, may be the program, built before.
        let is_program = |path: &str| {
            let ending = file_name(path).rsplit_once('.').map(|(_, ending)| ending);
            let is_there = join(&self.service.context, path).is_some_and(|place| self.workspace.is_file(&place));
            !is_there || ending.is_none_or(|ending| !SETTINGS.contains(&ending))
        };
        let brings = |transfer: &Transfer| {
            transfer.source != Source::Context
                || transfer.paths.is_empty()
                || transfer.paths.iter().any(|(path, _)| path.known().is_none_or(is_program))
        };
        let installs_a_program = |command: &Invocation| {
            matches!(command.program.as_str(), "npm" | "yarn" | "gem" | "cargo")
                && (command.has_argument("-g") || command.has_argument("--global") || command.has_argument("install"))
        };
        let fetches = |run: &Run| fetches(run) || run.invocations.iter().any(installs_a_program);
        let any = self.chain(image).any(|stage| stage.transfers.iter().any(brings) || stage.runs.iter().any(fetches));
        (!any).then_some(manifest)
    }

    /// Whether a folder is mounted that holds the manifest of a project.
    fn holds_a_program(&self, mount: &SourceMount) -> bool {
        let mut manifests = MANIFESTS.iter().filter_map(|name| join(&mount.source, name));
        manifests.any(|path| self.workspace.is_file(&path))
    }

    /// Whether the image holds none of its program, which comes with a mount of the sources: compose mounts them over the folder that the
    /// image works in, and no step copies any, or it starts a file that only such a mount brings.
    #[must_use]
    pub fn runs_over_a_mount(&self, image: &StageFacts) -> bool {
        self.takes_sources_from_a_mount(image) || self.starts_what_only_a_mount_brings(image)
    }

    /// Whether the image starts a file of the repository that no step of the build brings, since compose mounts it, into this stage or
    /// another, or since it lies in the context as it would in the folder that the image works in: `ENTRYPOINT ["./entrypoint.sh"]` where
    /// only `package.json` is copied, `bin/rails s` behind `COPY Gemfile Gemfile.lock ./`.
    fn starts_what_only_a_mount_brings(&self, image: &StageFacts) -> bool {
        let Some(workdir) = image.state.workdir.known() else { return false };
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let root = chain().last().unwrap_or(image);
        // Any other base may bring the file.
        if !PLAIN_BASES.contains(&file_name(&root.image.repository)) {
            return false;
        }
        let own = self.own_start(image);
        // What compose starts in its place says nothing of the image.
        if own.iter().all(Option::is_none) {
            return false;
        }
        let started = own.into_iter().flatten().filter_map(|instruction| started_file(&words(instruction)));
        let scripts: Vec<String> = self.started(image).iter().filter_map(|it| started_script(it)).collect();
        let mut started = started.chain(scripts).map(|file| resolve(workdir, &file));
        started.any(|path| {
            let is_mounted = self.mounts.iter().any(|mount| {
                let Some(rest) = path.strip_prefix(&mount.target) else { return false };
                let rest = Some(rest).filter(|rest| rest.is_empty() || rest.starts_with('/'));
                let source = rest.and_then(|rest| join(&mount.source, rest.trim_start_matches('/')));
                source.is_some_and(|source| self.workspace.is_file(&source))
            });
            let in_workdir = path.strip_prefix(workdir).and_then(|rest| rest.strip_prefix('/'));
            let left = in_workdir.and_then(|rest| join(&self.service.context, rest));
            (is_mounted || left.is_some_and(|left| self.workspace.is_file(&left)))
                && !chain().flat_map(|stage| &stage.transfers).any(|transfer| self.may_put(transfer, &path))
                && chain().flat_map(|stage| &stage.runs).all(|run| !run.opaque && leaves_alone(run, &path))
        })
    }

    /// Whether a copy may put a file at `path`.
    fn may_put(&self, transfer: &Transfer, path: &str) -> bool {
        let Some(destination) = transfer.destination.known() else { return true };
        if !is_below(path, destination) {
            return false;
        }
        // What is no file that lies there may be a folder or an archive.
        let is_other_file = |source: &str| {
            let place = join(&self.service.context, source.trim_start_matches('/'));
            let is_archive =
                transfer.add && [".tar", ".tgz", ".zip", ".gz", ".xz"].iter().any(|it| source.contains(it));
            place.is_some_and(|place| self.workspace.is_file(&place))
                && destination != path
                && file_name(source) != file_name(path)
                && !is_archive
        };
        transfer.source != Source::Context
            || transfer.paths.is_empty()
            || !transfer.escaping.is_empty()
            || transfer.paths.iter().any(|(source, _)| source.known().is_none_or(|source| !is_other_file(source)))
    }

    /// `ADD . /app` in the folder of a Dockerfile that lies there alone.
    fn holds_a_dockerfile_alone(&self, folder: &str) -> bool {
        let entries = self.workspace.list(folder);
        let is_one = |name: &str| name == ".dockerignore" || is_dockerfile_name(name) == NameKind::Yes;
        !entries.is_empty() && entries.iter().all(|entry| !entry.is_dir && is_one(&entry.name))
    }

    /// Whether a `COPY` of `path` takes a folder, or sources that are not named one by one; `package*.json` and `poetry.lock*` are none.
    pub(super) fn is_folder(&self, path: &str) -> bool {
        let plain = path.trim_start_matches('/');
        let there = |path: &str| join(&self.service.context, path);
        if !plain.contains(['*', '?', '[']) {
            return there(plain)
                .is_none_or(|there| self.workspace.is_dir(&there) && !self.holds_a_dockerfile_alone(&there));
        }
        let (Some(folder), Some(source)) = (there(parent(plain)), CopySource::parse(file_name(plain))) else {
            return true;
        };
        let Some(pattern) = source.parts().first().filter(|_| self.workspace.is_dir(&folder)) else { return true };
        let mut taken = self.workspace.list(&folder).into_iter().filter(|entry| pattern.matches(&entry.name));
        taken.any(|entry| {
            let ending = entry.name.rsplit_once('.').map(|(_, ending)| ending);
            entry.is_dir || ending.is_some_and(|ending| SOURCES.contains(&ending))
        })
    }
}

/// Whether a step may bring a program from elsewhere.
fn fetches(run: &Run) -> bool {
    run.opaque
        || run.mounts.iter().any(|mount| mount.kind == "bind")
        || run.invocations.iter().any(|it| matches!(it.program.as_str(), "git" | "curl" | "wget" | "go"))
}

/// Whether the service with the mount builds this stage, as far as the file says which.
fn is_built_for(image: &StageFacts, mount: &SourceMount) -> bool {
    let named = |stage: &str| image.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(stage));
    mount.stage.as_deref().is_none_or(|stage| stage.contains('$') || named(stage))
}

/// The file that a start runs, as it is written there, where it is named by a path: `./entrypoint.sh`, `bin/rails` of
/// `sh -c "bin/rails s"`, `start.sh` of `bash start.sh`.
fn started_file(words: &[&str]) -> Option<String> {
    let is_shell = |word: &str| matches!(file_name(word), "sh" | "bash" | "ash" | "dash");
    let (first, rest) = words.split_first()?;
    if !is_shell(first) {
        return first.contains('/').then(|| (*first).to_owned());
    }
    let (flags, rest) = rest.split_at(rest.iter().take_while(|word| word.starts_with('-')).count());
    let file = rest.first()?;
    if !flags.iter().any(|flag| flag.contains('c')) {
        return Some((*file).to_owned());
    }
    let own = file.split_whitespace().find(|word| *word != "exec" && !word.contains('='))?;
    own.contains('/').then(|| own.to_owned())
}

/// The script that an interpreter is started with: `server.py` of `python server.py --port 80`.
fn started_script(command: &[&str]) -> Option<String> {
    const INTERPRETERS: [(&str, &str); 5] =
        [("python", "py"), ("python3", "py"), ("node", "js"), ("ruby", "rb"), ("php", "php")];
    let (program, rest) = command.split_first()?;
    let (_, ending) = INTERPRETERS.iter().find(|(name, _)| *name == file_name(program))?;
    let script = rest.first().filter(|word| !word.starts_with('-'))?;
    script.rsplit_once('.').filter(|(_, found)| found == ending).map(|_| (*script).to_owned())
}

/// Whether no command of `run` can have made the file at `path`: all of them install packages, set something up, or say that their
/// result goes elsewhere.
fn leaves_alone(run: &Run, path: &str) -> bool {
    const HARMLESS: [&str; 41] = [
        "apt-get",
        "apt",
        "apk",
        "dnf",
        "yum",
        "pip",
        "npm",
        "yarn",
        "gem",
        "bundle",
        "pecl",
        "pie",
        "groupadd",
        "useradd",
        "addgroup",
        "adduser",
        "usermod",
        "mkdir",
        "chown",
        "chmod",
        "rm",
        "echo",
        "set",
        "export",
        "cd",
        "sed",
        "touch",
        "locale-gen",
        "docker-php-ext-install",
        "docker-php-ext-enable",
        "docker-php-ext-configure",
        "go",
        "uv",
        "poetry",
        "pipenv",
        "pnpm",
        "corepack",
        "cp",
        "ln",
        "which",
        "true",
    ];
    run.invocations.iter().filter(|invocation| invocation.guard != Guard::Never).all(|invocation| {
        let workdir = invocation.workdir.known().unwrap_or("/");
        let mut words = invocation.arguments.iter().map(|word| word.value.text());
        let named = words.any(|word| {
            let place = resolve(workdir, word);
            !word.starts_with('-') && place != "/" && is_below(path, &place)
        });
        let mut words = invocation.arguments.iter().map(|word| word.value.text());
        let elsewhere = matches!(invocation.program.as_str(), "curl" | "wget")
            && words.any(|word| matches!(word, "-o" | "-O" | "--output"));
        let builds = invocation.program == "go" && invocation.argument(0) != Some("mod");
        let makes_folder = matches!(invocation.program.as_str(), "mkdir" | "chown" | "chmod");
        // `bundle install --binstubs` makes `bin/rails`.
        let makes_starters = invocation.program == "bundle"
            && invocation.arguments.iter().any(|word| word.value.text().contains("binstubs"));
        (HARMLESS.contains(&invocation.program.as_str()) || elsewhere)
            && !builds
            && !makes_starters
            && (!named || makes_folder)
    })
}
