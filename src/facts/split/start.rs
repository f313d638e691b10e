//! How an image starts its program: without the installer around it.

use crate::dockerfile::edit::Cut;
use crate::dockerfile::{Arguments, CommandLine, Instruction, Keyword, Word};
use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::facts::python::InstallerTool;
use crate::text::TextRange;

/// Options of `uv run` and `poetry run` that change nothing once the environment is made.
const ALONE: [&str; 13] = [
    "--no-sync",
    "--frozen",
    "--locked",
    "--no-dev",
    "--offline",
    "--quiet",
    "-q",
    "--no-cache",
    "--no-editable",
    "--no-progress",
    "--no-default-groups",
    "--all-extras",
    "-n",
];

/// A word of a command, where it stands.
struct Token<'t> {
    text: &'t str,
    range: TextRange,
    /// Whether a command begins here.
    starts: bool,
}

/// The cuts that take the installer out of `CMD`, `ENTRYPOINT` and `HEALTHCHECK`; `None` where it does more than start the program.
pub(super) fn without_wrapper(facts: &Facts<'_>, tool: InstallerTool) -> Option<Vec<Cut>> {
    let mut cuts = Vec::new();
    for instruction in &facts.dockerfile.instructions {
        if matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck) {
            cuts.extend(unwrapped(facts, instruction, tool)?);
        }
    }
    Some(cuts)
}

fn unwrapped(facts: &Facts<'_>, instruction: &Instruction, tool: InstallerTool) -> Option<Vec<Cut>> {
    let (Arguments::Command(line) | Arguments::Healthcheck(Some(line))) = &instruction.arguments else {
        return Some(Vec::new());
    };
    let text = facts.source.text();
    match line {
        CommandLine::Exec(words) => {
            let tokens: Vec<Token<'_>> = words
                .iter()
                .enumerate()
                .map(|(at, word)| Token { text: &word.text, range: word.range, starts: at == 0 })
                .collect();
            let mut cuts = cuts(&tokens, tool, true)?;
            for word in words.iter().filter(|word| word.text.contains([' ', '\t'])) {
                cuts.extend(of_script(text, word, tool)?);
            }
            (cuts.is_empty() || !facts.dockerfile.holds_comment(instruction.range)).then_some(cuts)
        }
        CommandLine::Shell => {
            let start = instruction.flags.last().map_or(instruction.keyword_range.end(), |flag| flag.range.end());
            let range = TextRange::new(start, instruction.range.end());
            let body = range.slice(text);
            // `HEALTHCHECK --interval=5s CMD uv run …`
            let skipped =
                if instruction.keyword == Keyword::Healthcheck { body.find("CMD").map_or(0, |at| at + 3) } else { 0 };
            let holds_comment = facts.dockerfile.holds_comment(range);
            let range = TextRange::new(start + skipped as u32, range.end());
            let found = cuts(&shell_tokens(text, range), tool, false)?;
            (found.is_empty() || !holds_comment).then_some(found)
        }
    }
}

/// A word of a JSON array that a shell reads: `["sh", "-c", "uv run …"]`.
fn of_script(text: &str, word: &Word, tool: InstallerTool) -> Option<Vec<Cut>> {
    let inner = TextRange::new(word.range.start() + 1, word.range.end().saturating_sub(1));
    let written = inner.slice(text);
    let calls = tool.commands().iter().any(|command| written.contains(command));
    if written.contains('\\') {
        return (!calls).then(Vec::new);
    }
    cuts(&shell_tokens(text, inner), tool, false)
}

/// The words of a script, roughly: what a quote or a substitution holds is a word like any other, and begins a command.
fn shell_tokens(text: &str, range: TextRange) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut starts = true;
    let body = range.slice(text);
    let mut at = 0;
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.find(|c: char| c.is_whitespace() || ";&|()\"'`".contains(c)).unwrap_or(rest.len());
        if length == 0 {
            let separator = rest.chars().next().unwrap_or_default();
            starts |= ";&|()\"'`".contains(separator);
            at += separator.len_utf8();
            continue;
        }
        let word = rest.get(..length).unwrap_or_default();
        let from = range.start() + at as u32;
        at += length;
        if word == "\\" {
            continue;
        }
        tokens.push(Token { text: word, range: TextRange::new(from, from + length as u32), starts });
        starts = matches!(word, "exec" | "then" | "do" | "else" | "time") || (starts && word.contains('='));
    }
    tokens
}

fn cuts(tokens: &[Token<'_>], tool: InstallerTool, json: bool) -> Option<Vec<Cut>> {
    let mut cuts = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_call = token.starts && tool.commands().contains(&file_name(token.text));
        if !is_call {
            continue;
        }
        let mut rest = tokens.get(at + 1..).unwrap_or_default().iter().peekable();
        if rest.next().is_none_or(|word| word.text != "run" || word.starts) {
            return None;
        }
        while rest.next_if(|word| ALONE.contains(&word.text)).is_some() {}
        let program = rest.next().filter(|word| !word.starts)?;
        let python = |rest: &Token<'_>| (TextRange::new(token.range.start(), rest.range.start()), put("python", json));
        match program.text {
            "-m" | "--module" => cuts.push(python(program)),
            "--" => {
                let program = rest.next().filter(|word| !word.starts)?;
                cuts.push(started(token, program, json));
            }
            flag if flag.starts_with('-') => return None,
            _ => cuts.push(started(token, program, json)),
        }
    }
    Some(cuts)
}

/// The cut from a wrapper to the program that it starts. `uv run main.py` runs Python.
fn started(wrapper: &Token<'_>, program: &Token<'_>, json: bool) -> Cut {
    let range = TextRange::new(wrapper.range.start(), program.range.start());
    let script = program.text.rsplit_once('.').is_some_and(|(_, extension)| extension == "py");
    (range, if script { put("python", json) } else { String::new() })
}

fn put(word: &str, json: bool) -> String {
    if json { format!("\"{word}\", ") } else { format!("{word} ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::edit::with_cuts;

    #[test]
    fn wrappers_are_taken_out_of_scripts() {
        for (script, expected) in [
            ("uv run gunicorn app:app", Some("gunicorn app:app")),
            ("uv run --no-sync --frozen main.py", Some("python main.py")),
            ("exec uv run -m app --port 80", Some("exec python -m app --port 80")),
            ("uv run -- alembic upgrade head && uv run app", Some("alembic upgrade head && app")),
            ("PORT=1 poetry run app", Some("PORT=1 poetry run app")),
            ("uv run --with httpx app", None),
            ("uv sync && uv run app", None),
            ("echo uv run is gone", Some("echo uv run is gone")),
            ("uv run \\\n  app", Some("app")),
        ] {
            let range = TextRange::from_usize(0, script.len());
            let cuts = cuts(&shell_tokens(script, range), InstallerTool::Uv, false);
            assert_eq!(cuts.map(|cuts| with_cuts(script, range, &cuts)).as_deref(), expected, "{script}");
        }
    }
}
