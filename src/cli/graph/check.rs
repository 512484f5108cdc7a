//! `commoncause graph check`: every problem of a graph at once.

use crate::cli::output::{count, utc_today, write};
use crate::cli::{Exit, Problems};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Colour, Diagnostic, Severity, Sources, Tool, render_human, render_json, render_sarif};
use crate::graph::rules::{ALL, bad_duration};
use crate::graph::{self, Staleness};
use jiff::civil::Date;
use std::path::PathBuf;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files or folders; all are merged.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print the problems.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The day against which `verified` is checked; default: today.
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// The age from which what was `verified` is stale.
    #[arg(long, value_name = "DURATION", default_value = "365d", value_parser = days)]
    stale_after: i32,
    /// From which weight on a problem makes the check fail.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Looks at problems of these codes alone, with commas; errors are told in any case.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = known_code)]
    only: Vec<String>,
    /// Leave hints out.
    #[arg(long)]
    no_hints: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people: each problem with its line and the next step.
    Human,
    /// A list for tools; what is accepted has its reason under `allowed`.
    Json,
    /// SARIF 2.1.0, for code hosts that show problems beside the lines.
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Hint,
}

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Hint => Severity::Hint,
        }
    }
}

/// A code of a check.
fn known_code(text: &str) -> Result<String, String> {
    match ALL.iter().any(|code| code.id == text) {
        true => Ok(text.to_string()),
        false => Err(did_you_mean(text, ALL.iter().map(|c| c.id)).unwrap_or_else(|| "no such code".to_string())),
    }
}

/// Whole days of a duration such as `365d` or `8w`.
fn days(text: &str) -> Result<i32, String> {
    let seconds = bad_duration::parse(text);
    seconds.map(|s| (s / DAY) as i32).ok_or_else(|| "write a number and a unit, e.g. 90d or 26w".to_string())
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let mut sources = Sources::default();
    let today = args.today.unwrap_or_else(utc_today);
    let staleness = Staleness { today, after_days: args.stale_after };
    let (graph, mut problems) = graph::check(&args.paths, &mut sources, Some(staleness));
    let asked = |d: &Diagnostic| d.severity == Severity::Error || args.only.iter().any(|code| code == d.code.id);
    problems.retain(|d| args.only.is_empty() || asked(d));
    if args.no_hints {
        problems.retain(|d| d.severity != Severity::Hint);
    }
    let (open, accepted): (Vec<Diagnostic>, Vec<Diagnostic>) =
        problems.iter().cloned().partition(|d| d.allowed.is_none());
    let text = match args.format {
        Format::Human => render_human(&open, &sources, Colour::Never),
        Format::Json => render_json(&problems, &sources),
        Format::Sarif => render_sarif(&problems, &sources, TOOL),
    };
    let written = write(&text, None);
    let (components, edges) = graph
        .map_or((0, 0), |g| (g.components().len(), g.components().iter().map(|c| c.depends_on.len()).sum::<usize>()));
    let aside = if accepted.is_empty() { String::new() } else { format!(", {} accepted", accepted.len()) };
    eprintln!("{components} components, {edges} dependencies: {}{aside}", count(&open));
    match (written, Problems(&open).exit()) {
        (Exit::Done, Exit::Done) if open.iter().any(|d| d.severity <= args.fail_on.severity()) => Exit::Findings,
        (Exit::Done, exit) => exit,
        (written, _) => written,
    }
}

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    repository: env!("CARGO_PKG_REPOSITORY"),
    codes: ALL,
};
