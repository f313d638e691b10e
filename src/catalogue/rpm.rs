//! Which of its package managers a distribution with RPM packages has.

use super::BaseImage;

/// What `yum` or `dnf` is in an image.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RpmGeneration {
    /// yum 3: RHEL, `CentOS` and Oracle Linux up to 7, Amazon Linux up to 2.
    Yum,
    /// dnf 4, with `yum` as a link to it.
    Dnf,
    /// dnf 5, with `dnf` and `yum` as links to it: Fedora from 41.
    Dnf5,
}

/// Names in references whose number is that of the RHEL release: `ubi9`, `rockylinux:8`, `cuda:12.4.1-base-ubi8`.
const LIKE_RHEL: [&str; 12] = [
    "ubi",
    "rhel",
    "centos",
    "rockylinux",
    "rocky",
    "almalinux",
    "alma",
    "oraclelinux",
    "ol",
    "oracle",
    "scientificlinux",
    "stream",
];

/// What `yum` and `dnf` are in an image, where its reference tells.
#[must_use]
pub fn rpm_generation(image: &BaseImage) -> Option<RpmGeneration> {
    let tag = image.tag.as_deref().unwrap_or_default().to_lowercase();
    let last = image.repository.rsplit('/').next().unwrap_or_default();
    // `rockylinux:9`, `fedora:41`: the tag is the release of what the repository is named for.
    let of_tag = leading_number(&tag).and_then(|release| generation(last, release));
    let words = || image.repository.split(['/', '-', '_', '.']).chain(tag.split(['-', '_', '.']));
    // No release of these had yum 3.
    let never_yum = matches!(last, "rockylinux" | "almalinux").then_some(RpmGeneration::Dnf);
    of_tag.or_else(|| words().find_map(in_word)).or(never_yum)
}

/// `ubi9`, `el8`, `fedora41`, `al2023`.
fn in_word(word: &str) -> Option<RpmGeneration> {
    let digits = word.find(|c: char| c.is_ascii_digit())?;
    let (name, release) = word.split_at_checked(digits)?;
    generation(name, leading_number(release)?)
}

fn generation(name: &str, release: u32) -> Option<RpmGeneration> {
    match name {
        "fedora" => Some(if release >= 41 { RpmGeneration::Dnf5 } else { RpmGeneration::Dnf }),
        "amazonlinux" | "al" | "amzn" => {
            Some(if release >= 2022 { RpmGeneration::Dnf } else { RpmGeneration::Yum }).filter(|_| release != 0)
        }
        name if LIKE_RHEL.contains(&name) => match release {
            5..=7 => Some(RpmGeneration::Yum),
            8..=10 => Some(RpmGeneration::Dnf),
            _ => None,
        },
        _ => None,
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::base_image;
    use super::*;

    #[test]
    fn the_reference_tells_which_program_yum_is() {
        for (reference, expected) in [
            ("centos:7", Some(RpmGeneration::Yum)),
            ("centos:7.9.2009", Some(RpmGeneration::Yum)),
            ("amazonlinux:2", Some(RpmGeneration::Yum)),
            ("amazonlinux:2.0.20240318.0", Some(RpmGeneration::Yum)),
            ("amazonlinux:2023", Some(RpmGeneration::Dnf)),
            ("quay.io/centos/centos:stream9", Some(RpmGeneration::Dnf)),
            ("registry.access.redhat.com/ubi9/ubi:latest", Some(RpmGeneration::Dnf)),
            ("registry.access.redhat.com/ubi7/python-38", Some(RpmGeneration::Yum)),
            ("rockylinux/rockylinux:9-minimal", Some(RpmGeneration::Dnf)),
            ("almalinux", Some(RpmGeneration::Dnf)),
            ("oraclelinux:8-slim", Some(RpmGeneration::Dnf)),
            ("nvidia/cuda:12.4.1-devel-ubi8", Some(RpmGeneration::Dnf)),
            ("nvidia/cuda:11.4.3-base-centos7", Some(RpmGeneration::Yum)),
            ("fedora:40", Some(RpmGeneration::Dnf)),
            ("registry.fedoraproject.org/fedora:42", Some(RpmGeneration::Dnf5)),
            ("fedora:latest", None),
            ("team/app:7", None),
            ("python:3.12", None),
        ] {
            assert_eq!(rpm_generation(&base_image(reference)), expected, "{reference}");
        }
    }
}
