//! The walk over all commands that install Python packages.

use crate::dockerfile::Value;
use crate::facts::commands::{
    Conda, CondaAction, Pdm, PdmAction, Pip, PipAction, Pipenv, PipenvAction, Poetry, PoetryAction, Uv, UvAction,
};
use crate::facts::{Facts, Invocation, Run, StageFacts};
use crate::python::{Libc, Platform};

use super::export::Generated;
use super::reader::{Extras, Reader};
use super::{PythonInstall, Tool};

pub(super) fn installs(facts: &Facts<'_>) -> Vec<PythonInstall> {
    let mut found = Vec::new();
    let mut generated = Generated::default();
    for stage in &facts.stages {
        for (run_index, run) in stage.runs.iter().enumerate() {
            for (index, invocation) in run.invocations.iter().enumerate() {
                let at = At { stage, run, run_index, index, invocation };
                let install = install(facts, at, &generated);
                if let Some(file) = super::export::generated(facts, at, &generated) {
                    generated.add(file);
                }
                found.extend(install);
            }
        }
    }
    found
}

/// A command with where it stands.
#[derive(Clone, Copy)]
pub(super) struct At<'f> {
    pub(super) stage: &'f StageFacts,
    pub(super) run: &'f Run,
    pub(super) run_index: usize,
    pub(super) index: usize,
    pub(super) invocation: &'f Invocation,
}

fn install(facts: &Facts<'_>, at: At<'_>, generated: &Generated) -> Option<PythonInstall> {
    if let Some(pip) = Pip::read(at.invocation) {
        let tool = match pip.action {
            PipAction::Install => Tool::Pip,
            PipAction::Wheel => Tool::PipWheel,
            _ => return None,
        };
        let mut reader = Reader::new(facts, at, generated, tool);
        reader.indexes_of(&pip.options);
        reader.pip(&pip.options);
        return Some(reader.install);
    }
    if let Some(uv) = Uv::read(at.invocation) {
        let tool = match uv.action {
            UvAction::PipInstall => Tool::UvPip,
            UvAction::PipSync => Tool::UvPipSync,
            UvAction::Sync => Tool::UvSync,
            UvAction::Add => Tool::UvAdd,
            _ => return None,
        };
        let mut reader = Reader::new(facts, at, generated, tool);
        reader.indexes_of(&uv.options);
        match tool {
            Tool::UvSync => reader.uv_sync(&uv.options),
            Tool::UvAdd => {
                reader.uv_sync(&uv.options);
                reader.pip(&uv.options);
            }
            Tool::UvPipSync => {
                for &(_, file) in &uv.options.operands {
                    reader.requirements(&file.value, file.range, &Extras::of(&uv.options), false);
                }
            }
            _ => reader.pip(&uv.options),
        }
        return Some(reader.install);
    }
    if let Some(pdm) = Pdm::read(at.invocation).filter(|pdm| pdm.action == PdmAction::Install) {
        let mut reader = Reader::new(facts, at, generated, Tool::Pdm);
        reader.pdm(&pdm.options);
        return Some(reader.install);
    }
    if let Some(conda) = Conda::read(at.invocation) {
        let mut reader = Reader::new(facts, at, generated, Tool::Conda);
        reader.indexes_of(&conda.options);
        let is_read = conda.action == CondaAction::Install && reader.conda(&conda);
        return is_read.then_some(reader.install);
    }
    let installs = |action| matches!(action, PipenvAction::Install | PipenvAction::Sync);
    if let Some(pipenv) = Pipenv::read(at.invocation).filter(|pipenv| installs(pipenv.action)) {
        let mut reader = Reader::new(facts, at, generated, Tool::Pipenv);
        reader.indexes_of(&pipenv.options);
        reader.pipenv(&pipenv.options);
        if pipenv.action == PipenvAction::Install {
            reader.pip(&pipenv.options);
        }
        return Some(reader.install);
    }
    let poetry = Poetry::read(at.invocation).filter(|poetry| poetry.action == PoetryAction::Install)?;
    let mut reader = Reader::new(facts, at, generated, Tool::Poetry);
    reader.indexes_of(&poetry.options);
    reader.poetry(&poetry.options);
    Some(reader.install)
}

/// Stands for the newest patch release, which is after all that a marker names.
const NEWEST_PATCH: u32 = 99;

/// The machine that `stage` is built for: by its `FROM`, else by what every build says.
pub(super) fn platform(facts: &Facts<'_>, stage: &StageFacts) -> Platform {
    let repository = stage.image.repository.as_str();
    let asked = facts.service.builds.platform.as_ref().map(|said| said.value.as_str());
    let machine = match stage.platform.as_ref().map_or(asked, Value::known).unwrap_or_default() {
        platform
            if platform.contains("arm64") || platform.contains("aarch64") || repository.starts_with("arm64v8/") =>
        {
            "aarch64"
        }
        platform if platform.contains("arm") || repository.starts_with("arm32v") => "armv7l",
        _ => "x86_64",
    };
    let version = stage.image.python.as_deref().and_then(|version| version.split_once('.'));
    let python = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    let named = stage.image.python.as_deref().zip(stage.image.tag.as_deref());
    // `python:3.11-slim` moves on with each patch release; a digest holds on to one that nobody names.
    let is_moving = named.is_some() && stage.image.digest.is_none();
    let patch = named.and_then(|(version, tag)| patch(version, tag)).or(is_moving.then_some(NEWEST_PATCH));
    Platform { machine: machine.to_owned(), python, patch, libc: libc(stage) }
}

/// The patch release in a tag such as `3.11.4-slim`, of an image whose Python is `version`.
fn patch(version: &str, tag: &str) -> Option<u32> {
    tag.split(['-', '_']).find_map(|part| {
        let part = part.trim_start_matches(|c: char| !c.is_ascii_digit());
        part.strip_prefix(version)?.strip_prefix('.')?.parse().ok()
    })
}

/// The C library of the stage's image, by the release that its tag names (Debian's and Ubuntu's package lists).
fn libc(stage: &StageFacts) -> Libc {
    const RELEASES: [(&str, u32); 15] = [
        ("trixie", 41),
        ("bookworm", 36),
        ("bullseye", 31),
        ("buster", 28),
        ("24.04", 39),
        ("noble", 39),
        ("22.04", 35),
        ("jammy", 35),
        ("20.04", 31),
        ("focal", 31),
        ("ubi9", 34),
        ("ubi8", 28),
        ("el9", 34),
        ("el8", 28),
        ("al2023", 34),
    ];
    if stage.image.musl == Some(true) {
        return Libc::Musl(2);
    }
    let tag = stage.image.tag.as_deref().unwrap_or_default();
    let names = |release: &str| tag.contains(release) || stage.image.repository.contains(release);
    let known = RELEASES.into_iter().find(|(release, _)| names(release));
    known.map_or(Platform::default().libc, |(_, minor)| Libc::Glibc(minor))
}

#[cfg(test)]
mod tests {
    use crate::facts::python::{Build, PythonInstall};
    use crate::facts::testing::{with_facts, with_facts_of_bytes};

    fn names(install: &PythonInstall) -> Vec<String> {
        install.roots.iter().map(|root| format!("{}{}", root.requirement.name, root.requirement.specifier)).collect()
    }

    #[test]
    fn utf_16_requirements_are_read() {
        let text = "\u{feff}streamlit>=1.32.0\r\ntorch==2.2.0\r\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let dockerfile = "FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt\n";
        with_facts_of_bytes(dockerfile, &[("requirements.txt", &bytes)], |facts| {
            assert_eq!(
                facts.python_installs().iter().map(names).collect::<Vec<_>>(),
                [["streamlit>=1.32.0", "torch==2.2.0"]]
            );
            assert_eq!(
                facts.torch_installs().iter().map(|torch| torch.build.clone()).collect::<Vec<_>>(),
                [Build::Cuda]
            );
        });
    }

    #[test]
    fn deep_and_circular_files_end() {
        let dockerfile = "FROM python:3.11\nCOPY . .\nRUN pip install -r r0.txt -r self.txt\n";
        let chain: Vec<(String, String)> =
            (0..40).map(|number| (format!("r{number}.txt"), format!("-r r{}.txt\n", number + 1))).collect();
        let mut files: Vec<(&str, &str)> = chain.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        files.push(("self.txt", "-r self.txt\na\n"));
        with_facts(dockerfile, &files, |facts| {
            let install = facts.python_installs().first().expect("an install");
            assert_eq!(names(install), ["a"]);
            assert!(
                install.unknown && install.notes.iter().any(|note| note == "`self.txt` includes itself"),
                "{:?}",
                install.notes
            );
        });
    }

    #[test]
    fn projects_that_refer_to_each_other_end() {
        let project = |name: &str, other: &str| {
            format!(
                "[project]\nname = \"{name}\"\ndependencies = [\"{other}[x]\", \"{name}[x]\"]\n[project.optional-dependencies]\nx = [\"{name}[x]\", \"torch\"]\n[tool.uv.sources]\n{other} = {{ path = \"../{other}\" }}\n"
            )
        };
        let dockerfile = "FROM python:3.11\nCOPY . /x\nWORKDIR /x/a\nRUN uv sync\n";
        let files = [("a/pyproject.toml", &*project("a", "b")), ("b/pyproject.toml", &*project("b", "a"))];
        with_facts(dockerfile, &files, |facts| {
            let install = facts.python_installs().first().expect("an install");
            assert!(names(install).contains(&"torch".to_owned()) && install.roots.len() < 20, "{:?}", names(install));
        });
    }
}
