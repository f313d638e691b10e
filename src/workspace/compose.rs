//! Compose files: which Dockerfiles their services build, where, and what they start. Indentation decides; nothing else of YAML
//! is understood, and what holds a variable is left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::text::SourceFile;

use super::Workspace;
use super::paths::{join, parent};

/// A compose file with its services.
#[derive(Debug)]
pub struct ComposeFile {
    /// Its path, relative to the root.
    pub path: String,
    /// Its text.
    pub source: Arc<SourceFile>,
    /// The services, in order.
    pub services: Vec<ComposeService>,
}

/// A service of a compose file.
#[derive(Debug, Default)]
pub struct ComposeService {
    /// Its name.
    pub name: String,
    /// Its lines, below the name, without comments.
    pub lines: Vec<String>,
    /// The 1-based numbers of these lines.
    numbers: Vec<u32>,
    /// What it builds.
    pub build: Option<ComposeBuild>,
    /// Its `entrypoint` and `command`, word by word.
    pub start: Vec<String>,
    /// What it mounts, source and target as written; volumes without a source are left out.
    pub volumes: Vec<(String, String)>,
}

/// What a service says of its build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeBuild {
    /// The build context, relative to the root.
    pub context: String,
    /// The Dockerfile, relative to the root.
    pub dockerfile: String,
    /// The stage that it builds, where it names one.
    pub target: Option<String>,
    /// The 1-based line that says so.
    pub line: u32,
}

impl Workspace {
    /// The compose files in the folders from the one of `path` up to the root, and in `other`.
    #[must_use]
    pub fn compose_files(&self, path: &str, other: &str) -> Vec<Arc<Vec<ComposeFile>>> {
        let mut folders: BTreeSet<&str> = ["", other].into();
        let mut folder = parent(path);
        while folders.insert(folder) {
            folder = parent(folder);
        }
        folders.into_iter().map(|folder| self.compose_files_in(folder)).collect()
    }

    fn compose_files_in(&self, folder: &str) -> Arc<Vec<ComposeFile>> {
        self.remembered(&format!("compose {folder}"), || {
            let entries = self.list(folder).into_iter().filter(|entry| !entry.is_dir && is_compose_name(&entry.name));
            let paths =
                entries.map(|entry| if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) });
            let read = |path: String| {
                let source = self.read(&path).ok()?;
                let services = services(source.text(), folder);
                Some(ComposeFile { path, source, services })
            };
            paths.filter_map(read).collect()
        })
    }
}

/// Whether a file is called as compose files are.
#[must_use]
pub fn is_compose_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_yaml = name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yml" | "yaml"));
    is_yaml && (name.starts_with("docker-compose") || name.starts_with("compose") || name.contains("compose."))
}

/// The width of the white space in front of a line.
#[must_use]
pub fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The value of `key` on a line that holds it.
#[must_use]
pub fn field<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let rest = line.trim().strip_prefix(key)?.strip_prefix(':')?;
    Some(rest.split(" #").next().unwrap_or(rest).trim().trim_matches(['"', '\'']))
}

/// The blocks below the top-level `services:`.
fn services(text: &str, folder: &str) -> Vec<ComposeService> {
    let mut found: Vec<ComposeService> = Vec::new();
    let mut inside = false;
    let mut level = None;
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if indent(line) == 0 {
            inside = content.trim_end_matches(':') == "services";
            level = None;
            continue;
        }
        if !inside {
            continue;
        }
        let level = *level.get_or_insert_with(|| indent(line));
        if indent(line) <= level {
            let name = content.split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
            found.push(ComposeService { name: name.to_owned(), ..ComposeService::default() });
        } else if let Some(service) = found.last_mut() {
            service.lines.push(line.to_owned());
            service.numbers.push(number);
        }
    }
    for service in &mut found {
        service.build = build(&service.lines, &service.numbers, folder);
        let words = ["entrypoint", "command"].into_iter().flat_map(|key| start(&service.lines, key));
        service.start = words.collect();
        service.volumes = volumes(&service.lines);
    }
    found
}

/// The line that holds `key` itself, and those below it.
fn below<'t>(lines: &'t [String], key: &str) -> Option<(&'t str, &'t [String])> {
    let level = lines.first().map(|line| indent(line))?;
    let at = lines.iter().position(|line| indent(line) == level && field(line, key).is_some())?;
    let (line, rest) = lines.get(at..)?.split_first()?;
    let end = rest.iter().position(|other| indent(other) <= level && !other.trim_start().starts_with("- "));
    Some((line, rest.get(..end.unwrap_or(rest.len()))?))
}

fn build(lines: &[String], numbers: &[u32], folder: &str) -> Option<ComposeBuild> {
    let (line, below) = below(lines, "build")?;
    let number = lines.iter().zip(numbers).find(|(other, _)| other.as_str() == line).map_or(1, |(_, number)| *number);
    let inline = field(line, "build").unwrap_or_default();
    let (mut context, mut dockerfile, mut target) = (inline.to_owned(), "Dockerfile".to_owned(), None);
    if inline.is_empty() || inline.starts_with(['{', '&']) {
        ".".clone_into(&mut context);
        let level = below.first().map_or(0, |line| indent(line));
        let own = below.iter().filter(|line| indent(line) == level).map(String::as_str);
        for part in inline.trim_matches(['{', '}']).split(',').chain(own) {
            if field(part, "dockerfile_inline").is_some() {
                return None;
            }
            if let Some(found) = field(part, "context") {
                found.clone_into(&mut context);
            } else if let Some(found) = field(part, "dockerfile") {
                found.clone_into(&mut dockerfile);
            } else if let Some(found) = field(part, "target") {
                target = Some(found.to_owned());
            }
        }
    }
    if [&context, &dockerfile].into_iter().any(|path| path.contains(['$', ':', '*'])) {
        return None;
    }
    let context = join(folder, context.trim_end_matches('/'))?;
    let dockerfile = join(&context, &dockerfile)?;
    Some(ComposeBuild { context, dockerfile, target, line: number })
}

/// `command: gunicorn app`, `command: ["gunicorn", "app"]`, `command: >` with the text below, a list below.
fn start(lines: &[String], key: &str) -> Vec<String> {
    let Some((line, below)) = below(lines, key) else { return Vec::new() };
    let inline = line.trim().strip_prefix(key).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default().trim();
    let is_block = inline.is_empty() || inline.starts_with(['>', '|', '&']);
    let own = if is_block { "" } else { inline };
    let parts = std::iter::once(own).chain(below.iter().map(|line| line.trim().trim_start_matches("- ")));
    let words = parts.flat_map(|part| part.split([' ', '\t', ',', '[', ']', '"', '\'']));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `- ./app:/app:ro`, `- "${DATA:-./data}:/data"`, `volumes: [./app:/app]`, and members with `source:` and `target:`.
fn volumes(lines: &[String]) -> Vec<(String, String)> {
    let Some((line, below)) = below(lines, "volumes") else { return Vec::new() };
    let inline = field(line, "volumes").unwrap_or_default();
    let mut found: Vec<(String, String)> = Vec::new();
    for item in inline.trim_matches(['[', ']']).split(',') {
        found.extend(mount(item));
    }
    for line in below {
        let content = line.trim();
        let member = content.strip_prefix("- ").map(str::trim);
        let content = member.unwrap_or(content);
        if member.is_some() && mount(content).is_none() {
            found.push((String::new(), String::new()));
        }
        let value = |keys: [&str; 2]| keys.into_iter().find_map(|key| field(content, key)).map(str::to_owned);
        if let Some((source, target)) = mount(content).filter(|_| member.is_some()) {
            found.push((source, target));
        } else if let Some((source, target)) = found.last_mut() {
            *source = value(["source", "src"]).unwrap_or(std::mem::take(source));
            *target = value(["target", "destination"]).unwrap_or(std::mem::take(target));
        }
    }
    found.retain(|(source, target)| !source.is_empty() && !target.is_empty());
    found
}

/// The short form: what stands before and behind the first colon that is in no `${…}`.
fn mount(text: &str) -> Option<(String, String)> {
    let text = text.split(" #").next().unwrap_or(text).trim().trim_matches(['"', '\'']);
    let mut depth = 0_u32;
    let at = text.char_indices().find(|&(_, character)| {
        depth = match character {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        character == ':' && depth == 0
    });
    let (source, rest) = (text.get(..at?.0)?, text.get(at?.0 + 1..)?);
    let target = rest.split(':').next()?;
    // `source: ./app` is a member of the long form.
    (target.starts_with(['/', '$']) && !source.contains(' ')).then(|| (source.to_owned(), target.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<ComposeService> {
        services(text, "deploy")
    }

    #[test]
    fn what_services_build() {
        let text = "x-common: &common\n  build: .\nservices:\n  api:\n    build:\n      # below\n      context: ..\n      \
                    dockerfile: api/Dockerfile\n      args:\n        target: no\n      target: prod\n  web:\n    build: ./web/\n  \
                    db:\n    image: postgres\n  job: # a job\n    build: {context: ../job, dockerfile: Dockerfile.job}\n  \
                    any:\n    build: ${WHERE}\n";
        let found: Vec<_> = read(text).into_iter().map(|service| (service.name, service.build)).collect();
        let build = |context: &str, dockerfile: &str, target: Option<&str>, line: u32| {
            let target = target.map(str::to_owned);
            Some(ComposeBuild { context: context.to_owned(), dockerfile: dockerfile.to_owned(), target, line })
        };
        let expected = [
            ("api", build("", "api/Dockerfile", Some("prod"), 5)),
            ("web", build("deploy/web", "deploy/web/Dockerfile", None, 13)),
            ("db", None),
            ("job", build("job", "job/Dockerfile.job", None, 17)),
            ("any", None),
        ];
        assert_eq!(found, expected.map(|(name, build)| (name.to_owned(), build)));
    }

    #[test]
    fn what_services_mount() {
        let text = "services:\n  a:\n    volumes:\n      - ./app:/app:ro\n      - \"${DATA:-./data}:/data\" # here\n      - data:/var/lib\n      - /anonymous\n      \
                    - type: bind\n        source: ../lib\n        target: /lib\n        read_only: true\n      - ./end:/end\n    ports:\n      - 80:80\n  b:\n    \
                    volumes: [\"./x:/x\", y:/y]\n";
        let found: Vec<Vec<(String, String)>> = read(text).into_iter().map(|service| service.volumes).collect();
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|&(source, target)| (source.to_owned(), target.to_owned())).collect()
        };
        let first = pairs(&[
            ("./app", "/app"),
            ("${DATA:-./data}", "/data"),
            ("data", "/var/lib"),
            ("../lib", "/lib"),
            ("./end", "/end"),
        ]);
        assert_eq!(found, [first, pairs(&[("./x", "/x"), ("y", "/y")])]);
    }

    #[test]
    fn what_services_start() {
        let text = "services:\n  a:\n    command: gunicorn -w 4 app\n  b:\n    command: [\"gunicorn\", \"app\"]\n  c:\n    \
                    command: >\n      gunicorn app\n    ports:\n      - 80\n  d:\n    entrypoint: /run.sh\n    command:\n    - serve\n    \
                    - now\n    image: x\n  e:\n    image: x\n";
        let found: Vec<String> = read(text).iter().map(|service| service.start.join(" ")).collect();
        assert_eq!(found, ["gunicorn -w 4 app", "gunicorn app", "gunicorn app", "/run.sh serve now", ""]);
    }
}
