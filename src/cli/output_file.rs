//! The value of `--output-file`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::output::Format;

/// A report besides the one on standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputFile {
    pub format: Format,
    pub path: PathBuf,
}

/// `sarif=slimlint.sarif`
pub(super) fn output_file(text: &str) -> Result<OutputFile, String> {
    let (format, path) = text.split_once('=').ok_or("write it as FORMAT=PATH, such as sarif=slimlint.sarif")?;
    let format = Format::from_str(format, true).map_err(|_| {
        let values = Format::value_variants().iter().filter_map(Format::to_possible_value);
        let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        format!("there is no format of that name; take one of {}", names.join(", "))
    })?;
    if path.is_empty() {
        Err("a path has to stand behind `=`".to_owned())
    } else {
        Ok(OutputFile { format, path: path.into() })
    }
}
