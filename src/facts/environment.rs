use std::collections::BTreeMap;
use std::sync::Arc;

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
///
/// Each instruction of a stage has its own, and they differ by a variable or two: what they have in common is shared.
#[derive(Clone, Default, Debug)]
pub struct Environment {
    /// What is set later counts more. Each layer is larger than the one above it, so there are few of them.
    layers: Vec<Arc<BTreeMap<String, Variable>>>,
}

impl PartialEq for Environment {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Environment {}

impl Environment {
    /// The variable of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.layers.iter().rev().find_map(|layer| layer.get(name))
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
        let mut top = BTreeMap::from([(name.to_owned(), variable)]);
        while let Some(below) = self.layers.pop_if(|below| below.len() <= top.len()) {
            for (name, variable) in below.iter() {
                if !top.contains_key(name) {
                    top.insert(name.clone(), variable.clone());
                }
            }
        }
        self.layers.push(Arc::new(top));
    }

    /// All variables by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        let all = self.layers.iter().flat_map(|layer| layer.iter());
        all.map(|(name, variable)| (name.as_str(), variable)).collect::<BTreeMap<_, _>>().into_iter()
    }

    /// What a stage built on this one inherits: `ARG`s end with their stage.
    pub(super) fn inherited(&self) -> Self {
        let is_env = |variable: &Variable| variable.kind == VariableKind::Env;
        let kept = |layer: &Arc<BTreeMap<String, Variable>>| {
            if layer.values().all(is_env) {
                return Arc::clone(layer);
            }
            let kept = layer.iter().filter(|(_, variable)| is_env(variable));
            Arc::new(kept.map(|(name, variable)| (name.clone(), variable.clone())).collect())
        };
        Self { layers: self.layers.iter().map(kept).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(value: usize, kind: VariableKind) -> Variable {
        Variable { value: Value::new(value.to_string()), kind, set_at: TextRange::default() }
    }

    /// A variable that is set again has its last value whichever layer the first is in; what is inherited loses the `ARG`s only.
    #[test]
    fn later_values_count_and_layers_stay_few() {
        let mut environment = Environment::default();
        for number in 0..10_000_usize {
            let kind = if number % 3 == 0 { VariableKind::Arg } else { VariableKind::Env };
            environment.set(&format!("A{}", number % 4_001), variable(number, kind));
        }
        assert!(environment.layers.len() < 16, "{}", environment.layers.len());
        assert_eq!(environment.iter().count(), 4_001);
        assert_eq!(environment.known("A1"), Some("8003"));
        // 4,000 is an `ENV`, 8,001 an `ARG` that does not hide it.
        assert_eq!(environment.known("A4000"), Some("4000"));
        let inherited = environment.inherited();
        assert!(
            inherited.iter().all(|(name, variable)| {
                variable.kind == VariableKind::Env && environment.get(name) == Some(variable)
            })
        );
        let env = environment.iter().filter(|(_, variable)| variable.kind == VariableKind::Env).count();
        assert_eq!(inherited.iter().count(), env);
    }
}
