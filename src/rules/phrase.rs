//! How messages list and count.

/// What is said of the bytes of a command that does not run for linux/amd64.
pub(super) const ONLY_ELSEWHERE: &str = "it runs for other platforms than linux/amd64, for which bytes are told";

/// What is said beside a help that goes into a `RUN` which is an array.
pub(super) const WITHOUT_SHELL: &str =
    "the `RUN` is an array, in which `&&` is a word: write it as a line for a shell first, without brackets and quotes";

/// What is said of the command that removes something in a later layer.
pub(super) const LATE_REMOVAL: &str = "removed here, in a later layer, which frees nothing";

/// What is said of a package that installs others when the image starts.
pub(super) fn with_installs(package: &str) -> String {
    format!(
        "`{package}` runs `pip install` at each start for what a model lists, which no file here shows: what of that is compiled needs them"
    )
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// [`listed`] of at most `most` names, and how many more there are. One more is named too.
pub(super) fn listed_up_to(names: &[String], most: usize) -> String {
    match names.split_at_checked(most) {
        Some((first, rest)) if rest.len() > 1 => format!("{} and {} more", first.join(", "), rest.len()),
        _ => listed(names),
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
