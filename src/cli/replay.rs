//! `commoncause replay`: how the ranking came about, or a bundle once more.

use super::correlate::{Inputs, case, load, observations, words};
use super::output::{patiently, write};
use super::{Exit, bundle, numbers};
use crate::correlate;
use crate::diag::Sources;
use crate::incident::Incident;
use crate::report::view::{DIARY_SCHEMA, Diary, IncidentName, WindowView};
use crate::report::{compose, diary, json};
use jiff::Timestamp;
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Tell how the ranking stood after each arrival of signals, and which signal moved it; or, given a \
                  bundle that `correlate --bundle` wrote, print its report once more, from nothing but the bundle.",
    after_help = "Examples:\n  commoncause replay tests/incidents/meta-2024-03-05-login\n  commoncause replay \
                  tests/incidents/meta-2024-03-05-login --diff 2024-03-05T15:17:00Z 2024-03-05T15:52:00Z"
)]
pub struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// What changed between two moments.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    diff: Option<Vec<Timestamp>>,
    /// How to print the diary.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Write to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not discount what crowds say of the innocent in a large outage.
    #[arg(long)]
    no_spillover: bool,
    /// Numbers of the model in place of the built-in ones, as YAML.
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
}

/// How to print the diary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Terminal,
    Markdown,
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> Exit {
    let mut inputs = args.inputs.clone();
    if let Some(path) = inputs.incident.as_deref().filter(|path| bundle::is_bundle(path)) {
        let asked = inputs.until.is_some() || args.diff.is_some() || args.format != Format::Terminal;
        if asked || args.no_spillover || args.numbers.is_some() || !inputs.graph.is_empty() || inputs.keep_going {
            eprintln!("error: a bundle is replayed as it was made; only --out goes with it");
            return Exit::Usage;
        }
        return bundle::replay(path, args.out.as_deref());
    }
    // All signals are read, so that their numbers are those of the whole.
    let until = inputs.until.take();
    if until.is_some() && args.diff.is_some() {
        eprintln!("error: --until and --diff exclude each other");
        return Exit::Usage;
    }
    let mut sources = Sources::default();
    let incident = match load(&inputs, Some(Timestamp::now()), &mut sources) {
        Ok(incident) => incident,
        Err(exit) => return exit,
    };
    let params = match numbers::read(args.numbers.as_deref()) {
        Ok(params) => params,
        Err(exit) => return exit,
    };
    let mut options = correlate::Options { params, ..correlate::Options::default() };
    options.params.spillover &= !args.no_spillover;
    let what = format!("replaying {} signals", incident.signals.len());
    patiently(&what, || match args.diff.as_deref() {
        Some(&[from, to]) => difference(&incident, [from, to], &args, &options),
        _ => whole(&incident, until, &args, &options),
    })
}

fn whole(incident: &Incident, until: Option<Timestamp>, args: &Args, options: &correlate::Options) -> Exit {
    let mut diary = diary_of(incident, options);
    if let Some(until) = until {
        let arrived = |at: &str| at.parse::<Timestamp>().is_ok_and(|at| at <= until);
        diary.moments.retain(|m| arrived(&m.at));
        diary.moments.drain(..diary.moments.len().saturating_sub(1));
    }
    let text = match args.format {
        Format::Terminal => diary::terminal(&diary),
        Format::Markdown => diary::markdown(&diary),
        Format::Json => match json::pretty(&diary) {
            Ok(text) => text,
            Err(e) => return bug(&e),
        },
    };
    write(&text, args.out.as_deref())
}

fn difference(incident: &Incident, [from, to]: [Timestamp; 2], args: &Args, options: &correlate::Options) -> Exit {
    if from >= to {
        eprintln!("error: the first time of --diff must be the earlier one");
        return Exit::Usage;
    }
    let signals = observations(incident);
    let difference = correlate::difference(case(incident, &signals), from, to, options);
    let text = match args.format {
        Format::Json => match json::pretty(&difference) {
            Ok(text) => text,
            Err(e) => return bug(&e),
        },
        _ => {
            let views: Vec<_> = signals.iter().map(compose::signal_view).collect();
            diary::difference(&difference, &views)
        }
    };
    write(&text, args.out.as_deref())
}

/// The diary of an incident, with names and words.
pub fn diary_of(incident: &Incident, options: &correlate::Options) -> Diary {
    let signals = observations(incident);
    let moments = correlate::diary(case(incident, &signals), options);
    let mut views: Vec<_> = signals.iter().map(compose::signal_view).collect();
    words(&mut views, incident);
    let window = incident.window;
    Diary {
        schema: DIARY_SCHEMA.to_string(),
        incident: IncidentName { id: incident.name.id.clone(), title: incident.name.title.clone() },
        window: WindowView { start: window.start.to_string(), end: window.end.to_string() },
        signals: views,
        moments,
    }
}

fn bug(e: &serde_json::Error) -> Exit {
    eprintln!("error: the diary cannot be written as JSON: {e}");
    Exit::Bug
}
