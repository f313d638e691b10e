//! What lies in working copies and is no input of a build.

/// What a folder or file is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// The history of a repository.
    Git,
    /// A virtual environment of the host.
    Environment,
    /// Packages that npm and its relatives install.
    NodeModules,
    /// Environments that tox and nox make.
    TestEnvironment,
    /// Providers and modules that Terraform downloads.
    Terraform,
    /// What cargo and Maven build.
    Target,
    /// Compiled Python.
    Bytecode,
    /// Caches of test runners, linters and type checkers.
    ToolCache,
    /// What setuptools writes beside the sources.
    EggInfo,
    /// Wheels and what they were made from.
    Distributions,
    /// Reports of coverage tools.
    Coverage,
    /// Settings of editors and files of desktops.
    Desktop,
    /// Settings and secrets of one machine.
    Dotenv,
}

/// A heading of an ignore file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Section {
    /// History.
    History,
    /// Secrets.
    Secrets,
    /// What the build installs or makes itself.
    Made,
    /// Caches.
    Caches,
    /// Reports.
    Reports,
    /// Editors.
    Editors,
}

impl Section {
    /// The comment above its patterns.
    pub(super) const fn comment(self) -> &'static str {
        match self {
            Self::History => "History",
            Self::Secrets => "Secrets and settings of one machine: pass them when the container runs",
            Self::Made => "What the build installs or makes itself",
            Self::Caches => "Caches and compiled files",
            Self::Reports => "Reports",
            Self::Editors => "Editors and desktops",
        }
    }
}

/// How a name is matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A folder of that name.
    Folder,
    /// A file of that name.
    File,
    /// A folder whose name ends so.
    FolderEnding,
    /// A file whose name ends so.
    FileEnding,
    /// A folder of any name that holds a file of that name.
    Marked,
}

/// A row of the table.
#[derive(Debug)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its name, or how that ends.
    pub name: &'static str,
    /// Where it is listed.
    pub(super) section: Section,
    pub(super) shape: Shape,
    /// Whether it is worth an ignore file by itself, however little of it is there today.
    pub heavy: bool,
    /// Endings of names in a folder that say that working copies can hold it there; nothing when only its being there counts.
    pub(super) signs: &'static [&'static str],
}

const PYTHON: &[&str] = &[".py"];
const PYTHON_PROJECT: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile"];

/// How the names of compiled sources end.
const COMPILED: &str = ".pyc";

/// What every virtual environment holds.
pub(super) const MARKER: &str = "pyvenv.cfg";

const fn entry(kind: Kind, name: &'static str, shape: Shape, signs: &'static [&'static str]) -> Entry {
    let (section, heavy) = match kind {
        Kind::Git => (Section::History, true),
        Kind::Dotenv => (Section::Secrets, true),
        Kind::Environment | Kind::NodeModules | Kind::TestEnvironment | Kind::Terraform | Kind::Target => {
            (Section::Made, true)
        }
        Kind::EggInfo | Kind::Distributions => (Section::Made, false),
        Kind::Bytecode | Kind::ToolCache => (Section::Caches, false),
        Kind::Coverage => (Section::Reports, false),
        Kind::Desktop => (Section::Editors, false),
    };
    Entry { kind, name, section, shape, heavy, signs }
}

/// In the order of an ignore file.
pub(super) static ENTRIES: &[Entry] = &[
    entry(Kind::Git, ".git", Shape::Folder, &[]),
    entry(
        Kind::Dotenv,
        ".env",
        Shape::File,
        &[".env.example", ".env.sample", ".env.template", ".env.dist", "env.example"],
    ),
    entry(Kind::Environment, ".venv", Shape::Folder, PYTHON_PROJECT),
    entry(Kind::Environment, "venv", Shape::Folder, PYTHON_PROJECT),
    entry(Kind::Environment, MARKER, Shape::Marked, &[]),
    entry(Kind::NodeModules, "node_modules", Shape::Folder, &["package.json"]),
    entry(Kind::TestEnvironment, ".tox", Shape::Folder, &["tox.ini"]),
    entry(Kind::TestEnvironment, ".nox", Shape::Folder, &["noxfile.py"]),
    entry(Kind::Terraform, ".terraform", Shape::Folder, &[".tf"]),
    entry(Kind::Target, "target", Shape::Folder, &["Cargo.toml", "pom.xml"]),
    entry(Kind::EggInfo, ".egg-info", Shape::FolderEnding, &["setup.py", "pyproject.toml"]),
    entry(Kind::Distributions, "dist", Shape::Folder, &[]),
    entry(Kind::Distributions, "build", Shape::Folder, &[]),
    entry(Kind::Bytecode, "__pycache__", Shape::Folder, PYTHON),
    entry(Kind::Bytecode, COMPILED, Shape::FileEnding, PYTHON),
    entry(Kind::ToolCache, ".pytest_cache", Shape::Folder, PYTHON),
    entry(Kind::ToolCache, ".mypy_cache", Shape::Folder, PYTHON),
    entry(Kind::ToolCache, ".ruff_cache", Shape::Folder, PYTHON),
    entry(Kind::ToolCache, ".hypothesis", Shape::Folder, PYTHON),
    entry(Kind::ToolCache, ".ipynb_checkpoints", Shape::Folder, &[".ipynb"]),
    entry(Kind::Coverage, ".coverage", Shape::File, PYTHON),
    entry(Kind::Coverage, "htmlcov", Shape::Folder, PYTHON),
    entry(Kind::Coverage, ".nyc_output", Shape::Folder, &["package.json"]),
    entry(Kind::Desktop, ".idea", Shape::Folder, &[]),
    entry(Kind::Desktop, ".vscode", Shape::Folder, &[]),
    entry(Kind::Desktop, ".DS_Store", Shape::File, &[]),
];

impl Entry {
    /// Whether a folder (`is_dir`) or file called `name` is of this kind, as far as its name tells.
    pub(super) fn is(&self, name: &str, is_dir: bool) -> bool {
        match self.shape {
            Shape::Folder => is_dir && name == self.name,
            Shape::File => !is_dir && name == self.name,
            Shape::FolderEnding => is_dir && name.len() > self.name.len() && name.ends_with(self.name),
            Shape::FileEnding => !is_dir && name.len() > self.name.len() && name.ends_with(self.name),
            Shape::Marked => false,
        }
    }

    /// Whether it is about folders.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self.shape, Shape::Folder | Shape::FolderEnding | Shape::Marked)
    }

    /// Whether one pattern for all depths would take in more than what was looked at.
    pub(super) fn is_listed_by_place(&self) -> bool {
        matches!(self.kind, Kind::Git | Kind::Target | Kind::Distributions) || self.shape == Shape::Marked
    }

    /// The name for people and, behind `**/`, for an ignore file.
    #[must_use]
    pub fn pattern(&self) -> String {
        match self.shape {
            Shape::Folder | Shape::File => self.name.to_owned(),
            Shape::FolderEnding | Shape::FileEnding => format!("*{}", self.name),
            Shape::Marked => format!("*/{}", self.name),
        }
    }
}

/// The row for a folder or file called `name`.
pub(super) fn find(name: &str, is_dir: bool) -> Option<&'static Entry> {
    // Most names are those of ordinary files, and files of the table begin with a dot or end so.
    if !is_dir && !name.starts_with('.') && !name.ends_with(COMPILED) {
        return None;
    }
    ENTRIES.iter().find(|entry| entry.is(name, is_dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name() {
        for entry in ENTRIES.iter().filter(|entry| entry.shape != Shape::Marked) {
            let name = entry.pattern().replace('*', "x");
            let found = find(&name, entry.is_folder()).expect("a row");
            assert_eq!(found.name, entry.name);
            assert!(find(&name, !entry.is_folder()).is_none());
        }
    }
}
