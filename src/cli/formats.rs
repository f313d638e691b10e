//! The formats of `check`, by the names that the command line has for them.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::output;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// Snippets, evidence and remedies
    #[default]
    Text,
    /// One line for each finding
    Concise,
    /// One object
    Json,
    /// SARIF 2.1.0, for code scanning services and editors
    Sarif,
    /// Annotations in a log of GitHub Actions
    Github,
    /// GitLab's Code Quality report
    Gitlab,
    /// A test suite for each file, as JUnit writes them
    Junit,
    /// As Checkstyle writes them
    Checkstyle,
    /// One line for each finding, in the form of the GNU coding standards
    Gnu,
    /// A table for a comment on a pull request
    Markdown,
}

impl From<CheckFormat> for output::Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Text => Self::Text,
            CheckFormat::Concise => Self::Concise,
            CheckFormat::Json => Self::Json,
            CheckFormat::Sarif => Self::Sarif,
            CheckFormat::Github => Self::Github,
            CheckFormat::Gitlab => Self::Gitlab,
            CheckFormat::Junit => Self::Junit,
            CheckFormat::Checkstyle => Self::Checkstyle,
            CheckFormat::Gnu => Self::Gnu,
            CheckFormat::Markdown => Self::Markdown,
        }
    }
}

/// A report besides the one on standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputFile {
    pub format: CheckFormat,
    pub path: PathBuf,
}

/// `sarif=slimlint.sarif`
pub(super) fn output_file(text: &str) -> Result<OutputFile, String> {
    let (format, path) = text.split_once('=').ok_or("write it as FORMAT=PATH, such as sarif=slimlint.sarif")?;
    let format = CheckFormat::from_str(format, true).map_err(|_| {
        let values = CheckFormat::value_variants().iter().filter_map(CheckFormat::to_possible_value);
        let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        format!("there is no format of that name; take one of {}", names.join(", "))
    })?;
    if path.is_empty() {
        Err("a path has to stand behind `=`".to_owned())
    } else {
        Ok(OutputFile { format, path: path.into() })
    }
}
