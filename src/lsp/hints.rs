//! The bytes of installs and stages, behind their lines.

use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintParams, InlayHintTooltip};

use crate::facts::{Added, StageWeight};
use crate::text::TextRange;

use super::hover::{added_text, amount, stage_text};
use super::server::{Failure, Server};

/// Less is not worth a place behind a line, in bytes.
const WORTH_BYTES: u64 = 1_000_000;

impl Server {
    pub(super) fn inlay_hints(&mut self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>, Failure> {
        let place = self.place_of(&params.text_document.uri)?;
        let encoding = self.client.encoding;
        let Some(project) = self.projects.get_mut(&place.root).filter(|project| project.is_service(&place.path)) else {
            return Ok(None);
        };
        if !project.settings.inlay_hints {
            return Ok(Some(Vec::new()));
        }
        let Some(weights) = project.weights(&place.path) else { return Ok(Some(Vec::new())) };
        let Some((file, lines)) = project.file(&place.path) else { return Ok(None) };
        let text = file.text();
        let wanted = lines.bytes(text, params.range, encoding);
        let mut hints = Vec::new();
        let mut put = |range: TextRange, label: String, tooltip: String| {
            let line = lines.line_of(range.end().saturating_sub(1).max(range.start()));
            let Some((start, content)) = lines.line(text, line) else { return };
            let end = start + content.trim_end().len() as u32;
            if wanted.start() <= end && end <= wanted.end() {
                hints.push(InlayHint {
                    position: lines.position(text, end, encoding),
                    label: InlayHintLabel::String(label),
                    kind: Some(InlayHintKind::TYPE),
                    text_edits: None,
                    tooltip: Some(InlayHintTooltip::MarkupContent(super::hover::markdown(tooltip))),
                    padding_left: Some(true),
                    padding_right: None,
                    data: None,
                });
            }
        };
        for stage in weights.iter() {
            if let Some(label) = of_stage(stage) {
                put(stage.from, label, stage_text(stage));
            }
            for added in &stage.added {
                if let Some(label) = of_added(added) {
                    put(added.range, label, added_text(added));
                }
            }
        }
        Ok(Some(hints))
    }
}

fn of_stage(stage: &StageWeight) -> Option<String> {
    let bytes = stage.contents.bytes();
    (bytes >= WORTH_BYTES).then(|| amount(bytes, !stage.contents.is_complete()))
}

fn of_added(added: &Added) -> Option<String> {
    let bytes = added.bytes.filter(|bytes| *bytes >= WORTH_BYTES)?;
    Some(format!("+ {}", amount(bytes, added.at_least)))
}
