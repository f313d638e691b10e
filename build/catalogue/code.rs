//! Pieces of Rust.

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
