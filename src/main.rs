//! The `commoncause` command: parse, run, exit code.
#![forbid(unsafe_code)]

use clap::Parser;
use commoncause::cli::{self, Exit};
use std::io::Write;

fn main() -> std::process::ExitCode {
    // Talk goes to stderr, and only if it is asked for: COMMONCAUSE_LOG=debug.
    let filter = tracing_subscriber::EnvFilter::from_env("COMMONCAUSE_LOG");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    // A panic is a bug of ours, whatever the input: say so, and end with the code for it.
    let run = || cli::run(cli::Cli::parse());
    let exit = std::panic::catch_unwind(run).unwrap_or_else(|_| {
        let _ = writeln!(
            std::io::stderr(),
            "This is a bug in commoncause. Please report it with the command and its input."
        );
        Exit::Bug
    });
    (exit as u8).into()
}
