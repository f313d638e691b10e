//! From the arguments of `check` to what configurations are made of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{ConfigError, Configurations, Options, Pattern, Scope};
use crate::rules;
use crate::workspace::Workspace;

use super::args::{Check, Configuration};
use super::check::{tell_configuration, unknown_rule};
use super::{Status, Terminal};

/// The configurations of a run; what is wrong with the arguments is told.
pub(super) fn configurations(arguments: &Check, terminal: &mut Terminal<'_>) -> Result<Configurations, Status> {
    let cwd = terminal.cwd.clone();
    match options(arguments, &cwd) {
        Ok(options) => with_files(options, &arguments.configuration, terminal),
        Err(message) => Err(terminal.error(&message)),
    }
}

/// The configurations of a run that has no options of its own.
pub(super) fn of_files(arguments: &Configuration, terminal: &mut Terminal<'_>) -> Result<Configurations, Status> {
    with_files(Options::default(), arguments, terminal)
}

fn with_files(
    options: Options,
    arguments: &Configuration,
    terminal: &mut Terminal<'_>,
) -> Result<Configurations, Status> {
    let cwd = terminal.cwd.clone();
    let mut configurations = Configurations::new(options);
    if arguments.isolated {
        configurations.isolate();
    }
    let mut has_file = false;
    for given in &arguments.config {
        let path = cwd.join(given);
        // As a file may be called `a=b.toml`.
        let added = if given.contains('=') && !path.exists() {
            configurations.add_inline(given, &cwd)
        } else {
            if std::mem::replace(&mut has_file, true) {
                return Err(terminal.error("--config names a second file; name one, or give the rest as `key = value`"));
            }
            if arguments.isolated {
                return Err(
                    terminal.error("--isolated uses no configuration files, but --config names one; leave out either")
                );
            }
            match path.canonicalize() {
                Ok(path) => configurations.set_file(&path, &cwd),
                Err(error) => {
                    return Err(
                        terminal.error(&format!("--config {given}: {error}; name a file, or write `key = value`"))
                    );
                }
            }
        };
        added.map_err(|error: ConfigError| tell_configuration(&error, terminal))?;
    }
    if let Some(folder) = &arguments.context {
        configurations.set_context(context(folder, &cwd).map_err(|message| terminal.error(&message))?);
    }
    Ok(configurations)
}

fn options(arguments: &Check, cwd: &Path) -> Result<Options, String> {
    let select = arguments.select.as_deref().map(selectors).transpose()?;
    let exclude = arguments.exclude.as_deref().map(|patterns| self::patterns(patterns, cwd)).transpose()?;
    Ok(Options {
        select,
        extend_select: selectors(&arguments.extend_select)?,
        ignore: selectors(&arguments.ignore)?,
        fail_on: arguments.fail_on.map(Into::into),
        min_saving: arguments.min_saving,
        exclude,
        extend_exclude: patterns(&arguments.extend_exclude, cwd)?,
        force_exclude: arguments.force_exclude.then_some(true),
        backup: arguments.no_backup.then_some(false),
        ..Options::default()
    })
}

fn selectors(given: &[String]) -> Result<Vec<String>, String> {
    let known = |selector: &String| {
        let selector = selector.trim();
        if rules::is_selector(selector) { Ok(selector.to_owned()) } else { Err(unknown_rule(selector)) }
    };
    given.iter().map(known).collect()
}

fn patterns(given: &[String], cwd: &Path) -> Result<Vec<Pattern>, String> {
    let base: Arc<Path> = Arc::from(cwd);
    given.iter().map(|text| Pattern::new(text, &base, Scope::AnyFolder).map_err(|error| error.to_string())).collect()
}

/// The folder of `--context`, absolute and without links.
fn context(folder: &Path, cwd: &Path) -> Result<PathBuf, String> {
    let shown = folder.display();
    let real = cwd.join(folder).canonicalize().map_err(|error| format!("--context {shown}: {error}"))?;
    if !real.is_dir() {
        return Err(format!("--context {shown}: it is not a folder; name the folder that is given to `docker build`"));
    }
    Ok(real)
}

/// What to say when the folder of `--context` lies outside of the workspace.
pub(super) fn context_outside(arguments: &Configuration, workspace: &Workspace, cwd: &Path) -> Option<String> {
    let folder = arguments.context.as_deref()?;
    let (real, root) = (context(folder, cwd).ok()?, workspace.root());
    let shown = folder.display();
    (!real.starts_with(root)).then(|| {
        format!("--context {shown}: it lies outside `{}`, where nothing is read; run slimlint from a folder that holds both", root.display())
    })
}
