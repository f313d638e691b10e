//! pipenv's `Pipfile` (pipenv's documentation, "Pipfile & Pipfile.lock"), which has a manifest's parts under other names.

use super::reader::{each_table, range_of, table};
use super::{Index, ManifestError, Pyproject, document, string};

/// Tables of a Pipfile that hold no packages.
const OTHERS: [&str; 5] = ["source", "requires", "scripts", "pipenv", "pipfile"];

impl Pyproject {
    /// Reads the text of a Pipfile: `[packages]` are the dependencies, every other table of packages is a group.
    ///
    /// # Errors
    /// When it is not TOML. Fields of an unexpected type are passed over.
    pub fn parse_pipfile(text: &str) -> Result<Self, ManifestError> {
        let document = document(text)?;
        let mut found = Self::default();
        for (key, item) in table(Some(document.as_item())) {
            match key.get() {
                "packages" => found.dependencies = found.all_of(item),
                "source" => found.indexes.extend(each_table(Some(item)).iter().filter_map(|index| {
                    Some(Index { name: string(index.get("name")), url: string(index.get("url"))?, explicit: false })
                })),
                name if !OTHERS.contains(&name) => {
                    let requirements = found.all_of(item);
                    found.add_group(name, range_of(key.span()), requirements);
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::Pyproject;

    #[test]
    fn packages_groups_and_sources_are_found() {
        let text = "[[source]]\nurl = \"https://example.invalid/simple\"\nname = \"main\"\n[packages]\nflask = \"*\"\n\
                    torch = {version = \"==2.2.0\", index = \"main\"}\n[dev-packages]\npytest = \">=8\"\n[docs]\nsphinx = \"*\"\n\
                    [requires]\npython_version = \"3.12\"\n[scripts]\nstart = \"flask run\"\n";
        let found = Pyproject::parse_pipfile(text).expect("TOML");
        let names: Vec<String> =
            found.dependencies.iter().map(|one| format!("{}{}", one.name, one.specifier)).collect();
        assert_eq!(names, ["flask", "torch==2.2.0"]);
        assert_eq!(found.groups.keys().collect::<Vec<_>>(), ["dev-packages", "docs"]);
        let group = found.groups.get("dev-packages").expect("a group");
        assert_eq!((group.range.slice(text), group.requirements.len()), ("dev-packages", 1));
        assert_eq!((found.indexes.len(), found.uv_sources.len()), (1, 1));
    }
}
