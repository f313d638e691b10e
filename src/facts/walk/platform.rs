//! What a script does for linux/amd64, where it asks for the platform.

use crate::shell::List;

use super::expansion::only_command;
use super::{Follow, Guard, Value};

impl Follow<'_, '_, '_> {
    /// What `ask` answers when the image is built for linux/amd64.
    pub(super) fn for_amd64<T>(&mut self, ask: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.on_amd64, true);
        let answer = ask(self);
        self.on_amd64 = outer;
        answer
    }

    /// Whether a command runs of which `holds` says whether its condition does, and whether what stands in its place when it does not
    /// runs.
    pub(super) fn guards(&mut self, mut holds: impl FnMut(&mut Self) -> Option<bool>) -> (Guard, Guard) {
        match holds(self) {
            Some(true) => (Guard::Always, Guard::Never),
            Some(false) => (Guard::Never, Guard::Always),
            None => match self.for_amd64(holds) {
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
            "TARGETARCH" => "amd64",
            "TARGETPLATFORM" => "linux/amd64",
            "TARGETOS" => "linux",
            "TARGETVARIANT" => "",
            _ => return None,
        };
        is_open().then(|| Value::new(value))
    }

    /// What a command writes that tells the platform it runs on.
    pub(super) fn platform_told_by(&self, commands: &List) -> Option<&'static str> {
        let words = only_command(commands).filter(|_| self.on_amd64)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["uname", "-m" | "--machine" | "-p" | "-i"] | ["arch"] | ["apk", "--print-arch"] => Some("x86_64"),
            ["dpkg", "--print-architecture"] => Some("amd64"),
            _ => None,
        }
    }
}
