//! What working copies are likely to hold of what an ignore file does not name.
//!
//! Where there is no ignore file, a `.gitignore` that names something says enough. Who wrote an ignore file has thought of what
//! lies around, so more is asked: most `.gitignore` files are templates that name whatever any project could hold.

use std::sync::Arc;

use crate::context::IgnoreFile;
use crate::workspace::{Workspace, join, parent};

use super::kinds::{ENTRIES, Kind, MARKER};
use super::needs::Needs;
use super::readers::is_aside;
use super::waste::{Evidence, Promise, beside};

/// What only a template for all projects names.
const TEMPLATE_SIGNS: [&str; 3] = ["ENV/", "env.bak/", "venv.bak/"];

/// Folders of other people's projects, and of what is copied to begin one with.
const FOREIGN: [&str; 9] = [
    "vendor",
    "third_party",
    "external",
    "template",
    "templates",
    "boilerplate",
    "boilerplates",
    "cookiecutter",
    "skeleton",
];

/// Whether a working copy is likely to hold it, and the ignore file lets it through.
pub(super) fn is_likely(
    promise: &Promise,
    workspace: &Workspace,
    context: &str,
    ignore: &IgnoreFile,
    builds: &[Arc<Needs>],
) -> bool {
    let folder = parent(&promise.path);
    if is_left_out(ignore, promise) || is_aside(folder) || folder.split('/').any(|part| FOREIGN.contains(&part)) {
        return false;
    }
    let meant = || ignore.miss(&promise.path, context).is_some();
    let lies_there = |names: &[&str]| {
        let folder = join(context, folder).unwrap_or_default();
        names.iter().any(|name| workspace.is_file(&beside(&folder, name)))
    };
    match promise.entry.kind {
        Kind::NodeModules => {
            let locks = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
            let is_built = || builds.iter().any(|build| build.names_package(folder));
            has_dependencies(workspace, context, folder)
                && (folder.is_empty() || lies_there(&locks) || is_built() || meant())
        }
        Kind::Environment => {
            // Who leaves out `.venv` works with that one.
            let names = ENTRIES.iter().filter(|entry| entry.kind == Kind::Environment && entry.name != MARKER);
            if names.map(|entry| beside(folder, entry.name)).any(|path| ignore.excluded(&path)) {
                return false;
            }
            let locked = promise.entry.name == ".venv" && lies_there(&["uv.lock", "pdm.lock"]);
            let is_made = || builds.iter().any(|build| build.makes_environment_at(&promise.path));
            locked || is_made() || meant() || !is_template(workspace, &promise.evidence)
        }
        _ => true,
    }
}

/// Whether there is anything to install for the package in `folder`.
fn has_dependencies(workspace: &Workspace, context: &str, folder: &str) -> bool {
    let manifest = join(context, folder).and_then(|folder| workspace.read(&beside(&folder, "package.json")).ok());
    manifest.is_some_and(|manifest| ["ependencies\"", "\"workspaces\""].iter().any(|key| manifest.text().contains(key)))
}

/// Whether an ignore file leaves out what would lie there, or what is most of it.
fn is_left_out(ignore: &IgnoreFile, promise: &Promise) -> bool {
    let inside: &[&str] = match promise.entry.kind {
        Kind::Git => &["objects", "objects/pack/a.pack"],
        _ if promise.entry.is_folder() => &["a-folder", "a-folder/a-file"],
        _ => &[],
    };
    ignore.excluded(&promise.path) || inside.iter().any(|inside| ignore.excluded(&format!("{}/{inside}", promise.path)))
}

fn is_template(workspace: &Workspace, evidence: &Evidence) -> bool {
    let Evidence::Gitignore(path) = evidence else { return false };
    let names_all = |text: &str| text.lines().any(|line| TEMPLATE_SIGNS.contains(&line.trim().trim_start_matches('/')));
    workspace.read(path).is_ok_and(|file| names_all(file.text()))
}
