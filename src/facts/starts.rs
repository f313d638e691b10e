//! Toolchains that an image calls in the script that it starts.

use super::callers::{Form, has_command};
use super::{Facts, StageFacts};

/// Programs of a toolchain, and the commands of a script that use it to build or run from sources.
const TOOLCHAINS: [(&[&str], &[&str]); 4] = [
    (
        &["mvn", "mvnw", "gradle", "gradlew", "sbt", "ant", "javac"],
        &["mvn", "mvnw", "gradle", "gradlew", "sbt", "javac"],
    ),
    (
        &["dotnet"],
        &["dotnet run", "dotnet watch", "dotnet ef", "dotnet test", "dotnet build", "dotnet tool", "dotnet publish"],
    ),
    (
        &["go"],
        &["go build", "go run", "go mod", "go test", "go install", "go get", "go list", "go generate", "go \"$@\""],
    ),
    (&["cargo", "rustc"], &["cargo build", "cargo run", "cargo test", "rustc"]),
];

impl Facts<'_> {
    /// Whether the script that the image starts calls the toolchain of `program` (`mvn`, `go`).
    #[must_use]
    pub fn script_calls_toolchain(&self, image: &StageFacts, program: &str) -> bool {
        let Some((_, commands)) = TOOLCHAINS.iter().find(|(programs, _)| programs.contains(&program)) else {
            return false;
        };
        self.all_start_words(image).iter().any(|word| {
            let path = self.start_script(word.trim_matches(['"', '\'', ',', '[', ']']));
            let file = path.and_then(|path| self.workspace.read(&path).ok());
            file.is_some_and(|file| commands.iter().any(|command| has_command(file.text(), command, Form::Script)))
        })
    }
}
