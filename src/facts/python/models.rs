//! Models that a `RUN` downloads into the image.

use crate::dockerfile::{Keyword, UNKNOWN, Value};
use crate::facts::commands::removal;
use crate::facts::paths::{file_name, resolve};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts};

use super::has_extension;

/// Endings of files that hold the weights of a model.
const WEIGHTS: [&str; 8] = ["safetensors", "gguf", "ggml", "onnx", "ckpt", "pth", "pt", "tflite"];
/// Calls that download what their first argument names, and who publishes it.
const CALLS: [(&str, Origin); 11] = [
    ("SentenceTransformer(", Origin::HuggingFace),
    ("CrossEncoder(", Origin::HuggingFace),
    ("TextEmbedding(", Origin::Other),
    (".from_pretrained(", Origin::HuggingFace),
    ("snapshot_download(", Origin::HuggingFace),
    ("hf_hub_download(", Origin::HuggingFace),
    ("WhisperModel(", Origin::Whisper),
    ("whisper.load_model(", Origin::Whisper),
    ("nltk.download(", Origin::Nltk),
    ("spacy.cli.download(", Origin::Spacy),
    ("torch.hub.load(", Origin::Other),
];

/// Who publishes a model, which decides where it is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    HuggingFace,
    Whisper,
    Nltk,
    Spacy,
    /// A file from an address, or a library with places of its own.
    Other,
}

impl Origin {
    fn publisher(self) -> Option<&'static str> {
        match self {
            Self::HuggingFace | Self::Other => None,
            Self::Whisper => Some("Whisper"),
            Self::Nltk => Some("NLTK"),
            Self::Spacy => Some("spaCy"),
        }
    }
}

/// A model that stays in an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BakedModel {
    /// Which of the `RUN`'s invocations downloads it.
    pub invocation: usize,
    /// Its name, as the command has it.
    pub name: String,
    /// Whose it is, where the name alone does not say so.
    pub publisher: Option<&'static str>,
    /// Absolute folder or file that holds it, where that is known.
    pub place: Option<String>,
}

impl Facts<'_> {
    /// The models that the `RUN` downloads and that stay in an image that is shipped, in order.
    #[must_use]
    pub fn baked_models(&self, stage: &StageFacts, run: &Run) -> Vec<BakedModel> {
        if self.is_made_for_offline() {
            return Vec::new();
        }
        let mut found: Vec<BakedModel> = Vec::new();
        for (index, invocation) in run.invocations.iter().enumerate() {
            if invocation.guard != Guard::Always || invocation.site.tested {
                continue;
            }
            for (name, origin, folder) in self.downloads(run, invocation) {
                let places = match folder {
                    Folder::At(path) => vec![path],
                    Folder::Unknown => Vec::new(),
                    Folder::Usual => self.usual_places(stage, run, invocation, origin),
                };
                let kept = if places.is_empty() {
                    self.is_in_final(stage.index) && run.mounts.iter().all(|mount| mount.kind != "cache")
                } else {
                    let mut removals = self.effective_after(stage, run, index).filter_map(removal);
                    let deleted = removals.any(|removal| places.iter().any(|place| removal.deletes(place)));
                    !deleted && self.fate(stage, run, index, &places) == Fate::Kept
                };
                if kept && !is_small(&name, origin) && found.iter().all(|other| other.name != name) {
                    let place = places.into_iter().next();
                    found.push(BakedModel { invocation: index, name, publisher: origin.publisher(), place });
                }
            }
        }
        found
    }

    /// `ENV HF_HUB_OFFLINE=1`, `ENV TRANSFORMERS_OFFLINE=1`: what the program loads has to be in the image.
    fn is_made_for_offline(&self) -> bool {
        let mut set = self.dockerfile.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Env);
        set.any(|instruction| instruction.body.text().contains("_OFFLINE"))
    }

    fn downloads(&self, run: &Run, invocation: &Invocation) -> Vec<(String, Origin, Folder)> {
        match invocation.program.as_str() {
            "hf" | "huggingface-cli" => from_hub(invocation).into_iter().collect(),
            "python" | "pypy" => self.of_python(run, invocation),
            "spacy" if invocation.argument(0) == Some("download") => of_spacy(invocation, 1),
            "curl" | "wget" => fetched(invocation),
            _ => Vec::new(),
        }
    }

    fn of_python(&self, run: &Run, invocation: &Invocation) -> Vec<(String, Origin, Folder)> {
        let text = |index: usize| invocation.arguments.get(index).map(|argument| argument.value.text());
        let count = invocation.arguments.len();
        let flag = (0..count).find(|&index| matches!(text(index), Some("-c" | "-m")));
        let before = (0..count).find(|&index| text(index).is_some_and(|text| !text.starts_with('-')));
        let Some(at) = flag.filter(|&at| before.is_none_or(|first| at < first || text(at - 1) == Some("-W"))) else {
            // `RUN python - <<EOF`
            let instruction = self.dockerfile.instructions.get(run.instruction);
            return match instruction.map(|instruction| instruction.heredocs.as_slice()) {
                Some([heredoc]) if run.invocations.len() == 1 && before.is_none() => {
                    self.called(run, invocation, heredoc.body.slice(self.source.text()))
                }
                _ => Vec::new(),
            };
        };
        match (text(at), text(at + 1)) {
            (Some("-c"), Some(code)) => self.called(run, invocation, code),
            (_, Some("spacy")) if text(at + 2) == Some("download") => of_spacy(invocation, at + 3),
            (_, Some("nltk.downloader")) => of_nltk(invocation, at + 2),
            _ => Vec::new(),
        }
    }

    /// The models that Python code names in calls which download them.
    fn called(&self, run: &Run, invocation: &Invocation, code: &str) -> Vec<(String, Origin, Folder)> {
        let elsewhere = ["cache_dir", "local_dir", "cache_folder", "download_dir", "download_root", "os.environ["];
        let set = elsewhere.iter().any(|word| code.contains(word));
        let mut found = Vec::new();
        for (call, origin) in CALLS {
            for (at, _) in code.match_indices(call) {
                let callee = code.get(..at).unwrap_or_default();
                let callee = callee.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let small = ["Tokenizer", "Processor", "Config", "FeatureExtractor"];
                // `def download_model(…)` and `MySentenceTransformer(…)` are others; a tokenizer is no model.
                let other = !call.starts_with('.') && !callee.is_empty();
                if other || small.iter().any(|end| callee.contains(end)) {
                    continue;
                }
                let arguments = code.get(at + call.len()..).unwrap_or_default();
                let of_call = arguments.split(')').next().unwrap_or_default();
                if of_call.contains("repo_type") {
                    continue;
                }
                if let Some(name) = self.first_string(run, invocation, arguments).filter(|name| is_remote(name)) {
                    found.push((at, name, origin));
                }
            }
        }
        found.sort_by_key(|(at, ..)| *at);
        let folder = |origin| if set { Folder::Unknown } else { usual(origin) };
        found.into_iter().map(|(_, name, origin)| (name, origin, folder(origin))).collect()
    }

    /// The string that a call's arguments begin with: a literal, a named argument, or a variable of the environment.
    fn first_string(&self, run: &Run, invocation: &Invocation, arguments: &str) -> Option<String> {
        let start = arguments.find(['\'', '"'])?;
        let (before, rest) = arguments.split_at_checked(start)?;
        let quote = rest.chars().next()?;
        let text = rest.get(1..)?.split(quote).next()?;
        let before: String = before.chars().filter(|c| !c.is_whitespace()).collect();
        let value = before.rsplit_once('=').map_or(before.as_str(), |(_, value)| value);
        match value {
            "" if !before.contains([',', ')']) => Some(text.to_owned()),
            "os.environ[" | "os.environ.get(" | "os.getenv(" | "environ[" | "getenv(" => {
                self.variable(run, invocation, text).and_then(Value::known).map(str::to_owned)
            }
            _ => None,
        }
    }

    /// Where the libraries of an origin put what they are not told where to put.
    fn usual_places(&self, stage: &StageFacts, run: &Run, invocation: &Invocation, origin: Origin) -> Vec<String> {
        match origin {
            Origin::HuggingFace => {
                let variables = ["SENTENCE_TRANSFORMERS_HOME", "HF_HUB_CACHE", "HF_HOME", "TRANSFORMERS_CACHE"];
                self.cache_folders(stage, run, invocation, &variables, "huggingface").folders
            }
            Origin::Nltk => {
                if let Some(folder) = self.variable(run, invocation, "NLTK_DATA") {
                    return folder.known().map(str::to_owned).into_iter().collect();
                }
                let homes = self.homes(stage, run, invocation);
                homes.into_iter().map(|home| format!("{home}/nltk_data")).collect()
            }
            Origin::Whisper | Origin::Spacy | Origin::Other => Vec::new(),
        }
    }
}

/// Whether it is so small that a place outside the image is more work than it saves: the smallest models of spaCy, and all of
/// NLTK's data but its collections.
fn is_small(name: &str, origin: Origin) -> bool {
    match origin {
        Origin::Spacy => name.ends_with("_sm"),
        Origin::Nltk => !matches!(name, "all" | "all-corpora" | "all-nltk" | "book" | "popular" | "third-party"),
        _ => false,
    }
}

/// Where a download goes.
enum Folder {
    At(String),
    Usual,
    Unknown,
}

fn usual(origin: Origin) -> Folder {
    if matches!(origin, Origin::Whisper | Origin::Spacy | Origin::Other) { Folder::Unknown } else { Folder::Usual }
}

/// A name that is looked up elsewhere, and no path: `BAAI/bge-m3`, `base`.
fn is_remote(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    !name.is_empty() && !name.starts_with(['/', '.']) && name.matches('/').count() < 2 && name.chars().all(plain)
}

/// What the flag `names` is given, as an absolute path.
fn folder_of(invocation: &Invocation, names: &[&str]) -> Folder {
    let arguments = &invocation.arguments;
    let value = arguments.iter().enumerate().find_map(|(index, argument)| {
        let text = argument.value.text();
        if names.contains(&text) {
            return Some(arguments.get(index + 1).map_or_else(Value::unknown, |next| next.value.clone()));
        }
        names.iter().find_map(|name| text.strip_prefix(name)?.strip_prefix('=')).map(Value::new)
    });
    match (value.as_ref().map(Value::known), invocation.workdir.known()) {
        (None, _) => Folder::Usual,
        (Some(Some(path)), _) if path.starts_with('/') && !path.contains(UNKNOWN) => Folder::At(resolve("/", path)),
        (Some(Some(path)), Some(workdir)) if !path.contains(UNKNOWN) => Folder::At(resolve(workdir, path)),
        _ => Folder::Unknown,
    }
}

/// `hf download BAAI/bge-m3 --local-dir /models`
fn from_hub(invocation: &Invocation) -> Option<(String, Origin, Folder)> {
    if invocation.argument(0) != Some("download") {
        return None;
    }
    // Another kind than a model is a data set.
    let kind = invocation.arguments.iter().any(|argument| argument.value.text().starts_with("--repo-type"));
    let name = invocation.arguments.get(1)?.value.known().filter(|name| is_remote(name) && !name.starts_with('-'))?;
    let folder = folder_of(invocation, &["--local-dir", "--cache-dir"]);
    (!kind).then(|| (name.to_owned(), Origin::HuggingFace, folder))
}

fn of_spacy(invocation: &Invocation, from: usize) -> Vec<(String, Origin, Folder)> {
    let name = invocation.argument(from).filter(|name| is_remote(name) && !name.starts_with('-'));
    name.map(|name| (name.to_owned(), Origin::Spacy, Folder::Unknown)).into_iter().collect()
}

fn of_nltk(invocation: &Invocation, from: usize) -> Vec<(String, Origin, Folder)> {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(argument) = invocation.arguments.get(at) {
        at += 1;
        match argument.value.known() {
            Some("-d" | "--dir" | "-u" | "--url") => at += 1,
            Some(name) if is_remote(name) && !name.starts_with('-') => {
                found.push((name.to_owned(), Origin::Nltk, folder_of(invocation, &["-d", "--dir"])));
            }
            _ => {}
        }
    }
    found
}

/// `curl -o /models/a.gguf https://…/a.gguf`
fn fetched(invocation: &Invocation) -> Vec<(String, Origin, Folder)> {
    let address = |text: &str| {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        // What a repository of sources holds as a plain file is small.
        let source = text.contains("://raw.githubusercontent.com/");
        let known = text.contains("://") && !path.contains(UNKNOWN) && !source;
        (known && has_extension(path, &WEIGHTS)).then(|| file_name(path).to_owned())
    };
    let names = invocation.arguments.iter().filter_map(|argument| address(argument.value.text()));
    let target = || {
        let flags: &[&str] =
            if invocation.program == "wget" { &["-O", "--output-document"] } else { &["-o", "--output"] };
        folder_of(invocation, flags)
    };
    let folder = |name: &str| match target() {
        Folder::Usual if invocation.output.is_some() => Folder::Unknown,
        Folder::Usual => {
            let flags: &[&str] =
                if invocation.program == "wget" { &["-P", "--directory-prefix"] } else { &["--output-dir"] };
            match (folder_of(invocation, flags), invocation.workdir.known()) {
                (Folder::At(folder), _) => Folder::At(format!("{}/{name}", folder.trim_end_matches('/'))),
                (Folder::Usual, Some(workdir)) => Folder::At(resolve(workdir, name)),
                _ => Folder::Unknown,
            }
        }
        other => other,
    };
    names.map(|name| (name.clone(), Origin::Other, folder(&name))).collect()
}
