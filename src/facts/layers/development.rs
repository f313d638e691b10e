//! `node_modules` with development dependencies in images that run a program of Node.js.

use crate::dockerfile::Keyword;
use crate::text::TextRange;
use crate::workspace::parent;

use super::super::commands::removal;
use super::super::history::has_script_extension;
use super::super::paths::{bare, file_name, is_below, resolve};
use super::super::{Facts, Guard, Invocation, Run, Source, StageFacts};
use super::dependencies::modules as modules_of;
use super::node_generated::{generates_by_default, generates_into_modules};
use super::node_manifest::{Manifest, commands, is_for_work, names_package};
use super::written::installs_node_modules;

/// How far copies between stages are followed back.
const DEPTH_LIMIT: u32 = 6;
/// Programs that start a program of Node.js, or what `package.json` names.
const STARTERS: [&str; 5] = ["node", "npm", "yarn", "pnpm", "npx"];
/// Suffixes of what Node.js runs.
const SOURCES: [&str; 3] = [".js", ".mjs", ".cjs"];
/// `node_modules` with development dependencies in an image.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DevelopmentModules {
    /// Where it stands in the image, absolute.
    pub folder: String,
    /// What brings it into the image: a command, or a `COPY --from`.
    pub range: TextRange,
    /// The command that installs.
    pub install: TextRange,
    /// The name of the stage that it is copied from and can leave them out in; empty for one without a name. `None` where the image's own step
    /// installs, or builds with what it copies.
    pub copied_from: Option<String>,
    /// The folder that holds it in that stage, where it is not the one in which the stage works at its end.
    pub aside: Option<String>,
    /// The manifest, relative to the workspace's root.
    pub manifest: String,
    /// The development dependencies that it names, in order.
    pub packages: Vec<String>,
    /// Development dependencies that the program needs all the same, each with a file that needs it.
    pub needed: Vec<(String, String)>,
    /// Dependencies that are development dependencies too, which npm leaves out with those, each with a file that needs it.
    pub twice: Vec<(String, String)>,
    /// The program that installs: `npm`, `yarn` or `pnpm`.
    pub program: String,
    /// A script of the manifest that each install runs, and the development dependency that it calls: `prepare` and `husky`.
    pub script: Option<(&'static str, String)>,
    /// Whether a second install needs scripts: one that each install runs patches packages (`patch-package`), or the first did without the
    /// lock of Yarn, by which the second takes other versions.
    pub needs_scripts: bool,
    /// Whether the manifest is that of a workspace of pnpm, in which `pnpm prune` does nothing for the members.
    pub is_pnpm_workspace: bool,
    /// Whether it is installed by the lock: `npm ci`.
    pub by_lock: bool,
    /// Flags of the install without which another one may fail: `--legacy-peer-deps`.
    pub flags: Vec<String>,
    /// Another stage that works with what would go, so that it has to stay where it is.
    pub shared_by: Option<String>,
    /// The major version of Node.js, where the tag of the base tells.
    pub node: Option<u32>,
    /// A command of a later layer that takes them out again, which frees nothing.
    pub late: Option<TextRange>,
    /// Whether a step behind the install calls what would go, so that it takes a stage of its own.
    pub builds: bool,
    /// Whether Prisma's client is written into it, which a second install does not bring.
    pub has_generated_client: bool,
    /// The folder that the build of the program leaves with all that it needs, where the image starts what is in it: `.output` of Nuxt.
    pub output: Option<&'static str>,
}

/// Whether a command that is run beside the start needs none of what would go; what does not begin with a program of Node.js does not.
fn is_plain(manifest: &Manifest, command: &[&str]) -> bool {
    let first = command.iter().find(|word| !word.contains('=') && !word.starts_with('-') && **word != "exec");
    let is_nodes = first.is_some_and(|word| matches!(file_name(word), "npm" | "npx" | "yarn" | "pnpm"));
    !is_nodes || manifest.runs_plainly(command)
}

/// Whether the install of the modules is a command of the `RUN`.
fn holds(run: &Run, modules: &DevelopmentModules) -> bool {
    run.invocations.iter().any(|invocation| invocation.range == modules.install)
}

/// Whether a command does nothing that a tool of the project could be needed for.
fn is_harmless(invocation: &Invocation) -> bool {
    installs_node_modules(invocation)
        || matches!(
            invocation.program.as_str(),
            "addgroup"
                | "adduser"
                | "apk"
                | "apt"
                | "apt-get"
                | "chmod"
                | "chown"
                | "cp"
                | "echo"
                | "groupadd"
                | "ln"
                | "mkdir"
                | "mv"
                | "npm"
                | "pnpm"
                | "rm"
                | "true"
                | "useradd"
                | "yarn"
        )
}

impl Facts<'_> {
    /// The `node_modules` with development dependencies in a final image that runs a program of Node.js without them.
    #[must_use]
    pub fn development_modules(&self, image: &StageFacts) -> Vec<DevelopmentModules> {
        let words = self.start_words(image);
        let root = self.ancestors(image).last().unwrap_or(image);
        let is_node = self.starts_with(image, &STARTERS) || root.image.repository == "node";
        // What a development server needs are development dependencies.
        let serves_work = || self.starts_a_development_server(image);
        if !image.is_final || !is_node || !self.is_runtime_image(image) || serves_work() {
            return Vec::new();
        }
        // `serve -s build` runs none of the sources.
        let serves_files = self.starts_with(image, &["serve", "http-server", "nginx"]);
        let mut found = self.full_modules(image, true, 0);
        if found.is_empty() {
            return found;
        }
        let mut composed = self.all_composed_starts();
        let split = |text: &str| text.split_whitespace().map(|word| bare(word).to_owned()).collect::<Vec<String>>();
        composed.extend(self.platform_commands().iter().map(|(_, command)| split(command)));
        let started: Vec<String> =
            [words.join(" ")].into_iter().chain(composed.iter().map(|words| words.join(" "))).collect();
        for modules in &mut found {
            modules.late = self.late_prune(image, modules);
            modules.shared_by = self.worker_beside(image, modules);
            let runs = self.chain(image).flat_map(|stage| &stage.runs);
            let behind = runs.filter(|run| run.range.end() >= modules.install.end());
            let behind: Vec<&Run> = behind.collect();
            let others = behind.iter().flat_map(|run| &run.invocations).filter(|other| other.range != modules.install);
            modules.builds = others.clone().any(|other| !is_harmless(other))
                || self.needs_tools_behind(modules, behind.iter().copied());
            let configuration = self.compiles_its_configuration(&modules.manifest);
            modules.needed.extend(configuration.map(|(package, file)| (package.to_owned(), file.to_owned())));
            let manifest = self.node_manifest(&modules.manifest);
            modules.output = manifest.as_ref().and_then(|manifest| output_of(manifest, &started));
            // Who takes them out in a later layer runs the program without them.
            if let Some(manifest) = &manifest
                && modules.late.is_none()
                && !serves_files
                && modules.output.is_none()
            {
                let (path, packages) = (&modules.manifest, &modules.packages);
                let mut needed = self.imported_of(path, packages);
                let twice = if modules.program == "npm" { manifest.declared_twice() } else { Vec::new() };
                if !twice.is_empty() {
                    modules.twice = self.imported_of(path, &twice);
                }
                needed.extend(self.drivers_of(path, manifest, packages));
                needed.extend(self.loaded_with_configuration(path, manifest, &started, packages));
                for (package, file) in needed {
                    if modules.needed.iter().all(|(known, _)| *known != package) {
                        modules.needed.push((package, file));
                    }
                }
            }
            modules.packages.retain(|name| modules.needed.iter().all(|(needed, _)| name != needed));
            let has_client = manifest.as_ref().is_some_and(|manifest| manifest.depends_on("@prisma/client"))
                || modules.is_pnpm_workspace;
            modules.has_generated_client = has_client && self.has_schema_with(&modules.manifest, generates_by_default);
        }
        // What people and scripts run beside it takes the same `node_modules`.
        let mut beside: Vec<String> = self.container_calls().iter().map(|call| call.words.join(" ")).collect();
        beside.extend(self.health_checks(image));
        let preloads = image.state.environment.known("NODE_OPTIONS").unwrap_or_default();
        found.retain(|modules| {
            if modules.packages.is_empty() || self.has_schema_with(&modules.manifest, generates_into_modules) {
                return false;
            }
            let Some(manifest) = self.node_manifest(&modules.manifest) else { return false };
            // `node dist/main.js` needs what that imports; what other programs load is not seen, and who builds and runs in one stage may
            // build again.
            let is_certain = serves_files || modules.copied_from.is_some() || modules.late.is_some();
            if !is_certain && !manifest.runs_node(&words) {
                return false;
            }
            // Of a workspace, the member that is started has a manifest of its own.
            let started = resolve(image.state.workdir.known().unwrap_or("/"), "package.json");
            let started = self.origin(image.index, usize::MAX, &started, None);
            let started = started.filter(|path| *path != modules.manifest).and_then(|path| self.node_manifest(&path));
            let without_tools = |words: &[&str]| {
                let mut manifests = std::iter::once(&manifest).chain(&started);
                manifests.all(|manifest| self.runs_without_tools(image, words, manifest))
            };
            // `command: npm run dev` starts the same image with what it was built with.
            without_tools(&words)
                && beside.iter().all(|line| commands(line).iter().all(|command| is_plain(&manifest, command)))
                && !manifest.all_development().iter().any(|name| names_package(preloads, name))
                && composed.iter().all(|words| without_tools(&words.iter().map(String::as_str).collect::<Vec<_>>()))
                && !self.is_deleted_later(image, modules)
                && self.is_deployed_without_tools(&manifest)
        });
        found
    }

    /// What the health checks of a stage run: `HEALTHCHECK CMD npx wait-on …`
    fn health_checks(&self, image: &StageFacts) -> Vec<String> {
        let end = self.stages.get(image.index + 1).map_or(usize::MAX, |next| next.from);
        let instructions = self.dockerfile.instructions.iter().enumerate();
        let own =
            instructions.filter(|(index, _)| (image.from..end).contains(index)).map(|(_, instruction)| instruction);
        let checks = own.filter(|instruction| instruction.keyword == Keyword::Healthcheck);
        let command =
            |text: &str| text.split_once("CMD").map(|(_, command)| command.replace(['[', ']', ',', '"'], " "));
        checks.filter_map(|check| command(check.body.text())).collect()
    }

    /// Whether no file that tells how the image is deployed runs a script in it that needs a development dependency:
    /// `pre-deploy: yarn publish-assets`.
    fn is_deployed_without_tools(&self, manifest: &Manifest) -> bool {
        const FOLDERS: [&str; 11] = [
            "chart",
            "charts",
            "deploy",
            "deployment",
            "deployments",
            "helm",
            "infra",
            "k8s",
            "kubernetes",
            "manifests",
            "openshift",
        ];
        let targets = self.targets();
        let tells = |path: &str| {
            let is_yaml = matches!(path.rsplit_once('.'), Some((_, "yml" | "yaml")));
            let name = file_name(path);
            let is_for_work = name.split(['.', '-', '_']).any(|part| matches!(part, "test" | "dev" | "development"));
            is_yaml && !is_for_work && parent(path).split('/').any(|folder| FOLDERS.contains(&folder))
        };
        let mut lines = targets.texts().filter(|(path, _)| tells(path)).flat_map(|(_, text)| text.lines());
        lines.all(|line| commands(line).iter().all(|command| manifest.runs_plainly(command)))
    }

    /// The folders with all dependencies that stage `stage` has at its end. `in_layers` says that what a later layer takes out counts.
    fn full_modules(&self, stage: &StageFacts, in_layers: bool, depth: u32) -> Vec<DevelopmentModules> {
        let mut found: Vec<DevelopmentModules> = Vec::new();
        if depth > DEPTH_LIMIT {
            return found;
        }
        let mut chain: Vec<&StageFacts> = self.chain(stage).collect();
        chain.reverse();
        // Commands of a stage that is built on the one which fills the folder may take them out as well.
        let behind = |instruction: usize| {
            let runs = chain.iter().flat_map(|stage| &stage.runs);
            runs.filter(move |run| run.instruction > instruction)
        };
        for &holder in &chain {
            for transfer in &holder.transfers {
                let (Source::Stage(from), Some(destination)) = (&transfer.source, transfer.destination.known()) else {
                    continue;
                };
                let Some(from) = self.stages.get(*from) else { continue };
                let instruction = self.dockerfile.instructions.get(transfer.instruction);
                let excludes = instruction.is_none_or(|instruction| instruction.flag("exclude").is_some());
                if excludes || !self.afford_comparisons(64) {
                    continue;
                }
                for modules in self.full_modules(from, false, depth + 1) {
                    let sources = transfer.paths.iter().filter_map(|(source, _)| source.known());
                    let Some(source) = sources.into_iter().find(|source| is_below(&modules.folder, source)) else {
                        continue;
                    };
                    let rest = modules.folder.strip_prefix(source).unwrap_or_default();
                    let folder = resolve("/", &format!("{destination}/{rest}"));
                    let gone = !in_layers && behind(transfer.instruction).any(|run| self.takes_out(run, 0, &folder));
                    if !gone {
                        let copied_from = Some(from.name.clone().unwrap_or_default())
                            .filter(|_| !self.needs_tools_behind(&modules, behind(transfer.instruction)));
                        let aside = Some(parent(&modules.folder).to_owned());
                        let aside = aside.filter(|folder| from.state.workdir.known() != Some(folder));
                        found.push(DevelopmentModules { folder, range: transfer.range, copied_from, aside, ..modules });
                    }
                }
            }
            for run in holder.runs.iter().filter(|run| !self.runs_in_others(run)) {
                let later = behind(run.instruction).filter(|_| !in_layers).collect::<Vec<&Run>>();
                found.extend(self.installs_all(holder, run, &later));
            }
        }
        found
    }

    /// A stage beside the image that works with the same modules, by its name: it is built on the stage that holds them, or copies them from
    /// there, and calls what would go: `FROM deps AS test`, `RUN npm test`.
    fn worker_beside(&self, image: &StageFacts, modules: &DevelopmentModules) -> Option<String> {
        let manifest = self.node_manifest(&modules.manifest)?;
        let copied = self.stages.iter().flat_map(|stage| &stage.transfers).find(|copy| copy.range == modules.range);
        let from = copied.and_then(|copy| match copy.source {
            Source::Stage(from) => Some((from, copy)),
            _ => None,
        });
        let (holder, folder) = if let Some((from, copy)) = from {
            let source = copy.paths.iter().find_map(|(path, _)| path.known())?;
            let is_folder = file_name(source) == file_name(&modules.folder);
            (from, if is_folder { source.to_owned() } else { resolve(source, file_name(&modules.folder)) })
        } else {
            let own = self.stages.iter().find(|stage| stage.runs.iter().any(|run| holds(run, modules)))?;
            (own.index, modules.folder.clone())
        };
        let own: Vec<usize> = self.chain(image).map(|stage| stage.index).chain([holder]).collect();
        let takes = |stage: &StageFacts| {
            let copies = stage.transfers.iter().filter(|copy| copy.source == Source::Stage(holder));
            let mut paths = copies.flat_map(|copy| &copy.paths).filter_map(|(path, _)| path.known());
            paths.any(|path| is_below(path, &folder) || is_below(&folder, path))
        };
        let works = |stage: &&StageFacts| {
            let chain = || self.chain(stage).take_while(|stage| !own.contains(&stage.index));
            let has_them = self.chain(stage).any(|stage| stage.index == holder) || chain().any(takes);
            let words = self.start_words(stage);
            !own.contains(&stage.index)
                && has_them
                && (self.needs_tools_behind(modules, chain().flat_map(|stage| &stage.runs))
                    || !words.is_empty() && !manifest.runs_plainly(&words))
        };
        let beside = self.stages.iter().find(works)?;
        Some(beside.name.as_deref().map_or_else(|| "another stage".to_owned(), |name| format!("the stage `{name}`")))
    }

    /// Whether one of the steps needs what would go: `RUN npm run build` behind `COPY --from=builder /app/node_modules ./node_modules`.
    fn needs_tools_behind<'r>(&self, modules: &DevelopmentModules, mut steps: impl Iterator<Item = &'r Run>) -> bool {
        let Some(manifest) = self.node_manifest(&modules.manifest) else { return false };
        steps.any(|run| {
            run.invocations.iter().filter(|invocation| invocation.guard != Guard::Never).any(|invocation| {
                let words = invocation.arguments.iter().map(|argument| argument.value.text());
                let command: Vec<&str> = std::iter::once(invocation.program.as_str()).chain(words).collect();
                !manifest.runs_plainly(&command)
            })
        })
    }

    /// The command of the image that leaves the folder without them, in a layer behind the one that brings them.
    fn late_prune(&self, image: &StageFacts, modules: &DevelopmentModules) -> Option<TextRange> {
        let runs = self.chain(image).flat_map(|stage| &stage.runs);
        let later = runs.filter(|run| run.range.start() > modules.range.end());
        let mut taken = later.flat_map(|run| self.taken_out_by(run, &modules.folder));
        // `npm ci --omit=dev` in another folder takes nothing out here; `npm run clean` and `--prefix` may.
        let is_there = |invocation: &&Invocation| {
            let mut words = invocation.arguments.iter().map(|argument| argument.value.text());
            modules_of(invocation).is_none_or(|other| other == modules.folder)
                || words.any(|word| matches!(word, "run" | "exec" | "--prefix" | "--cwd" | "-C" | "--dir"))
        };
        taken.find(is_there).map(|invocation| invocation.range)
    }

    /// Whether a later layer of the image deletes the whole folder, which is another matter than what it holds.
    fn is_deleted_later(&self, image: &StageFacts, modules: &DevelopmentModules) -> bool {
        let runs = self.chain(image).flat_map(|stage| &stage.runs);
        let later = runs.filter(|run| run.range.start() > modules.range.end()).flat_map(|run| &run.invocations);
        let mut certain = later.filter(|invocation| invocation.guard == Guard::Always);
        certain.any(|invocation| removal(invocation).is_some_and(|removal| removal.deletes(&modules.folder)))
    }

    /// Whether an invocation of `run` from `first` on deletes `folder`, or leaves it without development dependencies.
    pub(super) fn takes_out(&self, run: &Run, first: usize, folder: &str) -> bool {
        let invocations = run.invocations.get(first..).unwrap_or_default();
        invocations.iter().any(|invocation| self.is_taken_out_by(run, invocation, folder))
    }

    /// The invocations that do.
    fn taken_out_by<'r>(&self, run: &'r Run, folder: &str) -> Vec<&'r Invocation> {
        run.invocations.iter().filter(|invocation| self.is_taken_out_by(run, invocation, folder)).collect()
    }

    fn is_taken_out_by(&self, run: &Run, invocation: &Invocation, folder: &str) -> bool {
        if invocation.guard != Guard::Never && removal(invocation).is_some_and(|removal| removal.deletes(folder)) {
            return true;
        }
        let own = modules_of(invocation).is_none_or(|other| other == folder);
        let words = || invocation.arguments.iter().map(|argument| argument.value.text());
        // `npm run build-production` builds; `npm run install:production` may be what its name says.
        let sets = words().next().is_some_and(|word| matches!(word, "config" | "set" | "c"));
        let installs = |word: &str| ["install", "dep", "module", "clean"].iter().any(|part| word.contains(part));
        let by_name = words().any(|word| {
            word.contains("prune")
                || word.contains("focus")
                || word == "deploy"
                || word.contains("production") && (word.starts_with('-') || sets || installs(word))
        });
        // `npx license-checker --production` takes nothing out, `npx pnpm@9 prune --prod` does.
        let is_manager = |word: &str| matches!(word.split('@').next(), Some("npm" | "yarn" | "pnpm"));
        let node = match invocation.program.as_str() {
            "npx" => words().find(|word| !word.starts_with('-')).is_some_and(is_manager),
            program => STARTERS.contains(&program),
        };
        node && ((own && self.leaves_out_development(run, invocation)) || by_name)
    }

    /// The script `name` of the `package.json` at `manifest`.
    pub(in crate::facts) fn script_of_package(&self, manifest: &str, name: &str) -> Option<String> {
        let manifest = self.node_manifest(manifest)?;
        manifest.scripts().find(|(other, _)| *other == name).map(|(_, script)| script.to_owned())
    }

    /// Whether no step of the image does more than installing packages, and none copies from another stage.
    fn makes_nothing(&self, image: &StageFacts) -> bool {
        self.chain(image).all(|stage| {
            let mut commands = stage.runs.iter().flat_map(|run| &run.invocations);
            stage.transfers.iter().all(|transfer| transfer.source == Source::Context)
                && commands.all(|command| installs_node_modules(command) || command.program == "mkdir")
        })
    }

    /// Whether what an image starts needs no development dependency, as far as scripts tell. `false` where that is not known.
    fn runs_without_tools(&self, image: &StageFacts, words: &[&str], manifest: &Manifest) -> bool {
        let words: Vec<&str> = words.iter().map(|word| bare(word)).collect();
        if words.iter().any(|word| is_for_work(word)) {
            return false;
        }
        let development = manifest.all_development();
        let names_tool = |text: &str| development.iter().any(|name| names_package(text, name));
        if words.iter().any(|word| names_tool(word)) || manifest.scripts().any(|(_, script)| script.contains("prune")) {
            return false;
        }
        for word in words.iter().filter(|word| has_script_extension(word) || word.contains("entrypoint")) {
            let workdir = image.state.workdir.known().unwrap_or("/");
            let path = self.origin(image.index, usize::MAX, &resolve(workdir, word), None);
            let Some(script) = path.and_then(|path| self.workspace.read(&path).ok()) else { return false };
            if names_tool(script.text()) || script.text().contains("npx") {
                return false;
            }
            let lines = script.text().lines().map(str::trim).filter(|line| !line.starts_with('#'));
            if !lines.flat_map(commands).all(|command| manifest.runs_plainly(&command)) {
                return false;
            }
        }
        // `node server.js`, where that file requires a tool that should have been an ordinary dependency.
        let sources = words.iter().filter(|word| SOURCES.iter().any(|suffix| word.ends_with(suffix)));
        for word in sources {
            let path =
                self.origin(image.index, usize::MAX, &resolve(image.state.workdir.known().unwrap_or("/"), word), None);
            let Some(source) = path.and_then(|path| self.workspace.read(&path).ok()) else {
                // Nothing brings what is started: the context is another one, and so may be the manifest.
                if !word.contains('/') && self.makes_nothing(image) {
                    return false;
                }
                continue;
            };
            let requires = |name: &String| {
                ["'", "\"", "`"].iter().any(|quote| source.text().contains(&format!("{quote}{name}{quote}")))
            };
            if development.iter().any(requires) {
                return false;
            }
        }
        // `["sh", "-c", "npm run migrate && npm start"]`
        commands(&words.join(" ")).iter().all(|command| manifest.runs_plainly(command))
    }
}

/// The folder that Nuxt builds with the packages that it needs, where one of the commands starts it: `node .output/server/index.mjs`.
fn output_of(manifest: &Manifest, lines: &[String]) -> Option<&'static str> {
    let starts = |command: &[&str]| {
        let mut words = command.iter();
        words.any(|word| word.ends_with(".output/server/index.mjs")).then_some(".output")
    };
    lines.iter().find_map(|line| manifest.finds(line, &starts))
}
