//! Which files of the repository a build reads: what can change an image, and what is found in it.

use std::collections::BTreeSet;

use crate::context::{CopySource, IgnoreFile};
use crate::dockerfile::Value;
use crate::workspace::{below, holder, join, parent};

use super::{Facts, Source};

/// The files and folders that a build reads, whether they exist or not. Paths are relative to the workspace's root.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// Files, each by its own name and, where it is a link, by the one that it leads to.
    files: BTreeSet<String>,
    /// Folders that are read as a whole, whatever the ignore file says.
    folders: BTreeSet<String>,
    /// The folder of the context and, where that is a link, the one that it leads to.
    contexts: Vec<String>,
    /// What is taken of the context, as `COPY` names it.
    sources: Vec<CopySource>,
    /// The ignore file of the context.
    ignore: Option<IgnoreFile>,
    /// Whether something is read that is not known, which may be anything.
    unknown: bool,
}

impl Reads {
    /// Whether the file at `path` is read, or may be.
    #[must_use]
    pub fn reads_file(&self, path: &str) -> bool {
        self.unknown
            || self.files.contains(path)
            || self.folders.iter().any(|folder| below_or_at(path, folder).is_some())
            || self.contexts.iter().filter_map(|context| below_or_at(path, context)).any(|path| {
                let is_ignored = || self.ignore.as_ref().is_some_and(|ignore| ignore.excluded(path));
                self.sources.iter().any(|source| takes(source, path)) && !is_ignored()
            })
    }

    /// Whether anything below the folder at `path` is read, or may be.
    #[must_use]
    pub fn reads_below(&self, path: &str) -> bool {
        let meets = |other: &str| below_or_at(other, path).is_some() || below_or_at(path, other).is_some();
        self.unknown
            || self.files.iter().any(|file| below_or_at(file, path).is_some())
            || self.folders.iter().any(|folder| meets(folder))
            || self.contexts.iter().any(|context| below_or_at(context, path).is_some())
            || self
                .contexts
                .iter()
                .filter_map(|context| below_or_at(path, context))
                .any(|path| self.sources.iter().any(|source| meets_folder(source, path)))
    }

    /// The files that are known by name, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Whether something is read that is not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// Takes what the context holds at `source`; all of it when that is not known.
    fn take(&mut self, source: &Value) {
        let source = source.known().unwrap_or(".");
        if source.contains("://") || source.starts_with("git@") {
            return;
        }
        self.sources.extend(CopySource::parse(source).or_else(|| CopySource::parse(".")));
    }
}

/// Whether a source takes the file at `path` of the context, by itself or with a folder that holds it.
fn takes(source: &CopySource, path: &str) -> bool {
    let mut names = path.split('/');
    for part in source.parts() {
        if part.is_any_depth() {
            return true;
        }
        if !names.next().is_some_and(|name| part.matches(name)) {
            return false;
        }
    }
    true
}

/// Whether a source may take something below the folder at `path`.
fn meets_folder(source: &CopySource, path: &str) -> bool {
    let mut parts = source.parts().iter();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        match parts.next() {
            None => return true,
            Some(part) if part.is_any_depth() => return true,
            Some(part) if !part.matches(name) => return false,
            Some(_) => {}
        }
    }
    true
}

/// What is left of `path` below the folder; nothing where it is the folder itself.
fn below_or_at<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if path == folder { Some("") } else { below(path, folder) }
}

impl Facts<'_> {
    /// What the build reads of the repository, and what says how it is built: the Dockerfile, its ignore file, what `COPY`, `ADD` and
    /// bind mounts take of the context, the manifests and locks of its installs, the files that define the build, and the manifests
    /// that run the image.
    #[must_use]
    pub fn reads(&self) -> Reads {
        let service = self.service;
        let contexts = [Some(service.context.clone()), self.workspace.link_target(&service.context)];
        let mut reads = Reads { contexts: contexts.into_iter().flatten().collect(), ..Reads::default() };
        let dockerfile = holder(&service.dockerfile).unwrap_or(&service.dockerfile);
        let mut files = BTreeSet::from([dockerfile.to_owned(), format!("{}.dockerignore", service.dockerfile)]);
        // One that appears or goes counts, too.
        files.extend([".dockerignore", ".containerignore"].iter().filter_map(|name| join(&service.context, name)));
        files.extend(service.ignore_file.clone());
        // What git ignores is what working copies hold besides, which is copied, too.
        let mut folder = service.context.as_str();
        loop {
            files.extend(join(folder, ".gitignore"));
            if folder.is_empty() {
                break;
            }
            folder = parent(folder);
        }
        let ignore = service.ignore_file.as_ref().and_then(|path| self.workspace.read(path).ok());
        reads.ignore = ignore.map(|source| IgnoreFile::parse(source.text()));
        for install in self.python_installs() {
            files.extend(install.files.iter().cloned());
            files.extend(install.projects.iter().map(|project| project.manifest.to_string()));
            files.extend(install.roots.iter().map(|root| root.place.file.to_string()));
            files.extend(install.troubles.iter().map(|trouble| trouble.place.file.to_string()));
            files.extend(install.lock.iter().map(|lock| lock.path.clone()));
            for project in &install.projects {
                // What would decide the versions were it there.
                let locks = ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock"];
                files.extend(locks.iter().filter_map(|name| join(parent(&project.manifest), name)));
            }
        }
        for transfer in self.stages.iter().flat_map(|stage| &stage.transfers) {
            match &transfer.source {
                Source::Context => transfer.paths.iter().for_each(|(path, _)| self.take(path, &mut reads)),
                Source::Stage(_) => {}
                Source::Image(name) => reads.unknown |= self.may_be_a_folder(name),
            }
        }
        for mount in self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.mounts) {
            match &mount.from {
                _ if mount.kind != "bind" => {}
                None => self.take(mount.source.as_ref().unwrap_or(&Value::new(".")), &mut reads),
                Some(name) => reads.unknown |= self.may_be_a_folder(name),
            }
        }
        files.extend(self.workspace.definition_files(&service.dockerfile, &service.context));
        files.extend(self.manifests_that_run_it().iter().cloned());
        // What an image is for is told by editors, platforms, and workflows that build another one of the same context.
        files.extend(self.editors_files());
        files.extend(self.workspace.built_by_workflows(&service.context).into_iter().map(|(workflow, _)| workflow));
        files
            .extend(self.workspace.deployed(&service.dockerfile, &service.context).into_iter().map(|image| image.file));
        reads.folders.extend(self.mounted_by_compose());
        // A file that is a link changes with the one that it leads to.
        let targets: Vec<String> = files.iter().filter_map(|file| self.workspace.link_target(file)).collect();
        files.extend(targets);
        reads.files = files;
        reads
    }

    /// Takes what the context holds at `source`. What is not there something makes before the build, of what nobody knows: of the context,
    /// or where it is a wheel of any project of the repository.
    fn take(&self, source: &Value, reads: &mut Reads) {
        reads.take(source);
        let local = source.known().filter(|source| !source.contains("://") && !source.starts_with("git@"));
        // A build follows links in the way to what it takes, and takes a folder for a link to it.
        let literal = |part: &&str| !part.contains(['*', '?', '[']);
        let way: Vec<&str> = source.known().unwrap_or_default().split('/').take_while(literal).collect();
        let way = join(&self.service.context, way.join("/").trim_start_matches('/'));
        reads
            .folders
            .extend(way.filter(|way| *way != self.service.context).and_then(|way| self.workspace.link_target(&way)));
        let Some(source) = local.filter(|source| !self.is_there(source)) else { return };
        reads.take(&Value::new("."));
        reads.unknown |= source.contains(".whl") || source.split('/').any(|part| matches!(part, "dist" | "wheels"));
    }

    fn is_there(&self, source: &str) -> bool {
        if source.contains(['*', '?', '[']) {
            return self.shipped_tree().matching(source).next().is_some();
        }
        join(&self.service.context, source).is_some_and(|path| self.workspace.exists(&path))
    }

    /// Whether `--from` may name a folder that the files which define the build give it, rather than an image or a stage.
    fn may_be_a_folder(&self, name: &Value) -> bool {
        let Some(name) = name.known() else { return true };
        let is_stage = self
            .dockerfile
            .stages
            .iter()
            .any(|stage| stage.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name)));
        let is_image =
            name.contains(['/', ':', '@', '.']) || name.is_empty() || is_stage || name.parse::<usize>().is_ok();
        !is_image
            && self.workspace.definition_files(&self.service.dockerfile, &self.service.context).iter().any(|file| {
                self.workspace
                    .read(file)
                    .is_ok_and(|file| file.text().contains("contexts") || file.text().contains("--build-context"))
            })
    }

    /// What compose services that build the Dockerfile mount of the repository: the image runs what is in there.
    fn mounted_by_compose(&self) -> BTreeSet<String> {
        let service = self.service;
        let mut folders = BTreeSet::new();
        for file in
            self.workspace.compose_files(&service.dockerfile, &service.context).iter().flat_map(|files| files.iter())
        {
            let own = file
                .services
                .iter()
                .filter(|one| one.build.as_ref().is_some_and(|build| build.dockerfile == service.dockerfile));
            let sources =
                own.flat_map(|one| &one.volumes).map(|(source, _)| source).filter(|source| source.starts_with('.'));
            folders.extend(sources.filter_map(|source| join(parent(&file.path), source)));
        }
        folders
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::with_facts;

    fn reads(dockerfile: &str, files: &[(&str, &str)]) -> Reads {
        let mut found = Reads::default();
        with_facts(dockerfile, files, |facts| found = facts.reads());
        found
    }

    #[test]
    fn what_is_copied_is_read_whether_it_is_there_or_not() {
        let files = [("app/main.py", ""), ("lib.txt", "")];
        let reads = reads("FROM python:3.12\nCOPY app/ lib*.txt /srv/\nADD https://example.invalid/a.tgz /\n", &files);
        for (path, is_read) in [
            ("app/gone.py", true),
            ("app", true),
            ("libs.txt", true),
            ("lib/x.txt", false),
            ("application/x", false),
            ("README.md", false),
            ("Dockerfile", true),
            (".dockerignore", true),
            ("Dockerfile.dockerignore", true),
        ] {
            assert_eq!(reads.reads_file(path), is_read, "{path}");
        }
        assert!(reads.reads_below("app/vendored") && reads.reads_below("") && !reads.reads_below("docs"));
    }

    #[test]
    fn what_depends_on_an_argument_may_be_anything_in_the_context() {
        assert!(reads("FROM python:3.12\nARG DIR\nCOPY $DIR /srv/\n", &[]).reads_file("any/thing"));
        assert!(
            reads("FROM python:3.12\nRUN --mount=type=bind,source=req.txt,target=/r.txt true\n", &[])
                .reads_file("req.txt")
        );
        let mounted = reads("FROM python:3.12\nRUN --mount=type=bind,target=/src make\n", &[]);
        assert!(mounted.reads_file("any/thing"));
        let cached = reads("FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache pip install flask\n", &[]);
        assert!(!cached.reads_file("any/thing"));
    }

    #[test]
    fn what_is_made_before_the_build_is_made_of_anything() {
        assert!(reads("FROM python:3.12\nCOPY dist/*.whl /srv/\n", &[("src/a.py", "")]).reads_file("src/a.py"));
        assert!(reads("FROM python:3.12\nCOPY made.txt /srv/\n", &[("src/a.py", "")]).reads_file("src/a.py"));
        let there = [("src/a.py", ""), ("dist/a.whl", "")];
        assert!(!reads("FROM python:3.12\nCOPY dist/*.whl /srv/\n", &there).reads_file("src/a.py"));
    }

    #[test]
    fn installs_read_their_files_through_each_other() {
        let dockerfile =
            "FROM python:3.12\nCOPY api/requirements.txt common/ /srv/\nRUN pip install -r /srv/requirements.txt\n";
        let files = [("api/requirements.txt", "-r base.txt\n"), ("common/base.txt", "flask\n")];
        let reads = reads(dockerfile, &files);
        assert!(reads.reads_file("api/requirements.txt") && reads.reads_file("common/base.txt"));
        assert!(!reads.reads_file("api/other.txt"));
    }

    #[test]
    fn a_named_context_is_not_known() {
        let compose =
            "services:\n  app:\n    build:\n      context: .\n      additional_contexts:\n        shared: ../shared\n";
        let dockerfile = "FROM python:3.12\nCOPY --from=shared /a /b\n";
        assert!(reads(dockerfile, &[("compose.yml", compose)]).is_unknown());
        assert!(!reads(dockerfile, &[]).is_unknown());
        assert!(!reads("FROM python:3.12\nCOPY --from=nginx:1 /a /b\n", &[("compose.yml", compose)]).is_unknown());
    }

    #[test]
    fn files_that_define_the_build_are_read() {
        let compose = "services:\n  app:\n    build: .\n    volumes:\n      - ./src:/srv\n";
        let other = "services:\n  app:\n    build: other\n";
        let workflow = "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n";
        let files =
            [("compose.yml", compose), ("compose.other.yml", other), (".github/workflows/release.yml", workflow)];
        let reads = reads("FROM python:3.12\n", &files);
        for (path, is_read) in [
            ("compose.yml", true),
            (".env", true),
            (".github/workflows/release.yml", true),
            ("src/a.py", true),
            ("lib/a.py", false),
        ] {
            assert_eq!(reads.reads_file(path), is_read, "{path}");
        }
    }
}
