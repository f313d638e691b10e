//! What says that people develop, test or build with an image, rather than run it.

use std::borrow::Cow;

use crate::dockerfile::Value;
use crate::facts::paths::{bare, file_name, resolve};
use crate::facts::{Facts, Guard, Invocation, Source, StageFacts};
use crate::workspace::{join, parent};

use super::arms::chosen_lines;

/// Programs that test or check what others have written.
const CHECKERS: [&str; 30] = [
    "pytest",
    "py.test",
    "tox",
    "nox",
    "unittest",
    "rspec",
    "jest",
    "vitest",
    "mocha",
    "ava",
    "karma",
    "phpunit",
    "pest",
    "cypress",
    "newman",
    "robot",
    "behave",
    "bats",
    "ctest",
    "locust",
    "phpcs",
    "phpcbf",
    "php-cs-fixer",
    "eslint",
    "prettier",
    "golangci-lint",
    "flake8",
    "pylint",
    "mypy",
    "rubocop",
];
/// Variables of frameworks that say what they run for.
pub(super) const MODES: [&str; 6] = ["RAILS_ENV", "RACK_ENV", "NODE_ENV", "MIX_ENV", "APP_ENV", "DJANGO_ENV"];
/// Owners and names of images in which people or CI services work.
const WORKBENCHES: [&str; 14] = [
    "cypress/",
    "jupyter/",
    "cimg/",
    "circleci/",
    "gitpod/",
    "devcontainers/",
    "vscode/devcontainers",
    "jenkins/agent",
    "jenkins/inbound-agent",
    "jenkins/jnlp",
    "gitlab-runner",
    "actions-runner",
    "github-runner",
    "buildkite/agent",
];
/// Programs that run what a CI service sends them.
const AGENTS: [&str; 6] =
    ["buildbot.tac", "buildbot-worker", "buildkite-agent", "gitlab-runner", "jenkins-agent", "jenkins-slave"];
/// Where the programs are fetched that run what a CI service sends.
const AGENT_SOURCES: [&str; 4] = [
    "github.com/actions/runner/",
    "vstsagentpackage.azureedge.net",
    "gitlab-runner-downloads",
    "packages.gitlab.com/runner",
];
/// Programs that build what they are given, in a container that holds nothing else.
const BUILD_PROGRAMS: [&str; 18] = [
    "ng",
    "gulp",
    "grunt",
    "webpack",
    "tsc",
    "mvn",
    "mvnw",
    "gradle",
    "gradlew",
    "sbt",
    "fastlane",
    "flutter",
    "jekyll",
    "antora",
    "protoc",
    "buf",
    "goreleaser",
    "bazel",
];
/// Servers that build sources anew while somebody works on them: a program and the words behind it, any of which tells; none where
/// there are no words.
const DEVELOPMENT_SERVERS: [(&str, &[&str]); 47] = [
    ("air", &[]),
    ("bacon", &[]),
    ("bee", &["run"]),
    ("cargo-watch", &[]),
    ("fresh", &[]),
    ("realize", &[]),
    ("revel", &["run"]),
    ("trunk", &["serve", "watch"]),
    ("wgo", &[]),
    ("CompileDaemon", &[]),
    ("entr", &[]),
    ("gow", &[]),
    ("modd", &[]),
    ("nodemon", &[]),
    ("reflex", &[]),
    ("watchexec", &[]),
    ("ts-node-dev", &[]),
    ("tsnd", &[]),
    ("webpack-dev-server", &[]),
    ("webpack", &["serve"]),
    ("vue-cli-service", &["serve"]),
    ("react-scripts", &["start"]),
    ("craco", &["start"]),
    ("ng", &["serve"]),
    ("next", &["dev"]),
    ("nuxt", &["dev"]),
    ("vite", &["dev", "serve"]),
    ("gatsby", &["develop"]),
    ("tsx", &["watch"]),
    ("strapi", &["develop"]),
    ("astro", &["dev"]),
    ("browser-sync", &["start"]),
    ("cargo", &["watch"]),
    ("docusaurus", &["start"]),
    ("ember", &["serve", "server", "s"]),
    ("expo", &["start"]),
    ("gulp", &["serve", "watch"]),
    ("hugo", &["serve", "server"]),
    ("jekyll", &["serve", "server", "s"]),
    ("mkdocs", &["serve"]),
    ("ionic", &["serve"]),
    ("nx", &["serve"]),
    ("quasar", &["dev"]),
    ("remix", &["dev"]),
    ("rspack", &["dev", "serve"]),
    ("umi", &["dev"]),
    ("vitepress", &["dev"]),
];
/// Programs that build sources anew on each change where a flag says so.
const WATCHERS: [&str; 12] =
    ["babel", "esbuild", "mix", "parcel", "postcss", "rollup", "sass", "swc", "tsc", "tsup", "vite", "webpack"];
/// How many scripts of a `package.json` are followed from a start.
const SCRIPTS: usize = 8;
/// What runs the tests of a project by a word behind it.
const TEST_STARTERS: [&str; 14] = [
    "make",
    "npm",
    "yarn",
    "pnpm",
    "go",
    "cargo",
    "mvn",
    "gradle",
    "gradlew",
    "playwright",
    "bundle",
    "rake",
    "rails",
    "composer",
];

/// A script that an image starts.
#[derive(Debug)]
pub(super) struct StartScript {
    path: String,
    /// Those that run, without comments.
    lines: Vec<String>,
}

impl Facts<'_> {
    /// `ENTRYPOINT ["bash", "/src/build_debian.sh"]`, `CMD ["./gen_protos.sh"]`, `CMD ["./start-dev.sh"]`
    pub(super) fn starts_a_build(&self, image: &StageFacts) -> bool {
        const BUILDS: [&str; 12] = [
            "build",
            "builder",
            "builds",
            "compile",
            "test",
            "tests",
            "testing",
            "lint",
            "linter",
            "bench",
            "dev",
            "development",
        ];
        let words = self.all_start_words(image);
        let makes_wheels = words.windows(2).any(|pair| matches!(pair, ["pip" | "pip3", "wheel"]));
        // `command: npm run build.prod`, alone.
        let is_script = |word: &str| {
            let serves = ["start", "serve", "run"].iter().any(|other| word.contains(other));
            word == "build" || !serves && ["build.", "build:", "build-"].iter().any(|start| word.starts_with(start))
        };
        let runs_a_script = match words.as_slice() {
            ["npm" | "pnpm" | "yarn", "run", script] | ["yarn" | "pnpm", script] => is_script(script),
            _ => false,
        };
        makes_wheels
            || runs_a_script
            || words.iter().any(|word| {
                let name = file_name(word).to_lowercase();
                let stem = ["sh", "bash"].iter().find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.'));
                stem.is_some_and(|stem| {
                    let mut parts = stem.split(['.', '-', '_']);
                    parts.clone().any(|part| BUILDS.contains(&part))
                        || matches!(parts.next(), Some("gen" | "generate" | "codegen"))
                })
            })
    }

    /// Whether the image is there to test something: by its stage's name, `integration-tests`, or by what it starts: `pytest`,
    /// `make test-system`, `run_tests.sh`.
    pub(super) fn tests(&self, image: &StageFacts) -> bool {
        let is_test = |part: &str| {
            let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
            matches!(part, "test" | "tests" | "testing" | "e2e" | "unittest" | "unittests")
        };
        let is_of_work = |part: &str| matches!(part, "dev" | "devel" | "develop" | "development" | "debug");
        // `integrationTest` of Gradle
        let is_task = |text: &str| text.ends_with("Test") || text.ends_with("Tests");
        let is_named = |text: &str| is_task(text) || text.to_lowercase().split(['-', '_', '.', ':']).any(is_test);
        let environment = &image.state.environment;
        let is_stage_of_work = |name: &str| name.split(['-', '_', '.']).any(is_of_work);
        // `FROM development-base`
        let mut below = self.ancestors(image).filter_map(|stage| stage.name.as_deref());
        if image.name.as_deref().is_some_and(|name| is_named(name) || is_stage_of_work(name))
            || below.any(|name| name.starts_with("development"))
            || MODES.iter().any(|mode| environment.known(mode).is_some_and(|value| value == "test"))
        {
            return true;
        }
        let runs_tests = |line: &str| {
            let words = line.split(|c: char| c.is_whitespace() || "\"',[]&;|()".contains(c));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            words.iter().enumerate().any(|(at, word)| {
                let name = file_name(word);
                let runs = TEST_STARTERS.contains(&name).then(|| words.get(at + 1..).unwrap_or_default());
                let mut behind = runs.unwrap_or_default().iter().filter(|word| !word.starts_with('-'));
                let script = [".sh", ".bash"].iter().any(|ending| name.ends_with(ending)) && is_named(name);
                let by_name = match behind.next() {
                    Some(&("run" | "run-script" | "exec")) => behind.next().is_some_and(|word| is_named(word)),
                    // `gradlew clean integrationTest`
                    Some(word) => is_named(word) || name.starts_with("gradle") && behind.any(|word| is_named(word)),
                    None => false,
                };
                CHECKERS.contains(&name) || script || by_name
            })
        };
        runs_tests(&self.all_start_words(image).join(" ")) || self.ends_with_tests(image, runs_tests)
    }

    /// Whether the last command of a script that the image starts, but for what says how it went, runs tests.
    fn ends_with_tests(&self, image: &StageFacts, runs_tests: impl Fn(&str) -> bool) -> bool {
        const SAYING: [&str; 14] =
            ["echo", "printf", "exit", "return", "if", "then", "else", "elif", "fi", "do", "done", "for", "set", "cat"];
        // `FLASK_ENV=production gunicorn app` acts, `status=$?` does not.
        let acts = |line: &&String| {
            let mut words = line.split_whitespace().skip_while(|word| word.contains('=') && !word.starts_with('-'));
            let word = words.next().unwrap_or_default().trim_end_matches(';');
            !word.is_empty() && !word.starts_with('#') && !SAYING.contains(&word) && word != "}"
        };
        let words: Vec<&str> = self.all_start_words(image).into_iter().map(bare).collect();
        let scripts = words.iter().filter_map(|word| self.workspace.read(&self.start_script(word)?).ok());
        scripts.into_iter().any(|script| {
            let lines: Vec<String> = script.text().lines().map(|line| line.trim().to_owned()).collect();
            // Who chooses, or calls functions of the script, may do something else.
            let chooses = |line: &String| {
                line.starts_with("exec ")
                    || line.starts_with("case ")
                    || line.ends_with("() {")
                    || line.starts_with("function ")
            };
            if lines.iter().any(chooses) {
                return false;
            }
            let Some(last) = lines.iter().rev().find(acts) else { return false };
            let program = last.split_whitespace().next().map(file_name).unwrap_or_default();
            // What is executed in the place of the script serves: `exec locust`.
            (CHECKERS.contains(&program) || TEST_STARTERS.contains(&program)) && runs_tests(last)
        })
    }

    /// Whether Xdebug is always installed, with which nobody serves.
    pub(super) fn has_debugger(&self, image: &StageFacts) -> bool {
        const INSTALLERS: [&str; 8] =
            ["pecl", "pie", "apt-get", "apt", "apk", "docker-php-ext-enable", "install-php-extensions", "dnf"];
        let names_it = |invocation: &Invocation| {
            invocation.guard == Guard::Always
                && INSTALLERS.contains(&invocation.program.as_str())
                && invocation.arguments.iter().any(|word| word.value.text().to_lowercase().contains("xdebug"))
        };
        let chain = std::iter::once(image).chain(self.ancestors(image));
        chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations).any(names_it)
    }

    /// Whether the image is built on one in which people or CI services work, or starts what runs whatever such a service sends.
    pub(super) fn stands_on_a_workbench(&self, image: &StageFacts) -> bool {
        let root = self.ancestors(image).last().unwrap_or(image);
        let repository = format!("/{}", root.image.repository);
        let is_builder = repository.split(['/', '-', '_', '.']).any(|part| matches!(part, "builder" | "builders"))
            // Wheels are built there.
            || ["/manylinux", "/musllinux"].iter().any(|name| repository.contains(name));
        let chain = || std::iter::once(image).chain(self.ancestors(image)).flat_map(|stage| &stage.runs);
        let fetches = || {
            let texts = chain().filter_map(|run| self.dockerfile.instructions.get(run.instruction));
            texts
                .map(|instruction| instruction.body.text())
                .any(|text| AGENT_SOURCES.iter().any(|it| text.contains(it)))
        };
        is_builder
            || fetches()
            || WORKBENCHES.iter().any(|name| begins_a_part(&repository, name))
            || self.all_start_words(image).iter().any(|word| {
                let word = bare(word);
                AGENTS.contains(&file_name(word))
            })
    }

    /// Whether the image holds a tool that builds what it is given: `ENTRYPOINT ["ng"]`, or a folder `site-builder` that copies no folder
    /// of its own.
    pub(super) fn builds_what_it_is_given(&self, image: &StageFacts) -> bool {
        let folder = self.service.dockerfile.rsplit('/').nth(1).unwrap_or_default().to_lowercase();
        (self.starts_with(image, &BUILD_PROGRAMS) || folder.ends_with("-builder")) && !self.copies_a_folder(image)
    }

    /// Whether the image holds no program and starts `sshd`: somebody brings one. A server for files or a way in is shipped.
    pub(super) fn waits_for_people(&self, image: &StageFacts) -> bool {
        self.starts_with(image, &["sshd"]) && !self.copies_a_folder(image) && !self.is_seen_to_be_shipped()
    }

    fn copies_a_folder(&self, image: &StageFacts) -> bool {
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let copied = chain.flat_map(|stage| &stage.transfers).filter(|copied| copied.source == Source::Context);
        let mut paths = copied.flat_map(|copied| &copied.paths);
        paths.any(|(path, _)| path.known().is_none_or(|path| self.is_folder(path)))
    }

    /// Whether compose mounts the sources over the copied ones and what is started, or a Dockerfile beside this one, says that this is
    /// done to work on them.
    pub(super) fn is_worked_on_in_a_mount(&self, image: &StageFacts) -> bool {
        self.works_in_a_mount(image)
            && (self.starts_a_development_server(image)
                || self.stands_beside_one_for_production()
                || (self.is_set_for_development(image) && !self.may_be_published()))
    }

    /// Whether a workflow or a platform builds the Dockerfile or may build it in a way that is not read, or a manifest of Kubernetes runs
    /// the image.
    pub(super) fn may_be_published(&self) -> bool {
        self.workspace.workflow_that_builds(&self.service.dockerfile).is_some()
            || self.workspace.workflow_that_composes(&self.service.dockerfile).is_some()
            || self.workspace.workflow_that_names(&self.service.dockerfile).is_some()
            || self.workspace.call_that_composes(&self.service.dockerfile, &self.service.context).is_some()
            || self.workspace.template_that_builds(&self.service.dockerfile).is_some()
            || self.workspace.may_be_built_unseen()
            || self.workspace.may_be_built_by_a_script(&self.service.dockerfile)
            || self.is_built_by_docker_hub()
            || ["fly.toml", "heroku.yml", "render.yaml"]
                .iter()
                .any(|name| join(&self.service.context, name).is_some_and(|path| self.workspace.is_file(&path)))
            || !self.workspace.deployed(&self.service.dockerfile, &self.service.context).is_empty()
            || !self.manifests_that_run_it().is_empty()
    }

    /// Whether a workflow says that it pushes the image.
    pub(super) fn is_pushed(&self) -> bool {
        self.workspace.workflow_that_pushes(&self.service.dockerfile).is_some()
    }

    /// Docker Hub runs `hooks/build` beside the Dockerfile, or `hooks/push`, where it builds the repository.
    fn is_built_by_docker_hub(&self) -> bool {
        let folders = [parent(&self.service.dockerfile), self.service.context.as_str()];
        let mut hooks = folders
            .into_iter()
            .flat_map(|folder| ["hooks/build", "hooks/push", "hooks/post_push"].map(|hook| join(folder, hook)));
        hooks.any(|path| path.is_some_and(|path| self.workspace.is_file(&path)))
    }

    /// Whether the image starts a server for developing, by itself or through a script of `package.json`: `CMD npm run serve`.
    pub fn starts_a_development_server(&self, image: &StageFacts) -> bool {
        let answer = || {
            let text = self.all_start_words(image).join(" ").replace(['"', '\'', '[', ']', ','], " ");
            let serves = |command: &str| self.is_development_server(image, command);
            serves(&text) || self.start_script_with(image, |line| line.split([';', '&', '|']).any(serves)).is_some()
        };
        self.purposes
            .get(image.index)
            .map_or_else(answer, |purpose| *purpose.starts_a_development_server.get_or_init(answer))
    }

    /// Whether a command line starts a server for developing, or `npm run dev`, which is `concurrently "npm run api" "vite"`.
    fn is_development_server(&self, image: &StageFacts, command: &str) -> bool {
        let mut commands = vec![Cow::Borrowed(command)];
        let mut at = 0;
        while let Some(command) = commands.get(at).cloned() {
            let words: Vec<&str> = command.split_whitespace().map(bare).collect();
            if is_development_server(&words) {
                return true;
            }
            at += 1;
            for script in self.scripts_of_package(image, &words) {
                if commands.len() < SCRIPTS && !commands.iter().any(|known| *known == script) {
                    commands.push(Cow::Owned(script));
                }
            }
        }
        false
    }

    /// A script that the image starts with a line, comments left out, for which `holds`.
    pub(crate) fn start_script_with(&self, image: &StageFacts, holds: impl Fn(&str) -> bool) -> Option<String> {
        let first = |scripts: &[StartScript]| {
            scripts.iter().find(|script| script.lines.iter().any(|line| holds(line))).map(|script| script.path.clone())
        };
        match self.purposes.get(image.index) {
            Some(purpose) => first(purpose.start_scripts.get_or_init(|| self.start_scripts(image))),
            None => first(&self.start_scripts(image)),
        }
    }

    fn start_scripts(&self, image: &StageFacts) -> Vec<StartScript> {
        let words: Vec<&str> = self.all_start_words(image).into_iter().map(bare).collect();
        let script = |(at, word): (usize, &&str)| {
            // `exec ${SOURCES}/docker/init.bash`
            let filled = word.contains('$').then(|| image.state.expand(word, '\\'));
            let path = self.start_script(filled.as_ref().and_then(Value::known).unwrap_or(word))?;
            let file = self.workspace.read(&path).ok()?;
            let given = words.get(at + 1..).unwrap_or_default();
            let lines = chosen_lines(file.text(), given).into_iter().map(str::to_owned).collect();
            Some(StartScript { path, lines })
        };
        words.iter().enumerate().filter_map(script).collect()
    }

    /// The commands of the scripts of `package.json` that `words` start: of `start` for `npm start`.
    fn scripts_of_package(&self, image: &StageFacts, words: &[&str]) -> Vec<String> {
        let names = words.windows(2).enumerate().filter_map(|(at, pair)| match pair {
            ["npm" | "yarn" | "pnpm", "run" | "run-script"] => words.get(at + 2).copied(),
            ["npm" | "pnpm", "start"] => Some("start"),
            ["yarn", name] => Some(*name),
            _ => None,
        });
        let mut names = names.peekable();
        if names.peek().is_none() {
            return Vec::new();
        }
        let workdir = image.state.workdir.known().unwrap_or("/");
        let Some(manifest) = self.origin(image.index, usize::MAX, &resolve(workdir, "package.json"), None) else {
            return Vec::new();
        };
        names.filter_map(|name| self.script_of_package(&manifest, name)).collect()
    }
}

/// `-w`, `--watch` among the words of a command.
fn watches(words: &[&str]) -> bool {
    let own = words.iter().take_while(|word| !matches!(**word, "&&" | "||" | "|" | ";" | "&"));
    own.into_iter().any(|word| matches!(*word, "-w" | "-cw" | "-wc" | "--watch" | "watch"))
}

/// Whether `name` stands in `path` behind a slash.
fn begins_a_part(path: &str, name: &str) -> bool {
    path.match_indices('/').any(|(at, _)| path.get(at + 1..).is_some_and(|rest| rest.starts_with(name)))
}

/// Whether a command line starts a server for developing.
fn is_development_server(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let (program, behind) = (file_name(word), words.get(at + 1..).unwrap_or_default());
        DEVELOPMENT_SERVERS.iter().any(|(server, told)| {
            program == *server && (told.is_empty() || behind.first().is_some_and(|next| told.contains(next)))
        }) || word.starts_with("--inspect")
            || (WATCHERS.contains(&program) && watches(behind))
            || (program == "vite" && behind.iter().all(|next| next.starts_with('-')))
            || is_start_for_development(word)
    })
}

/// Whether a word names what a project of Rails is started with to work on it: `bin/dev`, or the list of servers and watchers that it
/// gives to foreman or overmind, `-fProcfile.dev`, `--procfile=Procfile.dev`.
fn is_start_for_development(word: &str) -> bool {
    let path = word.rsplit('=').next().unwrap_or(word);
    let list = file_name(path.strip_prefix("-f").unwrap_or(path));
    matches!(list, "Procfile.dev" | "Procfile.development")
        || path.strip_suffix("/dev").is_some_and(|folder| file_name(folder) == "bin")
}
