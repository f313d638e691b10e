//! Words of a Dockerfile that name files.

use lsp_types::{DocumentLink, DocumentLinkParams};

use crate::output::escape;

use super::server::{Failure, Server};

impl Server {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is one of a single lifetime")]
    pub(super) fn links(&mut self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>, Failure> {
        let place = self.place_of(&params.text_document.uri)?;
        let encoding = self.client.encoding;
        let Some(project) = self.projects.get_mut(&place.root).filter(|project| project.is_service(&place.path)) else {
            return Ok(None);
        };
        let Some(named) = project.look(&place.path, |facts| facts.named_files()) else { return Ok(None) };
        let Some((file, lines)) = project.file(&place.path) else { return Ok(None) };
        let link = |(range, path): (crate::text::TextRange, String)| {
            Some(DocumentLink {
                range: lines.range(file.text(), range, encoding),
                target: Some(Self::uri_of(&self.documents, &place.root, &path)?),
                tooltip: Some(escape(&path).into_owned()),
                data: None,
            })
        };
        Ok(Some(named.into_iter().filter_map(link).collect()))
    }
}
