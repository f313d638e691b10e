//! Projects that an install links to their folder instead of copying them, and where that does harm.
//!
//! What is linked is found only while the folder is where it was when the install ran: a `.pth` file, an `.egg-link` or an import hook in
//! `site-packages` names it by its path.

mod harm;
mod modules;

use std::sync::Arc;

use crate::dockerfile::Value;
use crate::facts::commands::{Options, Pdm, Pip, Poetry, Uv};
use crate::facts::paths::{file_name, resolve};
use crate::facts::{Facts, Guard, Invocation, Run, StageFacts};
use crate::python::requirements::EntryKind;
use crate::text::TextRange;
use crate::workspace::{join, parent};

use super::reader::{local_path, split_extras};
use super::{Omitted, Place, Project, PythonInstall, Tool};

/// What asks for the link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditableWay {
    /// `-e` on the command line: the word.
    Flag(TextRange),
    /// A line of a requirements file: what stands in front of the path or URL.
    Line(Place),
    /// The tool links projects unless it is told not to.
    Default,
}

/// What is wrong with a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditableHarm {
    /// The image takes the packages, by the instruction at this range, without the folder.
    LeftBehind(TextRange),
    /// A later command, at this range, deletes the folder.
    Deleted(TextRange),
    /// The folder is there only while the command runs, by the mount at this range.
    Mounted(TextRange),
    /// setuptools links the packages that it finds, and they come only later, by the instruction at this range.
    TooEarly(TextRange),
    /// A repository is kept with its history.
    Clone,
}

/// A project that an install links, to the disadvantage of an image in use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Editable {
    /// The install, by its index.
    pub install: usize,
    /// The project's name, where it is known.
    pub name: Option<String>,
    /// The folder that it is linked to, absolute in the image.
    pub folder: String,
    /// The word of the Dockerfile that leads to it.
    pub word: TextRange,
    /// What asks for the link.
    pub way: EditableWay,
    /// What is wrong.
    pub harm: EditableHarm,
    /// The script of the project that the image starts.
    pub starts: Option<String>,
}

/// A link that an install makes.
#[derive(Clone, Debug)]
struct Link {
    install: usize,
    name: Option<String>,
    /// The project's folder in the image.
    folder: String,
    /// The folder of the lock or project that uv makes its environment in; else the same.
    home: String,
    /// The project's folder in the workspace; `None` when it does not come from there.
    origin: Option<String>,
    word: TextRange,
    way: EditableWay,
    /// Whether pip clones it.
    cloned: bool,
}

impl Facts<'_> {
    /// The projects that installs for images in use link, where that does harm.
    #[must_use]
    pub fn harmful_editables(&self) -> Vec<Editable> {
        let installs = self.python_installs().iter().enumerate();
        let installs = installs.filter(|(_, install)| {
            let runs = install.guard == Guard::Always && install.tool != Tool::PipWheel;
            runs && !self.has_unknown_words(install) && self.ships_for_use(install)
        });
        installs
            .flat_map(|(index, install)| self.links(index, install))
            .filter_map(|link| self.harm_of(&link))
            .collect()
    }

    fn links(&self, index: usize, install: &PythonInstall) -> Vec<Link> {
        let Some((stage, run, invocation)) = self.site_of(install) else { return Vec::new() };
        match install.tool {
            Tool::Pip | Tool::UvPip | Tool::UvPipSync => {
                let options = Pip::read(invocation).map(|pip| pip.options);
                let options = options.or_else(|| Uv::read(invocation).map(|uv| uv.options)).unwrap_or_default();
                let mut found = self.of_flags(index, install, (stage, run, invocation), &options);
                found.extend(self.of_files(index, install, (stage, run, invocation)));
                found
            }
            Tool::UvSync => self.of_uv(index, install, (stage, run, invocation)),
            Tool::Poetry | Tool::Pdm => self.of_root(index, install, (stage, run, invocation)).into_iter().collect(),
            Tool::PipWheel | Tool::UvAdd | Tool::Pipenv | Tool::Conda => Vec::new(),
        }
    }

    /// `-e .` and `-e git+https://…` of a command line.
    fn of_flags(
        &self,
        index: usize,
        install: &PythonInstall,
        site: (&StageFacts, &Run, &Invocation),
        options: &Options<'_>,
    ) -> Vec<Link> {
        let flags = options.uses(&["-e", "--editable"]);
        let named = flags.filter_map(|flag| {
            let value = flag.value.as_ref().and_then(Value::known)?;
            let word = flag.value_argument.unwrap_or(flag.argument).range;
            let way = EditableWay::Flag(flag.argument.range);
            self.link(index, install, site, value, word, way)
        });
        named.collect()
    }

    /// The lines of requirements files.
    fn of_files(&self, index: usize, install: &PythonInstall, site: (&StageFacts, &Run, &Invocation)) -> Vec<Link> {
        let mut found = Vec::new();
        for file in &install.files {
            let Ok(requirements) = self.workspace.requirements(file) else { continue };
            let word = install.roots.iter().find(|root| *root.place.file == **file).map(|root| root.word);
            let word = word.or_else(|| {
                let names = |word: &&crate::facts::Argument| file_name(word.value.text()) == file_name(file);
                site.2.arguments.iter().find(names).map(|word| word.range)
            });
            for entry in &requirements.entries {
                let EntryKind::Editable(path, range) = &entry.kind else { continue };
                let before = TextRange::new(entry.range.start().min(range.start()), range.start());
                let way = EditableWay::Line(Place { file: Arc::from(file.as_str()), range: before });
                found.extend(self.link(index, install, site, path, word.unwrap_or(site.2.range), way));
            }
        }
        found
    }

    fn link(
        &self,
        install: usize,
        of: &PythonInstall,
        (stage, run, invocation): (&StageFacts, &Run, &Invocation),
        text: &str,
        word: TextRange,
        way: EditableWay,
    ) -> Option<Link> {
        let workdir = invocation.workdir.known()?;
        if text.contains("://") && !text.starts_with("file:") {
            // uv refuses these.
            let name = text.split_once("#egg=").map(|(_, name)| name.split(['&', '[']).next().unwrap_or(name))?;
            let source = Pip::read(invocation).and_then(|pip| pip.options.value(&["--src"]).cloned());
            let environment = self.environments(of, workdir).into_iter().next()?;
            let is_system = matches!(environment.as_str(), "/usr" | "/usr/local" | "/opt/conda");
            let around = match source.as_ref().or_else(|| self.variable(run, invocation, "PIP_SRC")) {
                Some(source) => resolve(workdir, source.known()?),
                None if is_system => resolve(workdir, "src"),
                None => resolve(&environment, "src"),
            };
            let name = name.to_lowercase();
            let folder = resolve(&around, &name);
            let home = folder.clone();
            return Some(Link { install, name: Some(name), folder, home, origin: None, word, way, cloned: true });
        }
        let (path, _) = split_extras(local_path(text).unwrap_or(text));
        let folder = resolve(workdir, path);
        let manifest = ["pyproject.toml", "setup.py", "setup.cfg"].iter().find_map(|name| {
            let path = resolve(&folder, name);
            self.origin(stage.index, run.instruction, &path, Some(&run.mounts))
        });
        let origin = manifest.as_deref().map(|manifest| parent(manifest).to_owned());
        let parsed = manifest.and_then(|manifest| self.workspace.pyproject(&manifest).ok());
        let name = parsed.and_then(|parsed| parsed.name.as_ref().map(ToString::to_string));
        Some(Link { install, name, home: folder.clone(), folder, origin, word, way, cloned: false })
    }

    /// What `uv sync` links: what the lock calls editable, else the project if it is one that is built.
    fn of_uv(&self, index: usize, install: &PythonInstall, site: (&StageFacts, &Run, &Invocation)) -> Vec<Link> {
        let (_, run, invocation) = site;
        let copies = Uv::read(invocation).is_none_or(|uv| uv.options.has(&["--no-editable"]))
            || self.is_switched_on(run, invocation, "UV_NO_EDITABLE");
        if copies {
            return Vec::new();
        }
        let Some(lock) = install.lock.as_ref().filter(|lock| lock.rewritten.is_none()) else {
            return self.of_root(index, install, site).into_iter().collect();
        };
        let Some(root) = self.folder_in_image(site, &lock.path) else { return Vec::new() };
        let closure = self.closure(install);
        let linked = closure.packages.iter().filter(|package| package.is_editable && !package.left_out);
        let word = install.projects.iter().find(|project| project.direct).map_or(invocation.range, |one| one.word);
        let links = linked.filter_map(|package| {
            let source = package.source.as_deref()?;
            Some(Link {
                install: index,
                name: Some(package.name.to_string()),
                folder: resolve(&root, source),
                home: root.clone(),
                origin: Some(join(parent(&lock.path), source)?),
                word,
                way: EditableWay::Default,
                cloned: false,
            })
        });
        links.collect()
    }

    /// The project itself, which uv, poetry and pdm link.
    fn of_root(&self, index: usize, install: &PythonInstall, site: (&StageFacts, &Run, &Invocation)) -> Option<Link> {
        let (_, run, invocation) = site;
        let project: &Project = install.projects.iter().find(|project| project.direct && project.main)?;
        let parsed = self.workspace.pyproject(&project.manifest).ok()?;
        let is_built = parsed.build_backend.is_some() || !parsed.build_requires.is_empty();
        let is_package = match install.tool {
            Tool::UvSync => parsed.is_package.unwrap_or(is_built),
            Tool::Poetry => parsed.is_package != Some(false) && parsed.name.is_some(),
            _ => parsed.is_package.unwrap_or(is_built) && parsed.name.is_some(),
        };
        let copies = match install.tool {
            Tool::Pdm => {
                Pdm::read(invocation).is_none_or(|pdm| pdm.options.has(&["--no-editable", "--no-self"]))
                    || ["PDM_NO_EDITABLE", "PDM_NO_SELF"].iter().any(|name| self.is_switched_on(run, invocation, name))
            }
            Tool::Poetry => Poetry::read(invocation).is_none_or(|poetry| poetry.options.has(&["--no-root"])),
            _ => false,
        };
        if install.omitted != Omitted::None || !is_package || copies {
            return None;
        }
        let folder = self.folder_in_image(site, &project.manifest)?;
        Some(Link {
            install: index,
            name: parsed.name.as_ref().map(ToString::to_string),
            home: folder.clone(),
            folder,
            origin: Some(parent(&project.manifest).to_owned()),
            word: project.word,
            way: EditableWay::Default,
            cloned: false,
        })
    }

    fn is_switched_on(&self, run: &Run, invocation: &Invocation, name: &str) -> bool {
        let value = self.variable(run, invocation, name);
        value.is_some_and(|value| !matches!(value.text().to_lowercase().as_str(), "" | "0" | "false" | "no" | "off"))
    }

    /// The folder that the command runs in, or the nearest one around it, in which the file of the workspace stands.
    fn folder_in_image(
        &self,
        (stage, run, invocation): (&StageFacts, &Run, &Invocation),
        file: &str,
    ) -> Option<String> {
        let mut folder = invocation.workdir.known()?.to_owned();
        loop {
            let path = resolve(&folder, file_name(file));
            let found = self.origin(stage.index, run.instruction, &path, Some(&run.mounts));
            if found.as_deref() == Some(file) {
                return Some(folder);
            }
            if folder == "/" {
                return None;
            }
            folder = resolve(&folder, "..");
        }
    }
}
