//! Archives that are fetched and unpacked, and stay in the image beside what was in them.

use crate::dockerfile::{Keyword, Value};
use crate::text::TextRange;

use super::super::commands::removal;
use super::super::history::has_script_extension;
use super::super::paths::{file_name, resolve};
use super::super::{Facts, Guard, Invocation, Run, Source, StageFacts};
use super::written::{url_name, written};
use super::{Way, kinds, names, on_mount};

/// Endings of archives that are of no use once they are unpacked.
const PACKED: [&str; 11] = ["tar", "tgz", "tbz", "tbz2", "txz", "gz", "bz2", "xz", "zst", "zip", "deb"];
/// Programs that unpack them, or install what is in them.
const UNPACKERS: [&str; 9] = ["tar", "unzip", "dpkg", "apt", "apt-get", "bsdtar", "7z", "bash", "sh"];

/// An archive that stays in a shipped image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptArchive {
    /// The archive, absolute.
    pub path: String,
    /// The command or the `ADD` that fetches it.
    pub range: TextRange,
    /// The command that unpacks it.
    pub unpacked: TextRange,
    /// Whether both stand in one `RUN`.
    pub together: bool,
    /// Whether `ADD` fetches it.
    pub by_add: bool,
}

impl Facts<'_> {
    /// The archives that the layers of `stage` fetch and unpack, and that no command deletes.
    #[must_use]
    pub fn kept_archives(&self, stage: &StageFacts) -> Vec<KeptArchive> {
        let mut found = Vec::new();
        for transfer in stage.transfers.iter().filter(|transfer| transfer.add && transfer.source == Source::Context) {
            let instruction = self.dockerfile.instructions.get(transfer.instruction);
            let is_trigger = instruction.is_none_or(|instruction| instruction.keyword == Keyword::Onbuild);
            let unpacks = instruction.is_some_and(|instruction| instruction.flag("unpack").is_some());
            let Some(destination) = transfer.destination.known().filter(|_| !is_trigger && !unpacks) else { continue };
            for source in transfer.paths.iter().filter_map(|(source, _)| source.known()) {
                if source.contains("://") {
                    let inside = resolve("/", &format!("{destination}/{}", url_name(source)));
                    let path = if transfer.into_folder { inside } else { destination.to_owned() };
                    let runs = || self.later_runs(stage, transfer.instruction);
                    let kept = self.kept_archive(stage, &path, None, runs);
                    found.extend(kept.map(|(unpacked, _)| KeptArchive {
                        path,
                        range: transfer.range,
                        unpacked,
                        together: false,
                        by_add: true,
                    }));
                }
            }
        }
        for run in stage.runs.iter().filter(|run| !self.runs_in_others(run)) {
            for (index, invocation) in run.invocations.iter().enumerate() {
                if invocation.guard != Guard::Always || invocation.site.tested || invocation.site.repeated {
                    continue;
                }
                let downloads = written(invocation).into_iter().filter(|written| written.way == Way::Downloaded);
                for download in
                    downloads.filter(|download| !on_mount(run, &download.path) && !is_setting(&download.path))
                {
                    let runs = || self.later_runs(stage, run.instruction);
                    let kept = self.kept_archive(stage, &download.path, Some((run, index)), runs);
                    found.extend(kept.map(|(unpacked, together)| KeptArchive {
                        path: download.path,
                        range: invocation.range,
                        unpacked,
                        together,
                        by_add: false,
                    }));
                }
            }
        }
        found
    }

    fn later_runs(&self, stage: &StageFacts, instruction: usize) -> Vec<&Run> {
        let heirs = self.descendants(stage.index).into_iter().filter_map(|index| self.stages.get(index));
        heirs.flat_map(|heir| &heir.runs).filter(|run| run.instruction > instruction).collect()
    }

    /// The command that unpacks the archive, and whether it stands in the `RUN` that fetches it; `None` when none does, or the archive
    /// does not stay.
    fn kept_archive<'f>(
        &self,
        stage: &StageFacts,
        path: &str,
        fetched: Option<(&'f Run, usize)>,
        later: impl Fn() -> Vec<&'f Run>,
    ) -> Option<(TextRange, bool)> {
        let lower = file_name(path).to_ascii_lowercase();
        let packed = lower.rsplit_once('.').is_some_and(|(_, extension)| PACKED.contains(&extension));
        let installer = kinds::is_archive(path) && has_script_extension(&lower);
        if !(packed || installer) || !self.reaches_final(stage.index, path) {
            return None;
        }
        let own = || fetched.into_iter().flat_map(|(run, index)| run.invocations.iter().skip(index + 1));
        let later = later();
        let behind = || later.iter().flat_map(|run| &run.invocations);
        if own().chain(behind()).any(|command| may_delete(command, path)) {
            return None;
        }
        let unpacks = |command: &&Invocation| {
            let by_module = || {
                let extracts = ["-e", "--extract"].iter().any(|flag| command.has_argument(flag));
                let module = command.argument(1).filter(|_| command.argument(0) == Some("-m"));
                command.program == "python" && extracts && matches!(module, Some("zipfile" | "tarfile"))
            };
            let unpacks = UNPACKERS.contains(&command.program.as_str()) || by_module();
            command.guard == Guard::Always && unpacks && names(command, path)
        };
        let here = own().find(unpacks).map(|command| (command.range, true));
        here.or_else(|| behind().find(unpacks).map(|command| (command.range, false)))
    }
}

/// Whether a command deletes or moves the file, or may do so.
fn may_delete(command: &Invocation, path: &str) -> bool {
    if removal(command).is_some_and(|removal| removal.deletes(path)) {
        return true;
    }
    let same_name = |word: &Value| match word.known() {
        Some(word) => file_name(word) == file_name(path) || word.contains('*'),
        None => true,
    };
    let takes = matches!(
        command.program.as_str(),
        "rm" | "mv"
            | "find"
            | "xargs"
            | "unlink"
            | "rmdir"
            | "gunzip"
            | "gzip"
            | "unxz"
            | "bunzip2"
            | "zstd"
            | "xz"
            | "shred"
    );
    takes && command.arguments.iter().any(|argument| same_name(&argument.value))
}

/// `mysql-apt-config_0.8.17-1_all.deb`, `packages-microsoft-prod.deb`: a package of a few kilobytes that names a repository.
fn is_setting(path: &str) -> bool {
    let name = file_name(path);
    let is_package = matches!(name.rsplit_once('.'), Some((_, "deb" | "rpm")));
    is_package
        && ["apt-config", "keyring", "release", "packages-microsoft-prod", "-repo"]
            .iter()
            .any(|part| name.contains(part))
}
