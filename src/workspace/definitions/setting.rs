/// What is written of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::workspace) enum Setting {
    #[default]
    Unset,
    /// It is set to something that nobody knows.
    Unknown,
    Known(String),
}

impl Setting {
    /// It, or `below` where it is not set.
    pub(in crate::workspace) fn or(self, below: Self) -> Self {
        if self == Self::Unset { below } else { self }
    }

    /// Its value, which is `default` where it is not set; `None` when nobody knows.
    pub(in crate::workspace) fn known_or(self, default: &str) -> Option<String> {
        match self {
            Self::Unset => Some(default.to_owned()),
            Self::Unknown => None,
            Self::Known(value) => Some(value),
        }
    }

    /// Its value, where it is set and known.
    pub(in crate::workspace) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    pub(in crate::workspace) fn is_unset(&self) -> bool {
        *self == Self::Unset
    }
}

impl From<Option<String>> for Setting {
    /// What was set, if it is known.
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Unknown, Self::Known)
    }
}
