//! Imports go downward only, and files are read and written in one place each.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use common::{files_below, relative, root};

/// Each layer with the layers that it may import; `*` is everything above it.
const LAYERS: [(&str, &str); 18] = [
    ("text", ""),
    ("diagnostic", "text"),
    ("dockerfile", "text"),
    ("shell", "text"),
    ("python", "text"),
    ("context", "text"),
    ("workspace", "text dockerfile shell python context"),
    ("catalogue", "text"),
    ("facts", "text dockerfile shell python context workspace catalogue"),
    ("rules", "text diagnostic dockerfile shell python context workspace catalogue facts"),
    ("suppress", "text diagnostic dockerfile rules"),
    // It asks the workspace for the nearest file, and says what the workspace's services are.
    ("config", "text diagnostic dockerfile workspace rules"),
    ("lint", "*"),
    ("fix", "*"),
    ("output", "*"),
    ("audit", "*"),
    ("lsp", "*"),
    ("cli", "*"),
];

/// The faces may use each other as they stand here, in that order.
const READERS: [&str; 2] = ["workspace", "fix"];
/// Puts reports where `--output-file` says, which are no files of a workspace. It reads none.
const REPORTS: &str = "src/output/file.rs";

#[test]
fn imports_go_downward() {
    let mut problems = String::new();
    for (layer, path, code) in sources() {
        let position = LAYERS.iter().position(|(name, _)| *name == layer);
        let Some(position) = position else {
            let _ = writeln!(problems, "{path}: the layer `{layer}` is not in the table of tests/layers.rs");
            continue;
        };
        let (_, allowed) = LAYERS[position];
        let above: BTreeSet<&str> = match allowed {
            "*" => LAYERS[..position].iter().map(|(name, _)| *name).collect(),
            names => names.split_whitespace().collect(),
        };
        for (line, import) in imports(&code) {
            if import != layer && !above.contains(import.as_str()) {
                let _ = writeln!(problems, "{path}:{line}: `{layer}` must not know `{import}`");
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn files_are_read_and_written_in_one_place_each() {
    let mut problems = String::new();
    for (layer, path, code) in sources() {
        if READERS.contains(&layer.as_str()) || path == REPORTS {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            if line.contains("std::fs") || line.contains("std::{fs") || line.contains("File::open") {
                let _ = writeln!(
                    problems,
                    "{path}:{}: only `workspace` reads files and only `fix` writes them",
                    number + 1
                );
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn imports_are_found_in_every_form() {
    let code = "use crate::text::{A};\nuse crate::{\n    lint,\n    fix::{b, c},\n};\nlet x = crate::rules::find();\n";
    let found: Vec<(usize, String)> = imports(code);
    let expected = [(1, "text"), (6, "rules"), (2, "lint"), (2, "fix")];
    let expected: BTreeSet<_> = expected.into_iter().map(|(line, name)| (line, name.to_owned())).collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
}

/// What may start a program, with the reason.
const STARTERS: [(&str, &str); 1] =
    [("src/workspace/git.rs", "--changed-since asks git, which alone knows what has changed; git fetches nothing")];

/// slimlint runs no program but git, when it is asked to, and opens no connection: there is no call that could.
#[test]
fn nothing_is_run_and_nothing_is_sent() {
    for (_, path, code) in sources() {
        for call in ["std::net", "TcpStream", "UdpSocket", "process::Command", "Command::new"] {
            let starts = call.contains("Command") && STARTERS.iter().any(|(starter, _)| *starter == path);
            let own = (path.starts_with("src/cli/") && call == "Command::new") || starts;
            assert!(own || !code.contains(call), "{path} contains `{call}`");
        }
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for client in ["curl", "hyper", "reqwest", "socket2", "tokio", "ureq"] {
        assert!(!lock.contains(&format!("name = \"{client}\"\n")), "{client} is a dependency");
    }
}

/// Every file of `src` but the roots: its layer, its path, and its code without comments and without tests, which may look
/// wherever they like.
fn sources() -> Vec<(String, String, String)> {
    let folder = root().join("src");
    let mut sources = Vec::new();
    for file in files_below(&folder) {
        let path = relative(&file, &folder);
        let layer = path.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        let is_code = file.extension().is_some_and(|extension| extension == "rs");
        if !is_code || is_test || matches!(path.as_str(), "lib.rs" | "main.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let without_comments = code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
        sources.push((layer, format!("src/{path}"), without_comments.collect::<Vec<_>>().join("\n")));
    }
    sources
}

/// The layers that `code` names, with 1-based lines.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut imports = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            imports.push((line, name(rest)));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (index, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && depth == 0 && !character.is_whitespace() => {
                    imports.push((line, name(&group[index..])));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    imports
}

/// The identifier at the start of `text`.
fn name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}
