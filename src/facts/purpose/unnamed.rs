//! Dockerfiles that nothing names.

use std::collections::BTreeSet;

use crate::facts::paths::file_name;
use crate::facts::{Facts, Source, StageFacts};
use crate::workspace::{NameKind, is_dockerfile_name, join, parent};

/// Files that may name one: documents, scripts, settings. Larger ones are not read, nor more.
const ENDINGS: [&str; 16] = [
    "md", "rst", "adoc", "mdx", "txt", "sh", "bash", "ps1", "mk", "yml", "yaml", "json", "toml", "hcl", "tf", "groovy",
];
const MAX_FILES: usize = 3_000;
const MAX_BYTES: u64 = 300_000;
/// Folders that a build makes, or that hold what it takes from elsewhere.
const GENERATED: [&str; 16] = [
    "_build",
    "artifacts",
    "bin",
    "binaries",
    "build",
    "certs",
    "dist",
    "generated",
    "node_modules",
    "out",
    "output",
    "publish",
    "release",
    "target",
    "vendor",
    "wheels",
];

impl Facts<'_> {
    /// The last stage, where it is one to work in, no file of the repository names a stage, and the image is another one.
    pub(super) fn workbench_in_its_place(&self, image: &StageFacts) -> Option<&str> {
        let last = self.stages.last().filter(|last| last.index != image.index && last.is_final)?;
        let is_named = !self.service.builds.targets().is_empty();
        (!is_named && self.starts_a_workbench(last)).then_some(last.name.as_deref()).flatten()
    }

    /// Why a stage that is neither the last one nor part of it is perhaps built by nobody: a build that names no stage makes the last one,
    /// and no build is seen to name this one. `None` where a build names it, or where builds cannot all be read.
    pub(super) fn passed_over(&self, image: &StageFacts) -> Option<String> {
        let last = self.stages.last().filter(|last| last.index != image.index && last.is_final)?;
        let name = image.name.as_deref()?;
        let builds = &self.service.builds;
        if self.descendants(image.index).contains(&last.index)
            || builds.targets().iter().any(|target| target.stage.value == name)
        {
            return None;
        }
        let last = last.name.as_deref().map_or_else(|| "the last stage".to_owned(), |last| format!("`{last}`"));
        if let Some(by) = &builds.takes_last {
            return Some(format!("{by} builds {last}, and nothing is seen to build `{name}`"));
        }
        let targets = self.targets();
        // Where nothing builds images, another repository may.
        let is_told = targets.builds && targets.complete && targets.computed.is_none();
        let is_named = !is_told || targets.mention(name, &self.service.dockerfile).is_some();
        (!is_named).then(|| format!("a build that names no stage makes {last}, and nothing names `{name}`"))
    }

    /// A file or folder that a step copies and that is nowhere in the tree, where nothing names the Dockerfile.
    pub(super) fn missing_source(&self, image: &StageFacts) -> Option<String> {
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let copied = chain.flat_map(|stage| &stage.transfers).filter(|copied| copied.source == Source::Context);
        let mut sources = copied.flat_map(|copied| &copied.paths).filter_map(|(path, _)| path.known());
        let folders = [self.service.context.as_str(), parent(&self.service.dockerfile), ""];
        let is_missing = |source: &&str| {
            let plain = source.trim_start_matches('/');
            let is_made = plain.split('/').any(|part| GENERATED.contains(&part));
            let mut places = folders.iter().map(|folder| join(folder, plain));
            let may_be_made = |path: &str| {
                self.workspace.exists(path)
                    || self.workspace.gitignored(path, false).is_some()
                    || self.workspace.gitignored(path, true).is_some()
            };
            !source.contains(['*', '?', '[', '{', ':', '$'])
                && plain.contains('/')
                && !is_made
                && places.all(|path| path.is_some_and(|path| !may_be_made(&path)))
        };
        let missing = sources.find(is_missing)?.to_owned();
        // A folder that is another repository's is not there before it is fetched.
        (!self.is_named_somewhere() && !self.workspace.is_file(".gitmodules")).then_some(missing)
    }

    /// A file that builds another Dockerfile of the same folder, and that one, where nothing names this one, which is built by its name only.
    pub(super) fn named_in_its_place(&self) -> Option<(String, String)> {
        let own = self.service.dockerfile.as_str();
        let folder = parent(own);
        if file_name(own) == "Dockerfile" && self.service.context == folder {
            return None;
        }
        let entries = self.workspace.list(folder).into_iter().filter(|entry| !entry.is_dir);
        let mut others = entries
            .filter(|entry| is_dockerfile_name(&entry.name) == NameKind::Yes)
            .filter_map(|entry| join(folder, &entry.name))
            .filter(|path| path != own);
        let built = others.find_map(|path| Some((self.workspace.builder_to_its_purpose(&path)?, path)))?;
        (!self.is_named_somewhere()).then_some(built)
    }

    /// Whether a file that builds images, a workflow, a script or a document names the Dockerfile.
    fn is_named_somewhere(&self) -> bool {
        let own = self.service.dockerfile.as_str();
        self.workspace.builder_of(own).is_some()
            || self.workspace.workflow_that_names(own).is_some()
            || self.is_written_somewhere(own)
    }

    fn is_written_somewhere(&self, own: &str) -> bool {
        let named = self.workspace.remembered_of_surroundings("Dockerfiles that files name", || {
            let tree = self.workspace.own_files();
            let may_name = |path: &str| match file_name(path).rsplit_once('.') {
                Some((_, ending)) => ENDINGS.contains(&ending),
                None => ["Makefile", "GNUmakefile", "makefile", "justfile", "Jenkinsfile", "Tiltfile"]
                    .contains(&file_name(path)),
            };
            let files = tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && may_name(&file.path));
            let mut found: BTreeSet<String> = BTreeSet::new();
            for file in files.take(MAX_FILES).filter_map(|file| self.workspace.read(&file.path).ok()) {
                let words = file.text().split(|c: char| c.is_whitespace() || "`'\"()[],;:=<>".contains(c));
                let words = words.filter(|word| word.to_ascii_lowercase().contains("dockerfile"));
                found.extend(words.map(|word| word.trim_start_matches("./").trim_end_matches('.').to_owned()));
            }
            found
        });
        // `Dockerfile` alone is said of any.
        let is_own = |word: &String| {
            word.ends_with(own)
                || own.strip_suffix(word.as_str()).is_some_and(|rest| rest.ends_with('/') || rest.is_empty())
                    && word.as_str() != "Dockerfile"
        };
        named.iter().any(is_own)
    }
}
