//! `slimlint explain` and `slimlint rules`.

use std::io::{self, Write};

use serde::Serialize;

use crate::output::{Paint, escape, wrap, write_object};
use crate::rules::{Page, named, rules};
use crate::{config, suppress};

use super::args::ListFormat;
use super::check::unknown_rule;
use super::{Status, Terminal};

/// Columns that prose is wrapped to.
const COLUMNS: usize = 100;

/// Pages that are not about a rule.
const TOPICS: [(&str, &str); 2] = [("configuration", config::PAGE), ("ignoring", suppress::PAGE)];

pub(super) fn explain(name: &str, terminal: &mut Terminal<'_>) -> Status {
    if let Some((_, text)) = TOPICS.iter().find(|(topic, _)| *topic == name) {
        return terminal.write(|out, paint| markdown(text, paint, out));
    }
    let pages: Vec<&Page> = named(name).collect();
    if pages.is_empty() {
        return terminal.error(&unknown_rule(name));
    }
    terminal.write(|out, paint| pages.iter().try_for_each(|page| write_page(page, paint, out)))
}

fn write_page(page: &Page, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let severity = page.severity.map_or("off unless named", |severity| severity.name());
    writeln!(out, "{}", paint.strong(page.name))?;
    write!(
        out,
        "group {}, severity {severity}, confidence {}, fix {}",
        page.group,
        page.confidence.name(),
        page.fix.name()
    )?;
    if !page.aliases.is_empty() {
        write!(out, ", elsewhere {}", page.aliases.join(", "))?;
    }
    writeln!(out, ", since {}", page.since)?;
    writeln!(out, "{}\n", page.url())?;
    // The title says the name once more.
    let prose = page.prose();
    let prose =
        prose.strip_prefix("# ").and_then(|rest| rest.split_once('\n')).map_or(prose, |(_, rest)| rest.trim_start());
    markdown(prose, paint, out)?;
    writeln!(out)
}

/// Markdown as a terminal shows it best: headings stand out, paragraphs and list items are wrapped, everything else stays.
fn markdown(text: &str, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut paragraph = String::new();
    let mut is_fenced = false;
    for line in text.lines() {
        let is_item = ["- ", "* "].iter().any(|bullet| line.trim_start().starts_with(bullet));
        let is_verbatim =
            is_fenced || line.starts_with("```") || line.starts_with('|') || line.starts_with('#') || line.is_empty();
        if is_verbatim || is_item {
            flush(&mut paragraph, out)?;
        }
        if line.starts_with("<!--") {
            continue;
        }
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if is_fenced {
            writeln!(out, "    {}", escape(line))?;
        } else if line.starts_with('#') {
            writeln!(out, "{}", paint.strong(line.trim_start_matches('#').trim()))?;
        } else if is_verbatim {
            writeln!(out, "{line}")?;
        } else {
            let space = if paragraph.is_empty() { "" } else { " " };
            paragraph.push_str(space);
            paragraph.push_str(if paragraph.is_empty() { line } else { line.trim() });
        }
    }
    flush(&mut paragraph, out)
}

fn flush(paragraph: &mut String, out: &mut dyn Write) -> io::Result<()> {
    let text = std::mem::take(paragraph);
    if text.is_empty() {
        return Ok(());
    }
    let indent = text.len() - text.trim_start().len();
    let hanging = if text.trim_start().starts_with(['-', '*']) { indent + 2 } else { indent };
    for (index, line) in wrap(text.trim_start(), COLUMNS - hanging).iter().enumerate() {
        writeln!(out, "{}{line}", " ".repeat(if index == 0 { indent } else { hanging }))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Listed {
    version: u32,
    rules: Vec<ListedRule>,
}

#[derive(Serialize)]
struct ListedRule {
    name: &'static str,
    group: &'static str,
    severity: &'static str,
    confidence: &'static str,
    fix: &'static str,
    aliases: &'static [&'static str],
    since: &'static str,
    summary: String,
    url: String,
}

pub(super) fn list(format: ListFormat, terminal: &mut Terminal<'_>) -> Status {
    let listed: Vec<ListedRule> = rules()
        .iter()
        .map(|rule| rule.page)
        .map(|page| ListedRule {
            name: page.name,
            group: page.group,
            severity: page.severity.map_or("off", |severity| severity.name()),
            confidence: page.confidence.name(),
            fix: page.fix.name(),
            aliases: page.aliases,
            since: page.since,
            summary: page.summary(),
            url: page.url(),
        })
        .collect();
    terminal.write(|out, paint| match format {
        ListFormat::Json => write_object(&Listed { version: 1, rules: listed }, out),
        ListFormat::Text => table(&listed, paint, out),
    })
}

fn table(rules: &[ListedRule], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let column = rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut group = "";
    for rule in rules {
        if rule.group != group {
            group = rule.group;
            writeln!(out, "{}", paint.strong(group))?;
        }
        let (name, severity, fix) = (rule.name, rule.severity, rule.fix);
        let lead = format!("  {name:column$}  {severity:<7}  fix {fix:<9}  ");
        let room = COLUMNS.saturating_sub(lead.len()).max(30);
        for (index, line) in wrap(&rule.summary, room).iter().enumerate() {
            writeln!(out, "{}{line}", if index == 0 { lead.clone() } else { " ".repeat(lead.len()) })?;
        }
    }
    Ok(())
}
