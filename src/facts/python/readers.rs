//! Which Dockerfiles may read a requirements file.

use std::sync::Arc;

use crate::context::IgnoreFile;
use crate::dockerfile::{Arguments, Dockerfile, Keyword};
use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::facts::python::InstallerTool;
use crate::text::SourceFile;
use crate::workspace::{NameKind, Workspace, is_dockerfile_name, parent};

use super::calls::calls_in;

/// Folders that hold no Dockerfile of the repository.
const ELSEWHERE: &str = "**/node_modules\n**/.git\n**/.venv\n**/venv\n**/site-packages\n**/.ipynb_checkpoints\n";
/// Files beyond these are not looked at.
const MAX_FILES: usize = 2_000;

/// The Dockerfiles of a repository with their texts.
#[derive(Debug, Default)]
struct Dockerfiles {
    all: Vec<DockerfileText>,
    complete: bool,
}

/// A Dockerfile with its text.
#[derive(Debug)]
struct DockerfileText {
    path: String,
    source: Arc<SourceFile>,
    /// The length of the path of its folder.
    folder: usize,
}

impl DockerfileText {
    fn text(&self) -> &str {
        self.source.text()
    }

    fn folder(&self) -> &str {
        self.path.get(..self.folder).unwrap_or_default()
    }
}

impl Facts<'_> {
    /// Whether an install that only a guess leads to its files reads `path`.
    #[must_use]
    pub fn is_guessed(&self, path: &str) -> bool {
        let mut guesses = self.python_installs().iter().filter(|install| install.guessed);
        guesses.any(|install| install.files.iter().any(|file| file == path))
    }

    /// Whether no other Dockerfile of the repository, as far as can be told, installs from the requirements file `path`.
    #[must_use]
    pub fn is_only_reader_of(&self, path: &str) -> bool {
        let dockerfiles = self.workspace.remembered("dockerfiles", || collect(self.workspace));
        let (name, folder) = (file_name(path), parent(path));
        let may_read = |dockerfile: &DockerfileText| {
            let (own, text) = (dockerfile.folder(), || dockerfile.text());
            let nested = |outer: &str, inner: &str| {
                outer.is_empty()
                    || inner == outer
                    || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
            };
            let names_it = || text().contains(name) || (text().contains('*') && text().contains("-r"));
            (nested(folder, own) || (nested(own, folder) && text().contains(file_name(folder)))) && names_it()
        };
        dockerfiles.complete
            && !dockerfiles
                .all
                .iter()
                .any(|dockerfile| may_read(dockerfile) && dockerfile.path != self.service.dockerfile)
    }
}

impl Facts<'_> {
    /// Whether another Dockerfile of the repository calls the installer without bringing it, on a base that is no official image:
    /// one that this repository may publish.
    #[must_use]
    pub fn is_called_on_top(&self, tool: InstallerTool) -> bool {
        let question = format!("dockerfiles that call {}", tool.name());
        let callers = self.workspace.remembered(&question, || {
            let dockerfiles = self.workspace.remembered("dockerfiles", || collect(self.workspace));
            let calling = dockerfiles.all.iter().filter(|dockerfile| calls_from_the_base(dockerfile.text(), tool));
            calling.map(|dockerfile| dockerfile.path.clone()).collect::<Vec<String>>()
        });
        callers.iter().any(|path| *path != self.service.dockerfile)
    }
}

/// Whether the text of a Dockerfile calls the installer, does not bring it, and stands on an image that somebody publishes.
fn calls_from_the_base(text: &str, tool: InstallerTool) -> bool {
    let name = tool.name();
    if !tool.commands().iter().any(|command| text.contains(command)) {
        return false;
    }
    let parsed = Dockerfile::parse(text);
    let scripts = || {
        let runs = parsed.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Run);
        runs.map(|run| run.body.text())
    };
    let published = parsed.instructions.iter().any(|instruction| match &instruction.arguments {
        Arguments::From { image: Some(image), .. } => image.text.contains('/'),
        _ => false,
    });
    // `pip install uv`, `curl … astral.sh/uv/install.sh`, `COPY --from=ghcr.io/astral-sh/uv`
    let installs = |script: &str| {
        let words: Vec<&str> = script.split(|one: char| one.is_whitespace() || "\"';&|=<>~![]".contains(one)).collect();
        words.iter().skip_while(|word| **word != "install").any(|word| *word == name)
    };
    let brings = text.contains(&format!("astral-sh/{name}"))
        || scripts().any(|script| InstallerTool::of_address(script).is_some() || installs(script));
    published && !brings && scripts().any(|script| !calls_in(script, tool, "").is_empty())
}

fn collect(workspace: &Workspace) -> Dockerfiles {
    // Which they are does not change as one is typed.
    let named = workspace.remembered_of_names("paths of dockerfiles", || {
        let tree = workspace.tree("", Some(&IgnoreFile::parse(ELSEWHERE)));
        let named = tree.files.iter().filter(|file| is_dockerfile_name(file_name(&file.path)) != NameKind::No);
        (named.map(|file| file.path.clone()).collect::<Vec<String>>(), tree.complete)
    });
    let (paths, complete) = &*named;
    let mut found = Dockerfiles { all: Vec::new(), complete: *complete };
    for path in paths {
        if found.all.len() >= MAX_FILES {
            found.complete = false;
            break;
        }
        if let Ok(source) = workspace.read(path) {
            found.all.push(DockerfileText { path: path.clone(), source, folder: parent(path).len() });
        }
    }
    found
}
