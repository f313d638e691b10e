//! What files of a repository say of images that are shipped, beside the commands that build them: compose files that are pushed or named
//! for production, values of workflows that name a Dockerfile, templates of `OpenShift`.

use std::sync::Arc;

use super::Workspace;
use super::builds::is_for_work;
use super::compose::{ComposeFile, ComposeService};
use super::definitions::yaml::{Member, Node};
use super::paths::{join, parent};
use crate::context::{IgnoreFile, Tree};

/// Parts of names of files and folders for what is deployed.
const DEPLOYED: [&str; 6] = ["prod", "production", "release", "deploy", "deployment", "staging"];
/// Parts of names of files that show how another file may look.
const SAMPLES: [&str; 5] = ["sample", "example", "template", "dist", "tmpl"];
/// Folders in which scripts call compose.
const FOLDERS: [&str; 11] =
    ["", "scripts", "script", "bin", "ci", ".ci", "deploy", "deployment", "docker", "infra", "tools"];
/// More and larger files are not read.
const MAX_FILES: usize = 2_000;
const MAX_BYTES: u64 = 256_000;
/// Folders that say nothing of how images are built.
const ELSEWHERE: &str = ".git\n**/.git\n**/node_modules\n**/.venv\n**/venv\n**/site-packages\n**/__pycache__\n**/vendor\n**/third_party\n**/.ipynb_checkpoints\n";

/// A call of compose: `docker compose -f docker-compose.prod.yml build web`.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    /// The compose files that it names, without folders.
    files: Vec<String>,
    pushes: bool,
    /// The services that it names; all where it names none.
    services: Vec<String>,
}

/// What a file names as a Dockerfile: `docker_file: Dockerfile.api`.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    path: String,
    /// What stands beside it and may be the folder that the path is seen from.
    beside: Vec<String>,
}

impl Workspace {
    /// The files of the repository, but for what others wrote and what tools leave.
    #[must_use]
    pub fn own_files(&self) -> Arc<Tree> {
        self.tree("", Some(&IgnoreFile::parse(ELSEWHERE)))
    }

    /// A file that builds `dockerfile`, whatever for.
    #[must_use]
    pub fn builder_of(&self, dockerfile: &str) -> Option<String> {
        self.builders_of(dockerfile).into_iter().next()
    }

    /// A file that builds `dockerfile` to run or publish it, or to work in it where that is what its name says.
    #[must_use]
    pub fn builder_to_its_purpose(&self, dockerfile: &str) -> Option<String> {
        let own = is_for_work(dockerfile);
        self.builders_of(dockerfile).into_iter().find(|file| own || !is_for_work(file))
    }

    fn builders_of(&self, dockerfile: &str) -> Vec<String> {
        let composed = self.composed(dockerfile).into_iter();
        composed.chain(self.build_definitions(dockerfile)).map(|found| found.file).collect()
    }

    /// The compose file, named for production, that builds `dockerfile`, or that runs under the name of a service which another one
    /// builds of it what is pulled: `image: example/api:${VERSION}`.
    #[must_use]
    pub fn compose_file_for_production(&self, dockerfile: &str, context: &str) -> Option<String> {
        let folders = self.compose_files(dockerfile, context);
        let files = || folders.iter().flat_map(|files| files.iter());
        let built = || {
            let services = files().flat_map(|file| &file.services);
            let is_built =
                |service: &&ComposeService| service.build.as_ref().is_some_and(|build| build.dockerfile == dockerfile);
            services.filter(is_built).map(|service| service.name.as_str())
        };
        let pulls = |service: &ComposeService| {
            service.build.is_none()
                && service.image.as_deref().is_some_and(|image| image.contains(['/', '$']))
                && built().any(|name| name == service.name)
        };
        let ships = |file: &&ComposeFile| {
            is_for_production(&file.path) && (builds(file, dockerfile, &[]) || file.services.iter().any(pulls))
        };
        files().find(ships).map(|file| file.path.clone())
    }

    /// The workflow or script, other than one for developing and testing, that pushes what compose builds of `dockerfile`, or that builds it
    /// by a compose file for production: `docker compose -f docker-compose.prod.yml build web`.
    #[must_use]
    pub fn call_that_composes(&self, dockerfile: &str, context: &str) -> Option<String> {
        let calls = self.remembered_of_surroundings("calls of compose", || self.calls_of_compose());
        if calls.is_empty() {
            return None;
        }
        let folders = self.compose_files(dockerfile, context);
        let ships = |call: &Call| {
            let mut files = folders.iter().flat_map(|files| files.iter());
            files.any(|file| {
                let name = file.path.rsplit('/').next().unwrap_or(&file.path);
                let is_named = call.files.iter().any(|named| named == name);
                (is_named || call.files.is_empty() && !is_for_work(&file.path))
                    && (call.pushes || is_named && is_for_production(&file.path))
                    && builds(file, dockerfile, &call.services)
            })
        };
        calls.iter().find(|(_, call)| ships(call)).map(|(path, _)| path.clone())
    }

    /// The CI file or script, other than one for developing and testing, that pushes by its name what a compose service builds of
    /// `dockerfile`: `docker push owner/shop:$TAG` and `image: owner/shop:${TAG}`.
    #[must_use]
    pub fn push_of_what_composes(&self, dockerfile: &str, context: &str) -> Option<String> {
        let pushed = self.remembered_of_surroundings("images that are pushed", || {
            let mut found = Vec::new();
            for path in self.scripts_of_builds() {
                let Ok(file) = self.read(&path) else { continue };
                let lines = file.text().lines().filter(|line| !line.trim_start().starts_with('#'));
                let images = lines.filter_map(|line| {
                    let (_, behind) =
                        line.split_once("docker push ").or_else(|| line.split_once("docker image push "))?;
                    behind.split_whitespace().find(|word| !word.starts_with('-')).map(name_of_image)
                });
                found.extend(images.map(|name| (path.clone(), name)));
            }
            found
        });
        if pushed.is_empty() {
            return None;
        }
        let folders = self.compose_files(dockerfile, context);
        let services = folders.iter().flat_map(|files| files.iter()).flat_map(|file| &file.services);
        let own = services.filter(|service| service.build.as_ref().is_some_and(|build| build.dockerfile == dockerfile));
        let images = own.flat_map(|service| &service.lines).filter_map(|line| line.trim().strip_prefix("image:"));
        let images: Vec<String> = images.map(name_of_image).filter(|name| name.contains('/')).collect();
        pushed.iter().find(|(_, name)| images.contains(name)).map(|(path, _)| path.clone())
    }

    fn calls_of_compose(&self) -> Vec<(String, Call)> {
        let mut found = Vec::new();
        for path in self.scripts_of_builds() {
            let Ok(file) = self.read(&path) else { continue };
            if file.text().contains("compose") {
                found.extend(calls(file.text()).into_iter().map(|call| (path.clone(), call)));
            }
        }
        found
    }

    /// The files of CI services and scripts in the usual folders that may build images, less those for developing and testing.
    fn scripts_of_builds(&self) -> Vec<String> {
        let is_script = |name: &str| {
            let lower = name.to_lowercase();
            matches!(lower.as_str(), "makefile" | "gnumakefile")
                || [".sh", ".bash", ".mk"].iter().any(|ending| lower.ends_with(ending))
        };
        let scripts = FOLDERS.iter().flat_map(|folder| {
            let files = self.list(folder).into_iter().filter(|entry| !entry.is_dir && is_script(&entry.name));
            files.filter_map(move |entry| join(folder, &entry.name))
        });
        self.ci_files().chain(scripts).filter(|path| !is_for_work(path)).take(MAX_FILES).collect()
    }

    /// The CI file that names `dockerfile` as the value of a key for Dockerfiles, whatever reads that: `docker_file: Dockerfile.api` of a
    /// matrix; not what a linter is given.
    #[must_use]
    pub fn workflow_that_names(&self, dockerfile: &str) -> Option<String> {
        let all = self.remembered_of_surroundings("Dockerfiles named in workflows", || {
            let paths = self.ci_files().filter(|path| !is_for_work(path));
            let mut found = Vec::new();
            for path in paths {
                let Ok(file) = self.read(&path) else { continue };
                if let Some(node) = Some(file.text()).filter(|text| text.contains("file:")).and_then(Node::parse) {
                    let mut named = Vec::new();
                    collect(&node, &mut named);
                    found.extend(named.into_iter().map(|named| (path.clone(), named)));
                }
            }
            found
        });
        let is_it = |named: &Named| {
            let mut seen_from = named.beside.iter().filter_map(|folder| join(folder, &named.path)).peekable();
            // `context: api` beside it.
            let below: Vec<String> = seen_from.by_ref().filter(|path| self.is_file(path)).collect();
            if below.is_empty() {
                join("", &named.path).is_some_and(|path| path == dockerfile)
            } else {
                below.iter().any(|path| path == dockerfile)
            }
        };
        all.iter().find(|(_, named)| is_it(named)).map(|(path, _)| path.clone())
    }

    /// The template of `OpenShift` that builds `dockerfile`: `dockerfilePath` of a `BuildConfig`, also by the value of a parameter.
    #[must_use]
    pub fn template_that_builds(&self, dockerfile: &str) -> Option<String> {
        let all = self.remembered_of_surroundings("build configurations of OpenShift", || {
            let is_template = |path: &str| [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
            let tree = self.own_files();
            let files = tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && is_template(&file.path));
            let mut found = Vec::new();
            // Most repositories have none, and their names say so.
            let about = |path: &str| {
                let path = path.to_lowercase();
                ["openshift", "build", ".bc.", "template", "okd", "ocp"].iter().any(|word| path.contains(word))
            };
            for file in files.filter(|file| about(&file.path)).take(MAX_FILES) {
                let Ok(source) = self.read(&file.path) else { continue };
                if source.text().contains("BuildConfig") {
                    found.extend(configured(source.text()).into_iter().map(|path| (file.path.clone(), path)));
                }
            }
            found
        });
        all.iter().find(|(_, path)| path == dockerfile).map(|(file, _)| file.clone())
    }
}

/// `owner/shop` of `"owner/shop:${TAG:-latest}"`
fn name_of_image(reference: &str) -> String {
    let reference = reference.trim().trim_matches(['"', '\'']).split('@').next().unwrap_or_default();
    let reference = reference.split(":$").next().unwrap_or(reference);
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name.to_owned(),
        _ => reference.to_owned(),
    }
}

/// `docker-compose.prod.yml`, `production/compose.yml`; not `docker-compose.prod.example.yml`.
#[must_use]
pub fn is_for_production(path: &str) -> bool {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let folder = parent(&path).rsplit('/').next().unwrap_or_default();
    let has = |text: &str, words: &[&str]| text.split(['.', '-', '_']).any(|part| words.contains(&part));
    (has(name, &DEPLOYED) || has(folder, &DEPLOYED)) && !is_sample(name) && !is_for_work(&path)
}

/// Whether a file is named as one that shows how another may look: `docker-compose.example.yml`.
#[must_use]
pub fn is_sample(name: &str) -> bool {
    name.to_lowercase().split(['.', '-', '_']).any(|part| SAMPLES.contains(&part))
}

/// Whether a service of the file, one of `services` where there are any, builds `dockerfile`.
fn builds(file: &ComposeFile, dockerfile: &str, services: &[String]) -> bool {
    file.services.iter().any(|service| {
        service.build.as_ref().is_some_and(|build| build.dockerfile == dockerfile)
            && (services.is_empty() || services.contains(&service.name))
    })
}

/// The calls of compose in a text that build or push.
fn calls(text: &str) -> Vec<Call> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| line.split(['&', ';', '|'])).filter_map(call).collect()
}

fn call(command: &str) -> Option<Call> {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\'', '`'])).collect();
    let at = words.iter().enumerate().find_map(|(at, word)| match *word {
        "docker-compose" | "podman-compose" => Some(at + 1),
        "compose" if at > 0 && matches!(words.get(at - 1), Some(&("docker" | "podman"))) => Some(at + 1),
        _ => None,
    })?;
    let mut files = Vec::new();
    let mut rest = words.get(at..)?.iter().copied();
    let mut verb = None;
    while let Some(word) = rest.next() {
        match word {
            "-f" | "--file" => files.extend(rest.next()),
            "-p" | "--project-name" | "--profile" | "--env-file" | "--project-directory" | "--ansi" => {
                rest.next();
            }
            _ => match word.strip_prefix("--file=") {
                Some(file) => files.push(file),
                None if word.starts_with('-') => {}
                None => {
                    verb = Some(word);
                    break;
                }
            },
        }
    }
    let given: Vec<&str> = rest.collect();
    let pushes = verb == Some("push") || verb == Some("build") && given.contains(&"--push");
    let builds = verb == Some("build") || verb == Some("up") && given.contains(&"--build");
    let mut services = Vec::new();
    let mut given = given.into_iter();
    while let Some(word) = given.next() {
        match word {
            "--build-arg" | "-m" | "--memory" | "--progress" | "--ssh" | "--builder" | "--scale" => {
                given.next();
            }
            // Nobody knows which.
            word if word.contains('$') => {
                services.clear();
                break;
            }
            word if word.starts_with('-') || word.contains(['>', '<', '=']) => {}
            word => services.push(word.to_owned()),
        }
    }
    let names = files.iter().map(|file| file.rsplit('/').next().unwrap_or(file).to_owned());
    (pushes || builds).then(|| Call { files: names.collect(), pushes, services })
}

/// The Dockerfiles that values of a CI file name.
fn collect(node: &Node, found: &mut Vec<Named>) {
    const CHECKS: [&str; 10] =
        ["lint", "scan", "trivy", "snyk", "kics", "checkov", "dockle", "grype", "sonar", "upload-artifact"];
    if node.get("uses").and_then(Node::text).is_some_and(|action| {
        let action = action.to_lowercase();
        // What these build is read by itself.
        action.contains("build-push-action@") || CHECKS.iter().any(|check| action.contains(check))
    }) {
        return;
    }
    node.items().iter().for_each(|item| collect(item, found));
    for Member { key, node: value, .. } in node.members() {
        if names_dockerfiles(key) {
            let path = value.text().or_else(|| value.get("default").and_then(Node::text));
            let listed = value.items().iter().filter_map(Node::text);
            let paths = path.into_iter().chain(listed).filter(|path| is_path(path));
            let beside: Vec<String> =
                node.texts().filter(|(name, _)| *name != key.as_str()).map(|(_, text)| text.to_owned()).collect();
            let beside: Vec<String> = beside.into_iter().filter(|text| is_path(text) && text != ".").collect();
            found.extend(paths.map(|path| Named { path: path.to_owned(), beside: beside.clone() }));
        }
        collect(value, found);
    }
}

/// `dockerfile`, `docker_file`, `DOCKERFILE_PATH`, `build_file`
fn names_dockerfiles(key: &str) -> bool {
    let key = key.to_lowercase().replace(['_', '-'], "");
    key == "buildfile" || key.starts_with("dockerfile") || key.ends_with("dockerfile")
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '\n', ' ', ':', '*', '{'])
}

/// The Dockerfiles that the build configurations in a text name, from the root.
fn configured(text: &str) -> Vec<String> {
    let parameters = parameters(text);
    let lines: Vec<&str> = text.lines().map(|line| line.trim().trim_start_matches("- ")).collect();
    let value = |line: &&str, key: &str| {
        let rest = line.trim_start_matches('"').strip_prefix(key)?.trim_start_matches('"').strip_prefix(':')?;
        let value = rest.trim().trim_end_matches(',').trim_matches(['"', '\'']);
        let name = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some(name) => parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()),
            None => Some(value.to_owned()),
        }
    };
    let folder = lines.iter().find_map(|line| value(line, "contextDir")).unwrap_or_default();
    let paths = lines.iter().filter_map(|line| value(line, "dockerfilePath"));
    paths.filter_map(|path| join(folder.trim_start_matches('/'), &path)).collect()
}

/// `parameters` of a template with their values, in YAML.
fn parameters(text: &str) -> Vec<(String, String)> {
    let Some(node) = Node::parse(text) else { return Vec::new() };
    let all = node.get("parameters").map(Node::items).unwrap_or_default().iter();
    let named = all.filter_map(|one| Some((one.get("name")?.text()?.to_owned(), one.get("value")?.text()?.to_owned())));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_without_their_tags() {
        for reference in ["owner/shop", "owner/shop:1", "\"owner/shop:$TAG\"", "owner/shop:${TAG:-latest}"] {
            assert_eq!(name_of_image(reference), "owner/shop");
        }
        assert_eq!(name_of_image("host.invalid:5000/shop"), "host.invalid:5000/shop");
        assert_eq!(name_of_image("${REGISTRY:-docker.io}/shop:1"), "${REGISTRY:-docker.io}/shop");
    }

    #[test]
    fn calls_of_compose_are_read() {
        let text = "          VERSION=1 \\\n            docker compose -f docker-compose.prod.yaml build web\n# docker compose push\n\
                    docker-compose pull && docker-compose --env-file .env push\ndocker compose up -d\n";
        let found = calls(text);
        let call = |files: &[&str], pushes, services: &[&str]| Call {
            files: files.iter().map(|it| (*it).to_owned()).collect(),
            pushes,
            services: services.iter().map(|it| (*it).to_owned()).collect(),
        };
        assert_eq!(found, [call(&["docker-compose.prod.yaml"], false, &["web"]), call(&[], true, &[])]);
    }

    #[test]
    fn files_for_production_are_named_so() {
        for path in ["docker-compose.prod.yml", "deploy/compose.yaml", "docker-compose-staging.yml"] {
            assert!(is_for_production(path), "{path}");
        }
        for path in ["docker-compose.yml", "docker-compose.prod.example.yml", "docker-compose.product.yml"] {
            assert!(!is_for_production(path), "{path}");
        }
    }

    #[test]
    fn workflows_name_dockerfiles() {
        let files = [
            (
                ".github/workflows/deploy.yml",
                "jobs:\n  a:\n    strategy:\n      matrix:\n        include:\n          - docker_file: Dockerfile.api\n          - context: web\n            dockerfile: Dockerfile\n    steps:\n      - uses: hadolint/hadolint-action@v3\n        with:\n          dockerfile: Dockerfile.linted\n  b:\n    uses: ./.github/workflows/image.yml\n    with:\n      build_file: jobs/D\n",
            ),
            ("web/Dockerfile", "FROM a\n"),
            ("Dockerfile", "FROM a\n"),
        ];
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let workspace = Workspace::in_memory(files);
        for (path, named) in [
            ("Dockerfile.api", true),
            ("web/Dockerfile", true),
            ("jobs/D", true),
            ("Dockerfile", false),
            ("Dockerfile.linted", false),
        ] {
            assert_eq!(workspace.workflow_that_names(path).is_some(), named, "{path}");
        }
    }

    #[test]
    fn templates_of_openshift_build() {
        let text = "kind: Template\nparameters:\n  - name: FILE\n    value: Dockerfile\nobjects:\n  - kind: BuildConfig\n    spec:\n      source:\n        contextDir: api\n      strategy:\n        dockerStrategy:\n          dockerfilePath: ${FILE}\n";
        assert_eq!(configured(text), ["api/Dockerfile"]);
        assert_eq!(configured("        \"dockerfilePath\": \"a/D\",\n"), ["a/D"]);
    }
}
