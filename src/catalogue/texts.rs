//! Texts of large tables, in one piece each.
//!
//! A static table of `&str` holds addresses, which the system has to write anew each time a program starts that may lie
//! anywhere. Of these tables there would be some twenty thousand.

/// A text in the piece that its table names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    start: u32,
    length: u32,
}

impl Text {
    pub(super) const fn new(start: u32, length: u32) -> Self {
        Self { start, length }
    }

    /// The text, of `all` of its table.
    pub(super) fn of(self, all: &'static str) -> &'static str {
        let start = self.start as usize;
        all.get(start..start + self.length as usize).unwrap_or_default()
    }
}

/// Neighbours in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    start: u32,
    length: u32,
}

impl Run {
    pub(super) const fn new(start: u32, length: u32) -> Self {
        Self { start, length }
    }

    /// Them, of `all` of the table.
    pub(super) fn of<T>(self, all: &'static [T]) -> &'static [T] {
        let start = self.start as usize;
        all.get(start..start + self.length as usize).unwrap_or_default()
    }
}
