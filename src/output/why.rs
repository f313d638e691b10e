//! `slimlint why`: a package, the tree of what brings it, and what it costs.

use std::borrow::Borrow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::diagnostic::format_bytes;
use crate::facts::python::ClosureBasis;
use crate::lint::{Installed, Parent, Why};
use crate::workspace::Workspace;

use super::totals::counted;
use super::{Paint, escape, shown_path, write_object};

/// Column at which places stand, where the tree leaves room.
const PLACE_COLUMN: usize = 42;

/// Writes `found`, one for each workspace, for people.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_why<W: Borrow<Workspace>>(
    package: &str,
    found: &[(W, Why)],
    cwd: &Path,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut first = true;
    for (workspace, why) in found {
        let shown = |file: &str| escape(&shown_path(workspace.borrow().root(), file, cwd)).into_owned();
        for installed in &why.installed {
            if !std::mem::take(&mut first) {
                writeln!(out)?;
            }
            let text = Text { installed, shown: &shown };
            writeln!(out, "{}", paint.strong(&text.heading(package)))?;
            text.tree(&installed.parents, "", out)?;
            for line in text.closing() {
                writeln!(out, "{line}")?;
            }
        }
    }
    if first {
        let dockerfiles = found.iter().map(|(_, why)| why.dockerfiles).sum();
        writeln!(out, "`{}` is not installed by {}.", escape(package), counted(dockerfiles, "Dockerfile"))?;
    }
    for (workspace, why) in found {
        for (dockerfile, line, reason) in why.unsure.iter().filter(|_| first) {
            let path = escape(&shown_path(workspace.borrow().root(), dockerfile, cwd)).into_owned();
            writeln!(out, "  {path}:{line} may bring it: {}", escape(reason))?;
        }
    }
    Ok(())
}

struct Text<'t> {
    installed: &'t Installed,
    shown: &'t dyn Fn(&str) -> String,
}

impl Text<'_> {
    /// `torch 2.12.1   532 MB wheel, ~1.1 GB installed; with what only it needs ~4.9 GB`
    fn heading(&self, package: &str) -> String {
        let mut line = escape(package).into_owned();
        if let Some(version) = &self.installed.version {
            let _ = write!(line, " {}", escape(version));
        }
        let wheel = self.installed.wheel_bytes.map(|bytes| format!("{} wheel", format_bytes(bytes)));
        let unpacked = self.installed.installed_bytes.map(|bytes| format!("~{} installed", format_bytes(bytes)));
        let own: Vec<String> = [wheel, unpacked].into_iter().flatten().collect();
        let mut said = if own.is_empty() { Vec::new() } else { vec![own.join(", ")] };
        if self.installed.alone.packages > 1 && self.installed.alone_bytes > 0 {
            let bytes = format_bytes(self.installed.alone_bytes);
            let least = if self.installed.alone.unknown > 0 { "at least " } else { "~" };
            let others = counted(self.installed.alone.packages - 1, "package");
            let unpacked = if own.is_empty() { " installed" } else { "" };
            said.push(format!("with {others} that only it needs {least}{bytes}{unpacked}"));
        }
        let said = if said.is_empty() { "size unknown".to_owned() } else { said.join("; ") };
        let _ = write!(line, "   {said}");
        line
    }

    fn tree(&self, parents: &[Parent], before: &str, out: &mut dyn Write) -> io::Result<()> {
        for (index, parent) in parents.iter().enumerate() {
            let is_last = index + 1 == parents.len();
            let (mark, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let mut line = format!("{before}{mark}{}", escape(&parent.label));
            if parent.repeated {
                line.push_str(" (see above)");
            }
            let place = parent.place.as_ref().map(|(file, line)| format!("{}:{line}", (self.shown)(file)));
            let site = parent
                .asked
                .then(|| format!("installed by {}:{}", (self.shown)(&self.installed.dockerfile), self.installed.line));
            let said: Vec<String> = [place, site].into_iter().flatten().collect();
            if !said.is_empty() {
                let width = line.chars().count();
                let _ = write!(line, "{}{}", " ".repeat(PLACE_COLUMN.saturating_sub(width).max(2)), said.join(", "));
            }
            writeln!(out, "{line}")?;
            self.tree(&parent.parents, &format!("{before}{below}"), out)?;
        }
        Ok(())
    }

    fn basis(&self) -> String {
        let named = |files: &[String]| files.iter().map(|file| format!("`{}`", (self.shown)(file))).collect::<Vec<_>>();
        let basis = match &self.installed.basis {
            ClosureBasis::Lock(path) => named(std::slice::from_ref(path)).concat(),
            ClosureBasis::Compiled(files) => named(files).join(", "),
            ClosureBasis::Catalogue => "the built-in catalogue, as there is no lock".to_owned(),
        };
        match self.installed.rewritten {
            Some(line) => format!("{basis}, which the build writes anew in line {line}, so versions may move"),
            None => basis,
        }
    }

    fn closing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let levers: Vec<String> = self.installed.levers.iter().map(|lever| escape(lever).into_owned()).collect();
        match levers.as_slice() {
            [] => {}
            [one] => lines.push(format!("Without {one} it is not installed.")),
            all => lines.push(format!("It is not installed without {}.", all.join(", nor without "))),
        }
        if !self.installed.ships {
            lines.push("It is installed in a stage of which no shipped image takes it.".to_owned());
        }
        if self.installed.sometimes {
            lines.push("It is installed only when the command runs, which depends on a condition.".to_owned());
        }
        lines.push(format!("Known from {}.", self.basis()));
        lines.extend(self.installed.notes.iter().map(|note| format!("Unsure: {}.", escape(note))));
        lines
    }
}

#[derive(Serialize)]
struct Document<'w> {
    version: u32,
    package: &'w str,
    installed: Vec<Entry<'w>>,
    unsure: Vec<Unsure<'w>>,
}

#[derive(Serialize)]
struct Entry<'w> {
    dockerfile: String,
    line: u32,
    command: &'w str,
    ships: bool,
    package_version: Option<&'w str>,
    wheel_bytes: Option<u64>,
    installed_bytes: Option<u64>,
    /// With what only it needs.
    total_bytes: u64,
    total_complete: bool,
    basis: &'static str,
    locks: Vec<String>,
    lock_rewritten_in_line: Option<u32>,
    chains: &'w [Vec<String>],
    without: &'w [String],
    notes: &'w [String],
}

#[derive(Serialize)]
struct Unsure<'w> {
    dockerfile: String,
    line: u32,
    reason: &'w str,
}

/// Writes `found` as one JSON object, version 1.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_why_json(package: &str, found: &[(Workspace, Why)], cwd: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document { version: 1, package, installed: Vec::new(), unsure: Vec::new() };
    for (workspace, why) in found {
        let shown = |file: &str| shown_path(workspace.root(), file, cwd);
        document.installed.extend(why.installed.iter().map(|installed| Entry {
            dockerfile: shown(&installed.dockerfile),
            line: installed.line,
            command: installed.command,
            ships: installed.ships,
            package_version: installed.version.as_deref(),
            wheel_bytes: installed.wheel_bytes,
            installed_bytes: installed.installed_bytes,
            total_bytes: installed.alone_bytes,
            total_complete: installed.alone.unknown == 0,
            basis: match &installed.basis {
                ClosureBasis::Lock(_) => "lock",
                ClosureBasis::Compiled(_) => "requirements",
                ClosureBasis::Catalogue => "catalogue",
            },
            locks: match &installed.basis {
                ClosureBasis::Lock(path) => vec![shown(path)],
                ClosureBasis::Compiled(files) => files.iter().map(|file| shown(file)).collect(),
                ClosureBasis::Catalogue => Vec::new(),
            },
            lock_rewritten_in_line: installed.rewritten,
            chains: &installed.chains,
            without: &installed.levers,
            notes: &installed.notes,
        }));
        let unsure =
            why.unsure.iter().map(|(file, line, reason)| Unsure { dockerfile: shown(file), line: *line, reason });
        document.unsure.extend(unsure);
    }
    write_object(&document, out)
}
