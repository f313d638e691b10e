//! `base-images.toml`: what repository and tag of a base image tell.

use super::reader::Section;
use super::{Tables, all, code, ends, only_one};
use crate::problem::Problem;

const DISTRIBUTIONS: [(&str, &str); 9] = [
    ("debian", "Debian"),
    ("ubuntu", "Ubuntu"),
    ("alpine", "Alpine"),
    ("redhat", "RedHat"),
    ("suse", "Suse"),
    ("arch", "Arch"),
    ("windows", "Windows"),
    ("distroless", "Distroless"),
    ("unknown", "Unknown"),
];
const IMAGE_KEYS: [&str; 11] = [
    "repositories",
    "distribution",
    "user",
    "gpu",
    "build_tools",
    "small_build_tools",
    "python",
    "slimmer",
    "small",
    "glibc",
    "kit",
];
const VARIANTS: [&str; 9] = ["full", "slim", "alpine", "minimal", "jre", "base", "runtime", "devel", "gpu"];

/// The table of the file.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&[
        "names",
        "tokens",
        "image",
        "size",
        "end-of-life",
        "end-of-life-as-of",
        "packages",
        "packages-of-others",
        "compiled",
        "loaded",
        "linked",
        "scripts",
    ])
    .map_err(only_one)?;
    let rows = |name: &str, read: fn(&Section<'_>) -> Result<String, Problem>| {
        all(root.rows(name).map_err(only_one)?.iter().map(read))
    };
    let (families, sizes, ends) = (rows("image", image)?, rows("size", size)?, rows("end-of-life", ends::row)?);
    let dated = root.section("end-of-life-as-of").and_then(|section| section.date("date")).map_err(only_one)?;
    let code = format!(
        "/// Everything the file says.\nstatic IMAGES: Images = Images {{\n    hub: &{:?},\n    tokens: &[{}],\n    \
         families: &[\n        {},\n    ],\n    sizes: &[\n        {},\n    ],\n    ends: &[\n        {},\n    ],\n    dated: {dated:?},\n}};\n{}",
        hub(root).map_err(only_one)?,
        tokens(root).map_err(only_one)?.join(", "),
        families.join(",\n        "),
        sizes.join(",\n        "),
        ends.join(",\n        "),
        needs(root).map_err(only_one)?,
    );
    Ok(vec![("catalogue-images.rs", code)])
}

/// What programs and packages need of a full image, each table sorted by name.
fn needs(root: &Section<'_>) -> Result<String, Problem> {
    let compiled = root.section("compiled")?;
    compiled.only(&["pip", "npm", "gem"])?;
    let (loaded, linked) = (root.section("loaded")?, root.section("linked")?);
    loaded.only(&["pip"])?;
    linked.only(&["pip"])?;
    let scripts = root.section("scripts")?;
    scripts.only(&["harmless"])?;
    let mut harmless = scripts.some_texts("harmless")?;
    harmless.sort_unstable();
    Ok(format!(
        "\n/// Commands of the full images with their packages.\nstatic PACKAGES: &[(&str, &str)] = &{:?};\n\
         static PACKAGES_OF_OTHERS: &[(&str, &str)] = &{:?};\nstatic COMPILED_PIP: &[(&str, &str)] = &{:?};\n\
         static LOADED_PIP: &[(&str, &str)] = &{:?};\nstatic LINKED_PIP: &[(&str, &str)] = &{:?};\n\
         static COMPILED_NPM: &[(&str, &str)] = &{:?};\nstatic COMPILED_GEMS: &[(&str, &str)] = &{:?};\nstatic HARMLESS_SCRIPTS: &[&str] = &{harmless:?};\n",
        pairs(&root.section("packages")?)?,
        pairs(&root.section("packages-of-others")?)?,
        pairs(&compiled.section("pip")?)?,
        pairs(&loaded.section("pip")?)?,
        pairs(&linked.section("pip")?)?,
        pairs(&compiled.section("npm")?)?,
        pairs(&compiled.section("gem")?)?,
    ))
}

fn pairs<'d>(section: &Section<'d>) -> Result<Vec<(&'d str, &'d str)>, Problem> {
    let read = section.keys().map(|key| Ok((key, section.text(key)?)));
    let mut pairs = read.collect::<Result<Vec<_>, Problem>>()?;
    pairs.sort_unstable();
    Ok(pairs)
}

fn hub<'d>(root: &Section<'d>) -> Result<Vec<&'d str>, Problem> {
    let names = root.section("names")?;
    names.only(&["hub"])?;
    names.some_texts("hub")
}

fn tokens(root: &Section<'_>) -> Result<Vec<String>, Problem> {
    let section = root.section("tokens")?;
    let mut tokens = Vec::new();
    for key in section.keys() {
        let family = distribution(key).ok_or_else(|| section.problem(key, "it is not a distribution"))?;
        tokens.extend(section.some_texts(key)?.iter().map(|token| format!("({family}, {token:?})")));
    }
    Ok(tokens)
}

/// The variant of `Distribution` that the data files call `key`.
fn distribution(key: &str) -> Option<String> {
    let (_, variant) = DISTRIBUTIONS.iter().find(|(name, _)| *name == key)?;
    Some(format!("Distribution::{variant}"))
}

fn image(row: &Section<'_>) -> Result<String, Problem> {
    row.only(&IMAGE_KEYS)?;
    let names = DISTRIBUTIONS.map(|(name, _)| name);
    let family = distribution(row.some_choice("distribution", &names)?).unwrap_or_default();
    let gpu = row.choice("gpu", &["cuda", "rocm", "none"])?.unwrap_or("unknown");
    Ok(format!(
        "Image {{ repositories: &{:?}, distribution: {family}, user: {:?}, gpu: Gpu::{}, build_tools: {:?}, \
         small_build_tools: {}, python: {:?}, slimmer: {:?}, kit: {:?}, small: {}, glibc: {} }}",
        row.some_texts("repositories")?,
        row.optional_text("user")?,
        code::variant(gpu),
        row.flag("build_tools")?,
        row.flag("small_build_tools")?.unwrap_or(false),
        row.choice("python", &["tag"])?,
        row.optional_text("slimmer")?.unwrap_or_default(),
        row.optional_text("kit")?,
        row.flag("small")?.unwrap_or(false),
        row.flag("glibc")?.unwrap_or(false)
    ))
}

fn size(row: &Section<'_>) -> Result<String, Problem> {
    row.only(&["image", "version", "variant", "megabytes", "basis"])?;
    Ok(format!(
        "Size {{ image: {:?}, version: {:?}, variant: {:?}, bytes: {}, basis: {:?} }}",
        row.text("image")?,
        row.optional_text("version")?,
        row.some_choice("variant", &VARIANTS)?,
        code::number(row.some_megabytes("megabytes")?),
        row.some_choice("basis", &["measured", "published", "estimate"])?
    ))
}
