/// What is wrong, at a 1-based line of a file.
pub struct Problem {
    line: usize,
    message: String,
}

impl Problem {
    pub fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }

    /// The problem with the name of its file, below `rules`.
    pub fn in_file(&self, name: &str) -> String {
        format!("rules/{name}:{}: {}", self.line, self.message)
    }
}
