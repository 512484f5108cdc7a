//! The `commoncause` command: parse, run, exit code.
#![forbid(unsafe_code)]

use clap::Parser;
use commoncause::cli;

fn main() -> std::process::ExitCode {
    (cli::run(cli::Cli::parse()) as u8).into()
}
