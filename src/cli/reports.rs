//! Where the results of `check` are written: standard output and the files of `--output-file`.

use crate::output::{self, Format, Output, Paint, ReportFile, ReportFileError, Results};

use super::args::Check;
use super::output_file::OutputFile;
use super::run::Task;
use super::{Status, Terminal};

/// Finds out where reports go, before anything is linted or changed.
pub(super) fn prepare(
    arguments: &Check,
    tasks: &[Task],
    terminal: &mut Terminal<'_>,
) -> Result<Vec<ReportFile>, Status> {
    let mut files: Vec<ReportFile> = Vec::new();
    let prepare = |given: &OutputFile, files: &[ReportFile]| -> Result<ReportFile, ReportFileError> {
        let roots = tasks.iter().map(|(workspace, _, _)| workspace.root());
        let file = ReportFile::new(given.format, &given.path, &terminal.cwd, roots)?;
        file.differs(files)?;
        tasks.iter().try_for_each(|(workspace, paths, _)| file.spares(workspace, paths))?;
        Ok(file)
    };
    for given in &arguments.output_file {
        match prepare(given, &files) {
            Ok(file) => files.push(file),
            Err(error) => return Err(terminal.error(&format!("--output-file: {error}"))),
        }
    }
    let formats = files.iter().map(|file| file.format).chain([arguments.format]);
    if arguments.statistics && formats.into_iter().any(|format: Format| !format.has_statistics()) {
        terminal.note("only text, concise, json and markdown have a place for --statistics; other reports are without");
    }
    Ok(files)
}

/// Writes results to standard output, and to `files`.
pub(super) fn write(
    files: &[ReportFile],
    results: &Results<'_>,
    arguments: &Check,
    terminal: &mut Terminal<'_>,
) -> Status {
    let write = writer(arguments);
    let status = terminal.write(|out, paint| write(results, arguments.format, paint, out));
    status.max(write_files(files, results, arguments, terminal))
}

/// Writes results to `files`. One that cannot be written does not stop the others.
pub(super) fn write_files(
    files: &[ReportFile],
    results: &Results<'_>,
    arguments: &Check,
    terminal: &mut Terminal<'_>,
) -> Status {
    let write = writer(arguments);
    let plain = Paint::new(false);
    let mut status = Status::Clean;
    for file in files {
        let written = match file.output() {
            Some(Output::Out) => terminal.write(|out, _| write(results, file.format, plain, out)),
            Some(Output::Err) => {
                // That it cannot be told changes nothing about it.
                let _ = write(results, file.format, plain, terminal.err);
                Status::Clean
            }
            None => {
                let spares = results.reports.iter().try_for_each(|(workspace, _)| file.spares(workspace, &[]));
                let written = spares.and_then(|()| file.write(|out| write(results, file.format, plain, out)));
                written.map_or_else(|error| terminal.error(&format!("--output-file: {error}")), |()| Status::Clean)
            }
        };
        status = status.max(written);
    }
    status
}

type Writer = fn(&Results<'_>, Format, Paint, &mut dyn std::io::Write) -> std::io::Result<()>;

fn writer(arguments: &Check) -> Writer {
    if arguments.statistics { output::write_statistics } else { output::write }
}
