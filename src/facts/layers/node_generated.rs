//! What Prisma writes into `node_modules`.

use crate::workspace::parent;

use super::super::Facts;
use super::super::paths::{has_ending, is_below};

/// Whether Prisma writes a client of its own into `node_modules`, which `npm prune` takes out as well: `output =
/// "../node_modules/@prisma-shop/client"`.
pub(super) fn generates_into_modules(schema: &str) -> bool {
    outputs(schema).any(|line| line.contains("node_modules"))
}

/// Whether a schema has Prisma's client written where it is by default, `node_modules/.prisma`, which `npm prune` leaves there.
pub(super) fn generates_by_default(schema: &str) -> bool {
    schema.contains("\"prisma-client-js\"") && outputs(schema).next().is_none()
}

fn outputs(schema: &str) -> impl Iterator<Item = &str> {
    schema.lines().map(str::trim_start).filter(|line| line.starts_with("output"))
}

impl Facts<'_> {
    /// Whether a schema of Prisma at or below the folder of the manifest is one for which `holds`.
    pub(super) fn has_schema_with(&self, manifest: &str, holds: fn(&str) -> bool) -> bool {
        let folder = parent(manifest);
        let tree = self.workspace.own_files();
        let is_schema = |path: &str| has_ending(path, "prisma") && (folder.is_empty() || is_below(path, folder));
        let schemas = tree.files.iter().filter(|file| is_schema(&file.path));
        schemas.filter_map(|file| self.workspace.read(&file.path).ok()).any(|file| holds(file.text()))
    }
}
