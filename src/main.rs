//! The `slimlint` program.

fn main() -> std::process::ExitCode {
    slimlint::cli::main()
}
