//! What the files that build a Dockerfile agree on: build arguments, stages, the platform.

use std::collections::BTreeMap;

use super::definitions::{BuildDefinition, DefinitionKind};
use super::paths::parent;
use super::{Said, Workspace};

/// Parts of names of files that build images to work or test in.
const FOR_WORK: [&str; 12] = [
    "dev",
    "devel",
    "develop",
    "development",
    "devcontainer",
    "test",
    "tests",
    "testing",
    "e2e",
    "lint",
    "debug",
    "local",
];

/// So many lines from a build stands the push of what it makes.
const NEAR: usize = 8;
const WORKFLOWS: &str = ".github/workflows";
/// Files of other CI services, which build images in ways of their own.
const CI_FILES: [&str; 8] = [
    ".circleci/config.yml",
    ".drone.yml",
    ".gitlab-ci.yml",
    "Jenkinsfile",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
];

/// Arguments that the builder sets itself.
const OF_THE_BUILDER: [&str; 9] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "BUILDKIT_SYNTAX",
];

/// What the files that build a Dockerfile say of the build. An argument or a platform on which they differ is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builds {
    /// Values of arguments by their names.
    arguments: BTreeMap<String, Said<String>>,
    /// The stages that are built to be run or published, by their names in lower case.
    targets: Vec<Target>,
    /// The first place that builds the last stage, or one that nobody knows.
    pub takes_last: Option<String>,
    /// The platform that all of them build for.
    pub platform: Option<Said<String>>,
}

/// A stage that a file builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The stage's name in lower case, and the place that names it.
    pub stage: Said<String>,
    /// Whether a compose service runs it.
    pub is_service: bool,
}

impl Builds {
    /// What is said of the builds of `dockerfile`, which declares `arguments`.
    pub(super) fn of(workspace: &Workspace, dockerfile: &str, arguments: &[String]) -> Self {
        let mut definitions = workspace.composed(dockerfile);
        definitions.extend(workspace.build_definitions(dockerfile));
        definitions.retain(|found| found.context.is_empty() || workspace.is_dir(&found.context));
        let shipping = |found: &&BuildDefinition| !is_for_work(&found.file);
        let Some(first) = definitions.iter().find(shipping) else { return Self::default() };
        let asked = arguments.iter().filter(|name| !OF_THE_BUILDER.contains(&name.as_str()));
        let agreed = asked.filter_map(|name| {
            let given = first.arguments.of(name);
            let value = given.known()?;
            let all = definitions.iter().all(|other| other.arguments.of(name) == given);
            all.then(|| (name.clone(), said(value, first)))
        });
        let arguments = agreed.collect();
        let platform = first.platform.known().filter(|_| definitions.iter().all(|it| it.platform == first.platform));
        let mut targets: Vec<Target> = Vec::new();
        for found in definitions.iter().filter(shipping) {
            let Some(name) = found.target.known().map(str::to_lowercase) else { continue };
            let is_service = found.kind == DefinitionKind::Compose;
            match targets.iter_mut().find(|target| target.stage.value == name) {
                Some(target) => target.is_service |= is_service,
                None => targets.push(Target { stage: said(&name, found), is_service }),
            }
        }
        let mut unnamed = definitions.iter().filter(shipping).filter(|found| found.target.known().is_none());
        let takes_last = unnamed.next().map(place);
        Self { arguments, targets, takes_last, platform: platform.map(|platform| said(platform, first)) }
    }

    /// The value that every build gives to an argument, and where the first of them stands.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&Said<String>> {
        self.arguments.get(name)
    }

    /// All arguments on whose values the builds agree.
    pub fn arguments(&self) -> impl Iterator<Item = (&str, &Said<String>)> {
        self.arguments.iter().map(|(name, said)| (name.as_str(), said))
    }

    /// The stages that are built to be run or published.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl Workspace {
    /// The workflow, other than one for developing and testing, or the bake file that builds `dockerfile`.
    #[must_use]
    pub fn workflow_that_builds(&self, dockerfile: &str) -> Option<String> {
        self.build_definitions(dockerfile).into_iter().find(publishes).map(|found| found.file)
    }

    /// The workflow, other than one for developing and testing, that builds `dockerfile` and pushes it in the same step, or by a command of
    /// its own behind `docker build`.
    #[must_use]
    pub fn workflow_that_pushes(&self, dockerfile: &str) -> Option<String> {
        let by_command = |found: &BuildDefinition| {
            let calls = ["docker push ", "docker image push ", "podman push ", "buildah push "];
            found.pushed.is_none()
                && found.kind == DefinitionKind::Workflow
                && self.read(&found.file).is_ok_and(|file| calls.iter().any(|call| file.text().contains(call)))
        };
        let pushes = |found: &BuildDefinition| publishes(found) && (found.pushed == Some(true) || by_command(found));
        self.build_definitions(dockerfile).into_iter().find(pushes).map(|found| found.file)
    }

    /// The workflow with the job for tests in it that loads the image of `dockerfile` and does not push it, where nothing else builds it.
    #[must_use]
    pub fn job_that_tries(&self, dockerfile: &str) -> Option<(String, String)> {
        if !self.composed(dockerfile).is_empty() {
            return None;
        }
        let all = self.build_definitions(dockerfile);
        let first = all.first().filter(|_| all.iter().all(|found| found.tried_in.is_some()))?;
        Some((first.file.clone(), first.tried_in.clone()?))
    }

    /// Whether a CI file may build images in a way that is not read: by a workflow of another repository, an action that nobody knows, kaniko.
    #[must_use]
    pub fn may_be_built_unseen(&self) -> bool {
        *self.remembered_of_surroundings("builds unseen", || {
            self.ci_files().any(|path| self.read(&path).is_ok_and(|file| builds_unseen(file.text())))
        })
    }

    /// The workflow that deploys what compose builds of `dockerfile`: `docker compose up --build` in `deploy.yml`.
    #[must_use]
    pub fn workflow_that_composes(&self, dockerfile: &str) -> Option<String> {
        if self.composed(dockerfile).iter().all(|found| is_for_work(&found.file)) {
            return None;
        }
        self.ci_files().filter(|path| !is_for_work(path)).find(|path| {
            let Ok(file) = self.read(path) else { return false };
            let title = file.text().lines().find_map(|line| line.strip_prefix("name:")).unwrap_or_default();
            let title = format!("{path} {title}").to_lowercase();
            ["deploy", "release", "publish", "production"].iter().any(|word| title.contains(word))
                && file.text().lines().any(composes)
        })
    }

    /// Whether a Makefile or a script builds `dockerfile` that pushes what it builds, or that a CI file may call.
    #[must_use]
    pub fn may_be_built_by_a_script(&self, dockerfile: &str) -> bool {
        let scripts = self.build_definitions(dockerfile).into_iter();
        scripts.filter(|found| found.kind == DefinitionKind::Script).any(|found| {
            let Ok(file) = self.read(&found.file) else { return false };
            let name = found.file.rsplit('/').next().unwrap_or(&found.file);
            let at = found.line as usize;
            let call = if name.to_lowercase().contains("makefile") {
                // `image:`, above the recipe that builds it; not `TAG := 1`.
                let lines: Vec<&str> = file.text().lines().take(at).collect();
                let mut heads =
                    lines.iter().rev().filter(|line| !line.starts_with(['\t', ' ', '#']) && !line.contains(":="));
                let target = heads.find_map(|line| line.split_once(':')?.0.split_whitespace().next());
                target.map(|target| format!("make {target}"))
            } else {
                Some(name.to_owned())
            };
            let mut near = file.text().lines().skip(at.saturating_sub(NEAR)).take(2 * NEAR);
            near.any(|line| line.contains("push"))
                || call.is_some_and(|call| {
                    self.ci_files().any(|path| self.read(&path).is_ok_and(|file| file.text().contains(&call)))
                })
        })
    }

    /// The files of CI services.
    pub(super) fn ci_files(&self) -> impl Iterator<Item = String> {
        let workflows = self.list(WORKFLOWS).into_iter().map(|entry| format!("{WORKFLOWS}/{}", entry.name));
        // `cloudbuild-api.yaml` beside `cloudbuild.yaml`.
        let is_another = |name: &str| {
            let name = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
            name.is_some_and(|name| name.starts_with("cloudbuild") || name.starts_with("azure-pipelines"))
        };
        let listed = self.list("").into_iter().filter(|entry| !entry.is_dir).map(|entry| entry.name);
        let others = listed.filter(|name| is_another(name) && !CI_FILES.contains(&name.as_str()));
        let others: Vec<String> = others.collect();
        workflows.chain(CI_FILES.map(str::to_owned)).chain(others).filter(|path| self.is_file(path))
    }

    /// The Dockerfiles that workflows build in `context`, each behind the workflow.
    #[must_use]
    pub fn built_by_workflows(&self, context: &str) -> Vec<(String, String)> {
        let found = self.definitions_with_context(context).into_iter().filter(publishes);
        found.map(|found| (found.file, found.dockerfile)).collect()
    }
}

/// Whether a CI file calls something that may build images, and of which it does not say how.
fn builds_unseen(text: &str) -> bool {
    const PROGRAMS: [&str; 4] = ["kaniko", "buildah", "docker.build(", "docker/build@"];
    const WORDS: [&str; 7] = ["build", "publish", "push", "image", "docker", "release", "deploy"];
    let uses = text.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        line.strip_prefix("uses:").map(|name| name.trim().trim_matches(['"', '\'']))
    });
    let mut unseen = uses.filter(|name| {
        if let Some((repository, workflow)) = name.split_once("/.github/workflows/") {
            return repository != "." && WORDS.iter().any(|word| workflow.contains(word));
        }
        let name = name.to_lowercase();
        (name.contains("docker") || name.contains("image"))
            && !name.starts_with("docker/")
            && ["build", "publish", "push", "deploy", "release"].iter().any(|word| name.contains(word))
    });
    // `context: examples/${{ matrix.example }}`
    let filled = || {
        text.lines().map(str::trim_start).any(|line| {
            ["context:", "file:"].iter().any(|key| {
                line.strip_prefix(key).is_some_and(|value| value.contains("matrix.") || value.contains("inputs."))
            })
        })
    };
    unseen.next().is_some()
        || PROGRAMS.iter().any(|program| text.contains(program))
        || (text.contains("docker/build-push-action") && filled())
}

/// `docker compose up -d --build`, `docker-compose push`
fn composes(line: &str) -> bool {
    let behind = ["docker compose ", "docker-compose "].iter().find_map(|call| line.split_once(call));
    behind.is_some_and(|(_, words)| words.split_whitespace().any(|word| matches!(word, "--build" | "build" | "push")))
}

fn publishes(definition: &BuildDefinition) -> bool {
    matches!(definition.kind, DefinitionKind::Workflow | DefinitionKind::Bake)
        && definition.tried_in.is_none()
        && !is_for_work(&definition.file)
}

fn said(value: &str, definition: &BuildDefinition) -> Said<String> {
    Said { value: value.to_owned(), by: place(definition) }
}

fn place(definition: &BuildDefinition) -> String {
    format!("`{}` line {}", definition.file, definition.line)
}

/// `docker-compose.dev.yml`, `.devcontainer/compose.yml`, `.github/workflows/test.yml`: what they build is not what is shipped.
pub(super) fn is_for_work(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let folder = parent(file).rsplit('/').next().unwrap_or_default();
    let has_word = |text: &str| {
        text.split(['.', '-', '_']).any(|part| FOR_WORK.iter().any(|word| part.eq_ignore_ascii_case(word)))
    };
    has_word(name) || has_word(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builds(files: &[(&str, &str)]) -> Builds {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let workspace = Workspace::in_memory(files);
        Builds::of(&workspace, "Dockerfile", &["A".to_owned(), "B".to_owned(), "TARGETARCH".to_owned()])
    }

    fn values(builds: &Builds) -> String {
        let shown = builds.arguments().map(|(name, said)| format!("{name}={} ({})", said.value, said.by));
        shown.collect::<Vec<_>>().join(", ")
    }

    const COMPOSE: &str = "services:\n  app:\n    build:\n      context: .\n      args:\n        A: one\n        B: \"2\"\n        TARGETARCH: x\n";

    #[test]
    fn what_all_say_counts() {
        let makefile = "image:\n\tdocker build --build-arg A=one --build-arg B=$(git describe) .\n";
        assert_eq!(
            values(&builds(&[("compose.yml", COMPOSE)])),
            "A=one (`compose.yml` line 3), B=2 (`compose.yml` line 3)"
        );
        assert_eq!(
            values(&builds(&[("compose.yml", COMPOSE), ("Makefile", makefile)])),
            "A=one (`compose.yml` line 3)"
        );
        let other = "image:\n\tdocker build .\n";
        assert_eq!(values(&builds(&[("compose.yml", COMPOSE), ("Makefile", other)])), "");
        let another = makefile.replace("A=one", "A=two");
        assert_eq!(values(&builds(&[("compose.yml", COMPOSE), ("Makefile", &another)])), "");
        // What is only built to work in says nothing for itself, but it may differ.
        assert_eq!(values(&builds(&[("docker-compose.dev.yml", COMPOSE)])), "");
        assert_eq!(
            values(&builds(&[("compose.yml", COMPOSE), ("compose.dev.yml", &COMPOSE.replace("one", "two"))])),
            "B=2 (`compose.yml` line 3)"
        );
    }

    #[test]
    fn what_compose_passes() {
        let with = |value: &str| {
            let text = COMPOSE.replace("A: one", &format!("A: {value}"));
            let found = builds(&[("compose.yml", &text), (".env", "SET=1\n")]);
            found.argument("A").map(|said| said.value.clone())
        };
        for (value, expected) in [
            ("3.12", Some("3.12")),
            ("3.10", None),
            ("\"3.10\"", Some("3.10")),
            ("1.2.3", Some("1.2.3")),
            ("0755", None),
            ("0x10", None),
            ("true", Some("true")),
            ("Yes", Some("Yes")),
            ("TRUE", None),
            ("", None),
            ("null", None),
            ("${X}", None),
            ("$X", None),
            ("${X:-3.10}", Some("3.10")),
            ("v${X:-3}-slim", Some("v3-slim")),
            ("${SET:-3}", None),
            ("${X:-${Y}}", None),
            ("a$$b", None),
        ] {
            assert_eq!(with(value).as_deref(), expected, "{value}");
        }
        let list = "services:\n  app:\n    build:\n      context: .\n      args:\n        - A=1\n        - B\n";
        assert_eq!(values(&builds(&[("compose.yml", list)])), "A=1 (`compose.yml` line 3)");
        let merged = "x-args: &args\n  A: 1\nservices:\n  app:\n    build:\n      context: .\n      args:\n        <<: *args\n        B: 2\n";
        assert_eq!(
            values(&builds(&[("compose.yml", merged)])),
            "A=1 (`compose.yml` line 5), B=2 (`compose.yml` line 5)"
        );
    }

    #[test]
    fn builds_that_are_not_read_are_seen() {
        for text in [
            "    uses: owner/ci/.github/workflows/build_and_push_image.yaml@main",
            "      - uses: \"elgohr/Publish-Docker-Github-Action@v5\"",
            "stage('x') { docker.build(\"app\") }",
            "uses: docker/build-push-action@v5\nwith:\n  context: examples/${{ matrix.example }}",
        ] {
            assert!(builds_unseen(text), "{text}");
        }
        for text in [
            "      - uses: docker/build-push-action@v6",
            "    uses: owner/ci/.github/workflows/lint.yaml@main",
            "    uses: ./.github/workflows/build.yaml",
            "      - uses: actions/checkout@v4",
        ] {
            assert!(!builds_unseen(text), "{text}");
        }
    }

    #[test]
    fn stages_that_are_built() {
        let compose =
            "services:\n  app:\n    build:\n      context: .\n      target: Prod\n    platform: linux/arm64\n";
        let found = builds(&[("compose.yml", compose)]);
        assert_eq!(found.targets().iter().map(|target| target.stage.value.as_str()).collect::<Vec<_>>(), ["prod"]);
        assert!(found.takes_last.is_none());
        assert_eq!(found.platform.map(|said| said.value).as_deref(), Some("linux/arm64"));
        let workflow = "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          platforms: linux/arm64,linux/amd64\n";
        let found = builds(&[("compose.yml", compose), (".github/workflows/release.yml", workflow)]);
        assert!(found.takes_last.is_some() && found.platform.is_none());
    }
}
