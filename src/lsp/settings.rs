//! What an editor says: `initializationOptions`, and the section `slimlint` of its configuration.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::config::{Configurations, Options};
use crate::rules;

/// What stands behind an ignore comment that an editor adds, as long as nobody says why.
const REASON: &str = "TODO: say why";

/// The settings of an editor, for one folder or for all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings {
    /// Whether anything is linted.
    pub enable: bool,
    /// The rules that run, in the place of what configuration files select.
    pub select: Option<Vec<String>>,
    /// Rules that run besides.
    pub extend_select: Vec<String>,
    /// Rules that do not run.
    pub ignore: Vec<String>,
    /// Whether fixes are offered that could change what the image does.
    pub unsafe_fixes: bool,
    /// Whether the bytes of installs and stages are shown behind their lines.
    pub inlay_hints: bool,
    /// A file to use in the place of those that would be found, relative to the folder.
    pub configuration: Option<PathBuf>,
    /// The reason that is put into ignore comments.
    pub ignore_reason: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enable: true,
            select: None,
            extend_select: Vec::new(),
            ignore: Vec::new(),
            unsafe_fixes: true,
            inlay_hints: true,
            configuration: None,
            ignore_reason: REASON.to_owned(),
        }
    }
}

impl Settings {
    /// Reads what an editor sends, with all that is wrong with it. What is wrong or not there is as in `base`.
    pub fn read(value: &Value, base: &Self) -> (Self, Vec<String>) {
        // Some send the section in an object of its name, others what stands in it.
        let value = value.get("slimlint").unwrap_or(value);
        let Some(given) = value.as_object() else {
            let wrong = (!value.is_null()).then(|| "the settings are no object".to_owned());
            return (base.clone(), wrong.into_iter().collect());
        };
        let mut problems = Vec::new();
        let mut settings = base.clone();
        for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let taken = match key.as_str() {
                "enable" => take(value, &mut settings.enable),
                "select" => take(value, &mut settings.select),
                "extendSelect" => take(value, &mut settings.extend_select),
                "ignore" => take(value, &mut settings.ignore),
                "unsafeFixes" => take(value, &mut settings.unsafe_fixes),
                "inlayHints" => take(value, &mut settings.inlay_hints),
                "configuration" => take(value, &mut settings.configuration),
                "ignoreReason" => take(value, &mut settings.ignore_reason),
                // An editor's own, such as the path of this program.
                _ => Ok(()),
            };
            problems.extend(taken.err().map(|error| format!("`slimlint.{key}`: {error}")));
        }
        let lists = [&mut settings.extend_select, &mut settings.ignore].into_iter().chain(&mut settings.select);
        for list in lists {
            list.retain(|name| {
                let is_known = rules::is_selector(name);
                if !is_known {
                    problems.push(format!("no rule or group is named `{name}`"));
                }
                is_known
            });
        }
        settings.ignore_reason = settings.ignore_reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if settings.configuration.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            settings.configuration = None;
        }
        (settings, problems)
    }

    /// The configurations of a folder with these settings in front, and what is wrong with the file that they name.
    pub fn configurations(&self, folder: &Path) -> (Configurations, Option<String>) {
        let mut configurations = Configurations::new(Options {
            select: self.select.clone(),
            extend_select: self.extend_select.clone(),
            ignore: self.ignore.clone(),
            ..Options::default()
        });
        let Some(path) = &self.configuration else { return (configurations, None) };
        let path = folder.join(path);
        let set = configurations.set_file(&path, folder);
        let problem = set.err().map(|error| {
            let first = error.problems.first().map(|(_, problem)| problem.to_string()).unwrap_or_default();
            format!("`slimlint.configuration` names {}: {first}", path.display())
        });
        (configurations, problem)
    }
}

fn take<T: serde::de::DeserializeOwned>(value: &Value, to: &mut T) -> Result<(), serde_json::Error> {
    *to = T::deserialize(value)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_and_the_rest_holds() {
        let sent = json!({ "slimlint": {
            "enable": null, "select": ["caches", "nonsense"], "inlayHints": false, "unsafeFixes": "yes", "path": 7,
            "ignoreReason": "for\nnow", "configuration": "",
        } });
        let (settings, problems) = Settings::read(&sent, &Settings::default());
        assert_eq!(settings.select.as_deref(), Some(&["caches".to_owned()][..]));
        assert!(settings.enable && settings.unsafe_fixes && !settings.inlay_hints);
        assert_eq!((settings.ignore_reason.as_str(), settings.configuration), ("for now", None));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn without_settings_those_before_hold() {
        let base = Settings { enable: false, ..Settings::default() };
        for value in [json!(null), json!({}), json!(3)] {
            assert_eq!(Settings::read(&value, &base).0, base);
        }
    }
}
