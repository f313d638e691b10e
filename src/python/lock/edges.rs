//! Arrays of dependencies.

use std::sync::Arc;

use crate::python::{PackageName, Requirement};

use super::Edge;
use super::reader::Reader;
use super::toml::Toml;

impl Reader {
    /// An array of uv's or PEP 751's tables, or of pdm's requirements.
    pub(super) fn edges(&mut self, toml: &mut Toml<'_>) -> Vec<Edge> {
        self.tables(toml, false)
    }

    /// What uv noted of a manifest: `{ name = "a", specifier = ">=2" }`, `{ name = "b", editable = "lib" }`.
    pub(super) fn requirements(&mut self, toml: &mut Toml<'_>) -> Vec<Edge> {
        self.tables(toml, true)
    }

    fn tables(&mut self, toml: &mut Toml<'_>, of_manifest: bool) -> Vec<Edge> {
        let mut found = Vec::new();
        toml.elements(|toml| {
            if !toml.is_table() {
                let text = toml.string().unwrap_or_default();
                found.extend(self.requirement(&text));
                return;
            }
            let mut edge = Edge::to(PackageName::new(""));
            toml.members(|toml, key| match key {
                "name" => edge.name = PackageName::new(&toml.string().unwrap_or_default()),
                "version" => edge.version = toml.string().map(Into::into),
                "specifier" => edge.specifier = toml.string().map(Into::into),
                "marker" => edge.marker = toml.string().map(|marker| self.marker(&marker)),
                // A locked edge says `extra`, a requirement of the manifest `extras`.
                "extra" | "extras" if toml.is_array() => {
                    edge.extras = toml.strings().iter().map(|extra| PackageName::new(extra)).collect();
                }
                "source" => toml.members(|toml, _| edge.source = toml.string().map(Into::into).or(edge.source.take())),
                "git" | "url" | "path" | "directory" | "editable" | "virtual" if of_manifest => {
                    edge.source = toml.string().map(Into::into);
                }
                _ => toml.skip_value(),
            });
            if !edge.name.as_str().is_empty() {
                found.push(edge);
            }
        });
        found
    }

    fn requirement(&mut self, text: &str) -> Option<Edge> {
        let requirement = Requirement::parse(text, 0)?;
        let mut edge = Edge::to(requirement.name);
        edge.extras = requirement.extras;
        edge.marker = requirement.marker.map(|marker| self.marker(&marker));
        edge.specifier = Some(requirement.specifier).filter(|specifier| !specifier.is_empty()).map(Into::into);
        Some(edge)
    }

    pub(super) fn marker(&mut self, text: &str) -> Arc<str> {
        if let Some(marker) = self.markers.get(text) {
            return Arc::clone(marker);
        }
        let marker: Arc<str> = Arc::from(text);
        self.markers.insert(text.into(), Arc::clone(&marker));
        marker
    }
}
