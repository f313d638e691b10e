//! Which texts hold one of many words, told fast for the many that hold none.

use std::cell::RefCell;
use std::collections::BTreeSet;

use aho_corasick::packed::{MatchKind, Searcher};

use super::usage::spelled;

/// The most words that one searcher takes before its filter lets too much through.
const WORDS_AT_ONCE: usize = 32;
/// The filter looks at so many bytes of a word, and at no more than the shortest word has.
const FILTERED_BYTES: usize = 4;

/// No more than this is kept for the next text.
const KEPT_BYTES: usize = 1 << 20;

thread_local! {
    /// A text in lower case, to be written over by the next.
    static LOWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Words that texts are looked through for, in ASCII letters of either case.
pub(super) struct Sieve(Vec<Searcher>);

impl Sieve {
    /// A sieve for `words`, which are in lower case; `None` where the processor has no instructions for it.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let words: BTreeSet<&str> = words.collect();
        // What holds `opencv-python-headless` holds `opencv-python`.
        let holds_another = |word: &str| words.iter().any(|other| other.len() < word.len() && word.contains(other));
        let words = words.iter().filter(|word| !holds_another(word));
        let (long, short): (Vec<&str>, Vec<&str>) = words.partition(|word| word.len() >= FILTERED_BYTES);
        let some = long.chunks(WORDS_AT_ONCE).chain(short.chunks(WORDS_AT_ONCE));
        some.map(searcher).collect::<Option<_>>().map(Self)
    }

    /// Whether `text` holds a word.
    pub(super) fn holds_back(&self, text: &str) -> bool {
        LOWER.with_borrow_mut(|lower| {
            lower.clear();
            lower.extend_from_slice(text.as_bytes());
            lower.make_ascii_lowercase();
            let holds = self.0.iter().any(|searcher| searcher.find(&lower[..]).is_some());
            lower.shrink_to(KEPT_BYTES);
            holds
        })
    }
}

/// Words that texts are looked through for, as they are written.
pub(super) struct Words<'w> {
    words: Vec<&'w str>,
    /// `None` where the processor has no instructions for it.
    searcher: Option<Searcher>,
}

impl<'w> Words<'w> {
    /// Of dotted names, the part that stands in any text that says them.
    pub(super) fn of<W: AsRef<str>>(names: &'w [W]) -> Self {
        let words: Vec<&str> = names.iter().map(|name| spelled(name.as_ref())).collect();
        Self { searcher: searcher(&words), words }
    }

    /// Whether `text` holds a word, wherever.
    pub(super) fn are_in(&self, text: &str) -> bool {
        match &self.searcher {
            Some(searcher) => searcher.find(text).is_some(),
            None => self.words.iter().any(|word| text.contains(word)),
        }
    }
}

fn searcher(words: &[&str]) -> Option<Searcher> {
    Searcher::config().match_kind(MatchKind::LeftmostFirst).builder().extend(words).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_longest_part_as_it_is_written() {
        let names = ["google.cloud.aiplatform", "ray", "größe"];
        let words = Words::of(&names);
        for text in ["from google.cloud import aiplatform", "array", "größe"] {
            assert!(words.are_in(text) && words.are_in(&format!("{text}{}", " ".repeat(99))), "{text}");
        }
        for text in ["", "google.cloud", "RAY", "# nothing"] {
            assert!(!words.are_in(text), "{text}");
        }
        assert!(!Words::of::<&str>(&[]).are_in("anything"));
    }

    #[test]
    fn words_are_found_wherever_and_however_they_are_written() {
        let many: Vec<String> = (0..100).map(|number| format!("word-{number}-{}", number % 7)).collect();
        let words = ["cv2", "ray", "opencv-python", "opencv-python-headless", "größe"];
        let sieve = |words: &[&str]| Sieve::new(words.iter().copied());
        let Some(few) = sieve(&words) else { return };
        let Some(all) = sieve(&many.iter().map(String::as_str).chain(words).collect::<Vec<_>>()) else { return };
        for sieve in [&few, &all] {
            for text in ["import cv2", "x = Array()", "OpenCV-Python-headless", "CV2", "größe", "ray"] {
                assert!(sieve.holds_back(text), "{text}");
                assert!(sieve.holds_back(&format!("{}{text}{}", "# nothing\n".repeat(99), " ".repeat(77))), "{text}");
            }
            for text in ["", "cv", "import re", "opencv_python", "GRÖSSE", "cv 2"] {
                assert!(!sieve.holds_back(text), "{text}");
            }
        }
        for word in &many {
            assert!(all.holds_back(&word.to_uppercase()) && !few.holds_back(word), "{word}");
        }
        assert!(sieve(&[]).is_some_and(|sieve| !sieve.holds_back("anything")));
    }
}
