//! Names and comments that say that people work with an image.

use crate::facts::comments::is_for_tools;
use crate::facts::paths::file_name;
use crate::facts::{Facts, Targets};
use crate::workspace::{NameKind, is_dockerfile_name, join, parent};

/// Parts of names of files that mean an image for developing, testing or building.
const WORK: [&str; 18] = [
    "dev",
    "devel",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "ci",
    "build",
    "builder",
    "devcontainer",
    "lint",
    "debug",
    "toolchain",
    "local",
    "integration",
    "e2e",
    "tilt",
];
/// Folders of CI services, however deep a file lies in them.
const CI_FOLDERS: [&str; 12] = [
    ".github",
    ".gitlab",
    ".circleci",
    ".buildkite",
    ".buildbot",
    ".kokoro",
    ".azure-pipelines",
    ".woodpecker",
    ".drone",
    ".jenkins",
    ".travis",
    ".ci",
];
/// Names of folders right above a file that mean the same.
const WORK_FOLDERS: [&str; 8] =
    ["ci", "dev", "devel", "develop", "development", "dockerdev", "dev-env", "dev-environment"];
/// What stands behind `test` in names of folders with things to test with: `test_runner`; not `test-plan-generator`, which is a program.
const TEST_THINGS: [&str; 24] = [
    "app",
    "apps",
    "bench",
    "case",
    "cases",
    "clients",
    "containers",
    "data",
    "env",
    "environment",
    "files",
    "fixtures",
    "harness",
    "image",
    "images",
    "infra",
    "integration",
    "resources",
    "runner",
    "runners",
    "suite",
    "suites",
    "utils",
    "vm",
];
/// What a comment at the head of a file says of an image to work with.
const SAID: [&str; 11] = [
    "for development",
    "for developing",
    "for developers",
    "for testing",
    "for tests",
    "for integration test",
    "write integration test",
    "run integration test",
    "to run tests",
    "to run the tests",
    "for ci",
];
/// The same in two words: one of these, and one of [`OF_WORK`] behind it.
const WORDS_OF_WORK: [&str; 6] = ["development", "dev", "testing", "test", "local", "ci"];
const OF_WORK: [&str; 19] = [
    "build",
    "container",
    "database",
    "dev",
    "development",
    "docker",
    "dockerfile",
    "env",
    "environment",
    "image",
    "machine",
    "mode",
    "only",
    "proxy",
    "purposes",
    "setup",
    "stack",
    "testing",
    "use",
];
/// What it says it of.
const SUBJECTS: [&str; 5] = ["docker", "image", "container", "this file", "environment"];

/// Names of what tells people what a folder holds and how it is used.
pub(in crate::facts) const READMES: [&str; 4] = ["README.md", "readme.md", "Readme.md", "README.rst"];
/// The same of a `README`.
const OF_README: [&str; 9] =
    ["docker", "image", "container", "environment", "database", "project", "proxy", "server", "stub"];

/// `docker-compose.dev.yml`, `Dockerfile.test`
pub(super) fn is_named_for_work(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|part| WORK.contains(&part.to_lowercase().as_str()))
}

/// Whether a text says of one of `subjects` that it is for developing or testing, and not that it is for production as well.
fn speaks_of_work(text: &str, subjects: &[&str]) -> bool {
    const NOT_SHIPPED: [&str; 8] = [
        "not intended for prod",
        "not for prod",
        "not meant for prod",
        "not be used in prod",
        "not use in prod",
        "not suitable for prod",
        "not use this for prod",
        "not use this in prod",
    ];
    let text = text.to_lowercase().replace(['#', '`', '\'', '*'], " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&text, &NOT_SHIPPED) {
        return true;
    }
    // `For debugging only. Use Dockerfile.release for production.`
    let is_shipping = |sentence: &str| sentence.contains("prod") || sentence.contains("deploy");
    let (of_another, own): (Vec<&str>, Vec<&str>) =
        text.split(". ").partition(|sentence| is_shipping(sentence) && sends_elsewhere(sentence));
    // Both, or a hint at something else that is for production.
    if own.iter().any(|sentence| is_shipping(sentence)) {
        return false;
    }
    own.iter().any(|sentence| {
        let words: Vec<&str> = sentence.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let in_two = words
            .windows(2)
            .any(|pair| matches!(pair, [one, two] if WORDS_OF_WORK.contains(one) && OF_WORK.contains(two)));
        let of_it = has(sentence, subjects) || !of_another.is_empty();
        (has(sentence, &SAID) || in_two) && of_it && !words.contains(&"not")
    })
}

/// `use dockerfile.release for production`, `for production, use the other image instead`
fn sends_elsewhere(sentence: &str) -> bool {
    let mut words = sentence.split(|c: char| !c.is_alphanumeric());
    if words.any(|word| word == "use") && words.any(|word| word == "instead") {
        return true;
    }
    sentence.split_whitespace().any(|word| {
        let name = file_name(word.trim_matches(|c: char| !c.is_alphanumeric()));
        name.split(['.', '-', '_']).any(|part| part == "dockerfile") && name != "dockerfile"
    })
}

/// The title of a text in Markdown and its first paragraph.
fn beginning(text: &str) -> String {
    const MAX_LENGTH: usize = 400;
    let mut found = String::new();
    let mut has_words = false;
    for line in text.lines() {
        let line = line.trim();
        // Badges, rules and sections further down say nothing of the whole.
        let is_title =
            line.starts_with("# ") || (!line.starts_with('#') && !line.starts_with(['[', '!', '<', '=', '-']));
        if line.starts_with("##") || found.len() > MAX_LENGTH || (line.is_empty() && has_words) {
            break;
        }
        if is_title && !line.is_empty() {
            has_words |= !line.starts_with('#');
            found.push_str(line);
            found.push_str(if line.starts_with('#') { ". " } else { " " });
        }
    }
    found
}

/// `tests`, `benchmarks`, `platform_mock`, `src/test`, `tests_nightly`, `integration-tests`, `e2e-v2`, `test_runner`; not `test-plan-generator`, which is a program.
pub(in crate::facts) fn is_folder_of_tests(folder: &str) -> bool {
    let parts: Vec<&str> = folder.trim_start_matches('.').split(['-', '_', '.']).collect();
    let with_things = |pair: &[&str]| matches!(pair, ["test", thing] if TEST_THINGS.contains(thing));
    let things = ["testing", "testdata", "testfiles", "testcases", "fixtures", "bench", "benchmark", "benchmarks"];
    matches!(parts.as_slice(), [thing] if things.contains(thing))
        || matches!(parts.first(), Some(&("tests" | "e2e")))
        || matches!(parts.last(), Some(&("test" | "tests" | "e2e" | "tester" | "apptest")))
        || parts.windows(2).any(with_things)
        || parts.iter().any(|part| matches!(*part, "mock" | "mocks" | "dummy" | "stub" | "stubs"))
        || matches!(parts.as_slice(), ["playwright" | "cypress" | "docs"])
}

/// `dev-cluster`; not `dev-portal`, which is a program for developers.
fn is_folder_of_developers(folder: &str) -> bool {
    const THINGS: [&str; 12] = [
        "box",
        "cluster",
        "container",
        "containers",
        "db",
        "docker",
        "image",
        "images",
        "proxy",
        "server",
        "setup",
        "shell",
    ];
    folder.split_once(['-', '_']).is_some_and(|(first, rest)| first == "dev" && THINGS.contains(&rest))
}

/// `dev`, `slurm-dev-environment`; not `dev-portal`.
pub(super) fn is_folder_for_work(folder: &str) -> bool {
    let folder = folder.to_lowercase();
    let folder = folder.trim_start_matches('.');
    let ends = ["dev-env", "dev-environment", "development-environment", "dev_env", "dev_environment"];
    WORK_FOLDERS.contains(&folder) && folder != "ci" || ends.iter().any(|end| folder.ends_with(end))
}

/// Parts of names of sibling Dockerfiles for what is deployed.
const DEPLOYED: [&str; 6] = ["prod", "production", "release", "deploy", "deployment", "staging"];

impl Facts<'_> {
    /// Whether the file, a folder around it or the comment at its head says that the images are for developing, testing or building.
    #[must_use]
    pub fn is_workshop(&self) -> bool {
        *self.workshop.get_or_init(|| self.is_named_or_said_to_be_for_work())
    }

    fn is_named_or_said_to_be_for_work(&self) -> bool {
        let path = self.service.dockerfile.to_lowercase();
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        let above = parts.next().unwrap_or_default();
        is_named_for_work(file)
            || WORK_FOLDERS.contains(&above.trim_start_matches('.'))
            || above.split(['-', '_', '.']).any(|part| part == "ci")
            || is_folder_of_developers(above)
            || self.is_devcontainer()
            || self.has_a_twin_for_production()
            || self.lies_among_tests()
            // `vendor/github.com/owner/library/Dockerfile` is others'.
            || !Targets::is_own(&path)
            || path.split('/').rev().skip(1).any(|folder| CI_FOLDERS.contains(&folder))
            || self.is_said_to_be_for_work()
    }

    /// Whether the file describes the container of an editor, which nobody ships.
    fn is_devcontainer(&self) -> bool {
        self.service.dockerfile.split('/').rev().skip(1).any(|folder| folder.trim_start_matches('.') == "devcontainer")
    }

    /// `compose/local/api/Dockerfile`, where there is `compose/production/api/Dockerfile`.
    fn has_a_twin_for_production(&self) -> bool {
        let own = self.service.dockerfile.as_str();
        own.match_indices('/').any(|(end, _)| {
            let (folder, rest) = (own.get(..end).unwrap_or_default(), own.get(end + 1..).unwrap_or_default());
            let name = folder.rsplit('/').next().unwrap_or_default();
            let twin = |deployed: &&str| {
                let path = join(parent(folder), deployed).and_then(|folder| join(&folder, rest));
                path.is_some_and(|path| self.workspace.is_file(&path))
            };
            is_named_for_work(name) && DEPLOYED.iter().any(twin)
        })
    }

    /// Whether the file stands in a folder for tests.
    fn lies_among_tests(&self) -> bool {
        self.service.dockerfile.to_lowercase().split('/').rev().skip(1).any(is_folder_of_tests)
    }

    /// `# This Dockerfile is used for local development only` at the head of the file, or in the first words of the `README` beside it.
    fn is_said_to_be_for_work(&self) -> bool {
        let first = self.dockerfile.instructions.first().map_or(0, |instruction| instruction.range.start());
        let head = self.dockerfile.comments.iter().take_while(|comment| comment.range.end() <= first);
        let head = head.map(|comment| comment.range.slice(self.source.text()));
        let head: Vec<&str> = head.filter(|comment| !is_for_tools(comment)).collect();
        speaks_of_work(&head.join(" "), &SUBJECTS) || self.readme_speaks_of_work()
    }

    /// `# Development Database Setup` as the title of the `README` in the folder of the file, `GOV.UK development environment using Docker`
    /// in that of the repository.
    fn readme_speaks_of_work(&self) -> bool {
        let begins = |folder: &str| {
            let mut paths = READMES.iter().filter_map(|name| join(folder, name));
            let path = paths.find(|path| self.workspace.is_file(path))?;
            Some(beginning(self.workspace.read(&path).ok()?.text()))
        };
        let folder = parent(&self.service.dockerfile);
        if !folder.is_empty() && begins(folder).is_some_and(|text| speaks_of_work(&text, &OF_README)) {
            return true;
        }
        begins("").is_some_and(|text| {
            let text = text.to_lowercase();
            text.contains("development environment") && text.contains("docker") && speaks_of_work(&text, &OF_README)
        })
    }

    /// Whether `Dockerfile.production` stands beside it, so that this one is for another purpose.
    pub(super) fn stands_beside_one_for_production(&self) -> bool {
        self.one_for_production().is_some()
    }

    /// `Dockerfile.production` or `prod/Dockerfile` beside it, which this one is not.
    pub(super) fn one_for_production(&self) -> Option<String> {
        let own = self.service.dockerfile.as_str();
        let folder = parent(own);
        let is_deployed = |name: &str| name.split(['.', '-', '_']).any(|part| DEPLOYED.contains(&part));
        let file = own.rsplit('/').next().unwrap_or(own);
        let above = parent(own).rsplit('/').next().unwrap_or_default();
        if is_deployed(&file.to_lowercase()) || is_deployed(&above.to_lowercase()) {
            return None;
        }
        self.workspace.list(folder).iter().find_map(|entry| {
            let name = entry.name.to_lowercase();
            let path = join(folder, &entry.name)?;
            if !is_deployed(&name) {
                return None;
            }
            if entry.is_dir {
                return join(&path, file).filter(|path| self.workspace.is_file(path));
            }
            (entry.name != file && is_dockerfile_name(&name) == NameKind::Yes).then_some(path)
        })
    }
}
