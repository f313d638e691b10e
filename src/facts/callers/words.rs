//! Commands in texts.

/// How a text is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Form {
    /// Every word may be a command.
    Script,
    /// A Python source that starts programs: every word in it may be a command.
    Starter,
    /// Another Python source: a string that begins with the command, or a command line in a string.
    Source,
}

/// Whether a line of a script installs packages.
pub(super) fn is_install_line(line: &str) -> bool {
    const INSTALLS: [&str; 9] = [
        "apt-get install",
        "apt install",
        "apt-get -y install",
        "apk add",
        "yum install",
        "dnf install",
        "brew install",
        "pacman -s",
        "apt-get update",
    ];
    INSTALLS.iter().any(|install| line.contains(install))
}

pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') && !line.starts_with("#!")
}

/// Whether `text` has `command` as a command may stand in such a text.
pub(in crate::facts) fn has_command(text: &str, command: &str, form: Form) -> bool {
    text.match_indices(command).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + command.len()..).unwrap_or_default();
        if !is_bounded(before, after) {
            return false;
        }
        let line = before.rsplit('\n').next().unwrap_or_default();
        let whole = format!("{line}{command}{}", after.lines().next().unwrap_or_default());
        if is_comment(&whole) || form != Form::Source && is_install_line(&whole.to_lowercase()) {
            return false;
        }
        form != Form::Source || starts_command(before)
    })
}

/// `-git-`, `git@host`, `git+https`, `nginx.conf`: part of another word. `/usr/bin/git`: the command.
fn is_bounded(before: &str, after: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '+' | '@');
    let mut rest = after.chars();
    let next = rest.next();
    let begins = !before.chars().next_back().is_some_and(|character| part(character) || character == '.');
    let goes_on = match next {
        Some('.') => rest.next().is_some_and(char::is_alphanumeric),
        Some(character) => part(character) || character == '=',
        None => false,
    };
    begins && !goes_on
}

/// Whether a command can begin behind `before` in a Python source: behind a quote, an operator of the shell, or another command's
/// folder.
fn starts_command(before: &str) -> bool {
    let before = before
        .trim_end_matches(|character: char| character.is_alphanumeric() || matches!(character, '/' | '_' | '.' | '~'));
    let trimmed = before.trim_end_matches([' ', '\\']);
    before.ends_with(['"', '\'', '`', '('])
        || ["&&", "||", "|", ";", "$(", "sudo", "exec", "\n", "--"].iter().any(|operator| trimmed.ends_with(operator))
}

/// Those of `commands` that begin a list of strings in a Python source, with an argument behind them: `["git", "fetch", url]`.
pub(super) fn listed<'c>(text: &str, commands: &[&'c str]) -> Vec<&'c str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        let Some((first, rest)) = text.get(at + 1..).and_then(leading_string) else { continue };
        let Some(command) = commands.iter().find(|command| **command == first && !found.contains(*command)) else {
            continue;
        };
        // `["git", "svn", "hg"]` lists names.
        let next = rest.trim_start().strip_prefix(',').map(str::trim_start);
        let argument = next.filter(|next| !next.is_empty() && !next.starts_with(']'));
        let is_name = |next: &str| {
            // `fields = ["file", "uploaded_by"]`, `headers = ["cc", "bcc"]`: words, where no command takes a word alone.
            let takes_words = ["git", "hg", "svn", "ps", "openssl", "apt-key"].contains(&first);
            let is_word = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            leading_string(next).is_some_and(|(next, _)| commands.contains(&next) || !takes_words && is_word(next))
        };
        if argument.is_some_and(|next| !is_name(next)) {
            found.push(*command);
        }
    }
    found
}

/// The plain string at the start of `text`, with what stands behind it.
fn leading_string(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text.get(1..)?.split_once(quote).filter(|(string, _)| !string.is_empty() && !string.contains(['\n', '\\']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_alone() {
        for text in ["git clone x", "exec /usr/bin/git pull", "a && git log", "[\"git\", \"log\"]", "`git`"] {
            assert!(has_command(text, "git", Form::Script), "{text}");
        }
        for text in
            ["git@host:x", "git+https://x", "x.git", "digit", "git-lfs", "# git", "apt-get install git", "git=2.1"]
        {
            assert!(!has_command(text, "git", Form::Script), "{text}");
        }
    }

    #[test]
    fn lists_begin_with_the_command_that_they_call() {
        let commands = ["git", "hg", "make", "cc"];
        for text in [
            "command = [\"git\", \"fetch\", url]",
            "run([\n    'git',\n    '-C',\n    path])",
            "execute(['git', *words])",
        ] {
            assert_eq!(listed(text, &commands), ["git"], "{text}");
        }
        for text in [
            "[\"git\"]",
            "[\"git\", \"hg\"]",
            "x[\"git\"]",
            "[\"git\",]",
            "[\"gitlab\", \"x\"]",
            "[git, x]",
            "{\"git\": 1}",
            "[\"cc\", \"bcc\"]",
            "headers[\"cc\"] = message.get(\"cc\", [])",
            "[\"make\", \"model\", year]",
        ] {
            assert!(listed(text, &commands).is_empty(), "{text}");
        }
    }

    #[test]
    fn sources_call_in_strings() {
        for text in
            ["run(['ffmpeg', x])", "f\"ffmpeg -i {x}\"", "'/usr/bin/ffmpeg'", "\"cd x && ffmpeg\"", "'sudo ffmpeg'"]
        {
            assert!(has_command(text, "ffmpeg", Form::Source), "{text}");
        }
        assert!(!has_command("\"Use nginx, as reverse proxy\"", "nginx", Form::Source));
        assert!(has_command("\"Use nginx, as reverse proxy\"", "nginx", Form::Starter));
    }
}
