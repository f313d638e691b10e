//! Files of CI services: GitHub's workflows with their actions, and the scripts of all.

use super::super::paths::join;
use super::command::{Built, FROM_ROOT, Word, built, local, resolve};
use super::script::{Machine, Variables};
use super::yaml::{Member, Node, Scalar};
use super::{Given, Setting};

/// Rows of a matrix that are looked at.
const MAX_ROWS: usize = 64;

/// How long a script and a value may get by what is filled in, in bytes.
const MAX_TEXT: usize = 512_000;
const MAX_VALUE: usize = 4_096;

/// Keys below which scripts stand, those first that run first.
const SCRIPTS: [&str; 9] =
    ["before_script", "run", "script", "bash", "command", "commands", "cmd", "cmds", "after_script"];

/// What is known where a step stands.
#[derive(Clone, Debug)]
struct Scope<'n> {
    /// The folder of the repository, relative to the root.
    repository: String,
    /// Where scripts run; `None` where nobody knows.
    directory: Option<String>,
    environment: Variables,
    /// Of a row of the matrix: `service`, `service.name`.
    matrix: Vec<(String, &'n str)>,
    /// The name of the job.
    job: Option<String>,
}

/// What the file with `text` builds in the repository at `repository`, each with its 1-based line.
pub(super) fn builds(text: &str, repository: &str) -> Vec<(u32, Built)> {
    let Some(node) = Node::parse(text) else { return Vec::new() };
    let scope = Scope {
        repository: repository.to_owned(),
        directory: Some(repository.to_owned()),
        environment: Variables::new(),
        matrix: Vec::new(),
        job: None,
    };
    let mut found = Vec::new();
    scope.visit(&node, &mut found);
    found
}

impl<'n> Scope<'n> {
    fn visit(&self, node: &'n Node, found: &mut Vec<(u32, Built)>) {
        match node {
            Node::List(items) => items.iter().for_each(|item| self.visit(item, found)),
            Node::Map(_) => {
                let rows = node.get("strategy").and_then(|strategy| strategy.get("matrix")).map(rows);
                match rows.filter(|rows| !rows.is_empty() && self.matrix.is_empty()) {
                    Some(rows) => {
                        for matrix in rows {
                            Self { matrix, ..self.clone() }.enter(node, found);
                        }
                    }
                    None => self.clone().enter(node, found),
                }
            }
            Node::Scalar(_) => {}
        }
    }

    fn enter(mut self, node: &'n Node, found: &mut Vec<(u32, Built)>) {
        // Its files are those of another repository.
        if checks_out_another(node) {
            return;
        }
        for key in ["env", "variables", "environment"] {
            for (name, value) in node.get(key).into_iter().flat_map(Node::texts) {
                let value = self.filled(value);
                self.environment.insert(name.to_owned(), value.filter(|value| !value.contains('$')));
            }
        }
        if let Some(name) = node.get("name").and_then(Node::text).filter(|_| node.get("steps").is_some()) {
            self.job = Some(name.to_owned());
        }
        let defaults = node.get("defaults").and_then(|defaults| defaults.get("run"));
        for holder in [defaults, Some(node)].into_iter().flatten() {
            let keys = ["working-directory", "workingDirectory", "working_directory"];
            if let Some(path) = keys.into_iter().find_map(|key| holder.get(key)?.text()) {
                let path = self.filled(path).filter(|path| !path.contains(['$', '~']));
                self.directory = path.and_then(|path| resolve(&self.repository, &path));
            }
        }
        if let Some(Node::Scalar(action)) = node.get("uses")
            && action.text.contains("build-push-action@")
        {
            let is_first = action.text.rsplit('@').next().is_some_and(|version| version.starts_with("v1"));
            let built = self.action(node.get("with"), is_first);
            found.extend(built.map(|built| (action.line, built)));
        }
        found.extend(self.cloud_build(node));
        let mut machine = Machine::new(&self.repository, self.directory.clone(), self.environment.clone());
        for key in SCRIPTS {
            let Some(script) = node.get(key) else { continue };
            let parts = script.items().iter().chain([script]).filter_map(Node::scalar);
            parts.for_each(|part| found.extend(self.script(&mut machine, part)));
        }
        for Member { key, node, .. } in node.members() {
            let is_data =
                matches!(key.as_str(), "with" | "env" | "strategy" | "variables" | "on" | "inputs" | "outputs");
            if is_data {
                continue;
            }
            if node.get("steps").is_some() {
                Self { job: Some(key.clone()), ..self.clone() }.visit(node, found);
            } else {
                self.visit(node, found);
            }
        }
    }

    /// A step of Google Cloud Build: the program is the image's, `args` are its words.
    fn cloud_build(&self, step: &Node) -> Option<(u32, Built)> {
        let image = step.get("name").and_then(Node::scalar)?;
        let name = image.text.split([':', '@']).next()?.rsplit('/').next()?;
        let program = match (name, step.get("entrypoint").and_then(Node::text)) {
            ("docker", None | Some("docker")) => "docker",
            ("executor", None) if image.text.contains("kaniko") => "executor",
            _ => return None,
        };
        let word = |node: &Node| match node
            .text()
            .map(|text| text.split_once('$').map_or((text, false), |(text, _)| (text, true)))
        {
            Some((text, false)) => Word::Known(text.to_owned()),
            Some((start, true)) if start.contains('=') => Word::Begins(start.to_owned()),
            _ => Word::Unknown,
        };
        let arguments = step.get("args").map(Node::items).unwrap_or_default().iter().map(word);
        let words: Vec<Word> = std::iter::once(Word::Known(program.to_owned())).chain(arguments).collect();
        let directory = match step.get("dir").and_then(Node::text) {
            Some(below) => join(&self.repository, below)?,
            None => self.repository.clone(),
        };
        Some((image.line, built(&words, &directory)?))
    }

    fn script(&self, machine: &mut Machine, script: &Scalar) -> Vec<(u32, Built)> {
        let (mut text, mut rest) = (String::new(), script.text.as_str());
        while let Some((before, behind)) = rest.split_once("${{") {
            let Some((expression, after)) = behind.split_once("}}") else { break };
            text.push_str(before);
            let value = self.expression(expression.trim()).filter(|_| text.len() < MAX_TEXT);
            // A variable that has no value, so that the rest stays what it is.
            text.push_str(value.as_deref().unwrap_or("$__UNKNOWN"));
            rest = after;
        }
        text.push_str(rest);
        let line = |line: u32| if script.literal { script.line.saturating_add(line) } else { script.line };
        machine.run(&text).into_iter().map(|(at, built)| (line(at), built)).collect()
    }

    /// `docker/build-push-action` (its page, "Customizing": without a context it is the repository; `file` is seen from there). Its first
    /// version called them `path` and `dockerfile`, and pushed unless told not to.
    fn action(&self, with: Option<&Node>, is_first: bool) -> Option<Built> {
        const REPOSITORY: &str = "/github/workspace/";
        let (context, dockerfile) = if is_first { ("path", "dockerfile") } else { ("context", "file") };
        let input =
            |name: &str| with.and_then(|with| with.get(name)).and_then(Node::text).filter(|text| !text.is_empty());
        let said =
            input(context).map(|context| self.filled(context)).map_or(Some(None), |context| context.map(Some))?;
        let file = input(dockerfile).map(|file| file.strip_prefix(REPOSITORY).unwrap_or(file));
        let file = file.map(|file| self.filled(file)).map_or(Some(None), |file| file.map(Some))?;
        let (context, base) = match said.as_deref().map(|context| context.strip_prefix("{{defaultContext}}")) {
            None => (self.repository.clone(), self.repository.clone()),
            Some(Some(below)) => {
                let folder = join(&self.repository, below.trim_start_matches(':'))?;
                (folder.clone(), folder)
            }
            Some(None) => (resolve(&self.repository, local(said.as_deref()?)?)?, self.repository.clone()),
        };
        let dockerfile = match file {
            Some(file) => resolve(&base, local(&file)?)?,
            None => join(&context, "Dockerfile")?,
        };
        let setting = |name: &str| input(name).map_or(Setting::Unset, |text| self.filled(text).into());
        let platform = match setting("platforms") {
            Setting::Known(platform) if platform.contains([',', '\n']) => Setting::Unknown,
            platform => platform,
        };
        let mut arguments = Given::default();
        for line in input("build-args").unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once('=') {
                // The list is read as CSV.
                Some((name, value)) if !line.contains('"') => arguments.give(name, self.filled(value)),
                Some((name, _)) => arguments.give(name.trim_start_matches('"'), None),
                None if line.contains('$') => arguments.give_others(),
                None => arguments.give(line, None),
            }
        }
        let switch = |name: &str| match input(name).map(str::trim) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        // `push: ${{ github.ref == 'refs/heads/main' }}` pushes at times.
        let pushes_at_times = || input("push").is_some_and(|text| text.contains("${{"));
        let to_registry = || {
            let outputs = input("outputs").unwrap_or_default();
            outputs.contains("type=registry") || outputs.contains("push=true")
        };
        let pushed = match switch("push") {
            _ if pushes_at_times() || to_registry() => Some(true),
            None if is_first => Some(true),
            said => said,
        };
        let keeps = pushed == Some(false) && switch("load") == Some(true);
        let tried_in = self.job.clone().filter(|job| keeps && is_for_tests(job));
        Some(Built { context, dockerfile, target: setting("target"), arguments, platform, pushed, tried_in })
    }

    /// `text` with its expressions filled in; `None` when nobody knows one of them.
    fn filled(&self, text: &str) -> Option<String> {
        let mut result = String::new();
        let mut rest = text.trim();
        while let Some((before, expression)) = rest.split_once("${{") {
            let (expression, after) = expression.split_once("}}")?;
            result.push_str(before);
            result.push_str(&self.expression(expression.trim())?);
            if result.len() > MAX_VALUE {
                return None;
            }
            rest = after;
        }
        result.push_str(rest);
        Some(result)
    }

    fn expression(&self, expression: &str) -> Option<String> {
        if expression == "github.workspace" {
            return Some(format!("{FROM_ROOT}{}", self.repository));
        }
        if let Some(name) = expression.strip_prefix("matrix.") {
            return self
                .matrix
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| (*value).to_owned())
                .filter(|value| value.len() < MAX_VALUE);
        }
        self.environment.get(expression.strip_prefix("env.")?)?.clone()
    }
}

/// `e2e-smoke`, `Integration tests`
fn is_for_tests(job: &str) -> bool {
    const TESTS: [&str; 7] = ["test", "tests", "testing", "e2e", "smoke", "integration", "acceptance"];
    job.split(|c: char| !c.is_alphanumeric()).any(|word| TESTS.iter().any(|test| word.eq_ignore_ascii_case(test)))
}

/// Whether a job's first checkout is that of another repository, in place of its own.
fn checks_out_another(job: &Node) -> bool {
    let steps = job.get("steps").map(Node::items).unwrap_or_default();
    let mut checkouts = steps.iter().filter(|step| {
        step.get("uses").and_then(Node::text).is_some_and(|action| action.contains("actions/checkout@"))
    });
    let input = |step: &Node, name: &str| step.get("with").and_then(|with| with.get(name)).is_some();
    checkouts.any(|step| input(step, "repository") && !input(step, "path"))
}

/// The rows of a matrix whose values are literal.
fn rows(matrix: &Node) -> Vec<Vec<(String, &str)>> {
    let mut rows: Vec<Vec<(String, &str)>> = vec![Vec::new()];
    for Member { key: name, node: values, .. } in matrix.members() {
        let values: Vec<Vec<(String, &str)>> = values.items().iter().map(|value| bindings(name, value)).collect();
        if values.is_empty() || matches!(name.as_str(), "include" | "exclude") || rows.len() * values.len() > MAX_ROWS {
            continue;
        }
        let longer = rows.iter().flat_map(|row| values.iter().map(move |value| [row.as_slice(), value].concat()));
        rows = longer.collect();
    }
    rows.retain(|row| !row.is_empty());
    // Each adds to the rows that it fits, or is one of its own.
    let included: Vec<Vec<(String, &str)>> =
        matrix.get("include").map(Node::items).unwrap_or_default().iter().map(|row| bindings("", row)).collect();
    for include in included {
        let clashes = |row: &Vec<(String, &str)>| {
            include.iter().any(|(name, value)| row.iter().any(|(key, other)| key == name && other != value))
        };
        let mut fits = false;
        for row in rows.iter_mut().filter(|row| !clashes(row)) {
            let missing = include.iter().filter(|(name, _)| !row.iter().any(|(key, _)| key == name));
            let missing: Vec<_> = missing.cloned().collect();
            row.extend(missing);
            fits = true;
        }
        if !fits && rows.len() < MAX_ROWS {
            rows.push(include);
        }
    }
    rows
}

fn bindings<'n>(name: &str, value: &'n Node) -> Vec<(String, &'n str)> {
    let full = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    let own = value.text().map(|text| (name.to_owned(), text));
    own.into_iter().chain(value.texts().map(|(key, text)| (full(key), text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let found = builds(text, "");
        found.into_iter().map(|(line, built)| format!("{line} {:?} {}", built.context, built.dockerfile)).collect()
    }

    #[test]
    fn github() {
        let text = "env:\n  DIR: web\njobs:\n  a:\n    strategy:\n      matrix:\n        service: [api, job]\n        include:\n          \
                    - service: api\n            file: D.api\n    steps:\n      - uses: actions/checkout@v4\n      \
                    - uses: docker/build-push-action@v6\n        with:\n          context: ./${{ matrix.service }}\n      \
                    - uses: docker/build-push-action@v6\n        with:\n          context: .\n          file: ${{ matrix.file }}\n  \
                    b:\n    defaults:\n      run:\n        working-directory: ${{ env.DIR }}\n    steps:\n      - run: |\n          \
                    echo\n          docker build -t x:${{ github.sha }} .\n      - run: docker build $DIR\n        working-directory: .\n      \
                    - uses: docker/build-push-action@v5\n        with:\n          push: true\n      \
                    - uses: docker/build-push-action@v5\n        with:\n          context: \"{{defaultContext}}:web\"\n      \
                    - uses: docker/build-push-action@v5\n        with:\n          context: ${{ inputs.where }}\n  \
                    c:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          repository: o/r\n      - run: docker build other\n";
        assert_eq!(
            read(text),
            [
                "13 \"api\" api/Dockerfile",
                "16 \"\" D.api",
                "13 \"job\" job/Dockerfile",
                "27 \"web\" web/Dockerfile",
                "28 \"web\" web/Dockerfile",
                "30 \"\" Dockerfile",
                "33 \"web\" web/Dockerfile",
            ]
        );
    }

    #[test]
    fn gitlab_and_others() {
        let text = "variables:\n  IMAGE: x\nbuild:\n  variables:\n    CONTEXT: api\n  before_script:\n    - cd services\n  script:\n    - docker build -t $IMAGE -f \
                    $CONTEXT/D $CONTEXT\n    - >-\n      /kaniko/executor --context $CI_PROJECT_DIR/web\n      --dockerfile $CI_PROJECT_DIR/web/D\n";
        assert_eq!(read(text), ["9 \"services/api\" services/api/D", "11 \"web\" web/D"]);
        let text = "jobs:\n  build:\n    steps:\n      - checkout\n      - run:\n          name: x\n          command: docker build ./a\n";
        assert_eq!(read(text), ["7 \"a\" a/Dockerfile"]);
        assert!(read("a: [").is_empty());
        let text = "steps:\n  - name: gcr.io/cloud-builders/docker\n    args: [build, -t, 'x/$PROJECT_ID/y', --build-arg=A=$_A, -f, api/D, .]\n  \
                    - name: gcr.io/cloud-builders/docker\n    dir: web\n    args:\n      - build\n      - .\n  \
                    - name: gcr.io/cloud-builders/docker\n    entrypoint: bash\n    args: [build, .]\n  \
                    - name: gcr.io/cloud-builders/docker\n    args: [build, $_DIR]\n";
        assert_eq!(read(text), ["2 \"\" api/D", "4 \"web\" web/Dockerfile"]);
    }
}
