use super::Options;
use crate::facts::paths::{file_name, resolve};
use crate::facts::{Argument, Invocation};

/// Flags of `git clone` with a value (git-clone(1)).
const WITH_VALUE: [&str; 17] = [
    "-b",
    "--branch",
    "-c",
    "--config",
    "-j",
    "--jobs",
    "-o",
    "--origin",
    "--depth",
    "--filter",
    "--reference",
    "-u",
    "--upload-pack",
    "--template",
    "--separate-git-dir",
    "--shallow-since",
    "--shallow-exclude",
];

/// A `git clone` whose folder is known.
#[derive(Debug)]
pub struct GitClone<'i> {
    /// The word `clone`.
    pub subcommand: &'i Argument,
    /// The folder that it makes, absolute.
    pub folder: String,
    /// The flags and operands behind `git`.
    pub options: Options<'i>,
}

impl<'i> GitClone<'i> {
    /// Reads an invocation of git; `None` when it is no clone, or when it is not known where it leads.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "git" {
            return None;
        }
        let options = Options::read(&invocation.arguments, &WITH_VALUE);
        let mut words = options.operands.iter().map(|(_, argument)| *argument);
        let subcommand = words.next().filter(|word| word.value.known() == Some("clone"))?;
        if options.has(&["-C"]) {
            return None;
        }
        let address = words.next()?;
        let folder = if let Some(folder) = words.next() {
            folder.value.known()?.to_owned()
        } else {
            let name = file_name(address.value.known()?.trim_end_matches('/'));
            name.strip_suffix(".git").unwrap_or(name).to_owned()
        };
        let folder = resolve(invocation.workdir.known()?, Some(folder.as_str()).filter(|name| !name.is_empty())?);
        Some(Self { subcommand, folder, options })
    }
}

/// Whether a command fetches the installer of a version manager that clones itself, and stops where there is no git: `curl
/// https://pyenv.run | bash`.
#[must_use]
pub fn fetches_an_installer_by_git(command: &Invocation) -> bool {
    const INSTALLERS: [&str; 6] =
        ["//pyenv.run", "pyenv-installer", "rbenv-installer", "Homebrew/install", "ohmyzsh/", "oh-my-zsh/"];
    matches!(command.program.as_str(), "curl" | "wget")
        && command.arguments.iter().any(|word| INSTALLERS.iter().any(|part| word.value.text().contains(part)))
}
