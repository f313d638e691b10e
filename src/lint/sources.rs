//! What a Dockerfile takes from its build context, as evidence of where that context is.

use std::collections::HashMap;

use crate::dockerfile::{Arguments, Dockerfile, Instruction, Keyword, Lookup, RunScript, Value, expand};
use crate::workspace::{Overrides, Service, Workspace};

/// Programs that read requirements files, with the options that name one.
const READERS: [&str; 7] = ["install", "sync", "download", "wheel", "compile", "pip-sync", "pip-compile"];
const FILE_OPTIONS: [&str; 6] = ["-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints"];

/// The service of the Dockerfile at `path`, with the build context that its sources speak for unless `overrides` names it.
#[must_use]
pub fn locate(
    workspace: &Workspace,
    path: &str,
    dockerfile: &Dockerfile,
    text: &str,
    overrides: &Overrides,
) -> Service {
    let is_named = overrides.context.is_some();
    let (sources, named_files) = if is_named { Default::default() } else { sources(dockerfile, text) };
    Service::from_sources(workspace, path, &sources, &named_files, &arguments(dockerfile), overrides)
}

/// The build arguments that the Dockerfile declares.
fn arguments(dockerfile: &Dockerfile) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for instruction in &dockerfile.instructions {
        if let Arguments::Declarations(declarations) = &instruction.arguments {
            names.extend(declarations.iter().map(|declaration| declaration.name.text.clone()));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Sources of `COPY` and `ADD` in the context, and files that `RUN` names, both as far as their names are known.
fn sources(dockerfile: &Dockerfile, text: &str) -> (Vec<String>, Vec<String>) {
    let mut scopes = Scopes::default();
    let (mut sources, mut named_files) = (Vec::new(), Vec::new());
    for instruction in &dockerfile.instructions {
        scopes.enter(instruction, dockerfile.escape);
        match instruction.keyword {
            Keyword::Copy | Keyword::Add if instruction.flag("from").is_none() => {
                if let Arguments::Transfer { sources: words, json, destination } = &instruction.arguments {
                    let literal = words.iter().filter(|word| *json || !word.text.starts_with("<<"));
                    let known = literal
                        .filter_map(|word| scopes.expand(&word.text, dockerfile.escape).known().map(str::to_owned));
                    let known: Vec<String> = known.filter(|source| !source.is_empty() && !is_remote(source)).collect();
                    if let Some(destination) =
                        destination.as_ref().filter(|_| known.iter().any(|source| is_all(source)))
                    {
                        let destination = scopes.expand(&destination.text, dockerfile.escape);
                        scopes.place(destination.known());
                    }
                    sources.extend(known);
                }
            }
            Keyword::Run => {
                let Some(RunScript::Shell(script)) = instruction.script(text) else { continue };
                named_files.extend(files_named_in(script.text(), &scopes));
            }
            _ => {}
        }
    }
    (sources, named_files)
}

/// `COPY . app`
fn is_all(source: &str) -> bool {
    matches!(source, "." | "./" | "/")
}

fn is_remote(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

/// Files that package managers are told to read. A folder that `WORKDIR` or `cd` made current says nothing of the context, so
/// only names below it count.
fn files_named_in(script: &str, scopes: &Scopes) -> Vec<String> {
    let mut files = Vec::new();
    for command in script.split(['\n', ';', '&', '|']) {
        let words: Vec<&str> = command.split_whitespace().collect();
        if words.iter().any(|word| matches!(*word, "uv" | "poetry" | "pdm"))
            && words.iter().any(|word| matches!(*word, "sync" | "install"))
        {
            let is_pip = words.contains(&"pip");
            files.extend((!is_pip).then(|| "pyproject.toml".to_owned()));
        }
        if !words.iter().any(|word| READERS.contains(word)) {
            continue;
        }
        // `pip install .` reads the project's own files.
        if words
            .iter()
            .any(|word| matches!(*word, "." | "./" | "\".\"") || word.trim_start_matches(['"', '\'']).starts_with(".["))
        {
            files.extend(["pyproject.toml", "setup.py"].map(str::to_owned));
        }
        for (index, word) in words.iter().enumerate() {
            let attached = FILE_OPTIONS.iter().find_map(|option| word.strip_prefix(option)?.strip_prefix('='));
            let next = FILE_OPTIONS.contains(word).then(|| words.get(index + 1).copied()).flatten();
            let Some(name) = attached.or(next) else { continue };
            let name = scopes.expand(name, '\\');
            files.extend(name.known().and_then(|name| scopes.below_workdir(name)));
        }
    }
    files
}

/// What `ARG` and `ENV` say, stage by stage.
#[derive(Default)]
struct Scopes {
    /// The first holds what stands before the first `FROM`.
    scopes: Vec<Scope>,
    /// Stages by name and number.
    by_name: HashMap<String, usize>,
}

#[derive(Default)]
struct Scope {
    parent: Option<usize>,
    variables: HashMap<String, Lookup>,
    workdir: String,
    /// Folders of the image that hold the whole context, in order.
    wholes: Vec<String>,
}

impl Scopes {
    /// Takes in what `instruction` declares.
    fn enter(&mut self, instruction: &Instruction, escape: char) {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        match &instruction.arguments {
            Arguments::From { image, name } => {
                let parent = image.as_ref().and_then(|image| self.by_name.get(&image.text.to_lowercase()).copied());
                let number = self.scopes.len();
                let below = parent.and_then(|parent| self.scopes.get(parent));
                let workdir = below.map_or(String::new(), |scope| scope.workdir.clone());
                let wholes = below.map(|scope| scope.wholes.clone()).unwrap_or_default();
                self.scopes.push(Scope { parent, variables: HashMap::new(), workdir, wholes });
                if let Some(name) = name {
                    self.by_name.insert(name.text.to_lowercase(), number);
                }
            }
            Arguments::Declarations(declarations) => {
                for declaration in declarations {
                    let default = declaration.default.as_ref().map(|word| self.expand(&word.text, escape));
                    let inherited =
                        || self.scopes.first().and_then(|scope| scope.variables.get(&declaration.name.text)).cloned();
                    let value = default.as_ref().map(lookup).or_else(inherited).unwrap_or(Lookup::Unknown);
                    self.set(&declaration.name.text, value);
                }
            }
            Arguments::Pairs(pairs) if instruction.keyword == Keyword::Env => {
                for pair in pairs {
                    let value = lookup(&self.expand(&pair.value.text, escape));
                    self.set(&pair.name.text, value);
                }
            }
            Arguments::Text(word) if instruction.keyword == Keyword::Workdir => {
                let folder = self.expand(&word.text, escape);
                if let Some(scope) = self.scopes.last_mut() {
                    match folder.known() {
                        Some(folder) if folder.starts_with('/') => {
                            folder.trim_end_matches('/').clone_into(&mut scope.workdir);
                        }
                        Some(folder) => scope.workdir = format!("{}/{folder}", scope.workdir),
                        None => scope.workdir.clear(),
                    }
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, name: &str, value: Lookup) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.variables.insert(name.to_owned(), value);
        }
    }

    fn expand(&self, word: &str, escape: char) -> Value {
        expand(word, escape, &|name| self.look_up(name))
    }

    fn look_up(&self, name: &str) -> Lookup {
        let mut scope = self.scopes.last();
        while let Some(here) = scope {
            if let Some(value) = here.variables.get(name) {
                return value.clone();
            }
            scope = here.parent.and_then(|parent| self.scopes.get(parent));
        }
        Lookup::Unset
    }

    /// Remembers that `destination` holds the whole context from here on.
    fn place(&mut self, destination: Option<&str>) {
        let Some(scope) = self.scopes.last_mut() else { return };
        if let Some(destination) = destination {
            let folder = scope.absolute(destination);
            scope.wholes.push(folder);
        }
    }

    /// A file named in a `RUN`, relative to the context where that is copied as a whole, else to the folder that it runs in.
    fn below_workdir(&self, name: &str) -> Option<String> {
        let scope = self.scopes.last();
        // `COPY . worker`, `RUN pip install -r worker/requirements.txt`
        let copied = scope.and_then(|scope| {
            let path = scope.absolute(name);
            let inside = |whole: &String| path.strip_prefix(whole.as_str())?.strip_prefix('/').map(str::to_owned);
            scope.wholes.iter().rev().find_map(inside)
        });
        let name = match scope.filter(|scope| !scope.workdir.is_empty()) {
            _ if copied.is_some() => copied.as_deref().unwrap_or_default(),
            Some(scope) if name.starts_with('/') => name.strip_prefix(&scope.workdir)?.strip_prefix('/')?,
            _ => name,
        };
        let usable = !name.is_empty() && !name.starts_with(['/', '-']) && !name.contains(['$', '(', '`', '<']);
        usable.then(|| name.trim_start_matches("./").to_owned())
    }
}

impl Scope {
    /// `path` below the current folder, without `.` and without a slash at its end.
    fn absolute(&self, path: &str) -> String {
        let (base, rest) = if path.starts_with('/') { ("", path) } else { (self.workdir.as_str(), path) };
        let mut absolute = base.to_owned();
        for part in rest.split('/').filter(|part| !matches!(*part, "" | ".")) {
            absolute.push('/');
            absolute.push_str(part);
        }
        absolute
    }
}

fn lookup(value: &Value) -> Lookup {
    value.known().map_or(Lookup::Unknown, |text| Lookup::Known(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_context_must_hold() {
        let text = "ARG DIR=app\nARG REQ\nFROM python AS base\nARG DIR\nENV SUB=$DIR/src\nCOPY ${SUB} lib* /x/\nCOPY --from=base /a /b\n\
                    FROM base\nWORKDIR /srv\nCOPY <<EOF /etc/x\nEOF\nADD https://example.org/a.tgz $REQ.txt $SUB/b /\n\
                    RUN pip install --no-cache-dir -r requirements/base.txt -c /srv/c.txt && rm -r old && pip install -r /other/r.txt\n\
                    RUN uv sync --frozen\n";
        let (sources, named) = sources(&Dockerfile::parse(text), text);
        assert_eq!(sources, ["app/src", "lib*", ".txt", "app/src/b"]);
        assert_eq!(named, ["requirements/base.txt", "c.txt", "pyproject.toml"]);
    }

    #[test]
    fn files_below_the_copied_context_are_its_own() {
        for (lines, expected) in [
            ("WORKDIR /worker\nCOPY . parser\nRUN pip install -r parser/requirements.txt\n", "requirements.txt"),
            ("WORKDIR /worker\nCOPY ./ /srv/\nRUN pip install -r /srv/a/requirements.txt\n", "a/requirements.txt"),
            ("COPY . /app\nWORKDIR /app/api\nRUN pip install -r requirements.txt\n", "api/requirements.txt"),
            ("WORKDIR /app\nCOPY . .\nRUN pip install -r ./requirements.txt\n", "requirements.txt"),
            ("WORKDIR /app\nCOPY . parser\nRUN pip install -r requirements.txt\n", "requirements.txt"),
        ] {
            let text = format!("FROM python\n{lines}");
            assert_eq!(sources(&Dockerfile::parse(&text), &text).1, [expected], "{text}");
        }
    }
}
