//! Files of hosting platforms that build a Dockerfile and run its image: Render, Heroku, Fly, Railway, `DigitalOcean`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Workspace;
use super::definitions::yaml::Node;
use super::paths::{join, parent};

/// What a platform builds from a Dockerfile and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedImage {
    /// The file that says so, relative to the root.
    pub file: String,
    /// What is run in the image beside its own start, or in its place: `dockerCommand`, `release_command`.
    pub commands: Vec<String>,
}

/// A Dockerfile by its place that a file names, with the commands.
type Named = (String, Vec<String>);
/// The file of a platform by its name, with what reads it for the folder that it stands in.
type Reader = (&'static str, fn(&str, &str) -> Vec<Named>);

const READERS: [Reader; 9] = [
    ("render.yaml", render),
    ("heroku.yml", heroku),
    ("fly.toml", fly),
    ("railway.*toml", railway),
    ("railway.*json", railway),
    (".do/app.yaml", digital_ocean),
    ("captain-definition*", captain),
    ("skaffold.yaml", skaffold),
    ("template.y*ml", sam),
];

impl Workspace {
    /// The images of `dockerfile` that platforms build and run, as files in its folder, in the folder `context` and at the root say.
    #[must_use]
    pub fn deployed(&self, dockerfile: &str, context: &str) -> Vec<DeployedImage> {
        let mut folders = vec!["", parent(dockerfile), context];
        folders.sort_unstable();
        folders.dedup();
        let mut found = Vec::new();
        for folder in folders {
            for (file, named) in self.platform_files_in(folder).iter() {
                let own = named.iter().filter(|(named, _)| named == dockerfile);
                found.extend(own.map(|(_, commands)| DeployedImage { file: file.clone(), commands: commands.clone() }));
            }
        }
        found
    }

    /// The files of platforms in `folder`, with what each of them names.
    fn platform_files_in(&self, folder: &str) -> Arc<Vec<(String, Vec<Named>)>> {
        self.remembered_of_others(&format!("platforms {folder}"), || {
            let mut found = Vec::new();
            for (name, reader) in READERS {
                for path in self.files_called(folder, name) {
                    let Ok(file) = self.read(&path) else { continue };
                    let named = reader(file.text(), folder);
                    found.push((path, named));
                }
            }
            found
        })
    }
}

impl Workspace {
    /// The files of `folder` with a name, in which a `*` stands for anything: `railway.*json`.
    fn files_called(&self, folder: &str, name: &str) -> Vec<String> {
        let Some((start, end)) = name.split_once('*') else {
            return join(folder, name).filter(|path| self.is_file(path)).into_iter().collect();
        };
        let is_called = |name: &str| name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end));
        let entries = self.entries(folder);
        let called = entries.iter().filter(|entry| !entry.is_dir && is_called(&entry.name));
        called.filter_map(|entry| join(folder, &entry.name)).collect()
    }
}

/// `dockerfilePath` in a `captain-definition`.
fn captain(text: &str, folder: &str) -> Vec<Named> {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let path = document.get("dockerfilePath").and_then(Value::as_str);
    path.and_then(|path| join(folder, path)).map(|path| (path, Vec::new())).into_iter().collect()
}

/// `build.artifacts` of Skaffold, but for those that another builder than Docker or kaniko makes.
fn skaffold(text: &str, folder: &str) -> Vec<Named> {
    let Some(document) = Node::parse(text) else { return Vec::new() };
    let artifacts = document.get("build").and_then(|build| build.get("artifacts")).map(Node::items);
    let built = artifacts.unwrap_or_default().iter().filter_map(|artifact| {
        if ["ko", "jib", "buildpacks", "custom", "bazel"].iter().any(|builder| artifact.get(builder).is_some()) {
            return None;
        }
        let context = artifact.get("context").and_then(Node::text).unwrap_or(".");
        let mut builders = ["docker", "kaniko"].iter().filter_map(|builder| artifact.get(builder));
        let file = builders.find_map(|builder| builder.get("dockerfile")?.text()).unwrap_or("Dockerfile");
        Some((join(&join(folder, context)?, file)?, Vec::new()))
    });
    built.collect()
}

/// `Metadata` with `Dockerfile` and `DockerContext` of a function of AWS SAM.
fn sam(text: &str, folder: &str) -> Vec<Named> {
    let Some(document) = Node::parse(text).filter(|_| text.contains("AWS::Serverless")) else { return Vec::new() };
    let resources = document.get("Resources").map(Node::members).unwrap_or_default();
    let built = resources.iter().filter_map(|resource| {
        let metadata = resource.node.get("Metadata")?;
        let file = metadata.get("Dockerfile")?.text()?;
        let context = metadata.get("DockerContext").and_then(Node::text).unwrap_or(".");
        Some((join(&join(folder, context)?, file)?, Vec::new()))
    });
    built.collect()
}

/// `services` of a blueprint with `runtime: docker`; paths are relative to `rootDir` or to the repository.
fn render(text: &str, _: &str) -> Vec<Named> {
    const COMMANDS: [&str; 4] = ["dockerCommand", "initialDeployHook", "preDeployCommand", "startCommand"];
    let Some(document) = Node::parse(text) else { return Vec::new() };
    let lists = |node: &Node| node.get("services").map(|list| list.items().to_vec()).unwrap_or_default();
    let projects = document.get("projects").map(Node::items).unwrap_or_default();
    let environments = projects.iter().filter_map(|project| project.get("environments")).flat_map(Node::items);
    let services = lists(&document).into_iter().chain(environments.flat_map(lists));
    let mut found = Vec::new();
    for service in services {
        let text = |key: &str| service.get(key).and_then(Node::text);
        let by_docker = ["runtime", "env"].iter().any(|key| text(key) == Some("docker"));
        if !by_docker && text("dockerfilePath").is_none() {
            continue;
        }
        let commands: Vec<String> = COMMANDS.iter().filter_map(|key| text(key)).map(str::to_owned).collect();
        let name = text("dockerfilePath").unwrap_or("Dockerfile");
        let mut places: Vec<String> =
            [text("rootDir").unwrap_or_default(), ""].iter().filter_map(|folder| join(folder, name)).collect();
        if text("dockerfilePath").is_none() {
            places.truncate(1);
        }
        places.dedup();
        found.extend(places.into_iter().map(|place| (place, commands.clone())));
    }
    found
}

/// `build: docker: web: Dockerfile`, and what `run` and `release` start in it.
fn heroku(text: &str, folder: &str) -> Vec<Named> {
    let Some(document) = Node::parse(text) else { return Vec::new() };
    let Some(built) = document.get("build").and_then(|build| build.get("docker")) else { return Vec::new() };
    let command = |node: &Node| {
        let given = node.get("command").unwrap_or(node);
        let listed: Vec<&str> = given.items().iter().filter_map(Node::text).collect();
        given.text().map(str::to_owned).or_else(|| Some(listed.join("; ")).filter(|text| !text.is_empty()))
    };
    let run = document.get("run").map(Node::members).unwrap_or_default();
    let release = document.get("release").and_then(command);
    let all: Vec<String> = run.iter().filter_map(|member| command(&member.node)).chain(release).collect();
    built.texts().filter_map(|(_, path)| Some((join(folder, path)?, all.clone()))).collect()
}

/// `[build] dockerfile`, the Dockerfile beside it where no other builder is named; `[deploy] release_command`, `[processes]`.
fn fly(text: &str, folder: &str) -> Vec<Named> {
    let Some(document) = toml(text) else { return Vec::new() };
    let build = |key: &str| document.get("build").and_then(|build| build.get(key));
    let dockerfile = build("dockerfile").and_then(Value::as_str);
    if ["builder", "image", "buildpacks"].iter().any(|key| build(key).is_some()) {
        return Vec::new();
    }
    let release = document.get("deploy").and_then(|deploy| deploy.get("release_command"));
    let processes = document.get("processes").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
    let commands: Vec<String> = release.into_iter().chain(processes).flat_map(texts).collect();
    let place = join(folder, dockerfile.unwrap_or("Dockerfile"));
    place.map(|place| (place, commands)).into_iter().collect()
}

/// `dockerfilePath`, the Dockerfile beside it where no other builder is named; `startCommand`, `preDeployCommand`. TOML or JSON; an
/// environment may say otherwise than the whole.
fn railway(text: &str, folder: &str) -> Vec<Named> {
    let Some(document) = serde_json::from_str(text).ok().or_else(|| toml(text)) else { return Vec::new() };
    let environments = document.get("environments").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
    let whole: Vec<&Value> = std::iter::once(&document).chain(environments).collect();
    let of = |one: &Value, section: &str, key: &str| one.get(section).and_then(|section| section.get(key)).map(texts);
    let builders = whole.iter().filter_map(|one| of(one, "build", "builder")).flatten();
    let names: BTreeSet<String> = whole.iter().filter_map(|one| of(one, "build", "dockerfilePath")).flatten().collect();
    let other = builders.into_iter().any(|builder| !builder.eq_ignore_ascii_case("dockerfile"));
    if other && names.is_empty() {
        return Vec::new();
    }
    let keys = ["startCommand", "preDeployCommand"];
    let commands = keys.iter().flat_map(|key| whole.iter().filter_map(move |one| of(one, "deploy", key)));
    let commands: Vec<String> = commands.flatten().collect();
    let names = if names.is_empty() { BTreeSet::from(["Dockerfile".to_owned()]) } else { names };
    names.into_iter().filter_map(|name| Some((join(folder, &name)?, commands.clone()))).collect()
}

/// `dockerfile_path` and `run_command` of a component.
fn digital_ocean(text: &str, _: &str) -> Vec<Named> {
    let Some(document) = Node::parse(text) else { return Vec::new() };
    let lists = ["services", "workers", "jobs"].iter().filter_map(|key| document.get(key));
    let components = lists.flat_map(Node::items).filter_map(|component| {
        let path = component.get("dockerfile_path")?.text()?;
        let command = component.get("run_command").and_then(Node::text).map(str::to_owned);
        Some((join("", path)?, command.into_iter().collect()))
    });
    components.collect()
}

/// A string, or the strings of a list.
fn texts(value: &Value) -> Vec<String> {
    let own = value.as_str().into_iter();
    let listed = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    own.chain(listed).map(str::to_owned).collect()
}

/// The tables, lists and strings of a file in TOML.
fn toml(text: &str) -> Option<Value> {
    fn of_value(value: &toml_edit::Value) -> Value {
        match value {
            toml_edit::Value::String(text) => Value::String(text.value().clone()),
            toml_edit::Value::Array(list) => Value::Array(list.iter().map(of_value).collect()),
            toml_edit::Value::InlineTable(table) => {
                Value::Object(table.iter().map(|(key, value)| (key.to_owned(), of_value(value))).collect())
            }
            _ => Value::Null,
        }
    }
    fn of_table(table: &toml_edit::Table) -> Value {
        Value::Object(table.iter().map(|(key, item)| (key.to_owned(), of_item(item))).collect())
    }
    fn of_item(item: &toml_edit::Item) -> Value {
        match item {
            toml_edit::Item::Value(value) => of_value(value),
            toml_edit::Item::Table(table) => of_table(table),
            toml_edit::Item::ArrayOfTables(tables) => Value::Array(tables.iter().map(of_table).collect()),
            toml_edit::Item::None => Value::Null,
        }
    }
    Some(of_table(toml_edit::Document::parse(text).ok()?.as_table()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployed(files: &[(&str, &str)], dockerfile: &str) -> Vec<String> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let workspace = Workspace::in_memory(files);
        let found = workspace.deployed(dockerfile, parent(dockerfile)).into_iter();
        found.map(|image| format!("{}: {}", image.file, image.commands.join(" | "))).collect()
    }

    #[test]
    fn platforms_name_a_dockerfile_and_commands() {
        let render = "services:\n  - type: web\n    runtime: docker\n    rootDir: ./api\n    preDeployCommand: make seed\n\
            \x20 - type: web\n    runtime: python\n    startCommand: gunicorn app\n";
        assert_eq!(deployed(&[("render.yaml", render)], "api/Dockerfile"), ["render.yaml: make seed"]);
        assert!(deployed(&[("render.yaml", render)], "Dockerfile").is_empty());
        let heroku = "build:\n  docker:\n    web: Dockerfile\nrun:\n  web: bin/web\nrelease:\n  image: web\n  command:\n    - make migrate\n";
        assert_eq!(deployed(&[("heroku.yml", heroku)], "Dockerfile"), ["heroku.yml: bin/web | make migrate"]);
        let fly = "app = 'a'\n[build]\n  dockerfile = 'Dockerfile.fly'\n[deploy]\n  release_command = 'bin/migrate'\n";
        assert_eq!(deployed(&[("fly.toml", fly)], "Dockerfile.fly"), ["fly.toml: bin/migrate"]);
        assert!(deployed(&[("fly.toml", fly)], "Dockerfile").is_empty());
        assert!(deployed(&[("fly.toml", "[build]\nbuilder = 'x/y'\n")], "Dockerfile").is_empty());
        let railway = "{\"build\": {\"builder\": \"DOCKERFILE\"}, \"deploy\": {\"preDeployCommand\": [\"make seed\"]}}";
        assert_eq!(deployed(&[("railway.json", railway)], "Dockerfile"), ["railway.json: make seed"]);
        let app = "services:\n- name: web\n  dockerfile_path: web/Dockerfile\n  run_command: make start\n";
        assert_eq!(deployed(&[(".do/app.yaml", app)], "web/Dockerfile"), [".do/app.yaml: make start"]);
    }

    #[test]
    fn files_of_other_services_name_a_dockerfile() {
        let captain = "{\"schemaVersion\": 2, \"dockerfilePath\": \"./web.Dockerfile\"}";
        assert_eq!(deployed(&[("captain-definition-web", captain)], "web.Dockerfile"), ["captain-definition-web: "]);
        let railway = "{\"build\": {\"dockerfilePath\": \"api/Dockerfile\"}}";
        assert_eq!(deployed(&[("railway.api.json", railway)], "api/Dockerfile"), ["railway.api.json: "]);
        let skaffold = "build:\n  artifacts:\n  - image: a\n    context: api\n    docker:\n      dockerfile: D\n  - image: b\n    context: web\n    jib: {}\n";
        assert_eq!(deployed(&[("skaffold.yaml", skaffold)], "api/D"), ["skaffold.yaml: "]);
        assert!(deployed(&[("skaffold.yaml", skaffold)], "web/Dockerfile").is_empty());
        let sam = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Metadata:\n      Dockerfile: Dockerfile.f\n      DockerContext: ./f\n";
        assert_eq!(deployed(&[("template.yaml", sam)], "f/Dockerfile.f"), ["template.yaml: "]);
    }

    #[test]
    fn comments_and_ways_to_write_it_change_nothing() {
        let railway = |text: &str| deployed(&[("railway.toml", text)], "Dockerfile");
        assert!(railway("[build]\n# our builder of choice\nbuilder = \"NIXPACKS\"\n").is_empty());
        assert!(railway("build = { builder = 'NIXPACKS' }\n").is_empty());
        assert!(railway("build.builder = \"NIXPACKS\"\n").is_empty());
        let started = "[build]\nbuilder = \"DOCKERFILE\" # builder\n[deploy]\nstartCommand = \"\"\"make start\"\"\"\n";
        assert_eq!(railway(started), ["railway.toml: make start"]);
        let several = "[deploy]\npreDeployCommand = [\n  \"make a\", # first\n  \"make b\",\n]\n";
        assert_eq!(railway(several), ["railway.toml: make a | make b"]);
        let staging = "{\"environments\": {\"staging\": {\"deploy\": {\"startCommand\": \"make \\\"it\\\"\"}}}}";
        assert_eq!(deployed(&[("railway.json", staging)], "Dockerfile"), ["railway.json: make \"it\""]);
        let fly = |text: &str| deployed(&[("fly.toml", text)], "a.Dockerfile");
        assert_eq!(
            fly("build = { dockerfile = \"a.Dockerfile\" }\nprocesses = { web = \"run # x\" }\n"),
            ["fly.toml: run # x"]
        );
        assert_eq!(fly("[\"build\"]\n\"dockerfile\" = 'a.Dockerfile'# here\n"), ["fly.toml: "]);
        assert!(fly("[build]\n# dockerfile = 'a.Dockerfile'\n").is_empty());
        assert!(fly("[build\n").is_empty());
    }
}
