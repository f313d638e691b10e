//! Lines of at most so many columns.

/// Columns of a terminal that everything fits in.
pub(crate) const COLUMNS: usize = 100;

/// Columns that `c` takes: none for marks that join the character before, two for East Asian wide ones and emoji.
pub(super) fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200c..=0x200d | 0xfe00..=0xfe0f | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// `text` in at most `columns`; what is too long ends in `…`.
pub(crate) fn fitted(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += char_width(c);
        if used > columns {
            break;
        }
        short.push(c);
    }
    format!("{}…", short.trim_end())
}

/// The end of `text` in at most `columns`, as what tells paths apart; what is too long begins with `…`.
pub(crate) fn fitted_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().rev().take_while(|&c| {
        used += char_width(c);
        used <= columns
    });
    let mut kept: Vec<char> = kept.collect();
    kept.reverse();
    std::iter::once('…').chain(kept).collect()
}

/// `text` in lines of at most `columns`, broken at spaces. A longer word has a line of its own.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let needed = width(word);
        if used > 0 && used + 1 + needed > columns {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += needed;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut() {
        for (text, columns, expected) in
            [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a bc", 3, "a…"), ("好好好", 5, "好好…")]
        {
            assert_eq!(fitted(text, columns), expected);
        }
        assert_eq!((fitted_end("abcd", 3), fitted_end("abc", 3)), ("…cd".to_owned(), "abc".to_owned()));
    }

    #[test]
    fn breaks_at_spaces() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaaaaa b", 5), ["aaaaaaa", "b"]);
        assert_eq!(wrap("好好 好", 5), ["好好", "好"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
