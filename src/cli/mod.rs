//! The command line: one file per command. stdout is data, stderr is talk.

/// As those of the standard library, which panic if the reader has gone or the disk is full. Then there is nobody to tell,
/// and what is done goes on.
macro_rules! eprintln {
    ($($text:tt)*) => {{
        use ::std::io::Write as _;
        let _ = ::std::writeln!(::std::io::stderr(), $($text)*);
    }};
}
macro_rules! eprint {
    ($($text:tt)*) => {{
        use ::std::io::Write as _;
        let _ = ::std::write!(::std::io::stderr(), $($text)*);
    }};
}
macro_rules! println {
    ($($text:tt)*) => {{
        use ::std::io::Write as _;
        let _ = ::std::writeln!(::std::io::stdout(), $($text)*);
    }};
}

mod backtest;
mod bundle;
mod collect;
mod correlate;
mod graph;
mod infer;
mod notify;
mod numbers;
mod output;
mod replay;
mod test;
mod watch;
mod whatif;

use crate::diag::Diagnostic;
use clap::{Parser, Subcommand};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The input was understood and something in it is wrong.
    Findings = 1,
    /// The command line was wrong.
    Usage = 2,
    /// A file or the network could not be read or written.
    Io = 3,
    /// A bug of ours.
    Bug = 70,
}

/// Several things are failing at once: what do they share, and is that the cause?
#[derive(Debug, Parser)]
#[command(name = "commoncause", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Rank the common causes of an incident.
    Correlate(correlate::Args),
    /// Tell how the ranking came about, or print a bundle's report once more.
    Replay(replay::Args),
    /// Run labelled incidents and score the answers.
    Backtest(backtest::Args),
    /// Run scenario tests of a graph.
    Test(test::Args),
    /// Ask live sources, and keep what they say.
    Collect(collect::Args),
    /// Collect, correlate as it unfolds, and tell when the verdict changes.
    Watch(watch::Args),
    /// Try whether those who are to be told take what they are told.
    Notify(notify::Args),
    /// Raw inference on a prepared network.
    Infer(infer::Args),
    /// Maintain the dependency graph.
    Graph(graph::Args),
}

/// Runs one command.
pub fn run(cli: Cli) -> Exit {
    match cli.command {
        Command::Correlate(args) => correlate::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Backtest(args) => backtest::run(args),
        Command::Test(args) => test::run(args),
        Command::Collect(args) => collect::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Notify(args) => notify::run(&args),
        Command::Infer(args) => infer::run(args),
        Command::Graph(args) => graph::run(args),
    }
}

/// Problems that ended a command.
struct Problems<'a>(&'a [Diagnostic]);

impl Problems<'_> {
    /// I/O if a file could not be read, findings if the input is wrong, else done.
    fn exit(&self) -> Exit {
        let errors = || self.0.iter().filter(|d| d.severity == crate::diag::Severity::Error);
        if errors().any(|d| UNREADABLE.contains(&d.code.id)) {
            Exit::Io
        } else if errors().next().is_some() {
            Exit::Findings
        } else {
            Exit::Done
        }
    }
}

/// Codes that mean that a file could not be read at all.
const UNREADABLE: [&str; 4] = ["missing-file", "unreadable-file", "unwritable-log", "unusable-outbox"];
