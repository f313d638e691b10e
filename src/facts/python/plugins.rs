//! Programs that load whatever lies in a folder.

use crate::facts::Facts;
use crate::python::imports::Imports;

use super::Program;
use super::sieve::Words;

/// What imports a module that is only known when the program runs.
const CALLS: [&str; 2] = ["import_module", "__import__"];
/// What lists the files of a folder, or the modules of a package.
const LISTING: [&str; 9] =
    ["listdir", "iterdir", "scandir", "walk", "glob", "rglob", "iter_modules", "walk_packages", "iter_entry_points"];
/// What such parts of a program are called.
const PARTS: [&str; 4] = ["plugin", "extension", "addon", "add_on"];

impl Facts<'_> {
    /// A source, of the program or of a project that it installs, that looks for plugins in a folder and imports those that it finds:
    /// what they need may not be named anywhere in the repository.
    #[must_use]
    pub fn plugin_loader(&self) -> Option<String> {
        let projects = self.project_sources();
        let found = self.of_program(&format!("plugins\0{}", projects.join("\0")), || {
            let sources = self.imported_words().may_import(&CALLS).into_iter();
            let mut sources = sources.filter_map(|place| self.program().sources.get(place));
            let calls = Words::of(&CALLS);
            let loads = |path: &&String| {
                let imports = self.imports_of_speaking(path, &calls);
                imports.is_some_and(|imports| loads_plugins(&imports)) && !Program::is_aside(path)
            };
            sources.find(loads).or_else(|| projects.iter().find(loads)).cloned()
        });
        (*found).clone()
    }
}

fn loads_plugins(imports: &Imports) -> bool {
    let names = &imports.identifiers;
    imports.computed
        && names.iter().any(|name| LISTING.contains(&name.as_str()))
        && names.iter().any(|name| PARTS.iter().any(|part| name.to_lowercase().contains(part)))
}
