//! The CPU build for a project with a lock: its manifest says where torch comes from, and the lock has to follow.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::catalogue;
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::facts::Facts;
use crate::facts::python::{Cause, Declared, PythonInstall, Root, Tool};
use crate::python::PackageName;
use crate::python::pyproject::Pyproject;
use crate::rules::Finding;
use crate::text::{SourceFile, TextRange};
use crate::workspace::{join, parent};

use super::remedy::CPU_INDEX;

/// What the new index is called.
const NAME: &str = "pytorch-cpu";
/// The CPU index has no builds with `+cpu` for other systems, and a lock is for all of them.
const LINUX: &str = "sys_platform == 'linux'";
const NOT_LINUX: &str = "sys_platform != 'linux'";

pub(super) fn propose(
    facts: &Facts<'_>,
    install: &PythonInstall,
    cause: &Cause,
    root: &Root,
    finding: &mut Finding<'_>,
) {
    let manifest = root.place.file.to_string();
    let lock = match install.tool {
        Tool::Poetry => "poetry lock",
        Tool::Pdm => "pdm lock",
        Tool::Pipenv => "pipenv lock",
        _ => "uv lock",
    };
    let source = match install.tool {
        Tool::Poetry => "a `[[tool.poetry.source]]` with `priority = \"explicit\"` and `source` on torch",
        Tool::Pdm => "a `[[tool.pdm.source]]` with `include_packages = [\"torch\"]`",
        Tool::Pipenv => "a `[[source]]` and its name as `index` of torch",
        _ if install.tool == Tool::UvAdd || root.declared == Declared::Dockerfile => {
            finding.help(format!("take torch from the CPU index: add `--index {CPU_INDEX}`"));
            return;
        }
        _ => "`[tool.uv.sources]`",
    };
    // Without a lock each build resolves anew.
    let name = match install.tool {
        Tool::Poetry => "poetry.lock",
        Tool::Pdm => "pdm.lock",
        Tool::Pipenv => "Pipfile.lock",
        _ => "uv.lock",
    };
    let beside = join(parent(&manifest), name);
    let is_locked = install.lock.is_some() || beside.is_some_and(|path| facts.workspace.is_file(&path));
    let then = if is_locked { format!(", then `{lock}`") } else { String::new() };
    finding.help(format!("take torch from the CPU index: {source} in `{manifest}`{then}"));
    let edits = match install.tool {
        Tool::Poetry => Manifest::of(facts, root).and_then(|manifest| manifest.poetry(cause)),
        Tool::Pdm | Tool::Pipenv => None,
        _ => Manifest::of(facts, root).and_then(|manifest| manifest.uv(install, cause)),
    };
    let Some(edits) = edits else { return };
    finding.fix(Fix {
        title: if is_locked {
            format!("take torch from the CPU index in `{manifest}`; run `{lock}` afterwards")
        } else {
            format!("take torch from the CPU index in `{manifest}`")
        },
        applicability: Applicability::Display,
        caution: Some(if is_locked {
            "slimlint cannot write the lock, and other images may read this manifest".to_owned()
        } else {
            "other images may read this manifest".to_owned()
        }),
        edits,
    });
}

/// The manifest that brings torch.
struct Manifest<'m> {
    root: &'m Root,
    source: Arc<SourceFile>,
    parsed: Arc<Pyproject>,
}

impl<'m> Manifest<'m> {
    fn of(facts: &Facts<'_>, root: &'m Root) -> Option<Self> {
        let file = &root.place.file;
        let is_manifest = file.rsplit('/').next() == Some("pyproject.toml");
        let (source, parsed) = (facts.workspace.read(file).ok()?, facts.workspace.pyproject(file).ok()?);
        is_manifest.then_some(Self { root, source, parsed })
    }

    /// uv heeds a source only for direct dependencies: so torch becomes one.
    fn uv(&self, install: &PythonInstall, cause: &Cause) -> Option<Vec<Edit>> {
        let text = self.source.text();
        let named = install.roots.iter().map(|root| &root.requirement.name);
        let family: BTreeSet<&str> =
            named.map(PackageName::as_str).filter(|name| catalogue::in_torch_family(name)).chain(["torch"]).collect();
        let has_source = |name: &&str| self.parsed.uv_sources.contains_key(&PackageName::new(name));
        if family.iter().any(has_source) {
            return None;
        }
        let mut edits = Vec::new();
        if cause.chain.len() > 1 {
            let behind = self.root.place.range.end();
            let quote = text.get(behind as usize..behind as usize + 1)?;
            if !matches!(quote, "\"" | "'") {
                return None;
            }
            edits.push(self.insert(behind + 1, ", \"torch\"".to_owned()));
        }
        let (name, index) = self.index("tool.uv.index", "explicit = true")?;
        let mut sources = String::new();
        for package in family {
            let _ = writeln!(sources, "{package} = [{{ index = \"{name}\", marker = \"{LINUX}\" }}]");
        }
        match header(text, "[tool.uv.sources]") {
            Some(behind) if behind as usize == text.len() => edits.push(self.append(&format!("{sources}{index}"))),
            Some(behind) => {
                edits.push(self.insert(behind, sources));
                edits.extend((!index.is_empty()).then(|| self.append(&index)));
            }
            // Written in another way, such as `sources = { … }`.
            None if !self.parsed.uv_sources.is_empty() => return None,
            None => edits.push(self.append(&format!("{index}\n[tool.uv.sources]\n{sources}"))),
        }
        Some(edits)
    }

    /// Poetry takes a list of constraints, one for each system; only a direct dependency can have a source.
    fn poetry(&self, cause: &Cause) -> Option<Vec<Edit>> {
        let text = self.source.text();
        let range = self.root.place.range;
        let (start, end) = (range.start() as usize, range.end() as usize);
        let is_line = text.get(..start)?.is_empty() || text.get(..start)?.ends_with('\n');
        let (key, value) = text.get(start..end)?.split_once('=').filter(|_| is_line)?;
        let (name, index) = self.index("tool.poetry.source", "priority = \"explicit\"")?;
        let lines = |name_of: &str, constraint: &str| {
            format!(
                "{name_of} = [\n    {{ {constraint}, source = \"{name}\", markers = \"{LINUX}\" }},\n    {{ {constraint}, markers = \"{NOT_LINUX}\" }},\n]"
            )
        };
        let edit = if cause.chain.len() > 1 {
            let behind = end + text.get(end..)?.find('\n')? + 1;
            let own = lines("torch", "version = \"*\"") + "\n";
            if behind == text.len() {
                return Some(vec![self.append(&format!("{own}{index}"))]);
            }
            self.insert(u32::try_from(behind).ok()?, own)
        } else {
            let value = value.trim();
            let constraint = match value.strip_prefix('{').and_then(|table| table.strip_suffix('}')) {
                Some(table) if ["source", "markers", "platform", "optional"].iter().any(|key| table.contains(key)) => {
                    return None;
                }
                Some(table) => table.trim().to_owned(),
                None if value.starts_with(['"', '\'']) => format!("version = {value}"),
                None => return None,
            };
            Edit { file: self.root.place.file.clone(), range, text: lines(key.trim_end(), &constraint) }
        };
        Some([edit].into_iter().chain((!index.is_empty()).then(|| self.append(&index))).collect())
    }

    /// The name of the CPU index, with the table that declares it where it is new.
    fn index(&self, table: &str, only_named: &str) -> Option<(String, String)> {
        let known = self.parsed.indexes.iter().find(|index| index.url.trim_end_matches('/') == CPU_INDEX);
        if let Some(index) = known {
            return Some((index.name.clone()?, String::new()));
        }
        let text = self.source.text();
        let others = self.parsed.indexes.iter().any(|index| index.name.is_some());
        // An array of tables cannot be added to one that is written as `index = [ … ]`.
        if self.parsed.indexes.iter().any(|index| index.name.as_deref() == Some(NAME))
            || (others && header(text, &format!("[[{table}]]")).is_none())
        {
            return None;
        }
        Some((NAME.to_owned(), format!("\n[[{table}]]\nname = \"{NAME}\"\nurl = \"{CPU_INDEX}\"\n{only_named}\n")))
    }

    fn insert(&self, at: u32, text: String) -> Edit {
        Edit { file: self.root.place.file.clone(), range: TextRange::empty(at), text }
    }

    fn append(&self, tables: &str) -> Edit {
        let text = self.source.text();
        let gap = if text.ends_with('\n') { "" } else { "\n" };
        self.insert(text.len() as u32, format!("{gap}{tables}"))
    }
}

/// Where the line behind a table's header begins.
fn header(text: &str, header: &str) -> Option<u32> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let content = line.split('#').next().unwrap_or(line).trim();
        if content == header && line.ends_with('\n') {
            return u32::try_from(at).ok();
        }
    }
    None
}
