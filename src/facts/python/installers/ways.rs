//! How installers come into a stage.

use crate::dockerfile::Value;
use crate::facts::commands::{Options, Pip, PipAction, Uv, UvAction};
use crate::facts::paths::{file_name, resolve};
use crate::facts::transfer::{Source, Transfer};
use crate::facts::{Base, Facts, Invocation, Run, StageFacts};
use crate::text::TextRange;

use super::{Installer, InstallerTool, Way, is_uv_image, tagged, version};

/// `COPY --from=ghcr.io/astral-sh/uv /uv /uvx /bin/`
pub(super) fn copied(facts: &Facts<'_>, stage: &StageFacts, number: usize, transfer: &Transfer) -> Option<Installer> {
    let is_program = |name: &str| matches!(name, "uv" | "uvx");
    let image = match &transfer.source {
        Source::Image(reference) => Some(reference),
        Source::Stage(from) => {
            let root = facts.stages.get(*from)?;
            match &facts.ancestors(root).last().unwrap_or(root).base {
                Base::Image(reference) => Some(reference),
                Base::Stage(_) | Base::Scratch => None,
            }
        }
        Source::Context => None,
    };
    let image = image.map(Value::text).filter(|reference| is_uv_image(reference));
    let mut words = transfer.paths.iter().filter(|(path, _)| {
        let path = path.known().unwrap_or_default();
        is_program(file_name(path))
            && (image.is_some() || (path.contains("bin/") && transfer.source != Source::Context))
    });
    let (path, first) = words.next()?;
    let destination = transfer.destination.known()?;
    let into = transfer.into_folder || !is_program(file_name(destination));
    let place = if into { format!("{destination}/{}", file_name(path.known()?)) } else { destination.to_owned() };
    let end = words.next_back().map_or(first.end(), |(_, last)| last.end());
    Some(Installer {
        tool: InstallerTool::Uv,
        stage: stage.index,
        way: Way::Copied(number),
        range: TextRange::new(first.start(), end),
        places: vec![resolve("/", &place)],
        version: image.and_then(tagged),
    })
}

pub(super) fn by_command(
    facts: &Facts<'_>,
    stage: &StageFacts,
    (run_index, run): (usize, &Run),
    index: usize,
    invocation: &Invocation,
) -> Vec<Installer> {
    let new = |tool, range, places, version| Installer {
        tool,
        stage: stage.index,
        way: Way::Command(run_index, index),
        range,
        places,
        version,
    };
    if let Some((options, at)) = installs_packages(invocation) {
        let operands = options.operands.iter().skip(at);
        let named = operands.filter_map(|&(_, argument)| Some((distribution(argument.value.text())?, argument)));
        let pinned = |word: &str| version(word.split_once("==")?.1.trim_start());
        return named
            .map(|(tool, argument)| {
                let places = packaged(facts, stage, run, index, invocation, tool);
                new(tool, argument.range, places, pinned(argument.value.text()))
            })
            .collect();
    }
    if let Some(tool) = system_package(invocation) {
        return vec![new(tool.0, tool.1, vec![format!("/usr/bin/{}", tool.0.name())], None)];
    }
    // `curl -LsSf https://astral.sh/uv/install.sh | sh`, `sh /uv-installer.sh` of an `ADD`.
    let fetched = invocation.arguments.iter().find_map(|argument| {
        let text = argument.value.text();
        let fetches = matches!(invocation.program.as_str(), "curl" | "wget") && text.contains("://");
        let tool = fetches.then(|| InstallerTool::of_address(text)).flatten()?;
        Some((tool, invocation.range, addressed(text)))
    });
    let added = || {
        let scripts = stage.transfers.iter().filter(|transfer| transfer.add && transfer.instruction < run.instruction);
        scripts.flat_map(|transfer| transfer.paths.iter().map(move |(path, _)| (transfer, path))).find_map(
            |(transfer, path)| {
                let tool = InstallerTool::of_address(path.text())?;
                let place = transfer.destination.known()?;
                let runs = matches!(invocation.program.as_str(), "sh" | "bash" | "python")
                    || invocation.path.known() == Some(place);
                let named = invocation.path.known() == Some(place)
                    || invocation.arguments.iter().any(|argument| argument.value.known() == Some(place));
                (runs && named).then(|| (tool, invocation.range, addressed(path.text())))
            },
        )
    };
    fetched
        .or_else(added)
        .map(|(tool, range, version)| vec![new(tool, range, own_places(facts, stage, run, invocation, tool), version)])
        .unwrap_or_default()
}

/// The version in the address of an installer: `https://astral.sh/uv/0.5.11/install.sh`.
fn addressed(address: &str) -> Option<String> {
    address.split('/').find_map(version)
}

/// The options of a command that installs distributions by name, and how many operands stand before the names.
fn installs_packages(invocation: &Invocation) -> Option<(Options<'_>, usize)> {
    if let Some(pip) = Pip::read(invocation) {
        return (pip.action == PipAction::Install).then_some((pip.options, 0));
    }
    if let Some(uv) = Uv::read(invocation) {
        // `uv tool install X` brings what a person wants to call.
        return (uv.action == UvAction::PipInstall).then_some((uv.options, 0));
    }
    let pipx = invocation.program == "pipx" && invocation.has_argument("install");
    let conda = matches!(invocation.program.as_str(), "conda" | "mamba" | "micromamba")
        && invocation.argument(0) == Some("install");
    (pipx || conda).then(|| (Options::read(&invocation.arguments, &["-c", "--channel", "-n", "--name", "-p"]), 1))
}

/// `poetry==1.8.3`, `"pdm>=2"`, `uv`
pub(super) fn distribution(word: &str) -> Option<InstallerTool> {
    let end = word.find(['=', '<', '>', '~', '!', '[', ' ', '@', ';']).unwrap_or(word.len());
    InstallerTool::named(word.get(..end)?)
}

fn system_package(invocation: &Invocation) -> Option<(InstallerTool, TextRange)> {
    let program = invocation.program.as_str();
    let manager = matches!(program, "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf");
    let installs = invocation.arguments.iter().any(|argument| matches!(argument.value.text(), "install" | "add"));
    if !manager || !installs {
        return None;
    }
    invocation.arguments.iter().find_map(|argument| {
        let name = match argument.value.known()?.split('=').next()? {
            "python3-poetry" | "py3-poetry" => "poetry",
            "python3-pdm" => "pdm",
            other => other,
        };
        InstallerTool::named(name).map(|tool| (tool, argument.range))
    })
}

/// Where a distribution's program lands that is installed with pip's interface. Only what is certain: an environment that the
/// command names or that is active, else the system's folders.
fn packaged(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    index: usize,
    invocation: &Invocation,
    tool: InstallerTool,
) -> Vec<String> {
    let folder = invocation.workdir.known().unwrap_or("/");
    let named = invocation.path.known().and_then(|path| path.rsplit_once("/bin/")).map(|(prefix, _)| prefix.to_owned());
    let activated = run.invocations.iter().take(index).rev().find_map(|earlier| {
        let sources = matches!(earlier.program.as_str(), "." | "source");
        let script = earlier.argument(0).filter(|_| sources)?;
        Some(resolve(folder, script.strip_suffix("/bin/activate")?))
    });
    let made = || {
        let made = facts
            .earlier(stage, run, index)
            .filter(|earlier| earlier.program == "virtualenv" || earlier.has_argument("venv"));
        let path = facts.variable(run, invocation, "PATH");
        let entries: Vec<&str> = path
            .map(|path| path.text().split(':').filter_map(|entry| entry.strip_suffix("/bin")).collect())
            .unwrap_or_default();
        made.filter_map(|earlier| {
            let path = earlier.arguments.last().and_then(|argument| argument.value.known())?;
            Some(resolve(earlier.workdir.known().unwrap_or("/"), path))
        })
        .find(|environment| entries.contains(&environment.as_str()))
    };
    let user = invocation.has_argument("--user") || invocation.program == "pipx";
    let prefixes = match named.filter(|prefix| !matches!(prefix.as_str(), "" | "/usr" | "/usr/local")) {
        Some(prefix) => vec![resolve(folder, &prefix)],
        None if user => facts.homes(stage, run, invocation).into_iter().map(|home| format!("{home}/.local")).collect(),
        None => activated.or_else(made).map_or_else(|| vec!["/usr/local".to_owned()], |prefix| vec![prefix]),
    };
    let version = stage.image.python.clone();
    prefixes
        .into_iter()
        .map(|prefix| match (tool, &version) {
            // Only its program weighs something.
            (InstallerTool::Uv, _) | (_, None) => format!("{prefix}/bin/{}", tool.commands()[0]),
            (_, Some(version)) => {
                format!("{prefix}/lib/python{version}/site-packages/{}", tool.name().replace('-', "_"))
            }
        })
        .collect()
}

/// Where a tool's own installer puts it.
fn own_places(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    invocation: &Invocation,
    tool: InstallerTool,
) -> Vec<String> {
    let variables: &[&str] = match tool {
        InstallerTool::Uv => &["UV_INSTALL_DIR", "XDG_BIN_HOME", "UV_UNMANAGED_INSTALL", "CARGO_HOME"],
        InstallerTool::Poetry => &["POETRY_HOME"],
        _ => &["PDM_HOME"],
    };
    let value = |name: &&str| facts.variable(run, invocation, name).and_then(Value::known).map(str::to_owned);
    let program = tool.name();
    if let Some(named) = variables.iter().find_map(value) {
        return vec![format!("{named}/{program}"), format!("{named}/bin/{program}")];
    }
    let homes = facts.homes(stage, run, invocation);
    homes
        .iter()
        .flat_map(|home| {
            let folders: &[&str] = match tool {
                InstallerTool::Uv => &[".local/bin/uv", ".cargo/bin/uv"],
                InstallerTool::Poetry => &[".local/share/pypoetry"],
                _ => &[".local/share/pdm"],
            };
            folders.iter().map(move |folder| format!("{home}/{folder}"))
        })
        .collect()
}
