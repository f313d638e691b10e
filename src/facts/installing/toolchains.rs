//! Programs that call the toolchain that compiles them.

use crate::facts::paths::{file_name, has_ending};
use crate::facts::python::{Program, Reached, each_in_key};
use crate::facts::{Facts, StageFacts};
use crate::workspace::join;

use super::{SCRIPT_BYTES, SOURCE_LIMIT};

impl Facts<'_> {
    /// A Go source of the build that calls the Go toolchain, where the image is built on one: it generates or manages projects.
    pub(super) fn program_calls_go(&self, image: &StageFacts) -> Option<Reached> {
        const CALLS: [&str; 9] = [
            "\"go mod ",
            "\"go env ",
            "\"go list ",
            "\"go work ",
            "\"go build ",
            "\"go run ",
            "\"go get ",
            "Command(\"go\"",
            "LookPath(\"go\")",
        ];
        let root = self.ancestors(image).last().unwrap_or(image);
        if file_name(&root.image.repository) != "golang" {
            return None;
        }
        let found = self.workspace.remembered(&format!("Go that calls go\0{}", self.service.context), || {
            let tree = self.workspace.tree(&self.service.context, None);
            let sources = tree.files.iter().filter(|file| {
                has_ending(&file.path, "go") && !file.path.ends_with("_test.go") && !file.path.starts_with("vendor/")
            });
            sources.take(SOURCE_LIMIT).find_map(|file| {
                let path = join(&self.service.context, &file.path)?;
                let source = self.workspace.read(&path).ok()?;
                let call = CALLS.iter().find(|call| source.text().contains(**call))?;
                Some(Reached { file: path, by: call.trim_matches(['"', ' ']).to_owned() })
            })
        });
        (*found).clone()
    }

    /// A project or a source of the build that works with the .NET SDK, where the image is built on one: by a package that looks for an
    /// installed SDK, as the locator of `MSBuild` says of itself, or by a call of `dotnet`.
    pub(super) fn program_calls_dotnet(&self, image: &StageFacts) -> Option<Reached> {
        const PACKAGES: [&str; 3] =
            ["Microsoft.Build.Locator", "Microsoft.CodeAnalysis.Workspaces.MSBuild", "Buildalyzer"];
        const CALLS: [&str; 4] =
            ["Process.Start(\"dotnet\"", "ProcessStartInfo(\"dotnet\"", "FileName = \"dotnet\"", "Cli.Wrap(\"dotnet\""];
        let root = self.ancestors(image).last().unwrap_or(image);
        if !root.image.repository.ends_with("dotnet/sdk") {
            return None;
        }
        let key = format!(".NET that calls dotnet\0{}", each_in_key(self.context_sources()));
        let found = self.of_program(&key, || {
            let is_own = |path: &str| {
                let for_work =
                    |word: &str| matches!(word.to_lowercase().as_str(), "test" | "tests" | "build" | "tools");
                (has_ending(path, "csproj") || has_ending(path, "cs"))
                    && !Program::is_aside(path)
                    && !path.split(['/', '.', '_', '-']).any(for_work)
            };
            self.copied_sources(SCRIPT_BYTES, is_own).into_iter().take(SOURCE_LIMIT).find_map(|path| {
                let source = self.workspace.read(&path).ok()?;
                let signs: &[&str] = if has_ending(&path, "csproj") { &PACKAGES } else { &CALLS };
                let sign = signs.iter().find(|sign| source.text().contains(**sign))?;
                Some(Reached { file: path, by: sign.replace('"', "") })
            })
        });
        (*found).clone()
    }
}
