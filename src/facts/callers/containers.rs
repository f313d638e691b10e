//! Commands that people, scripts and platforms run in containers of the images that a repository builds.

use crate::catalogue;
use crate::workspace::{NameKind, Workspace, is_dockerfile_name};

use super::super::Facts;
use super::super::paths::{bare, file_name, has_ending};
use super::super::python::compose::each_service;
use super::cloud_build;

/// Larger documents are not read.
const MAX_BYTES: u64 = 300_000;
/// More of them are not read.
const MAX_FILES: usize = 400;
/// Options of `docker run`, `docker exec` and compose behind which a value stands as a word of its own.
const WITH_VALUE: [&str; 40] = [
    "-e",
    "--env",
    "--env-file",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "-v",
    "--volume",
    "-p",
    "--publish",
    "--name",
    "--network",
    "--net",
    "-f",
    "--file",
    "--mount",
    "--entrypoint",
    "--index",
    "--platform",
    "-c",
    "--container",
    "--memory",
    "-m",
    "--gpus",
    "--restart",
    "--link",
    "--add-host",
    "--hostname",
    "-h",
    "--shm-size",
    "-n",
    "--namespace",
    "-l",
    "--label",
    "--cpus",
    "--ulimit",
    "--cap-add",
    "--device",
    "--security-opt",
];

/// A command that is run in a container beside what the image starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerCall {
    /// The service, container or image, as the call names it.
    pub target: String,
    /// The compose file that the call names, without its folder.
    pub compose_file: Option<String>,
    /// Whether compose is called.
    pub by_compose: bool,
    /// The command, word by word.
    pub words: Vec<String>,
    /// The file that says so, relative to the root.
    pub file: String,
}

impl ContainerCall {
    /// Whether a document says so, which may speak of developing alone.
    #[must_use]
    pub fn is_told_in_prose(&self) -> bool {
        is_prose(&self.file)
    }
}

impl Facts<'_> {
    /// The commands that files of the repository run in containers of this Dockerfile's images: `docker compose run --rm app npm test` in a
    /// `Makefile`, a `README` or `package.json`. The target is a service of compose that builds it, a container of one, or, where the
    /// repository has one Dockerfile alone, a plain name.
    #[must_use]
    pub fn container_calls(&self) -> Vec<ContainerCall> {
        let found = self.workspace.remembered_of_surroundings("calls in containers", || all_calls(self.workspace));
        let (calls, is_only_one) = &*found;
        if calls.is_empty() {
            return Vec::new();
        }
        let mut own: Vec<(String, String)> = Vec::new();
        each_service(self, |file, services| {
            let name = file_name(&file.path).to_owned();
            own.extend(services.iter().map(|service| (name.clone(), service.name.clone())));
        });
        let is_own = |call: &&ContainerCall| {
            let target = call.target.as_str();
            let fits = |(file, service): &(String, String)| {
                if let Some(named) = &call.compose_file {
                    return named == file && target == service;
                }
                // `docker exec shop-web-1`
                let is_container = || {
                    let plain = target.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '_']);
                    plain.strip_suffix(service.as_str()).is_some_and(|head| head.ends_with(['-', '_']))
                };
                target == service || !call.by_compose && is_container()
            };
            let is_plain = !target.contains(['/', ':', '$', '<', '{', '(']);
            own.iter().any(fits) || own.is_empty() && *is_only_one && is_plain
        };
        calls.iter().filter(is_own).cloned().collect()
    }
}

/// All calls of a repository, those of scripts first, and whether it has one Dockerfile alone.
fn all_calls(workspace: &Workspace) -> (Vec<ContainerCall>, bool) {
    let tree = workspace.own_files();
    let files = || tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && may_call(&file.path));
    let scripts = files().filter(|file| !is_prose(&file.path)).take(MAX_FILES);
    let prose = files().filter(|file| is_prose(&file.path)).take(MAX_FILES);
    let mut calls: Vec<ContainerCall> = Vec::new();
    for file in scripts.chain(prose).filter_map(|file| workspace.read(&file.path).ok()) {
        let is_prose = is_prose(file.path());
        let joined = file.text().replace("\\\r\n", " ").replace("\\\n", " ");
        let steps = if cloud_build::is_one(file.path()) { cloud_build::command_lines(file.text()) } else { Vec::new() };
        let lines = joined.lines().flat_map(|line| if is_prose { commands_of_prose(line) } else { vec![line] });
        for call in lines.chain(steps.iter().map(String::as_str)).flat_map(calls_of) {
            if calls.iter().all(|other| other.target != call.target || other.words != call.words) {
                calls.push(ContainerCall { file: file.path().to_owned(), ..call });
            }
        }
    }
    let dockerfiles = tree.files.iter().filter(|file| is_dockerfile_name(file_name(&file.path)) == NameKind::Yes);
    (calls, dockerfiles.take(2).count() == 1)
}

fn is_prose(path: &str) -> bool {
    ["md", "rst", "adoc"].iter().any(|ending| has_ending(&path.to_lowercase(), ending))
}

/// What of a line of prose is a command: the line itself, or what stands in backticks.
fn commands_of_prose(line: &str) -> Vec<&str> {
    let begins = |text: &&str| {
        let text = text.trim_start_matches(['$', '>', ' ', '\t']);
        let text = text.strip_prefix("sudo ").unwrap_or(text);
        ["docker", "podman", "nerdctl", "kubectl"].iter().any(|engine| text.starts_with(engine))
    };
    let quoted = line.split('`').skip(1).step_by(2).filter(begins);
    Some(line).filter(|line| begins(line) && !line.contains('`')).into_iter().chain(quoted).collect()
}

/// Whether a file may tell how something is run in a container.
fn may_call(path: &str) -> bool {
    const NAMES: [&str; 13] = [
        "makefile",
        "justfile",
        "jenkinsfile",
        "taskfile.yml",
        "taskfile.yaml",
        "package.json",
        ".travis.yml",
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
        "buildspec.yml",
        "buildspec.yaml",
        ".drone.yml",
    ];
    let name = file_name(path).to_lowercase();
    NAMES.contains(&name.as_str())
        || ["md", "rst", "adoc", "sh", "bash", "mk"].iter().any(|ending| has_ending(&name, ending))
        || cloud_build::is_one(path)
        || path.contains(".github/workflows/")
        || path.contains(".circleci/")
        || !name.contains('.') && path.split('/').any(|part| matches!(part, "bin" | "scripts" | "script"))
}

/// The calls of a line: `docker exec -it web npm run seed && …`.
fn calls_of(line: &str) -> Vec<ContainerCall> {
    let line = line.trim_start_matches(['@', '-', '$', '>', ' ', '\t']);
    let says = line.starts_with('#') || ["echo ", "printf ", "\"echo "].iter().any(|start| line.starts_with(start));
    let engines = ["docker", "podman", "nerdctl", "kubectl", "compose", "COMPOSE", "dc ", "DC"];
    if says || !engines.iter().any(|engine| line.contains(engine)) {
        return Vec::new();
    }
    let line = without_substitutions(&line.replace("\\\"", "\""));
    line.split(['|', ';']).flat_map(|part| part.split("&&")).filter_map(call_of).collect()
}

/// `-v $(pwd):/app` with one word in the place of what a shell runs.
fn without_substitutions(line: &str) -> String {
    let mut parts = line.split("$(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}${}", part.split_once(')').map_or(part, |(_, rest)| rest)))
}

/// A call, without the file that holds it.
fn call_of(command: &str) -> Option<ContainerCall> {
    let words: Vec<&str> = command.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let is_engine = |word: &str| {
        matches!(file_name(word), "docker" | "docker-compose" | "podman" | "podman-compose" | "nerdctl" | "kubectl")
    };
    // A function or a variable of the script: `compose run --rm api npm run migrate`, `$(DOCKER_COMPOSE) exec app …`.
    let stands_for_compose = |word: &str| {
        let plain = word.trim_matches(['$', '{', '}', '(', ')', '"']).to_lowercase();
        matches!(plain.as_str(), "compose" | "dc" | "docker_compose" | "compose_cmd" | "dcompose")
    };
    let by_name = words.first().is_some_and(|word| stands_for_compose(word));
    let engine = if by_name { 0 } else { words.iter().position(|word| is_engine(word))? };
    let behind = words.get(engine + 1..)?;
    let verb = behind.iter().position(|word| matches!(*word, "exec" | "run"))?;
    let before = behind.get(..verb)?;
    // `docker build -t app . ` and prose have other words before.
    if before.iter().any(|word| matches!(*word, "build" | "push" | "pull" | "up" | "to" | "and")) {
        return None;
    }
    let by_compose = by_name || words.get(engine)?.ends_with("-compose") || before.first() == Some(&"compose");
    let named = before.windows(2).find(|pair| matches!(pair, ["-f" | "--file", _])).and_then(|pair| pair.last());
    let rest = behind.get(verb + 1..)?;
    // `kubectl exec pod -c app -- go test`
    let (options, given) = match rest.iter().position(|word| *word == "--") {
        Some(at) => (rest.get(..at)?, Some(rest.get(at + 1..)?)),
        None => (rest, None),
    };
    let mut at = 0;
    while let Some(word) = options.get(at).filter(|word| word.starts_with('-')) {
        at += if WITH_VALUE.contains(word) { 2 } else { 1 };
    }
    let target = (*options.get(at)?).to_owned();
    let mut given: Vec<String> =
        given.or_else(|| options.get(at + 1..))?.iter().map(|word| (*word).to_owned()).collect();
    // `sh -c "npm run migrate"`
    let is_shell = |word: &String| matches!(file_name(word), "sh" | "bash" | "ash");
    if given.first().is_some_and(is_shell)
        && given.get(1).is_some_and(|word| word.starts_with('-') && word.ends_with('c'))
    {
        given.drain(..2);
    }
    // `docker run --rm -v "$PWD:/src" python:3.12 pip install …`
    let is_other = |name: &str| name.contains(':') && catalogue::base_image(name).is_known;
    let first = given.first()?;
    (!is_other(&target) && !is_other(first)).then(|| ContainerCall {
        target,
        compose_file: named.map(|path| file_name(path).to_owned()),
        by_compose,
        words: given.clone(),
        file: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::calls_of;

    #[test]
    fn calls_in_containers_are_told_from_others() {
        let read = |line: &str| {
            let calls = calls_of(line).into_iter();
            calls.map(|call| format!("{}: {}", call.target, call.words.join(" "))).collect::<Vec<_>>().join("; ")
        };
        for (line, expected) in [
            ("\tdocker-compose run --rm app npm test", "app: npm test"),
            ("$ docker compose -f a.yml exec -T -e A=1 web npm run seed", "web: npm run seed"),
            ("docker run -p 80:80 --name shop owner/shop", ""),
            ("docker exec -it shop sh -c \"npx knex migrate:latest\"", "shop: npx knex migrate:latest"),
            ("\"seed\": \"docker compose exec app npx ts-node seed.ts\",", "app: npx ts-node seed.ts"),
            ("kubectl exec pod -- go test ./...", "pod: go test ./..."),
            ("docker build -t shop . && docker run shop npm test", "shop: npm test"),
            ("docker run --rm -v a:/src python:3.12 pip install x", ""),
            ("docker run --rm --memory 2g -v $(shell pwd):/app node:20 npm test", ""),
            ("# docker run shop npm test", ""),
            ("kubectl exec pod -n prod -c app -- go test", "pod: go test"),
            ("Docker has to run on the machine first", ""),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
