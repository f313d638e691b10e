use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use crate::python::pyproject::ManifestError;

/// Why a workspace could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The root does not exist or cannot be read.
    #[error("cannot open the folder `{}`: {source}", path.display())]
    Root {
        /// The folder asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The root is not a folder.
    #[error("`{}` is not a folder; name the folder that holds it", .0.display())]
    NotADirectory(PathBuf),
}

/// Why a file could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("there is no such file; check its spelling, or create it before linting")]
    NotFound,
    /// The path, or the link that it is, leads out of the workspace's root.
    #[error("it lies outside the repository, where nothing is read; move it inside or drop the link")]
    OutsideRoot,
    /// A folder, device, pipe or socket.
    #[error("it is not a regular file; name a file")]
    NotAFile,
    /// Larger than the cap.
    #[error("it is too large to read ({bytes} bytes, the limit is 64 MiB); leave it out")]
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
    },
    /// The system refused.
    #[error("it cannot be read ({0}); check its permissions")]
    Io(Arc<std::io::Error>),
}

impl ReadError {
    pub(super) fn from_io(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput => Self::NotFound,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

/// Why there is no parsed manifest.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ManifestProblem {
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its text is not what it must be.
    #[error("{}", .0.message)]
    Parse(ManifestError),
}
