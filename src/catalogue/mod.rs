//! What is known beforehand: what Python packages weigh and pull, what system packages are for, what base images hold.
//!
//! The facts stand in `rules/catalogue/*.toml`, embedded at build time, each with how and when it was found. They are parsed
//! once, on first use. Tests validate every entry, so nothing can fail at run time; an entry that did would be skipped.
//! Bytes are bytes, MB in the data are 10^6. What is not known is `None`, never 0.

mod base;
mod images;
mod knowledge;
mod names;
mod packages;
mod reading;
mod system;
mod weight;

pub use base::{BaseImage, EndOfLife, Gpu, base_image};
pub use knowledge::{TorchRelease, hints, import_names, installed_bytes_of_wheel, is_development_tool, torch_release};
pub use names::normal_name;
pub use packages::{
    Closure, Package, chain_to, in_torch_family, is_cuda_package, package, package_with_extras, packages,
};
pub use system::{
    SystemPackage, SystemPackageKind, apt_lists_bytes, build_tool, is_development_package, system_package,
};
pub use weight::{Weight, weight};

/// The distribution family of an image, which decides its package manager.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Distribution {
    /// Debian and what is built on it: `apt`.
    Debian,
    /// Ubuntu: `apt` with Debian's package names.
    Ubuntu,
    /// Alpine and Wolfi: `apk`. Alpine has musl, Wolfi glibc (see [`BaseImage::musl`]).
    Alpine,
    /// Red Hat, Fedora, `CentOS`, Rocky, Alma, Amazon Linux, Oracle Linux: `dnf`, `microdnf` or `yum`.
    RedHat,
    /// `openSUSE` and SLES: `zypper`.
    Suse,
    /// Arch: `pacman`.
    Arch,
    /// A Windows image: no Linux package manager, no POSIX shell.
    Windows,
    /// No package manager and mostly no shell: distroless, `scratch`, `busybox`.
    Distroless,
    /// Nothing in the reference tells.
    Unknown,
}

impl Distribution {
    /// The package managers that images of this family have; the usual one first.
    #[must_use]
    pub const fn package_managers(self) -> &'static [&'static str] {
        match self {
            Self::Debian | Self::Ubuntu => &["apt-get", "apt", "aptitude", "dpkg"],
            Self::Alpine => &["apk"],
            Self::RedHat => &["dnf", "microdnf", "yum", "tdnf", "rpm"],
            Self::Suse => &["zypper", "rpm"],
            Self::Arch => &["pacman"],
            Self::Windows | Self::Distroless | Self::Unknown => &[],
        }
    }

    /// The family as the data files name it.
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "debian" => Self::Debian,
            "ubuntu" => Self::Ubuntu,
            "alpine" => Self::Alpine,
            "redhat" => Self::RedHat,
            "suse" => Self::Suse,
            "arch" => Self::Arch,
            "windows" => Self::Windows,
            "distroless" => Self::Distroless,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }
}
