//! What the name of a file tells of what it holds.

use super::super::paths::file_name;

const ARCHIVES: [&str; 24] = [
    "tar",
    "tgz",
    "tbz",
    "tbz2",
    "txz",
    "gz",
    "bz2",
    "xz",
    "zst",
    "zip",
    "7z",
    "whl",
    "deb",
    "rpm",
    "apk",
    "jar",
    "war",
    "run",
    "bin",
    "iso",
    "img",
    "onnx",
    "gguf",
    "safetensors",
];

const SECRETS: [&str; 14] = [
    ".ssh",
    ".aws",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".env",
    ".git-credentials",
    ".docker",
    "id_rsa",
    "id_ed25519",
    "credentials",
    "secrets",
    "token",
    "pip.conf",
];

/// Whether a file holds packed or compiled data, which is rarely small. `Miniconda3-latest-Linux-x86_64.sh` does.
pub(super) fn is_archive(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let packed = name.rsplit_once('.').is_some_and(|(_, extension)| ARCHIVES.contains(&extension));
    let installer = ["miniconda", "anaconda", "miniforge", "mambaforge", "micromamba"];
    packed || installer.iter().any(|program| name.starts_with(program))
}

/// Whether a URL names the processor that a file is for: `…/bin/linux/amd64/kubectl`.
pub(super) fn names_platform(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    lower.contains("://")
        && ["amd64", "x86_64", "x86-64", "linux64", "linux-x64", "arm64", "aarch64"]
            .iter()
            .any(|name| lower.contains(name))
}

/// Whether a file with that name can be a program of some size, which `tini` is not.
pub(super) fn may_be_program(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let small = ["tini", "dumb-init", "su-exec"];
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    // `tool-1.2` and `tool_linux_amd64` have no ending that tells of a text.
    let is_bare = ending.is_empty() || ending == "exe" || ending.contains(|it: char| it.is_ascii_digit());
    is_bare && !small.iter().any(|program| name.starts_with(program))
}

/// Whether `ADD` unpacks the file: a tar archive, compressed or not.
pub(super) fn is_unpacked(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let packed = ["tar", "tgz", "tbz", "tbz2", "txz", "gz", "bz2", "xz"];
    name.rsplit_once('.').is_some_and(|(_, extension)| packed.contains(&extension))
}

/// Whether a path names a folder, as far as its name tells: it has no extension.
pub(super) fn is_folder_name(path: &str) -> bool {
    let name = file_name(path);
    !name.is_empty() && !name.trim_start_matches('.').contains('.')
}

/// Whether a path names something that is deleted to keep it from readers rather than for its size.
pub(super) fn is_secret(path: &str) -> bool {
    let secret = |part: &str| {
        let lower = part.to_ascii_lowercase();
        SECRETS.contains(&lower.as_str())
            || lower.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "pem" | "key" | "crt" | "p12"))
    };
    path.split('/').any(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_files_hold() {
        for (path, archive, folder, secret) in [
            ("/tmp/x.tar.gz", true, false, false),
            ("/tmp/Miniconda3-latest-Linux-x86_64.sh", true, false, false),
            ("/tmp/install.sh", false, false, false),
            ("/wheels", false, true, false),
            ("/root/.ssh/config", false, true, true),
            ("/app/server.key", false, false, true),
            ("/usr/share/.cargo", false, true, false),
        ] {
            let found = (is_archive(path), is_folder_name(path), is_secret(path));
            assert_eq!(found, (archive, folder, secret), "{path}");
        }
    }
}
