//! Packages beside which a lighter one does all that the program needs.

use crate::catalogue::{self, Needs};
use crate::diagnostic::{Applicability, Basis, Component, Fix, Savings, Severity, Span, format_bytes};
use crate::facts::python::{Declared, PythonInstall};
use crate::facts::{Facts, SystemInstall};
use crate::python::PackageName;
use crate::rules::phrase::{count, listed};
use crate::rules::variants::{Heavy, advice, heavy, is_told, looked_at, renamed, saved_bytes};
use crate::rules::{Check, Finding, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Less than this is not worth another name.
const WORTH: u64 = 10_000_000;

/// System packages that are there for the windows of `OpenCV`.
const OF_WINDOWS: [&str; 10] = [
    "libgl1",
    "libgl1-mesa-glx",
    "libgl1-mesa-dri",
    "libsm6",
    "libsm-dev",
    "libxext6",
    "libxext-dev",
    "libxrender1",
    "libxrender-dev",
    "mesa-libgl",
];

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    if !facts.finals().any(|image| facts.is_runtime_image(image)) {
        return;
    }
    for package in heavy(facts, &[Needs::Sources, Needs::Kernels]) {
        if !is_needed(facts, &package) && !is_brought_back(facts, &package) {
            report(facts, &package, reporter);
        }
    }
    for package in heavy(facts, &[Needs::Compiler]) {
        report_compiled(facts, &package, reporter);
    }
}

/// Whether the program needs what the lighter one lacks, or may.
fn is_needed(facts: &Facts<'_>, package: &Heavy<'_>) -> bool {
    let variant = package.variant;
    let name = package.root.requirement.name.as_str();
    let program = facts.program();
    // A program that is not seen may use anything, and one that does not import the package may start it.
    let unseen = program.truncated || facts.importer_of(name).is_none() || facts.use_of(variant.uses).is_some();
    match variant.needs {
        Needs::Kernels => {
            let evidence = facts.gpu_evidence();
            !evidence.gpu.is_empty() || !is_told(evidence) || !evidence.ambiguous.is_empty() || unseen
        }
        _ => unseen || is_started(facts, name),
    }
}

/// Whether the image or its build starts a program of that name: `CMD ["mlflow", "server"]`.
fn is_started(facts: &Facts<'_>, name: &str) -> bool {
    let starts = facts.finals().any(|image| facts.all_start_words(image).iter().any(|word| word.contains(name)));
    let mut runs = facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    starts || runs.any(|invocation| invocation.program == name)
}

/// Whether another package requires it by its name, so that both would be installed.
fn is_brought_back(facts: &Facts<'_>, package: &Heavy<'_>) -> bool {
    let name = &package.root.requirement.name;
    let requires = |other: &PackageName, extras: &[&str]| {
        let family = other.as_str().starts_with(&format!("{name}-")) || other.as_str().starts_with("tf-");
        other != name && (family || catalogue::chain_to(other.as_str(), extras, name.as_str()).is_some())
    };
    let same_stage = facts.python_installs().iter().filter(|other| other.stage == package.install.stage);
    let roots = same_stage.flat_map(|other| &other.roots).any(|root| {
        let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
        requires(&root.requirement.name, &extras)
    });
    let lock = package.install.lock.as_ref().and_then(|lock| facts.workspace.lock(&lock.path).ok());
    roots || lock.is_some_and(|lock| lock.packages.iter().any(|locked| requires(&locked.name, &[])))
}

fn report(facts: &Facts<'_>, package: &Heavy<'_>, reporter: &mut Reporter<'_>) {
    let Heavy { root, variant, .. } = *package;
    let Some(lighter) = variant.lighter else { return };
    let Some(bytes) = saved_bytes(facts, package).filter(|&bytes| bytes >= WORTH) else { return };
    let name = &root.requirement.name;
    let reason = match variant.needs {
        Needs::Kernels => "what there is speaks for a CPU".to_owned(),
        _ => format!("the program uses nothing that `{lighter}` lacks"),
    };
    let mut finding = reporter.report(root.word, format!("`{name}` is installed, and {reason}"));
    if variant.needs == Needs::Sources {
        finding.severity(Severity::Info);
    }
    finding.primary_label(format!("brings `{name}{}`", root.requirement.specifier));
    if root.declared != Declared::Dockerfile {
        finding.label_in(Span::new(root.place.file.clone(), root.place.range), "asks for it");
    }
    finding.note("lost", format!("`{lighter}` is imported by the same name and lacks {}", variant.lost));
    if variant.needs == Needs::Kernels {
        finding.note("gpu", looked_at(facts.gpu_evidence()));
    } else {
        let sources = count(facts.program().sources.len(), "copied source");
        finding.note("reach", format!("none of {} names speaks for it in {sources}", variant.uses.len()));
    }
    finding.note("bytes", format!("catalogue: ≈ {} less installed", format_bytes(bytes)));
    let component = Component::Package(name.to_string());
    finding.savings(Savings::of(component, bytes, Basis::Catalogue));
    system_packages(facts, package, &mut finding);
    finding.help(advice(package, lighter));
    let edit = renamed(facts, package);
    let shared = if root.declared == Declared::Dockerfile {
        "another package may require the heavier one by its name".to_owned()
    } else {
        format!("whoever else installs from `{}` gets it, too", root.place.file)
    };
    finding.fix(edit.map(|edit| Fix {
        title: format!("replace `{name}` by `{lighter}`"),
        applicability: Applicability::Unsafe,
        caution: Some(shared),
        edits: vec![edit],
    }));
}

/// A driver that is compiled in the image, where the headers and compilers for it stay.
fn report_compiled(facts: &Facts<'_>, package: &Heavy<'_>, reporter: &mut Reporter<'_>) {
    const HEADERS: [&str; 4] = ["libpq-dev", "postgresql-dev", "postgresql-devel", "libpq-devel"];
    const COMPILERS: [&str; 6] = ["gcc", "build-essential", "g++", "clang", "build-base", "libc6-dev"];
    let Heavy { install, root, variant } = *package;
    let Some((lighter, stage)) = variant.lighter.zip(facts.stages.get(install.stage)) else { return };
    if !facts.is_in_final(stage.index) || is_brought_back(facts, package) {
        return;
    }
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let installs: Vec<SystemInstall<'_>> =
        chain.flat_map(|stage| stage.runs.iter().flat_map(|run| facts.system_installs(stage, run))).collect();
    let of = |names: &[&str]| installs.iter().find(|install| names.contains(&install.name)).cloned();
    // What else is compiled keeps the toolchain there.
    let of_python = ["python3-dev", "python-dev", "libpython3-dev", "make", "musl-dev", "python3-devel"];
    let is_other = |install: &SystemInstall<'_>| {
        let expected = [&HEADERS[..], &COMPILERS[..], &of_python[..]].iter().any(|names| names.contains(&install.name));
        let compiles = install.build_tool().is_some()
            || catalogue::is_development_package(install.family, install.name)
            || install.name.ends_with("-dev")
            || install.name.ends_with("-devel");
        compiles && !expected
    };
    if installs.iter().any(is_other) || compiles_more(install) {
        return;
    }
    // A full image has both already, and in a builder they are not shipped.
    let Some((headers, compiler)) = of(&HEADERS).zip(of(&COMPILERS)) else { return };
    if facts.base_brings(stage, compiler.name) {
        return;
    }
    let name = &root.requirement.name;
    let message = format!("`{name}` is compiled in the image, and `{lighter}` comes as a wheel");
    let mut finding = reporter.report(root.word, message);
    finding.severity(Severity::Info);
    finding.primary_label(format!("brings `{name}{}`", root.requirement.specifier));
    if root.declared != Declared::Dockerfile {
        finding.label_in(Span::new(root.place.file.clone(), root.place.range), "asks for it");
    }
    finding.label(headers.argument.range, "is needed to compile it");
    finding.label(compiler.argument.range, "is needed to compile it");
    finding.note("lost", format!("`{lighter}` is imported by the same name and lacks {}", variant.lost));
    finding.help(format!(
        "{}; `{}` is not needed then, nor are compilers, unless something else is compiled",
        advice(package, lighter),
        headers.name
    ));
    finding.fix(renamed(facts, package).map(|edit| Fix {
        title: format!("replace `{name}` by `{lighter}`"),
        applicability: Applicability::Unsafe,
        caution: Some("its makers advise the source for production, whose libpq the system updates".to_owned()),
        edits: vec![edit],
    }));
}

/// Whether the install asks for what has no wheels at all.
fn compiles_more(install: &PythonInstall) -> bool {
    const SOURCES_ONLY: [&str; 10] = [
        "mysqlclient",
        "netifaces",
        "pycairo",
        "pygraphviz",
        "python-ldap",
        "pyuwsgi",
        "uwsgi",
        "xmlsec",
        "pycurl",
        "pylibmc",
    ];
    install.roots.iter().any(|root| SOURCES_ONLY.contains(&root.requirement.name.as_str()))
}

/// Names the system packages that the lighter one does not need.
fn system_packages(facts: &Facts<'_>, package: &Heavy<'_>, finding: &mut Finding<'_>) {
    if !package.root.requirement.name.as_str().starts_with("opencv-") {
        return;
    }
    let in_image = facts.stages.iter().filter(|stage| facts.is_in_final(stage.index));
    let installs = in_image.flat_map(|stage| stage.runs.iter().flat_map(|run| facts.system_installs(stage, run)));
    let mut names: Vec<String> = Vec::new();
    for install in installs.filter(|install| OF_WINDOWS.contains(&install.name.to_lowercase().as_str())) {
        let name = format!("`{}`", install.name);
        if !names.contains(&name) {
            finding.label(install.argument.range, "is for windows, unless something else needs it");
            names.push(name);
        }
    }
    if !names.is_empty() {
        let verb = if names.len() == 1 { "is" } else { "are" };
        finding.note("system", format!("{} {verb} not needed by it", listed(&names)));
    }
}
