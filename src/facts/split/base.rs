//! What the run-time stage stands on, and what it lacks there.

use crate::catalogue::{self, Distribution, Release, SlimmerKind};
use crate::dockerfile::Arguments;
use crate::facts::python::{PythonInstall, is_uv_image};
use crate::facts::{Base, Facts, MANUAL_FOLDER, StageFacts};

use super::Refusal;
use super::packages::{Packages, is_for_building};
use super::program::{compiled_needs, compiler_libraries, linked};

/// The `FROM` word of the run-time stage.
pub(super) fn runtime_base(facts: &Facts<'_>, stage: &StageFacts) -> Result<String, Refusal> {
    let from = facts.dockerfile.instructions.get(stage.from).ok_or_else(Refusal::unsaid)?;
    let Arguments::From { image: Some(word), name } = &from.arguments else { return Err(Refusal::unsaid()) };
    let Base::Image(reference) = &stage.base else { return Err(Refusal::unsaid()) };
    let (Some(known), image) = (reference.known(), &stage.image) else {
        return Err(Refusal::new("the base image is not known"));
    };
    if name.as_ref().is_some_and(|name| name.text.eq_ignore_ascii_case("builder")) {
        return Err(Refusal::new("the stage is called `builder` already"));
    }
    if is_uv_image(known) {
        return Err(Refusal::new("the base is uv's own image"));
    }
    if image.repository != "python" {
        return Err(Refusal::new(format!("the interpreter is not that of an official Python image, but of `{known}`")));
    }
    if image.distribution != Distribution::Debian {
        return Err(Refusal::new("which libraries Alpine's packages leave to install at run time is not known"));
    }
    if word.range.slice(facts.source.text()) != word.text || word.text.contains(['"', '\'', '\\', '`']) {
        return Err(Refusal::new("the base image is written with quotes"));
    }
    if image.slim {
        return Ok(word.text.clone());
    }
    let slimmer = image.slimmer.as_ref().filter(|slimmer| slimmer.kind == SlimmerKind::Slim);
    let slimmer = slimmer.ok_or_else(|| Refusal::new(format!("there is no slim variant of `{known}`")))?;
    if word.text.contains(['$', '@']) {
        return Err(Refusal::new(
            "the slim variant of the base image cannot be named: its tag is made of arguments, or pinned",
        ));
    }
    Ok(slimmer.reference.clone())
}

/// Libraries that the run-time stage needs although no instruction installs them or their development packages.
pub(super) fn libraries(
    facts: &Facts<'_>,
    stage: &StageFacts,
    installs: &[&PythonInstall],
    packages: &Packages,
    slimmed: bool,
) -> Result<Vec<&'static str>, Refusal> {
    let mut libraries = Vec::new();
    if packages.removes_compiler() || slimmed {
        libraries.extend(compiler_libraries(facts, installs));
    }
    if slimmed {
        let release = Release::of(&stage.image);
        let needs = facts.image_needs(stage);
        if needs.opaque {
            return Err(Refusal::new("a script that cannot be read here may need what only the full image has"));
        }
        if needs.compiles {
            return Err(Refusal::new(
                "packages are compiled that have wheels, and which libraries they then link with is not known",
            ));
        }
        if let Some(package) = &needs.links_manual {
            return Err(Refusal::new(format!(
                "the slim image has no `{MANUAL_FOLDER}`, in which `{package}` makes links"
            )));
        }
        if let Some((package, why)) = needs.packages.iter().find(|(package, _)| !is_for_building(package)) {
            return Err(Refusal::new(format!("the slim image has no `{package}` {why}")));
        }
        if let Some(extension) = installs.iter().flat_map(|install| &install.extensions).next() {
            return Err(Refusal::new(format!(
                "which libraries the extension modules of `{}` link with is not known",
                extension.file
            )));
        }
        libraries.extend(linked(facts, installs));
        for package in compiled_needs(facts, installs) {
            if catalogue::is_development_package(Distribution::Debian, package) {
                let unknown =
                    || Refusal::new(format!("which library `{package}` leaves to install at run time is not known"));
                libraries.extend(catalogue::libraries_of(package, release).ok_or_else(unknown)?);
            }
        }
    }
    libraries.retain(|name| !packages.libraries.contains(name) && !packages.kept.iter().any(|kept| kept == name));
    libraries.sort_unstable();
    libraries.dedup();
    Ok(libraries)
}
