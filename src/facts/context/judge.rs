//! Whether something may be left out of a context.

use std::sync::Arc;

use crate::context::{IgnoreFile, Tree};
use crate::workspace::{Workspace, parent};

use super::kinds::{Entry, Kind, MARKER};
use super::needs::{Does, Needs, names};
use super::readers::{Reader, Sources};
use super::waste::{Survey, Waste, ignored_by};

/// Whether something may be left out of a context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// No build can need it.
    Leave,
    /// A build may need it; why, in words.
    Unsure(String),
    /// A build needs it; why, in words.
    Keep(String),
}

/// Weighs what the builds of a context need against what lies in it.
pub(super) struct Judge<'a> {
    pub workspace: &'a Workspace,
    pub context: &'a str,
    /// Empty when there is none.
    pub ignore: &'a IgnoreFile,
    pub tree: &'a Tree,
    pub survey: &'a Survey,
    /// The Dockerfiles that are built with it.
    pub builds: Vec<Arc<Needs>>,
}

impl Judge<'_> {
    /// Whether what lies there of a row may be left out.
    pub(super) fn verdict(&self, entry: &Entry) -> Verdict {
        if let Some(build) = self.builds.iter().find(|build| build.names(entry)) {
            return Verdict::Keep(format!("`{}` copies it by name", build.dockerfile));
        }
        let exceptions = || self.ignore.patterns.iter().filter(|pattern| pattern.exclusion);
        if let Some(exception) = exceptions().find(|exception| names(&exception.text, entry)) {
            return Verdict::Keep(format!("`!{}` of the ignore file takes it back", exception.text));
        }
        let verdict = match entry.kind {
            Kind::Git => self.git(),
            Kind::Dotenv => self.dotenv(entry),
            Kind::NodeModules => self.node_modules(entry),
            Kind::Environment => self.environment(entry),
            Kind::Target => self.target(entry),
            Kind::Distributions => self.distributions(entry),
            Kind::TestEnvironment | Kind::Terraform | Kind::EggInfo | Kind::Coverage => {
                self.unmentioned(entry).or_else(|| self.committed(entry))
            }
            Kind::Bytecode => self.only_compiled(entry),
            // Shared settings of an editor may be meant for people who work inside the image.
            Kind::Desktop if entry.name != ".DS_Store" => self.committed(entry),
            Kind::ToolCache | Kind::Desktop => None,
        };
        verdict.unwrap_or(Verdict::Leave)
    }

    fn places<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Waste> {
        self.survey.waste.iter().filter(|waste| waste.entry.name == entry.name)
    }

    fn is_ignored(&self, path: &str, is_dir: bool) -> bool {
        ignored_by(self.workspace, self.context, path, is_dir).is_some()
    }

    /// What may be in the repository is there on purpose.
    fn committed(&self, entry: &Entry) -> Option<Verdict> {
        let is_dir = entry.is(&entry.pattern().replace('*', "x"), true);
        let found = self.places(entry).find(|waste| !self.is_ignored(&waste.path, is_dir))?;
        Some(Verdict::Keep(format!("no `.gitignore` keeps `{}` out of the repository", found.path)))
    }

    fn unmentioned(&self, entry: &Entry) -> Option<Verdict> {
        let build = self.builds.iter().find(|build| build.mentions(entry))?;
        Some(Verdict::Keep(format!("`{}` mentions it", build.dockerfile)))
    }

    fn git(&self) -> Option<Verdict> {
        let takers = || self.builds.iter().filter(|build| build.takes(".git"));
        if let Some(reason) = takers().find_map(|build| build.git.clone()) {
            return Some(Verdict::Keep(reason));
        }
        match self.sources(".git").reader_of_git() {
            Some(Reader::Certain(reason)) => return Some(Verdict::Keep(reason)),
            Some(Reader::Possible(reason)) => return Some(Verdict::Unsure(reason)),
            None => {}
        }
        let with_git = || takers().filter(|build| build.does(Does::HaveGit));
        let workshop = with_git().find(|build| build.does(Does::Workshop));
        let workshop = workshop.map(|build| format!("`{}` makes an image to work in", build.dockerfile));
        workshop.or_else(|| with_git().find_map(|build| build.unreadable.clone())).map(Verdict::Unsure)
    }

    fn dotenv(&self, entry: &Entry) -> Option<Verdict> {
        let reader = || match self.sources(entry.name).reader_of_dotenv()? {
            Reader::Certain(reason) | Reader::Possible(reason) => Some(Verdict::Unsure(reason)),
        };
        self.unmentioned(entry).or_else(|| self.committed(entry)).or_else(reader)
    }

    fn node_modules(&self, entry: &Entry) -> Option<Verdict> {
        if let Some(build) = self.builds.iter().find(|build| build.mentions(entry) && !build.does(Does::InstallNode)) {
            return Some(Verdict::Keep(format!("`{}` mentions it and installs no packages", build.dockerfile)));
        }
        let packages: Vec<&str> = self.own_files("package.json").map(parent).collect();
        for build in &self.builds {
            if build.does(Does::InstallNode) || !packages.iter().any(|folder| build.takes(folder)) {
                continue;
            }
            if build.does(Does::RunNode) {
                return Some(Verdict::Keep(format!("`{}` installs no packages itself", build.dockerfile)));
            }
            if !build.does(Does::OnlyPython) {
                return Some(Verdict::Unsure(format!("`{}` may serve it", build.dockerfile)));
            }
            if let Some(Reader::Certain(reason) | Reader::Possible(reason)) =
                self.sources(entry.name).python_reader_of_node_modules()
            {
                return Some(Verdict::Unsure(reason));
            }
        }
        let installed = !self.builds.is_empty() && self.builds.iter().all(|build| build.does(Does::InstallNode));
        if installed { None } else { self.committed(entry) }
    }

    fn environment(&self, entry: &Entry) -> Option<Verdict> {
        if let Some(build) =
            self.builds.iter().find(|build| build.mentions(entry) && !build.does(Does::MakeEnvironment))
        {
            return Some(Verdict::Keep(format!("`{}` mentions it and makes none", build.dockerfile)));
        }
        let is_run = |waste: &&Waste| {
            let name = waste.path.rsplit('/').next().unwrap_or(&waste.path);
            self.builds.iter().any(|build| build.says(name) && !build.does(Does::MakeEnvironment))
        };
        if entry.name == MARKER {
            let run = self.places(entry).find(is_run)?;
            return Some(Verdict::Keep(format!("a command mentions `{}`", run.path)));
        }
        let is_environment = |waste: &Waste| self.tree.file(&format!("{}/pyvenv.cfg", waste.path)).is_some();
        let other = self.places(entry).find(|waste| !is_environment(waste) && !self.is_ignored(&waste.path, true))?;
        Some(Verdict::Keep(format!("`{}` is no virtual environment", other.path)))
    }

    fn target(&self, entry: &Entry) -> Option<Verdict> {
        let places = self.places(entry).map(|waste| waste.path.as_str());
        let promised = self.survey.promised.iter().filter(|promise| promise.entry.name == entry.name);
        let places: Vec<&str> = places.chain(promised.map(|promise| promise.path.as_str())).collect();
        let taker = self.builds.iter().find(|build| {
            build.names_unknown() || (!build.does(Does::Compile) && places.iter().any(|place| build.takes(place)))
        });
        let taker = taker.map(|build| Verdict::Keep(format!("`{}` may take what was built outside", build.dockerfile)));
        taker.or_else(|| self.committed(entry))
    }

    /// `dist` and `build` beside a Python project: only when nothing but distributions is in them.
    fn distributions(&self, entry: &Entry) -> Option<Verdict> {
        const ARCHIVES: [&str; 4] = [".whl", ".tar.gz", ".zip", ".egg"];
        let is_output = |waste: &Waste| {
            self.tree.under(&waste.path).iter().all(|file| {
                let rest = file.path.get(waste.path.len() + 1..).unwrap_or_default();
                match entry.name {
                    "dist" => ARCHIVES.iter().any(|ending| rest.ends_with(ending)),
                    _ => rest.starts_with("lib/") || rest.starts_with("lib.") || rest.starts_with("bdist."),
                }
            })
        };
        let other = self.places(entry).find(|waste| !is_output(waste));
        let other = other.map(|waste| Verdict::Keep(format!("`{}` holds more than distributions", waste.path)));
        let unknown = self.builds.iter().find(|build| build.names_unknown());
        let unknown = unknown
            .map(|build| Verdict::Keep(format!("`{}` copies files whose names are not known", build.dockerfile)));
        other.or(unknown).or_else(|| self.unmentioned(entry)).or_else(|| self.committed(entry))
    }

    /// Compiled files without their sources are the program.
    fn only_compiled(&self, entry: &Entry) -> Option<Verdict> {
        let has_source = |waste: &&Waste| self.tree.file(waste.path.strip_suffix('c').unwrap_or_default()).is_some();
        let files = self.places(entry).filter(|waste| waste.entry.name == ".pyc");
        let lone = files.into_iter().find(|waste| !has_source(waste))?;
        Some(Verdict::Keep(format!("`{}` has no source beside it", lone.path)))
    }

    fn own_files<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.survey.own.iter().filter_map(|&index| self.tree.files.get(index));
        own.map(|file| file.path.as_str()).filter(move |path| path.rsplit('/').next() == Some(name))
    }

    /// The context's files, for the builds that take what lies at `path`.
    fn sources(&self, path: &str) -> Sources<'_> {
        let takers = self.builds.iter().filter(|build| build.takes(path)).map(Arc::as_ref).collect();
        Sources { workspace: self.workspace, context: self.context, tree: self.tree, own: &self.survey.own, takers }
    }
}
