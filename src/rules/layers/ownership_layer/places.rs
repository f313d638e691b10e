//! What earlier steps make in the folders that change their owner, and who.

use crate::dockerfile::{Arguments, Instruction, Keyword};
use crate::facts::commands::Options;
use crate::facts::{Facts, Guard, Invocation, OwnershipChange, Run, StageFacts, Way, is_below, resolve};

/// Programs of frameworks that load the whole service to do one thing.
const RUNNERS: [&str; 8] = ["alembic", "artisan", "django-admin", "flask", "rails", "rake", "console", "drush"];

/// Whether `WORKDIR` or `mkdir` makes a folder that changes its owner, in the stage or in one that it is built on.
pub(super) fn made_by_workdir(facts: &Facts<'_>, stage: &StageFacts, run: &Run, change: &OwnershipChange<'_>) -> bool {
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let places = chain.flat_map(|stage| {
        let instructions = facts.dockerfile.stages.get(stage.index).map(|stage| stage.instructions.clone());
        instructions.into_iter().flatten().filter(|number| *number < run.instruction)
    });
    let mut folders = places.filter_map(|number| match facts.dockerfile.instructions.get(number) {
        Some(Instruction { keyword: Keyword::Workdir, arguments: Arguments::Text(word), .. }) => {
            stage.state.expand(&word.text, facts.dockerfile.escape).known().map(str::to_owned)
        }
        _ => None,
    });
    folders.any(|folder| change.folders.iter().any(|changed| changed == folder.trim_end_matches('/')))
        || is_made_before(facts, stage, run, change)
}

/// Whether an earlier step makes a folder of its own in what changes its owner: `RUN mkdir -p /app/data`.
pub(super) fn holds_made_folders(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    change: &OwnershipChange<'_>,
) -> bool {
    made_by_mkdir(facts, stage, run, |place| {
        change.folders.iter().any(|folder| place != folder && is_below(place, folder))
    })
}

/// Whether an earlier step makes a folder that changes its owner: `RUN mkdir /app`.
fn is_made_before(facts: &Facts<'_>, stage: &StageFacts, run: &Run, change: &OwnershipChange<'_>) -> bool {
    made_by_mkdir(facts, stage, run, |place| change.folders.iter().any(|folder| folder == place))
}

fn made_by_mkdir(facts: &Facts<'_>, stage: &StageFacts, run: &Run, holds: impl Fn(&str) -> bool) -> bool {
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let earlier = chain.flat_map(|stage| &stage.runs).filter(|other| other.instruction < run.instruction);
    let mut made = earlier.flat_map(|other| &other.invocations).filter(|invocation| invocation.program == "mkdir");
    made.any(|invocation| {
        let options = Options::read(&invocation.arguments, &["-m", "--mode"]);
        let workdir = invocation.workdir.known().unwrap_or("/");
        options.operands.iter().filter_map(|(_, word)| word.value.known()).any(|word| holds(&resolve(workdir, word)))
    })
}

/// The files that earlier steps make as root in what changes its owner, one by one: `touch app/run.pid`, `echo … > app/.env`.
pub(super) fn made_files(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    change: &OwnershipChange<'_>,
) -> Vec<String> {
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let is_root = |run: &Run| run.state.user.is_none() || matches!(run.state.user_name(), Some("root" | "0"));
    let mut earlier: Vec<&Run> = chain
        .flat_map(|stage| &stage.runs)
        .filter(|other| other.instruction < run.instruction && is_root(other))
        .collect();
    earlier.sort_by_key(|other| other.instruction);
    let mut found: Vec<String> = Vec::new();
    for invocation in earlier.iter().flat_map(|other| &other.invocations).filter(|it| it.guard == Guard::Always) {
        let workdir = invocation.workdir.known().unwrap_or("/");
        let touched = || {
            let options = Options::read(&invocation.arguments, &["-d", "-r", "-t", "--date", "--reference"]);
            options.operands.iter().filter_map(|(_, word)| word.value.known().map(str::to_owned)).collect::<Vec<_>>()
        };
        let named = match invocation.program.as_str() {
            "touch" => touched(),
            "echo" | "printf" | "cat" | "date" | "env" => {
                invocation.output.as_ref().and_then(|output| output.known()).map(str::to_owned).into_iter().collect()
            }
            _ => continue,
        };
        for path in named.iter().map(|path| resolve(workdir, path)) {
            let is_inside = change.folders.iter().any(|folder| path != *folder && is_below(&path, folder));
            if is_inside && !path.contains(['*', '{']) && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// The command of an earlier step that runs the program itself as root, behind the first copy: what it writes beside (a log, a database)
/// is root's.
pub(super) fn run_as_root<'f>(stage: &'f StageFacts, run: &'f Run, change: &OwnershipChange<'_>) -> Option<String> {
    let first = change.held.iter().map(|one| one.instruction).min()?;
    let is_root = |run: &Run| run.state.user.is_none() || matches!(run.state.user_name(), Some("root" | "0"));
    let runs =
        stage.runs.iter().filter(|other| (first..=run.instruction).contains(&other.instruction) && is_root(other));
    let commands = runs.flat_map(|run| &run.invocations);
    let mut before = commands.take_while(|command| command.range.start() < change.invocation.range.start());
    before.find(|command| command.guard != Guard::Never && runs_the_program(command, change)).map(shown)
}

/// `python manage.py …`, `bundle exec rake …`, `php artisan …` in one of the folders.
fn runs_the_program(command: &Invocation, change: &OwnershipChange<'_>) -> bool {
    let folder = command.workdir.known().unwrap_or("/");
    let words: Vec<&str> = command.arguments.iter().filter_map(|word| word.value.known()).collect();
    let is_inside = |path: &str| change.folders.iter().any(|changed| is_below(path, changed));
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let program = || std::iter::once(command.program.as_str()).chain(words.iter().copied()).map(name);
    let of_framework = |word: String| RUNNERS.contains(&word.as_str());
    match command.program.as_str() {
        "python" => words.first().is_some_and(|word| {
            word.rsplit_once('.').is_some_and(|(_, ending)| ending == "py")
                && !matches!(name(word).as_str(), "setup.py" | "get-pip.py")
                && is_inside(&resolve(folder, word))
        }),
        "php" | "ruby" | "bundle" | "poetry" | "uv" | "pipenv" => {
            is_inside(folder) && program().take(4).any(|word| of_framework(word.clone()) || word == "manage.py")
        }
        program => is_inside(folder) && RUNNERS.contains(&program),
    }
}

/// The first words of a command.
fn shown(command: &Invocation) -> String {
    let words =
        command.arguments.iter().filter_map(|word| word.value.known()).take_while(|word| !word.starts_with("--"));
    let words: Vec<&str> = std::iter::once(command.program.as_str()).chain(words.take(3)).collect();
    words.join(" ")
}

/// Whether all that changes its owner is single files that were downloaded: `curl -o /opa`.
pub(super) fn only_files(change: &OwnershipChange<'_>) -> bool {
    change.held.iter().all(|one| one.way == Way::Downloaded && change.folders.contains(&one.path))
}

/// The owner as the Dockerfile writes it, where that are variables of the base image: `$APP_USER:$APP_GROUP`.
pub(super) fn owner_as_written<'f>(facts: &'f Facts<'_>, change: &OwnershipChange<'_>) -> Option<&'f str> {
    let given = change.given.as_ref()?;
    let argument = change.invocation.arguments.iter().find(|argument| argument.value == *given)?;
    let instruction = facts.dockerfile.instructions.iter().find(|it| it.range.contains_range(argument.range));
    let text = argument.range.slice(instruction.map(|_| facts.source.text())?);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '$' | '{' | '}' | '_' | ':' | '-' | '.');
    let quoted = text.trim_matches('"');
    (quoted.contains('$') && quoted.chars().all(plain) && !quoted.contains("$(")).then_some(quoted)
}
