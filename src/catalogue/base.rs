use super::Distribution;
use super::images::{Image, Images, images};
use super::slimmer::{Slimmer, slimmer};

/// Which GPU an image is made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Gpu {
    /// NVIDIA.
    Cuda,
    /// AMD.
    Rocm,
    /// The image is known and holds nothing for a GPU.
    None,
    /// Not known.
    Unknown,
}

/// A release whose support has an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndOfLife {
    /// What ends: `Debian 10 (buster)`, `Python 3.8`.
    pub release: &'static str,
    /// The last day of (long-term, but not paid) support, `YYYY-MM-DD`.
    pub date: &'static str,
}

/// What a FROM reference tells of the image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseImage {
    /// Repository without Docker Hub's own prefixes and mirrors: `python`, `nvidia/cuda`, `ghcr.io/astral-sh/uv`.
    pub repository: String,
    /// The tag, where one is given.
    pub tag: Option<String>,
    /// The digest, where one is given.
    pub digest: Option<String>,
    /// Its distribution family.
    pub distribution: Distribution,
    /// Whether its C library is musl; `None` when not known.
    pub musl: Option<bool>,
    /// `X.Y` of the Python that it brings, where repository and tag tell.
    pub python: Option<String>,
    /// The GPU it is made for.
    pub gpu: Gpu,
    /// Whether it is already a small variant: slim, alpine, distroless, minimal, runtime.
    pub slim: bool,
    /// Whether it holds a compiler.
    pub has_build_tools: Option<bool>,
    /// The user it runs as when the Dockerfile sets none.
    pub default_user: Option<&'static str>,
    /// The smaller image that has, or can run, the same.
    pub slimmer: Option<Slimmer>,
    /// What of it only a build needs: `a JDK`, `the Go toolchain`.
    pub kit: Option<&'static str>,
    /// Whether a family of the catalogue names the repository.
    pub is_known: bool,
    /// Uncompressed bytes; `None` when not known.
    pub bytes: Option<u64>,
    /// How [`BaseImage::bytes`] was found: `measured`, `published` or `estimate`; empty when not known.
    pub bytes_basis: &'static str,
    /// Releases in it whose support has an end, as far as the tag tells.
    pub end_of_life: Vec<EndOfLife>,
    /// Whether it is a Windows image, whose RUN lines are cmd or `PowerShell`.
    pub windows: bool,
}

impl BaseImage {
    /// Whether it brings a Python beside that of its distribution, of whatever version: `python:3-slim`, `pypy`.
    #[must_use]
    pub fn brings_python(&self) -> bool {
        self.python.is_some() || matches!(self.repository.as_str(), "python" | "pypy")
    }
}

/// What is known of the image `reference`, with every build argument already filled in.
///
/// A reference that still holds a `$` tells nothing, and neither does an image that no entry fits unless its tag does.
#[must_use]
pub fn base_image(reference: &str) -> BaseImage {
    let images = images();
    let (name, tag, digest) = split_image(reference.trim());
    let repository = images.without_hub(name);
    let image = images.family(&repository);
    let tag_text = tag.unwrap_or_default().to_lowercase();
    let tokens: Vec<&str> = tag_text.split(['-', '_']).filter(|token| !token.is_empty()).collect();
    let distribution = distribution(images, image, &repository, &tokens);
    let alpine_variant = distribution == Distribution::Alpine && tokens.iter().any(|token| token.starts_with("alpine"));
    let small_variant = alpine_variant
        || tokens.iter().any(|token| matches!(*token, "slim" | "minimal" | "micro" | "runtime" | "chiseled"));
    let variant = variant(&tokens, alpine_variant);
    // `debian@sha256:…` may be any variant, also the slim one.
    let any_variant = tag.is_none() && digest.is_some();
    let linux = distribution != Distribution::Windows || repository.starts_with("mcr.microsoft.com/windows");
    let size = images.size(&repository, &tag_text, variant).filter(|_| linux && !any_variant);
    let brought = python(image, &repository, &tag_text, &tokens);
    // Red Hat maintains the Python of its releases beyond python.org's own support.
    let maintained = brought.as_deref().filter(|_| image.is_some() && distribution != Distribution::RedHat);
    BaseImage {
        distribution,
        musl: musl(image, distribution),
        python: brought.clone(),
        gpu: gpu(image, &repository, &tokens),
        slim: small_variant || image.is_some_and(|image| image.small) || repository.ends_with("-minimal"),
        has_build_tools: build_tools(image, &repository, &tokens, small_variant)
            .filter(|_| distribution != Distribution::Windows && !any_variant),
        default_user: user(image, &repository, &tokens),
        slimmer: image
            .filter(|_| !any_variant)
            .and_then(|image| slimmer(image, name, &repository, tag, small_variant, distribution)),
        kit: image.and_then(|image| image.kit),
        is_known: image.is_some(),
        bytes: size.as_ref().map(|size| size.bytes),
        bytes_basis: size.map(|size| size.basis).unwrap_or_default(),
        end_of_life: images.ends(&repository, &tag_text, &tokens, maintained),
        windows: distribution == Distribution::Windows,
        repository,
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    }
}

/// Name, tag and digest. A colon before the last `/` belongs to a port.
#[must_use]
pub fn split_image(reference: &str) -> (&str, Option<&str>, Option<&str>) {
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag), digest),
        _ => (name, None, digest),
    }
}

fn distribution(images: &Images, image: Option<&Image>, repository: &str, tokens: &[&str]) -> Distribution {
    // The tag of a distroless image names the Debian it was cut from.
    let fixed = image.filter(|image| image.small && image.distribution == Distribution::Distroless);
    if let Some(image) = fixed {
        let shell = repository.contains("chainguard") && tokens.contains(&"dev");
        return if shell { Distribution::Alpine } else { image.distribution };
    }
    // Canonical's and Microsoft's cut-down Ubuntu has neither a shell nor a package manager.
    if tokens.contains(&"chiseled") {
        return Distribution::Distroless;
    }
    if let Some(told) = tokens.iter().find_map(|token| images.distribution(token)) {
        return told;
    }
    if let Some(image) = image {
        return image.distribution;
    }
    // `registry/team/ubuntu22.04/app` says as much as a tag.
    repository.split(['/', '-', '_']).rev().find_map(|part| images.distribution(part)).unwrap_or(Distribution::Unknown)
}

fn musl(image: Option<&Image>, distribution: Distribution) -> Option<bool> {
    match distribution {
        Distribution::Alpine => Some(!image.is_some_and(|image| image.glibc)),
        Distribution::Distroless => image.filter(|image| image.glibc).map(|_| false),
        Distribution::Unknown | Distribution::Windows => None,
        _ => Some(false),
    }
}

fn gpu(image: Option<&Image>, repository: &str, tokens: &[&str]) -> Gpu {
    let parts = || repository.split(['/', '-', '_']).chain(tokens.iter().copied());
    if parts().any(|part| part.starts_with("rocm")) {
        return Gpu::Rocm;
    }
    let is_cuda = |part: &str| {
        part.starts_with("cuda")
            || part.starts_with("cudnn")
            || part == "gpu"
            || part
                .strip_prefix("cu")
                .is_some_and(|digits| digits.len() >= 2 && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    if parts().any(is_cuda) {
        return Gpu::Cuda;
    }
    image.map_or(Gpu::Unknown, |image| image.gpu)
}

fn build_tools(image: Option<&Image>, repository: &str, tokens: &[&str], small_variant: bool) -> Option<bool> {
    let image = image?;
    if image.slimmer == "runtime" {
        return Some(tokens.contains(&"devel"));
    }
    match repository {
        // The official images of these keep their compilers out of the alpine variant only (and php its whole build set, with what is built on it).
        "golang" | "php" | "wordpress" | "gcc" => {
            let is_small = |token: &str| token.starts_with("alpine") || repository == "wordpress" && token == "cli";
            Some(!tokens.iter().any(|token| is_small(token)))
        }
        // Built on buildpack-deps or on the full python image, where the tag names a Debian.
        "ghcr.io/astral-sh/uv" | "astral/uv" => {
            Some(!small_variant && tokens.iter().any(|token| images().release_at(token).is_some()))
        }
        // NGINX Unit stands on the full image of the language in its tag (its `pkg/docker`), without one on a slim Debian.
        "unit" | "nginx/unit" => {
            let plain = tokens.is_empty() || tokens.iter().any(|token| matches!(*token, "minimal" | "wasm" | "latest"));
            Some(!small_variant && !plain)
        }
        "buildpack-deps" => Some(!tokens.iter().any(|token| matches!(*token, "curl" | "scm"))),
        _ if small_variant => Some(image.small_build_tools),
        _ => image.build_tools,
    }
}

fn user(image: Option<&Image>, repository: &str, tokens: &[&str]) -> Option<&'static str> {
    let image = image?;
    if repository.starts_with("gcr.io/distroless/") && tokens.contains(&"nonroot") {
        return Some("nonroot");
    }
    image.user
}

fn variant(tokens: &[&str], alpine: bool) -> &'static str {
    ["slim", "minimal", "jre", "devel", "runtime", "base", "gpu"]
        .into_iter()
        .find(|variant| !alpine && tokens.contains(variant))
        .unwrap_or(if alpine { "alpine" } else { "full" })
}

/// `X.Y` from `python3.11`, `py311`, `python-3.11` anywhere, or from the tag's start where the image is Python itself.
fn python(image: Option<&Image>, repository: &str, tag: &str, tokens: &[&str]) -> Option<String> {
    if image.is_some_and(|image| image.python == Some("tag")) {
        // `devcontainers/python:1-3.11-bookworm` puts its own version first.
        if let Some(version) = tokens.iter().find_map(|token| minor_version(token)) {
            return Some(version);
        }
    }
    let following = tokens.iter().zip(tokens.iter().skip(1)).find(|(token, _)| matches!(**token, "python" | "py"));
    let after = following.and_then(|(_, version)| minor_version(version));
    after.or_else(|| {
        tag.split(['-', '_']).chain(repository.split(['/', '-', '_'])).find_map(|part| {
            let version = part.strip_prefix("python").or_else(|| part.strip_prefix("py"))?;
            minor_version(version).or_else(|| {
                let (major, minor) = version.split_at_checked(1)?;
                let digits = !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit());
                (matches!(major, "2" | "3") && digits).then(|| format!("{major}.{minor}"))
            })
        })
    })
}

/// `3.11` of `3.11`, `3.11.3`, `3.13rc1`.
fn minor_version(text: &str) -> Option<String> {
    let mut parts = text.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
    (matches!(major, "2" | "3") && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_prefixes_and_mirrors_are_one_repository() {
        for reference in [
            "python:3.11",
            "library/python:3.11",
            "docker.io/library/python:3.11",
            "docker.io/python:3.11",
            "mirror.gcr.io/library/python:3.11",
            "public.ecr.aws/docker/library/python:3.11",
            "artifacts.example.com:5000/hub/library/python:3.11@sha256:00",
        ] {
            let image = base_image(reference);
            assert_eq!((image.repository.as_str(), image.tag.as_deref()), ("python", Some("3.11")), "{reference}");
            assert_eq!(image.bytes, Some(1_030_000_000));
            assert!(image.is_known);
        }
        let ported = base_image("localhost:5000/team/app");
        assert_eq!((ported.repository.as_str(), ported.tag), ("localhost:5000/team/app", None));
    }

    #[test]
    fn the_tag_decides_distribution_python_and_slimness() {
        use Distribution as D;
        for (reference, distribution, python, slim, tools) in [
            ("python:3.11", D::Debian, Some("3.11"), false, Some(true)),
            ("python:3.11.3-slim-bookworm", D::Debian, Some("3.11"), true, Some(false)),
            ("python:3.12-alpine3.19", D::Alpine, Some("3.12"), true, Some(false)),
            ("python:3.12-windowsservercore-ltsc2022", D::Windows, Some("3.12"), false, None),
            ("node:20-bookworm-slim", D::Debian, None, true, Some(false)),
            ("rust:1.75-slim", D::Debian, None, true, Some(true)),
            ("golang:1.22-alpine", D::Alpine, None, true, Some(false)),
            ("ubuntu:22.04", D::Ubuntu, None, false, Some(false)),
            ("nvidia/cuda:12.4.1-devel-ubuntu22.04", D::Ubuntu, None, false, Some(true)),
            ("nvidia/cuda:12.4.1-cudnn-runtime-rockylinux8", D::RedHat, None, true, Some(false)),
            ("ghcr.io/astral-sh/uv:python3.11-bookworm-slim", D::Debian, Some("3.11"), true, Some(false)),
            ("ghcr.io/astral-sh/uv:0.5.1", D::Distroless, None, false, Some(false)),
            ("gcr.io/distroless/python3-debian12", D::Distroless, None, true, Some(false)),
            ("public.ecr.aws/lambda/python:3.11", D::RedHat, Some("3.11"), false, Some(false)),
            ("tiangolo/uvicorn-gunicorn:python3.9-slim", D::Debian, Some("3.9"), true, Some(false)),
            ("mcr.microsoft.com/devcontainers/python:1-3.11-bookworm", D::Debian, Some("3.11"), false, Some(true)),
            ("mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled", D::Distroless, None, true, Some(false)),
            ("registry.example/team/app:1.2", D::Unknown, None, false, None),
            ("$BASE", D::Unknown, None, false, None),
        ] {
            let image = base_image(reference);
            assert_eq!(
                (image.distribution, image.python.as_deref(), image.slim, image.has_build_tools),
                (distribution, python, slim, tools),
                "{reference}"
            );
        }
    }

    #[test]
    fn gpu_images_are_told_apart() {
        for (reference, gpu) in [
            ("nvidia/cuda:12.4.1-base-ubuntu22.04", Gpu::Cuda),
            ("pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime", Gpu::Cuda),
            ("tensorflow/tensorflow:2.15.0-gpu", Gpu::Cuda),
            ("tensorflow/tensorflow:2.15.0", Gpu::None),
            ("rocm/pytorch:latest", Gpu::Rocm),
            ("python:3.11-slim", Gpu::None),
            ("quay.io/jupyter/pytorch-notebook:cuda12-latest", Gpu::Cuda),
            ("team/app:cu121", Gpu::Cuda),
            ("team/app", Gpu::Unknown),
        ] {
            assert_eq!(base_image(reference).gpu, gpu, "{reference}");
        }
    }

    #[test]
    fn the_default_user_is_the_images_own() {
        for (reference, user) in [
            ("jupyter/base-notebook", Some("jovyan")),
            ("node:20", Some("root")),
            ("cgr.dev/chainguard/python:latest", Some("nonroot")),
            ("cgr.dev/chainguard/wolfi-base", Some("root")),
            ("gcr.io/distroless/base-debian12:nonroot", Some("nonroot")),
            ("team/app", None),
        ] {
            assert_eq!(base_image(reference).default_user, user, "{reference}");
        }
    }

    #[test]
    fn ended_releases_are_named() {
        let ends =
            |reference: &str| base_image(reference).end_of_life.into_iter().map(|end| end.release).collect::<Vec<_>>();
        assert_eq!(ends("python:3.7-buster"), ["Debian 10 (buster)", "Python 3.7"]);
        assert_eq!(ends("node:14.21"), ["Node.js 14"]);
        assert_eq!(ends("python:3.1"), [""; 0]);
        assert_eq!(ends("nvidia/cuda:11.0-base-ubuntu18.04"), ["Ubuntu 18.04 (bionic)"]);
        assert_eq!(ends("centos:7.9.2009"), ["CentOS 7"]);
        assert_eq!(ends("centos"), ["the CentOS images"]);
        assert_eq!(ends("python:2.7-slim"), ["Python 2.7"]);
        assert_eq!(ends("python:2-alpine"), ["Python 2"]);
        assert_eq!(ends("python:3.12-alpine3.18"), ["Alpine 3.18", "Python 3.12"]);
        assert_eq!(ends("tiangolo/uvicorn-gunicorn:python3.8-slim"), ["Python 3.8"]);
        assert_eq!(ends("registry.access.redhat.com/ubi9/python-39:1"), [""; 0]);
        assert_eq!(ends("node:iron-slim"), ["Node.js 20"]);
        assert_eq!(ends("debian:iron"), [""; 0]);
        assert_eq!(ends("openjdk:8u292-jdk"), ["the openjdk images"]);
        assert_eq!(ends("amazonlinux:2023"), [""; 0]);
        assert_eq!(ends("gcr.io/distroless/python3-debian10:nonroot"), ["Debian 10 (buster)"]);
        assert_eq!(ends("gcr.io/google-appengine/aspnetcore:2.1.0"), [".NET 2.1"]);
        assert_eq!(ends("mcr.microsoft.com/dotnet/sdk:10.0"), [".NET 10.0"]);
        let over = |reference: &str| base_image(reference).end_of_life.iter().all(EndOfLife::is_over);
        assert!(over("debian:buster") && over("python:3.9") && !over("debian:bookworm") && !over("python:3.13"));
    }

    #[test]
    fn measured_sizes_are_estimates_for_other_versions() {
        assert_eq!(base_image("python:3.11-slim-bookworm").bytes_basis, "measured");
        let other = base_image("python:3.13-slim");
        assert_eq!((other.bytes, other.bytes_basis), (Some(141_000_000), "estimate"));
        assert_eq!(base_image("team/app").bytes, None);
    }

    #[test]
    fn a_digest_without_a_tag_may_be_any_variant() {
        let image = base_image("python@sha256:00");
        assert_eq!((image.repository.as_str(), image.digest.as_deref()), ("python", Some("sha256:00")));
        assert_eq!((image.slimmer, image.bytes, image.has_build_tools), (None, None, None));
        assert_eq!(base_image("python:3.12-slim@sha256:00").has_build_tools, Some(false));
    }

    #[test]
    fn wolfi_has_apk_but_no_musl() {
        let image = base_image("cgr.dev/chainguard/wolfi-base:latest");
        assert_eq!((image.distribution, image.musl), (Distribution::Alpine, Some(false)));
        assert_eq!(base_image("alpine:3.20").musl, Some(true));
    }
}
