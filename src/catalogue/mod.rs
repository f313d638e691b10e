//! What is known beforehand: what Python packages weigh and pull, what system packages are for, what base images hold.
//!
//! The facts stand in `rules/catalogue/*.toml`, each with how and when it was found. `build/catalogue` checks them and turns
//! them into the static, sorted tables that the modules here include, so that nothing is parsed and nothing can fail at run
//! time. Bytes are bytes, MB in the data are 10^6. What is not known is `None`, never 0.

mod base;
mod debian;
mod distributions;
mod images;
mod knowledge;
mod packages;
#[cfg(test)]
mod reading;
mod releases;
mod rpm;
mod slimmer;
mod system;
mod texts;
mod uses;
mod weight;
mod wheels;

pub use base::{BaseImage, EndOfLife, Gpu, base_image, split_image};
pub use debian::{
    bytes_beyond_buildpack, bytes_shared, bytes_shared_with_buildpack, closure_bytes, comes_with_headers,
    headers_along, libraries_of,
};
pub use distributions::{brings, distributions_like, is_known_distribution, works_with};
pub use images::{
    commands_of_full_images, ends_as_of, has_certificates_when_slim, is_harmless_script, links_of_pip_package,
    loads_of_pip_package, needs_of_gem, needs_of_npm_packages, needs_of_pip_package, package_of_command, variables_of,
    workdir_of,
};
pub use knowledge::{
    Needs, TorchRelease, UvRelease, Variant, collisions, commands, hints, import_names, installed_bytes_of_wheel,
    is_development_tool, knows_import_names, musl_missing, overlaps, own_bytes, torch_release, uv_release, variant,
};
pub use packages::{
    Closure, Package, chain_to, in_torch_family, is_cuda_package, package, package_with_extras, packages,
};
pub use releases::{Release, archived_release, libraries_of_fortran, library_on, other_name_on_trixie};
pub use rpm::{RpmGeneration, rpm_generation};
pub use slimmer::{Slimmer, SlimmerKind};
pub use system::{
    SystemPackage, SystemPackageKind, apt_lists_bytes, build_tool, is_development_package, system_package,
};
pub use uses::{SystemUse, is_in_buildpack, is_one_of, system_use};
pub use weight::{Weight, weight};
pub use wheels::{Wheel, wheel};

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
