//! Packages beside which the catalogue has a lighter one: which are installed, and how the lighter one is asked for.

use crate::catalogue::{self, Needs, Variant};
use crate::diagnostic::Edit;
use crate::facts::python::{Build, Declared, Evidence, IndexKind, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard, Origin};
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;

/// A package with a lighter variant that an image ships.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heavy<'f> {
    /// The install that brings it.
    pub(super) install: &'f PythonInstall,
    /// What it is asked for with.
    pub(super) root: &'f Root,
    /// What the catalogue knows.
    pub(super) variant: &'static Variant,
}

/// The packages that somebody asked for, each once, and that a shipped image has in a version that is heavier than its variant.
pub(super) fn heavy<'f>(facts: &'f Facts<'_>, needs: &[Needs]) -> Vec<Heavy<'f>> {
    let mut found: Vec<Heavy<'f>> = Vec::new();
    for install in facts.python_installs().iter().filter(|install| may_matter(facts, install)) {
        for root in &install.roots {
            let known = found.iter().any(|other| other.root.requirement.name == root.requirement.name);
            let variant = variant_of(facts, install, root).filter(|variant| needs.contains(&variant.needs));
            if let Some(variant) = variant.filter(|_| !known) {
                found.push(Heavy { install, root, variant });
            }
        }
    }
    found
}

fn may_matter(facts: &Facts<'_>, install: &PythonInstall) -> bool {
    let stage = facts.stages.get(install.stage);
    // On musl and on arm64 other builds are installed, or none.
    let usual = install.platform.machine == "x86_64" && stage.is_some_and(|stage| stage.image.musl != Some(true));
    usual && install.guard == Guard::Always && install.tool != Tool::PipWheel && facts.ships(install)
}

fn variant_of(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> Option<&'static Variant> {
    let requirement = &root.requirement;
    let extras: Vec<&str> = requirement.extras.iter().map(PackageName::as_str).collect();
    let variant = catalogue::variant(requirement.name.as_str(), &extras)?;
    // What a compiler wrote down, another package brings; that one would bring it again.
    if root.is_required_by_others() || install.excluded.contains(&requirement.name) {
        return None;
    }
    let locked = install.lock.as_ref().filter(|lock| lock.rewritten.is_none());
    if let Some(lock) = locked
        && let Ok(parsed) = facts.workspace.lock(&lock.path)
    {
        let pinned = parsed.find(&requirement.name).next()?;
        let exact = Requirement::parse(&format!("{}=={}", requirement.name, pinned.version), 0)?;
        let heavy = variant.needs != Needs::GpuKernels || variant.chosen || lock.cuda;
        return (heavy && reaches_since(variant, &exact)).then_some(variant);
    }
    reaches_since(variant, requirement).then_some(variant)
}

/// Whether something speaks for a CPU.
pub(super) fn is_told(evidence: &Evidence) -> bool {
    !evidence.cpu.is_empty() || evidence.unreserved
}

/// `none: …` or `none found: …`, with what was looked at.
pub(super) fn looked_at(evidence: &Evidence) -> String {
    match evidence.cpu.first() {
        Some(cpu) => format!("none: {cpu}; {}", evidence.looked_at),
        None => format!("none found: {}", evidence.looked_at),
    }
}

/// Whether the stage holds a torch that may be a CUDA build.
pub(super) fn has_cuda_torch(facts: &Facts<'_>, install: &PythonInstall) -> bool {
    facts.torch_installs().iter().any(|torch| {
        let same = facts.python_installs().get(torch.install).is_some_and(|other| other.stage == install.stage);
        same && !matches!(torch.build, Build::Cpu(_))
    })
}

/// What would no longer be installed with the lighter one, beside all else that the stage installs; `None` where it was not
/// measured.
pub(super) fn saved_bytes(facts: &Facts<'_>, heavy: &Heavy<'_>) -> Option<u64> {
    heavy.variant.saved_bytes()?;
    let same_stage = facts.python_installs().iter().filter(|other| other.stage == heavy.install.stage);
    let others = same_stage.flat_map(|other| &other.roots).filter(|root| root.place != heavy.root.place);
    let others: Vec<&str> = others.flat_map(super::weight::keys).collect();
    let with = |key: Option<&'static str>| {
        let keys: Vec<&str> = others.iter().copied().chain(key).collect();
        catalogue::weight(&keys).installed_bytes
    };
    Some(with(Some(heavy.variant.key)).saturating_sub(with(heavy.variant.lighter))).filter(|&bytes| bytes > 0)
}

/// What to do about it, in the way of the tool.
pub(super) fn advice(heavy: &Heavy<'_>, lighter: &str) -> String {
    let manifest = &heavy.root.place.file;
    if !heavy.root.parents.is_empty() {
        return format!("ask for `{lighter}` in what `{manifest}` is compiled from, then compile it anew");
    }
    match heavy.root.declared {
        Declared::Dockerfile => format!("install `{lighter}`"),
        Declared::Project if heavy.install.tool.locks() => {
            format!("ask for `{lighter}` in `{manifest}`, then lock anew")
        }
        _ => format!("ask for `{lighter}` in `{manifest}`"),
    }
}

/// Puts the lighter name where the requirement is written. `None` where its versions are others, where a lock, hashes or another
/// index decide, or where the word holds more than the requirement.
pub(super) fn renamed(facts: &Facts<'_>, heavy: &Heavy<'_>) -> Option<Edit> {
    let Heavy { install, root, variant } = *heavy;
    let lighter = variant.lighter?;
    let requirement = &root.requirement;
    let pinned = !requirement.specifier.is_empty();
    let foreign = install.indexes.iter().any(|index| matches!(index.kind, IndexKind::Other | IndexKind::Gpu));
    let bound = install.tool.locks()
        || install.guessed
        || install.hashed
        || install.generated
        || !root.parents.is_empty()
        || foreign;
    if bound || requirement.url.is_some() || pinned && !(variant.same_versions && keeps_pin(variant, requirement)) {
        return None;
    }
    let file;
    let text = match root.declared {
        Declared::Dockerfile => {
            let (_, _, invocation) = facts.site_of(install)?;
            let argument = invocation.arguments.iter().find(|argument| argument.range == root.word)?;
            if invocation.origin != Origin::Instruction || !argument.whole {
                return None;
            }
            facts.source.text()
        }
        Declared::Requirements => {
            file = facts.workspace.read(&root.place.file).ok()?;
            file.text()
        }
        Declared::Project => return None,
    };
    let written = root.place.range.slice(text);
    let quote = written.len() - written.trim_start_matches(['"', '\'']).len();
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let name: &str = written.get(quote..)?.split(|character| !is_name(character)).next()?;
    if PackageName::new(name) != requirement.name {
        return None;
    }
    let extras = match (variant.key.split_once('['), requirement.extras.as_slice()) {
        (_, []) => 0,
        // `jax[cuda12]`
        (Some(_), [_]) => {
            let behind = written.get(quote + name.len()..)?;
            if behind.starts_with('[') { behind.find(']')? + 1 } else { return None }
        }
        _ => return None,
    };
    let start = root.place.range.start() as usize + quote;
    let range = TextRange::from_usize(start, start + name.len() + extras);
    Some(Edit { file: root.place.file.clone(), range, text: lighter.to_owned() })
}

/// Whether the lighter one has what the requirement asks for, as far as the catalogue knows.
fn keeps_pin(variant: &Variant, requirement: &Requirement) -> bool {
    let local = requirement.specifier.contains('+') || requirement.specifier.contains("===");
    !local && reaches_since(variant, requirement)
}

/// Whether the versions that are asked for are those that have a lighter twin: none is older than the first that has one.
fn reaches_since(variant: &Variant, requirement: &Requirement) -> bool {
    let Some(since) = variant.since else { return true };
    let newer = |bound: &str, operator: &str| {
        Requirement::parse(&format!("{}{operator}{since}", requirement.name), 0)
            .and_then(|bounds| bounds.accepts(bound))
            .unwrap_or_default()
    };
    requirement.specifier.split(',').all(|clause| {
        let version = clause.trim_start_matches(['<', '>', '=', '~', '!', ' ']).trim_end_matches(".*");
        match clause.get(..2).unwrap_or_default() {
            "==" | "~=" | "<=" => newer(version, ">="),
            _ if clause.starts_with('<') => newer(version, ">"),
            _ => true,
        }
    })
}
