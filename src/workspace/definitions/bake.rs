//! Files of `docker buildx bake`: the targets of an HCL or JSON file, as far as their values are literal.

use std::collections::HashMap;

use serde_json::Value;

use super::super::inline::{Taken, path_in};
use super::super::paths::{join, parent};
use super::command::{Built, local, resolve};
use super::{Given, Setting};

/// How far `inherits` is followed, how many targets are looked at for it, and how long a string may get, in bytes.
const MAX_DEPTH: usize = 16;
const MAX_STEPS: usize = 10_000;
const MAX_STRING: usize = 4_096;

/// A target as it is written.
#[derive(Clone, Debug, Default)]
struct Target {
    line: u32,
    context: Setting,
    dockerfile: Setting,
    stage: Setting,
    arguments: Given,
    platform: Setting,
    /// Names of targets; `None` when they are computed.
    inherits: Option<Vec<String>>,
    /// Whether the Dockerfile stands in the file itself.
    inline: bool,
    /// Where, if its lines are lines of the file.
    heredoc: Option<Heredoc>,
}

/// The lines between `<<EOT` and `EOT`, as offsets into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heredoc {
    start: usize,
    end: usize,
    /// Whether the indentation that all lines have does not count: `<<-`.
    strips: bool,
}

/// The Dockerfiles that stand in heredocs of a bake file, by the names of the targets.
pub(in crate::workspace) fn inline(text: &str) -> Vec<(String, Taken)> {
    let targets = Reader::new(text).targets();
    let taken = targets.into_iter().filter_map(|(name, target)| Some((name, taken(text, target.heredoc?)?)));
    taken.collect()
}

/// The text of a heredoc; `None` where it is computed: `FROM ${upper(NAME)}`.
fn taken(text: &str, heredoc: Heredoc) -> Option<Taken> {
    let body = text.get(heredoc.start..heredoc.end)?;
    let is_computed = |(at, _): (usize, &str)| {
        let (before, behind) = body.split_at(at);
        let inner = behind.get(2..).and_then(|rest| rest.split('}').next()).unwrap_or_default();
        let is_name = inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        !before.ends_with('$') && !is_name
    };
    let directives = body.match_indices("%{").any(|(at, _)| !body.split_at(at).0.ends_with('%'));
    if directives || body.match_indices("${").any(is_computed) {
        return None;
    }
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines = || body.split_inclusive('\n').filter(|line| !line.trim().is_empty());
    let common = if heredoc.strips { lines().map(indentation).min().unwrap_or(0) } else { 0 };
    let mut taken = Taken::default();
    let mut at = heredoc.start;
    for line in body.split_inclusive('\n') {
        let skipped = common.min(indentation(line));
        taken.take(line.get(skipped..)?, at + skipped, &["$${", "%%{"]);
        at += line.len();
    }
    Some(taken)
}

/// What the targets of the bake file at `path` build, each with its 1-based line.
pub(super) fn builds(text: &str, is_json: bool, path: &str) -> Vec<(u32, Built)> {
    let directory = parent(path);
    let targets = if is_json { json(text) } else { Reader::new(text).targets() };
    let by_name: HashMap<&str, &Target> = targets.iter().map(|(name, target)| (name.as_str(), target)).collect();
    let mut steps = MAX_STEPS;
    let built = |(name, target): &(String, Target)| {
        let whole = whole(target, &by_name, MAX_DEPTH, &mut steps)?;
        let inline = target.heredoc.map(|_| path_in(path, name));
        let unread = whole.inline && inline.is_none();
        if unread || inline.is_none() && whole.context.is_unset() && whole.dockerfile.is_unset() {
            return None;
        }
        let context = whole.context.known_or(".")?;
        let context = resolve(directory, local(&context)?)?;
        // It is seen from the context, unless it names a place of its own.
        let dockerfile = match inline {
            Some(inline) => inline,
            None => join(&context, local(&whole.dockerfile.known_or("Dockerfile")?)?)?,
        };
        let Target { stage: target_stage, arguments, platform, .. } = whole;
        Some((
            target.line,
            Built { context, dockerfile, target: target_stage, arguments, platform, pushed: None, tried_in: None },
        ))
    };
    targets.iter().filter_map(built).collect()
}

/// The target with what it inherits: of several the last wins.
fn whole(target: &Target, by_name: &HashMap<&str, &Target>, depth: usize, steps: &mut usize) -> Option<Target> {
    let mut result = Target::default();
    *steps = steps.checked_sub(1)?;
    if depth == 0 {
        return None;
    }
    for parent in target.inherits.as_ref()? {
        let parent = whole(by_name.get(parent.as_str())?, by_name, depth - 1, steps)?;
        result = over(result, parent);
    }
    Some(over(result, target.clone()))
}

fn over(below: Target, above: Target) -> Target {
    Target {
        line: above.line,
        context: above.context.or(below.context),
        dockerfile: above.dockerfile.or(below.dockerfile),
        stage: above.stage.or(below.stage),
        arguments: above.arguments.over(below.arguments),
        platform: above.platform.or(below.platform),
        inherits: above.inherits,
        inline: above.inline || below.inline,
        heredoc: above.heredoc,
    }
}

/// The platform of a list of one.
fn only(platforms: Option<Vec<String>>) -> Setting {
    platforms.and_then(|platforms| <[String; 1]>::try_from(platforms).ok()).map(|[platform]| platform).into()
}

fn json(text: &str) -> Vec<(String, Target)> {
    let Ok(file) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let Some(targets) = file.get("target").and_then(Value::as_object) else { return Vec::new() };
    let read = |(name, body): (&String, &Value)| {
        let string = |value: &Value| value.as_str().filter(|text| !text.contains("${")).map(str::to_owned);
        let field = |key: &str| body.get(key).map_or(Setting::Unset, |value| Setting::from(string(value)));
        let names = |value: &Value| value.as_array()?.iter().map(string).collect::<Option<Vec<_>>>();
        let mut arguments = Given::default();
        for (name, value) in body.get("args").and_then(Value::as_object).into_iter().flatten() {
            arguments.give(name, string(value));
        }
        let platforms = body.get("platforms").map(names);
        let key = format!("\"{name}\"");
        let is_key = |at: &usize| text.get(at + key.len()..).is_some_and(|rest| rest.trim_start().starts_with(':'));
        let at = text.match_indices(&key).map(|(at, _)| at).find(is_key);
        let before = at.and_then(|at| text.get(..at)).unwrap_or_default();
        let target = Target {
            line: u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
            context: field("context"),
            dockerfile: field("dockerfile"),
            stage: field("target"),
            arguments,
            platform: platforms.map_or(Setting::Unset, only),
            inherits: body.get("inherits").map_or(Some(Vec::new()), names),
            inline: body.get("dockerfile-inline").is_some(),
            heredoc: None,
        };
        (name.clone(), target)
    };
    targets.iter().map(read).collect()
}

/// A piece of HCL.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    /// A string.
    Text(Vec<Piece>),
    Heredoc(Heredoc),
    Sign(char),
    Newline,
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Template(String),
}

/// Reads the blocks of an HCL file and the attributes in them whose values are strings, lists of strings or mappings of strings.
struct Reader {
    tokens: Vec<(Token, u32)>,
    at: usize,
    variables: HashMap<String, String>,
}

impl Reader {
    fn new(text: &str) -> Self {
        Self { tokens: tokens(text), at: 0, variables: HashMap::new() }
    }

    fn targets(mut self) -> Vec<(String, Target)> {
        let mut targets = Vec::new();
        // What is said of variables may stand below.
        for wanted in ["variable", "target"] {
            self.at = 0;
            while let Some((token, line)) = self.next() {
                let Token::Name(kind) = token else { continue };
                let label = match self.peek() {
                    Some(Token::Text(pieces)) => match pieces.as_slice() {
                        [Piece::Literal(label)] => label.clone(),
                        _ => String::new(),
                    },
                    Some(Token::Sign('{')) => String::new(),
                    // `NAME = value`
                    _ => {
                        let value = self.attribute();
                        if let (Some(Read::Text(value)), "variable") = (value, wanted) {
                            self.variables.insert(kind, value);
                        }
                        continue;
                    }
                };
                while !matches!(self.peek(), None | Some(Token::Sign('{') | Token::Newline)) {
                    self.at += 1;
                }
                let body = self.body();
                match (kind.as_str(), wanted) {
                    ("variable", "variable") => {
                        let default = body.into_iter().find(|(name, _)| name == "default");
                        if let Some((_, Some(Read::Text(value)))) = default {
                            self.variables.insert(label, value);
                        }
                    }
                    ("target", "target") if !label.is_empty() => targets.push((label, target(line, body))),
                    _ => {}
                }
            }
        }
        targets
    }

    fn next(&mut self) -> Option<(Token, u32)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    /// The attributes of the block that begins here.
    fn body(&mut self) -> Vec<(String, Option<Read>)> {
        let mut attributes = Vec::new();
        if self.peek() != Some(&Token::Sign('{')) {
            return attributes;
        }
        self.at += 1;
        while let Some((token, _)) = self.next() {
            match token {
                Token::Sign('}') => break,
                Token::Name(name) if self.peek() == Some(&Token::Sign('=')) => {
                    let value = self.attribute();
                    attributes.push((name, value));
                }
                // A block in a block: `validation { … }`.
                Token::Name(name) => {
                    while !matches!(self.peek(), None | Some(Token::Sign('{' | '}') | Token::Newline)) {
                        self.at += 1;
                    }
                    if self.peek() == Some(&Token::Sign('{')) {
                        self.skip();
                    }
                    attributes.push((name, None));
                }
                _ => {}
            }
        }
        attributes
    }

    /// What stands behind `=`; `None` when it is computed. Reads to the end of the line, brackets with all their lines.
    fn attribute(&mut self) -> Option<Read> {
        if self.peek() == Some(&Token::Sign('=')) {
            self.at += 1;
        }
        let start = self.at;
        while !matches!(self.peek(), None | Some(Token::Newline | Token::Sign('}'))) {
            if matches!(self.peek(), Some(Token::Sign('{' | '[' | '('))) {
                self.skip();
            } else {
                self.at += 1;
            }
        }
        let inner: Vec<&Token> = self.tokens.get(start..self.at)?.iter().map(|(token, _)| token).collect();
        let inner: Vec<&Token> = inner.into_iter().filter(|token| **token != Token::Newline).collect();
        match inner.as_slice() {
            [Token::Heredoc(heredoc)] => Some(Read::Heredoc(*heredoc)),
            [single] => self.string(single).map(Read::Text),
            [Token::Sign('['), items @ .., Token::Sign(']')] => {
                let items = items.iter().filter(|token| ***token != Token::Sign(','));
                items.map(|token| self.string(token)).collect::<Option<Vec<String>>>().map(Read::List)
            }
            [Token::Sign('{'), members @ .., Token::Sign('}')] => {
                let mut pairs = Vec::new();
                for (index, token) in members.iter().enumerate() {
                    if matches!(**token, Token::Sign('=' | ':'))
                        && let Some(name) = index.checked_sub(1).and_then(|before| members.get(before))
                    {
                        let name = match name {
                            Token::Name(name) => Some(name.clone()),
                            name => self.string(name),
                        };
                        let value = members.get(index + 1).and_then(|value| self.string(value));
                        // `a = b ? "c" : "d"`
                        let ends = members
                            .get(index + 2)
                            .is_none_or(|token| matches!(token, Token::Sign(',') | Token::Name(_) | Token::Text(_)));
                        pairs.extend(name.map(|name| (name, value.filter(|_| ends))));
                    }
                }
                Some(Read::Map(pairs))
            }
            _ => None,
        }
    }

    /// Passes what stands between the bracket here and the one that closes it.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some((token, _)) = self.next() {
            match token {
                Token::Sign('{' | '[' | '(') => depth += 1,
                Token::Sign('}' | ']' | ')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }

    fn string(&self, token: &Token) -> Option<String> {
        match token {
            Token::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    text.push_str(match piece {
                        Piece::Literal(text) => text,
                        Piece::Template(name) => self.variables.get(name.trim())?,
                    });
                    if text.len() > MAX_STRING {
                        return None;
                    }
                }
                Some(text)
            }
            Token::Name(name) => self.variables.get(name).cloned(),
            _ => None,
        }
    }
}

/// A value that could be read.
#[derive(Clone, Debug)]
enum Read {
    Text(String),
    List(Vec<String>),
    Map(Vec<(String, Option<String>)>),
    Heredoc(Heredoc),
}

fn target(line: u32, body: Vec<(String, Option<Read>)>) -> Target {
    let mut target = Target { line, inherits: Some(Vec::new()), ..Target::default() };
    for (name, value) in body {
        let text = |value: Option<Read>| match value {
            Some(Read::Text(text)) => Some(text),
            _ => None,
        };
        match name.as_str() {
            "context" => target.context = text(value).into(),
            "dockerfile" => target.dockerfile = text(value).into(),
            "target" => target.stage = text(value).into(),
            "dockerfile-inline" => {
                target.inline = true;
                target.heredoc = match value {
                    Some(Read::Heredoc(heredoc)) => Some(heredoc),
                    _ => None,
                };
            }
            // A target for each row of a matrix.
            "inherits" => {
                target.inherits = match value {
                    Some(Read::List(names)) => Some(names),
                    _ => None,
                };
            }
            "platforms" => {
                let platforms = match value {
                    Some(Read::List(platforms)) => Some(platforms),
                    _ => None,
                };
                target.platform = only(platforms);
            }
            "args" => match value {
                Some(Read::Map(pairs)) => {
                    for (name, value) in pairs {
                        target.arguments.give(&name, value);
                    }
                }
                _ => target.arguments.give_others(),
            },
            _ => {}
        }
    }
    target
}

fn tokens(text: &str) -> Vec<(Token, u32)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
        let length = match first {
            '\n' => {
                tokens.push((Token::Newline, line));
                1
            }
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '<' if rest.starts_with("<<") => {
                let strips = rest.starts_with("<<-");
                let marker = rest.trim_start_matches(['<', '-']).lines().next().unwrap_or_default().trim();
                let end = rest.match_indices('\n').map(|(at, _)| at + 1).find(|&at| {
                    rest.get(at..).and_then(|below| below.lines().next()).is_some_and(|below| below.trim() == marker)
                });
                let here = text.len() - rest.len();
                let body = rest.find('\n').map_or(rest.len(), |at| at + 1);
                match end {
                    Some(end) => {
                        tokens.push((Token::Heredoc(Heredoc { start: here + body, end: here + end, strips }), line));
                    }
                    None => tokens.push((Token::Sign('<'), line)),
                }
                end.map_or(rest.len(), |at| {
                    at + rest.get(at..).unwrap_or_default().find('\n').unwrap_or(rest.len() - at)
                })
            }
            '"' => {
                let (pieces, length) = string(rest);
                tokens.push((Token::Text(pieces), line));
                length
            }
            _ if is_name(first) => {
                let length = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
                tokens.push((Token::Name(rest.get(..length).unwrap_or_default().to_owned()), line));
                length
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push((Token::Sign(first), line));
                }
                first.len_utf8()
            }
        };
        let (passed, after) = rest.split_at(length);
        line += u32::try_from(passed.matches('\n').count()).unwrap_or(0);
        rest = after;
    }
    tokens
}

/// The string at the start of `text`, and its length with its quotes.
fn string(text: &str) -> (Vec<Piece>, usize) {
    let (mut pieces, mut literal) = (Vec::new(), String::new());
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                pieces.push(Piece::Literal(literal));
                return (pieces, at + 1);
            }
            '\\' => literal.extend(characters.next().map(|(_, escaped)| escaped)),
            '$' if text.get(at + 1..).is_some_and(|rest| rest.starts_with('{')) => {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                let mut template = String::new();
                let (mut depth, mut quoted) = (0_usize, false);
                for (_, inner) in characters.by_ref() {
                    match inner {
                        '"' => quoted = !quoted,
                        _ if quoted => {}
                        '{' => depth += 1,
                        '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    template.push(inner);
                }
                pieces.push(Piece::Template(template.trim_start_matches('{').to_owned()));
            }
            _ => literal.push(character),
        }
    }
    pieces.push(Piece::Literal(literal));
    (pieces, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, is_json: bool) -> Vec<String> {
        let show = |(line, built): (u32, Built)| {
            let target = built.target.known().unwrap_or_default();
            format!("{line} {:?} {} {target} {}", built.context, built.dockerfile, built.arguments.known().join(","))
        };
        builds(text, is_json, "bake.hcl").into_iter().map(show).collect()
    }

    #[test]
    fn hcl() {
        let text = "// all\ngroup \"default\" { targets = [\"api\"] }\nvariable \"DIR\" {\n  default = \"services\" # here\n  validation {\n    condition = DIR != \"\"\n  }\n}\n\
                    target \"_common\" {\n  context = \".\"\n  args = {\n    A = \"1\"\n    B = DIR\n    \"C\" = upper(DIR)\n  }\n  labels = {\n    \"x.y\" = \"${DIR}-${bake(\"{\")}\"\n  }\n}\n\
                    target \"api\" {\n  inherits = [\"_common\"]\n  dockerfile = \"${DIR}/api/Dockerfile\"\n  target = \"prod\"\n  tags = [\n    \"a\",\n    \"b\",\n  ]\n  args = { A = \"2\" }\n}\n\
                    target \"web\" {\n  context = \"web\"\n  platforms = x ? [\"a\"] : []\n}\n\
                    target \"job\" {\n  context = \"${BASE}/job\"\n}\n\
                    target \"inline\" {\n  dockerfile-inline = <<EOT\nFROM scratch\n}\nEOT\n}\n\
                    target \"matrix\" {\n  matrix = { x = [\"a\"] }\n  dockerfile = \"${x}/Dockerfile\"\n}\n";
        assert_eq!(
            read(text, false),
            [
                "9 \"\" Dockerfile  A=1,B=services",
                "20 \"\" services/api/Dockerfile prod A=2,B=services",
                "30 \"web\" web/Dockerfile  ",
                "37 \"\" bake.hcl#inline  "
            ]
        );
        for broken in [
            "target \"a\" {",
            "target \"",
            "target \"a\" { x = [",
            "target \"a\" {\n inherits = [\"a\"]\n}",
            "${",
            "<<",
        ] {
            assert!(read(broken, false).len() < 2, "{broken}");
        }
    }

    #[test]
    fn json_files() {
        let text = "{\n  \"target\": {\n    \"api\": {\"inherits\": [\"base\"], \"dockerfile\": \"api/D\"},\n    \"base\": {\"context\": \".\", \"args\": {\"A\": \"1\"}},\n    \
                    \"job\": {\"context\": \"${X}\"}\n  }\n}\n";
        assert_eq!(read(text, true), ["3 \"\" api/D  A=1", "4 \"\" Dockerfile  A=1"]);
        assert!(read("{", true).is_empty());
    }

    #[test]
    fn what_grows_ends() {
        let parents = |index: usize| {
            format!("target \"t{index}\" {{\n  inherits = [{}]\n}}\n", format!("\"t{}\",", index + 1).repeat(9))
        };
        assert!(read(&(0..40).map(parents).collect::<String>(), false).is_empty());
        let doubled =
            |index: usize| format!("variable \"v{}\" {{\n  default = \"${{v{index}}}${{v{index}}}\"\n}}\n", index + 1);
        let text = format!(
            "variable \"v0\" {{\n  default = \"x\"\n}}\n{}target \"a\" {{\n  context = \"${{v60}}\"\n}}\n",
            (0..60).map(doubled).collect::<String>()
        );
        assert!(read(&text, false).is_empty());
    }
}
