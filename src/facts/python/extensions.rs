//! Local projects whose installation compiles something.

use crate::workspace::join;

use super::Omitted;
use super::reader::Reader;

/// A local project with modules that are compiled when it is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The file that says so, relative to the workspace's root.
    pub file: String,
    /// Whether some of it is C++.
    pub is_cpp: bool,
}

/// Words of a `setup.py` that declare modules to compile: those of setuptools, cffi, setuptools-rust, setuptools-golang and Cython.
const SCRIPT: [&str; 6] =
    ["ext_modules", "cffi_modules", "rust_extensions", "build_golang", "Extension(", "cythonize("];
/// Backends that only projects with compiled modules use (their documentation, 2026).
const BACKENDS: [&str; 4] = ["maturin", "scikit_build_core.build", "mesonpy", "setuptools_golang"];

impl Reader<'_, '_> {
    /// Remembers that the project in `folder`, which is installed itself, is compiled.
    pub(super) fn extensions_of(&mut self, folder: &str) {
        if self.install.omitted != Omitted::None {
            return;
        }
        for name in ["setup.py", "pyproject.toml"] {
            let Some(file) = join(folder, name) else { continue };
            let Ok(source) = self.facts.workspace.read(&file) else { continue };
            let declared = if name == "setup.py" { in_script(source.text()) } else { in_manifest(source.text()) };
            if declared && !self.install.extensions.iter().any(|other| other.file == file) {
                let is_cpp = [".cpp", ".cxx", ".cc\"", ".cc'", "c++"].iter().any(|sign| source.text().contains(sign));
                self.install.extensions.push(Extension { file, is_cpp });
            }
        }
    }
}

fn in_script(text: &str) -> bool {
    let code = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let is_import = |line: &str| ["import ", "from "].iter().any(|word| line.trim_start().starts_with(word));
    code.filter(|line| !is_import(line)).any(|line| {
        SCRIPT.iter().any(|word| {
            let mut places = line.match_indices(word);
            places.any(|(at, word)| {
                let value: String = line.get(at + word.len()..).unwrap_or_default().split_whitespace().collect();
                let is_empty = ["=[]", "=None", "={}", "=()"].iter().any(|empty| value.starts_with(empty));
                word.ends_with('(') || (value.starts_with('=') && !value.starts_with("==") && !is_empty)
            })
        })
    })
}

fn in_manifest(text: &str) -> bool {
    text.lines().map(str::trim).filter_map(|line| line.split_once('=')).any(|(key, value)| match key.trim() {
        "build-backend" => BACKENDS.contains(&value.trim().trim_matches(['"', '\''])),
        "ext-modules" => value.trim() != "[]",
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{in_manifest, in_script};

    #[test]
    fn modules_that_are_compiled_are_seen() {
        for text in [
            "setup(\n  ext_modules=[\n    Extension('x', ['x.c']),\n  ],\n)",
            "setup(cffi_modules=['build_x.py:ffi'])",
            "setup(rust_extensions = [RustExtension('x.y')])",
        ] {
            assert!(in_script(text), "{text}");
        }
        for text in [
            "setup(name='x')",
            "setup(ext_modules=[])",
            "# ext_modules=[Extension('x', ['x.c'])]\nsetup()",
            "from setuptools import Extension, setup\nsetup()",
        ] {
            assert!(!in_script(text), "{text}");
        }
        assert!(in_manifest("[build-system]\nbuild-backend = \"maturin\"\n"));
        assert!(!in_manifest("[build-system]\nbuild-backend = \"setuptools.build_meta\"\n"));
    }
}
