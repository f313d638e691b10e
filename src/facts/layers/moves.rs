//! Commands that move or rewrite files of earlier layers, which then hold the same bytes once more.

use crate::dockerfile::Value;

use super::super::commands::{Options, Removal, removal};
use super::super::paths::{file_name, is_below, resolve};
use super::super::{Facts, Guard, Invocation, Run, StageFacts};
use super::{Addition, WORTH_BYTES, Way, on_mount};

/// A command that moves or rewrites what an earlier layer of the same image added.
#[derive(Debug)]
pub struct LateMove<'f> {
    /// The command.
    pub invocation: &'f Invocation,
    /// What it does.
    pub how: Rewriting,
    /// What earlier layers keep.
    pub files: Vec<Addition>,
    /// The path that it is moved to, as far as it is known to be one and the same for all of them.
    pub destination: Option<String>,
}

/// How a command writes the bytes of files anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rewriting {
    /// `mv`, or `cp` and `rm` in one `RUN`.
    Moves,
    /// `gunzip` and its like put the content in the place of the packed file.
    Unpacks,
    /// `strip` and `upx` write a smaller file of the same name.
    Shrinks,
    /// `chmod`, `chown` and `chgrp` of single files.
    Marks,
}

/// What one command line asks for.
struct Request {
    how: Rewriting,
    /// Absolute; globs in the last part as written.
    sources: Vec<String>,
    destination: Option<String>,
}

impl Facts<'_> {
    /// The commands of `run` that move or rewrite what earlier layers of the same shipped image added.
    #[must_use]
    pub fn late_moves<'f>(&'f self, stage: &'f StageFacts, run: &'f Run) -> Vec<LateMove<'f>> {
        if !self.is_in_final(stage.index) || self.runs_in_others(run) {
            return Vec::new();
        }
        let mut found: Vec<LateMove<'f>> = Vec::new();
        for (index, invocation) in run.invocations.iter().enumerate() {
            let happens = invocation.guard == Guard::Always && !invocation.site.tested && !invocation.site.alternative;
            let Some(request) = Request::read(invocation).filter(|_| happens) else { continue };
            let sources: Vec<String> = match invocation.program.as_str() {
                "cp" => request.sources.into_iter().filter(|source| is_deleted_by_name(run, index, source)).collect(),
                _ => request.sources,
            };
            let destination = request.destination;
            if sources.is_empty() || destination.as_deref().is_some_and(|path| on_mount(run, path)) {
                continue;
            }
            // The mode of a folder is not that of its files.
            let moved = match request.how {
                Rewriting::Marks => Removal { files: sources, ..Removal::default() },
                _ => Removal { paths: sources, ..Removal::default() },
            };
            let mut files = self.late_files(stage, run, index, &moved);
            // What a stage built may be a script.
            files.retain(|file| request.how != Rewriting::Marks || file.way != Way::Taken);
            files.retain(|file| file.bytes.is_none_or(|bytes| bytes >= WORTH_BYTES));
            files.retain(|file| !self.is_moved_before(stage, run, index, file) && !is_small_by_name(&file.path));
            files.retain(|file| request.how != Rewriting::Marks || !self.is_made_a_folder(stage, run, &file.path));
            // Of a file that whoever builds has to bring nobody knows the size.
            files.retain(|file| file.way != Way::Copied || file.bytes.is_some() || is_large_by_name(&file.path));
            if !files.is_empty() {
                found.push(LateMove { invocation, how: request.how, files, destination });
            }
        }
        self.once_per_layer(stage, run, &mut found);
        found
    }

    /// Whether a step makes a folder of that path: `mkdir -p /opt/app`, and then `ADD app.jar /opt/app`.
    fn is_made_a_folder(&self, stage: &StageFacts, run: &Run, path: &str) -> bool {
        let earlier = self.runs_before(stage, run).flat_map(|(_, earlier)| &earlier.invocations);
        let makes = |command: &Invocation| {
            let Some(workdir) = command.workdir.known().filter(|_| command.program == "mkdir") else { return false };
            command.arguments.iter().filter_map(|word| word.value.known()).any(|word| resolve(workdir, word) == path)
        };
        run.state.workdir.known() == Some(path) || earlier.into_iter().any(makes)
    }

    /// A layer holds a file once: `chmod +x tool && mv tool /usr/bin/` and `chown app tool && chmod +x tool` store it one more time each.
    fn once_per_layer(&self, stage: &StageFacts, run: &Run, found: &mut Vec<LateMove<'_>>) {
        let changes = if found.is_empty() { Vec::new() } else { self.ownership_changes(stage, run) };
        let is_marked =
            |path: &str| changes.iter().flat_map(|change| &change.folders).any(|folder| is_below(path, folder));
        let others = found.iter().filter(|one| one.how != Rewriting::Marks).flat_map(|one| &one.files);
        let mut told: Vec<String> = others.map(|file| file.path.clone()).collect();
        for one in found.iter_mut().filter(|one| one.how == Rewriting::Marks) {
            one.files.retain(|file| !told.contains(&file.path) && !is_marked(&file.path));
            told.extend(one.files.iter().map(|file| file.path.clone()));
        }
        found.retain(|one| !one.files.is_empty());
    }

    /// Whether an earlier command took the file away from its place already.
    fn is_moved_before(&self, stage: &StageFacts, run: &Run, index: usize, file: &Addition) -> bool {
        let here = run.invocations.iter().take(index);
        let earlier = self.runs_before(stage, run).filter(|(_, earlier)| earlier.instruction > file.instruction);
        let mut commands = here.chain(earlier.flat_map(|(_, earlier)| &earlier.invocations));
        commands.any(|command| {
            let moves = matches!(command.program.as_str(), "mv" | "gunzip" | "bunzip2" | "unxz");
            moves
                && Request::read(command).is_some_and(|request| {
                    let moved = Removal { paths: request.sources, ..Removal::default() };
                    moved.deletes(&file.path)
                })
        })
    }
}

impl Request {
    fn read(invocation: &Invocation) -> Option<Self> {
        let workdir = invocation.workdir.known()?;
        let program = invocation.program.as_str();
        let folder = ["-t", "--target-directory"];
        let (how, with_value): (_, &[&str]) = match program {
            "mv" | "cp" => (Rewriting::Moves, &["-t", "--target-directory", "-S", "--suffix"]),
            "gunzip" | "bunzip2" | "unxz" | "gzip" | "bzip2" | "xz" => (Rewriting::Unpacks, &["-S", "--suffix", "-T"]),
            "strip" => (Rewriting::Shrinks, &["-o", "-K", "-N", "-R", "-F", "-I", "-O", "--remove-section"]),
            "upx" => (Rewriting::Shrinks, &["-o"]),
            "chmod" | "chown" | "chgrp" => (Rewriting::Marks, &["--reference", "--from"]),
            _ => return None,
        };
        let options = Options::read(&invocation.arguments, with_value);
        let keeps = match how {
            // `cp` of what stays where it is makes a second copy on purpose.
            Rewriting::Moves => options.has(&["-n", "--no-clobber", "-u", "--update", "-s", "-l"]),
            Rewriting::Unpacks => {
                let packs = matches!(program, "gzip" | "bzip2" | "xz");
                options.has(&["-c", "-k", "-t", "-l", "--stdout", "--to-stdout", "--keep", "--test", "--list"])
                    || (packs && !options.has(&["-d", "--decompress", "--uncompress"]))
            }
            Rewriting::Shrinks => options.has(&["-o", "-t", "-l", "-d", "--version"]),
            // Whole folders are a matter of their own, and `chmod -x FILE` looks like a flag.
            Rewriting::Marks => !options.flags.iter().all(|flag| matches!(&*flag.name, "-v" | "-c" | "-f")),
        };
        let mut words: Vec<&Value> = options.operands.iter().map(|(_, argument)| &argument.value).collect();
        if how == Rewriting::Marks && !words.is_empty() {
            words.remove(0);
        }
        let named = options.value(&folder);
        let target = match how {
            Rewriting::Moves if named.is_none() => Some(words.pop()?),
            _ => named,
        };
        if keeps || words.is_empty() {
            return None;
        }
        let several = named.is_some() || words.len() > 1;
        let target = target.and_then(Value::known);
        let is_folder = several || target.is_some_and(|target| target.ends_with('/') || matches!(target, "." | ".."));
        let sources: Option<Vec<String>> =
            words.into_iter().map(|word| Some(resolve(workdir, word.known()?))).collect();
        let sources = sources?;
        let destination = target.map(|target| resolve(workdir, target));
        // `mv /app/data .`: the name stays.
        let destination = match (destination, sources.as_slice()) {
            (Some(folder), [source]) if is_folder && !file_name(source).contains(['*', '?', '[']) => {
                Some(resolve("/", &format!("{folder}/{}", file_name(source))))
            }
            (destination, _) => destination,
        };
        let marks_many = how == Rewriting::Marks && sources.iter().any(|source| source.contains(['*', '?', '[']));
        let exists = sources.iter().all(|source| source != "/");
        (exists && !marks_many).then_some(Self { how, sources, destination })
    }
}

/// `cp A B && rm A`
fn is_deleted_by_name(run: &Run, index: usize, source: &str) -> bool {
    let later = run.invocations.iter().skip(index + 1).filter(|later| later.guard == Guard::Always);
    later.filter_map(removal).any(|removal| removal.paths.iter().chain(&removal.files).any(|path| path == source))
}

/// Archives, programs and data, which are mostly large.
fn is_large_by_name(path: &str) -> bool {
    const ENDINGS: [&str; 19] = [
        ".tar",
        ".tgz",
        ".txz",
        ".tbz2",
        ".zip",
        ".7z",
        ".whl",
        ".jar",
        ".war",
        ".deb",
        ".rpm",
        ".run",
        ".bin",
        ".iso",
        ".sql",
        ".csv",
        ".pt",
        ".onnx",
        ".safetensors",
    ];
    let name = file_name(path).to_lowercase();
    name.contains(".tar.") || !name.contains('.') || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Texts and scripts, whose bytes are not worth a word where they are not known.
fn is_small_by_name(path: &str) -> bool {
    let name = file_name(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let texts =
        ["sh", "conf", "cfg", "ini", "yml", "yaml", "toml", "list", "gpg", "asc", "service", "repo", "env", "md"];
    texts.contains(&extension) || is_below(path, "/etc")
}
