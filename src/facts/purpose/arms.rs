//! Which lines of a start script run, where the script chooses by its first argument.

/// The lines of `text`, without comments, but for those of arms of `case "$1" in` that none of the given `words` chooses; all of them
/// where no word chooses one.
pub(super) fn chosen_lines<'t>(text: &'t str, words: &[&str]) -> Vec<&'t str> {
    let all = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let (mut kept, mut chosen) = (Vec::new(), false);
    let (mut inside, mut runs, mut begins) = (false, true, false);
    for line in all() {
        if !inside {
            inside = line.starts_with("case ") && line.contains("$1") && line.ends_with(" in");
            (runs, begins) = (true, inside);
            kept.push(line);
            continue;
        }
        if line == "esac" {
            inside = false;
            kept.push(line);
            continue;
        }
        if begins && let Some((patterns, _)) = line.split_once(')') {
            let mut patterns =
                patterns.trim_start_matches('(').split('|').map(|word| word.trim().trim_matches(['"', '\'']));
            runs = patterns.any(|pattern| words.contains(&pattern));
            chosen |= runs;
            begins = false;
        }
        if runs {
            kept.push(line);
        }
        begins |= line.ends_with(";;");
    }
    if chosen { kept } else { all().collect() }
}

#[cfg(test)]
mod tests {
    use super::chosen_lines;

    const SCRIPT: &str = "#!/bin/sh\ncase \"$1\" in\n  server)\n    exec gunicorn app\n    ;;\n  dev|debug)\n    # here\n    exec ./manage.py runserver;;\n  *) exec \"$@\" ;;\nesac\necho done\n";

    #[test]
    fn other_arms_do_not_run() {
        let lines = chosen_lines(SCRIPT, &["server"]);
        assert_eq!(lines, ["case \"$1\" in", "server)", "exec gunicorn app", ";;", "esac", "echo done"]);
        assert!(chosen_lines(SCRIPT, &["debug"]).contains(&"exec ./manage.py runserver;;"));
    }

    #[test]
    fn without_a_choice_all_may_run() {
        assert!(chosen_lines(SCRIPT, &["worker"]).contains(&"exec ./manage.py runserver;;"));
        assert_eq!(chosen_lines("a\n# b\nc", &[]), ["a", "c"]);
    }
}
