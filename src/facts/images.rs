use crate::catalogue::{self, BaseImage};
use crate::dockerfile::Value;

/// What a stage is built on.
#[derive(Clone, Debug)]
pub enum Base {
    /// An earlier stage.
    Stage(usize),
    /// An image. Parts of the reference may be unknown.
    Image(Value),
    /// Nothing: `FROM scratch`.
    Scratch,
}

/// What the catalogue knows of an image. Stretches that are not known are left out of the reference, which keeps
/// `python:⟨?⟩-slim` recognisable.
pub(super) fn describe(base: &Base) -> BaseImage {
    match base {
        Base::Image(reference) => match reference.known() {
            Some(reference) => catalogue::base_image(reference),
            None if reference.text().starts_with(crate::dockerfile::UNKNOWN) && !reference.text().contains(':') => {
                catalogue::base_image("")
            }
            None => catalogue::base_image(&reference.text().replace(crate::dockerfile::UNKNOWN, "")),
        },
        Base::Scratch | Base::Stage(_) => catalogue::base_image("scratch"),
    }
}
