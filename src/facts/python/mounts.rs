//! What compose files mount over the program when the image runs.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::facts::paths::{file_name, is_below};
use crate::facts::transfer::Source;
use crate::workspace::{join, parent};

/// Sources of one mount beyond these are not read.
const SOURCE_LIMIT: usize = 3_000;
/// Folders that hold what a program reads and writes, not what it is made of.
const DATA: [&str; 30] = [
    "data",
    "db",
    "database",
    "logs",
    "log",
    "cache",
    ".cache",
    "tmp",
    "temp",
    "uploads",
    "upload",
    "media",
    "static",
    "staticfiles",
    "assets",
    "models",
    "model",
    "output",
    "outputs",
    "results",
    "storage",
    "store",
    "volumes",
    "files",
    "backup",
    "backups",
    "certs",
    "secrets",
    "node_modules",
    ".venv",
];

/// Sources that are mounted.
#[derive(Default)]
pub(super) struct Mounted {
    /// Python files of the repository.
    pub(super) sources: Vec<String>,
    /// Whether something else, which may be a part of the program, is mounted over it or into it.
    pub(super) unknown: bool,
}

impl Facts<'_> {
    /// What the compose services that build the Dockerfile mount at, below or above the folders that sources are copied to.
    pub(super) fn mounted_sources(&self) -> Mounted {
        let transfers = self.stages.iter().flat_map(|stage| &stage.transfers);
        let copies = transfers.filter(|transfer| transfer.source == Source::Context);
        let folders: BTreeSet<&str> = copies
            .filter_map(|transfer| transfer.destination.known())
            .chain(self.finals().filter_map(|image| image.state.workdir.known()))
            .map(|folder| folder.trim_end_matches('/'))
            .filter(|folder| !folder.is_empty())
            .collect();
        let mut found = Mounted::default();
        let mut seen = BTreeSet::new();
        super::compose::each_service(self, |file, services| {
            for (source, target) in services.iter().flat_map(|service| &service.volumes) {
                let target = target.trim_end_matches('/');
                // A volume with a name begins empty, or with what the image holds there.
                let is_volume = !source.starts_with(['.', '/', '~', '$']) && !source.contains('/');
                let near = folders.iter().any(|folder| is_below(target, folder) || is_below(folder, target));
                if is_volume || !near || target.contains('$') || !seen.insert((source.clone(), target.to_owned())) {
                    continue;
                }
                let path = join(parent(&file.path), source).filter(|_| !source.starts_with(['/', '~']));
                let path = path.filter(|path| !path.contains('$'));
                match path {
                    Some(path) if self.workspace.is_file(&path) => {
                        found.sources.extend(super::has_extension(&path, &["py"]).then_some(path));
                    }
                    Some(path) if !self.workspace.list(&path).is_empty() => {
                        found.sources.extend(self.workspace.python_sources(&path, SOURCE_LIMIT).iter().cloned());
                    }
                    _ => {
                        let name = file_name(target).to_lowercase();
                        let is_data = name.split(['_', '-']).any(|part| DATA.contains(&part));
                        found.unknown |= !name.contains('.') && !is_data;
                    }
                }
            }
        });
        found
    }
}
