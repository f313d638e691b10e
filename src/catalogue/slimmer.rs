use super::Distribution;
use super::images::{Image, images};

/// What a smaller image leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SlimmerKind {
    /// Compilers, headers, documentation: `python:3.12-slim` for `python:3.12`.
    Slim,
    /// The large package manager and what it needs: `rockylinux:9-minimal` for `rockylinux:9`.
    Minimal,
    /// The compiler of Java: `eclipse-temurin:17-jre` for `eclipse-temurin:17`.
    Jre,
    /// A toolchain or a whole distribution of packages: what it made runs on the smaller image.
    Kit,
    /// CUDA's compilers: `runtime` for `devel`.
    Devel,
}

/// A smaller image that can stand in for another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slimmer {
    /// What it leaves out.
    pub kind: SlimmerKind,
    /// The whole reference without a digest, the registry as it was written.
    pub reference: String,
    /// Its tag, when nothing but the tag differs.
    pub tag: Option<String>,
}

/// The smaller image for `name:tag` of the family `image`.
pub(super) fn slimmer(
    image: &Image,
    name: &str,
    repository: &str,
    tag: Option<&str>,
    small_variant: bool,
    distribution: Distribution,
) -> Option<Slimmer> {
    if image.slimmer.is_empty() || matches!(distribution, Distribution::Windows) {
        return None;
    }
    let tag = tag.unwrap_or("latest");
    // The slim images of that time stood on jessie.
    if tag.contains("wheezy") {
        return None;
    }
    let kind = match image.slimmer {
        "runtime" => SlimmerKind::Devel,
        "minimal" | "ubi-minimal" => SlimmerKind::Minimal,
        // From release 8 on the slim image installs with `microdnf` alone.
        "release-slim" if repository == "oraclelinux" && !tag.starts_with(['6', '7']) => SlimmerKind::Minimal,
        "jre" | "temurin" => SlimmerKind::Jre,
        // `oraclelinux:9-slim` has no `dnf` either.
        "release-slim" if distribution == Distribution::RedHat => SlimmerKind::Minimal,
        _ if image.kit.is_some() => SlimmerKind::Kit,
        _ => SlimmerKind::Slim,
    };
    let with_tag = |tag: String| Slimmer { kind, reference: format!("{name}:{tag}"), tag: Some(tag) };
    let other = |reference: String| Slimmer { kind, reference, tag: None };
    match image.slimmer {
        "runtime" => replace_part(tag, "devel", "runtime").map(with_tag),
        "slim-release" | "release-slim" if small_variant || distribution == Distribution::Distroless => None,
        "slim-release" => slim_release(repository, tag).map(with_tag),
        "release-slim" => release_slim(repository, tag).map(with_tag),
        "minimal" if small_variant || tag == "latest" => None,
        "minimal" => Some(with_tag(format!("{tag}-minimal"))),
        // The number of a build is another in each repository: `ubi:8.3-227`.
        "ubi-minimal" => Some(other(format!("{name}-minimal{}", tagged(without_build(tag))))),
        "jre" => jre(repository, tag).map(with_tag),
        "temurin" => temurin(repository, tag, distribution).map(other),
        "aspnet" => aspnet(name, tag).map(other),
        _ if distribution == Distribution::Alpine => Some(other("alpine".to_owned())),
        BOOKWORM => Some(other(format!("debian:{}-slim", release_of_kit(repository, tag)))),
        reference => Some(other(reference.to_owned())),
    }
}

/// What the result of a toolchain runs on.
const BOOKWORM: &str = "debian:bookworm-slim";

/// The release of Debian that a toolchain compiled on: what it linked with the C library runs on that release and later ones.
fn release_of_kit(repository: &str, tag: &str) -> &'static str {
    const RELEASES: [&str; 4] = ["trixie", "bookworm", "bullseye", "buster"];
    if let Some(named) = RELEASES.into_iter().find(|release| tag.split('-').any(|part| part == *release)) {
        return named;
    }
    // The last versions whose images were never made on trixie, which came in August 2025.
    let last = match repository {
        "golang" => (1, 23),
        "rust" => (1, 88),
        _ => return "bookworm",
    };
    let mut numbers = tag.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) <= last => "bookworm",
        _ => "trixie",
    }
}

/// `8.3` of `8.3-227`, also with a time behind it.
fn without_build(tag: &str) -> &str {
    match tag.split_once('-') {
        Some((version, build)) if build.starts_with(|c: char| c.is_ascii_digit()) => version,
        _ => tag,
    }
}

fn tagged(tag: &str) -> String {
    if tag == "latest" { String::new() } else { format!(":{tag}") }
}

/// `tag` with the part `from` between its dashes replaced.
fn replace_part(tag: &str, from: &str, to: &str) -> Option<String> {
    let found = tag.split('-').any(|part| part == from);
    found.then(|| tag.split('-').map(|part| if part == from { to } else { part }).collect::<Vec<_>>().join("-"))
}

/// `3.11-slim-bookworm`, `3.11-slim`, `slim`.
fn slim_release(repository: &str, tag: &str) -> Option<String> {
    // Perl puts `slim` in front of `threaded`.
    if tag.contains("onbuild") || tag.contains("threaded") {
        return None;
    }
    if tag == "latest" {
        return (!repository.contains('/')).then(|| "slim".to_owned());
    }
    Some(match images().release_at(tag) {
        Some(0) => format!("slim-{tag}"),
        Some(at) => format!("{}-slim{}", tag.get(..at - 1)?, tag.get(at - 1..)?),
        None => format!("{tag}-slim"),
    })
}

/// `20-bookworm-slim`, `20-slim`, `slim`.
fn release_slim(repository: &str, tag: &str) -> Option<String> {
    match (repository, tag) {
        _ if tag.contains("onbuild") => None,
        // `latest` of Debian is its stable release.
        ("debian", "latest") => Some("stable-slim".to_owned()),
        ("node" | "erlang" | "elixir" | "swift", "latest") => Some("slim".to_owned()),
        (_, "latest") | ("debian", "experimental" | "rc-buggy") => None,
        _ => Some(format!("{tag}-slim")),
    }
}

/// `17-jre-jammy` for `17-jdk-jammy` and `17-jammy`, `10.1-jre17` for `10.1-jdk17`.
fn jre(repository: &str, tag: &str) -> Option<String> {
    let parts: Vec<&str> = tag.split('-').collect();
    // Of Tomcat and Jetty only the images on Temurin have a JRE.
    let foreign = ["corretto", "openjdk", "slim", "graal"];
    if parts.iter().any(|part| part.starts_with("jre") || foreign.iter().any(|name| part.contains(name))) {
        return None;
    }
    if let Some(jdk) =
        parts.iter().find(|part| part.strip_prefix("jdk").is_some_and(|rest| is_number(rest) || rest.is_empty()))
    {
        return replace_part(tag, jdk, &jdk.replace("jdk", "jre"));
    }
    let numbered = tag.starts_with(|first: char| first.is_ascii_digit());
    let takes_default = repository == "eclipse-temurin" || repository.starts_with("azul/");
    // `8u292-b10` is one version.
    let version =
        if parts.get(1).is_some_and(|part| part.starts_with('b') && is_number(part.get(1..).unwrap_or_default())) {
            2
        } else {
            1
        };
    (numbered && takes_default).then(|| {
        let (before, after) = parts.split_at(version.min(parts.len()));
        [before, &["jre"], after].concat().join("-")
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `eclipse-temurin:17-jre` for the Java that the tag of another image names.
fn temurin(repository: &str, tag: &str, distribution: Distribution) -> Option<String> {
    let parts: Vec<&str> = tag.split(['-', '_']).collect();
    if parts.iter().any(|part| part.contains("jre") || part.contains("headless")) {
        return None;
    }
    let leading = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let java = if matches!(repository, "maven" | "gradle") {
        // `3.9-eclipse-temurin-17`, `3.6-jdk-8`, `8-jdk17`.
        let next = |at: usize| parts.get(at + 1).and_then(|part| leading(part));
        parts.iter().enumerate().find_map(|(at, part)| match *part {
            "temurin" | "jdk" | "openjdk" | "corretto" | "amazoncorretto" => next(at),
            _ => part.strip_prefix("jdk").and_then(leading),
        })
    } else {
        let in_name = repository.rsplit_once("openjdk").and_then(|(_, digits)| leading(digits));
        in_name.or_else(|| leading(parts.first().copied().unwrap_or_default()))
    };
    let alpine = if distribution == Distribution::Alpine { "-alpine" } else { "" };
    let java = java.filter(|java| matches!(java, 8 | 11 | 17 | 21 | 25))?;
    Some(format!("eclipse-temurin:{java}-jre{alpine}"))
}

/// `mcr.microsoft.com/dotnet/aspnet:8.0-alpine` for `mcr.microsoft.com/dotnet/sdk:8.0.100-alpine`.
fn aspnet(name: &str, tag: &str) -> Option<String> {
    let runtime = format!("{}aspnet", name.strip_suffix("sdk")?);
    let (version, rest) = tag.split_once('-').map_or((tag, None), |(version, rest)| (version, Some(rest)));
    if tag == "latest" {
        return Some(runtime);
    }
    // The SDK counts its patches on its own.
    let short: Vec<&str> = version.split('.').take(2).collect();
    let rest = rest.map(|rest| format!("-{rest}")).unwrap_or_default();
    Some(format!("{runtime}:{}{rest}", short.join(".")))
}

#[cfg(test)]
mod tests {
    use super::super::base_image;

    #[test]
    fn the_smaller_image_keeps_version_release_and_registry() {
        for (reference, slimmer) in [
            ("python", Some("python:slim")),
            ("python:3.11", Some("python:3.11-slim")),
            ("python:3.11.3-bookworm", Some("python:3.11.3-slim-bookworm")),
            ("python:bookworm", Some("python:slim-bookworm")),
            ("python:latest", Some("python:slim")),
            ("mirror.gcr.io/library/python:3.12", Some("mirror.gcr.io/library/python:3.12-slim")),
            ("python:3.12@sha256:00", Some("python:3.12-slim")),
            ("python:3.11-slim", None),
            ("python:3.11-alpine", None),
            ("python:3.11-windowsservercore", None),
            ("python:2.7-onbuild", None),
            ("python:2.7-wheezy", None),
            ("grpc/python:1.0", Some("grpc/python:1.0-slim")),
            ("node:20-bookworm", Some("node:20-bookworm-slim")),
            ("node:lts", Some("node:lts-slim")),
            ("node", Some("node:slim")),
            ("debian:bookworm", Some("debian:bookworm-slim")),
            ("debian", Some("debian:stable-slim")),
            ("arm64v8/debian:12", Some("arm64v8/debian:12-slim")),
            ("ghcr.io/astral-sh/uv:python3.12-bookworm", Some("ghcr.io/astral-sh/uv:python3.12-bookworm-slim")),
            ("ghcr.io/astral-sh/uv:latest", None),
            ("tiangolo/uvicorn-gunicorn-fastapi:python3.9", Some("tiangolo/uvicorn-gunicorn-fastapi:python3.9-slim")),
            ("tiangolo/uwsgi-nginx:python3.9", None),
            ("ubuntu:22.04", None),
            ("nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04", Some("nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04")),
            ("nvidia/cuda:12.4.1-base-ubuntu22.04", None),
            ("eclipse-temurin:17", Some("eclipse-temurin:17-jre")),
            ("eclipse-temurin:17-jdk-alpine", Some("eclipse-temurin:17-jre-alpine")),
            ("eclipse-temurin:17-jammy", Some("eclipse-temurin:17-jre-jammy")),
            ("eclipse-temurin:8u402-b06-jdk", Some("eclipse-temurin:8u402-b06-jre")),
            ("eclipse-temurin:17-jre", None),
            ("openjdk:8", Some("eclipse-temurin:8-jre")),
            ("openjdk:17-jdk-alpine", Some("eclipse-temurin:17-jre-alpine")),
            ("openjdk:8-jre-slim", None),
            ("openjdk:14", None),
            ("maven:3.9-eclipse-temurin-17", Some("eclipse-temurin:17-jre")),
            ("maven:3.6-jdk-8", Some("eclipse-temurin:8-jre")),
            ("gradle:8.5-jdk21", Some("eclipse-temurin:21-jre")),
            ("tomcat:10.1-jdk17", Some("tomcat:10.1-jre17")),
            ("tomcat:10.1-jdk17-corretto", None),
            ("golang:1.22", Some("debian:bookworm-slim")),
            ("golang:1.25", Some("debian:trixie-slim")),
            ("golang", Some("debian:trixie-slim")),
            ("golang:1.22-alpine", Some("alpine")),
            ("rust:1.70-bullseye", Some("debian:bullseye-slim")),
            ("rust:1", Some("debian:trixie-slim")),
            ("swift:5.10-jammy", Some("swift:5.10-jammy-slim")),
            ("mcr.microsoft.com/dotnet/sdk:8.0.100-alpine", Some("mcr.microsoft.com/dotnet/aspnet:8.0-alpine")),
            ("rockylinux:9", Some("rockylinux:9-minimal")),
            ("oraclelinux:9", Some("oraclelinux:9-slim")),
            ("registry.access.redhat.com/ubi9/ubi:9.4", Some("registry.access.redhat.com/ubi9/ubi-minimal:9.4")),
            ("registry.access.redhat.com/ubi9/ubi-minimal", None),
            ("buildpack-deps:bookworm", None),
            ("continuumio/anaconda3:2023.09", Some("continuumio/miniconda3")),
            ("registry.example/team/python:3.11", None),
        ] {
            assert_eq!(
                base_image(reference).slimmer.map(|slimmer| slimmer.reference).as_deref(),
                slimmer,
                "{reference}"
            );
        }
    }
}
