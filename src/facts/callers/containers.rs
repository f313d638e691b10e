//! Commands that people, scripts and platforms run in containers of the images that a repository builds.

use crate::catalogue;
use crate::workspace::Workspace;

use super::super::Facts;
use super::super::paths::{bare, file_name, has_ending};
use super::super::python::compose::each_service;

/// Larger documents are not read.
const MAX_BYTES: u64 = 300_000;
/// More of them are not read.
const MAX_FILES: usize = 400;
/// Options of `docker run`, `docker exec` and compose behind which a value stands as a word of its own.
const WITH_VALUE: [&str; 22] = [
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
];

/// A command that is run in a container beside what the image starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerCall {
    /// The service, container or image, as the call names it.
    pub target: String,
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
    /// The commands that files of the repository run in containers: `docker compose run --rm app npm test` in a `Makefile`, a `README` or
    /// `package.json`, but for those that name a service of compose which stands on another Dockerfile.
    #[must_use]
    pub fn container_calls(&self) -> Vec<ContainerCall> {
        let calls = self.workspace.remembered_of_surroundings("calls in containers", || all_calls(self.workspace));
        let mut own = Vec::new();
        each_service(self, |_, services| own.extend(services.iter().map(|service| service.name.clone())));
        let folders = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        let services = || folders.iter().flat_map(|files| files.iter()).flat_map(|file| &file.services);
        // `docker exec shop-web-1`
        let names = |target: &str, service: &str| {
            target == service
                || target.split(['-', '_']).any(|part| part == service)
                || service.contains(['-', '_']) && target.contains(service)
        };
        let is_other = |target: &str| {
            !own.iter().any(|name| names(target, name)) && services().any(|service| names(target, &service.name))
        };
        calls.iter().filter(|call| !is_other(&call.target)).cloned().collect()
    }
}

fn all_calls(workspace: &Workspace) -> Vec<ContainerCall> {
    let tree = workspace.own_files();
    let files = tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && may_call(&file.path));
    let mut calls: Vec<ContainerCall> = Vec::new();
    for file in files.take(MAX_FILES).filter_map(|file| workspace.read(&file.path).ok()) {
        let is_prose = is_prose(file.path());
        let lines = file.text().lines().flat_map(|line| if is_prose { commands_of_prose(line) } else { vec![line] });
        for (target, words) in lines.flat_map(calls_of) {
            calls.push(ContainerCall { target, words, file: file.path().to_owned() });
        }
    }
    calls
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
    const NAMES: [&str; 10] = [
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
    ];
    let name = file_name(path).to_lowercase();
    NAMES.contains(&name.as_str())
        || ["md", "rst", "adoc", "sh", "bash", "mk"].iter().any(|ending| has_ending(&name, ending))
        || path.contains(".github/workflows/")
        || path.contains(".circleci/")
        || !name.contains('.') && path.split('/').any(|part| matches!(part, "bin" | "scripts" | "script"))
}

/// The calls of a line: `docker exec -it web npm run seed && …`.
fn calls_of(line: &str) -> Vec<(String, Vec<String>)> {
    if !["docker", "podman", "nerdctl", "kubectl"].iter().any(|engine| line.contains(engine)) {
        return Vec::new();
    }
    let line = line.trim_start_matches(['@', '-', '$', '>', ' ', '\t']).replace("\\\"", "\"");
    line.split(['|', ';']).flat_map(|part| part.split("&&")).filter_map(call_of).collect()
}

/// Who is called, and what runs there.
fn call_of(command: &str) -> Option<(String, Vec<String>)> {
    let words: Vec<&str> = command.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let is_engine = |word: &str| {
        matches!(file_name(word), "docker" | "docker-compose" | "podman" | "podman-compose" | "nerdctl" | "kubectl")
    };
    let engine = words.iter().position(|word| is_engine(word))?;
    let behind = words.get(engine + 1..)?;
    let verb = behind.iter().position(|word| matches!(*word, "exec" | "run"))?;
    // `docker build -t app . ` and prose have other words before.
    if behind.get(..verb)?.iter().any(|word| matches!(*word, "build" | "push" | "pull" | "up" | "to" | "and")) {
        return None;
    }
    let mut rest = behind.get(verb + 1..)?.iter();
    let mut target = None;
    let mut given = Vec::new();
    while let Some(word) = rest.next() {
        match target {
            None if WITH_VALUE.contains(word) => {
                rest.next();
            }
            None if word.starts_with('-') => {}
            None => target = Some((*word).to_owned()),
            Some(_) if *word == "--" && given.is_empty() => {}
            Some(_) => given.push((*word).to_owned()),
        }
    }
    // `sh -c "npm run migrate"`
    let is_shell = |word: &String| matches!(file_name(word), "sh" | "bash" | "ash");
    if given.first().is_some_and(is_shell)
        && given.get(1).is_some_and(|word| word.starts_with('-') && word.ends_with('c'))
    {
        given.drain(..2);
    }
    // `docker run --rm -v "$PWD:/src" python:3.12 pip install …`
    let target = target.filter(|target| !given.is_empty() && !catalogue::base_image(target).is_known)?;
    Some((target, given))
}

#[cfg(test)]
mod tests {
    use super::calls_of;

    #[test]
    fn calls_in_containers_are_told_from_others() {
        let read = |line: &str| {
            let calls = calls_of(line).into_iter();
            calls.map(|(target, words)| format!("{target}: {}", words.join(" "))).collect::<Vec<_>>().join("; ")
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
            ("Docker has to run on the machine first", ""),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
