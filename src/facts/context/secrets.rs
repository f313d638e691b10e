//! Files of a context that hold secrets, and the copies that take them into a final image.
//!
//! What a secret is, is read from the file: a private key by its header, a variable by its name and by a value that no person would
//! write as an example. Values are looked at and never kept.

mod holders;
mod reach;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::dockerfile::Keyword;
use crate::text::TextRange;
use crate::workspace::join;

use super::super::paths::{file_name, resolve};
use super::super::{Facts, Source, Transfer};
use holders::{is_for_tests, is_holder, look};

/// Larger files are not looked into.
const MAX_BYTES: u64 = 64_000;
/// More files of one context are not looked into.
const MAX_FILES: usize = 500;

/// A file that holds secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretFile {
    /// Relative to the context.
    pub path: String,
    /// What it is.
    pub kind: SecretKind,
    /// Names of the settings that hold secrets, in order; none for keys.
    pub names: Vec<String>,
    /// Whether it is in the repository, as far as the `.gitignore` files tell: whoever has that can read it as well.
    pub tracked: bool,
    /// The file of the context, relative to that, which names this one.
    pub reader: Option<String>,
}

/// What a file with secrets is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretKind {
    /// A private key.
    Key,
    /// Variables of one installation.
    Variables,
    /// What a tool signs in with.
    Credentials,
}

/// A copy that takes secrets into a final image.
#[derive(Debug)]
pub struct SecretCopy<'f> {
    /// The instruction.
    pub transfer: &'f Transfer,
    /// The word of the source.
    pub range: TextRange,
    /// Whether the source names one file.
    pub by_name: bool,
    /// The files, by path.
    pub files: Vec<SecretFile>,
    /// Words of `COPY --from=STAGE` that name one of the files where a stage has it from the context.
    pub handed_on: Vec<TextRange>,
}

impl Facts<'_> {
    /// The copies that take files with secrets from the context into a final image, nothing twice.
    #[must_use]
    pub fn secret_copies(&self) -> Vec<SecretCopy<'_>> {
        if is_for_tests(&self.service.dockerfile) {
            return Vec::new();
        }
        let mut told: BTreeSet<String> = BTreeSet::new();
        let mut found = self.named_secrets();
        found.retain(|copy| copy.files.iter().all(|file| told.insert(file.path.clone())));
        // A key that whoever has the repository has, too, may be one to try things out with; in an image that is shipped it is none.
        let is_shown = |file: &SecretFile| file.kind == SecretKind::Key && file.tracked;
        let hides = |any: bool| any && !self.is_seen_to_be_shipped();
        if hides(found.iter().flat_map(|copy| &copy.files).any(is_shown)) {
            found.retain(|copy| !copy.files.iter().any(is_shown));
        }
        let copies = self.folder_copies();
        let secrets = if copies.is_empty() { Arc::default() } else { self.context_secrets() };
        let hidden = hides(secrets.iter().any(is_shown));
        for copy in copies.iter().filter(|_| !secrets.is_empty()) {
            let is_kept = |secret: &&SecretFile| {
                let place = copy.takes(&secret.path);
                place.is_some_and(|place| self.ships_copied(copy.stage, copy.transfer.instruction, place.as_deref()))
            };
            let told_of = secrets.iter().filter(|secret| !hidden || !is_shown(secret));
            let taken = told_of.filter(is_kept).filter(|secret| told.insert(secret.path.clone()));
            let files: Vec<SecretFile> = taken.cloned().collect();
            if !files.is_empty() {
                let (transfer, range) = (copy.transfer, copy.range);
                let handed_on = self.handed_on(&files);
                found.push(SecretCopy { transfer, range, by_name: false, files, handed_on });
            }
        }
        found.sort_by_key(|copy| copy.range);
        // `COPY ca.key server.key /tls/` is one finding.
        found.dedup_by(|later, earlier| {
            let is_one = later.by_name && earlier.by_name && later.transfer.range == earlier.transfer.range;
            if is_one {
                earlier.files.append(&mut later.files);
            }
            is_one
        });
        found
    }

    /// Where a stage takes one of the files by its name from another that has it from the context: `COPY --from=build /app/.env .`
    fn handed_on(&self, files: &[SecretFile]) -> Vec<TextRange> {
        let places: Vec<String> = files.iter().filter_map(|file| join(&self.service.context, &file.path)).collect();
        let mut found = Vec::new();
        for transfer in self.stages.iter().flat_map(|stage| &stage.transfers) {
            let Source::Stage(from) = transfer.source else { continue };
            for (source, range) in &transfer.paths {
                let origin = source.known().and_then(|source| self.origin(from, usize::MAX, source, None));
                if origin.is_some_and(|origin| places.contains(&origin)) {
                    found.push(*range);
                }
            }
        }
        found
    }

    /// The first `RUN` that names the file.
    #[must_use]
    pub fn step_that_names(&self, file: &SecretFile) -> Option<TextRange> {
        let runs = self.stages.iter().flat_map(|stage| &stage.runs);
        let mut texts = runs.filter_map(|run| self.dockerfile.instructions.get(run.instruction));
        texts.find(|text| reach::has_part(text.body.text(), file_name(&file.path))).map(|text| text.range)
    }

    /// The copies that name one such file.
    fn named_secrets(&self) -> Vec<SecretCopy<'_>> {
        let mut found = Vec::new();
        for stage in &self.stages {
            for transfer in stage.transfers.iter().filter(|transfer| transfer.source == Source::Context) {
                let instruction = self.dockerfile.instructions.get(transfer.instruction);
                if instruction.is_none_or(|instruction| instruction.keyword == Keyword::Onbuild) {
                    continue;
                }
                for (source, range) in &transfer.paths {
                    let Some(source) = source.known().filter(|source| is_holder(source)) else { continue };
                    let Some(file) = self.named_secret(source) else { continue };
                    let place = transfer.destination.known().map(|place| {
                        let inside = format!("{place}/{}", file_name(source));
                        if transfer.into_folder { resolve("/", &inside) } else { place.to_owned() }
                    });
                    if self.ships_copied(stage.index, transfer.instruction, place.as_deref()) {
                        let handed_on = Vec::new();
                        found.push(SecretCopy { transfer, range: *range, by_name: true, files: vec![file], handed_on });
                    }
                }
            }
        }
        found
    }

    /// The file at `source` of the context, when the ignore file leaves it and it holds secrets.
    fn named_secret(&self, source: &str) -> Option<SecretFile> {
        let path = join(&self.service.context, source)?;
        let bytes = self.workspace.file_bytes(&path).filter(|bytes| *bytes <= MAX_BYTES);
        if bytes.is_none() || !self.workspace.is_file(&path) {
            return None;
        }
        let excluded = self.ignore().is_some_and(|ignore| ignore.excluded(source));
        if excluded { None } else { self.secret(source) }
    }

    /// The files with secrets in what the ignore file leaves of the context, looked for once for all Dockerfiles that share both.
    fn context_secrets(&self) -> Arc<Vec<SecretFile>> {
        let context = self.service.context.as_str();
        let key = format!("secrets\0{context}\0{}", self.service.ignore_file.as_deref().unwrap_or_default());
        let make = || {
            let tree = self.workspace.tree(context, self.ignore().as_deref());
            let named = tree.files.iter().filter(|file| file.bytes > 0 && file.bytes <= MAX_BYTES);
            let named = named.filter(|file| is_holder(&file.path)).take(MAX_FILES);
            named.filter_map(|file| self.secret(&file.path)).collect()
        };
        self.workspace.remembered_of_others(&key, make)
    }
}
