use std::borrow::Cow;

use crate::catalogue::{self, BaseImage};
use crate::dockerfile::{UNKNOWN, Value};
use crate::workspace::Workspace;

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
pub(super) fn describe(workspace: &Workspace, base: &Base) -> BaseImage {
    let reference = match base {
        Base::Image(reference) => match reference.known() {
            Some(reference) => Cow::Borrowed(reference),
            None if reference.text().starts_with(UNKNOWN) && !reference.text().contains(':') => Cow::Borrowed(""),
            None => Cow::Owned(reference.text().replace(UNKNOWN, "")),
        },
        Base::Scratch | Base::Stage(_) => Cow::Borrowed("scratch"),
    };
    // Services of one repository are built on few images.
    let key = format!("base image\0{reference}");
    (*workspace.remembered_of_names(&key, || catalogue::base_image(&reference))).clone()
}
