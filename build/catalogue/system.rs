//! `system-packages.toml`: what the packages of distributions are for.

use super::code::Texts;
use super::reader::Section;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

const FAMILIES: [&str; 5] = ["debian", "alpine", "redhat", "suse", "arch"];
const KINDS: [&str; 14] = [
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
    "terminal",
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
    let (mut texts, mut lists) = (Texts::default(), vec!["&[]".to_owned()]);
    for name in FAMILIES {
        let family = root.section(name).map_err(only_one)?;
        let mut packages: Vec<(&str, String)> =
            all(family.keys().map(|key| entries(&family, key, &mut texts, &mut lists)))?.concat();
        packages.sort_unstable();
        let twice = packages.iter().zip(packages.iter().skip(1)).find(|((one, _), (other, _))| one == other);
        if let Some(((package, _), _)) = twice {
            return Err(only_one(root.problem(name, &format!("{package:?} stands twice"))));
        }
        let items: Vec<String> = packages.into_iter().map(|(_, code)| code).collect();
        let comment = format!("The packages of the family {name}, sorted by name.");
        code.push_str(&code::table(&comment, &name.to_uppercase(), "Row", &items));
    }
    code.push_str(&texts.code("TEXTS"));
    code.push_str(&code::table("Names that belong to packages.", "LISTS", "&[&str]", &lists));
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
fn entries<'d>(
    family: &Section<'d>,
    key: &'d str,
    texts: &mut Texts,
    lists: &mut Vec<String>,
) -> Result<Vec<(&'d str, String)>, Problem> {
    if !KINDS.contains(&key) {
        return Ok(vec![(key, package(&family.section(key)?, key, texts, lists)?)]);
    }
    let kind = format!("SystemPackageKind::{}", code::variant(key));
    let named = |name: &'d str| {
        let code = format!(
            "Row {{ name: {}, kind: {kind}, purpose: None, installed_bytes: None, recommended_bytes: None, runtime: 0, \
             commands: 0 }}",
            texts.add(name)
        );
        (name, code)
    };
    Ok(family.some_texts(key)?.into_iter().map(named).collect())
}

fn package(section: &Section<'_>, name: &str, texts: &mut Texts, lists: &mut Vec<String>) -> Result<String, Problem> {
    section.only(&["kind", "purpose", "installed", "recommended", "runtime", "commands"])?;
    let (installed, recommended) = (section.number("installed")?, section.number("recommended")?);
    if installed.is_some() != recommended.is_some() || recommended < installed {
        let message = "it must stand when `installed` does, and recommended packages only add";
        return Err(section.problem("recommended", message));
    }
    let mut list = |names: Vec<&str>| {
        if names.is_empty() {
            return 0;
        }
        lists.push(format!("&{names:?}"));
        lists.len() - 1
    };
    Ok(format!(
        "Row {{ name: {}, kind: SystemPackageKind::{}, purpose: Some({}), installed_bytes: {}, recommended_bytes: {}, \
         runtime: {}, commands: {} }}",
        texts.add(name),
        code::variant(section.some_choice("kind", &KINDS)?),
        texts.add(section.text("purpose")?),
        code::optional_number(installed),
        code::optional_number(recommended),
        list(section.texts("runtime")?),
        list(section.texts("commands")?)
    ))
}
