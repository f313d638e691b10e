//! `base-images.toml`: what repository and tag of a base image tell.

use super::reader::Section;
use super::{Tables, all, code, only_one};
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
const IMAGE_KEYS: [&str; 10] = [
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
];
const VARIANTS: [&str; 7] = ["full", "slim", "alpine", "base", "runtime", "devel", "gpu"];

/// The table of the file.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&["names", "tokens", "image", "size", "end-of-life"]).map_err(only_one)?;
    let rows = |name: &str, read: fn(&Section<'_>) -> Result<String, Problem>| {
        all(root.rows(name).map_err(only_one)?.iter().map(read))
    };
    let (families, sizes, ends) = (rows("image", image)?, rows("size", size)?, rows("end-of-life", end)?);
    let code = format!(
        "/// Everything the file says.\nstatic IMAGES: Images = Images {{\n    hub: &{:?},\n    tokens: &[{}],\n    \
         families: &[\n        {},\n    ],\n    sizes: &[\n        {},\n    ],\n    ends: &[\n        {},\n    ],\n}};\n",
        hub(root).map_err(only_one)?,
        tokens(root).map_err(only_one)?.join(", "),
        families.join(",\n        "),
        sizes.join(",\n        "),
        ends.join(",\n        "),
    );
    Ok(vec![("catalogue-images.rs", code)])
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
         small_build_tools: {}, python: {:?}, slimmer: {:?}, small: {}, glibc: {} }}",
        row.some_texts("repositories")?,
        row.optional_text("user")?,
        code::variant(gpu),
        row.flag("build_tools")?,
        row.flag("small_build_tools")?.unwrap_or(false),
        row.choice("python", &["tag"])?,
        row.choice("slimmer", &["slim-release", "release-slim", "runtime"])?.unwrap_or_default(),
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
        row.some_choice("basis", &["measured", "estimate"])?
    ))
}

fn end(row: &Section<'_>) -> Result<String, Problem> {
    row.only(&["release", "date", "tokens", "images"])?;
    let (tokens, images) = (row.texts("tokens")?, row.texts("images")?);
    if tokens.is_empty() && images.is_empty() {
        return Err(row.problem("images", "there must be `tokens` or `images`"));
    }
    Ok(format!(
        "End {{ life: EndOfLife {{ release: {:?}, date: {:?} }}, tokens: &{tokens:?}, images: &{images:?} }}",
        row.text("release")?,
        row.date("date")?
    ))
}
