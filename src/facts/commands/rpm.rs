use super::super::{Argument, Invocation};
use super::Options;

/// A package manager of the distributions with RPM packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RpmTool {
    /// `yum`: yum 3, or on newer distributions a link to dnf.
    Yum,
    /// `dnf`: dnf 4, or on newer distributions a link to dnf 5.
    Dnf,
    /// `dnf5`
    Dnf5,
    /// `microdnf`
    Microdnf,
    /// `tdnf` of Photon and Azure Linux.
    Tdnf,
    /// `zypper`
    Zypper,
}

/// What an RPM package manager is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RpmAction {
    /// Installs or updates packages, for which it fetches the repositories' metadata.
    Install,
    /// Fetches the metadata for something else: `makecache`, `check-update`, `module enable`, `zypper refresh`.
    Refresh,
    /// Removes packages.
    Remove,
    /// Deletes the metadata: `clean all`, `clean metadata`, `zypper clean -a`.
    Clean,
    /// Deletes less than the metadata: `clean packages`, `zypper clean`.
    CleanPackages,
    /// Anything else.
    Other,
}

/// An invocation of `yum`, `dnf`, `microdnf`, `tdnf` or `zypper`.
#[derive(Debug)]
pub struct Rpm<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// The program.
    pub tool: RpmTool,
    /// What it does.
    pub action: RpmAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, and operands behind the subcommand.
    pub options: Options<'i>,
}

/// Options of yum 3, dnf 4, dnf 5, microdnf and tdnf that take a value.
const WITH_VALUE: &[&str] = &[
    "-c",
    "--config",
    "-d",
    "--debuglevel",
    "-e",
    "--errorlevel",
    "-R",
    "--randomwait",
    "--rpmverbosity",
    "--color",
    "--releasever",
    "--installroot",
    "--forcearch",
    "--setopt",
    "--setvar",
    "--comment",
    "-x",
    "--exclude",
    "--excludepkgs",
    "--enablerepo",
    "--enable-repo",
    "--disablerepo",
    "--disable-repo",
    "--repo",
    "--repoid",
    "--repofrompath",
    "--enableplugin",
    "--disableplugin",
    "--destdir",
    "--downloaddir",
    "--advisory",
    "--advisories",
    "--bz",
    "--bzs",
    "--cve",
    "--cves",
    "--sec-severity",
    "--arch",
];

/// Options of zypper that take a value. `-n` takes a name behind `install` and is `--non-interactive` before it, where it is common.
const ZYPPER_WITH_VALUE: &[&str] = &[
    "-c",
    "--config",
    "--userdata",
    "-D",
    "--reposd-dir",
    "-C",
    "--cache-dir",
    "--raw-cache-dir",
    "--solv-cache-dir",
    "--pkg-cache-dir",
    "-R",
    "--root",
    "--installroot",
    "--releasever",
    "-p",
    "--plus-repo",
    "--plus-content",
    "-r",
    "--repo",
    "--from",
    "-t",
    "--type",
    "--name",
];

impl<'i> Rpm<'i> {
    /// Reads an invocation of an RPM package manager; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        let tool = match invocation.program.as_str() {
            "yum" => RpmTool::Yum,
            "dnf" | "dnf-3" | "dnf4" => RpmTool::Dnf,
            "dnf5" => RpmTool::Dnf5,
            "microdnf" => RpmTool::Microdnf,
            "tdnf" => RpmTool::Tdnf,
            "zypper" => RpmTool::Zypper,
            _ => return None,
        };
        let zypper = tool == RpmTool::Zypper;
        let with_value = if zypper { ZYPPER_WITH_VALUE } else { WITH_VALUE };
        let (subcommand, options) = Options::with_subcommand(invocation, with_value)?;
        let read_action = if zypper { zypper_action } else { action };
        let action = read_action(subcommand.value.known()?, &options);
        Some(Self { invocation, tool, action, subcommand, options })
    }

    /// Whether it fetches the metadata of the repositories.
    #[must_use]
    pub fn fetches_metadata(&self) -> bool {
        matches!(self.action, RpmAction::Install | RpmAction::Refresh)
    }

    /// Whether it takes the metadata as an earlier command left it, and fetches none.
    #[must_use]
    pub fn relies_on_cache(&self) -> bool {
        match self.tool {
            RpmTool::Zypper => self.options.has(&["--no-refresh"]),
            _ => self.options.has(&["-C", "--cacheonly"]),
        }
    }

    /// Whether it adds packages by name, rather than updating what is there.
    #[must_use]
    pub fn adds_packages(&self) -> bool {
        matches!(self.subcommand.value.text(), "install" | "in" | "groupinstall" | "localinstall")
    }

    /// The words that say what it does: `install`, `module enable`.
    #[must_use]
    pub fn words(&self) -> String {
        let first = self.subcommand.value.text();
        let second = self.options.operands.first().and_then(|(_, argument)| argument.value.known());
        match (first, second) {
            ("group" | "groups" | "module", Some(second)) => format!("{first} {second}"),
            _ => first.to_owned(),
        }
    }

    /// Words behind the subcommand that are known: names of packages, groups or package files.
    pub fn packages(&self) -> impl Iterator<Item = (&'i str, &'i Argument)> + '_ {
        self.options.operands.iter().filter_map(|&(_, argument)| Some((argument.value.known()?, argument)))
    }

    /// The folder that is treated as the root of the file system, when it is another one than `/`.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        let flags: &[&str] =
            if self.tool == RpmTool::Zypper { &["--root", "-R", "--installroot"] } else { &["--installroot"] };
        let root = self.options.value(flags)?;
        Some(root.known().unwrap_or(root.text())).filter(|root| *root != "/")
    }

    /// What `--setopt=NAME=VALUE` sets.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.options.values(&["--setopt"]).find_map(|value| value.text().strip_prefix(name)?.strip_prefix('='))
    }

    /// The folder for the cache that the command line names.
    #[must_use]
    pub fn named_cache(&self) -> Option<&str> {
        match self.tool {
            RpmTool::Zypper => self.options.value(&["-C", "--cache-dir"]).map(crate::dockerfile::Value::text),
            _ => self.setting("cachedir").or_else(|| self.setting("system_cachedir")),
        }
    }
}

fn action(subcommand: &str, options: &Options<'_>) -> RpmAction {
    let second = options.operands.first().map(|(_, argument)| argument.value.text());
    match subcommand {
        "install" | "in" | "localinstall" | "groupinstall" | "reinstall" | "rei" | "upgrade" | "up" | "update"
        | "upgrade-minimal" | "up-min" | "update-minimal" | "upgrade-to" | "update-to" | "localupdate"
        | "groupupdate" | "distro-sync" | "distrosync" | "dsync" | "downgrade" | "dg" | "swap" | "builddep"
        | "build-dep" => RpmAction::Install,
        "makecache" | "check-update" | "check-upgrade" | "search" | "provides" | "whatprovides" | "updateinfo"
        | "download" => RpmAction::Refresh,
        "group" | "groups" | "module" => match second {
            Some("install" | "upgrade" | "update") => RpmAction::Install,
            Some("remove" | "erase") => RpmAction::Remove,
            Some(_) => RpmAction::Refresh,
            None => RpmAction::Other,
        },
        "remove" | "erase" | "autoremove" | "rm" | "groupremove" | "autoerase" => RpmAction::Remove,
        "clean" => {
            let less = |word: &str| matches!(word, "packages" | "dbcache" | "expire-cache" | "headers" | "plugins");
            let only_less = options.operands.iter().all(|(_, argument)| less(argument.value.text()));
            if only_less { RpmAction::CleanPackages } else { RpmAction::Clean }
        }
        _ => RpmAction::Other,
    }
}

fn zypper_action(subcommand: &str, options: &Options<'_>) -> RpmAction {
    match subcommand {
        "install"
        | "in"
        | "update"
        | "up"
        | "dist-upgrade"
        | "dup"
        | "patch"
        | "source-install"
        | "si"
        | "install-new-recommends"
        | "inr" => RpmAction::Install,
        "refresh" | "ref" | "search" | "se" | "refresh-services" | "refs" => RpmAction::Refresh,
        "remove" | "rm" => RpmAction::Remove,
        // Without an option only packages go.
        "clean" | "cc" if options.has(&["-a", "--all", "-m", "--metadata", "-M", "--raw-metadata"]) => RpmAction::Clean,
        "clean" | "cc" => RpmAction::CleanPackages,
        _ => RpmAction::Other,
    }
}
