//! Pieces of Rust.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// A static slice of `items`.
pub fn table(comment: &str, name: &str, element: &str, items: &[String]) -> String {
    format!("/// {comment}\npub(super) static {name}: &[{element}] = &[\n    {},\n];\n\n", items.join(",\n    "))
}

/// A number as people write it in Rust: `1_030_000_000`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut code = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            code.push('_');
        }
        code.push(digit);
    }
    code
}

/// `None` or `Some(…)`.
pub fn option(code: Option<String>) -> String {
    code.map_or_else(|| "None".to_owned(), |code| format!("Some({code})"))
}

/// A number that may be missing.
pub fn optional_number(value: Option<u64>) -> String {
    option(value.map(number))
}

/// The variant that a key in lower case with `-` names: `build-meta` is `BuildMeta`.
pub fn variant(key: &str) -> String {
    let capital = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    key.split('-').map(capital).collect()
}

/// Texts in one piece, each once; see `src/catalogue/texts.rs`.
#[derive(Default)]
pub struct Texts {
    all: String,
    known: BTreeMap<String, usize>,
}

impl Texts {
    /// Where `text` stands, as Rust.
    pub fn add(&mut self, text: &str) -> String {
        let start = *self.known.entry(text.to_owned()).or_insert_with(|| {
            self.all.push_str(text);
            self.all.len() - text.len()
        });
        format!("Text::new({start}, {})", text.len())
    }

    /// The static with all of them.
    pub fn code(&self, name: &str) -> String {
        format!(
            "/// The texts of the tables below, in one piece.\npub(super) static {name}: &str = {:?};\n\n",
            self.all
        )
    }
}

/// Lists of one table, one behind the other.
#[derive(Default)]
pub struct Runs<T>(Vec<T>);

impl<T: Debug> Runs<T> {
    /// Where `items` stand, as Rust.
    pub fn add(&mut self, items: impl IntoIterator<Item = T>) -> String {
        let start = self.0.len();
        self.0.extend(items);
        format!("Run::new({start}, {})", self.0.len() - start)
    }

    /// The items.
    pub fn items(&self) -> &[T] {
        &self.0
    }
}
