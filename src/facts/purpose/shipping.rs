//! What shows that an image is shipped: files that push it, deploy it or tell people where to get it.

use crate::facts::Facts;
use crate::facts::paths::{bare, file_name};
use crate::workspace::{ComposeService, field, is_for_production, is_sample, join, parent};

use super::names::{READMES, is_named_for_work};
use super::starts::is_override;

/// More and larger documents are not read.
const MAX_FILES: usize = 400;
const MAX_BYTES: u64 = 300_000;

impl Facts<'_> {
    /// A file that shows that images of the Dockerfile are shipped: a workflow that pushes them, what a platform reads, or a `README` with
    /// `docker push` or `docker pull`.
    pub(super) fn shipped_by(&self) -> Option<String> {
        let own = self.service.dockerfile.as_str();
        let deployed = || self.workspace.deployed(own, &self.service.context).into_iter().next();
        self.workspace
            .workflow_that_pushes(own)
            .or_else(|| self.workspace.call_that_composes(own, &self.service.context))
            .or_else(|| self.workspace.push_of_what_composes(own, &self.service.context))
            .or_else(|| self.workspace.template_that_builds(own))
            .or_else(|| deployed().map(|image| image.file))
            .or_else(|| self.says_how_to_push().then(|| own.to_owned()))
            .or_else(|| self.readmes().into_iter().find(|path| self.tells_of_shipping(path)))
            .or_else(|| self.composed_for_users())
    }

    /// Whether a comment of the Dockerfile pushes what it builds: `# docker push owner/tool:$VERSION`.
    fn says_how_to_push(&self) -> bool {
        let comments = self.dockerfile.comments.iter().map(|comment| self.source.slice(comment.range));
        comments.into_iter().filter_map(command).any(|words| words.first() == Some(&"push"))
    }

    /// Whether some file shows that images of the Dockerfile are shipped, or may be in a way that is not read, or are for production.
    #[must_use]
    pub fn is_seen_to_be_shipped(&self) -> bool {
        self.may_be_published() || self.is_for_production() || self.shipped_by().is_some()
    }

    /// Whether a file pushes or deploys images of the Dockerfile, or tells people where to get them.
    #[must_use]
    pub fn is_shipped_by_a_file(&self) -> bool {
        self.shipped_by().is_some()
    }

    /// The compose file that calls what it builds of the Dockerfile by the name of a registry, where a document tells people to start it:
    /// `image: ghcr.io/owner/shop` beside `build: .`, and `docker compose up`.
    fn composed_for_users(&self) -> Option<String> {
        let files = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        let is_own = |service: &ComposeService| {
            let image = service.lines.iter().find_map(|line| field(line, "image")).unwrap_or_default();
            let registry = image.split_once('/').map_or("", |(registry, _)| registry);
            let is_registry = registry.contains('.') && !registry.contains('$') && !registry.starts_with("127.");
            is_registry && service.build.as_ref().is_some_and(|build| build.dockerfile == self.service.dockerfile)
        };
        let mut files = files.iter().flat_map(|files| files.iter()).filter(|file| {
            let name = file_name(&file.path).to_lowercase();
            !is_named_for_work(&name) && !is_sample(&name) && !is_override(&name)
        });
        let file = files.find(|file| file.services.iter().any(is_own))?.path.clone();
        self.tells_to_compose().then_some(file)
    }

    /// Whether a document of the repository starts containers by compose.
    fn tells_to_compose(&self) -> bool {
        const ENDINGS: [&str; 4] = ["md", "rst", "adoc", "mdx"];
        *self.workspace.remembered_of_surroundings("documents that call compose", || {
            let tree = self.workspace.own_files();
            let is_document = |path: &str| path.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending));
            let files = tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && is_document(&file.path));
            files.take(MAX_FILES).filter_map(|file| self.workspace.read(&file.path).ok()).any(|file| {
                let mut lines = file.text().lines().filter(|line| line.contains("compose"));
                lines.any(|line| line.split_whitespace().map(bare).any(|word| matches!(word, "up" | "pull")))
            })
        })
    }

    /// Whether the Dockerfile, a folder around it or a compose file that builds it is named for production: `docker-compose.prod.yml`.
    pub(super) fn is_for_production(&self) -> bool {
        let own = self.service.dockerfile.as_str();
        is_for_production(own) || self.workspace.compose_file_for_production(own, &self.service.context).is_some()
    }

    /// The `README`s in the folders from the one of the Dockerfile up to the root.
    fn readmes(&self) -> Vec<String> {
        let folder = parent(&self.service.dockerfile);
        let folders = std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| parent(folder)));
        let paths = folders.flat_map(|folder| READMES.iter().filter_map(move |name| join(folder, name)));
        paths.filter(|path| self.workspace.is_file(path)).collect()
    }

    /// Whether the `README` at `path` pushes what it builds of the Dockerfile, or pulls what compose calls so.
    fn tells_of_shipping(&self, path: &str) -> bool {
        let Ok(file) = self.workspace.read(path) else { return false };
        if !["docker push ", "docker pull "].iter().any(|command| file.text().contains(command)) {
            return false;
        }
        let commands: Vec<Vec<&str>> = file.text().lines().filter_map(command).collect();
        let own = self.composed_names();
        let built = commands.iter().filter_map(|words| self.tag_of_build(words, parent(path)));
        let built: Vec<&str> = built.collect();
        commands.iter().any(|words| match words.as_slice() {
            ["pull", .., name] => own.iter().any(|own| own == short(name)),
            ["push", .., name] => own.iter().any(|own| own == short(name)) || built.contains(&short(name)),
            _ => false,
        })
    }

    /// A document that builds the Dockerfile, and runs a shell in the image over sources that it mounts:
    /// `docker run -it -v $(pwd):/app app-dev bash`.
    pub(super) fn told_to_work_in(&self) -> Option<String> {
        let contributing = ["CONTRIBUTING.md", "docs/CONTRIBUTING.md", "DEVELOPMENT.md", "docs/development.md"];
        let others = contributing.iter().map(|path| (*path).to_owned()).filter(|path| self.workspace.is_file(path));
        self.readmes().into_iter().chain(others).find(|path| {
            let Ok(file) = self.workspace.read(path) else { return false };
            let text = file.text().replace("\\\n", " ");
            let commands: Vec<Vec<&str>> = text.lines().filter_map(command).collect();
            let built: Vec<&str> = commands.iter().filter_map(|words| self.tag_of_build(words, parent(path))).collect();
            commands.iter().any(|words| runs_a_shell_over_sources(words, &built))
        })
    }

    /// The names, without registry and tag, that compose gives to what it builds of the Dockerfile.
    fn composed_names(&self) -> Vec<String> {
        let files = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        let services = files.iter().flat_map(|files| files.iter()).flat_map(|file| &file.services);
        let own = services
            .filter(|service| service.build.as_ref().is_some_and(|build| build.dockerfile == self.service.dockerfile));
        let names = own.filter_map(|service| service.lines.iter().find_map(|line| field(line, "image")));
        names.map(|name| short(name).to_owned()).filter(|name| !name.contains('$')).collect()
    }

    /// The tag, without registry and version, of a `docker build` in `folder` that builds the Dockerfile, or whichever one fills in.
    fn tag_of_build<'w>(&self, words: &[&'w str], folder: &str) -> Option<&'w str> {
        let (["build", rest @ ..] | ["buildx" | "image", "build", rest @ ..]) = words else { return None };
        let behind = |names: [&str; 2]| {
            let at = rest.iter().position(|word| names.contains(word))?;
            rest.get(at + 1).copied()
        };
        let is_own = |path: &str| {
            let own = self.service.dockerfile.as_str();
            path.starts_with(['<', '$']) || [folder, ""].iter().any(|folder| join(folder, path).as_deref() == Some(own))
        };
        let builds_it = match behind(["-f", "--file"]) {
            Some(file) => is_own(file),
            None => rest.last().and_then(|context| join(context, "Dockerfile")).is_some_and(|path| is_own(&path)),
        };
        behind(["-t", "--tag"]).filter(|_| builds_it).map(short)
    }
}

/// The words behind `docker` on a line of a `README`: `$ sudo docker push name`.
fn command(line: &str) -> Option<Vec<&str>> {
    let line = line.trim().trim_start_matches(['$', '>', '#', '`', ' ']);
    let line = line.strip_prefix("sudo ").unwrap_or(line);
    let words = line.strip_prefix("docker ")?.trim_end_matches('`').split_whitespace().map(bare);
    Some(words.collect())
}

/// Whether the words behind `docker` run a shell in one of the images that are `built`, with the current folder mounted.
fn runs_a_shell_over_sources(words: &[&str], built: &[&str]) -> bool {
    let ["run", rest @ ..] = words else { return false };
    let mounts = rest.windows(2).any(|pair| {
        let source = pair[1].split(':').next().unwrap_or_default().trim_end_matches('/');
        let is_here = matches!(source, "$(pwd)" | "$PWD" | "${PWD}" | "`pwd`" | "." | "%cd%");
        matches!(pair[0], "-v" | "--volume") && is_here
    });
    let [.., image, shell] = rest else { return false };
    mounts && matches!(short(shell), "bash" | "sh" | "zsh" | "ash") && built.contains(&short(image))
}

/// `app` of `registry.example.org/team/app:1.2`
fn short(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.split([':', '@']).next().unwrap_or(name)
}
