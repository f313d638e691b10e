//! Scripts of the context that a `RUN` calls.

use crate::dockerfile::Value;

use super::super::paths::{file_name, resolve_value};
use super::{Follow, Origin, Starter, is_shell};

impl Follow<'_, '_, '_> {
    /// Follows a script file. `explicit` says that a shell was asked to run it. False when it is an ordinary program.
    pub(super) fn script_file(&mut self, path: &Value, starter: Starter<'_>, explicit: bool, errexit: bool) -> bool {
        let name = file_name(path.text()).to_owned();
        // `. venv/bin/activate` sets paths and installs nothing.
        if matches!(name.as_str(), "activate" | "conda.sh" | ".bashrc" | ".profile" | "env" | "nvm.sh" | ".env") {
            return explicit;
        }
        // A build tool's wrapper is that tool: what its script does beside is no step of the build.
        if matches!(name.as_str(), "gradlew" | "mvnw") && !explicit {
            return false;
        }
        let looks_like_script = explicit || is_shell_file(&name) || path.text().starts_with("./");
        let absolute = resolve_value(&self.shell.workdir, path);
        let before = self.run.instruction;
        let origin = absolute
            .known()
            .and_then(|absolute| self.facts.origin(self.stage, before, absolute, Some(&self.run.mounts)));
        let file = origin.and_then(|origin| self.facts.workspace.read(&origin).ok());
        let Some(file) = file else {
            if looks_like_script {
                self.obscure();
            } else if !is_program(path.text()) {
                self.unread();
            }
            return explicit;
        };
        let text = file.text();
        let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!"));
        let shell_script = interpreter.map_or(explicit || is_shell_file(&name), is_shell);
        if !shell_script {
            return explicit;
        }
        let errexit = errexit
            || interpreter.is_some_and(|line| {
                line.split_whitespace().skip(1).any(|word| word.starts_with('-') && word.contains('e'))
            });
        self.foreign(&text.replace("\r\n", "\n"), starter, Origin::Elsewhere(file.path().to_owned()), errexit);
        true
    }
}

fn is_shell_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "sh" | "bash"))
}

/// Whether a path is that of an installed program: `/usr/bin/x`, `/opt/venv/bin/x`.
fn is_program(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, _)| file_name(folder).ends_with("bin"))
}
