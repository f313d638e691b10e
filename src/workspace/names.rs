/// What a file's name says about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// A Dockerfile.
    Yes,
    /// A template from which a Dockerfile is made.
    Template,
    /// Something else.
    No,
}

const TEMPLATES: &[&str] = &[
    "j2", "jinja", "jinja2", "tmpl", "tpl", "template", "gotmpl", "erb", "ejs", "hbs", "mustache", "tftpl", "in",
    "mako",
];

/// Extensions of files that are about Dockerfiles, or of their remains.
const OTHERS: &[&str] = &[
    "dockerignore",
    "containerignore", // ignore files
    "md",
    "mdx",
    "rst",
    "adoc",
    "txt",
    "html",
    "htm",
    "css",
    "svg",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "webp",
    "pdf", // documents
    "clj",
    "cpp",
    "cs",
    "erl",
    "ex",
    "exs",
    "go",
    "hpp",
    "hs",
    "kt",
    "kts",
    "py",
    "pyi",
    "pyc",
    "ipynb",
    "js",
    "mjs",
    "cjs",
    "jsx",
    "ts",
    "mts",
    "tsx",
    "rs",
    "scala",
    "swift",
    "el",
    "nix",
    "hcl",
    "lua",
    "vim",
    "sh",
    "bash",
    "zsh",
    "ps1",
    "bat",
    "cmd",
    "rego", // programs
    "json",
    "jsonc",
    "yml",
    "yaml",
    "toml",
    "xml",
    "csv",
    "lock",
    "snap",
    "golden",
    "map",
    "diff",
    "patch", // data
    "orig",
    "backup",
    "rej",
    "swp",
    "swo",
    "gz",
    "tar",
    "zip", // remains and archives
];

/// Whether `name` (without folders) is that of a Dockerfile: `Dockerfile` or `Containerfile`, alone, in front of a `.`, `-` or
/// `_`, or as the extension, in any case, unless another extension says that it is something else.
#[must_use]
pub fn is_dockerfile_name(name: &str) -> NameKind {
    let name = name.to_ascii_lowercase();
    if is_backup(&name) || name.ends_with('~') {
        return NameKind::No;
    }
    match name.rsplit_once('.') {
        Some((stem, extension)) if TEMPLATES.contains(&extension) => match is_dockerfile_name(stem) {
            NameKind::No => NameKind::No,
            NameKind::Yes | NameKind::Template => NameKind::Template,
        },
        Some((_, extension)) if OTHERS.contains(&extension) || is_remain(extension) => NameKind::No,
        Some((_, "dockerfile" | "containerfile")) if has_template_part(&name) => NameKind::Template,
        Some((_, "dockerfile" | "containerfile")) => NameKind::Yes,
        _ if begins_as_one(&name) && has_template_part(&name) => NameKind::Template,
        _ if begins_as_one(&name) => NameKind::Yes,
        _ => NameKind::No,
    }
}

/// `bak`, `old` and `bak_20260312_122710`
fn is_remain(extension: &str) -> bool {
    let rest = extension.strip_prefix("bak").or_else(|| extension.strip_prefix("old"));
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'_')))
}

/// `Dockerfile.runtime_template`, `Dockerfile.tmpl.gpu`. Of `docker-in-docker.Dockerfile` the `in` says nothing.
fn has_template_part(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|part| matches!(part, "template" | "tmpl" | "tpl" | "j2"))
        || name.split('.').skip(1).any(|part| part == "in")
}

fn begins_as_one(name: &str) -> bool {
    let rest = name.strip_prefix("dockerfile").or_else(|| name.strip_prefix("containerfile"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// What stands between a file's name and the date of its backup.
const BACKUP_INFIX: &str = ".pre-slim.";

/// The name of the `number`th backup (from 1) of the file `name` on `date` (`YYYYMMDD`).
#[must_use]
pub fn backup_name(name: &str, date: &str, number: u32) -> String {
    if number <= 1 { format!("{name}{BACKUP_INFIX}{date}") } else { format!("{name}{BACKUP_INFIX}{date}.{number}") }
}

/// The name of a backup, taken apart: `NAME.pre-slim.YYYYMMDD`, or with `.N` from 2 on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BackupName<'n> {
    /// The file that was copied.
    pub original: &'n str,
    /// The day.
    pub date: &'n str,
    /// Which one of that day, from 1.
    pub number: u32,
}

impl<'n> BackupName<'n> {
    /// `None` for what slimlint would not have written, however alike.
    #[must_use]
    pub fn parse(name: &'n str) -> Option<Self> {
        // Asked of every name: most end otherwise.
        let (original, stamp) =
            name.ends_with(|last: char| last.is_ascii_digit()).then(|| name.rsplit_once(BACKUP_INFIX))??;
        let (date, number) = stamp.split_once('.').map_or((stamp, None), |(date, number)| (date, Some(number)));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = match number {
            None => 1,
            Some(text) if is_digits(text) && !text.starts_with('0') => {
                text.parse().ok().filter(|&number| number > 1)?
            }
            Some(_) => return None,
        };
        let (month, day) = (date.get(4..6)?, date.get(6..8)?);
        let is_date =
            date.len() == 8 && is_digits(date) && ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
        (is_date && !original.is_empty()).then_some(Self { original, date, number })
    }
}

/// Whether `name` is that of a backup which slimlint made (`NAME.pre-slim.YYYYMMDD`).
#[must_use]
pub fn is_backup(name: &str) -> bool {
    BackupName::parse(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_known_by_name() {
        let table: [(NameKind, &str); 3] = [
            (
                NameKind::Yes,
                "Dockerfile dockerfile DOCKERFILE Containerfile containerfile Dockerfile.prod Dockerfile-prod Dockerfile_prod \
                 dockerfile.oss cuda.Dockerfile ingest.dockerfile api.Containerfile Containerfile.gpu Containerfile-dev \
                 .Dockerfile Dockerfile.3.11 Dockerfile.v1.2 Dockerfile.cpu.slim x.md.Dockerfile Dockerfile.test Dockerfile.node \
                 Dockerfile.oldstable Dockerfile.bakery \
                 docker-in-docker.Dockerfile Dockerfile.contemplate",
            ),
            (
                NameKind::Template,
                "Dockerfile.j2 Dockerfile.tmpl Dockerfile.tpl Dockerfile.template Dockerfile.erb Dockerfile.in \
                 api.Dockerfile.j2 Dockerfile-prod.jinja2 Containerfile.gotmpl DOCKERFILE.J2 Dockerfile.j2.j2 \
                 Dockerfile.runtime_template Dockerfile-template template.Dockerfile Dockerfile.tmpl.gpu Dockerfile.in.gpu",
            ),
            (
                NameKind::No,
                "Dockerfile.dockerignore api.Dockerfile.dockerignore .dockerignore Dockerfile.containerignore Dockerfile.md \
                 dockerfile.go dockerfile_test.go Dockerfile.png dockerfile.py dockerfile-parser.ts Dockerfile.json \
                 Dockerfile.yml dockerfile.toml Dockerfile.txt Dockerfile.snap dockerfile.sh Dockerfile.orig Dockerfile.bak \
                 Dockerfile.rej Dockerfile.swp .Dockerfile.swp Dockerfile~ Dockerfile.pre-slim.20260101 \
                 Dockerfile.pre-slim.20260101.2 Dockerfiles dockerfile2llb Dockerfile+x README.md page.j2 file docker \
                 MyDockerfile Dockerfile.md.j2 dockerfile.vim dockerfile.ex dockerfile_test.exs Dockerfile.nix \
                 dockerfile_security.rego Dockerfile.bak_20260312_122710 Dockerfile.old Dockerfile.old2 Dockerfile.backup",
            ),
        ];
        for (expected, names) in table {
            for name in names.split_whitespace() {
                assert_eq!(is_dockerfile_name(name), expected, "{name}");
            }
        }
    }

    #[test]
    fn backups_are_known_by_their_exact_name() {
        for (name, parts) in [
            ("Dockerfile.pre-slim.20261121", Some(("Dockerfile", "20261121", 1))),
            ("Dockerfile.pre-slim.20261121.2", Some(("Dockerfile", "20261121", 2))),
            ("a.pre-slim.20261121.pre-slim.20261122.12", Some(("a.pre-slim.20261121", "20261122", 12))),
            ("Dockerfile.pre-slim.gpu", None),
            ("Dockerfile.pre-slim.20261321", None),
            ("Dockerfile.pre-slim.20261100", None),
            ("Dockerfile.pre-slim.2026112", None),
            ("Dockerfile.pre-slim.20261121.1", None),
            ("Dockerfile.pre-slim.20261121.02", None),
            ("Dockerfile.pre-slim.20261121.x", None),
            ("Dockerfile.pre-slim.20261121.", None),
            ("Dockerfile.pre-slim.20261121.99999999999", None),
            ("Dockerfile.pre-slim.20261121.gpu.Dockerfile", None),
            (".pre-slim.20261121", None),
            ("Dockerfile.pre-slim.２0261121", None),
        ] {
            let found = BackupName::parse(name);
            assert_eq!(found.map(|found| (found.original, found.date, found.number)), parts, "{name}");
            if let Some((original, date, number)) = parts {
                assert_eq!(backup_name(original, date, number), name);
            }
        }
    }
}
