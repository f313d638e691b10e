//! Whether an image in use has what a link leads to.

use crate::facts::commands::removal;
use crate::facts::paths::{file_name, is_below, resolve};
use crate::facts::transfer::candidates;
use crate::facts::{Facts, Guard, Run, Source, StageFacts, Transfer};
use crate::text::TextRange;

use super::super::PythonInstall;
use super::super::target::sites;
use super::{Editable, EditableHarm, Link};

/// Programs that can put files into a folder.
const CREATORS: [&str; 16] = [
    "git", "cp", "mv", "ln", "tar", "unzip", "rsync", "curl", "wget", "svn", "hg", "install", "python", "make", "gh",
    "patch",
];

/// A link with what of it must be there.
struct Wanted<'l> {
    link: &'l Link,
    /// What is imported, absolute in the image.
    modules: Vec<String>,
    /// The environments that may hold the link.
    environments: Vec<String>,
}

impl Facts<'_> {
    pub(super) fn harm_of(&self, link: &Link) -> Option<Editable> {
        let install = self.python_installs().get(link.install)?;
        let (stage, run, _) = self.site_of(install)?;
        let modules = match &link.origin {
            Some(origin) => self.modules_of(origin, link.name.as_deref()),
            None => vec![String::new()],
        };
        let modules: Vec<String> = modules.iter().map(|module| resolve(&link.folder, module)).collect();
        if modules.is_empty() {
            return None;
        }
        let wanted = Wanted { link, modules, environments: self.environments(install, &link.home) };
        let harm = if self.is_in_final(stage.index) {
            self.harm_in_place(install, &wanted, stage, run).map(|harm| (harm, self.image_of(stage.index)))
        } else {
            self.left_behind(install, &wanted, stage, run).map(|(copy, image)| (copy, Some(image)))
        };
        let (harm, image) = harm?;
        let starts = image.and_then(|image| self.own_script(link, image));
        Some(Editable {
            install: link.install,
            name: link.name.clone(),
            folder: link.folder.clone(),
            word: link.word,
            way: link.way.clone(),
            harm,
            starts,
        })
    }

    /// The image in use that holds the layers of a stage.
    fn image_of(&self, stage: usize) -> Option<&StageFacts> {
        let heirs = self.descendants(stage);
        self.finals().find(|image| heirs.contains(&image.index) && self.is_in_use(image))
    }

    fn is_in_use(&self, image: &StageFacts) -> bool {
        self.is_runtime_image(image) && !self.serves_development(image)
    }

    /// For a link whose layers are those of the image.
    fn harm_in_place(
        &self,
        install: &PythonInstall,
        wanted: &Wanted<'_>,
        stage: &StageFacts,
        run: &Run,
    ) -> Option<EditableHarm> {
        let image = self.image_of(stage.index)?;
        if wanted.link.cloned {
            return Some(EditableHarm::Clone);
        }
        if let Some(range) = self.deletion(install, wanted, stage, run, image) {
            return Some(EditableHarm::Deleted(range));
        }
        let mount = run.mounts.iter().find(|mount| {
            let covers = |target: &str| wanted.modules.iter().all(|module| is_below(module, target));
            mount.kind == "bind" && mount.target.known().is_some_and(covers)
        });
        if let Some(mount) = mount {
            return (!self.has_sources(wanted, image)).then_some(EditableHarm::Mounted(mount.range));
        }
        self.arrival(install, wanted, stage, run).map(EditableHarm::TooEarly)
    }

    /// A later command that deletes all that the link leads to.
    fn deletion(
        &self,
        install: &PythonInstall,
        wanted: &Wanted<'_>,
        stage: &StageFacts,
        run: &Run,
        image: &StageFacts,
    ) -> Option<TextRange> {
        let same = run.invocations.iter().skip(install.invocation + 1);
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(self.ancestors(image)).collect();
        let later = chain.iter().filter(|other| other.index >= stage.index).flat_map(|other| &other.runs);
        let later = later.filter(|other| other.instruction > run.instruction).flat_map(|run| &run.invocations);
        let mut all = same.chain(later).filter(|invocation| invocation.guard == Guard::Always);
        let deletes = all.find(|invocation| {
            removal(invocation).is_some_and(|removal| wanted.modules.iter().all(|module| removal.covers(module)))
        })?;
        let comes_back = chain.iter().flat_map(|stage| &stage.transfers).any(|transfer| {
            let known = transfer.destination.known();
            transfer.instruction > run.instruction
                && known.is_none_or(|to| wanted.modules.iter().any(|module| overlaps(module, to)))
        });
        let reinstalled = self.installs_again(install, wanted.link, &chain, run.instruction);
        (!comes_back && !reinstalled).then_some(deletes.range)
    }

    /// The later instruction that brings the sources, where setuptools found none to link.
    fn arrival(
        &self,
        install: &PythonInstall,
        wanted: &Wanted<'_>,
        stage: &StageFacts,
        run: &Run,
    ) -> Option<TextRange> {
        let origin = wanted.link.origin.as_deref()?;
        let at = |name: &str| if origin.is_empty() { name.to_owned() } else { format!("{origin}/{name}") };
        let parsed = self.workspace.pyproject(&at("pyproject.toml")).ok()?;
        // A `.pth` file that names the folder does for what comes later; the table of packages that is made for those that setuptools
        // finds by itself does not.
        let backend = parsed.build_backend.as_deref();
        // Before release 64 setuptools linked the folder.
        let is_new = parsed.build_requires.iter().all(|requirement| {
            requirement.name.as_str() != "setuptools"
                || !requirement.specifier.contains(['<', '=', '~'])
                || requirement.specifier.starts_with(">=") && !requirement.specifier.contains(['<', '~'])
        });
        let finds = is_new
            && parsed.name.is_some()
            && !parsed.places_packages
            && backend.is_none_or(|backend| backend == "setuptools.build_meta")
            && (backend.is_some() || parsed.build_requires.is_empty())
            && ["setup.py", "setup.cfg"].iter().all(|name| !self.workspace.is_file(&at(name)));
        let before = |module: &String| self.origin(stage.index, run.instruction, module, Some(&run.mounts)).is_some();
        let image = self.image_of(stage.index)?;
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(self.ancestors(image)).collect();
        if !finds
            || wanted.modules.iter().any(before)
            || is_on_path(image)
            || self.installs_again(install, wanted.link, &chain, run.instruction)
            || may_be_made(&wanted.link.folder, &chain)
        {
            return None;
        }
        let later = chain.iter().flat_map(|stage| &stage.transfers);
        let mut later = later.filter(|transfer| transfer.instruction > run.instruction);
        let brings = |transfer: &&Transfer| {
            let Some(destination) = transfer.destination.known() else { return false };
            let sources = transfer.paths.iter().filter_map(|(source, _)| source.known());
            let mut places = sources.flat_map(|source| {
                wanted.modules.iter().flat_map(move |module| candidates(source, destination, module))
            });
            transfer.source == Source::Context && places.any(|place| self.context_path(&format!("/{place}")).is_some())
        };
        later.find(brings).map(|transfer| transfer.range)
    }

    /// The `COPY` that takes the environment of the link into an image that has nothing of the folder.
    fn left_behind(
        &self,
        install: &PythonInstall,
        wanted: &Wanted<'_>,
        stage: &StageFacts,
        run: &Run,
    ) -> Option<(EditableHarm, &StageFacts)> {
        // Without its sources there nothing can have been linked.
        let was_there = |module: &String| self.origin(stage.index, usize::MAX, module, Some(&run.mounts)).is_some();
        if wanted.link.origin.is_some() && !wanted.modules.iter().any(was_there) {
            return None;
        }
        for holder in self.descendants(stage.index) {
            for &(taker, number) in self.takers.get(holder).into_iter().flatten() {
                let transfer = self.stages.get(taker)?.transfers.get(number)?;
                if !takes_environment(install, wanted, transfer) {
                    continue;
                }
                let heirs = self.descendants(taker);
                let mut images = self.finals().filter(|image| heirs.contains(&image.index) && self.is_in_use(image));
                if let Some(image) = images.find(|image| !self.has_sources(wanted, image)) {
                    return Some((EditableHarm::LeftBehind(transfer.range), image));
                }
            }
        }
        None
    }

    /// Whether an image has, or may have, what the link leads to, or finds it in another way.
    fn has_sources(&self, wanted: &Wanted<'_>, image: &StageFacts) -> bool {
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(self.ancestors(image)).collect();
        let Some(install) = self.python_installs().get(wanted.link.install) else { return true };
        let there = |module: &String| self.origin(image.index, usize::MAX, module, None).is_some();
        let own_start = self.own_script(wanted.link, image).is_some();
        let mut transfers = chain.iter().flat_map(|stage| &stage.transfers);
        wanted.modules.iter().any(there)
            || is_on_path(image)
            || self.starts_with(image, &["uv"])
            || self.installs_again(install, wanted.link, &chain, 0)
            || may_be_made(&wanted.link.folder, &chain)
            || self.is_mounted_by_compose(wanted)
            || transfers.any(|transfer| self.may_bring(wanted, transfer, own_start))
    }

    /// Whether a transfer may put the sources where the link leads, or, unless `only_there`, anywhere.
    fn may_bring(&self, wanted: &Wanted<'_>, transfer: &Transfer, only_there: bool) -> bool {
        let Some(destination) = transfer.destination.known() else { return true };
        transfer.paths.iter().any(|(path, _)| {
            let Some(path) = path.known() else { return true };
            let there = wanted.modules.iter().any(|module| overlaps(module, destination));
            match transfer.source {
                Source::Context => {
                    // What is not there yet is made before the build.
                    let missing = path.contains(['*', '?', '[']) || self.context_path(&format!("/{path}")).is_none();
                    let context = self.service.context.as_str();
                    let below = |origin: &str| {
                        let folder = if context.is_empty() { Some(origin) } else { origin.strip_prefix(context) };
                        folder.map(|folder| resolve("/", folder))
                    };
                    let own = wanted.link.origin.as_deref().and_then(below);
                    let takes_it = own.is_some_and(|own| {
                        let source = resolve("/", path);
                        let mut modules = wanted.modules.iter().filter_map(|module| {
                            let rest = module.strip_prefix(wanted.link.folder.trim_end_matches('/'))?;
                            Some(resolve("/", &format!("{own}/{rest}")))
                        });
                        modules.any(|module| overlaps(&module, &source))
                    });
                    (missing && there) || (!only_there && takes_it)
                }
                Source::Stage(_) | Source::Image(_) => {
                    let environment = wanted.environments.iter().any(|environment| is_below(path, environment));
                    let takes_it = wanted.modules.iter().any(|module| is_below(module, path));
                    !environment && (there || (!only_there && takes_it))
                }
            }
        })
    }

    /// Whether one of the stages installs the same project by another command.
    fn installs_again(&self, install: &PythonInstall, link: &Link, chain: &[&StageFacts], after: usize) -> bool {
        let Some(origin) = &link.origin else { return false };
        self.python_installs().iter().any(|other| {
            let elsewhere =
                (other.stage, other.run, other.invocation) != (install.stage, install.run, install.invocation);
            let later = self.site_of(other).is_some_and(|(_, run, _)| run.instruction > after);
            let same = |manifest: &str| crate::workspace::parent(manifest) == origin;
            elsewhere
                && later
                && chain.iter().any(|stage| stage.index == other.stage)
                && other.projects.iter().any(|project| same(&project.manifest))
        })
    }

    /// Whether a compose file mounts something where the link leads.
    fn is_mounted_by_compose(&self, wanted: &Wanted<'_>) -> bool {
        let folders = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        let services = folders.iter().flat_map(|files| files.iter()).flat_map(|file| &file.services);
        let mut lines = services
            .filter(|service| service.build.as_ref().is_some_and(|build| build.dockerfile == self.service.dockerfile))
            .flat_map(|service| &service.lines);
        lines.any(|line| {
            let mut parts = line.split([':', ' ', '"', '\'']).filter(|part| part.starts_with('/') && part.len() > 1);
            parts.any(|part| wanted.modules.iter().any(|module| is_below(module, part.trim_end_matches('/'))))
        })
    }

    /// The script of the project that the image starts.
    fn own_script(&self, link: &Link, image: &StageFacts) -> Option<String> {
        let origin = link.origin.as_deref()?;
        let manifest = if origin.is_empty() { "pyproject.toml".to_owned() } else { format!("{origin}/pyproject.toml") };
        let parsed = self.workspace.pyproject(&manifest).ok()?;
        let words = self.start_words(image);
        let program = file_name(words.first()?);
        parsed.scripts.contains_key(program).then(|| program.to_owned())
    }
}

fn is_on_path(image: &StageFacts) -> bool {
    image.state.environment.get("PYTHONPATH").is_some()
}

/// Whether a command in these stages may fill the folder.
fn may_be_made(folder: &str, chain: &[&StageFacts]) -> bool {
    let mut invocations = chain.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    invocations.any(|invocation| {
        let here = invocation.workdir.known().is_none_or(|workdir| is_below(workdir, folder));
        let named = || invocation.arguments.iter().any(|argument| argument.value.text().contains(folder));
        CREATORS.contains(&invocation.program.as_str()) && (here || named())
    })
}

/// Whether a transfer takes the packages of the environment that holds the link.
fn takes_environment(install: &PythonInstall, wanted: &Wanted<'_>, transfer: &Transfer) -> bool {
    let sites = wanted.environments.iter().flat_map(|environment| sites(install, environment));
    let sites: Vec<String> = sites.collect();
    let mut paths = transfer.paths.iter().filter_map(|(path, _)| path.known());
    paths.any(|path| sites.iter().any(|site| is_below(site, path)))
}

/// Whether one is the other or lies below it.
fn overlaps(one: &str, other: &str) -> bool {
    is_below(one, other) || is_below(other, one)
}
