//! The parser against `BuildKit`'s own (the Python package `dockerfile`) and against two published crates.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
mod oracles;

use oracles::{Heredoc, Reading, buildkit, dockerfiles, report, say};
use slimlint::diagnostic::Applicability;
use slimlint::dockerfile::{Arguments, CommandLine, Dockerfile, Instruction, Keyword, RunScript};
use slimlint::text::SourceFile;

use common::samples;

/// What both parsers tell about an instruction.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    keyword: String,
    trigger: String,
    lines: (u32, u32),
    flags: Vec<String>,
    json: bool,
    value: Vec<String>,
    heredocs: Vec<Heredoc>,
}

fn ours(instruction: &Instruction, source: &str) -> Told {
    let effective = instruction.effective();
    let trigger = match &instruction.arguments {
        Arguments::Trigger(trigger) => trigger.raw_keyword.to_uppercase(),
        _ => String::new(),
    };
    let flag = |flag: &slimlint::dockerfile::Flag| match &flag.value {
        Some(value) => format!("--{}={value}", flag.name),
        None => format!("--{}", flag.name),
    };
    let heredoc = |heredoc: &slimlint::dockerfile::Heredoc| Heredoc {
        name: heredoc.name.clone(),
        content: heredoc.body.slice(source).to_owned(),
    };
    // The package does not tell the heredocs behind `ONBUILD`; that they are read shows in the lines.
    let heredocs = instruction.heredocs.iter().filter(|_| trigger.is_empty()).map(heredoc).collect();
    Told {
        keyword: instruction.raw_keyword.to_uppercase(),
        trigger,
        lines: (instruction.start_line, instruction.end_line),
        flags: instruction.flags.iter().map(flag).collect(),
        json: is_json(effective),
        // The package cuts strings at a NUL.
        value: value(effective, source).iter().map(|word| word.split('\0').next().unwrap().to_owned()).collect(),
        heredocs,
    }
}

fn is_json(instruction: &Instruction) -> bool {
    match &instruction.arguments {
        Arguments::Command(command) | Arguments::Healthcheck(Some(command)) => matches!(command, CommandLine::Exec(_)),
        Arguments::Transfer { json, .. } => *json,
        _ => false,
    }
}

fn value(instruction: &Instruction, source: &str) -> Vec<String> {
    let texts = |words: &[slimlint::dockerfile::Word]| words.iter().map(|word| word.text.clone()).collect();
    match &instruction.arguments {
        Arguments::From { image, name } => {
            let mut value: Vec<String> = image.iter().map(|image| image.text.clone()).collect();
            value.extend(name.iter().flat_map(|name| ["AS".to_owned(), name.text.clone()]));
            value
        }
        Arguments::Transfer { sources, destination, .. } => {
            sources.iter().chain(destination).map(|word| word.text.clone()).collect()
        }
        Arguments::Command(CommandLine::Exec(words)) | Arguments::Words(words) => texts(words),
        Arguments::Command(CommandLine::Shell) => vec![instruction.body.text().to_owned()],
        Arguments::Healthcheck(None) => vec!["NONE".to_owned()],
        Arguments::Healthcheck(Some(command)) => {
            let mut value = vec!["CMD".to_owned()];
            match (command, instruction.script(source)) {
                (CommandLine::Exec(words), _) => value.extend(words.iter().map(|word| word.text.clone())),
                (CommandLine::Shell, Some(RunScript::Shell(script))) if script.text().is_empty() => {}
                (CommandLine::Shell, Some(RunScript::Shell(script))) => value.push(script.text().to_owned()),
                (CommandLine::Shell, other) => panic!("{other:?}"),
            }
            value
        }
        Arguments::Pairs(pairs) => {
            pairs.iter().flat_map(|pair| [pair.name.text.clone(), pair.value.text.clone()]).collect()
        }
        Arguments::Declarations(declarations) => declarations
            .iter()
            .map(|declaration| match &declaration.default {
                Some(default) => format!("{}={}", declaration.name.text, default.text),
                None => declaration.name.text.clone(),
            })
            .collect(),
        Arguments::Text(word) => vec![word.text.clone()],
        Arguments::Trigger(_) | Arguments::None => Vec::new(),
    }
}

/// The same in our terms: upper-case words of the grammar, nothing for what no builder would take.
fn theirs(instruction: oracles::Instruction) -> Told {
    let oracles::Instruction { keyword, trigger, start_line, end_line, flags, mut json, mut value, heredocs } =
        instruction;
    match if trigger.is_empty() { keyword.as_str() } else { trigger.as_str() } {
        "FROM" => {
            let named = value.len() == 3 && value[1].eq_ignore_ascii_case("as");
            value.truncate(if named { 3 } else { 1 });
            value.get_mut(1).iter_mut().for_each(|word| word.make_ascii_uppercase());
        }
        "HEALTHCHECK" => {
            value.first_mut().iter_mut().for_each(|word| word.make_ascii_uppercase());
            match value.first().map_or("", |word| word.as_str()) {
                "CMD" => {}
                "NONE" => value.truncate(1),
                _ => value.clear(),
            }
        }
        // The words of `VOLUME` are the same in both forms.
        "VOLUME" => json = false,
        _ if !json && value == [""] => value.clear(),
        _ => {}
    }
    Told { keyword, trigger, lines: (start_line, end_line), flags, json, value, heredocs }
}

/// Whether the instruction is read as builders of today read it, and as the package, whose parser is older, does not:
/// white space before the delimiter of a heredoc, and text behind a JSON array, which then is no JSON.
fn is_newer(instruction: &Instruction, source: &str) -> bool {
    let blank = |heredoc: &slimlint::dockerfile::Heredoc| {
        heredoc.word.slice(source).trim_start_matches(|letter: char| letter != '<').contains(char::is_whitespace)
    };
    let text = instruction.effective().body.text();
    let array = serde_json::Deserializer::from_str(text).into_iter::<Vec<String>>().next();
    let is_text = matches!(instruction.effective().arguments, Arguments::Command(CommandLine::Shell));
    instruction.heredocs.iter().any(blank) || (is_text && matches!(array, Some(Ok(_))))
}

#[test]
fn instructions_are_those_of_buildkit() {
    let files = dockerfiles();
    let texts: Vec<&str> = files.iter().map(SourceFile::text).collect();
    let Some(readings) = buildkit(&texts) else { return };
    let (mut accepted, mut equal, mut newer) = (0, 0, 0);
    let mut problems = Vec::new();
    for (file, reading) in files.iter().zip(readings) {
        let (path, source) = (file.path(), file.text());
        let parsed = Dockerfile::parse(source);
        let read = match reading {
            Reading::Instructions(read) => read,
            Reading::Error(error) => {
                if parsed.errors.is_empty() {
                    problems.push(format!("{path}: BuildKit says `{error}`, the parser nothing"));
                }
                continue;
            }
        };
        accepted += 1;
        if parsed.instructions.len() != read.len() {
            problems.push(format!("{path}: {} instructions instead of {}", parsed.instructions.len(), read.len()));
        }
        for (instruction, theirs) in parsed.instructions.iter().zip(read.into_iter().map(theirs)) {
            let mut ours = ours(instruction, source);
            if is_newer(instruction, source) {
                newer += 1;
                (ours.json, ours.value) = (theirs.json, theirs.value.clone());
            }
            equal += usize::from(ours == theirs);
            if ours != theirs {
                problems.push(format!("{path}:{}\n  ours     {ours:?}\n  BuildKit {theirs:?}", theirs.lines.0));
            }
        }
    }
    say(&format!(
        "BuildKit: {accepted} of {} files accepted, {equal} instructions equal, {newer} values as newer builders read them",
        files.len()
    ));
    report("differences from BuildKit", &problems);
}

/// What the package cannot be asked, from the source of `BuildKit` of 2025 and later.
#[test]
fn a_heredoc_may_have_a_blank_before_its_delimiter() {
    let source = "FROM alpine:3.22\nRUN cat << EOF\nUSER body\nEOF\nRUN cat 3<< \t\"E\" > /x\nbody\nE\nRUN cat \"<< EOF\" <<- EOF\nUSER me\n";
    let parsed = Dockerfile::parse(source);
    let told: Vec<_> = parsed.instructions.iter().map(|found| (found.keyword.name(), found.end_line)).collect();
    assert_eq!(told, [("FROM", 1), ("RUN", 4), ("RUN", 7), ("RUN", 8), ("USER", 9)]);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
}

#[test]
fn fixes_leave_what_buildkit_accepts() {
    let (mut names, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for example in samples::all() {
        for threshold in [Applicability::Safe, Applicability::Unsafe] {
            let fixed = example.fixed(threshold);
            for path in example.dockerfiles.iter().filter(|path| fixed.contains_key(*path)) {
                names.push(format!("{} {path}, {threshold:?} fixes", example.name));
                before.push(SourceFile::new(path.as_str(), example.files[path].as_slice()));
                after.push(SourceFile::new(path.as_str(), fixed[path].as_slice()));
            }
        }
    }
    let texts: Vec<&str> = before.iter().chain(&after).map(SourceFile::text).collect();
    let Some(readings) = buildkit(&texts) else { return };
    let (was, is) = readings.split_at(names.len());
    let mut problems = Vec::new();
    for ((name, was), is) in names.iter().zip(was).zip(is) {
        if let (Reading::Instructions(_), Reading::Error(error)) = (was, is) {
            problems.push(format!("{name}: {error}"));
        }
    }
    say(&format!("BuildKit: {} fixed files accepted", names.len() - problems.len()));
    report("files that BuildKit accepts no more", &problems);
}

/// Keyword and offset of every instruction, the byte order mark not counted; `None` when the crate rejects the file.
type Outline = Option<Vec<(String, usize)>>;

fn outline(text: &str) -> Vec<(String, usize)> {
    let parsed = Dockerfile::parse(text);
    let one = |instruction: &Instruction| {
        (instruction.raw_keyword.to_uppercase(), instruction.keyword_range.start() as usize)
    };
    parsed.instructions.iter().map(one).collect()
}

fn of_parse_dockerfile(text: &str) -> Outline {
    let parsed = parse_dockerfile::parse(text).ok()?;
    let one = |instruction| {
        let instruction = serde_json::to_value(instruction).unwrap();
        let kind = instruction["kind"].as_str().unwrap();
        let start = instruction[kind.to_lowercase()]["span"]["start"].as_u64().unwrap();
        (kind.to_owned(), usize::try_from(start).unwrap())
    };
    Some(parsed.instructions.iter().map(one).collect())
}

fn of_dockerfile_parser(text: &str) -> Outline {
    use dockerfile_parser::Instruction::{Arg, Cmd, Copy, Entrypoint, Env, From, Label, Misc, Run};
    let parsed = dockerfile_parser::Dockerfile::parse(text).ok()?;
    let one = |instruction: &dockerfile_parser::Instruction| {
        let keyword = match instruction {
            From(_) => "FROM",
            Arg(_) => "ARG",
            Label(_) => "LABEL",
            Run(_) => "RUN",
            Entrypoint(_) => "ENTRYPOINT",
            Cmd(_) => "CMD",
            Copy(_) => "COPY",
            Env(_) => "ENV",
            Misc(misc) => misc.instruction.content.as_str(),
        };
        (keyword.to_uppercase(), instruction.span().start)
    };
    Some(parsed.instructions.iter().map(one).collect())
}

/// An escaped backslash at the end of a line does not continue it, which neither crate knows.
fn ends_in_two_backslashes(parsed: &Dockerfile, text: &str) -> bool {
    parsed.escape == '\\' && text.lines().any(|line| line.trim_end().ends_with(r"\\"))
}

/// `dockerfile-parser` also knows no escape directive, no heredoc and no blank line with `\r` in a continuation, takes only letters for
/// a keyword, and drops an instruction whose argument begins with `#`.
fn is_beyond_dockerfile_parser(parsed: &Dockerfile, text: &str) -> bool {
    let odd = |found: &Instruction| found.keyword == Keyword::Unknown || found.body.text().starts_with('#');
    parsed.escape != '\\'
        || text.contains("<<")
        || (text.contains('\r') && parsed.comments.iter().any(|comment| comment.inside.is_some()))
        || parsed.instructions.iter().any(odd)
        || ends_in_two_backslashes(parsed, text)
}

fn compare(name: &str, read: impl Fn(&str) -> Outline, is_beyond: impl Fn(&Dockerfile, &str) -> bool) {
    let files = dockerfiles();
    let (mut accepted, mut beyond) = (0, 0);
    let mut problems = Vec::new();
    for file in &files {
        let text = file.text().trim_start_matches('\u{feff}');
        let Some(theirs) = read(text) else { continue };
        accepted += 1;
        let ours = outline(text);
        if ours != theirs && is_beyond(&Dockerfile::parse(text), text) {
            beyond += 1;
        } else if ours != theirs {
            let at = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
            let at = at.unwrap_or(ours.len().min(theirs.len()));
            problems.push(format!("{}: {:?}, not {:?}", file.path(), ours.get(at), theirs.get(at)));
        }
    }
    let equal = accepted - beyond - problems.len();
    say(&format!("{name}: {accepted} of {} files accepted, {equal} equal, {beyond} beyond what it reads", files.len()));
    report(&format!("differences from {name}"), &problems);
}

#[test]
fn instructions_are_those_of_parse_dockerfile() {
    compare("parse-dockerfile", of_parse_dockerfile, ends_in_two_backslashes);
}

#[test]
fn instructions_are_those_of_dockerfile_parser() {
    compare("dockerfile-parser", of_dockerfile_parser, is_beyond_dockerfile_parser);
}
