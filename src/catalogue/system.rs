use super::releases::bytes_on;
use super::texts::Text;
use super::{Distribution, Release};

include!(concat!(env!("OUT_DIR"), "/catalogue-system.rs"));

/// What a system package is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SystemPackageKind {
    /// A compiler, an assembler or a linker.
    Compiler,
    /// A package that stands for a set of build tools: `build-essential`, `build-base`, `@development-tools`.
    BuildMeta,
    /// Drives or helps a build: `make`, `cmake`, `pkg-config`, `patch`.
    BuildTool,
    /// Headers and link libraries: `libpq-dev`, `python3-devel`.
    Development,
    /// Installs other software: `python3-pip`, `npm`.
    Installer,
    /// Version control: `git`.
    VersionControl,
    /// Fetches or verifies files: `curl`, `wget`, `gnupg`.
    Downloader,
    /// Packs and unpacks: `unzip`, `xz-utils`.
    Archiver,
    /// An editor: `vim`.
    Editor,
    /// Looks at a running system: `strace`, `htop`, `net-tools`.
    Debugging,
    /// Serves people who type commands: `bash-completion`, `less`, `zsh`.
    Terminal,
    /// A program or a library that software uses at run time.
    Runtime,
    /// A server or a supervisor: `nginx`, `supervisor`.
    Service,
    /// Data: certificates, fonts, time zones, locales.
    Data,
}

impl SystemPackageKind {
    /// Whether software needs it only while it is built.
    #[must_use]
    pub const fn is_build_tool(self) -> bool {
        matches!(self, Self::Compiler | Self::BuildMeta | Self::BuildTool)
    }

    /// What packages of this kind are, in a few words.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Compiler => "compiler, assembler or linker",
            Self::BuildMeta => "set of build tools",
            Self::BuildTool => "build tool",
            Self::Development => "headers and link libraries",
            Self::Installer => "installs software",
            Self::VersionControl => "version control",
            Self::Downloader => "fetches or verifies files",
            Self::Archiver => "packs and unpacks",
            Self::Editor => "editor",
            Self::Debugging => "looks at a running system",
            Self::Terminal => "for people at a terminal",
            Self::Runtime => "used at run time",
            Self::Service => "server or supervisor",
            Self::Data => "data",
        }
    }
}

/// What the catalogue knows of a package of a distribution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemPackage {
    /// Its name, without version and architecture.
    pub name: &'static str,
    /// What it is for.
    pub kind: SystemPackageKind,
    /// What it is, in a few words.
    pub purpose: &'static str,
    /// Installed bytes of the package and of what it depends on, beyond `debian:bookworm-slim`, without recommended packages.
    /// Measured on Debian bookworm, see [`SystemPackage::on`]; `None` for other families.
    pub installed_bytes: Option<u64>,
    /// The same with recommended packages, as `apt-get install` does without `--no-install-recommends`.
    pub recommended_bytes: Option<u64>,
    /// Packages that hold what a program linked against this development package needs at run time.
    pub runtime: &'static [&'static str],
    /// Commands that it gives, where its name is not the only one.
    pub commands: &'static [&'static str],
}

impl SystemPackage {
    /// The same with the bytes of `release`, where they are known.
    #[must_use]
    pub fn on(mut self, release: Release) -> Self {
        if let Some((alone, recommended)) = bytes_on(self.name, release) {
            (self.installed_bytes, self.recommended_bytes) = (Some(alone), Some(recommended));
        }
        self
    }
}

/// [`SystemPackage`] as it is stored.
pub(super) struct Row {
    name: Text,
    kind: SystemPackageKind,
    /// `None` for that of its kind.
    purpose: Option<Text>,
    installed_bytes: Option<u64>,
    recommended_bytes: Option<u64>,
    /// Places in the table of lists.
    runtime: u16,
    commands: u16,
}

impl Row {
    fn name(&self) -> &'static str {
        self.name.of(TEXTS)
    }

    fn package(&self) -> SystemPackage {
        let list = |place: u16| LISTS.get(usize::from(place)).copied().unwrap_or_default();
        SystemPackage {
            name: self.name(),
            kind: self.kind,
            purpose: self.purpose.map_or_else(|| self.kind.purpose(), |purpose| purpose.of(TEXTS)),
            installed_bytes: self.installed_bytes,
            recommended_bytes: self.recommended_bytes,
            runtime: list(self.runtime),
            commands: list(self.commands),
        }
    }
}

/// The entry for `package` if it is a compiler or another build tool of `family`.
#[must_use]
pub fn build_tool(family: Distribution, package: &str) -> Option<SystemPackage> {
    system_package(family, package).filter(|entry| entry.kind.is_build_tool())
}

/// The entry for `package` of `family`. A pinned version, an architecture and a version suffix (`gcc-12`) are looked through.
#[must_use]
pub fn system_package(family: Distribution, package: &str) -> Option<SystemPackage> {
    let packages = packages_of(family);
    let find = |name: &str| packages.get(packages.binary_search_by(|row| row.name().cmp(name)).ok()?).map(Row::package);
    let name = bare_name(package);
    find(name).or_else(|| find(&without_version(name)?))
}

/// Whether `package` holds headers and link libraries: `-dev`, `-devel`, `-headers`.
#[must_use]
pub fn is_development_package(family: Distribution, package: &str) -> bool {
    // `dpkg-dev` and `autotools-dev` hold no headers.
    if let Some(entry) = system_package(family, package) {
        return entry.kind == SystemPackageKind::Development;
    }
    let name = bare_name(package);
    // Macros for building packages.
    if name == "rubygems-devel" || name.contains("rpm-macros") {
        return false;
    }
    match family {
        Distribution::Debian | Distribution::Ubuntu => name.ends_with("-dev") || name.starts_with("linux-headers"),
        Distribution::Alpine => (name.ends_with("-dev") && name != "dpkg-dev") || name == "linux-headers",
        // `java-17-openjdk-devel` is the compiler.
        Distribution::RedHat | Distribution::Suse => {
            (name.ends_with("-devel") && !name.starts_with("java")) || name.ends_with("-headers")
        }
        Distribution::Arch => name.ends_with("-headers"),
        Distribution::Windows | Distribution::Distroless | Distribution::Unknown => {
            name.ends_with("-dev") || name.ends_with("-devel")
        }
    }
}

/// Bytes that `apt-get update` leaves in `/var/lib/apt/lists` of a Debian bookworm image; `None` for other families.
#[must_use]
pub fn apt_lists_bytes(family: Distribution) -> Option<u64> {
    (family == Distribution::Debian).then_some(APT_LISTS_BYTES)
}

const fn packages_of(family: Distribution) -> &'static [Row] {
    match family {
        Distribution::Debian | Distribution::Ubuntu => DEBIAN,
        Distribution::Alpine => ALPINE,
        Distribution::RedHat => REDHAT,
        Distribution::Suse => SUSE,
        Distribution::Arch => ARCH,
        Distribution::Windows | Distribution::Distroless | Distribution::Unknown => &[],
    }
}

/// `package` without what pins it: `gcc=4:12.2.0-3`, `gcc~=12`, `gcc>12`, `gcc:amd64`, `gcc/bookworm`, `gcc@edge`.
fn bare_name(package: &str) -> &str {
    let package = package.trim();
    let searched = package.strip_prefix('@').map_or(package, |group| group);
    let start = package.len() - searched.len();
    let end = searched.find(['=', '~', '<', '>', ':', '/', '@']).map_or(package.len(), |end| start + end);
    package.get(..end).unwrap_or(package)
}

/// `gcc-12` → `gcc`, `python3.11-dev` → `python3-dev`, `postgresql-client-15` → `postgresql-client`.
fn without_version(name: &str) -> Option<String> {
    let digits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit()) && part.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    let parts: Vec<&str> = name.split('-').filter(|part| !digits(part)).collect();
    let kept: Vec<&str> = parts
        .iter()
        .map(|part| part.split_once('.').map_or(*part, |(head, tail)| if digits(tail) { head } else { part }))
        .collect();
    let joined = kept.join("-");
    (joined != name && !joined.is_empty()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::super::reading::{document, section};
    use super::*;

    #[test]
    fn every_entry_of_the_file_is_read() {
        let file = document(include_str!("../../rules/catalogue/system-packages.toml"));
        for (family, packages) in
            [("debian", DEBIAN), ("alpine", ALPINE), ("redhat", REDHAT), ("suse", SUSE), ("arch", ARCH)]
        {
            let entries = section(file.as_table(), family);
            let count: usize = entries.iter().map(|(_, item)| item.as_array().map_or(1, toml_edit::Array::len)).sum();
            assert_eq!(packages.len(), count, "{family}");
            assert!(packages.is_sorted_by(|one, other| one.name() < other.name()), "{family}");
        }
        for package in DEBIAN.iter().map(Row::package) {
            assert!(!package.purpose.is_empty(), "{}", package.name);
            assert!(
                package.recommended_bytes >= package.installed_bytes,
                "{}: recommended packages only add",
                package.name
            );
            let headers = package.kind == SystemPackageKind::Development;
            assert_eq!(is_development_package(Distribution::Debian, package.name), headers, "{}", package.name);
        }
        assert_eq!(apt_lists_bytes(Distribution::Debian), Some(19_852_735));
    }

    #[test]
    fn build_tools_are_found_in_every_family() {
        use Distribution as D;
        for (family, package) in [
            (D::Debian, "build-essential"),
            (D::Ubuntu, "gcc-12"),
            (D::Debian, "g++=4:12.2.0-3"),
            (D::Debian, "gcc:amd64"),
            (D::Alpine, "build-base"),
            (D::Alpine, "gcc~=13"),
            (D::RedHat, "gcc-c++"),
            (D::RedHat, "@Development Tools"),
            (D::RedHat, "gcc-toolset-13"),
            (D::Suse, "gcc13"),
            (D::Arch, "base-devel"),
        ] {
            assert!(build_tool(family, package).is_some(), "{package}");
        }
        for (family, package) in
            [(D::Debian, "git"), (D::Debian, "libpq-dev"), (D::Alpine, "build-essential"), (D::Unknown, "gcc")]
        {
            assert!(build_tool(family, package).is_none(), "{package}");
        }
    }

    #[test]
    fn sizes_and_runtime_packages_are_known_for_debian() {
        let gcc = system_package(Distribution::Debian, "gcc").expect("gcc");
        assert!(gcc.installed_bytes.is_some_and(|bytes| bytes > 150_000_000));
        let headers = system_package(Distribution::Debian, "libpq-dev").expect("libpq-dev");
        assert_eq!(headers.runtime, ["libpq5"]);
        assert_eq!(system_package(Distribution::Alpine, "gcc").and_then(|package| package.installed_bytes), None);
    }

    #[test]
    fn development_packages_go_by_their_suffix() {
        assert!(is_development_package(Distribution::Debian, "libfoo-dev=1.2"));
        assert!(is_development_package(Distribution::Debian, "python3.11-dev"));
        assert!(is_development_package(Distribution::RedHat, "openssl-devel"));
        assert!(is_development_package(Distribution::Alpine, "linux-headers"));
        assert!(!is_development_package(Distribution::Debian, "libpq5"));
        assert!(!is_development_package(Distribution::RedHat, "rubygems-devel"));
        assert!(is_development_package(Distribution::RedHat, "ruby-devel"));
    }
}
