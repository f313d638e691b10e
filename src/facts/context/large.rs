//! Large files of a context that a final image keeps and that nothing names.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::context::{IgnoreFile, Tree, TreeFile};
use crate::workspace::{Workspace, join, parent};

use super::super::paths::{file_name, is_below};
use super::super::{Facts, StageFacts};
use super::copies::FolderCopy;
use super::needs::{Needs, is_workshop};
use super::plan::IgnorePlan;
use super::readers::{MAX_BYTES, MAX_FILES, extension, is_aside, is_code, is_manifest};
use super::spare::{Spare, SpareKind, is_input, is_settings, is_taken_back, may_lack, may_read_anything, names_path};
use super::waste::{Survey, is_plain};

/// Smaller files are not looked at.
const LARGE_BYTES: u64 = 1_000_000;
/// Names that a program puts together are looked for in string literals that are no longer, in bytes.
const LITERAL_BYTES: usize = 200;
/// More files are not looked at, the largest first.
const MAX_LARGE: usize = 60;

/// Folders whose content a server or a program takes as a whole.
const SERVED: [&str; 24] = [
    "public",
    "static",
    "assets",
    "asset",
    "www",
    "web",
    "htdocs",
    "html",
    "dist",
    "build",
    "media",
    "images",
    "img",
    "fonts",
    "templates",
    "resources",
    "locale",
    "locales",
    "uploads",
    "app_data",
    "icons",
    "wheels",
    "vendor",
    "lib",
];

/// Places in an image that a server serves, or that the program of a base image takes, as they are.
const SERVED_PLACES: [&str; 10] = [
    "/docker-entrypoint-initdb.d",
    "/flyway/sql",
    "/srv/shiny-server",
    "/srv/www",
    "/usr/local/apache2/htdocs",
    "/usr/share/caddy",
    "/usr/share/nginx",
    "/var/lib/neo4j/import",
    "/var/www",
    "/wwwroot",
];

/// Programs that serve the folder that they are started in, or are given.
const FILE_SERVERS: [&str; 8] =
    ["darkhttpd", "http-server", "httpd", "lighttpd", "live-server", "serve", "static-web-server", "voila"];

/// What a program says that takes whatever lies in its folder.
const WHOLE_FOLDER: [&str; 10] = [
    "static(__dirname)",
    "static(\".\")",
    "static('.')",
    "http.Dir(\".\")",
    "http.Dir(\"./\")",
    "listdir(\".\")",
    "listdir('.')",
    "from_pretrained(\".\"",
    "send_from_directory(\".\"",
    "send_from_directory('.'",
];

/// What one copy takes into a final image that is large and that nothing names.
#[derive(Debug)]
pub struct LargeLoad<'f> {
    /// The copy.
    pub copy: &'f FolderCopy<'f>,
    /// What, largest first.
    pub items: Vec<&'f Spare>,
    /// The files of these, largest first: path relative to the context, bytes.
    pub files: Vec<&'f TreeFile>,
}

impl LargeLoad<'_> {
    /// Bytes of all items.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.iter().fold(0, |bytes, item| bytes.saturating_add(item.bytes))
    }
}

impl Facts<'_> {
    /// What each of `copies` takes of the large files of `plan` into a final image, nothing twice, largest first.
    pub fn large_loads<'f>(&self, plan: &'f IgnorePlan, copies: &'f [FolderCopy<'f>]) -> Vec<LargeLoad<'f>> {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        let mut loads = Vec::new();
        let opens_notebooks = self.finals().any(|image| self.opens_notebooks(image));
        // `rasa run` takes the newest archive in `models` where it is told of none.
        let serves_models = self.finals().any(|image| {
            let root = self.ancestors(image).last().unwrap_or(image);
            root.image.repository.starts_with("rasa/") || self.starts_with(image, &["rasa"])
        });
        let own = plan.builds.iter().find(|build| build.dockerfile == self.service.dockerfile);
        let Some(own) = own.filter(|own| !may_read_anything(std::slice::from_ref(own))) else { return loads };
        for copy in copies {
            // An image to work in holds the repository on purpose.
            let workshop = self.stages.get(copy.stage).is_none_or(|stage| is_workshop(self, stage));
            let holders = self.descendants(copy.stage);
            if self.finals().any(|image| holders.contains(&image.index) && self.serves_files(image)) {
                continue;
            }
            let is_kept = |item: &&Spare| {
                copy.takes(&item.path).is_some_and(|place| {
                    let place = place.as_deref();
                    let served = place.is_some_and(|place| SERVED_PLACES.iter().any(|served| is_below(place, served)));
                    !served && self.ships_copied(copy.stage, copy.transfer.instruction, place)
                })
            };
            let is_opened = |item: &Spare| {
                opens_notebooks && item.kind == SpareKind::File(NOTEBOOK)
                    || serves_models && item.path.split('/').any(|part| part == "models")
            };
            let unread = plan.large.iter().filter(|item| !workshop && is_spare(own, item) && !is_opened(item));
            let taken = unread.filter(is_kept);
            let items: Vec<&Spare> = taken.filter(|item| told.insert(item.path.as_str())).collect();
            if items.is_empty() {
                continue;
            }
            let inside = |file: &&TreeFile| {
                items.iter().any(|item| is_below(&format!("/{}", file.path), &format!("/{}", item.path)))
            };
            let mut files: Vec<&TreeFile> = plan.tree.files.iter().filter(inside).collect();
            files.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
            loads.push(LargeLoad { copy, items, files });
        }
        loads.sort_by_key(|load| std::cmp::Reverse(load.bytes()));
        loads
    }

    /// Whether an image starts a server of the files in the folder where it starts.
    fn serves_files(&self, image: &StageFacts) -> bool {
        self.started(image).iter().any(|words| {
            let program = words.split_first().map(|(first, rest)| (file_name(first), rest));
            match program {
                Some(("npx" | "yarn" | "bunx", [program, ..])) => FILE_SERVERS.contains(program),
                Some(("python" | "python3", ["-m", module, ..])) => *module == "http.server",
                Some((program, _)) => FILE_SERVERS.contains(&program),
                None => false,
            }
        })
    }
}

/// Whether no step of the build names it.
fn is_spare(build: &Needs, item: &Spare) -> bool {
    may_lack(build, item) && (!matches!(item.kind, SpareKind::File(_)) || !mentions(build, &item.path))
}

impl IgnorePlan {
    /// Whether no step of any of the builds that share the ignore file names one of the files.
    #[must_use]
    pub fn all_may_lack(&self, items: &[&Spare]) -> bool {
        !may_read_anything(&self.builds)
            && items.iter().all(|item| self.builds.iter().all(|build| is_spare(build, item)))
    }
}

/// Finds those of the kinds that programs open by name, among the context's own files and outside of `spares`.
pub(super) fn find(
    workspace: &Workspace,
    context: &str,
    ignore: &IgnoreFile,
    tree: &Tree,
    survey: &Survey,
    spares: &[Spare],
) -> Vec<Spare> {
    let own: Vec<&TreeFile> = survey.own.iter().filter_map(|&index| tree.files.get(index)).collect();
    let told = |path: &str| spares.iter().any(|spare| is_below(&format!("/{path}"), &format!("/{}", spare.path)));
    let mut found: Vec<Spare> = own
        .iter()
        .filter(|file| file.bytes >= LARGE_BYTES && is_plain(&file.path) && !is_input(&file.path))
        .filter(|file| !file.path.split('/').any(|part| SERVED.contains(&part.to_ascii_lowercase().as_str())))
        .filter_map(|file| {
            let kind = SpareKind::File(kind(&file.path)?);
            Some(Spare { path: file.path.clone(), bytes: file.bytes, kind })
        })
        .filter(|spare| !told(&spare.path) && !is_taken_back(ignore, &spare.path))
        .collect();
    found.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    found.truncate(MAX_LARGE);
    if found.is_empty() {
        return found;
    }
    let needles: Vec<Vec<String>> = found.iter().map(|spare| needles(&own, &spare.path)).collect();
    let paths: Vec<String> = found.iter().map(|spare| spare.path.clone()).collect();
    let Some(named) = named(workspace, context, &own, &paths, &needles) else { return Vec::new() };
    let mut index = 0;
    found.retain(|_| {
        index += 1;
        !named.contains(&(index - 1))
    });
    found
}

/// Whether a step mentions a folder around the file, or its stem.
fn mentions(build: &Needs, path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let stem = file_name(path).split('.').next().unwrap_or_default();
    build.says(stem) || folders.split('/').filter(|part| part.len() > 2).any(|part| build.says(part) && part != "app")
}

const NOTEBOOK: &str = "a notebook";

/// What kind of file is opened by its name, in words; `None` for those of which many are taken together, such as pictures.
fn kind(path: &str) -> Option<&'static str> {
    let name = file_name(path).to_ascii_lowercase();
    let kind =
        match extension(&name) {
            "zip" | "tar" | "gz" | "tgz" | "bz2" | "xz" | "7z" | "rar" | "zst" | "iso" | "dmg" | "msi" | "deb"
            | "rpm" => "an archive",
            "csv" | "tsv" | "parquet" | "feather" | "arrow" | "jsonl" | "ndjson" | "db" | "sqlite" | "sqlite3"
            | "sql" | "dump" | "pkl" | "pickle" | "npy" | "npz" | "h5" | "hdf5" | "mat" | "rds" | "rdata"
            | "geojson" | "xlsx" | "xls" | "avro" | "orc" | "bak" | "tif" | "tiff" => "data",
            "mp4" | "mov" | "avi" | "mkv" | "webm" | "mp3" | "wav" | "flac" | "m4a" | "psd" | "fig" | "sketch"
            | "gif" => "a recording or a picture",
            "pdf" | "pptx" | "ppt" | "docx" | "doc" | "epub" => "a document",
            "pt" | "pth" | "onnx" | "safetensors" | "gguf" | "ggml" | "tflite" | "ckpt" | "caffemodel" | "weights" => {
                "weights of a model"
            }
            "ipynb" => NOTEBOOK,
            "log" | "hprof" | "core" | "pcap" | "prof" => "a log or a dump",
            _ => return None,
        };
    Some(kind)
}

/// What a program that opens the file says: its name (behind a star: or the end of it), its stem, a folder around it
/// that holds no program.
fn needles(own: &[&TreeFile], path: &str) -> Vec<String> {
    let name = file_name(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut needles = vec![name.to_owned(), format!("*{name}")];
    if stem.len() > 4 {
        needles.push(stem.to_owned());
    }
    let mut folder = parent(path);
    while !folder.is_empty() {
        let holds_program = own.iter().any(|file| parent(&file.path) == folder && is_code(file_name(&file.path)));
        if !holds_program && file_name(folder).len() > 2 {
            needles.push(file_name(folder).to_owned());
        }
        folder = parent(folder);
    }
    needles
}

/// The indexes of those of which a program or a manifest says one of the needles; `None` when there are too many to look into.
fn named(
    workspace: &Workspace,
    context: &str,
    own: &[&TreeFile],
    paths: &[String],
    needles: &[Vec<String>],
) -> Option<BTreeSet<usize>> {
    let mut hasher = DefaultHasher::new();
    (paths, needles).hash(&mut hasher);
    let key = format!("large\0{}", hasher.finish());
    let is_wanted = |path: &str| {
        let name = file_name(path);
        (is_code(name) || is_manifest(name) || is_settings(path) || is_program(name)) && !is_input_of_tools(name)
    };
    // `src/dsp/examples/__init__.py` is a part of the program.
    let packages: BTreeSet<&str> = own.iter().filter_map(|file| file.path.strip_suffix("/__init__.py")).collect();
    let is_run = |path: &str| !is_aside(path) || packages.contains(parent(path));
    let readers: Vec<_> = own.iter().filter(|file| is_wanted(&file.path) && is_run(&file.path)).collect();
    if readers.len() > MAX_FILES {
        return None;
    }
    let mut found = BTreeSet::new();
    for file in readers.into_iter().filter(|file| file.bytes <= MAX_BYTES) {
        let Some(path) = join(context, &file.path) else { continue };
        let Ok(source) = workspace.read(&path) else { continue };
        let search = || {
            let text = source.text();
            let takes_folder = WHOLE_FOLDER.iter().any(|words| text.contains(words));
            let says = |needle: &String| match needle.strip_prefix('*') {
                Some(name) => names_end_of(text, name),
                None => names_path(text, needle) || embeds(text, needle),
            };
            let beside = |place: usize| {
                let spare = paths.get(place).map_or("", String::as_str);
                takes_folder && is_below(&format!("/{spare}"), &format!("/{}", parent(&file.path)))
            };
            let named =
                needles.iter().enumerate().filter(|(place, needles)| beside(*place) || needles.iter().any(says));
            named.map(|(index, _)| index).collect::<Vec<usize>>()
        };
        found.extend(workspace.remembered_of(&format!("{key}\0{path}"), &source, search).iter().copied());
    }
    Some(found)
}

/// Whether a text puts the name together, or takes all files with its ending: `"*.csv"`, `endswith(".csv")`, `f"{city}_2020.csv"`,
/// `"data_%s.csv"`, `name + '.csv'`.
fn names_end_of(text: &str, name: &str) -> bool {
    let ending = name.rfind('.').and_then(|dot| name.get(dot..)).unwrap_or(name);
    let stem = name.strip_suffix(ending).unwrap_or_default();
    text.match_indices(ending).any(|(at, _)| {
        let after = text.get(at + ending.len()..).unwrap_or_default();
        let mut first = at.saturating_sub(LITERAL_BYTES);
        while !text.is_char_boundary(first) {
            first += 1;
        }
        let before = text.get(first..at).unwrap_or_default();
        // `glob("*.csv")`, `pattern = "\\.csv$"`
        if before.ends_with('*') || before.ends_with('\\') && after.starts_with('$') {
            return true;
        }
        let Some(quote) = after.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`')) else { return false };
        let Some((call, literal)) = before.rsplit_once(quote) else { return false };
        let call = call.trim_end_matches(['f', 'r', 'F']).trim_end();
        if literal.is_empty() {
            return ["endswith(", "endsWith(", "EndsWith(", "HasSuffix(", "endswith((", "+", "=="]
                .iter()
                .any(|call_end| call.ends_with(call_end))
                || call.ends_with(',') && call.contains("paste0(");
        }
        let (head, tail) = match (literal.rsplit_once('}'), literal.rsplit_once('%')) {
            (Some((head, tail)), _) => (head.split(['{', '$']).next().unwrap_or_default(), tail),
            (None, Some((head, tail))) => {
                let format = |c: char| c.is_ascii_digit() || matches!(c, 's' | 'd');
                (head.split('%').next().unwrap_or_default(), tail.trim_start_matches(format))
            }
            // `name + "_2020.csv"`
            (None, None) if call.ends_with('+') => ("", literal),
            _ => return false,
        };
        let head = head.rsplit('/').next().unwrap_or_default();
        let is_output = literal.starts_with("/tmp/") || literal.starts_with("/var/");
        !is_output && stem.starts_with(head) && stem.get(head.len()..).is_some_and(|rest| rest.ends_with(tail))
    })
}

/// `//go:embed all:data`
fn embeds(text: &str, name: &str) -> bool {
    let mut patterns = text.lines().filter_map(|line| line.strip_prefix("//go:embed ")).flat_map(str::split_whitespace);
    patterns.any(|pattern| pattern.trim_start_matches("all:").split('/').any(|part| part == name))
}

/// Programs in other languages than those that [`is_code`] knows.
fn is_program(name: &str) -> bool {
    matches!(
        extension(name),
        "java"
            | "kt"
            | "rs"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "cs"
            | "scala"
            | "swift"
            | "r"
            | "R"
            | "jl"
            | "lua"
            | "ex"
            | "pl"
            | "vue"
            | "svelte"
    )
}

/// Locks name packages, not files.
fn is_input_of_tools(name: &str) -> bool {
    name.contains("lock")
}

#[cfg(test)]
mod tests {
    use super::{embeds, names_end_of};

    #[test]
    fn names_are_put_together() {
        for (text, expected) in [
            ("glob('*.csv')", true),
            ("if name.endswith(\".csv\"):", true),
            ("read(f\"{city}_2020.csv\")", true),
            ("read(f\"{city}_2021.csv\")", false),
            ("open(\"data_%s.csv\" % city)", false),
            ("open(f\"/tmp/{city}_2020.csv\", \"w\")", false),
            ("open(f\"report_{city}.csv\")", false),
            ("NamedTemporaryFile(suffix=\".csv\")", false),
            ("<input accept=\".csv\">", false),
            ("if path.suffix == \".csv\":", true),
            ("read.csv(paste0(\"boston_\", year, \".csv\"))", true),
            ("open('boston_%d.csv' % year)", true),
            ("name + '.csv'", true),
            ("name + '_2020.csv'", true),
            ("open('2020.csv')", false),
            ("open('other.csv')", false),
            ("list.files(pattern = \"\\\\.csv$\")", true),
            ("open(\"boston_%02d.csv\" % month)", true),
            ("# exported as .csv by hand", false),
            ("", false),
        ] {
            assert_eq!(names_end_of(text, "boston_2020.csv"), expected, "{text}");
        }
        assert!(names_end_of("open('data_%s.csv' % city)", "data_boston.csv"));
    }

    #[test]
    fn go_embeds_folders() {
        assert!(embeds("//go:embed all:data\nvar files embed.FS", "data"));
        assert!(embeds("//go:embed static/data templates", "data"));
        assert!(!embeds("// go:embed data", "data"));
        assert!(!embeds("//go:embed datasets", "data"));
    }
}
