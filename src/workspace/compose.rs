//! Compose files: which Dockerfiles their services build, where, and what they start. What they build is read as YAML, with aliases and
//! merged keys; of the rest indentation decides. Paths that hold a variable are left out.

mod variables;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::text::SourceFile;

use super::Workspace;
use super::definitions::yaml::{Node, Scalar};
use super::definitions::{Given, Setting};
use super::inline::path_in;
use super::paths::{join, parent};
use variables::interpolated;

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
    /// What it builds.
    pub build: Option<ComposeBuild>,
    /// What its own lines say of that.
    written: Option<Written>,
    /// Its `entrypoint` and `command`, word by word.
    pub start: Vec<String>,
    /// What it mounts, source and target as written, also through an alias; volumes without a source are left out.
    pub volumes: Vec<(String, String)>,
    /// The image that it runs, or that what it builds is called, as written.
    pub image: Option<String>,
    /// The folder that it works in, where it says so itself.
    pub working_dir: Option<String>,
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
    /// What it gives to the build.
    pub(super) arguments: Given,
    /// The platform that it is built for.
    pub(super) platform: Setting,
    /// Whether it says where the Dockerfile is, rather than adding to what another file says.
    pub is_whole: bool,
    /// The 1-based line that says so.
    pub line: u32,
}

/// What a service says of its build itself, before what it extends is taken in.
#[derive(Clone, Debug, Default)]
struct Written {
    /// Relative to the root.
    context: Setting,
    /// As it is written, relative to the context.
    dockerfile: Option<String>,
    target: Option<String>,
    arguments: Given,
    platform: Setting,
    line: u32,
    inline: Inline,
}

/// Whether the Dockerfile stands in a compose file: `dockerfile_inline`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Inline {
    #[default]
    No,
    /// In the service that this one extends, under whose name it is read.
    Extended,
    /// Here; it is read under this path.
    Here(String),
}

impl Written {
    /// It, with what `below` says where it says nothing itself.
    fn over(self, below: Option<Self>) -> Self {
        let Some(below) = below else { return self };
        Self {
            context: self.context.or(below.context),
            dockerfile: self.dockerfile.or(below.dockerfile),
            target: self.target.or(below.target),
            arguments: self.arguments.over(below.arguments),
            platform: self.platform.or(below.platform),
            line: self.line,
            inline: match (self.inline, below.inline) {
                (Inline::No, Inline::No) => Inline::No,
                (Inline::No, _) => Inline::Extended,
                (own, _) => own,
            },
        }
    }

    fn build(self, folder: &str) -> Option<ComposeBuild> {
        let is_whole = self.dockerfile.is_some() || self.inline != Inline::No || !self.context.is_unset();
        let dockerfile = self.dockerfile.unwrap_or_else(|| "Dockerfile".to_owned());
        if dockerfile.contains(['$', ':', '*']) {
            return None;
        }
        let context = self.context.known_or(folder)?;
        let dockerfile = match self.inline {
            Inline::Here(path) => path,
            Inline::Extended => return None,
            Inline::No => join(&context, &dockerfile)?,
        };
        let Self { target, arguments, platform, line, .. } = self;
        Some(ComposeBuild { context, dockerfile, target, arguments, platform, is_whole, line })
    }
}

impl ComposeService {
    /// The Dockerfile that it builds where its file is given alone, rather than laid over the main one: one in `folder`, relative to the root.
    #[must_use]
    pub fn dockerfile_alone(&self, folder: &str) -> Option<String> {
        let build = self.written.clone()?.build(folder)?;
        build.is_whole.then_some(build.dockerfile)
    }

    /// The other file, as written, in which the service is that it extends.
    pub(super) fn extended_file(&self) -> Option<String> {
        extended(&self.lines)?.0
    }
}

impl Workspace {
    /// The compose files in the folders from the one of `path` up to the root, and in `other`, folder by folder; folders without any are
    /// left out.
    #[must_use]
    pub fn compose_files(&self, path: &str, other: &str) -> Arc<Vec<Arc<Vec<ComposeFile>>>> {
        let own = parent(path);
        self.remembered_of_others(&format!("compose files {own}\0{other}"), || {
            let mut folders: BTreeSet<&str> = ["", other].into();
            // The context may be one of those on the way.
            let mut folder = own;
            while !folder.is_empty() {
                folders.insert(folder);
                folder = parent(folder);
            }
            let found = folders.into_iter().map(|folder| self.compose_files_in(folder));
            found.filter(|files| !files.is_empty()).collect()
        })
    }

    /// The compose files in `folder`.
    pub(super) fn compose_files_in(&self, folder: &str) -> Arc<Vec<ComposeFile>> {
        self.remembered_of_others(&format!("compose {folder}"), || {
            let may_be = |name: &str| is_compose_name(name) || may_be_compose_name(name);
            let entries = self.list(folder).into_iter().filter(|entry| !entry.is_dir && may_be(&entry.name));
            let paths =
                entries.map(|entry| if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) });
            let read = |path: String| {
                let source = self.read(&path).ok()?;
                let has_services = || source.text().lines().any(|line| line.starts_with("services:"));
                let name = path.rsplit('/').next().unwrap_or(&path);
                if !is_compose_name(name) && !has_services() {
                    return None;
                }
                let services = self.services(source.text(), &path);
                Some(ComposeFile { path, source, services })
            };
            let mut files: Vec<ComposeFile> = paths.filter_map(read).collect();
            self.extend(&mut files, folder);
            files
        })
    }

    /// The services of the compose file at `path` with `text`.
    fn services(&self, text: &str, path: &str) -> Vec<ComposeService> {
        let folder = parent(path);
        let dotenv = if folder.is_empty() { ".env".to_owned() } else { format!("{folder}/.env") };
        // `${VERSION:-1}`
        let is_asked = text.contains("args:") && text.contains(":-") && self.is_file(&dotenv);
        let dotenv = if is_asked { self.read(&dotenv).ok() } else { None };
        services(text, path, dotenv.as_ref().map(|source| source.text()).unwrap_or_default())
    }

    /// Takes in what services say in other places: in those that they extend, and in the main file, over which others are laid.
    fn extend(&self, files: &mut [ComposeFile], folder: &str) {
        let is_main = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            MAIN_FILES.contains(&name)
        };
        let main = files.iter().find(|file| is_main(&file.path));
        let main = main.map_or_else(WrittenByName::new, |file| by_name(&file.services));
        let mut others: HashMap<String, WrittenByName> = HashMap::new();
        for file in files {
            let own = by_name(&file.services);
            let laid_over = !is_main(&file.path);
            for service in &mut file.services {
                let named = |all: &WrittenByName, name: &str| all.get(name).cloned().flatten();
                let extended = extended(&service.lines).and_then(|(path, name)| match path {
                    None => named(&own, &name),
                    Some(path) => {
                        let path = join(folder, &path)?;
                        let read = || self.read(&path).map(|source| by_name(&self.services(source.text(), &path)));
                        named(others.entry(path.clone()).or_insert_with(|| read().unwrap_or_default()), &name)
                    }
                });
                let below = extended.or_else(|| named(&main, &service.name).filter(|_| laid_over));
                let written = match service.written.clone() {
                    Some(written) => Some(written.over(below)),
                    // A service of another file that says nothing of a build is built where the main file says so.
                    None => below.filter(|_| extended_itself(&service.lines)),
                };
                service.build = written.and_then(|written| written.build(folder));
            }
        }
    }
}

type WrittenByName = HashMap<String, Option<Written>>;

fn by_name(services: &[ComposeService]) -> WrittenByName {
    services.iter().map(|service| (service.name.clone(), service.written.clone())).collect()
}

/// What compose reads when no file is named.
const MAIN_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// The service that a service extends, with the file that it is in unless that is its own.
fn extended(lines: &[String]) -> Option<(Option<String>, String)> {
    let (line, below) = below(lines, "extends")?;
    let inline = field(line, "extends").unwrap_or_default();
    if !inline.is_empty() && !inline.starts_with('{') {
        return Some((None, inline.to_owned()));
    }
    let parts: Vec<&str> = inline.trim_matches(['{', '}']).split(',').chain(below.iter().map(String::as_str)).collect();
    let said = |key: &str| parts.iter().find_map(|part| field(part, key)).map(str::to_owned);
    Some((said("file"), said("service")?))
}

fn extended_itself(lines: &[String]) -> bool {
    below(lines, "extends").is_some()
}

/// Whether a file is called as compose files are.
#[must_use]
pub fn is_compose_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_yaml = name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yml" | "yaml"));
    is_yaml && (name.starts_with("docker-compose") || name.starts_with("compose") || name.contains("compose."))
}

/// Whether a file may be a compose file by another name, which only its `services:` tell: `docker compose -f local.yml up`, as the widely
/// used template for Django has it.
pub(super) fn may_be_compose_name(name: &str) -> bool {
    let purpose = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    purpose.is_some_and(|purpose| matches!(purpose, "local" | "staging" | "production"))
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

/// The blocks below the top-level `services:` of the file at `path`; `dotenv` is the text of the file that sets variables for compose.
fn services(text: &str, path: &str, dotenv: &str) -> Vec<ComposeService> {
    let folder = parent(path);
    let mut found: Vec<ComposeService> = Vec::new();
    let mut inside = false;
    let mut level = None;
    for line in text.lines() {
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
        }
    }
    let node = if text.contains("build") { Node::parse(text) } else { None };
    let nodes = node.as_ref().and_then(|node| node.get("services"));
    for service in &mut found {
        let node = nodes.and_then(|nodes| nodes.get(&service.name));
        service.written = node.and_then(|node| written(node, folder, dotenv));
        let is_inline = node.and_then(|node| node.get("build")?.get("dockerfile_inline")).is_some();
        if let Some(written) = service.written.as_mut().filter(|_| is_inline) {
            written.inline = Inline::Here(path_in(path, &service.name));
        }
        service.build = service.written.clone().and_then(|written| written.build(folder));
        let words = ["entrypoint", "command"].into_iter().flat_map(|key| start(&service.lines, key));
        service.start = words.collect();
        let own = |key: &str| field(below(&service.lines, key)?.0, key).map(str::to_owned);
        service.image = own("image");
        service.working_dir = own("working_dir").filter(|folder| folder.starts_with('/'));
        service.volumes = volumes(&service.lines);
        if service.volumes.is_empty() {
            service.volumes = node.and_then(|node| node.get("volumes")).map(listed_volumes).unwrap_or_default();
        }
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

fn written(service: &Node, folder: &str, dotenv: &str) -> Option<Written> {
    let build = service.member("build")?;
    let place = |path: &str| {
        let known = !path.contains(['$', ':', '*']);
        known.then(|| join(folder, path.trim_end_matches('/'))).flatten()
    };
    let mut written = Written { line: build.line, ..Written::default() };
    if let Some(context) = build.node.text() {
        written.context = place(context).into();
    }
    let text = |key: &str| build.node.get(key).and_then(Node::text);
    if let Some(context) = text("context") {
        written.context = place(context).into();
    }
    written.dockerfile = text("dockerfile").map(str::to_owned);
    written.target = text("target").map(str::to_owned);
    written.arguments = build.node.get("args").map(|node| arguments(node, dotenv)).unwrap_or_default();
    written.platform =
        match (build.node.get("platforms").map(Node::items), service.get("platform").and_then(Node::text)) {
            (Some([one]), _) => one.text().filter(|one| !one.contains('$')).map(str::to_owned).into(),
            (Some(_), _) => Setting::Unknown,
            (None, Some(one)) => Some(one.to_owned()).filter(|one| !one.contains('$')).into(),
            (None, None) => Setting::Unset,
        };
    Some(written)
}

/// `args:` as a mapping, or as a list of `NAME=value`.
fn arguments(node: &Node, dotenv: &str) -> Given {
    let mut given = Given::default();
    for member in node.members() {
        let value = member.node.scalar().and_then(|scalar| passed(scalar, dotenv));
        given.give(&member.key, value);
    }
    for item in node.items() {
        match item.text().and_then(|text| text.split_once('=')) {
            Some((name, value)) => given.give(name, interpolated(value, dotenv)),
            None => given.give(item.text().unwrap_or_default(), None),
        }
    }
    if node.scalar().is_some_and(|scalar| !scalar.text.is_empty()) {
        given.give_others();
    }
    given
}

/// What compose passes for a value: `3.10` without quotes is the number 3.1, and none at all is that of a variable.
fn passed(scalar: &Scalar, dotenv: &str) -> Option<String> {
    let text = scalar.text.as_str();
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
        && text.parse::<f64>().map_or(text.contains(['x', 'o', '_']), |number| number.to_string() != text);
    let is_word = matches!(text.to_ascii_lowercase().as_str(), "" | "~" | "null" | "true" | "false");
    if scalar.plain && (is_number || is_word && !matches!(text, "true" | "false")) {
        return None;
    }
    interpolated(text, dotenv)
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

/// The same where an alias or a merged key brings them: `volumes: *sources`.
fn listed_volumes(node: &Node) -> Vec<(String, String)> {
    let long = |item: &Node, keys: [&str; 2]| keys.iter().find_map(|key| item.get(key)?.text()).map(str::to_owned);
    let read = |item: &Node| match item.text() {
        Some(text) => mount(text),
        None => Some((long(item, ["source", "src"])?, long(item, ["target", "destination"])?)),
    };
    node.items().iter().filter_map(read).collect()
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
        services(text, "deploy/compose.yml", "")
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
            Some(ComposeBuild {
                context: context.to_owned(),
                dockerfile: dockerfile.to_owned(),
                target,
                arguments: Given::default(),
                platform: Setting::Unset,
                is_whole: true,
                line,
            })
        };
        let mut api = build("", "api/Dockerfile", Some("prod"), 5);
        if let Some(build) = &mut api {
            build.arguments.give("target", Some("no".to_owned()));
        }
        let expected = [
            ("api", api),
            ("web", build("deploy/web", "deploy/web/Dockerfile", None, 13)),
            ("db", None),
            ("job", build("job", "job/Dockerfile.job", None, 17)),
            ("any", None),
        ];
        assert_eq!(found, expected.map(|(name, build)| (name.to_owned(), build)));
    }

    #[test]
    fn what_services_extend() {
        let main = "services:\n  base:\n    build:\n      context: api\n      dockerfile: D\n      target: prod\n  one:\n    extends: base\n  two:\n    \
                    extends:\n      service: base\n    build:\n      target: dev\n  three:\n    extends:\n      file: common/x.yml\n      service: far\n  \
                    four:\n    image: x\n";
        let laid_over = "services:\n  base:\n    build:\n      target: test\n  one:\n    environment:\n      A: 1\n  four:\n    build: web\n";
        let far = "services:\n  far:\n    build: ./y\n";
        let files = [("compose.yml", main), ("compose.override.yml", laid_over), ("common/x.yml", far)];
        let workspace = Workspace::in_memory(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
        let folders = workspace.compose_files("Dockerfile", "");
        let services = folders.iter().flat_map(|files| files.iter()).flat_map(|file| &file.services);
        let builds = services.map(|service| {
            let build = service.build.as_ref();
            let build =
                build.map(|build| format!("{} {:?}", build.dockerfile, build.target.as_deref().unwrap_or_default()));
            format!("{} {}", service.name, build.unwrap_or_default())
        });
        assert_eq!(
            builds.collect::<Vec<_>>(),
            [
                "base api/D \"test\"",
                "one ",
                "four web/Dockerfile \"\"",
                "base api/D \"prod\"",
                "one api/D \"prod\"",
                "two api/D \"dev\"",
                "three common/y/Dockerfile \"\"",
                "four ",
            ]
        );
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
