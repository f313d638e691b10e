//! Commands that change owners and modes of whole folders.

use crate::dockerfile::Value;

use super::super::Invocation;
use super::super::commands::Options;
use super::super::paths::resolve;

/// What a command changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnershipAction {
    /// `chown`
    Owner,
    /// `chgrp`
    Group,
    /// `chmod`
    Mode,
}

/// `chown -R OWNER FOLDER…`
pub(super) struct Recursive {
    pub(super) action: OwnershipAction,
    pub(super) given: Option<Value>,
    pub(super) paths: Vec<Named>,
}

/// A folder that a command names.
#[derive(Clone)]
pub(super) struct Named {
    /// Absolute.
    pub(super) path: String,
    /// Hidden files right below it are left out: `FOLDER/*`.
    pub(super) without_hidden: bool,
    /// As written, where that is relative.
    pub(super) relative: Option<String>,
}

impl Recursive {
    /// What it is given, where that is known.
    pub(super) fn known(&self) -> Option<&str> {
        self.given.as_ref().and_then(Value::known)
    }

    /// The owner that it gives, where it gives one that is known.
    pub(super) fn owner(&self) -> Option<&str> {
        self.known().filter(|_| self.action == OwnershipAction::Owner)
    }

    pub(super) fn read(invocation: &Invocation) -> Option<Self> {
        let (action, with_value): (_, &[&str]) = match invocation.program.as_str() {
            "chown" => (OwnershipAction::Owner, &["--from", "--reference"]),
            "chgrp" => (OwnershipAction::Group, &["--from", "--reference"]),
            "chmod" => (OwnershipAction::Mode, &["--reference"]),
            _ => return None,
        };
        let folder = invocation.workdir.known()?;
        let options = Options::read(&invocation.arguments, with_value);
        // `--from=root:root` leaves files alone that have their owner already.
        if !options.has(&["-R", "--recursive"]) || options.has(&["--from"]) {
            return None;
        }
        let mut words = options.operands.iter().map(|(_, argument)| &argument.value);
        // `chmod -R -x FOLDER`: the mode looks like a flag.
        let mode_is_flag = action == OwnershipAction::Mode && options.has(&["-r", "-w", "-x", "-X", "-s", "-t"]);
        let given = if options.has(&["--reference"]) || mode_is_flag { None } else { Some(words.next()?.clone()) };
        let paths = words.filter_map(Value::known).map(|path| {
            let all = path.strip_suffix('*').filter(|parent| parent.is_empty() || parent.ends_with('/'));
            let relative = (!path.starts_with('/')).then(|| path.to_owned());
            Named { path: resolve(folder, all.unwrap_or(path)), without_hidden: all.is_some(), relative }
        });
        let paths = paths.filter(|named| !named.path.contains(['*', '?', '[', '{', '~'])).collect();
        Some(Self { action, given, paths })
    }
}
