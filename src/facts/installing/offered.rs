//! Scripts that an image offers on its `PATH`, which compile when somebody calls them.

use crate::facts::paths::{file_name, resolve};
use crate::facts::python::Reached;
use crate::facts::transfer::glob_matches;
use crate::facts::{Facts, Run, Source, StageFacts};
use crate::workspace::{join, parent};

use super::{LINE_LIMIT, SCRIPT_LIMIT, install_call};

/// Folders in which every shell looks for programs.
const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// What such a script calls to compile.
const COMPILERS: [&str; 8] = ["make", "cmake", "gcc", "g++", "clang", "rustc", "phpize", "docker-php-ext-install"];

impl Facts<'_> {
    /// A script that the image holds on its `PATH`, which compiles and which no step of the build calls, so that whoever starts the
    /// image or builds on it does: `COPY docker-php-ext-* /usr/local/bin/`.
    pub(super) fn offers_to_compile(&self, image: &StageFacts) -> Option<Reached> {
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(self.ancestors(image)).collect();
        let own = image.state.environment.get("PATH").map(|path| path.value.text()).unwrap_or_default();
        let folders: Vec<&str> = own.split(':').filter(|folder| folder.starts_with('/')).chain(FOLDERS).collect();
        let copied = chain.iter().flat_map(|stage| &stage.transfers).filter(|copied| copied.source == Source::Context);
        let scripts = copied.filter_map(|copied| Some((copied, copied.destination.known()?))).flat_map(
            |(copied, destination)| {
                let sources = copied.paths.iter().filter_map(|(path, _)| path.known());
                let files = sources.flat_map(|source| self.files_of(source));
                let is_folder = |path: &str| folders.iter().any(|folder| resolve("/", folder) == path);
                let destination = destination.trim_end_matches('/');
                let to_folder = is_folder(destination);
                let to_file = !to_folder && !copied.into_folder && is_folder(parent(destination));
                files.filter(move |_| to_folder || to_file).map(move |path| {
                    let name = if to_file { file_name(destination) } else { file_name(&path) }.to_owned();
                    (path, name)
                })
            },
        );
        let runs = || chain.iter().flat_map(|stage| &stage.runs);
        scripts.take(SCRIPT_LIMIT).filter(|(path, name)| !runs().any(|run| calls(run, path, name))).find_map(
            |(path, _)| {
                let file = self.workspace.read(&path).ok()?;
                let text = file.text();
                let is_shell =
                    text.lines().next().is_some_and(|first| first.starts_with("#!") && first.ends_with("sh"));
                let mut lines = text.lines().take(LINE_LIMIT).filter(|_| is_shell);
                let by = lines.find_map(|line| install_call(line).filter(|call| COMPILERS.contains(&call.as_str())))?;
                Some(Reached { file: path, by })
            },
        )
    }

    /// The files, by their paths below the workspace's root, that a source of the context names: itself, what a pattern matches, what
    /// lies in the folder.
    fn files_of(&self, source: &str) -> Vec<String> {
        let Some(path) = join(&self.service.context, source) else { return Vec::new() };
        if self.workspace.is_file(&path) {
            return vec![path];
        }
        let (folder, pattern) =
            if self.workspace.is_dir(&path) { (path.as_str(), "*") } else { (parent(&path), file_name(&path)) };
        let entries = self.workspace.list(folder).into_iter();
        let named = entries.filter(|entry| !entry.is_dir && glob_matches(pattern, &entry.name));
        named.filter_map(|entry| join(folder, &entry.name)).take(SCRIPT_LIMIT).collect()
    }
}

/// Whether a step of the build calls the script.
fn calls(run: &Run, path: &str, name: &str) -> bool {
    run.invocations.iter().any(|invocation| {
        invocation.script() == Some(path)
            || file_name(&invocation.program) == name
            || matches!(invocation.program.as_str(), "sh" | "bash" | "dash" | "ash")
                && invocation.arguments.iter().any(|word| file_name(word.value.text()) == name)
    })
}
