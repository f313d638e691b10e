//! `slimlint check --show-settings`: what holds for each Dockerfile.

use std::fmt::Write as _;

use crate::config::{Settings, SettingsFor as _};
use crate::output::{escape, shown_path};
use crate::rules;

use super::run::Task;
use super::{Status, Terminal};

pub(super) fn show(tasks: &[Task], terminal: &mut Terminal<'_>) -> Status {
    let cwd = terminal.cwd.clone();
    let mut text = String::new();
    for (workspace, paths, settings) in tasks {
        for path in paths {
            let shown = shown_path(workspace.root(), path, &cwd);
            let settings = settings.settings_for(path);
            let _ = writeln!(text, "{}", escape(&shown));
            let source = match &settings.file {
                Some(file) => escape(&shown_path(file, "", &cwd)).into_owned(),
                None => "no file, defaults and the command line".to_owned(),
            };
            let _ = writeln!(text, "  configuration  {source}");
            describe(settings, &mut text);
            let overrides = settings.overrides(workspace.root(), path);
            if let Some(context) = overrides.context {
                let folder = shown_path(workspace.root(), &context.value, &cwd);
                let _ = writeln!(text, "  context        {} ({})", escape(&folder), context.by);
            }
            if let Some(gpu) = overrides.gpu {
                let _ = writeln!(text, "  gpu            {} ({})", gpu.value, escape(&gpu.by));
            }
            text.push('\n');
        }
    }
    terminal.write(|out, _| out.write_all(text.as_bytes()))
}

fn describe(settings: &Settings, text: &mut String) {
    let pages = || rules::rules().iter().map(|rule| rule.page);
    let running = pages().filter_map(|page| Some(format!("{} ({})", page.name, settings.severity_of(page)?.name())));
    let running: Vec<String> = running.collect();
    let _ = writeln!(text, "  rules          {}", running.join(", "));
    let patterns: Vec<&str> = settings.exclude.iter().map(crate::config::Pattern::text).collect();
    let excluded = if patterns.is_empty() { "nothing".to_owned() } else { patterns.join(", ") };
    let _ = writeln!(text, "  exclude        {}", escape(&excluded));
    for ignore in &settings.per_path_ignores {
        let _ =
            writeln!(text, "  ignored in     {}: {}", escape(ignore.pattern.text()), escape(&ignore.rules.join(", ")));
    }
    let _ = writeln!(text, "  fail-on        {}", settings.fail_on.name());
    let _ = writeln!(text, "  min-saving     {}", crate::diagnostic::format_bytes(settings.min_saving));
    let _ = writeln!(text, "  force-exclude  {}", settings.force_exclude);
    let _ = writeln!(text, "  backup         {}", settings.backup);
    if let Some(baseline) = &settings.baseline {
        let _ = writeln!(text, "  baseline       {}", escape(&baseline.path.to_string_lossy()));
    }
}
