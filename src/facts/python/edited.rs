//! What earlier commands take out of a file before it is read: `sed -i '/# Development/,$d' requirements.txt`.

use crate::facts::paths::resolve;
use crate::facts::{Facts, Guard, Invocation};
use crate::text::TextRange;

use super::collect::At;

/// What is left of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Edited {
    /// All of it but these lines, each without its line end.
    Without(Vec<TextRange>),
    /// It cannot be told.
    Unknown,
}

/// What the commands before `at` leave of `text`, which stands at `path` as the command at `at` names it.
pub(super) fn edited(facts: &Facts<'_>, at: At<'_>, path: &str, text: &str) -> Edited {
    let mut gone = Vec::new();
    let Some(workdir) = at.invocation.workdir.known() else { return Edited::Without(gone) };
    let target = resolve(workdir, path);
    let earlier = facts.earlier(at.stage, at.run, at.index).filter(|invocation| invocation.guard != Guard::Never);
    for invocation in earlier.filter(|invocation| edits(invocation, &target)) {
        // What is put in, or changed, is of no matter as long as it is not torch.
        let words = || invocation.arguments.iter().map(|argument| argument.value.text());
        let of_torch = words().any(|word| word.contains("torch") || word.contains("nvidia"));
        let Some(deletions) = deletions(invocation) else {
            if of_torch || invocation.program == "sed" && words().any(|word| word.trim_end().ends_with('d')) {
                return Edited::Unknown;
            }
            continue;
        };
        if invocation.guard != Guard::Always || of_torch && deletions.is_empty() {
            return Edited::Unknown;
        }
        for deletion in &deletions {
            deletion.apply(text, &mut gone);
        }
    }
    Edited::Without(gone)
}

/// Whether it edits the file at `target` in place.
fn edits(invocation: &Invocation, target: &str) -> bool {
    let words = || invocation.arguments.iter().map(|argument| argument.value.text());
    let folder = invocation.workdir.known().unwrap_or("/");
    matches!(invocation.program.as_str(), "sed" | "perl")
        && words().any(|word| word.starts_with("-i") || word.starts_with("--in-place"))
        && words().any(|word| resolve(folder, word) == target)
}

/// The deletions of a `sed`, where it does nothing but delete lines and substitute words in them; `None` where more, or something
/// that is not read, is done.
fn deletions(invocation: &Invocation) -> Option<Vec<Deletion>> {
    if invocation.program != "sed" {
        return None;
    }
    let mut words = invocation.arguments.iter().map(|argument| argument.value.known());
    let (mut scripts, mut extended, mut first) = (Vec::new(), false, None);
    while let Some(word) = words.next() {
        match word? {
            "-e" | "--expression" => scripts.push(words.next()??),
            "-E" | "-r" | "--regexp-extended" => extended = true,
            word if word.starts_with('-') => {
                extended |= !word.starts_with("--") && !word.starts_with("-i") && word.contains(['E', 'r']);
            }
            word if first.is_none() => first = Some(word),
            _ => {}
        }
    }
    if scripts.is_empty() {
        scripts.extend(first);
    }
    let mut found = Vec::new();
    for command in scripts.iter().flat_map(|script| script.split([';', '\n'])).map(str::trim) {
        if command.is_empty() || command.starts_with("s/") || command.starts_with("s|") || command.starts_with("s#") {
            continue;
        }
        found.push(Deletion::parse(command, extended)?);
    }
    Some(found)
}

/// `ADDRESS d` or `ADDRESS,ADDRESS d` ("sed, a stream editor", Addresses). Lines that are deleted by number are not followed: a
/// fix that takes out another line would move them.
struct Deletion {
    from: Pattern,
    to: Option<Address>,
}

enum Address {
    /// The last line.
    Last,
    /// Each line that holds a match.
    Match(Pattern),
}

impl Deletion {
    fn parse(command: &str, extended: bool) -> Option<Self> {
        let (Address::Match(from), rest) = Address::parse(command, extended)? else { return None };
        let (to, rest) = match rest.strip_prefix(',') {
            Some(rest) => Address::parse(rest.trim_start(), extended).map(|(to, rest)| (Some(to), rest))?,
            None => (None, rest),
        };
        (rest.trim() == "d").then_some(Self { from, to })
    }

    fn apply(&self, text: &str, gone: &mut Vec<TextRange>) {
        let mut start = 0;
        let mut inside = false;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let begins = !inside && self.from.is_in(content);
            if begins || inside {
                gone.push(TextRange::new(start as u32, (start + content.len()) as u32));
            }
            // The second address is looked for from the line behind on.
            inside = match &self.to {
                Some(Address::Match(to)) if inside => !to.is_in(content),
                to => to.is_some() && (begins || inside),
            };
            start += line.len();
        }
    }
}

impl Address {
    /// The address that `text` begins with, and what is behind it.
    fn parse(text: &str, extended: bool) -> Option<(Self, &str)> {
        if let Some(rest) = text.strip_prefix('$') {
            return Some((Self::Last, rest));
        }
        let (delimiter, rest) = match text.strip_prefix('\\') {
            Some(rest) => (rest.chars().next()?, rest.get(1..)?),
            None => ('/', text.strip_prefix('/')?),
        };
        let mut escaped = false;
        let end = rest.char_indices().find(|&(_, character)| {
            let ends = character == delimiter && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        });
        let (pattern, behind) = (rest.get(..end?.0)?, rest.get(end?.0 + delimiter.len_utf8()..)?);
        let (insensitive, behind) = behind.strip_prefix('I').map_or((false, behind), |behind| (true, behind));
        Some((Self::Match(Pattern::parse(pattern, extended, insensitive)?), behind))
    }
}

/// A regular expression of letters, dots, stars, anchors and alternatives, which is all that people write here.
struct Pattern {
    alternatives: Vec<Branch>,
    insensitive: bool,
}

#[derive(Default)]
struct Branch {
    at_start: bool,
    at_end: bool,
    /// Each a character, or any for `None`, and whether it may stand any number of times.
    parts: Vec<(Option<char>, bool)>,
}

impl Pattern {
    fn parse(text: &str, extended: bool, insensitive: bool) -> Option<Self> {
        let mut alternatives = vec![Branch::default()];
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let branch = alternatives.last_mut()?;
            let at_end = characters.peek().is_none();
            match character {
                '\\' => match characters.next()? {
                    '|' if !extended => alternatives.push(Branch::default()),
                    character if character.is_alphanumeric() || "(){}+?<>".contains(character) && !extended => {
                        return None;
                    }
                    character => branch.parts.push((Some(character), false)),
                },
                '|' if extended => alternatives.push(Branch::default()),
                '^' if branch.parts.is_empty() => branch.at_start = true,
                '$' if at_end || extended && characters.peek() == Some(&'|') => branch.at_end = true,
                '*' => branch.parts.last_mut()?.1 = true,
                '[' => return None,
                '(' | ')' | '{' | '}' | '+' | '?' if extended => return None,
                '.' => branch.parts.push((None, false)),
                character => branch.parts.push((Some(character), false)),
            }
        }
        Some(Self { alternatives, insensitive })
    }

    fn is_in(&self, line: &str) -> bool {
        let line: Vec<char> = line.chars().collect();
        self.alternatives.iter().any(|branch| {
            let last = if branch.at_start { 0 } else { line.len() };
            (0..=last)
                .any(|start| line.get(start..).is_some_and(|rest| self.begins(&branch.parts, rest, branch.at_end)))
        })
    }

    fn begins(&self, parts: &[(Option<char>, bool)], line: &[char], at_end: bool) -> bool {
        let Some(((wanted, repeated), rest)) = parts.split_first() else { return !at_end || line.is_empty() };
        let fits = |character: &char| {
            wanted.is_none_or(|wanted| {
                wanted == *character || self.insensitive && wanted.to_lowercase().eq(character.to_lowercase())
            })
        };
        if *repeated {
            let most = line.iter().take_while(|character| fits(character)).count();
            return (0..=most).any(|count| line.get(count..).is_some_and(|behind| self.begins(rest, behind, at_end)));
        }
        line.split_first().is_some_and(|(first, behind)| fits(first) && self.begins(rest, behind, at_end))
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::with_facts;

    fn left(sed: &str) -> Option<Vec<String>> {
        let dockerfile = format!(
            "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nRUN {sed}\nRUN pip install -r requirements.txt\n"
        );
        let text = "flask\ntorch==2.9.1\nTorchvision\n# Development\npytest\n\nmypy\n";
        with_facts(&dockerfile, &[("requirements.txt", text)], |facts| {
            let install = facts.python_installs().first().expect("an install");
            let names = install.roots.iter().map(|root| root.requirement.name.to_string()).collect();
            (!install.unknown).then_some(names)
        })
    }

    #[test]
    fn deleted_lines_are_not_installed() {
        let all = ["flask", "torch", "torchvision", "pytest", "mypy"];
        let cases: [(&str, &[&str]); 12] = [
            ("sed -i '/# Development/,$d' requirements.txt", &["flask", "torch", "torchvision"]),
            ("sed -i -e '/^pytest$/d' -e '/mypy/d' /app/requirements.txt", &["flask", "torch", "torchvision"]),
            ("sed -i '/torch/Id' requirements.txt", &["flask", "pytest", "mypy"]),
            ("sed -i '/^torch[=vi]/d' requirements.txt", &[]),
            ("sed -i '/^torch==.*1$/d' requirements.txt", &["flask", "torchvision", "pytest", "mypy"]),
            ("sed -i '/pytest/,/mypy/d' requirements.txt", &["flask", "torch", "torchvision"]),
            ("sed -i -E '/^(torch|mypy)/d' requirements.txt", &[]),
            ("sed -i -E '/^torch|mypy$/d; /#/d' requirements.txt", &["flask", "torchvision", "pytest"]),
            ("sed -i '7d' requirements.txt", &[]),
            ("sed -i '/^torch\\|my.y/d' requirements.txt", &["flask", "torchvision", "pytest"]),
            ("sed -i 's/==.*//' requirements.txt", &all),
            ("sed -i '/flask/!d' requirements.txt", &[]),
        ];
        for (sed, expected) in cases {
            let known = (!expected.is_empty()).then(|| expected.iter().map(|&name| name.to_owned()).collect());
            assert_eq!(left(sed), known, "{sed}");
        }
        assert_eq!(left("if [ -n \"$LIGHT\" ]; then sed -i '/mypy/d' requirements.txt; fi"), None);
        assert_eq!(left("sed -i 's/torch==/torch~=/' requirements.txt"), None);
        assert_eq!(left("sed '/mypy/d' requirements.txt > other.txt"), Some(all.map(str::to_owned).to_vec()));
    }
}
