//! What layers add that a removal deletes.

use crate::context::CopySource;
use crate::dockerfile::Keyword;
use crate::text::TextRange;
use crate::workspace::join;

use super::super::commands::Removal;
use super::super::paths::{file_name, resolve};
use super::super::{Facts, Guard, Run, Source, StageFacts, Transfer};
use super::kinds;
use super::written::{Written, url_name, written};

/// Files or a folder that a layer adds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addition {
    /// Where it stands, absolute.
    pub path: String,
    /// How it came there.
    pub way: Way,
    /// Index of the instruction.
    pub instruction: usize,
    /// The command or the instruction.
    pub range: TextRange,
    /// Its bytes, where they can be measured.
    pub bytes: Option<u64>,
}

/// How something came into a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// `COPY` or `ADD` from the build context.
    Copied,
    /// `COPY --from`.
    Taken,
    /// A download.
    Downloaded,
    /// `git clone`.
    Cloned,
    /// Unpacked from an archive.
    Unpacked,
    /// An installer or a build wrote it.
    Made,
}

impl Facts<'_> {
    /// What the layers before `run` add that `removal` deletes.
    pub(super) fn additions(&self, stage: &StageFacts, run: &Run, removal: &Removal) -> Vec<Addition> {
        let mut found = Vec::new();
        for stage in self.chain(stage) {
            let transfers = stage.transfers.iter().filter(|transfer| transfer.instruction < run.instruction);
            for transfer in transfers {
                if !self.afford_comparisons(4) {
                    return Vec::new();
                }
                found.extend(self.transferred(transfer, removal));
            }
        }
        for (_, earlier) in self.runs_before(stage, run) {
            for (index, invocation) in earlier.invocations.iter().enumerate() {
                if invocation.guard != Guard::Always {
                    continue;
                }
                if !self.afford_comparisons(4) {
                    return Vec::new();
                }
                let kept = |written: &Written| {
                    removal.deletes(&written.path)
                        && !super::on_mount(earlier, &written.path)
                        && !super::deletes(earlier, index + 1, &written.path)
                };
                found.extend(written(invocation).into_iter().filter(kept).map(|written| Addition {
                    path: written.path,
                    way: written.way,
                    instruction: earlier.instruction,
                    range: invocation.range,
                    bytes: None,
                }));
            }
        }
        found.sort_by_key(|addition| addition.instruction);
        found.dedup_by(|a, b| a.path == b.path && a.range == b.range);
        found
    }

    /// What a `COPY` or `ADD` writes that `removal` deletes.
    fn transferred(&self, transfer: &Transfer, removal: &Removal) -> Vec<Addition> {
        let Some(destination) = transfer.destination.known() else { return Vec::new() };
        let Some(instruction) = self.dockerfile.instructions.get(transfer.instruction) else { return Vec::new() };
        if instruction.keyword == Keyword::Onbuild {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (source, _) in &transfer.paths {
            let Some(source) = source.known() else { continue };
            let name = file_name(source.trim_end_matches('/'));
            let inside = resolve("/", &format!("{destination}/{name}"));
            let whole =
                if transfer.into_folder && !kinds::is_folder_name(source) { inside.as_str() } else { destination };
            let addition = |path: &str, way: Way, bytes: Option<u64>| Addition {
                path: path.to_owned(),
                way,
                instruction: transfer.instruction,
                range: transfer.range,
                bytes,
            };
            match &transfer.source {
                Source::Context if source.contains("://") => {
                    let fetched = resolve("/", &format!("{destination}/{}", url_name(source)));
                    let fetched = if transfer.into_folder { fetched.as_str() } else { destination };
                    let is_program = kinds::names_platform(source) && kinds::may_be_program(fetched);
                    if removal.deletes(fetched) && (kinds::is_archive(fetched) || is_program) {
                        found.push(addition(fetched, Way::Downloaded, None));
                    }
                }
                // `ADD` unpacks an archive and leaves none.
                Source::Context if transfer.add && kinds::is_unpacked(source) => {}
                Source::Context => {
                    let copied = self.copied_and_deleted(transfer, source, destination, whole, removal);
                    found.extend(copied.into_iter().map(|(path, bytes)| addition(&path, Way::Copied, bytes)));
                }
                Source::Stage(_) | Source::Image(_) => {
                    let heavy = kinds::is_archive(source) || kinds::is_folder_name(source);
                    // `COPY --from=uv /uv /bin/` puts a file into the folder, a folder would give its content.
                    let places = [Some(whole), transfer.into_folder.then_some(inside.as_str())];
                    let named = places.into_iter().flatten().find(|path| removal.deletes(path));
                    let path = named.filter(|_| heavy && source != "/" && destination != "/");
                    found.extend(path.map(|path| addition(path, Way::Taken, None)));
                }
            }
        }
        found
    }

    /// What a `COPY` from the context writes that each of the paths of `removal` deletes, nothing twice. `whole` is where the
    /// source stands as a whole.
    fn copied_and_deleted(
        &self,
        transfer: &Transfer,
        source: &str,
        destination: &str,
        whole: &str,
        removal: &Removal,
    ) -> Vec<(String, Option<u64>)> {
        let removals: Vec<Removal> = removal.each().collect();
        let mut found = Vec::new();
        for (index, named) in removals.iter().enumerate() {
            let before = removals.get(..index).unwrap_or_default();
            let gone = |path: &str| named.deletes(path) && !before.iter().any(|earlier| earlier.deletes(path));
            match self.measured(transfer, source, destination, &gone) {
                Some(0) => {}
                Some(bytes) => {
                    let path = if named.deletes(whole) { whole } else { named.first().unwrap_or(whole) };
                    found.push((path.to_owned(), Some(bytes)));
                }
                None if gone(whole) && kinds::is_archive(source) => found.push((whole.to_owned(), None)),
                None => {}
            }
        }
        found
    }

    /// Bytes of the files of the context that a `COPY` takes and `gone` names; `None` when the source is not there.
    fn measured(
        &self,
        transfer: &Transfer,
        source: &str,
        destination: &str,
        gone: &dyn Fn(&str) -> bool,
    ) -> Option<u64> {
        let mut sum = 0;
        self.landed(transfer, source, destination, &mut |path, bytes| sum += if gone(&path) { bytes } else { 0 })?;
        Some(sum)
    }

    /// Calls `each` with where each file stands that a `COPY` takes from the context, and its bytes. `None` when the source is not
    /// there, or not all of it is taken.
    pub(super) fn landed(
        &self,
        transfer: &Transfer,
        source: &str,
        destination: &str,
        each: &mut dyn FnMut(String, u64),
    ) -> Option<()> {
        let context = self.service.context.as_str();
        let excludes = self.dockerfile.instructions.get(transfer.instruction)?.flags_named("exclude").next().is_some();
        let glob = source.contains(['*', '?', '[']);
        let path = join(context, source)?;
        if excludes || (!glob && !self.workspace.exists(&path)) {
            return None;
        }
        let ignore = self.service.ignore_file.as_ref().and_then(|path| self.workspace.read(path).ok());
        if !self.afford_comparisons(ignore.as_ref().map_or(1, |file| file.text().len() / 8)) {
            return None;
        }
        let tree = self.workspace.tree(context, self.ignore().as_deref());
        let depth = CopySource::parse(source)?.parts().len();
        if !self.afford_comparisons(2 * tree.files.len()) {
            return None;
        }
        let mut files = tree.matching(source).peekable();
        files.peek()?;
        let is_file = self.workspace.is_file(&path);
        let folder = resolve("/", destination);
        let folder = folder.trim_end_matches('/');
        let landing = |file: &str| {
            let behind = |parts| file.match_indices('/').nth(parts).and_then(|(at, _)| file.get(at + 1..));
            let rest = depth.checked_sub(1).map_or(Some(file), behind);
            // A file keeps its name in a folder; a folder gives its content.
            match rest {
                None if is_file && !transfer.into_folder => destination.to_owned(),
                // Paths of a walk are clean.
                rest => [folder, "/", rest.unwrap_or_else(|| file_name(file))].concat(),
            }
        };
        files.for_each(|file| each(landing(&file.path), file.bytes));
        Some(())
    }
}
