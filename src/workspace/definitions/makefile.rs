//! Recipes of Makefiles.

use super::super::make::MakeVariables;
use super::command::{Built, FROM_ROOT};
use super::script::{Machine, Variables};

/// Recipes in which variables are filled in.
const MAX_RECIPES: usize = 200;

/// What the recipes of a Makefile build that runs in `directory` of the repository at `repository`, each with its 1-based line.
pub(super) fn builds(text: &str, repository: &str, directory: &str) -> Vec<(u32, Built)> {
    let mut variables = MakeVariables::read(text);
    let here = format!("{FROM_ROOT}{directory}");
    for name in ["CURDIR", "PWD"] {
        variables.set(name, &here);
    }
    let (mut found, mut recipes) = (Vec::new(), MAX_RECIPES);
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(first) = line.strip_prefix('\t') else { continue };
        let mut recipe = first.trim_start_matches(['@', '-', '+', ' ']).to_owned();
        // Each line runs in a shell of its own, with those that it goes on in.
        while recipe.ends_with('\\') {
            let Some((_, next)) = lines.next() else { break };
            recipe.push('\n');
            recipe.push_str(next.trim_start_matches('\t'));
        }
        // `$(DOCKER_BUILD)`
        let speaks = ["build", "BUILD", "executor"].iter().any(|sign| recipe.contains(sign));
        if !speaks || recipes == 0 {
            continue;
        }
        recipes -= 1;
        let recipe = variables.expanded(&recipe);
        if !super::may_build(&recipe) {
            continue;
        }
        let mut machine = Machine::new(repository, Some(directory.to_owned()), Variables::new());
        let line = |line: u32| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(line + 1);
        found.extend(machine.run(&recipe).into_iter().map(|(at, built)| (line(at), built)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes() {
        let text = "DOCKER ?= docker\nFILE := docker/Dockerfile\nOPTS = --no-cache -t $(NAME)\n\nall:\n\t@echo\n\t@$(DOCKER) build $(OPTS) \\\n\t  -f $(FILE) .\n\
                    b:\n\tcd web && docker build $(CURDIR)/api\n\tdocker build -f $(OTHER) .\n\tdocker build $(EXTRA) .\n";
        let found = builds(text, "", "");
        let found: Vec<_> = found.iter().map(|(line, built)| (*line, &*built.context, &*built.dockerfile)).collect();
        assert_eq!(found, [(7, "", "docker/Dockerfile"), (10, "api", "api/Dockerfile")]);
    }
}
