//! What a command of a build does, as far as it decides on which side of a split it stands.

use crate::facts::commands::{Apt, AptAction, Pip, PipAction, Poetry, PoetryAction, Uv, UvAction, removal};
use crate::facts::{Invocation, Run};

/// Programs that bring others: what they install is no part of the service.
const INSTALLERS: [&str; 8] = ["uv", "poetry", "pipenv", "pdm", "virtualenv", "pip-tools", "hatch", "pipx"];
/// What is installed in one command with them.
const BESIDE_INSTALLERS: [&str; 4] = ["pip", "setuptools", "wheel", "poetry-plugin-export"];

/// What compiles: compilers, what drives them, and installers of other languages, whose packages may be compiled, too.
const COMPILES: [&str; 39] = [
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "make",
    "cmake",
    "ninja",
    "meson",
    "configure",
    "cargo",
    "rustc",
    "go",
    "gfortran",
    "ld",
    "autoreconf",
    "autoconf",
    "cython",
    "maturin",
    "scons",
    "bazel",
    "rustup",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "gem",
    "bundle",
    "Rscript",
    "R",
    "cpan",
    "cpanm",
    "pecl",
    "luarocks",
    "mix",
    "cabal",
    "stack",
    "opam",
    "pipx",
];

/// What a command does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Installs packages of the service.
    Installs,
    /// Brings an installer: `pip install uv`.
    BringsInstaller,
    /// Sets up an installer or an environment: `poetry config`, `uv venv`, `pip cache purge`.
    SetsUp,
    /// Compiles or links something that lies outside of any environment.
    Compiles,
    /// Runs Python, which may need what is installed.
    RunsPython,
    /// Removes packages that were needed for the build.
    Purges,
    /// Deletes caches and says something.
    Cleans,
    /// Makes users and groups.
    MakesUsers,
    /// Anything else.
    Other,
}

impl Role {
    pub fn of(invocation: &Invocation) -> Self {
        if let Some(pip) = Pip::read(invocation) {
            return match pip.action {
                PipAction::Install
                    if brings_installers(
                        &pip.options.operands.iter().map(|(_, word)| word.value.text()).collect::<Vec<_>>(),
                        &pip.options,
                    ) =>
                {
                    Self::BringsInstaller
                }
                PipAction::Install | PipAction::Uninstall => Self::Installs,
                PipAction::CachePurge | PipAction::ConfigSet | PipAction::Other => Self::SetsUp,
                PipAction::Wheel | PipAction::Download => Self::Other,
            };
        }
        if let Some(uv) = Uv::read(invocation) {
            return match uv.action {
                UvAction::Sync | UvAction::PipInstall | UvAction::PipSync | UvAction::PipUninstall | UvAction::Add => {
                    Self::Installs
                }
                UvAction::ToolInstall => Self::Compiles,
                UvAction::Run => Self::Other,
                UvAction::CacheClean | UvAction::Lock | UvAction::Export | UvAction::PipCompile => Self::SetsUp,
                UvAction::Other => match uv.subcommand.value.text() {
                    "venv" | "version" | "--version" | "cache" => Self::SetsUp,
                    _ => Self::Other,
                },
            };
        }
        if let Some(poetry) = Poetry::read(invocation) {
            return match poetry.action {
                PoetryAction::Install | PoetryAction::Add => Self::Installs,
                PoetryAction::Export | PoetryAction::CacheClear => Self::SetsUp,
                PoetryAction::Other => match poetry.subcommand.value.text() {
                    "config" | "lock" | "check" | "--version" | "cache" | "self" => Self::SetsUp,
                    _ => Self::Other,
                },
            };
        }
        if let Some(apt) = Apt::read(invocation) {
            return match apt.action {
                // `apt-get autoremove` alone takes what nothing needs.
                AptAction::Remove if apt.options.operands.is_empty() => Self::Cleans,
                AptAction::Remove => Self::Purges,
                AptAction::Clean => Self::Cleans,
                _ => Self::Other,
            };
        }
        match invocation.program.as_str() {
            "pipenv" | "pdm" | "conda" | "mamba" | "pixi" | "easy_install" => Self::Installs,
            program if COMPILES.contains(&program) => Self::Compiles,
            "python" => python(invocation),
            "useradd" | "groupadd" | "adduser" | "addgroup" | "usermod" => Self::MakesUsers,
            _ if is_cleanup(invocation) => Self::Cleans,
            _ => Self::Other,
        }
    }
}

fn python(invocation: &Invocation) -> Role {
    let words: Vec<&str> = invocation.arguments.iter().map(|word| word.value.text()).collect();
    match words.as_slice() {
        [script, ..] if script.rsplit('/').next() == Some("setup.py") => Role::Compiles,
        ["-m", "venv" | "ensurepip", ..] => Role::SetsUp,
        ["--version" | "-V", ..] => Role::Cleans,
        _ => Role::RunsPython,
    }
}

/// Whether a command only removes files, prints, or sets options of its shell.
pub(super) fn is_cleanup(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "true" | ":" | "set" | "echo" | "cd" | "export" | "unset" | "test" | "[" => invocation.output.is_none(),
        "find" => removal(invocation).is_some_and(|_| {
            invocation.has_argument("-delete")
                || invocation.has_argument("-exec")
                || invocation.has_argument("-execdir")
        }),
        _ => Apt::read(invocation).is_some_and(|apt| apt.action == AptAction::Clean) || removes(invocation),
    }
}

fn removes(invocation: &Invocation) -> bool {
    invocation.program == "rm" && removal(invocation).is_some()
}

fn brings_installers(operands: &[&str], options: &crate::facts::commands::Options<'_>) -> bool {
    let name = |word: &str| {
        let end = word.find(['=', '<', '>', '~', '!', '[', ' ', ';', '@']).unwrap_or(word.len());
        word.get(..end).unwrap_or(word).to_lowercase()
    };
    let names: Vec<String> = operands.iter().map(|word| name(word)).collect();
    let known = |name: &String| INSTALLERS.contains(&name.as_str()) || BESIDE_INSTALLERS.contains(&name.as_str());
    !options.has(&["-r", "--requirement", "-e", "--editable"])
        && names.iter().all(known)
        && names.iter().any(|name| INSTALLERS.contains(&name.as_str()))
}

/// The roles of the commands of a `RUN`.
pub(super) fn roles(run: &Run) -> Vec<Role> {
    run.invocations.iter().map(Role::of).collect()
}
