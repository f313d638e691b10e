//! The command lines that an image starts: `ENTRYPOINT`, and the `CMD` that a start script runs.

use crate::dockerfile::Instruction;
use crate::facts::paths::{bare, file_name, has_ending};
use crate::facts::{Facts, StageFacts};

use super::starts::{behind_init, words};

/// Shells that take a command line behind `-c`.
const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "ksh"];
/// What stands in front of a command and runs it.
const BEFORE: [&str; 11] = ["exec", "env", "nohup", "time", "if", "then", "do", "else", "!", "{", "command"];
/// Programs that run what stands last on their line, whatever their flags.
const CARRIERS: [&str; 13] = [
    "sudo",
    "runuser",
    "setpriv",
    "su",
    "chroot",
    "chpst",
    "s6-setuidgid",
    "setuser",
    "nice",
    "eval",
    "xvfb-run",
    "stdbuf",
    "timeout",
];
/// What a script was given, as its last command may run it.
const GIVEN: [&str; 4] = ["$@", "${@}", "$*", "${*}"];

impl Facts<'_> {
    /// The commands that run when the image starts, each word by word: what `ENTRYPOINT` names with its arguments, the `CMD` that a start
    /// script runs (`exec "$@"`), those of a text for a shell (`["bash", "-c", "PORT=80 /app/run"]`), without the inits and variables in
    /// front of each. Without either what a compose service starts.
    #[must_use]
    pub fn started(&self, image: &StageFacts) -> Vec<Vec<&str>> {
        let [entrypoint, command] = self.own_start(image).map(|instruction| instruction.map(words).unwrap_or_default());
        let mut lines = vec![entrypoint.iter().chain(&command).copied().collect::<Vec<_>>()];
        if !entrypoint.is_empty() && !command.is_empty() && self.runs_what_it_is_given(image, &entrypoint) {
            lines.push(command);
        }
        if lines.iter().all(Vec::is_empty) {
            lines = vec![self.composed_words(image)];
        }
        lines.iter().flat_map(|line| commands(&through_shells(line))).collect()
    }

    /// `ENTRYPOINT` and `CMD` of the image, where it has them.
    pub(super) fn own_start(&self, image: &StageFacts) -> [Option<&Instruction>; 2] {
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let numbers = [chain().find_map(|stage| stage.entrypoint), chain().find_map(|stage| stage.command)];
        numbers.map(|number| self.dockerfile.instructions.get(number?))
    }

    /// The words of `ENTRYPOINT` and `CMD` as they are written, without quotes and brackets.
    pub(in crate::facts) fn own_start_text(&self, image: &StageFacts) -> String {
        let instructions = self.own_start(image).into_iter().flatten();
        let text: Vec<&str> = instructions.map(|instruction| instruction.body.text()).collect();
        text.join(" ").replace(['"', ',', '[', ']'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether an `ENTRYPOINT` runs the `CMD`. Of a script that cannot be read it is likely: that is what most are there for.
    fn runs_what_it_is_given(&self, image: &StageFacts, entrypoint: &[&str]) -> bool {
        let passes = |line: &str| commands(&line.split_whitespace().collect::<Vec<_>>()).iter().any(|it| is_given(it));
        if let Some((path, script)) = self.started_script(image, entrypoint) {
            let text = script.text();
            // `os.execvp(sys.argv[1], sys.argv[1:])`
            let replaces_itself = || text.contains("argv") && ["execv", "execl"].iter().any(|it| text.contains(it));
            return if has_ending(&path, "py") { replaces_itself() } else { text.lines().any(passes) };
        }
        let line = through_shells(entrypoint);
        let is_script = |word: &str| {
            let name = file_name(bare(word));
            name.contains("entrypoint") || has_ending(name, "sh") || name == "init"
        };
        commands(&line).iter().any(|command| is_given(command) || command.first().is_some_and(|word| is_script(word)))
    }
}

/// Whether a command is what the script was given, perhaps as another user: `"$@"`, `sudo -u app "$@"`.
pub(super) fn is_given(command: &[&str]) -> bool {
    let last = command.last().is_some_and(|word| GIVEN.contains(word));
    last && command.first().is_some_and(|first| GIVEN.contains(first) || CARRIERS.contains(&file_name(first)))
}

/// The words of a start, with those of a text for a shell in its place: `python app.py` for `["sh", "-c", "python app.py"]`, as without
/// the brackets.
pub(super) fn through_shells<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let shell = words.windows(2).position(|pair| {
        let is_flag = pair[1].strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains('c'));
        SHELLS.contains(&file_name(pair[0])) && is_flag
    });
    let Some((shell, text)) = shell.and_then(|at| Some((at, words.get(at + 2)?))) else { return words.to_vec() };
    let before = words.iter().take(shell).copied();
    before.chain(text.split_whitespace()).chain(words.iter().skip(shell + 3).copied()).collect()
}

/// The commands of a line, without what stands in front of their programs. Quotes are taken off the words.
fn commands<'w>(words: &[&'w str]) -> Vec<Vec<&'w str>> {
    let mut found: Vec<Vec<&'w str>> = vec![Vec::new()];
    for word in words {
        let plain = word.trim_end_matches(';');
        if !matches!(plain, "&&" | "||" | "|" | "&" | "")
            && let Some(command) = found.last_mut()
        {
            command.push(bare(plain.trim_matches(['(', ')'])));
        }
        if plain.len() < word.len() || matches!(plain, "&&" | "||" | "|" | "&") {
            found.push(Vec::new());
        }
    }
    found.iter().map(|command| program_of(command).to_vec()).filter(|command| !command.is_empty()).collect()
}

/// A command from its program on: `jupyter lab` of `exec tini -- PORT=80 jupyter lab`.
fn program_of<'c, 'w>(mut command: &'c [&'w str]) -> &'c [&'w str] {
    while let Some((first, rest)) = command.split_first() {
        let name = file_name(first);
        let sets = !first.starts_with(['-', '/', '"', '$']) && first.contains('=');
        let runs_text = SHELLS.contains(&name)
            && rest.first().is_some_and(|flag| flag.starts_with('-') && !flag.starts_with("--") && flag.contains('c'));
        let behind = behind_init(command);
        command = if first.is_empty() || sets || BEFORE.contains(&name) {
            rest
        } else if runs_text {
            rest.get(1..).unwrap_or_default()
        } else if behind.len() < command.len() {
            behind
        } else {
            break;
        };
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Vec<String> {
        commands(&through_shells(words)).iter().map(|command| command.join(" ")).collect()
    }

    #[test]
    fn a_text_for_a_shell_is_read_like_a_line_without_brackets() {
        let text = "PATH=$PATH:/opt/bin /opt/bin/jupyter lab --port 8888";
        assert_eq!(of(&["/bin/bash", "-c", text]), ["/opt/bin/jupyter lab --port 8888"]);
        assert_eq!(of(&["tini", "-g", "--", "sh", "-ec", "cd /app && exec cargo run"]), ["cd /app", "cargo run"]);
        assert_eq!(of(&["bash", "-c", "\"make", "run;", "sleep", "1\""]), ["make run", "sleep 1"]);
        assert_eq!(of(&["gosu", "app", "dumb-init", "python", "app.py"]), ["python app.py"]);
        assert_eq!(of(&["bash", "/start.sh"]), ["bash /start.sh"]);
    }

    #[test]
    fn a_script_runs_what_it_is_given() {
        let given = |line: &str| {
            of(&[line.split(' ').collect::<Vec<_>>()].concat())
                .iter()
                .any(|it| is_given(&it.split(' ').collect::<Vec<_>>()))
        };
        assert!(given("exec \"$@\"") && given("exec \"${@}\"") && given("\"$@\"") && given("exec gosu app \"$@\""));
        assert!(given("exec sudo -E -u app \"$@\"") && given("migrate && exec tini -- \"$@\""));
        assert!(!given("exec python manage.py \"$@\"") && !given("echo \"$@\"") && !given("exec gunicorn app"));
    }
}
