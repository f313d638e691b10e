//! `slimlint debug closure`: what each install brings, for comparison with the tools' own opinion.

use std::path::PathBuf;

use serde::Serialize;

use crate::dockerfile::Dockerfile;
use crate::facts::Facts;
use crate::facts::python::{ClosureBasis, InstallClosure, PythonInstall};
use crate::lint::locate;
use crate::output::write_object;
use crate::workspace::{Overrides, Workspace, discover};

use super::{Status, Terminal};

/// Chains of one package beyond these are not printed.
const CHAIN_LIMIT: usize = 3;

#[derive(Serialize)]
struct File {
    file: String,
    installs: Vec<Install>,
}

#[derive(Serialize)]
struct Install {
    tool: &'static str,
    line: u32,
    /// `major.minor` of the Python that it is for.
    python: Option<String>,
    basis: String,
    complete: bool,
    notes: Vec<String>,
    packages: Vec<Package>,
    wheel_bytes: u64,
    installed_bytes: u64,
    compiled_bytes: u64,
    unknown: usize,
}

#[derive(Serialize)]
struct Package {
    name: String,
    version: Option<String>,
    extras: Vec<String>,
    local: bool,
    left_out: bool,
    wheel_bytes: Option<u64>,
    installed_bytes: Option<u64>,
    chains: Vec<String>,
}

pub(super) fn closure(paths: &[PathBuf], terminal: &mut Terminal<'_>) -> Status {
    let found = discover(paths, &terminal.cwd);
    let mut status = Status::Clean;
    for problem in &found.problems {
        status = status.max(terminal.error(&format!("{}: {}", problem.path.display(), problem.kind)));
    }
    for (workspace, dockerfiles) in &found.workspaces {
        for dockerfile in dockerfiles {
            let written = match read(workspace, dockerfile) {
                Some(file) => terminal.write(|out, _| write_object(&file, out)),
                None => terminal.error(&format!("{dockerfile} cannot be read")),
            };
            status = status.max(written);
        }
    }
    status
}

fn read(workspace: &Workspace, path: &str) -> Option<File> {
    let source = workspace.read(path).ok()?;
    let dockerfile = Dockerfile::parse(source.text());
    let service = locate(workspace, path, &dockerfile, source.text(), &Overrides::default());
    let facts = Facts::compute(workspace, &service, &source, &dockerfile);
    let lines = crate::text::LineIndex::new(source.text());
    let installs = facts.python_installs().iter().map(|install| {
        let line = facts.site_of(install).map_or(0, |(_, _, invocation)| lines.line(invocation.range.start()));
        show(install, &facts.closure(install), line)
    });
    Some(File { file: path.to_owned(), installs: installs.collect() })
}

fn show(install: &PythonInstall, closure: &InstallClosure, line: u32) -> Install {
    let packages = closure.packages.iter().enumerate().map(|(place, package)| Package {
        name: package.name.to_string(),
        version: package.version.clone(),
        extras: package.extras.iter().map(ToString::to_string).collect(),
        local: package.is_local,
        left_out: package.left_out,
        wheel_bytes: package.bytes.wheel,
        installed_bytes: package.bytes.installed,
        chains: closure.chains(place, CHAIN_LIMIT).iter().map(|chain| closure.shown(chain).join(" > ")).collect(),
    });
    let total = closure.total();
    Install {
        tool: install.tool.name(),
        line,
        python: install.platform.python.map(|(major, minor)| format!("{major}.{minor}")),
        basis: match &closure.basis {
            ClosureBasis::Lock(path) => path.clone(),
            ClosureBasis::Compiled(files) => files.join(", "),
            ClosureBasis::Catalogue => "catalogue".to_owned(),
        },
        complete: closure.complete,
        notes: closure.notes.clone(),
        packages: packages.collect(),
        wheel_bytes: total.wheel,
        installed_bytes: total.installed,
        compiled_bytes: total.compiled,
        unknown: total.unknown,
    }
}
