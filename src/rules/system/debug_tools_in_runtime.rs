//! Tools for people at a terminal stay in an image that only runs things.

use std::collections::BTreeMap;

use crate::catalogue::{self, Distribution};
use crate::diagnostic::{Severity, format_bytes};
use crate::facts::commands::fetches_an_installer_by_git;
use crate::facts::python::Reached;
use crate::facts::{Facts, Guard, Invocation, Seen, StageFacts, SystemInstall, UseSigns};
use crate::rules::packages::{bytes_alone, bytes_of, savings, without_words};
use crate::rules::phrase::{LATE_REMOVAL, listed_up_to};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Tools for people of one command, the heaviest of which weighs less, are not worth a word.
const WEIGHTY: u64 = 10_000_000;
/// Names that a sentence lists before it counts.
const LISTED: usize = 4;
/// What only people use: no service starts an editor.
const FOR_PEOPLE: [&str; 19] = [
    "vim",
    "vim-nox",
    "vim-gtk3",
    "vim-tiny",
    "vim-enhanced",
    "vim-minimal",
    "nano",
    "emacs",
    "emacs-nox",
    "neovim",
    "joe",
    "htop",
    "ncdu",
    "iotop",
    "iftop",
    "bash-completion",
    "man-db",
    "fzf",
    "bat",
];
/// What programs can call as well, so that it counts only where all that runs is known.
const FOR_BOTH: [&str; 25] = [
    "telnet",
    "inetutils-telnet",
    "net-tools",
    "iputils-ping",
    "inetutils-ping",
    "dnsutils",
    "bind9-dnsutils",
    "bind9-host",
    "bind-utils",
    "bind-tools",
    "strace",
    "ltrace",
    "gdb",
    "tcpdump",
    "nmap",
    "traceroute",
    "mtr",
    "mtr-tiny",
    "less",
    "tree",
    "tmux",
    "screen",
    "sysstat",
    "mc",
    "inetutils-traceroute",
];
/// Distributions that call git, or tools by which people use it.
const GIT_LIBRARIES: [&str; 60] = [
    "gitpython",
    "git-python",
    "pygit2",
    "dulwich",
    "mlflow",
    "mlflow-skinny",
    "wandb",
    "dvc",
    "pre-commit",
    "comet-ml",
    "clearml",
    "sacred",
    "dbt-core",
    "ansible",
    "ansible-core",
    "prefect",
    "dagster",
    "aider-chat",
    "cookiecutter",
    "copier",
    "streamlit",
    "swebench",
    "openhands-ai",
    "jupyterlab-git",
    "jupyter",
    "jupyterlab",
    "pydriller",
    "gitingest",
    "nbdev",
    "open-interpreter",
    "sweagent",
    "claude-agent-sdk",
    "gitdb",
    "python-gitlab",
    "bandit",
    "semgrep",
    "detect-secrets",
    "trufflehog",
    "llama-index",
    "gpt-engineer",
    "metagpt",
    "huggingface-hub",
    "sh",
    "plumbum",
    "invoke",
    "fabric",
    "conan",
    "meltano",
    "kedro",
    "apache-airflow",
    "zenml",
    "bentoml",
    "snakemake",
    "mkdocs",
    "sphinx",
    "commitizen",
    "gitlint",
    "python-semantic-release",
    "skypilot",
    "ray",
];

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut found: BTreeMap<TextRange, Vec<SystemInstall<'_>>> = BTreeMap::new();
    let mut gits: BTreeMap<TextRange, SystemInstall<'_>> = BTreeMap::new();
    for image in facts.finals() {
        let installs = facts.installs_of_image(image);
        let named = |install: &&SystemInstall<'_>| {
            let name = install.name;
            (FOR_PEOPLE.contains(&name) || FOR_BOTH.contains(&name) || name == "git")
                && install.invocation.guard == Guard::Always
                && facts.stages.get(install.stage).is_some_and(|stage| !facts.has_already(stage, name))
                && !facts.is_for_people(install)
                && !is_set_up(facts, image, install)
        };
        let tools: Vec<&SystemInstall<'_>> = installs.iter().filter(named).collect();
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(facts.ancestors(image)).collect();
        if tools.is_empty()
            || !facts.runs_a_service(image)
            || facts.is_workplace(image, &installs)
            || facts.builds_for_others(&chain, &installs)
            // Who brings a terminal that outlives a connection works in the image.
            || installs.iter().any(|install| matches!(install.name, "sudo" | "tmux" | "screen" | "byobu"))
        {
            continue;
        }
        // What such a program calls nobody sees; it calls no editor.
        let is_unseen = facts.fetches_its_program(image);
        let tools = tools.into_iter().filter(|tool| !is_unseen || FOR_PEOPLE.contains(&tool.name));
        // Who ships an image does not work in it.
        let is_shipped = facts.is_seen_to_be_shipped();
        for tool in tools {
            let is_for_people = FOR_PEOPLE.contains(&tool.name)
                || FOR_BOTH.contains(&tool.name) && facts.knows_the_program_in(image.index);
            if is_for_people && is_shipped {
                let tools = found.entry(tool.invocation.range).or_default();
                if tools.iter().all(|other| other.name != tool.name) {
                    tools.push(tool.clone());
                }
            } else if tool.name == "git"
                && facts.knows_the_program_but_clones(image.index)
                && facts.installs_when_it_runs(image).is_none()
            {
                gits.insert(tool.argument.range, tool.clone());
            }
        }
    }
    for tools in found.values() {
        let wanted: Vec<UseSigns> = tools.iter().map(signs).collect();
        let uses = facts.uses_of(&wanted, Seen::Anywhere);
        let idle: Vec<SystemInstall<'_>> = tools
            .iter()
            .zip(uses)
            .zip(&wanted)
            .filter(|((_, reached), wanted)| reached.is_none() && !facts.is_documented(wanted))
            .map(|((tool, _), _)| tool.clone())
            .collect();
        if idle.iter().filter_map(|tool| scale_of(facts, tool, &idle)).max() >= Some(WEIGHTY) {
            report(facts, &idle, reporter);
        }
    }
    for git in gits.values() {
        report_git(facts, git, reporter);
    }
}

/// What a tool weighs that goes with `members`, in bytes, or about as much where nobody measured: Debian's figure for the package of that
/// name.
fn scale_of(facts: &Facts<'_>, tool: &SystemInstall<'_>, members: &[SystemInstall<'_>]) -> Option<u64> {
    let of_debian = || catalogue::system_package(Distribution::Debian, tool.name)?.installed_bytes;
    bytes_alone(facts, tool, members).or_else(of_debian)
}

/// Files that set a tool up: who does so works with it.
fn settings(tool: &str) -> &'static [&'static str] {
    match tool {
        name if name.starts_with("vim") || name == "neovim" => &[".vim", "vimrc", "nvim/"],
        name if name.starts_with("emacs") => &[".emacs"],
        "nano" => &["nanorc"],
        "htop" => &["htoprc"],
        "tmux" => &[".tmux"],
        "screen" => &["screenrc"],
        _ => &[],
    }
}

/// Whether a step sets the tool up: `RUN echo "set positionlog" > ~/.nanorc`.
fn is_set_up(facts: &Facts<'_>, image: &StageFacts, tool: &SystemInstall<'_>) -> bool {
    let files = settings(tool.name);
    !files.is_empty() && facts.texts_of_image(image).any(|text| files.iter().any(|file| text.contains(file)))
}

fn signs(tool: &SystemInstall<'_>) -> UseSigns {
    let entry = tool.known();
    let mut commands: Vec<String> =
        entry.map(|entry| entry.commands).unwrap_or_default().iter().map(|&command| command.to_owned()).collect();
    commands.push(tool.name.to_owned());
    let more: &[&str] = match tool.name {
        "vim" | "vim-nox" | "vim-gtk3" | "vim-tiny" | "vim-enhanced" | "vim-minimal" => &["vi", "vim", "view", "xxd"],
        "neovim" => &["nvim"],
        "net-tools" => &["ifconfig", "netstat", "route", "arp"],
        "iputils-ping" | "inetutils-ping" => &["ping", "ping6"],
        "dnsutils" | "bind9-dnsutils" | "bind9-host" | "bind-utils" | "bind-tools" => {
            &["dig", "nslookup", "host", "nsupdate"]
        }
        "gdb" => &["gdb", "gdbserver", "py-bt"],
        "sysstat" => &["iostat", "sar", "mpstat", "pidstat"],
        "inetutils-telnet" => &["telnet"],
        "inetutils-traceroute" | "traceroute" => &["traceroute", "tracepath"],
        "mtr-tiny" => &["mtr"],
        "man-db" => &["man"],
        // PowerShell pages its help.
        "less" => &["pwsh"],
        _ => &[],
    };
    commands.extend(more.iter().map(|&command| command.to_owned()));
    let modules: &[&str] = match tool.name {
        "nmap" => &["nmap", "nmap3"],
        "tcpdump" => &["scapy", "pyshark"],
        "gdb" => &["gdb", "pwn"],
        "tmux" => &["libtmux"],
        "iputils-ping" | "inetutils-ping" => &["pyping", "pings", "tcping"],
        _ => &[],
    };
    let hints = settings(tool.name).iter().map(|&hint| hint.to_owned()).collect();
    UseSigns { commands, hints, modules: modules.iter().map(|&module| module.to_owned()).collect() }
}

fn report(facts: &Facts<'_>, tools: &[SystemInstall<'_>], reporter: &mut Reporter<'_>) {
    let Some(first) = tools.first() else { return };
    let one = tools.len() == 1;
    let names: Vec<String> = tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
    let (verb, them) = if one { ("stays", "it") } else { ("stay", "them") };
    let message =
        format!("{} {verb} in the runtime image, and nothing seen there calls {them}", listed_up_to(&names, LISTED));
    let mut finding = reporter.report(first.argument.range, message);
    for tool in tools {
        let Some(entry) = tool.known() else { continue };
        let bytes = bytes_alone(facts, tool, tools);
        let bytes = bytes.map(|bytes| format!(", ≈ {}", format_bytes(bytes))).unwrap_or_default();
        let text = format!("{}{bytes}", entry.kind.purpose());
        if tool.argument.range == first.argument.range {
            finding.primary_label(text);
        } else {
            finding.label(tool.argument.range, text);
        }
    }
    let savings = savings(facts, tools);
    if savings.is_none() {
        finding.severity(Severity::Info);
    }
    finding.savings(savings);
    finding.script_of(first.invocation);
    finding.help(
        "leave them out and look into a running container with `docker debug`, `kubectl debug` or a stage of its own for debugging",
    );
    finding.fix(without_words(facts, tools, "who works in the container will miss them"));
}

/// git, which serves the build at most.
fn report_git(facts: &Facts<'_>, git: &SystemInstall<'_>, reporter: &mut Reporter<'_>) {
    let wanted = UseSigns {
        commands: vec!["git".to_owned()],
        hints: Vec::new(),
        modules: ["git", "pygit2", "dulwich", "pydriller", "mlflow", "wandb", "dvc"].map(str::to_owned).to_vec(),
    };
    let reached: Option<Reached> = facts.uses_of(&[wanted], Seen::WhenRunning).pop().flatten();
    let installs = || facts.python_installs().iter().filter(|install| install.guard != Guard::Never);
    let by_library = installs().flat_map(|install| &install.roots).any(|root| {
        let name = root.requirement.name.as_str();
        GIT_LIBRARIES.contains(&name) || catalogue::brings(name).iter().any(|name| GIT_LIBRARIES.contains(name))
    });
    let by_closure = || {
        installs().any(|install| {
            facts.closure(install).packages.iter().any(|package| GIT_LIBRARIES.contains(&package.name.as_str()))
        })
    };
    if reached.is_some() || by_library || by_closure() {
        return;
    }
    // A builder has a git of its own.
    let holders = facts.descendants(git.stage);
    let stages = facts.stages.iter().filter(|stage| holders.contains(&stage.index));
    let runs = stages.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    let calls_git = |invocation: &&Invocation| invocation.program == "git" || fetches_an_installer_by_git(invocation);
    let calls: Vec<&Invocation> =
        runs.filter(|invocation| calls_git(invocation) && invocation.guard != Guard::Never).collect();
    let here = || installs().filter(|install| holders.contains(&install.stage));
    let fetched = here().find_map(|install| install.from_git().next());
    let version = facts.version_from_git().filter(|_| here().next().is_some());
    // Who takes it out again means it for the build.
    let late = facts.late_removal(git);
    let listed = facts.requirements_from_git().filter(|_| fetched.is_none() && here().next().is_some());
    let by_build = !calls.is_empty() || fetched.is_some() || version.is_some() || listed.is_some();
    let message = if by_build {
        "`git` stays in the runtime image, where only the build calls it"
    } else {
        "`git` stays in the runtime image, and nothing seen there calls it"
    };
    let mut finding = reporter.report(git.argument.range, message);
    for call in calls.iter().filter(|call| call.script().is_none()).take(2) {
        let words: Vec<&str> = call.argument(0).into_iter().collect();
        let text = match call.program.as_str() {
            "git" => format!("`git {}` of the build", words.join(" ")),
            _ => "the installer that is fetched here calls it".to_owned(),
        };
        finding.label(call.program_range, text);
    }
    if let Some(range) = late {
        finding.label(range, LATE_REMOVAL);
    }
    if let Some((name, _)) = fetched {
        finding.note("build", format!("`{name}` is installed from a git repository"));
    }
    if let Some(path) = listed {
        finding.note("build", format!("`{path}` names packages of git repositories"));
    }
    if let Some((manifest, tool)) = version {
        finding.note("build", format!("`{tool}` in `{manifest}` may take the version from git"));
    }
    let cloned = calls.iter().any(|call| call.has_argument("clone"));
    let unseen = cloned || facts.holds_foreign_programs();
    if unseen {
        finding.severity(Severity::Info);
        let brought = if cloned { "cloned" } else { "fetched or compiled" };
        finding.note("reach", format!("what is {brought} was not looked at: it may call `git` itself"));
    }
    if bytes_of(git).is_none() {
        finding.severity(Severity::Info);
    }
    finding.savings(savings(facts, std::slice::from_ref(git)));
    finding.script_of(git.invocation);
    finding.help(if by_build {
        "do what needs it in a builder stage and copy the result, or install it, use it and purge it in one `RUN`"
    } else if unseen || late.is_some() {
        "if the build or what it fetches calls it, use it and purge it in that `RUN`; else leave it out"
    } else {
        "leave it out"
    });
}
