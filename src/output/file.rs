//! Files that reports are written to.
//!
//! Not [`crate::fix::write()`], which changes sources, with backups and a journal: a report is made anew by every run.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::workspace::{Workspace, is_report, lexical};

use super::Format;

/// What a report goes to.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Target {
    /// A regular file, or none yet, without links. It is replaced in one step.
    File(PathBuf),
    /// A pipe, a terminal, an open file of the process.
    Stream(PathBuf),
    /// What `/dev/stdout` is, and `/dev/stderr`.
    Output(Output),
}

/// A stream that the program itself writes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A report besides the one on standard output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportFile {
    /// Its format.
    pub format: Format,
    /// The path as it was given.
    shown: PathBuf,
    target: Target,
}

/// Why a report is not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportFileError {
    /// Its folder is not there.
    #[error("`{}` cannot be written: there is no folder `{}`; make it first, or name another", shown.display(), folder.display())]
    NoFolder {
        /// The path as it was given.
        shown: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// It is a folder.
    #[error("`{}` is a folder; name a file, such as `{}`", .0.display(), .0.join("slimlint.sarif").display())]
    Folder(PathBuf),
    /// It is a link to something that is not there.
    #[error("`{}` is a link that leads nowhere; name the file itself", .0.display())]
    DanglingLink(PathBuf),
    /// A link in the repository leads out of it.
    #[error("`{}` lies in the repository and leads out of it through a link; name the file that it leads to", .0.display())]
    OutsideRoot(PathBuf),
    /// It must not be written.
    #[error("`{}` is read-only; make it writable (`chmod u+w`) or name another file", .0.display())]
    ReadOnly(PathBuf),
    /// It is a file that is linted, or that what is said of one follows from.
    #[error("`{}` is a source that is linted, and the report would replace it; name another file", .0.display())]
    Source(PathBuf),
    /// Two reports go to one file.
    #[error("two reports would be written to `{}`; give each a file of its own", .0.display())]
    Twice(PathBuf),
    /// The system refused.
    #[error("`{}` cannot be written: {source}; check its folder's permissions and free space, or name another file", shown.display())]
    Io {
        /// The path as it was given.
        shown: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ReportFile {
    /// Finds out where a report in `format` at `path` goes; nothing is written. `cwd` is absolute and without links, and so are `roots`:
    /// from inside of them no link leads out.
    ///
    /// # Errors
    /// Where it could not be written.
    pub fn new<'r>(
        format: Format,
        path: &Path,
        cwd: &Path,
        roots: impl IntoIterator<Item = &'r Path>,
    ) -> Result<Self, ReportFileError> {
        let target = target(path, cwd, roots)?;
        Ok(Self { format, shown: path.to_owned(), target })
    }

    /// That no other report of `files` goes to the same file.
    ///
    /// # Errors
    /// [`ReportFileError::Twice`].
    pub fn differs(&self, files: &[Self]) -> Result<(), ReportFileError> {
        let is_same = matches!(self.target, Target::File(_)) && files.iter().any(|other| other.target == self.target);
        if is_same { Err(ReportFileError::Twice(self.shown.clone())) } else { Ok(()) }
    }

    /// That it would replace neither a Dockerfile at one of `paths` nor anything else that was read up to now and is no report.
    ///
    /// # Errors
    /// [`ReportFileError::Source`].
    pub fn spares(&self, workspace: &Workspace, paths: &[String]) -> Result<(), ReportFileError> {
        let Target::File(real) = &self.target else { return Ok(()) };
        let is_dockerfile = paths.iter().any(|path| workspace.real_path(path).is_ok_and(|path| path == *real));
        let is_read = || workspace.read_from(real).is_some_and(|source| !is_report(source.text()));
        if is_dockerfile || (real.exists() && is_read()) {
            return Err(ReportFileError::Source(self.shown.clone()));
        }
        Ok(())
    }

    /// The stream of the program that it goes to, which is not this module's to write to.
    #[must_use]
    pub fn output(&self) -> Option<Output> {
        if let Target::Output(output) = self.target { Some(output) } else { None }
    }

    /// Writes the report with `write`, which may be called twice. A file has either the whole of it afterwards or what it had before. A
    /// reader of a pipe that has seen enough is no trouble.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), ReportFileError> {
        let written = match &self.target {
            Target::File(path) => replace(path, &write),
            Target::Stream(path) => {
                match OpenOptions::new().append(true).open(path).and_then(|file| fill(&file, &write)) {
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                    written => written,
                }
            }
            Target::Output(_) => Ok(()),
        };
        written.map_err(|source| ReportFileError::Io { shown: self.shown.clone(), source })
    }
}

fn target<'r>(path: &Path, cwd: &Path, roots: impl IntoIterator<Item = &'r Path>) -> Result<Target, ReportFileError> {
    let shown = || path.to_owned();
    match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" | "-") => return Ok(Target::Output(Output::Out)),
        Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => return Ok(Target::Output(Output::Err)),
        _ => {}
    }
    let full = lexical(&cwd.join(path));
    // What lies there leads to open files, which are not to be replaced.
    if full.starts_with("/dev") || full.starts_with("/proc") {
        return Ok(Target::Stream(full));
    }
    let failed = |source| ReportFileError::Io { shown: shown(), source };
    let target = match fs::metadata(&full) {
        Ok(metadata) if metadata.is_dir() => return Err(ReportFileError::Folder(shown())),
        Ok(metadata) => {
            let real = full.canonicalize().map_err(failed)?;
            if metadata.is_file() && is_read_only(&metadata) {
                return Err(ReportFileError::ReadOnly(shown()));
            }
            if metadata.is_file() { Target::File(real) } else { Target::Stream(real) }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Target::File(new_file(path, &full)?),
        Err(error) => return Err(failed(error)),
    };
    let (Target::File(real) | Target::Stream(real)) = &target else { return Ok(target) };
    if roots.into_iter().any(|root| full.starts_with(root) && !real.starts_with(root)) {
        return Err(ReportFileError::OutsideRoot(shown()));
    }
    Ok(target)
}

/// Where a file lies that is not there yet.
fn new_file(path: &Path, full: &Path) -> Result<PathBuf, ReportFileError> {
    if full.symlink_metadata().is_ok() {
        return Err(ReportFileError::DanglingLink(path.to_owned()));
    }
    let is_folder = path.to_string_lossy().ends_with(std::path::is_separator);
    let (Some(folder), Some(name), false) = (full.parent(), full.file_name(), is_folder) else {
        return Err(ReportFileError::Folder(path.to_owned()));
    };
    match folder.canonicalize() {
        Ok(real) if real.is_dir() => Ok(real.join(name)),
        Ok(_) | Err(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(folder);
            Err(ReportFileError::NoFolder { shown: path.to_owned(), folder: folder.to_owned() })
        }
    }
}

/// Asked of the mode and not of the system: to root nothing is read-only.
fn is_read_only(metadata: &Metadata) -> bool {
    metadata.permissions().readonly()
}

fn replace(path: &Path, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let before = fs::metadata(path).ok();
    match replace_whole(path, before.as_ref(), &write) {
        // A file that is mounted alone, or that lies in a folder of somebody else, can be written and not replaced.
        Err(error) if before.is_some() && is_about_the_folder(&error) => fill(&File::create(path)?, write),
        written => written,
    }
}

fn replace_whole(
    path: &Path,
    before: Option<&Metadata>,
    write: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::NotFound)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".slimlint-").suffix(".tmp");
    // As programs make files: the system takes off what the user's mask says.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let staged = builder.tempfile_in(folder)?;
    fill(staged.as_file(), write)?;
    if let Some(before) = before {
        staged.as_file().set_permissions(before.permissions())?;
    }
    staged.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn is_about_the_folder(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::ResourceBusy
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::CrossesDevices
    )
}

fn fill(file: &File, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write(&mut out)?;
    out.flush()
}

#[cfg(test)]
mod tests;
