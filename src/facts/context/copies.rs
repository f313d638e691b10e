//! Which folders of the context a build copies.

use crate::context::{CopySource, IgnoreFile, Tree, TreeFile};
use crate::dockerfile::Keyword;
use crate::text::TextRange;
use crate::workspace::{join, parent};

use super::super::paths::resolve;
use super::super::{Facts, Source, StageFacts, Transfer};

/// A source of `COPY` or `ADD` that takes folders of the build context as a whole.
#[derive(Debug)]
pub struct FolderCopy<'f> {
    /// The stage.
    pub stage: usize,
    /// The instruction.
    pub transfer: &'f Transfer,
    /// The source, relative to the context; `""` is all of it.
    pub source: String,
    /// Its word in the Dockerfile.
    pub range: TextRange,
    parts: CopySource,
    /// `--exclude`
    excludes: Option<IgnoreFile>,
}

impl FolderCopy<'_> {
    /// Where something at `path` (relative to the context) stands in the image, as far as that is known; `None` when it is not
    /// taken. The destination is unknown when it depends on a build argument.
    #[must_use]
    pub fn takes(&self, path: &str) -> Option<Option<String>> {
        let mut rest = path;
        for part in self.parts.parts() {
            let (name, tail) = rest.split_once('/').unwrap_or((rest, ""));
            if name.is_empty() || !part.matches(name) {
                return None;
            }
            rest = tail;
        }
        if self.excludes.as_ref().is_some_and(|excludes| excludes.excluded(rest)) {
            return None;
        }
        let destination = self.transfer.destination.known();
        Some(destination.map(|destination| resolve("/", &format!("{destination}/{rest}"))))
    }

    /// The files of `tree` that it takes.
    pub fn files<'t>(&'t self, tree: &'t Tree) -> impl Iterator<Item = &'t TreeFile> {
        tree.matching(&self.source).filter(|file| self.excludes.is_none() || self.takes(&file.path).is_some())
    }
}

impl Facts<'_> {
    /// The sources of `COPY` and `ADD` that take folders of the context, in order. What `ONBUILD` copies comes from another
    /// build's context.
    #[must_use]
    pub fn folder_copies(&self) -> Vec<FolderCopy<'_>> {
        self.stages
            .iter()
            .flat_map(|stage| stage.transfers.iter().map(move |transfer| (stage, transfer)))
            .flat_map(|(stage, transfer)| {
                let from_context = transfer.source == Source::Context && !self.is_trigger(transfer);
                let paths = if from_context { transfer.paths.as_slice() } else { &[] };
                paths.iter().filter_map(move |(path, range)| self.folder_copy(stage, transfer, path.known()?, *range))
            })
            .collect()
    }

    /// Whether the context is where the Dockerfile's sources are: one that is named exists there, or none is named.
    /// A context whose files something else puts together first is not known.
    #[must_use]
    pub fn context_is_evident(&self) -> bool {
        let transfers = self.stages.iter().flat_map(|stage| &stage.transfers);
        let from_context =
            transfers.filter(|transfer| transfer.source == Source::Context && !self.is_trigger(transfer));
        let mut named = from_context
            .flat_map(|transfer| &transfer.paths)
            .filter_map(|(path, _)| path.known())
            .filter(|path| {
                !path.contains("://") && CopySource::parse(path).is_some_and(|source| !source.names_nothing())
            })
            .peekable();
        named.peek().is_none()
            || named.any(|path| {
                path.contains(['*', '?', '['])
                    || join(&self.service.context, path).is_some_and(|path| self.workspace.exists(&path))
            })
    }

    fn is_trigger(&self, transfer: &Transfer) -> bool {
        let instruction = self.dockerfile.instructions.get(transfer.instruction);
        instruction.is_none_or(|instruction| instruction.keyword == Keyword::Onbuild)
    }

    fn folder_copy<'f>(
        &self,
        stage: &StageFacts,
        transfer: &'f Transfer,
        source: &str,
        range: TextRange,
    ) -> Option<FolderCopy<'f>> {
        if source.contains("://") || source.starts_with("git@") {
            return None;
        }
        let parts = CopySource::parse(source)?;
        let path = join(&self.service.context, source)?;
        let literal = parts.parts().iter().all(|part| part.literal().is_some());
        let is_folder = if literal { self.workspace.is_dir(&path) } else { self.takes_folders(&path, &parts) };
        let instruction = self.dockerfile.instructions.get(transfer.instruction)?;
        let excludes: Vec<&str> = instruction.flags_named("exclude").filter_map(|flag| flag.value.as_deref()).collect();
        let excludes = (!excludes.is_empty()).then(|| IgnoreFile::parse(&excludes.join("\n")));
        is_folder.then(|| FolderCopy {
            stage: stage.index,
            transfer,
            source: source.to_owned(),
            range,
            parts,
            excludes,
        })
    }

    /// Whether a glob in the last part of a path takes a folder. Elsewhere it names something.
    fn takes_folders(&self, path: &str, parts: &CopySource) -> bool {
        let Some((last, folders)) = parts.parts().split_last() else { return true };
        folders.iter().all(|part| part.literal().is_some())
            && self.workspace.list(parent(path)).iter().any(|entry| entry.is_dir && last.matches(&entry.name))
    }
}
