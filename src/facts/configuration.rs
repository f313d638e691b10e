//! Settings of tools that earlier steps of a stage make: configuration files that are written or copied, `pip config set`.

use std::sync::Arc;

use crate::dockerfile::Value;
use crate::text::SourceFile;

use super::commands::{Options, Pip, PipAction};
use super::paths::{resolve, resolve_value};
use super::transfer::Source;
use super::{Base, Facts, Invocation, Run, StageFacts};

/// The ways in which a setting of a tool is made.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Flags of the command itself.
    pub flags: &'a [&'a str],
    /// Environment variables, in every spelling.
    pub variables: &'a [&'a str],
    /// Programs whose `config` command makes it for later commands.
    pub programs: &'a [&'a str],
    /// Its names for that command.
    pub keys: &'a [&'a str],
    /// Files of the project or of the user's home, each with the setting's name in it.
    pub files: &'a [(&'a str, &'a str)],
}

impl Facts<'_> {
    /// The folder that `setting` names for the invocation at `index` of `run`, absolute. `None` when nothing sets it; unknown
    /// when something does and the value cannot be told.
    #[must_use]
    pub fn folder_setting(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        options: &Options<'_>,
        setting: Setting<'_>,
    ) -> Option<Value> {
        let found = self.setting(stage, run, index, options, setting)?;
        Some(resolve_value(&run.invocations.get(index)?.workdir, &found))
    }

    /// What `setting` is for the invocation at `index` of `run`. `None` when nothing sets it.
    #[must_use]
    pub fn setting(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        options: &Options<'_>,
        setting: Setting<'_>,
    ) -> Option<Value> {
        let invocation = run.invocations.get(index)?;
        let variable = || setting.variables.iter().find_map(|name| self.variable(run, invocation, name));
        let direct = options.value(setting.flags).or_else(variable).filter(|value| !value.text().is_empty()).cloned();
        let in_file = || {
            setting.files.iter().find_map(|(name, key)| {
                let file = self.settings_file(stage, run, invocation, name)?;
                file.text().lines().find_map(|line| line_value(line, key)).map(|value| {
                    let plain = !value.contains(['$', '~', '{']);
                    if plain { Value::new(value) } else { Value::unknown() }
                })
            })
        };
        let by_command = || {
            let told = self
                .configuring(stage, run, index)
                .filter(|other| setting.programs.contains(&other.program.as_str()) && other.has_argument("config"));
            told.filter_map(|other| configured(other, setting.keys)).last()
        };
        direct.or_else(in_file).or_else(by_command)
    }

    /// The file of that name in the project that the invocation works in, in a folder around it, or in its user's home.
    fn settings_file(
        &self,
        stage: &StageFacts,
        run: &Run,
        invocation: &Invocation,
        name: &str,
    ) -> Option<Arc<SourceFile>> {
        let in_home = || {
            let homes = self.homes(stage, run, invocation);
            homes.iter().find_map(|home| self.image_file(stage, run, &format!("{home}/{name}")))
        };
        self.project_file(stage, run, &invocation.workdir, name).or_else(in_home)
    }

    /// The file of the context that stands as `name` in `folder` of the image, or in the nearest folder around it.
    #[must_use]
    pub fn project_file(&self, stage: &StageFacts, run: &Run, folder: &Value, name: &str) -> Option<Arc<SourceFile>> {
        let mut folder = folder.known()?.to_owned();
        loop {
            if let Some(file) = self.image_file(stage, run, &resolve(&folder, name)) {
                return Some(file);
            }
            if folder == "/" {
                return None;
            }
            folder = resolve(&folder, "..");
        }
    }

    fn image_file(&self, stage: &StageFacts, run: &Run, path: &str) -> Option<Arc<SourceFile>> {
        let origin = self.origin(stage.index, run.instruction, path, Some(&run.mounts))?;
        self.workspace.read(&origin).ok()
    }

    /// The invocations that ran before the one at `index` of `run`, in the stage and those it is built on.
    pub fn earlier<'a>(
        &'a self,
        stage: &'a StageFacts,
        run: &'a Run,
        index: usize,
    ) -> impl Iterator<Item = &'a Invocation> {
        let own =
            stage.runs.iter().filter(|other| other.instruction < run.instruction).flat_map(|other| &other.invocations);
        let ancestors = self.ancestors(stage).flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        ancestors.chain(own).chain(run.invocations.iter().take(index))
    }

    /// Those of [`Facts::earlier`], and the invocations of the stages that the stage had copied from by then: an environment may have
    /// come along.
    pub fn earlier_or_copied<'a>(
        &'a self,
        stage: &'a StageFacts,
        run: &'a Run,
        index: usize,
    ) -> impl Iterator<Item = &'a Invocation> {
        let copies = stage.transfers.iter().filter(|transfer| transfer.instruction < run.instruction);
        let sources = copies.filter_map(|transfer| match transfer.source {
            Source::Stage(from) => self.stages.get(from),
            _ => None,
        });
        let copied = sources.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        copied.chain(self.earlier(stage, run, index))
    }

    /// Those of [`Facts::earlier`] that may configure a tool.
    pub(super) fn configuring<'a>(
        &'a self,
        stage: &'a StageFacts,
        run: &'a Run,
        index: usize,
    ) -> impl Iterator<Item = &'a Invocation> {
        let of = |stage: &'a StageFacts| {
            let place = |&(run, index): &(usize, usize)| {
                stage.runs.get(run).and_then(|run| Some((run, index, run.invocations.get(index)?)))
            };
            stage.configuring.iter().filter_map(place)
        };
        let before = move |&(other, at, _): &(&Run, usize, &Invocation)| {
            other.instruction < run.instruction || (other.instruction == run.instruction && at < index)
        };
        let ancestors = self.ancestors(stage).flat_map(of);
        ancestors.chain(of(stage).filter(before)).map(|(_, _, invocation)| invocation)
    }

    /// The stages that a stage is built on, the nearest first.
    pub fn ancestors<'a>(&'a self, stage: &'a StageFacts) -> impl Iterator<Item = &'a StageFacts> {
        let parent = |stage: &StageFacts| match stage.base {
            Base::Stage(parent) => self.stages.get(parent),
            _ => None,
        };
        std::iter::successors(parent(stage), move |stage| parent(stage))
    }

    /// Whether pip's configuration sets `option` (without its section) before the invocation at `index` of `run` runs.
    #[must_use]
    pub fn pip_configured(&self, stage: &StageFacts, run: &Run, index: usize, option: &str) -> bool {
        let by_command = self.configuring(stage, run, index).any(|invocation| {
            let set = Pip::read(invocation).filter(|pip| pip.action == PipAction::ConfigSet);
            let written = invocation.output.as_ref().is_some_and(|file| is_pip_configuration(file.text()));
            set.is_some_and(|pip| pip.options.operands.iter().any(|(_, name)| name.value.text().ends_with(option)))
                || (written && invocation.arguments.iter().any(|argument| argument.value.text().contains(option)))
        });
        by_command || self.copied_files(stage, run.instruction, is_pip_configuration).any(|text| text.contains(option))
    }

    /// Whether apt is configured to leave out recommended packages before the invocation at `index` of `run` runs.
    #[must_use]
    pub fn apt_leaves_out_recommends(&self, stage: &StageFacts, run: &Run, index: usize) -> bool {
        let says_no = |text: &str| super::commands::recommends_option(text) == Some(false);
        let by_command = self.configuring(stage, run, index).any(|invocation| {
            let written = invocation.output.as_ref().is_some_and(|file| is_apt_configuration(file.text()))
                || (invocation.program == "tee"
                    && invocation.arguments.iter().any(|argument| is_apt_configuration(argument.value.text())));
            // What `tee` writes comes through a pipe or a heredoc, which is not followed.
            let piped = invocation.program == "tee";
            written && (piped || invocation.arguments.iter().any(|argument| says_no(argument.value.text())))
        });
        by_command || self.copied_files(stage, run.instruction, is_apt_configuration).any(|text| says_no(&text))
    }

    /// Texts of configuration files of pip that are copied before instruction `before`.
    pub(super) fn pip_configurations<'a>(
        &'a self,
        stage: &'a StageFacts,
        before: usize,
    ) -> impl Iterator<Item = String> + 'a {
        self.copied_files(stage, before, is_pip_configuration)
    }

    /// Texts of the context's files that transfers before instruction `before` put where `wanted` says.
    fn copied_files<'a>(
        &'a self,
        stage: &'a StageFacts,
        before: usize,
        wanted: fn(&str) -> bool,
    ) -> impl Iterator<Item = String> + 'a {
        let own = stage.transfers.iter().filter(move |transfer| transfer.instruction < before);
        let all = own.chain(self.ancestors(stage).flat_map(|stage| &stage.transfers));
        let from_context = all.filter(|transfer| transfer.source == Source::Context);
        from_context.flat_map(move |transfer| {
            let destination = transfer.destination.known().unwrap_or_default();
            transfer.paths.iter().filter_map(move |(path, _)| {
                let path = path.known()?;
                let target =
                    if transfer.into_folder { format!("{destination}/{path}") } else { destination.to_owned() };
                let file = wanted(&target).then(|| crate::workspace::join(&self.service.context, path))?;
                Some(self.workspace.read(&file?).ok()?.text().to_owned())
            })
        })
    }
}

/// What `npm config set NAME VALUE`, `… NAME=VALUE` or `conda config --add NAME VALUE` sets.
fn configured(invocation: &Invocation, keys: &[&str]) -> Option<Value> {
    invocation.arguments.iter().enumerate().find_map(|(index, argument)| {
        let text = argument.value.text();
        if keys.contains(&text) {
            return invocation.arguments.get(index + 1).map(|next| next.value.clone());
        }
        keys.iter().find_map(|key| text.strip_prefix(key)?.strip_prefix('=')).map(Value::new)
    })
}

/// The value of `key` in a line of `.npmrc` (`key=value`), `.yarnrc` (`key "value"`) or at the top of a YAML file (`key: value`).
pub(super) fn line_value<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let rest = line.strip_prefix(key)?;
    let value = rest.trim_start().trim_start_matches(['=', ':']).trim();
    let separated = rest.starts_with([' ', '\t', '=', ':']) && !value.is_empty();
    separated.then(|| value.split(" #").next().unwrap_or(value).trim().trim_matches(['"', '\'']))
}

fn is_pip_configuration(path: &str) -> bool {
    path.ends_with("pip.conf") || path.ends_with("pip.ini")
}

fn is_apt_configuration(path: &str) -> bool {
    path.contains("/etc/apt/apt.conf")
}
