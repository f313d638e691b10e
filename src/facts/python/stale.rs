//! Locks that do not fit their manifests any more.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::commands::Uv;
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::python::lock::Edge;
use crate::text::TextRange;

use super::{PythonInstall, Tool};

/// How a lock differs from the manifest that it lies beside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The manifest asks for a package that the lock was not made for.
    Missing(PackageName),
    /// The lock was made for other versions: what the manifest says, and what the lock knows of.
    Versions(PackageName, String, String),
    /// The manifest takes torch from an index of CPU builds, the lock from elsewhere, with CUDA packages.
    CudaTorch,
}

/// What a build does with a lock that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StaleEffect {
    /// It installs what the lock says: `--frozen`.
    InstallsOld,
    /// It stops: `--locked`.
    Stops,
    /// It resolves anew and says nothing.
    ResolvesAnew,
}

/// What a manifest asks for under one name, each with its specifiers unless it comes from elsewhere, and where the first stands.
type Asked = (Vec<Option<BTreeSet<String>>>, TextRange);

/// A lock that does not fit.
#[derive(Clone, Debug)]
pub struct StaleLock {
    /// The lock's path in the workspace.
    pub path: String,
    /// The manifest's.
    pub manifest: String,
    /// How they differ, each with its place in the manifest where it has one.
    pub differences: Vec<(Difference, TextRange)>,
    /// The install that reads the lock, by its index.
    pub install: usize,
    /// What the build does.
    pub effect: StaleEffect,
}

impl StaleLock {
    /// Whether the lock still pins the CUDA build of torch, while the manifest takes another one.
    #[must_use]
    pub fn pins_cuda_torch(&self) -> bool {
        self.differences.iter().any(|(difference, _)| *difference == Difference::CudaTorch)
    }

    /// Whether `install` reads the lock.
    #[must_use]
    pub fn is_of(&self, install: &PythonInstall) -> bool {
        install.lock.as_ref().is_some_and(|lock| lock.path == self.path)
    }
}

impl Facts<'_> {
    /// The `uv.lock`s that installs read and that do not fit the manifest beside them.
    #[must_use]
    pub fn stale_locks(&self) -> Vec<StaleLock> {
        let mut found: Vec<StaleLock> = Vec::new();
        for (index, install) in self.python_installs().iter().enumerate() {
            if install.guard == Guard::Never || install.tool != Tool::UvSync || self.has_unknown_words(install) {
                continue;
            }
            let stale = self.stale_lock(index, install);
            found.extend(stale.filter(|stale| found.iter().all(|other| other.path != stale.path)));
        }
        found
    }

    fn stale_lock(&self, index: usize, install: &PythonInstall) -> Option<StaleLock> {
        let lock = install.lock.as_ref().filter(|lock| lock.rewritten.is_none())?;
        let project = install.projects.iter().find(|project| project.direct)?;
        let manifest = project.manifest.to_string();
        let beside = crate::workspace::parent(&manifest) == crate::workspace::parent(&lock.path);
        let (_, run, invocation) = self.site_of(install)?;
        if !beside || self.rewrites_manifest(install, &manifest) {
            return None;
        }
        let parsed = self.workspace.pyproject(&manifest).ok()?;
        if parsed.has_poetry || parsed.dynamic.iter().any(|field| field == "dependencies") {
            return None;
        }
        let pins = self.workspace.lock(&lock.path).ok()?;
        let own = pins.find(parsed.name.as_ref()?).find(|package| package.is_local)?;
        let mut locked: BTreeMap<&PackageName, Vec<Option<BTreeSet<String>>>> = BTreeMap::new();
        let of_extra = |edge: &&Edge| edge.marker.as_ref().is_some_and(|marker| marker.contains("extra =="));
        for edge in own.manifest.dependencies.iter().filter(|edge| !of_extra(edge)) {
            let known = edge.source.is_none().then(|| specifiers(edge.specifier.as_deref().unwrap_or_default()));
            locked.entry(&edge.name).or_default().push(known);
        }
        let mut declared: BTreeMap<&PackageName, Asked> = BTreeMap::new();
        for requirement in &parsed.dependencies {
            let own = requirement.url.is_none().then(|| specifiers(&requirement.specifier));
            declared.entry(&requirement.name).or_insert((Vec::new(), requirement.range)).0.push(own);
        }
        let mut differences = Vec::new();
        for (name, (wanted, range)) in &declared {
            let Some(known) = locked.get(*name) else {
                if parsed.name.as_ref() != Some(*name) {
                    differences.push((Difference::Missing((*name).clone()), *range));
                }
                continue;
            };
            if let ([Some(wanted)], [Some(known)]) = (wanted.as_slice(), known.as_slice())
                && wanted != known
                && are_plain(wanted)
                && are_plain(known)
            {
                let versions = Difference::Versions((*name).clone(), shown(wanted), shown(known));
                differences.push((versions, *range));
            }
        }
        // A source for the CPU build that the lock knows nothing of.
        let torch = PackageName::new("torch");
        let applying = parsed.uv_sources.get(&torch).into_iter().flatten();
        let mut applying = applying.filter(|source| source.applies(&install.platform, &[]));
        let cpu = applying.any(|source| {
            let mut indexes = parsed.indexes.iter();
            indexes.any(|index| {
                index.name.as_deref() == Some(source.from.as_str()) && index.url.trim_end_matches('/').ends_with("/cpu")
            })
        });
        let pinned_cpu = lock.torch.iter().any(|(version, source)| {
            version.contains("+cpu") || source.as_deref().is_some_and(|source| source.contains("/cpu"))
        });
        if cpu && lock.cuda && !lock.torch.is_empty() && !pinned_cpu {
            let place = parsed.dependencies.iter().find(|requirement| requirement.name == torch);
            differences
                .push((Difference::CudaTorch, place.map_or(TextRange::empty(0), |requirement| requirement.range)));
        }
        if differences.is_empty() {
            return None;
        }
        let set = |name: &str| {
            let value = self.variable(run, invocation, name);
            value.is_some_and(|value| matches!(value.text().to_lowercase().as_str(), "1" | "true" | "yes" | "on"))
        };
        let options = Uv::read(invocation)?.options;
        let effect = if options.has(&["--frozen"]) || set("UV_FROZEN") {
            StaleEffect::InstallsOld
        } else if options.has(&["--locked", "--check"]) || set("UV_LOCKED") {
            StaleEffect::Stops
        } else {
            StaleEffect::ResolvesAnew
        };
        Some(StaleLock { path: lock.path.clone(), manifest, differences, install: index, effect })
    }

    /// Whether an earlier command of the build changes the manifest: `sed -i … pyproject.toml`, `uv add`.
    fn rewrites_manifest(&self, install: &PythonInstall, manifest: &str) -> bool {
        let Some((stage, run, _)) = self.site_of(install) else { return true };
        let name = manifest.rsplit('/').next().unwrap_or(manifest);
        self.earlier(stage, run, install.invocation).any(|earlier| {
            let names = earlier.arguments.iter().any(|word| word.value.text().ends_with(name));
            let adds =
                earlier.program == "uv" && matches!(earlier.argument(0), Some("add" | "remove" | "version" | "lock"));
            names || adds || earlier.output.as_ref().is_some_and(|output| output.text().ends_with(name))
        })
    }
}

fn shown(specifiers: &BTreeSet<String>) -> String {
    if specifiers.is_empty() {
        return "any version".to_owned();
    }
    let parts: Vec<&str> = specifiers.iter().map(String::as_str).collect();
    format!("`{}`", parts.join(","))
}

/// Specifiers one by one, without blanks and without the zeros in front of numbers: `>=2026.07.04` is `>=2026.7.4`.
fn specifiers(text: &str) -> BTreeSet<String> {
    let parts = text.trim_matches(['(', ')', ' ']).split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let part: String = part.chars().filter(|character| !character.is_whitespace()).collect();
            let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
            let operator = part.get(..part.len() - version.len()).unwrap_or_default();
            let numbers: Vec<&str> = version
                .split('.')
                .map(|number| {
                    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                    let plain = if digits { number.trim_start_matches('0') } else { number };
                    if plain.is_empty() { "0" } else { plain }
                })
                .collect();
            format!("{operator}{}", numbers.join("."))
        })
        .collect()
}

/// Whether all specifiers are of plain releases, which have one way to be written: no `1.0-RC1`.
fn are_plain(specifiers: &BTreeSet<String>) -> bool {
    specifiers.iter().all(|part| {
        let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
        version.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'*'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(
            specifiers(" >= 2026.07.04 , !=1.0.* "),
            BTreeSet::from([">=2026.7.4".to_owned(), "!=1.0.*".to_owned()])
        );
        assert!(are_plain(&specifiers("==1.*")) && !are_plain(&specifiers(">=1.0rc1")));
    }
}
