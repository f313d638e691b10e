//! All that the laws are checked on.

use std::fs;
use std::path::Path;

use slimlint::config::Settings;
use slimlint::workspace::{NameKind, is_dockerfile_name};

use super::example::{Example, Files};
use super::markdown::Document;
use super::{files_below, relative, root};

/// The pages of the rules and the cases.
pub fn documents() -> Vec<Document> {
    let root = root();
    let mut documents = Vec::new();
    for folder in ["rules", "tests/cases"] {
        for file in files_below(&root.join(folder)) {
            if file.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&file).unwrap();
                documents.push(Document::parse(&relative(&file, &root), &text));
            }
        }
    }
    documents
}

/// Every example of the pages and cases, less those whose Dockerfiles stand in other files: the laws are about files as a whole.
pub fn examples() -> Vec<Example> {
    let documents = documents();
    let all = documents.iter().flat_map(|document| document.sections.iter().map(move |section| (document, section)));
    let examples = all.flat_map(|(document, section)| Example::of(document, section));
    let holds = |path: &String| ["yml", "yaml", "hcl"].iter().any(|extension| path.ends_with(extension));
    examples.filter(|example| !example.dockerfiles.iter().any(holds)).collect()
}

/// Every service of the corpus, with all rules.
pub fn corpus() -> Vec<Example> {
    services("corpus")
}

/// Every service whose images are built to prove its fixes.
pub fn images() -> Vec<Example> {
    services("tests/images")
}

fn services(folder: &str) -> Vec<Example> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let mut folders: Vec<_> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().map(|folder| service(folder)).collect()
}

/// The service in the folder `in` of a corpus case.
pub fn service(folder: &Path) -> Example {
    let inside = folder.join("in");
    let files: Files =
        files_below(&inside).iter().map(|file| (relative(file, &inside), fs::read(file).unwrap())).collect();
    let is_dockerfile = |path: &&String| {
        let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
        is_dockerfile_name(name) == NameKind::Yes
    };
    let dockerfiles = files.keys().filter(is_dockerfile).cloned().collect();
    Example { name: relative(folder, &root()), files, dockerfiles, settings: Settings::default() }
}

/// The Dockerfiles in the folder that `SLIMLINT_REAL_DOCKERFILES` names, each alone.
pub fn real_dockerfiles() -> Vec<Example> {
    let Some(folder) = std::env::var_os("SLIMLINT_REAL_DOCKERFILES") else { return Vec::new() };
    let folder = Path::new(&folder);
    let named = |name: &str| name.to_ascii_lowercase().contains("dockerfile");
    let files = files_below(folder)
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|name| named(&name.to_string_lossy())));
    files
        .map(|file| Example {
            name: file.display().to_string(),
            files: Files::from([("Dockerfile".to_owned(), fs::read(&file).unwrap())]),
            dockerfiles: vec!["Dockerfile".to_owned()],
            settings: Settings::default(),
        })
        .collect()
}

/// What is in the repository.
pub fn own() -> Vec<Example> {
    let mut own = examples();
    own.extend(corpus());
    own.extend(images());
    own
}

/// All of them.
pub fn all() -> Vec<Example> {
    let mut all = own();
    all.extend(real_dockerfiles());
    all
}
