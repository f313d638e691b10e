//! The keys of the configuration: one table that the parser, the JSON schema and the documentation are made from.

use super::options::{Options, ServiceOptions};
use super::reader::{Reader, Value};

/// What a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Rules: names, aliases, groups or `all`.
    Rules,
    /// Patterns of paths.
    Patterns,
    /// `true` or `false`.
    Boolean,
    /// A path of a folder.
    Folder,
    /// A path of a file.
    File,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A number of bytes.
    Size,
    /// A table from rules to severities.
    Severities,
    /// A table from patterns to rules.
    PathRules,
    /// A table from patterns to tables of further keys.
    Tables(&'static [Key<ServiceOptions>]),
}

/// A key, and what it sets in a `T`.
#[derive(Clone, Copy, Debug)]
pub struct Key<T: 'static> {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it, as it would be written.
    pub default: &'static str,
    /// The option of the command line that says the same, when there is one.
    pub flag: Option<&'static str>,
    /// What it is for, in Markdown.
    pub about: &'static str,
    /// How it is used.
    pub example: &'static str,
    pub(super) read: fn(&mut Reader<'_>, &Value<'_>, &mut T),
}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl<T> Eq for Key<T> {}

/// Words for severities.
pub(super) const SEVERITIES: &[&str] = &["error", "warning", "info", "off"];

/// The keys of a configuration, in the order in which they are documented.
pub const KEYS: &[Key<Options>] = &[
    Key {
        name: "select",
        kind: Kind::Rules,
        default: "every rule that is not off",
        flag: Some("--select"),
        about: "The rules that run: names, what other linters call them, groups, or `all`. A rule that is off by default runs only \
                when it is named itself. That a file cannot be read or parsed is said whatever is selected.",
        example: "select = [\"caches\", \"cuda-torch-on-cpu\"]",
        read: |reader, value, options| options.select = reader.rules(value),
    },
    Key {
        name: "extend-select",
        kind: Kind::Rules,
        default: "[]",
        flag: Some("--extend-select"),
        about: "Rules that run besides those of `select`, or besides the usual ones.",
        example: "extend-select = [\"build-tools-in-runtime\"]",
        read: |reader, value, options| options.extend_select = reader.rules(value).unwrap_or_default(),
    },
    Key {
        name: "ignore",
        kind: Kind::Rules,
        default: "[]",
        flag: Some("--ignore"),
        about: "Rules that do not run. Where `select` means a rule too, `ignore` holds.",
        example: "ignore = [\"apt-recommends\", \"DL3042\"]",
        read: |reader, value, options| options.ignore = reader.rules(value).unwrap_or_default(),
    },
    Key {
        name: "per-path-ignores",
        kind: Kind::PathRules,
        default: "{}",
        flag: None,
        about: "Rules that are silent about some files. A pattern means Dockerfiles and, for findings in files that take no comment, such \
                as locks and requirements, those files. A pattern without `/` means a name in any folder.",
        example: "[per-path-ignores]\n\"tests/**\" = [\"all\"]\n\"requirements.txt\" = [\"cuda-torch-on-cpu\"]",
        read: |reader, value, options| options.per_path_ignores = reader.path_rules(value),
    },
    Key {
        name: "severity",
        kind: Kind::Severities,
        default: "{}",
        flag: None,
        about: "How bad the findings of a rule are: `error`, `warning`, `info`, or `off`, which is the same as `ignore`. A rule's own name \
                counts more than its group, and a group more than `all`.",
        example: "[severity]\ncaches = \"info\"\npip-cache-kept = \"error\"\napt-recommends = \"off\"",
        read: |reader, value, options| options.severities = reader.severities(value),
    },
    Key {
        name: "fail-on",
        kind: Kind::Choice(&["error", "warning", "info", "never"]),
        default: "\"warning\"",
        flag: Some("--fail-on"),
        about: "A finding at least as bad makes slimlint exit with 1.",
        example: "fail-on = \"error\"",
        read: |reader, value, options| options.fail_on = reader.fail_on(value),
    },
    Key {
        name: "min-saving",
        kind: Kind::Size,
        default: "0",
        flag: Some("--min-saving"),
        about: "A finding that is known to be about fewer bytes becomes `info` and never fails a build, whatever `fail-on` says. Findings \
                without a figure, and those of which only a lower bound is known (`at least 2 MB`), stay as they are. A number of bytes, \
                or text with `kB`, `MB` or `GB` (powers of ten).",
        example: "min-saving = \"20MB\"",
        read: |reader, value, options| options.min_saving = reader.size(value),
    },
    Key {
        name: "exclude",
        kind: Kind::Patterns,
        default: "[]",
        flag: Some("--exclude"),
        about: "Files and folders in which slimlint does not look for Dockerfiles. A pattern without `/` means a name in any folder. What \
                `.gitignore` leaves out, `.git` and `node_modules` are never searched. A file that is named on the command line is linted \
                all the same, unless `force-exclude` is set.",
        example: "exclude = [\"vendor\", \"tests/**/Dockerfile\"]",
        read: |reader, value, options| options.exclude = reader.patterns(value),
    },
    Key {
        name: "extend-exclude",
        kind: Kind::Patterns,
        default: "[]",
        flag: Some("--extend-exclude"),
        about: "Excluded besides `exclude`, also when `--exclude` replaces that.",
        example: "extend-exclude = [\"examples\"]",
        read: |reader, value, options| options.extend_exclude = reader.patterns(value).unwrap_or_default(),
    },
    Key {
        name: "force-exclude",
        kind: Kind::Boolean,
        default: "false",
        flag: Some("--force-exclude"),
        about: "Excludes also files that are named on the command line, as hooks name them.",
        example: "force-exclude = true",
        read: |reader, value, options| options.force_exclude = reader.boolean(value),
    },
    Key {
        name: "backup",
        kind: Kind::Boolean,
        default: "true",
        flag: Some("--no-backup"),
        about: "Whether `--fix` keeps a copy of each file it changes. Where Dockerfiles with different settings are fixed in one run, copies \
                are kept if one of them wants any.",
        example: "backup = false",
        read: |reader, value, options| options.backup = reader.boolean(value),
    },
    Key {
        name: "baseline",
        kind: Kind::File,
        default: "no file: everything is told",
        flag: Some("--baseline"),
        about: "A file of findings that are known and not told again, relative to the folder of the configuration; `slimlint \
                --write-baseline` writes it. It lies in the repository. `--no-baseline` tells everything.",
        example: "baseline = \"slimlint-baseline.json\"",
        read: |reader, value, options| options.baseline = reader.file(value),
    },
    Key {
        name: "services",
        kind: Kind::Tables(SERVICE_KEYS),
        default: "{}",
        flag: None,
        about: "What slimlint cannot see in the files, by Dockerfile. Each name is the path of a Dockerfile, of a folder of Dockerfiles, or \
                a pattern of such paths; of several that match, the last one that sets a key counts.",
        example: "[services.\"apps/api/Dockerfile\"]\ncontext = \".\"\n\n[services.\"training/**\"]\ngpu = true",
        read: |reader, value, options| options.services = reader.services(value),
    },
];

/// The keys of a table below `services`.
pub const SERVICE_KEYS: &[Key<ServiceOptions>] = &[
    Key {
        name: "context",
        kind: Kind::Folder,
        default: "what compose files, workflows, Makefiles and scripts say, else the folder that the Dockerfile's sources speak for",
        flag: Some("--context"),
        about: "The folder that is given to `docker build`, relative to the folder of the configuration.",
        example: "[services.\"docker/api.Dockerfile\"]\ncontext = \".\"",
        read: |reader, value, service| service.context = reader.folder(value),
    },
    Key {
        name: "gpu",
        kind: Kind::Boolean,
        default: "what the files say",
        flag: None,
        about: "Whether the image runs on a GPU. `false` is evidence enough to take CUDA builds out safely, whatever the files say; `true` \
                silences findings about them.",
        example: "[services.\"apps/*/Dockerfile\"]\ngpu = false",
        read: |reader, value, service| service.gpu = reader.boolean(value).map(|gpu| (gpu, reader.source.clone())),
    },
];
