//! `commoncause correlate`: the main job.

mod question;

use super::output::{When, patiently, tell, write};
use super::{Exit, Problems, numbers};
use crate::correlate::{self, Case, correlate};
use crate::diag::Sources;
use crate::incident::{self, Incident, KeepGoing, Options, Parts};
use crate::report::view::{IncidentName, Report};
use crate::report::{html, json, markdown, terminal};
use crate::signal::{Observation, Window};
use jiff::Timestamp;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Columns of a report that goes nowhere in particular.
const WIDTH: usize = 80;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Rank the common causes of an incident: which shared component most likely had a fault, with its \
                  probability, what it explains and what speaks against it.",
    after_help = "Example:\n  commoncause correlate tests/incidents/meta-2024-03-05-login"
)]
pub struct Args {
    /// A folder with incident.yaml, or such a file.
    #[arg(required_unless_present = "signals", conflicts_with_all = ["signals", "from", "to"])]
    incident: Option<PathBuf>,
    /// Graph files or folders; added to those that the incident names.
    #[arg(long, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// Signal files (.jsonl, .csv, .yaml), instead of an incident.
    #[arg(long, value_name = "FILE", requires_all = ["graph", "from", "to"])]
    signals: Vec<PathBuf>,
    /// Start of the window, e.g. 2024-03-05T14:45:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// End of the window.
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Use only what had arrived by then.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Write to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Use the good signals although some are bad.
    #[arg(long)]
    keep_going: bool,
    /// Do not discount what crowds say of the innocent in a large outage.
    #[arg(long)]
    no_spillover: bool,
    /// Numbers of the model in place of the built-in ones, as YAML.
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
    /// Ask about one component, kind or family instead: "is it a cloud provider?".
    #[arg(long, value_name = "KIND-or-ID", conflicts_with = "compare")]
    ask: Option<String>,
    /// Compare two components, kinds or families instead: "this or that?".
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    compare: Option<Vec<String>>,
    /// Seed of the sampler, used only where exact inference is too wide.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Colours.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    color: When,
}

/// How to print the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Terminal,
    Markdown,
    Json,
    Html,
}

/// Runs the command.
pub fn run(args: Args) -> Exit {
    let mut sources = Sources::default();
    let options = Options {
        keep_going: if args.keep_going { KeepGoing::Yes } else { KeepGoing::No },
        now: Some(Timestamp::now()),
        until: args.until,
    };
    let (loaded, problems) = match (&args.incident, args.from, args.to) {
        (Some(path), ..) => incident::load(path, &args.graph, &mut sources, &options),
        (None, Some(start), Some(end)) if start < end => {
            let parts =
                Parts { graph: args.graph.clone(), signals: args.signals.clone(), window: Window { start, end } };
            incident::from_parts(&parts, &mut sources, &options)
        }
        _ => {
            eprintln!("error: --from must be earlier than --to");
            return Exit::Usage;
        }
    };
    tell(&problems, &sources);
    let Some(incident) = loaded else { return Problems(&problems).exit() };
    let params = match numbers::read(args.numbers.as_deref()) {
        Ok(params) => params,
        Err(exit) => return exit,
    };
    let mut engine_options = correlate::Options { params, seed: args.seed, ..correlate::Options::default() };
    engine_options.params.spillover &= !args.no_spillover;
    let what =
        format!("correlating {} signals over {} components", incident.signals.len(), incident.graph.components().len());
    if args.ask.is_some() || args.compare.is_some() {
        return patiently(&what, || question::run(&incident, &args, &engine_options));
    }
    let report = patiently(&what, || judge(&incident, &engine_options));
    let ansi = args.color.colours(args.out.is_none() && std::io::stdout().is_terminal());
    let text = match args.format {
        Format::Terminal => {
            let style = if ansi { terminal::Style::Ansi } else { terminal::Style::Plain };
            terminal::terminal(&report, WIDTH, style)
        }
        Format::Markdown => markdown::markdown(&report),
        Format::Html => html::html(&report),
        Format::Json => match json::pretty(&report) {
            Ok(text) => text,
            Err(e) => {
                eprintln!("error: the report cannot be written as JSON: {e}");
                return Exit::Bug;
            }
        },
    };
    write(&text, args.out.as_deref())
}

/// Correlates an incident. Only now do names, words and addresses come in: they cannot have been scored.
pub fn judge(incident: &Incident, options: &correlate::Options) -> Report {
    let observations = observations(incident);
    let mut report = correlate(
        Case { graph: &incident.graph, signals: &observations, coverage: &incident.coverage, window: incident.window },
        options,
    );
    report.incident = IncidentName { id: incident.name.id.clone(), title: incident.name.title.clone() };
    for (shown, record) in report.signals.iter_mut().zip(&incident.signals) {
        shown.text.clone_from(&record.text);
        shown.url.clone_from(&record.url);
    }
    report
}

/// What of an incident's signals may be scored.
fn observations(incident: &Incident) -> Vec<Observation> {
    incident.signals.iter().map(|r| r.observation.clone()).collect()
}
