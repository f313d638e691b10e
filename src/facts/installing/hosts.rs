//! Programs for Node.js that install what people add to them.

use crate::facts::paths::resolve;
use crate::facts::python::Reached;
use crate::facts::{Facts, StageFacts};

/// Packages that run `npm install` for nodes, plugins and add-ons that people choose when the program runs, as each documents.
const HOSTS: [&str; 4] = ["homebridge", "live-plugin-manager", "n8n", "node-red"];

impl Facts<'_> {
    /// The manifest in the working folder of the image that depends on such a program: `"node-red": "^3.1"`.
    pub(super) fn hosts_node_plugins(&self, image: &StageFacts) -> Option<Reached> {
        let workdir = image.state.workdir.known().unwrap_or("/");
        let manifest = self.origin(image.index, usize::MAX, &resolve(workdir, "package.json"), None)?;
        let package = self.node_manifest(&manifest)?;
        let host = HOSTS.into_iter().find(|name| package.depends_on(name))?;
        Some(Reached { file: manifest, by: format!("npm install for {host}") })
    }
}
