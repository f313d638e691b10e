use super::Setting;

/// Build arguments that a definition gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::workspace) struct Given {
    /// In order; `None` is a value that nobody knows.
    values: Vec<(String, Option<String>)>,
    /// Whether it may give others, whose names are computed: `docker build $OPTIONS .`.
    others: bool,
}

impl Given {
    pub(in crate::workspace) fn give(&mut self, name: &str, value: Option<String>) {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        };
        if is_name(name) {
            self.values.push((name.to_owned(), value.filter(|value| is_literal(value))));
        } else {
            self.others = true;
        }
    }

    /// Says that there may be more.
    pub(in crate::workspace) fn give_others(&mut self) {
        self.others = true;
    }

    /// Takes `NAME=value`, and `NAME` alone, whose value is that of a variable of whoever builds.
    pub(in crate::workspace) fn give_pair(&mut self, pair: &str) {
        match pair.split_once('=') {
            Some((name, value)) => self.give(name, Some(value.to_owned())),
            None => self.give(pair, None),
        }
    }

    /// The value of one: of several the last counts.
    pub(in crate::workspace) fn of(&self, name: &str) -> Setting {
        match self.values.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => value.clone().into(),
            None if self.others => Setting::Unknown,
            None => Setting::Unset,
        }
    }

    /// It, with what `below` gives where it gives nothing itself.
    pub(in crate::workspace) fn over(self, below: Self) -> Self {
        let values = below.values.into_iter().chain(self.values).collect();
        Self { values, others: self.others || below.others }
    }

    /// Those whose values are known, by name.
    #[cfg(test)]
    pub(in crate::workspace) fn known(&self) -> Vec<String> {
        let names: std::collections::BTreeSet<&String> = self.values.iter().map(|(name, _)| name).collect();
        let shown = names.into_iter().filter_map(|name| Some(format!("{name}={}", self.of(name).known()?)));
        shown.collect()
    }
}

/// Whether nothing is left in a value that is filled in elsewhere: `$(VERSION)`, `{{ version }}`.
fn is_literal(value: &str) -> bool {
    !value.contains(['$', '`']) && !value.contains("{{") && !value.chars().any(char::is_control)
}
