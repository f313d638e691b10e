//! One example as a service: what is found in it and what fixes make of it.

use std::collections::BTreeMap;

use slimlint::config::Settings;
use slimlint::diagnostic::Applicability;
use slimlint::fix;
use slimlint::lint::{Report, lint};
use slimlint::workspace::Workspace;

use super::markdown::{Document, Fence, Kind, Section, holds_dockerfile};

/// Files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of a service in memory, with the Dockerfiles among them.
#[derive(Clone, Debug)]
pub struct Example {
    /// Where it comes from, for messages.
    pub name: String,
    pub files: Files,
    pub dockerfiles: Vec<String>,
    pub settings: Settings,
}

impl Example {
    /// The examples of a section: one, unless a silent section shows several Dockerfiles of one name.
    pub fn of(document: &Document, section: &Section) -> Vec<Self> {
        let name = format!("{}:{}: {}", document.path, section.line, section.title);
        let settings = document.rules.as_deref().map_or_else(Settings::default, super::only);
        let files =
            |fences: &[&Fence]| fences.iter().map(|fence| (fence.path.clone(), bytes(document, fence))).collect();
        let inputs = section.fences.iter().filter(|fence| matches!(fence.kind, Kind::Input | Kind::Size));
        let (dockerfiles, others): (Vec<&Fence>, Vec<&Fence>) =
            inputs.partition(|fence| fence.language == "dockerfile" || holds_dockerfile(document.content(fence)));
        let mut variants: Vec<Vec<&Fence>> = vec![Vec::new()];
        for fence in dockerfiles {
            let repeats = variants.last().is_some_and(|variant| variant.iter().any(|other| other.path == fence.path));
            assert!(!repeats || section.is_silent(), "{name}: two files are called `{}`", fence.path);
            if repeats {
                variants.push(Vec::new());
            }
            variants.last_mut().unwrap().push(fence);
        }
        let example = |variant: Vec<&Fence>| {
            let dockerfiles = variant.iter().map(|fence| fence.path.clone()).collect();
            let fences: Vec<&Fence> = variant.into_iter().chain(others.iter().copied()).collect();
            Self { name: name.clone(), files: files(&fences), dockerfiles, settings: settings.clone() }
        };
        variants.into_iter().map(example).collect()
    }

    /// The files in a workspace of their own.
    pub fn workspace(&self) -> Workspace {
        Workspace::in_memory(self.files.clone())
    }

    /// What is found.
    pub fn lint(&self) -> Report {
        lint(&self.workspace(), &self.dockerfiles, &self.settings)
    }

    /// What fixing would do.
    pub fn plan(&self, threshold: Applicability) -> fix::Plan {
        fix::plan(&self.workspace(), &self.dockerfiles, &self.settings, threshold)
    }

    /// The files that fixes change, as they are afterwards.
    pub fn fixed(&self, threshold: Applicability) -> Files {
        let plan = self.plan(threshold);
        let changed = |change: fix::FileChange| {
            let differs = self.files.get(&change.path).is_none_or(|before| *before != change.after);
            differs.then_some((change.path, change.after))
        };
        plan.files.into_iter().filter_map(changed).collect()
    }

    /// The same with other files put in.
    pub fn with(&self, files: Files) -> Self {
        let mut example = self.clone();
        example.files.extend(files);
        example
    }
}

fn bytes(document: &Document, fence: &Fence) -> Vec<u8> {
    let content = document.content(fence);
    if fence.kind == Kind::Size {
        return vec![b'0'; size(content).unwrap_or_else(|| panic!("{}: `{content}` is not a size", document.path))];
    }
    fence.bytes.encode(content)
}

/// `250 MB`
fn size(text: &str) -> Option<usize> {
    let (number, unit) = text.trim().split_once(' ')?;
    let factor = match unit {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        _ => return None,
    };
    Some(number.parse::<usize>().ok()? * factor)
}
