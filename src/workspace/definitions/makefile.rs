//! Recipes of Makefiles.

use std::collections::HashMap;

use super::super::make::MakeVariables;
use super::command::{Built, FROM_ROOT};
use super::script::{Machine, Variables};
use super::{Given, Setting};

/// Recipes in which variables are filled in.
const MAX_RECIPES: usize = 200;

/// Stands for a value that nobody knows: a variable of the shell that has none.
const UNKNOWN: &str = "$$__UNKNOWN";

/// What the recipes of a Makefile build that runs in `directory` of the repository at `repository`, each with its 1-based line.
pub(super) fn builds(text: &str, repository: &str, directory: &str) -> Vec<(u32, Built)> {
    let mut variables = MakeVariables::read(text);
    let here = format!("{FROM_ROOT}{directory}");
    for name in ["CURDIR", "PWD"] {
        variables.set(name, &here);
    }
    let mut certain = variables.clone();
    for name in unsure(text) {
        certain.set(name, UNKNOWN);
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
        let expanded = variables.expanded(&recipe);
        if !super::may_build(&expanded) {
            continue;
        }
        let run = |recipe: &str| Machine::new(repository, Some(directory.to_owned()), Variables::new()).run(recipe);
        let mut builds = run(&expanded);
        let certainly = certain.expanded(&recipe);
        if certainly != expanded {
            let certain = run(&certainly);
            for build in &mut builds {
                doubt(build, &certain);
            }
        }
        let line = |line: u32| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(line + 1);
        found.extend(builds.into_iter().map(|(at, built)| (line(at), built)));
    }
    found
}

/// Takes back what a build is given by variables that may have other values; where it is built is held against the files there.
fn doubt(build: &mut (u32, Built), certain: &[(u32, Built)]) {
    let same = |other: &&(u32, Built)| {
        other.0 == build.0 && other.1.context == build.1.context && other.1.dockerfile == build.1.dockerfile
    };
    if let Some((_, certain)) = certain.iter().find(same) {
        build.1.clone_from(certain);
    } else {
        build.1.arguments = Given::default();
        build.1.arguments.give_others();
        build.1.target = Setting::Unknown;
        build.1.platform = Setting::Unknown;
    }
}

/// Variables that are assigned more than once, in the file or for one rule of it: `ifdef`, `+=`, `dev: STAGE = dev`.
fn unsure(text: &str) -> Vec<&str> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('\t') && !line.trim_start().starts_with('#')) {
        let Some((left, value)) = line.split_once('=') else { continue };
        let appends = left.ends_with('+');
        let left = left.trim_end_matches([':', '?', '+', '!']).trim();
        let (rule, name) = left.rsplit_once(':').map_or((false, left), |(_, name)| (true, name.trim()));
        let name = name.split_whitespace().last().unwrap_or_default();
        let differs = seen.insert(name, value.trim()).is_some_and(|before| before != value.trim());
        if differs || appends || rule {
            found.push(name);
        }
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

    #[test]
    fn variables_with_several_values_give_no_argument() {
        let text = "PY := 3.12\nifdef OLD\nNODE = 18\nelse\nNODE = 20\nendif\nSTAGE = prod\ndev: STAGE = dev\nARGS = --build-arg PY=$(PY) --build-arg \
                    NODE=$(NODE) --build-arg REV=$(shell git rev-parse HEAD)\ndev:\n\tdocker build $(ARGS) --target $(STAGE) .\n";
        let found = builds(text, "", "");
        let [(11, built)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(built.arguments.known(), ["PY=3.12"]);
        assert_eq!(built.arguments.of("NODE"), Setting::Unknown);
        assert_eq!(built.arguments.of("REV"), Setting::Unknown);
        assert_eq!(built.arguments.of("OTHER"), Setting::Unset);
        assert_eq!(built.target, Setting::Unknown);
    }
}
