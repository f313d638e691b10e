//! `system-packages.toml`: what the packages of distributions are for.

use super::reader::Section;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

const FAMILIES: [&str; 5] = ["debian", "alpine", "redhat", "suse", "arch"];
const KINDS: [&str; 13] = [
    "compiler",
    "build-meta",
    "build-tool",
    "development",
    "installer",
    "version-control",
    "downloader",
    "archiver",
    "editor",
    "debugging",
    "runtime",
    "service",
    "data",
];

/// The tables of the file: one for each family, and the size of apt's lists.
pub fn tables(root: &Section<'_>) -> Tables {
    let mut sections = vec!["apt-lists"];
    sections.extend(FAMILIES);
    root.only(&sections).map_err(only_one)?;
    let mut code = apt_lists(root).map_err(only_one)?;
    for name in FAMILIES {
        let family = root.section(name).map_err(only_one)?;
        let mut packages: Vec<(&str, String)> = all(family.keys().map(|key| entries(&family, key)))?.concat();
        packages.sort_unstable();
        let twice = packages.iter().zip(packages.iter().skip(1)).find(|((one, _), (other, _))| one == other);
        if let Some(((package, _), _)) = twice {
            return Err(only_one(root.problem(name, &format!("{package:?} stands twice"))));
        }
        let items: Vec<String> = packages.into_iter().map(|(_, code)| code).collect();
        let comment = format!("The packages of the family {name}, sorted by name.");
        code.push_str(&code::table(&comment, &name.to_uppercase(), "SystemPackage", &items));
    }
    Ok(vec![("catalogue-system.rs", code)])
}

fn apt_lists(root: &Section<'_>) -> Result<String, Problem> {
    let section = root.section("apt-lists")?;
    section.only(&["bookworm"])?;
    let bytes = section.number("bookworm")?.ok_or_else(|| section.problem("bookworm", "it is missing"))?;
    Ok(format!(
        "/// `/var/lib/apt/lists` of Debian bookworm after `apt-get update`.\nconst APT_LISTS_BYTES: u64 = {};\n\n",
        code::number(bytes)
    ))
}

/// Names and code of what stands under `key`: a package with what is known of it, or a kind with names.
fn entries<'d>(family: &Section<'d>, key: &'d str) -> Result<Vec<(&'d str, String)>, Problem> {
    if !KINDS.contains(&key) {
        return Ok(vec![(key, package(&family.section(key)?, key)?)]);
    }
    let kind = format!("SystemPackageKind::{}", code::variant(key));
    let named = |name: &'d str| {
        let code = format!(
            "SystemPackage {{ name: {name:?}, kind: {kind}, purpose: {kind}.purpose(), installed_bytes: None, \
             recommended_bytes: None, runtime: &[], commands: &[] }}"
        );
        (name, code)
    };
    Ok(family.some_texts(key)?.into_iter().map(named).collect())
}

fn package(section: &Section<'_>, name: &str) -> Result<String, Problem> {
    section.only(&["kind", "purpose", "installed", "recommended", "runtime", "commands"])?;
    let (installed, recommended) = (section.number("installed")?, section.number("recommended")?);
    if installed.is_some() != recommended.is_some() || recommended < installed {
        let message = "it must stand when `installed` does, and recommended packages only add";
        return Err(section.problem("recommended", message));
    }
    Ok(format!(
        "SystemPackage {{ name: {name:?}, kind: SystemPackageKind::{}, purpose: {:?}, installed_bytes: {}, \
         recommended_bytes: {}, runtime: &{:?}, commands: &{:?} }}",
        code::variant(section.some_choice("kind", &KINDS)?),
        section.text("purpose")?,
        code::optional_number(installed),
        code::optional_number(recommended),
        section.texts("runtime")?,
        section.texts("commands")?
    ))
}
