//! What a service does when it runs that a run-time image without compilers could not do.

use std::collections::BTreeSet;

use crate::catalogue::{self, Gpu};
use crate::dockerfile::{Arguments, Instruction, Keyword};
use crate::facts::paths::file_name;
use crate::facts::python::{Program, PythonInstall};
use crate::facts::{Facts, StageFacts};

use super::Refusal;

/// What a source does that compiles.
const COMPILING_CALLS: [&str; 8] = [
    "ffi.verify(",
    "ffi.compile(",
    "ffibuilder.compile(",
    "pyximport",
    "ccompiler",
    "build_ext",
    "cython.inline",
    "scipy.weave",
];
/// The same of torch, where that is installed.
const TORCH_CALLS: [&str; 3] = ["torch.compile(", "cpp_extension", "load_inline"];
/// Where the interpreter of the base image, its programs and its packages stand.
const INTERPRETER: [&str; 4] = ["/usr/local/bin/", "/usr/local/lib/python", "site-packages", "dist-packages"];
/// Where the libraries of Debian's packages stand, those of development packages with names that go with them.
const LIBRARIES: [&str; 3] = ["LD_PRELOAD", "/usr/lib/x86_64", "/usr/lib/aarch64"];
/// What starts a shell or a program without the environment's `PATH`.
const NEW_PATHS: [&str; 8] = ["su -", "su --login", "sudo ", "bash -l", "sh -l", "--login", "runuser -l", "env -i"];
/// System packages that start programs without the environment's `PATH`, or with an interpreter of their own.
const OTHER_STARTERS: [&str; 8] = [
    "cron",
    "cronie",
    "anacron",
    "openssh-server",
    "systemd",
    "libapache2-mod-wsgi-py3",
    "uwsgi-plugin-python3",
    "sudo",
];
/// Packages with OpenMP's library among what they link, when they are compiled here: GCC brings it.
const WITH_OPENMP: [&str; 8] =
    ["lightgbm", "llama-cpp-python", "xgboost", "implicit", "pyemd", "hdbscan", "fasttext", "whispercpp"];
/// Start scripts that install need what the build needed.
const INSTALL_CALLS: [&str; 5] = ["pip install", "pip3 install", "uv sync", "uv pip install", "poetry install"];

/// The names of the distributions that the installs bring, as far as they are known.
fn names(facts: &Facts<'_>, installs: &[&PythonInstall]) -> BTreeSet<String> {
    let asked =
        installs.iter().flat_map(|install| &install.roots).map(|root| root.requirement.name.as_str().to_owned());
    let brought = installs.iter().flat_map(|install| {
        let closure = facts.closure(install);
        let names: Vec<String> = closure.packages.iter().map(|package| package.name.as_str().to_owned()).collect();
        names
    });
    asked.chain(brought).collect()
}

/// The libraries of the compiler itself that a package needs when it runs.
pub(super) fn compiler_libraries(facts: &Facts<'_>, installs: &[&PythonInstall]) -> Vec<&'static str> {
    let names = names(facts, installs);
    if WITH_OPENMP.iter().any(|name| names.contains(*name)) { vec!["libgomp1"] } else { Vec::new() }
}

/// Refuses a service that compiles when it runs, or relies on the place of the base image's interpreter.
pub(super) fn runs_without_compiler(
    facts: &Facts<'_>,
    stage: &StageFacts,
    installs: &[&PythonInstall],
    lost: &BTreeSet<&str>,
    new_environment: bool,
) -> Result<(), Refusal> {
    if matches!(stage.image.gpu, Gpu::Cuda | Gpu::Rocm) {
        return Err(Refusal::new("an image for a GPU may compile kernels when it runs"));
    }
    let names = names(facts, installs);
    if let Some(name) = facts.compiling_package(installs) {
        return Err(Refusal::new(format!("`{name}` compiles when it runs")));
    }
    if names.contains("torch") && facts.gpu_evidence().needs_gpu() {
        return Err(Refusal::new("torch on a GPU may compile kernels when it runs"));
    }
    if let Some(starter) = starters(facts, stage) {
        return Err(Refusal::new(format!("`{starter}` starts programs without the environment's `PATH`")));
    }
    let composed = facts.composed_words(stage);
    if let Some(place) = INTERPRETER.iter().find(|place| composed.iter().any(|word| word.contains(**place))) {
        return Err(Refusal::new(format!("a compose file starts `{place}`, where the packages would not be")));
    }
    sources(facts, lost, names.contains("torch") || !facts.torch_installs().is_empty())?;
    instructions(facts, lost, new_environment)?;
    platforms(facts, lost)?;
    texts(facts, lost, new_environment)
}

fn starters(facts: &Facts<'_>, stage: &StageFacts) -> Option<&'static str> {
    let installed: Vec<&str> =
        stage.runs.iter().flat_map(|run| facts.system_installs(stage, run)).map(|install| install.name).collect();
    OTHER_STARTERS.into_iter().find(|name| installed.contains(name))
}

/// Whether `text` has `call` where a name may begin: not in `_build_extraction_prompt`.
fn names_call(text: &str, call: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(call).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + call.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_name) && (call.ends_with('(') || !behind.is_some_and(is_name))
    })
}

/// Python sources that compile or start a compiler.
fn sources(facts: &Facts<'_>, lost: &BTreeSet<&str>, with_torch: bool) -> Result<(), Refusal> {
    let program = facts.program();
    if program.truncated {
        return Err(Refusal::new("the service has more sources than are read"));
    }
    for path in program.sources.iter().filter(|path| !Program::is_aside(path) && !path.ends_with("setup.py")) {
        let Ok(file) = facts.workspace.read(path) else { continue };
        let text = file.text();
        let torch = if with_torch { TORCH_CALLS.as_slice() } else { &[] };
        if let Some(call) = COMPILING_CALLS.iter().chain(torch).find(|call| names_call(text, call)) {
            return Err(Refusal::new(format!("`{}` in `{path}` compiles when it runs", call.trim_end_matches('('))));
        }
        let starts = |command: &&&str| {
            let command = **command;
            [format!("\"{command}\""), format!("'{command}'"), format!("\"{command} "), format!("'{command} ")]
                .iter()
                .any(|quoted| text.contains(quoted.as_str()))
        };
        let starts_programs =
            ["subprocess", "os.system", "os.exec", "Popen", "which("].iter().any(|call| text.contains(call));
        if let Some(command) = lost.iter().find(|command| starts_programs && command.len() > 1 && starts(command)) {
            return Err(Refusal::new(format!("`{path}` names `{command}`, which would be gone")));
        }
        if let Some(place) = INTERPRETER.iter().take(2).find(|place| text.contains(**place)) {
            return Err(Refusal::new(format!("`{path}` names `{place}`, where the packages would not be")));
        }
    }
    Ok(())
}

/// What the Dockerfile itself says of the interpreter and how it starts.
fn instructions(facts: &Facts<'_>, lost: &BTreeSet<&str>, new_environment: bool) -> Result<(), Refusal> {
    for instruction in &facts.dockerfile.instructions {
        let text = instruction.body.text();
        let place = INTERPRETER.iter().find(|place| text.contains(**place) && !brings_program(instruction));
        if let Some(place) = place.filter(|_| new_environment) {
            return Err(Refusal::new(format!("`{place}` in the Dockerfile is where the packages would not be")));
        }
        if let Some(place) = LIBRARIES.iter().find(|place| text.contains(**place)) {
            return Err(Refusal::new(format!("`{place}` in the Dockerfile may name a library that would be gone")));
        }
        let starts = matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
        if !starts && instruction.keyword != Keyword::Run {
            continue;
        }
        let words = text.replace(['"', ',', '[', ']'], " ");
        if starts
            && let Some(command) =
                words.split([' ', '\t', '\n', ';', '&', '|', '(', ')']).find(|word| lost.contains(word))
        {
            return Err(Refusal::new(format!(
                "`{}` calls `{command}`, which would be gone",
                instruction.keyword.name()
            )));
        }
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(start) = sets_path(&words) {
            return Err(Refusal::new(format!("`{}` sets another `PATH` than the environment's", start.trim_end())));
        }
        if starts && let Some(call) = INSTALL_CALLS.iter().find(|call| words.contains(**call)) {
            return Err(Refusal::new(format!("`{call}` runs when the image starts")));
        }
    }
    Ok(())
}

/// What a hosting platform runs in the image.
fn platforms(facts: &Facts<'_>, lost: &BTreeSet<&str>) -> Result<(), Refusal> {
    for (file, text) in facts.platform_commands() {
        let words = text.split(|c: char| c.is_whitespace() || ";&|()".contains(c));
        if let Some(command) = words.into_iter().find(|word| lost.contains(word)) {
            return Err(Refusal::new(format!("`{file}` runs `{command}`, which would be gone")));
        }
    }
    Ok(())
}

/// `COPY entrypoint.sh /usr/local/bin/`, `COPY --from=ghcr.io/astral-sh/uv /uv /usr/local/bin/uv`
fn brings_program(instruction: &Instruction) -> bool {
    matches!(instruction.arguments, Arguments::Transfer { .. })
}

/// Scripts and settings that the image takes.
fn texts(facts: &Facts<'_>, lost: &BTreeSet<&str>, new_environment: bool) -> Result<(), Refusal> {
    let suffix = |path: &str| {
        path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, suffix)| suffix.to_lowercase())
    };
    let shell = |path: &str| suffix(path).is_none_or(|suffix| matches!(suffix.as_str(), "sh" | "bash"));
    let settings =
        |path: &str| suffix(path).is_some_and(|suffix| matches!(suffix.as_str(), "conf" | "ini" | "service" | "cfg"));
    for path in &facts.program().texts {
        let scripts = path.split('/').any(|part| matches!(part, "scripts" | "script"));
        if Program::is_aside(path) && !scripts {
            continue;
        }
        // Without `make` nothing runs what a Makefile says, and who calls `make` is asked by itself.
        let is_makefile = matches!(file_name(path), "Makefile" | "makefile" | "GNUmakefile") && lost.contains("make");
        if is_makefile || !(shell(path) || settings(path)) || path == facts.source.path() {
            continue;
        }
        let Ok(file) = facts.workspace.read(path) else { continue };
        if file.text().len() > 200_000 {
            continue;
        }
        let lines = file.text().lines().map(str::trim).filter(|line| !line.starts_with('#') || line.starts_with("#!"));
        for line in lines {
            let place = INTERPRETER.iter().take(2).find(|place| line.contains(**place));
            let is_lost = |place: &&&str| line.contains("python") || settings(path) || starts_from(facts, line, place);
            if let Some(place) = place.filter(|place| new_environment && is_lost(place)) {
                return Err(Refusal::new(format!("`{path}` names `{place}`, where the packages would not be")));
            }
            if !shell(path) || line.starts_with("#!") {
                continue;
            }
            if let Some(place) = LIBRARIES.iter().find(|place| line.contains(**place)) {
                return Err(Refusal::new(format!("`{place}` in `{path}` may name a library that would be gone")));
            }
            if let Some(call) = INSTALL_CALLS.iter().chain(&NEW_PATHS).find(|call| line.contains(**call)) {
                return Err(Refusal::new(format!("`{}` stands in `{path}`", call.trim_end())));
            }
            let mut words = line.split(|c: char| c.is_whitespace() || ";&|()`".contains(c));
            if let Some(command) = words.find(|word| lost.contains(word)) {
                return Err(Refusal::new(format!("`{path}` calls `{command}`, which would be gone")));
            }
        }
    }
    Ok(())
}

/// Whether a line names a program in `folder` that no step puts there by its name, so that it came with the packages:
/// `exec /usr/local/bin/gunicorn config.wsgi`, not `/usr/local/bin/wait-for-it`.
fn starts_from(facts: &Facts<'_>, line: &str, folder: &str) -> bool {
    let is_brought = |name: &str| {
        let transfers = facts.stages.iter().flat_map(|stage| &stage.transfers);
        let ends = |path: &str| path.rsplit('/').next() == Some(name);
        transfers.into_iter().any(|transfer| {
            ends(transfer.destination.text()) || transfer.paths.iter().any(|(path, _)| ends(path.text()))
        })
    };
    line.match_indices(folder).any(|(at, _)| {
        let rest = line.get(at + folder.len()..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"._-".contains(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        !name.is_empty() && name.rsplit('.').next() != Some("sh") && !is_brought(name)
    })
}

/// What the installed packages link with when they are compiled on the full image; see [`catalogue::links_of_pip_package`].
pub(super) fn linked(facts: &Facts<'_>, installs: &[&PythonInstall]) -> BTreeSet<&'static str> {
    let names = names(facts, installs);
    names.iter().filter_map(|name| catalogue::links_of_pip_package(name)).flat_map(|list| list.split(' ')).collect()
}

/// What packages of the full image the installed packages are known to need; see [`catalogue::needs_of_pip_package`].
pub(super) fn compiled_needs(facts: &Facts<'_>, installs: &[&PythonInstall]) -> BTreeSet<&'static str> {
    let names = names(facts, installs);
    names.iter().filter_map(|name| catalogue::needs_of_pip_package(name)).flat_map(|list| list.split(' ')).collect()
}
/// What in a line of words starts programs with another `PATH` than the Dockerfile gives them: `sh -l`.
fn sets_path(words: &str) -> Option<&'static str> {
    NEW_PATHS.into_iter().find(|start| words.contains(start))
}

impl Facts<'_> {
    /// Whether an image starts its program with another `PATH` than that of the Dockerfile: `CMD sh -lc 'python app.py'`.
    #[must_use]
    pub fn starts_with_another_path(&self) -> bool {
        self.finals().any(|image| sets_path(&self.own_start_text(image)).is_some())
    }
}
