//! Variables of a Makefile.

use std::collections::BTreeMap;

/// How deep variables that name variables are followed, and how long a line may get by it, in bytes.
const DEPTH: usize = 4;
const MAX_LINE: usize = 100_000;

/// Variables with their values as written.
#[derive(Clone, Debug, Default)]
pub struct MakeVariables {
    values: BTreeMap<String, String>,
}

impl MakeVariables {
    /// Those that the lines of a Makefile, or of a script, assign.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut variables = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('\t')) {
            variables.assign(line.trim());
        }
        variables
    }

    /// Gives a variable a value, which may name others.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Takes `NAME = value`, `:=`, `?=`, `+=`; `false` when the line is none of these.
    pub fn assign(&mut self, line: &str) -> bool {
        let Some((name, value)) = line.split_once('=') else { return false };
        let name = name.trim_end_matches([':', '?', '+']).trim();
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        if is_name {
            self.set(name, value.trim());
        }
        is_name
    }

    /// The line with `$(NAME)` and `${NAME}` filled in. What would make it too long stays as it is.
    #[must_use]
    pub fn expanded(&self, line: &str) -> String {
        let mut result = line.to_owned();
        for _ in 0..DEPTH {
            if !result.contains("$(") && !result.contains("${") {
                break;
            }
            for (name, value) in &self.values {
                for reference in [format!("$({name})"), format!("${{{name}}}")] {
                    let count = result.matches(&reference).count();
                    if count > 0 && result.len().saturating_add(count.saturating_mul(value.len())) < MAX_LINE {
                        result = result.replace(&reference, value);
                    }
                }
            }
        }
        result.replace("$$", "$")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_name_variables_are_followed() {
        let variables = MakeVariables::read("DC := docker compose\nRUN=$(DC) run --rm\n\tNOT = $(this)\n");
        assert_eq!(variables.expanded("${RUN} web pytest $$HOME"), "docker compose run --rm web pytest $HOME");
        assert_eq!(variables.expanded("$(NOT)"), "$(NOT)");
    }

    #[test]
    fn variables_that_grow_stay_bounded() {
        let text = format!("A = {}\nB = {}\n", "x".repeat(50_000), "$(A)".repeat(20_000));
        assert!(MakeVariables::read(&text).expanded(&"$(B)".repeat(1_000)).len() < 200_000);
    }
}
