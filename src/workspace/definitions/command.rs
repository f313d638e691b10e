//! The command line of `docker build` and of programs like it.

use super::super::paths::{join, normalise};
use super::{Given, Setting};

/// Stands in front of a path that is relative to the root of the workspace, wherever the command runs: `$PWD/x`.
pub(super) const FROM_ROOT: char = '\u{1}';

/// A word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Known(String),
    /// One word, whatever it says.
    Unknown,
    /// One word that begins with this text: `NAME=` of `NAME=$(git describe)`.
    Begins(String),
    /// Any number of words: `$OPTIONS`.
    UnknownWords,
}

/// What a command builds; paths are relative to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) context: String,
    pub(super) dockerfile: String,
    /// The stage that is built.
    pub(super) target: Setting,
    pub(super) arguments: Given,
    /// `linux/arm64`; several are unknown.
    pub(super) platform: Setting,
    /// Whether the same step pushes the image, where it says.
    pub(super) pushed: Option<bool>,
    /// The job for tests that keeps the image for itself.
    pub(super) tried_in: Option<String>,
}

/// Options of `docker build`, `podman build` and `buildah build` that take no value of their own.
const SWITCHES: [&str; 22] = [
    "--pull",
    "--no-cache",
    "--push",
    "--load",
    "--quiet",
    "--rm",
    "--force-rm",
    "--squash",
    "--squash-all",
    "--compress",
    "--debug",
    "--check",
    "--disable-content-trust",
    "--layers",
    "--all-platforms",
    "--tls-verify",
    "--disable-compression",
    "--stdin",
    "--no-hosts",
    "--no-hostname",
    "--skip-unused-stages",
    "-q",
];

/// `path` as seen from `directory`, relative to the root.
pub(super) fn resolve(directory: &str, path: &str) -> Option<String> {
    match path.strip_prefix(FROM_ROOT) {
        Some(path) => normalise(path.trim_start_matches('/')),
        None => join(directory, path),
    }
}

/// What the command `words` builds when it runs in the folder `directory`.
pub(super) fn built(words: &[Word], directory: &str) -> Option<Built> {
    let mut words = words;
    // `sudo DOCKER_BUILDKIT=1 docker build .`
    while let [Word::Known(first), rest @ ..] = words {
        let is_assignment = first.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if !(is_assignment || matches!(first.as_str(), "sudo" | "-E" | "env" | "time" | "exec" | "command" | "nohup")) {
            break;
        }
        words = rest;
    }
    let [Word::Known(program), rest @ ..] = words else { return None };
    let program = program.rsplit('/').next().unwrap_or(program);
    let said = |word: Option<&Word>| match word {
        Some(Word::Known(text)) => Some(text.clone()),
        _ => None,
    };
    let (first, second) = (said(rest.first()), said(rest.get(1)));
    let options = match (program, first.as_deref(), second.as_deref()) {
        ("docker" | "podman" | "nerdctl" | "depot" | "finch", Some("build"), _)
        | ("buildah", Some("build" | "bud"), _) => rest.get(1..)?,
        ("docker" | "podman" | "nerdctl", Some("buildx" | "image" | "builder"), Some("build")) => rest.get(2..)?,
        ("executor" | "warmer", ..) => return kaniko(rest, directory),
        _ => return None,
    };
    let options = Options::read(options)?;
    let [context] = options.positional.as_slice() else { return None };
    let context = local(context).and_then(|context| resolve(directory, context))?;
    let dockerfile = match &options.file {
        // What an unknown word says may be `--file`.
        Setting::Unset if options.unknown_words => return None,
        Setting::Unset => join(&context, "Dockerfile")?,
        Setting::Known(file) if file != "-" => resolve(directory, file)?,
        _ => return None,
    };
    Some(options.built(context, dockerfile))
}

/// kaniko: `--context` is a folder, `--dockerfile` lies in it or is named from where the command runs.
fn kaniko(words: &[Word], directory: &str) -> Option<Built> {
    let options = Options::read(words)?;
    let Setting::Known(context) = &options.context else { return None };
    let context = resolve(directory, local(context.strip_prefix("dir://").unwrap_or(context))?)?;
    let dockerfile = match &options.file {
        Setting::Unset => join(&context, "Dockerfile")?,
        Setting::Known(file) => resolve(&context, file)?,
        Setting::Unknown => return None,
    };
    Some(options.built(context, dockerfile))
}

/// A context that is a folder of this machine.
pub(super) fn local(context: &str) -> Option<&str> {
    let elsewhere =
        context == "-" || context.contains("://") || context.starts_with("git@") || context.contains(".git#");
    (!elsewhere && !context.is_empty() && !context.contains(['$', '{', '*', '%', '<'])).then_some(context)
}

/// `--label=$X`, `-f$FILE`: an option with its name, of whose value the end is not known.
fn begins_option(start: &str) -> bool {
    start.starts_with("--") && start.contains('=')
}

#[derive(Default)]
struct Options {
    positional: Vec<String>,
    file: Setting,
    context: Setting,
    target: Setting,
    platform: Setting,
    arguments: Given,
    unknown_words: bool,
}

impl Options {
    /// `None` when a word is unknown that could be the context.
    fn read(words: &[Word]) -> Option<Self> {
        let mut options = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let word = match word {
                Word::Known(word) => word.as_str(),
                Word::UnknownWords => {
                    options.unknown_words = true;
                    continue;
                }
                Word::Begins(start) if start.starts_with("--build-arg=") => {
                    let pair = start.trim_start_matches("--build-arg=");
                    options.give_unknown(pair);
                    continue;
                }
                Word::Begins(start) if begins_option(start) => {
                    options.set(start.split('=').next().unwrap_or_default(), None);
                    continue;
                }
                Word::Unknown | Word::Begins(_) => return None,
            };
            if word == "-" || !word.starts_with('-') {
                options.positional.push(word.to_owned());
                continue;
            }
            if SWITCHES.contains(&word) || matches!(word, "-D" | "-i") {
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                // `-tname`
                None if !word.starts_with("--") && word.len() > 2 && word.is_char_boundary(2) => {
                    let (name, value) = word.split_at(2);
                    (name, Some(value.to_owned()))
                }
                None => match rest.next() {
                    Some(Word::Known(value)) => (word, Some(value.clone())),
                    Some(Word::Begins(start)) if word == "--build-arg" => {
                        options.give_unknown(start);
                        continue;
                    }
                    Some(Word::Unknown | Word::UnknownWords | Word::Begins(_)) => (word, None),
                    None => return None,
                },
            };
            options.set(name, value);
        }
        Some(options)
    }

    /// A pair of which the beginning is known.
    fn give_unknown(&mut self, start: &str) {
        match start.split_once('=') {
            Some((name, _)) => self.arguments.give(name, None),
            None => self.arguments.give_others(),
        }
    }

    fn built(mut self, context: String, dockerfile: String) -> Built {
        if self.unknown_words {
            self.arguments.give_others();
            self.target = self.target.or(Setting::Unknown);
            self.platform = self.platform.or(Setting::Unknown);
        }
        let Self { target, arguments, platform, .. } = self;
        Built { context, dockerfile, target, arguments, platform, pushed: None, tried_in: None }
    }

    fn set(&mut self, name: &str, value: Option<String>) {
        match name {
            "-f" | "--file" | "--dockerfile" => self.file = value.into(),
            "-c" | "--context" => self.context = value.into(),
            "--target" => self.target = value.into(),
            "--platform" | "--custom-platform" => self.platform = value.filter(|it| !it.contains(',')).into(),
            "--build-arg" => match value {
                Some(pair) => self.arguments.give_pair(&pair),
                None => self.arguments.give_others(),
            },
            // A file that gives arguments: `podman build --build-arg-file`.
            "--build-arg-file" => self.arguments.give_others(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, String)> {
        let words = line.split_whitespace().map(|word| match word {
            "?" => Word::Unknown,
            "A=?" => Word::Begins("A=".to_owned()),
            "??" => Word::UnknownWords,
            word => Word::Known(word.replace('@', "\u{1}")),
        });
        built(&words.collect::<Vec<_>>(), "a").map(|built| (built.context, built.dockerfile))
    }

    #[test]
    fn command_lines() {
        for (line, expected) in [
            ("docker build .", Some(("a", "a/Dockerfile"))),
            ("sudo X=1 docker build --no-cache -t x:1 -f b/D ..", Some(("", "a/b/D"))),
            ("docker buildx build --platform linux/amd64 --push --file=../D @/c", Some(("c", "D"))),
            ("podman build -tx -fD . --build-arg A=1", Some(("a", "a/D"))),
            ("docker image build -t ? .", Some(("a", "a/Dockerfile"))),
            // What cannot be known.
            ("docker build -f ? .", None),
            ("docker build A=?", None),
            ("docker build ?", None),
            ("docker build ?? .", None),
            ("docker build ?? -f D .", Some(("a", "a/D"))),
            ("docker build - ", None),
            ("docker build -f - .", None),
            ("docker build https://x.invalid/y.git", None),
            ("docker build -f D ../..", None),
            ("docker compose build .", None),
            ("docker buildx bake -f x .", None),
            ("docker run build .", None),
            ("/kaniko/executor --context @ --dockerfile @/b/D --destination ?", Some(("", "b/D"))),
            ("/kaniko/executor -c dir://@/b -f D", Some(("b", "b/D"))),
            ("executor --dockerfile D", None),
        ] {
            let expected = expected.map(|(context, file)| (context.to_owned(), file.to_owned()));
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn targets_and_arguments() {
        let read = |line: &str| {
            let words = line.split_whitespace().map(|word| match word {
                "??" => Word::UnknownWords,
                word if word.ends_with('?') => Word::Begins(word.trim_end_matches('?').to_owned()),
                word => Word::Known(word.to_owned()),
            });
            built(&words.collect::<Vec<_>>(), "").expect("a build")
        };
        let found =
            read("docker build --target prod --build-arg A=1=2 --build-arg B --build-arg C=? --platform=linux/arm64 .");
        assert_eq!(found.target, Setting::Known("prod".to_owned()));
        assert_eq!(found.platform, Setting::Known("linux/arm64".to_owned()));
        assert_eq!(found.arguments.of("A"), Setting::Known("1=2".to_owned()));
        assert_eq!(found.arguments.of("B"), Setting::Unknown);
        assert_eq!(found.arguments.of("C"), Setting::Unknown);
        assert_eq!(found.arguments.of("D"), Setting::Unset);
        let found = read("docker build --build-arg=A=? --target=x? --build-arg=B=2 -f D .");
        assert_eq!((found.arguments.of("A"), found.target), (Setting::Unknown, Setting::Unknown));
        assert_eq!(found.arguments.of("B"), Setting::Known("2".to_owned()));
        // Words that nobody knows may give any.
        let found = read("docker build -f D ?? .");
        assert_eq!((found.arguments.of("A"), found.target), (Setting::Unknown, Setting::Unknown));
    }
}
