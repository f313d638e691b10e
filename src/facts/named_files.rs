//! Which words of the Dockerfile name files of the repository.

use std::collections::BTreeMap;

use crate::python::PackageName;
use crate::text::TextRange;
use crate::workspace::join;

use super::python::Place;
use super::{Facts, Origin, Source};

impl Facts<'_> {
    /// The files, relative to the root, that words of the Dockerfile name, each by the place of its word: sources of `COPY`, `ADD` and
    /// bind mounts, and words of commands that name a copied file. Where several words stand in one place the first counts.
    #[must_use]
    pub fn named_files(&self) -> BTreeMap<TextRange, String> {
        let mut found = BTreeMap::new();
        let mut take = |range: TextRange, file: Option<String>| {
            if let Some(file) = file.filter(|file| self.workspace.is_file(file)) {
                found.entry(range).or_insert(file);
            }
        };
        let of_context = |path: &str| join(&self.service.context, path);
        for stage in &self.stages {
            for transfer in stage.transfers.iter().filter(|transfer| transfer.source == Source::Context) {
                for (path, range) in &transfer.paths {
                    take(*range, path.known().and_then(of_context));
                }
            }
            for run in &stage.runs {
                for mount in run.mounts.iter().filter(|mount| mount.kind == "bind" && mount.from.is_none()) {
                    let source = mount.source.as_ref().and_then(|source| source.known());
                    take(mount.range, source.and_then(of_context));
                }
                for invocation in run.invocations.iter().filter(|one| one.origin == Origin::Instruction) {
                    for argument in invocation.arguments.iter().filter(|argument| argument.whole) {
                        let word = argument.value.known().filter(|word| !word.starts_with('-') && word.contains('.'));
                        let file = word
                            .and_then(|word| self.likely_origin_in(stage.index, run, &invocation.workdir, word))
                            .map(|(file, _)| file);
                        take(argument.range, file);
                    }
                }
            }
        }
        // What an installer reads by itself: `uv sync`.
        for install in self.python_installs() {
            for project in install.projects.iter().filter(|project| project.direct) {
                take(project.word, Some(project.manifest.to_string()));
            }
        }
        found
    }

    /// The Python package that is asked for, or pinned by a lock, at the byte `at` of the file at `path`, and the place where it stands.
    #[must_use]
    pub fn package_at(&self, path: &str, at: u32) -> Option<(PackageName, TextRange)> {
        let is_here = |place: &Place| &*place.file == path && place.range.contains(at);
        for install in self.python_installs() {
            if let Some(root) = install.roots.iter().find(|root| is_here(&root.place)) {
                return Some((root.requirement.name.clone(), root.place.range));
            }
            // To follow everything is needed only for those who look into the lock itself.
            if install.lock.as_ref().is_none_or(|lock| lock.path != path) {
                continue;
            }
            let closure = self.closure(install);
            let places = closure.packages.iter().filter_map(|package| Some((package, package.place.as_ref()?)));
            if let Some((package, place)) = places.into_iter().find(|(_, place)| is_here(place)) {
                return Some((package.name.clone(), place.range));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::with_facts;

    #[test]
    fn words_lead_to_the_files_that_they_name() {
        let dockerfile = "FROM python:3.12\nWORKDIR /srv\nCOPY api/req.txt api/gone.txt ./\nCOPY lib/ lib/\n\
                          RUN --mount=type=bind,source=c.txt,target=/c.txt pip install -r req.txt -c /c.txt && python lib/a.py x.y\n";
        let files = [("api/req.txt", "flask\n"), ("c.txt", ""), ("lib/a.py", "")];
        let found = with_facts(dockerfile, &files, |facts| {
            let named = facts.named_files();
            named.iter().map(|(range, file)| format!("{} {file}", range.slice(dockerfile))).collect::<Vec<_>>()
        });
        assert_eq!(
            found,
            [
                "api/req.txt api/req.txt",
                "--mount=type=bind,source=c.txt,target=/c.txt c.txt",
                "req.txt api/req.txt",
                "/c.txt c.txt",
                "lib/a.py lib/a.py"
            ]
        );
    }
}
