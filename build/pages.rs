//! The rule pages in `rules/*.md` as the typed table that `src/rules/page.rs` includes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Generated;
use crate::problem::Problem;

const SECTIONS: [&str; 4] = ["What it finds", "Why it matters", "What to do", "When it is right to keep it"];
const KEYS: [&str; 8] = ["group", "severity", "confidence", "fix", "images", "aliases", "since", "examples"];
const NOT_FLAGGED: &str = "Not flagged:";

/// The table of all pages.
pub fn generate(rules: &Path) -> Generated {
    let mut items = String::new();
    let mut names = Vec::new();
    let mut problems = Vec::new();
    for path in pages(rules).map_err(|error| vec![format!("rules: {error}")])? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let page = fs::read_to_string(&path)
            .map_err(|error| Problem::new(1, error.to_string()))
            .and_then(|text| page(&name, &path, &text));
        match page {
            Ok(item) => {
                items.push_str(&item);
                names.push(name.replace('-', "_"));
            }
            Err(problem) => problems.push(problem.in_file(&format!("{name}.md"))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let table: Vec<String> = names.iter().map(|name| format!("&pages::{name}")).collect();
    let table = table.join(", ");
    let code = format!(
        "/// All pages by name.\npub static PAGES: &[&Page] = &[{table}];\n\n\
         #[allow(non_upper_case_globals)]\npub(crate) mod pages {{\n    use super::{{Availability, Confidence, Images, Page, Severity}};\n{items}}}\n"
    );
    Ok(vec![("pages.rs", code)])
}

fn pages(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

/// The Rust item for one page.
fn page(name: &str, path: &Path, text: &str) -> Result<String, Problem> {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !plain || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(Problem::new(1, "the file's name must be lower-case words joined by `-`"));
    }
    let lines: Vec<&str> = text.lines().collect();
    let (keys, body) = front_matter(&lines)?;
    let word = |key: &str, choices: &[(&str, &'static str)]| choice(&keys, key, choices, body);
    let group = group(&keys, body)?;
    let severity = word(
        "severity",
        &[
            ("error", "Some(Severity::Error)"),
            ("warning", "Some(Severity::Warning)"),
            ("info", "Some(Severity::Info)"),
            ("off", "None"),
        ],
    )?;
    let confidence = word(
        "confidence",
        &[("high", "Confidence::High"), ("medium", "Confidence::Medium"), ("low", "Confidence::Low")],
    )?;
    let fix = word(
        "fix",
        &[("none", "Availability::None"), ("sometimes", "Availability::Sometimes"), ("always", "Availability::Always")],
    )?;
    let since = since(&keys, body)?;
    let aliases = aliases(&keys, body)?;
    let mut images = "Images::All";
    if keys.contains_key("images") {
        images = word(
            "images",
            &[("all", "Images::All"), ("shipped", "Images::Shipped"), ("undoubted", "Images::Undoubted")],
        )?;
    }
    let exempt = keys.contains_key("examples");
    if exempt {
        word("examples", &[("none", "")])?;
    }
    sections(name, &lines, body, exempt)?;
    let mut item = String::new();
    let _ = writeln!(item, "    pub static {}: Page = Page {{", name.replace('-', "_"));
    let _ = writeln!(item, "        name: {name:?}, group: {group:?}, severity: {severity}, confidence: {confidence},");
    let _ = writeln!(item, "        fix: {fix}, images: {images}, aliases: &{aliases:?}, since: {since:?},");
    let _ = writeln!(item, "        text: include_str!({:?}),\n    }};", path.display().to_string());
    Ok(item)
}

type Keys<'t> = BTreeMap<&'t str, (usize, &'t str)>;

/// The keys with their lines and raw values, and the number of lines up to and with the closing `---`.
fn front_matter<'t>(lines: &[&'t str]) -> Result<(Keys<'t>, usize), Problem> {
    if lines.first().is_none_or(|line| line.trim_end() != "---") {
        return Err(Problem::new(1, "the page must begin with front matter between lines of `---`"));
    }
    let mut keys = Keys::new();
    for (index, line) in lines.iter().enumerate().skip(1) {
        let number = index + 1;
        let line = line.trim();
        if line == "---" {
            return Ok((keys, number));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(Problem::new(number, format!("`{line}` is not `key = value`")));
        };
        let key = key.trim();
        if !KEYS.contains(&key) {
            return Err(Problem::new(number, format!("key `{key}` is unknown; the keys are {}", KEYS.join(", "))));
        }
        if keys.insert(key, (number, without_comment(value))).is_some() {
            return Err(Problem::new(number, format!("key `{key}` stands twice")));
        }
    }
    Err(Problem::new(1, "the front matter is not closed by `---`"))
}

/// The value without a `#` comment behind it.
fn without_comment(value: &str) -> &str {
    let mut quoted = false;
    for (index, byte) in value.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'#' if !quoted => return value.get(..index).unwrap_or_default().trim(),
            _ => {}
        }
    }
    value.trim()
}

fn string(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}

fn missing(key: &str, line: usize) -> Problem {
    Problem::new(line, format!("key `{key}` is missing"))
}

fn choice(keys: &Keys<'_>, key: &str, choices: &[(&str, &'static str)], end: usize) -> Result<&'static str, Problem> {
    let &(line, value) = keys.get(key).ok_or_else(|| missing(key, end))?;
    let found = string(value).and_then(|value| choices.iter().find(|(name, _)| *name == value));
    found.map(|&(_, code)| code).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        Problem::new(line, format!("key `{key}`: {value} is not one of {}", names.join(", ")))
    })
}

fn group<'t>(keys: &Keys<'t>, end: usize) -> Result<&'t str, Problem> {
    let &(line, value) = keys.get("group").ok_or_else(|| missing("group", end))?;
    let problem = || Problem::new(line, format!("key `group`: {value} is not a quoted name"));
    string(value).filter(|group| !group.is_empty()).ok_or_else(problem)
}

fn since(keys: &Keys<'_>, end: usize) -> Result<String, Problem> {
    let &(line, value) = keys.get("since").ok_or_else(|| missing("since", end))?;
    let version = string(value).filter(|version| {
        let parts: Vec<&str> = version.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
    });
    let problem = || Problem::new(line, format!("key `since`: {value} is not a version such as \"0.1.0\""));
    version.map(str::to_owned).ok_or_else(problem)
}

fn aliases(keys: &Keys<'_>, end: usize) -> Result<Vec<String>, Problem> {
    let &(line, value) = keys.get("aliases").ok_or_else(|| missing("aliases", end))?;
    let problem = || Problem::new(line, format!("key `aliases`: {value} is not a list of quoted names on one line"));
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(problem)?;
    let names = inner.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| string(name).map(str::to_owned).ok_or_else(problem)).collect()
}

struct Heading<'t> {
    line: usize,
    title: &'t str,
    /// Whether a Dockerfile stands below it that is not the result of a fix.
    has_input: bool,
}

/// Checks the title, the four sections of prose in their order, and that there are examples of both kinds.
fn sections(name: &str, lines: &[&str], body: usize, exempt: bool) -> Result<(), Problem> {
    let (titles, headings) = outline(lines, body)?;
    if !titles.iter().any(|title| title.trim_matches('`') == name) {
        return Err(Problem::new(body + 1, format!("the title `# {name}` is missing below the front matter")));
    }
    for (position, section) in SECTIONS.iter().enumerate() {
        match headings.get(position) {
            Some(heading) if heading.title == *section => {}
            Some(Heading { line, title, .. }) => {
                return Err(Problem::new(*line, format!("`## {section}` is due here, not `## {title}`")));
            }
            None => return Err(Problem::new(lines.len(), format!("the section `## {section}` is missing"))),
        }
    }
    let examples = || headings.iter().skip(SECTIONS.len()).filter(|heading| heading.has_input);
    let silent = examples().filter(|heading| heading.title.starts_with(NOT_FLAGGED)).count();
    if !exempt && (silent == 0 || silent == examples().count()) {
        let kind = if silent == 0 { "`## Not flagged: …`" } else { "flagged" };
        return Err(Problem::new(lines.len(), format!("a {kind} example with a `dockerfile` fence is missing")));
    }
    Ok(())
}

/// First- and second-level headings outside fences.
fn outline<'t>(lines: &[&'t str], body: usize) -> Result<(Vec<&'t str>, Vec<Heading<'t>>), Problem> {
    let mut fence: Option<(usize, usize)> = None;
    let mut titles = Vec::new();
    let mut headings: Vec<Heading<'t>> = Vec::new();
    for (index, line) in lines.iter().enumerate().skip(body) {
        let ticks = line.len() - line.trim_start_matches('`').len();
        if let Some((_, open)) = fence {
            if ticks >= open && line.trim_end().len() == ticks {
                fence = None;
            }
        } else if ticks >= 3 {
            fence = Some((index + 1, ticks));
            let mut info = line.trim_start_matches('`').split_whitespace();
            let is_input = info.next() == Some("dockerfile") && info.all(|word| word != "fixed");
            if let Some(heading) = headings.last_mut() {
                heading.has_input |= is_input;
            }
        } else if let Some(title) = line.strip_prefix("# ") {
            titles.push(title.trim());
        } else if let Some(title) = line.strip_prefix("## ") {
            headings.push(Heading { line: index + 1, title: title.trim(), has_input: false });
        }
    }
    match fence {
        Some((line, _)) => Err(Problem::new(line, "the fence is not closed")),
        None => Ok((titles, headings)),
    }
}
