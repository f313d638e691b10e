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
    "go",
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
    "lua",
    "vim",
    "sh",
    "bash",
    "zsh",
    "ps1",
    "bat",
    "cmd", // programs
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
    "diff",
    "patch", // data
    "orig",
    "bak",
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
        Some((_, extension)) if OTHERS.contains(&extension) => NameKind::No,
        Some((_, "dockerfile" | "containerfile")) => NameKind::Yes,
        _ if begins_as_one(&name) => NameKind::Yes,
        _ => NameKind::No,
    }
}

fn begins_as_one(name: &str) -> bool {
    let rest = name.strip_prefix("dockerfile").or_else(|| name.strip_prefix("containerfile"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// Whether `name` is that of a backup which slimlint made (`NAME.pre-slim.YYYYMMDD`).
#[must_use]
pub fn is_backup(name: &str) -> bool {
    name.contains(".pre-slim.")
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
                 .Dockerfile Dockerfile.3.11 Dockerfile.v1.2 Dockerfile.cpu.slim x.md.Dockerfile Dockerfile.test Dockerfile.node",
            ),
            (
                NameKind::Template,
                "Dockerfile.j2 Dockerfile.tmpl Dockerfile.tpl Dockerfile.template Dockerfile.erb Dockerfile.in \
                 api.Dockerfile.j2 Dockerfile-prod.jinja2 Containerfile.gotmpl DOCKERFILE.J2 Dockerfile.j2.j2",
            ),
            (
                NameKind::No,
                "Dockerfile.dockerignore api.Dockerfile.dockerignore .dockerignore Dockerfile.containerignore Dockerfile.md \
                 dockerfile.go dockerfile_test.go Dockerfile.png dockerfile.py dockerfile-parser.ts Dockerfile.json \
                 Dockerfile.yml dockerfile.toml Dockerfile.txt Dockerfile.snap dockerfile.sh Dockerfile.orig Dockerfile.bak \
                 Dockerfile.rej Dockerfile.swp .Dockerfile.swp Dockerfile~ Dockerfile.pre-slim.20260101 \
                 Dockerfile.pre-slim.20260101.2 Dockerfiles dockerfile2llb Dockerfile+x README.md page.j2 file docker \
                 MyDockerfile Dockerfile.md.j2 dockerfile.vim",
            ),
        ];
        for (expected, names) in table {
            for name in names.split_whitespace() {
                assert_eq!(is_dockerfile_name(name), expected, "{name}");
            }
        }
    }
}
