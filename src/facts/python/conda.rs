//! conda's environment files.

use crate::dockerfile::Value;
use crate::facts::commands::Conda;
use crate::python::conda::CondaEnvironment;

use super::reader::Reader;

/// What `conda env create` reads when no file is named.
const DEFAULT: &str = "environment.yml";

impl Reader<'_, '_> {
    /// `conda env create`, `conda env update`, `mamba create`, `micromamba install` and so on with an environment file; `false` where
    /// they read none.
    pub(super) fn conda(&mut self, conda: &Conda<'_>) -> bool {
        let flag = conda.options.flags.iter().rev().find(|flag| matches!(&*flag.name, "-f" | "--file"));
        let of_environment = conda.subcommand.len() == 2;
        let named = flag.and_then(|flag| Some((flag.value.as_ref()?, flag.value_argument.unwrap_or(flag.argument))));
        let (path, word) = match named {
            Some((value, word)) => (value.known(), word.range),
            None if of_environment => {
                let Some(last) = conda.subcommand.last() else { return false };
                (Some(DEFAULT), last.range)
            }
            None => return false,
        };
        let Some(path) = path else {
            self.install.unknown = true;
            return of_environment;
        };
        if !CondaEnvironment::is_name(path) {
            return false;
        }
        let environment = self.origin(path).and_then(|file| {
            let environment = self.facts.workspace.conda_environment(&file).ok()?;
            Some((file, environment))
        });
        let Some((file, environment)) = environment else {
            self.install.unknown = true;
            self.note(format!("`{path}` is not in the build context"));
            return true;
        };
        self.install.unknown |= environment.unknown;
        self.install.conda.extend(environment.packages.iter().cloned());
        let python = environment.packages.iter().find(|package| package.name.as_str() == "python");
        if let Some(python) = python {
            self.install.platform.python = python.release();
            self.install.platform.patch = None;
        }
        let platform = conda.options.value(&["--platform", "--subdir"]).and_then(Value::known);
        if platform.is_some_and(|platform| platform.contains("aarch64")) {
            "aarch64".clone_into(&mut self.install.platform.machine);
        }
        self.requirements_file(&file, word, false, &[]);
        true
    }
}
