//! What packages of Python need, and commands that say themselves that one is compiled.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::dockerfile::Value;

use super::super::commands::{Pip, PipAction, Uv, UvAction};
use super::super::paths::file_name;
use super::super::python::{Made, PythonInstall};
use super::super::{Guard, Invocation, Run};
use super::Collector;

impl Collector<'_, '_> {
    /// What the packages of an install need to be compiled, and what they open when they run.
    pub(super) fn python(&mut self, install: &PythonInstall) {
        for extension in &install.extensions {
            let mut compilers = vec!["gcc"];
            compilers.extend(extension.is_cpp.then_some("g++"));
            for compiler in compilers {
                self.add(compiler, format!("for the extension modules of `{}`", extension.file));
            }
        }
        let closure = self.facts.closure(install);
        let roots = || install.roots.iter().map(|root| &root.requirement);
        let brought: BTreeSet<&str> = closure.packages.iter().map(|package| package.name.as_str()).collect();
        let asked = roots().flat_map(|requirement| {
            let name = requirement.name.as_str();
            let with_extras = requirement.extras.iter().map(move |extra| format!("{name}[{}]", extra.as_str()));
            std::iter::once(name.to_owned()).chain(with_extras)
        });
        let mut packages: BTreeSet<String> = asked.collect();
        for name in &packages {
            for package in catalogue::needs_of_pip_package(name).into_iter().flat_map(|list| list.split(' ')) {
                self.add(package, format!("for `{name}`"));
            }
        }
        for package in closure.packages.iter().filter(|package| package.made != Made::Otherwise && !package.left_out) {
            let name = package.name.as_str();
            // What somebody else brings may link with whatever it finds.
            self.needs.compiles |= !packages.contains(name)
                && catalogue::needs_of_pip_package(name).is_some_and(|list| !list.contains("-dev"));
            match (catalogue::needs_of_pip_package(name), package.made) {
                (Some(list), _) => list.split(' ').for_each(|needed| self.add(needed, format!("for `{name}`"))),
                (None, Made::Compiled) => {
                    self.needs.compiles = true;
                    self.add("g++", format!("for `{name}`, of which the lock has no wheel for this Python"));
                }
                (None, _) => {}
            }
        }
        packages.extend(brought.iter().map(|name| (*name).to_owned()));
        for name in &packages {
            // `psycopg[binary]` brings its library.
            let binary = format!("{name}-binary");
            let bundled = brought.contains(binary.as_str()) || packages.contains(&format!("{name}[binary]"));
            for package in catalogue::loads_of_pip_package(name).into_iter().flat_map(|list| list.split(' ')) {
                if !bundled {
                    self.add(package, format!("for `{name}`"));
                }
            }
        }
    }

    /// `CC=gcc pip install …`, `pip install --no-binary lxml lxml`. One that a build argument chooses counts too: whoever gives it
    /// needs the compiler.
    pub(super) fn compiling(&mut self, run: &Run, command: &Invocation) {
        let (name, options) = match (Pip::read(command), Uv::read(command)) {
            (Some(pip), _) if matches!(pip.action, PipAction::Install | PipAction::Wheel) => ("pip", pip.options),
            (_, Some(uv)) if matches!(uv.action, UvAction::PipInstall) => ("uv pip", uv.options),
            _ => return,
        };
        if command.guard == Guard::Elsewhere {
            return;
        }
        let chosen = if command.guard == Guard::Never { ", which a build argument can choose" } else { "" };
        for (variable, package) in [("CC", "gcc"), ("CXX", "g++")] {
            // What stands before a space may be an option: `CC="cc -mavx2"`.
            let value = command.variable(variable).map(Value::text);
            let compiler = value.and_then(|value| value.split_whitespace().next()).map(file_name);
            if compiler.is_some_and(|compiler| matches!(compiler, "cc" | "gcc" | "c++" | "g++")) {
                self.needs.compiles = true;
                self.add(package, format!("for `{variable}` of `{name} install`{chosen}"));
            }
        }
        let of_flags = options.values(&["--no-binary", "--no-binary-package"]).map(|value| ("--no-binary", value));
        let of_variable = self.facts.variable(run, command, "PIP_NO_BINARY").filter(|_| name == "pip");
        for (written, value) in of_flags.chain(of_variable.map(|value| ("PIP_NO_BINARY", value))) {
            let mut packages = value.text().split(',').filter(|one| !matches!(*one, "" | ":none:"));
            // What packages that have no wheels anyway are compiled with is known: `--no-binary psycopg2`.
            if packages.any(|one| catalogue::needs_of_pip_package(one).is_none()) {
                self.needs.compiles = true;
                self.add("gcc", format!("for `{written}` of `{name} install`{chosen}"));
            }
        }
    }
}
