use std::collections::BTreeMap;

use crate::dockerfile::{Lookup, Value};
use crate::text::TextRange;

/// How a variable was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VariableKind {
    /// `ENV`: stays in the image.
    Env,
    /// `ARG`: holds during the build; its default can be overridden.
    Arg,
}

/// A variable of a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// Its value, or an `ARG`'s default.
    pub value: Value,
    /// Which instruction set it.
    pub kind: VariableKind,
    /// The instruction's range in the Dockerfile.
    pub set_at: TextRange,
}

/// The variables that hold at an instruction.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, Variable>,
}

impl Environment {
    /// The variable of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// The known, non-empty value of a variable.
    #[must_use]
    pub fn known(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.known().filter(|value| !value.is_empty())
    }

    /// What an expansion sees. A variable that nothing here sets may come from the base image, so it is unknown.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Lookup {
        match self.get(name) {
            Some(variable) => match variable.value.known() {
                Some(value) => Lookup::Known(value.to_owned()),
                None if variable.value.text().chars().count() > 1 => Lookup::Known(variable.value.text().to_owned()),
                None => Lookup::Unknown,
            },
            None => Lookup::Unknown,
        }
    }

    /// Sets a variable. An `ARG` does not hide an `ENV` of the same name.
    pub(super) fn set(&mut self, name: &str, variable: Variable) {
        if variable.kind == VariableKind::Arg && self.get(name).is_some_and(|old| old.kind == VariableKind::Env) {
            return;
        }
        self.variables.insert(name.to_owned(), variable);
    }

    /// All variables by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.variables.iter().map(|(name, variable)| (name.as_str(), variable))
    }

    /// What a stage built on this one inherits: `ARG`s end with their stage.
    pub(super) fn inherited(&self) -> Self {
        let env = |variable: &Variable| variable.kind == VariableKind::Env;
        let kept = self.variables.iter().filter(|(_, variable)| env(variable));
        Self { variables: kept.map(|(name, variable)| (name.clone(), variable.clone())).collect() }
    }
}
