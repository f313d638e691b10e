//! What a script does where it asks for the platform.

use crate::shell::List;

use super::expansion::only_command;
use super::{Follow, Guard, Value};

/// How a platform is called.
#[derive(Clone, Copy)]
struct Platform {
    /// By Go, Docker and Debian.
    architecture: &'static str,
    /// By the kernel.
    machine: &'static str,
}

impl Follow<'_, '_, '_> {
    /// What `ask` answers for the platform of the build.
    pub(super) fn for_platform<T>(&mut self, ask: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.on_platform, true);
        let answer = ask(self);
        self.on_platform = outer;
        answer
    }

    /// Whether a command runs of which `holds` says whether its condition does, and whether what stands in its place when it does not
    /// runs.
    pub(super) fn guards(&mut self, mut holds: impl FnMut(&mut Self) -> Option<bool>) -> (Guard, Guard) {
        match holds(self) {
            Some(true) => (Guard::Always, Guard::Never),
            Some(false) => (Guard::Never, Guard::Always),
            None => match self.for_platform(holds) {
                Some(true) => (Guard::Sometimes, Guard::Elsewhere),
                Some(false) => (Guard::Elsewhere, Guard::Sometimes),
                None => (Guard::Sometimes, Guard::Sometimes),
            },
        }
    }

    /// The value of a variable that only the platform decides.
    pub(super) fn platform_variable(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.shell.by_platform.get(name) {
            return Some(value.clone());
        }
        // What a script or a default says holds for all platforms.
        let is_open = || {
            let declared = self.run.state.environment.get(name);
            !self.shell.variables.contains_key(name)
                && declared.is_some_and(|variable| variable.value.known().is_none())
        };
        // https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
        let value = match name {
            "TARGETARCH" => self.platform()?.architecture.to_owned(),
            "TARGETPLATFORM" => format!("linux/{}", self.platform()?.architecture),
            "TARGETOS" => "linux".to_owned(),
            "TARGETVARIANT" => String::new(),
            _ => return None,
        };
        is_open().then(|| Value::new(value))
    }

    /// What a command writes that tells the platform it runs on.
    pub(super) fn platform_told_by(&self, commands: &List) -> Option<&'static str> {
        let words = only_command(commands).filter(|_| self.on_platform)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["uname", "-m" | "--machine" | "-p" | "-i"] | ["arch"] | ["apk", "--print-arch"] => {
                Some(self.platform()?.machine)
            }
            ["dpkg", "--print-architecture"] => Some(self.platform()?.architecture),
            _ => None,
        }
    }

    /// What all files that build the Dockerfile build for, else linux/amd64; `None` for one whose names are not known here.
    fn platform(&self) -> Option<Platform> {
        match self.facts.service.builds.platform.as_ref().map_or("linux/amd64", |said| said.value.as_str()) {
            "linux/amd64" => Some(Platform { architecture: "amd64", machine: "x86_64" }),
            "linux/arm64" | "linux/arm64/v8" => Some(Platform { architecture: "arm64", machine: "aarch64" }),
            _ => None,
        }
    }
}
