//! The runtime that stays for what was built with a JDK.

use crate::catalogue::{self, Distribution};
use crate::facts::SystemInstall;

/// What builds programs in Java, beside the JDK.
const BUILDERS: [&str; 6] = ["ant", "apache-ant", "gradle", "ivy", "maven", "sbt"];

/// Whether a tool builds what runs on Java.
pub(super) fn builds(tool: &SystemInstall<'_>) -> bool {
    tool.name.contains("jdk") || BUILDERS.contains(&tool.name)
}

/// The package that holds the runtime without the compiler; `None` where its name is not known.
pub(super) fn runtime(tool: &SystemInstall<'_>) -> Option<String> {
    let name = tool.name;
    match tool.family {
        Distribution::Debian if name.starts_with("openjdk-") => {
            let version = name.split('-').nth(1)?;
            Some(format!("openjdk-{version}-jre-headless"))
        }
        Distribution::Debian if name.starts_with("temurin-") => Some(name.replace("-jdk", "-jre")),
        Distribution::Debian if name.starts_with("default-") || BUILDERS.contains(&name) => {
            Some("default-jre-headless".to_owned())
        }
        Distribution::Alpine if name.starts_with("openjdk") => {
            let stem = name.split('-').next()?;
            let end = if stem == "openjdk8" { "" } else { "-headless" };
            Some(format!("{stem}-jre{end}"))
        }
        Distribution::RedHat => Some(format!("{}-headless", name.strip_suffix("-devel")?)),
        _ => None,
    }
}

/// What goes with a tool where the runtime stays.
pub(super) fn bytes_beyond_runtime(tool: &SystemInstall<'_>) -> Option<u64> {
    let bytes = tool.build_tool()?.installed_bytes?;
    let of_runtime = catalogue::system_package(Distribution::Debian, "default-jre-headless")?.installed_bytes?;
    Some(if builds(tool) { bytes.saturating_sub(of_runtime) } else { bytes })
}
