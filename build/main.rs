//! Checks the rule pages and the catalogue's data, and turns them into the tables that `src` includes.
//!
//! What is not as it must be fails the build with its file, line and key.

mod catalogue;
mod pages;
mod problem;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

#[expect(clippy::print_stdout, reason = "this is how cargo is told")]
fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=rules");
    // What is generated names pages by where they lie; a target folder that several checkouts share outlives each of them.
    println!("cargo::rerun-if-env-changed=CARGO_MANIFEST_DIR");
    let folder = |name| PathBuf::from(env::var_os(name).unwrap_or_default());
    let (rules, out) = (folder("CARGO_MANIFEST_DIR").join("rules"), folder("OUT_DIR"));
    let generated = [pages::generate(&rules), catalogue::generate(&rules)].map(|files| write(files?, &out));
    let problems: Vec<String> = generated.into_iter().filter_map(Result::err).flatten().collect();
    for problem in &problems {
        println!("cargo::error={problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The names and texts of generated files, or what is wrong with what they come from.
type Generated = Result<Vec<(&'static str, String)>, Vec<String>>;

fn write(files: Vec<(&'static str, String)>, out: &Path) -> Result<(), Vec<String>> {
    for (name, code) in files {
        fs::write(out.join(name), code).map_err(|error| vec![format!("{name}: {error}")])?;
    }
    Ok(())
}
