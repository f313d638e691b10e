//! What is made for other programs: completions, the manual page, the schema of the configuration.

use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::config;

use super::args::Arguments;
use super::{Status, Terminal};

pub(super) fn completions(shell: Shell, terminal: &mut Terminal<'_>) -> Status {
    terminal.write(|out, _| {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "slimlint", &mut script);
        out.write_all(&script)
    })
}

pub(super) fn man(terminal: &mut Terminal<'_>) -> Status {
    terminal.write(|out, _| {
        let mut page = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
        out.write_all(&page)
    })
}

pub(super) fn schema(terminal: &mut Terminal<'_>) -> Status {
    terminal.write(|out, _| {
        let text = serde_json::to_string_pretty(&config::schema()).map_err(io::Error::other)?;
        writeln!(out, "{text}")
    })
}
