//! Every example in `rules/*.md` and `tests/cases/*.md` says what is found in it and what fixes make of it.
//! `UPDATE=1 cargo test` rewrites what they say; a person reads the diff.

mod common;

use std::fmt::Write as _;
use std::fs;

use common::example::{Example, Files};
use common::markdown::{Bytes, Document, Fence, Kind, Section, block};
use common::{difference, report, root, samples, updating};
use slimlint::diagnostic::Applicability;
use slimlint::rules;

#[test]
fn examples_say_what_happens() {
    let mut problems = String::new();
    for document in samples::documents() {
        let mut edits = Vec::new();
        for section in &document.sections {
            check(&document, section, &mut edits, &mut problems);
        }
        if updating() && !edits.is_empty() {
            fs::write(root().join(&document.path), apply(&document.text, edits)).unwrap();
        }
    }
    assert!(problems.is_empty(), "\n{problems}\nUPDATE=1 cargo test rewrites what is expected; read the diff\n");
}

/// The page on ignoring shows comments with which nothing is found, and without which something is.
#[test]
fn ignore_comments_do_what_their_page_says() {
    let path = "src/suppress/ignoring.md";
    let document = Document::parse(path, &fs::read_to_string(root().join(path)).unwrap());
    let mut shown = 0;
    for example in document.sections.iter().flat_map(|section| Example::of(&document, section)) {
        assert!(example.lint().diagnostics.is_empty(), "{}: {:?}", example.name, example.lint().diagnostics);
        let uncommented = |bytes: &Vec<u8>| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            text.replace("ignore=", "means ").replace("check=skip=", "means ").into_bytes()
        };
        let bare = example.with(example.files.iter().map(|(path, bytes)| (path.clone(), uncommented(bytes))).collect());
        for dockerfile in &bare.dockerfiles {
            let alone = Example { dockerfiles: vec![dockerfile.clone()], ..bare.clone() };
            assert!(!alone.lint().diagnostics.is_empty(), "{}: nothing is found in `{dockerfile}`", example.name);
            shown += 1;
        }
    }
    assert!(shown > 4, "the page shows {shown} comments");
}

#[test]
fn front_matter_is_read_as_toml_reads_it() {
    for page in rules::PAGES {
        let front = page.text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---")).unwrap().0;
        let front: toml_edit::Document<String> = front.parse().unwrap();
        let string = |key: &str| front.get(key).and_then(|item| item.as_str()).unwrap_or_default();
        assert_eq!(string("group"), page.group, "{}", page.name);
        assert_eq!(string("severity"), page.severity.map_or("off", |severity| severity.name()), "{}", page.name);
        assert_eq!(string("confidence"), page.confidence.name(), "{}", page.name);
        assert_eq!(string("fix"), page.fix.name(), "{}", page.name);
        assert_eq!(string("since"), page.since, "{}", page.name);
        let aliases = front.get("aliases").and_then(|item| item.as_array()).unwrap();
        assert!(aliases.iter().filter_map(|alias| alias.as_str()).eq(page.aliases.iter().copied()), "{}", page.name);
    }
}

#[test]
fn the_readme_lists_every_rule() {
    const START: &str = "<!-- rules: generated, UPDATE=1 cargo test rewrites it -->\n";
    const END: &str = "<!-- end of rules -->";
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap_or_default();
    let (before, rest) = readme.split_once(START).unwrap_or_else(|| panic!("README.md lacks the line {START}"));
    let (found, after) = rest.split_once(END).unwrap_or_else(|| panic!("README.md lacks the line {END}"));
    let expected = format!("\n{}\n", rules::table());
    if updating() && found != expected {
        fs::write(&path, format!("{before}{START}{expected}{END}{after}")).unwrap();
    } else if let Some(difference) = difference(found, &expected, "README.md") {
        panic!("{difference}");
    }
}

/// A change of a page: the bytes that are replaced, and with what.
type PageEdit = (std::ops::Range<usize>, String);

fn check(document: &Document, section: &Section, edits: &mut Vec<PageEdit>, problems: &mut String) {
    let examples = Example::of(document, section);
    if section.is_silent() {
        for example in &examples {
            let found = example.lint();
            let text = report::render(&example.workspace(), &found.diagnostics);
            if !text.is_empty() {
                let _ = writeln!(problems, "{}\nmust be silent:\n{text}", example.name);
            }
        }
        return;
    }
    let Some(example) = examples.first() else { return };
    let mut expectations = Expectations { document, section, edits, problems, name: &example.name };
    let found = report::render(&example.workspace(), &example.lint().diagnostics);
    if found.is_empty() && document.path.starts_with("rules/") {
        let _ = writeln!(expectations.problems, "{}\nfinds nothing; is it `## Not flagged: …`?", example.name);
    }
    expectations.report(&found);
    let safe = example.fixed(Applicability::Safe);
    let mut all = example.fixed(Applicability::Unsafe);
    expectations.files(Kind::Fixed, &safe);
    all.retain(|path, bytes| safe.get(path) != Some(bytes));
    expectations.files(Kind::FixedUnsafe, &all);
}

struct Expectations<'a> {
    document: &'a Document,
    section: &'a Section,
    name: &'a str,
    edits: &'a mut Vec<PageEdit>,
    problems: &'a mut String,
}

impl Expectations<'_> {
    fn report(&mut self, found: &str) {
        let fence = self.section.fences.iter().find(|fence| fence.kind == Kind::Report);
        self.compare(fence, Kind::Report, "report", "", Bytes::default(), found);
    }

    /// The fences of `kind` must show exactly the files that change.
    fn files(&mut self, kind: Kind, changed: &Files) {
        let fences: Vec<&Fence> = self.section.fences.iter().filter(|fence| fence.kind == kind).collect();
        for (path, bytes) in changed {
            let input = self.section.fences.iter().find(|fence| fence.kind == Kind::Input && fence.path == *path);
            let fence = fences.iter().copied().find(|fence| fence.path == *path);
            let form = input.map_or(Bytes::default(), |input| input.bytes);
            let language = input.or(fence).map_or_else(|| language(path), |fence| &fence.language).to_owned();
            self.compare(fence, kind, &language, path, form, &form.decode(bytes));
        }
        for fence in fences.into_iter().filter(|fence| !changed.contains_key(&fence.path)) {
            if updating() {
                let rest = &self.document.text[fence.whole.end..];
                let blank = usize::from(rest.starts_with('\n'));
                self.edits.push((fence.whole.start..fence.whole.end + blank, String::new()));
            } else {
                let _ = writeln!(self.problems, "{}\n`{}` is not changed by fixes", self.name, fence.path);
            }
        }
    }

    fn compare(&mut self, fence: Option<&Fence>, kind: Kind, language: &str, path: &str, bytes: Bytes, found: &str) {
        let expected = fence.map_or("", |fence| self.document.content(fence));
        if fence.is_some() && expected == found {
            return;
        }
        if updating() {
            let block = block(kind, language, path, bytes, found);
            match fence {
                Some(fence) => self.edits.push((fence.whole.clone(), block)),
                None => self.edits.push((self.section.end..self.section.end, format!("\n{block}"))),
            }
            return;
        }
        let title = format!("{language} {path} {kind:?}");
        let difference = difference(expected, found, &title);
        let difference = difference.unwrap_or_else(|| format!("the block `{title}` is missing; it is empty\n"));
        let _ = writeln!(self.problems, "{}\n{difference}", self.name);
    }
}

fn language(path: &str) -> &str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("toml") => "toml",
        Some("yaml" | "yml") => "yaml",
        _ => "text",
    }
}

/// Makes the edits, which do not overlap; those at one place stay in order.
fn apply(text: &str, mut edits: Vec<PageEdit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut result = String::new();
    let mut at = 0;
    for (range, replacement) in edits {
        result.push_str(&text[at..range.start]);
        result.push_str(&replacement);
        at = range.end;
    }
    result + &text[at..]
}
