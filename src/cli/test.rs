//! `commoncause test`: what a team expects of its graph, held against what comes out.

mod print;

use super::correlate::{case, observations};
use super::output::{patiently, tell, write};
use super::{Exit, Problems};
use crate::correlate::{self, Detail, correlate};
use crate::diag::{Diagnostic, Sources, clean};
use crate::graph::rules::files::unreadable;
use crate::report::terminal;
use crate::report::view::{IncidentName, Report};
use crate::scenario::{self, Check, Outcome, Scenario};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Columns of text.
const WIDTH: usize = 80;
/// Folders inside folders.
const MOST_DEPTH: usize = 16;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run scenario tests of a graph: given these signals, expect this cause, this probability, never that. \
                  Ends with 1 if any fails.",
    after_help = "Examples:\n  commoncause test tests/scenarios\n  commoncause test tests/scenarios --format junit"
)]
pub struct Args {
    /// Files of scenarios, or folders of such files.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print what came of it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Run only tests whose name contains this.
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
    /// Also print the whole report of each test that is run.
    #[arg(long)]
    report: bool,
    /// Write to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
    Junit,
}

/// The tests of one file, as they came out.
struct Suite {
    /// The file as the user may type it.
    path: String,
    results: Vec<TestResult>,
}

/// How one test came out.
struct TestResult {
    name: String,
    checks: Vec<Check>,
    /// The whole report, if it was asked for.
    report: Option<String>,
}

impl TestResult {
    fn passed(&self) -> bool {
        self.checks.iter().all(|c| c.outcome == Outcome::Holds)
    }
}

/// Runs the command.
pub fn run(args: Args) -> Exit {
    if args.report && args.format != Format::Human {
        eprintln!("error: --report goes with --format human");
        return Exit::Usage;
    }
    let (mut sources, mut problems) = (Sources::default(), Vec::new());
    let mut loaded: Vec<(String, Vec<Scenario>)> = Vec::new();
    for path in files(&args.paths, &mut problems) {
        let (scenarios, told) = scenario::load(&path, &mut sources);
        problems.extend(told);
        loaded.push((path.display().to_string(), scenarios));
    }
    tell(&problems, &sources);
    // A test that could not be read must not look like one that passed.
    let exit = Problems(&problems).exit();
    if exit != Exit::Done {
        return exit;
    }
    if let Some(part) = &args.filter {
        loaded.iter_mut().for_each(|(_, scenarios)| scenarios.retain(|s| s.name.contains(part)));
        loaded.retain(|(_, scenarios)| !scenarios.is_empty());
        if loaded.is_empty() {
            eprintln!("error: no test's name contains `{}`", clean(part));
            return Exit::Usage;
        }
    }
    let count: usize = loaded.iter().map(|(_, scenarios)| scenarios.len()).sum();
    let suites: Vec<Suite> = patiently(&format!("running {count} tests"), || {
        let suite = |(path, scenarios): &(String, Vec<Scenario>)| Suite {
            path: path.clone(),
            results: scenarios.par_iter().map(|s| judge(s, args.report)).collect(),
        };
        loaded.iter().map(suite).collect()
    });
    let failed = suites.iter().flat_map(|s| &s.results).filter(|r| !r.passed()).count();
    let text = match args.format {
        Format::Human => Ok(print::human(&suites)),
        Format::Json => Ok(print::json(&suites)),
        Format::Junit => print::junit(&suites),
    };
    let text = match text {
        Ok(text) => text,
        Err(e) => {
            eprintln!("error: the results cannot be written as JUnit: {e}");
            return Exit::Bug;
        }
    };
    match write(&text, args.out.as_deref()) {
        Exit::Done if failed > 0 => Exit::Findings,
        written => written,
    }
}

fn judge(scenario: &Scenario, whole: bool) -> TestResult {
    let detail = if whole || !scenario.expect.kinds.is_empty() { Detail::Full } else { Detail::Verdict };
    let options = correlate::Options { detail, ..correlate::Options::default() };
    let signals = observations(&scenario.incident);
    let mut report: Report = correlate(case(&scenario.incident, &signals), &options);
    let checks = scenario.expect.judge(&report);
    // Only now does its name come in: it cannot have been scored.
    report.incident = IncidentName { id: scenario.name.clone(), title: scenario.name.clone() };
    let shown = whole.then(|| terminal::terminal(&report, WIDTH, terminal::Style::Plain));
    TestResult { name: scenario.name.clone(), checks, report: shown }
}

/// The files that are named, and all YAML files below folders that are named, in the order of their names.
fn files(paths: &[PathBuf], problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            // What cannot be read is told by whoever reads it.
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        if let Err(e) = below(path, 0, &mut found) {
            problems.push(unreadable(&path.display().to_string(), &e.to_string()));
        } else if found.len() == before {
            let message = format!("no file of scenarios in `{}`", path.display());
            problems.push(Diagnostic::error(scenario::EMPTY, message).help("a scenario is a .yaml or .yml file"));
        }
    }
    found
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut inside = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    inside.sort();
    for path in inside {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        // Links to folders are not followed: they may run in circles.
        let folder = path.is_dir() && !path.is_symlink();
        if hidden {
            continue;
        } else if folder && depth < MOST_DEPTH {
            below(&path, depth + 1, found)?;
        } else if !path.is_dir() && path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
    Ok(())
}
