//! `commoncause correlate`: the main job.

mod question;

use super::output::{When, patiently, tell, write};
use super::{Exit, Problems, bundle, numbers};
use crate::correlate::{self, Case, correlate};
use crate::diag::{Diagnostic, Sources};
use crate::incident::{self, Incident, KeepGoing, Options, Parts};
use crate::model::Params;
use crate::report::view::{IncidentName, Method, Report, SignalView};
use crate::report::{dot, html, json, markdown, mermaid, terminal};
use crate::signal::{Observation, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Columns of a report that goes nowhere in particular.
const WIDTH: usize = 80;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Rank the common causes of an incident: which shared component most likely had a fault, with its \
                  probability, what it explains and what speaks against it.",
    after_help = "Examples:\n  commoncause correlate tests/incidents/meta-2024-03-05-login\n  commoncause correlate \
                  tests/incidents/meta-2024-03-05-login --ask cloud"
)]
pub struct Args {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    choice: Choice,
    /// Numbers of the model in place of the built-in ones, as YAML.
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
    /// Write to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write everything that led to the answer into one archive, for `commoncause replay`.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Colours.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    color: When,
}

/// What is read.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// A folder with incident.yaml, or such a file; for `replay` also a bundle.
    #[arg(required_unless_present = "signals", conflicts_with_all = ["signals", "from", "to"])]
    pub incident: Option<PathBuf>,
    /// Graph files or folders; added to those that the incident names.
    #[arg(long, value_name = "PATH")]
    pub graph: Vec<PathBuf>,
    /// Signal files (.jsonl, .csv, .yaml), instead of an incident.
    #[arg(long, value_name = "FILE", requires_all = ["graph", "from", "to"])]
    pub signals: Vec<PathBuf>,
    /// Start of the window, e.g. 2024-03-05T14:45:00Z.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// End of the window.
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// Use only what had arrived by then.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// Use the good signals although some are bad.
    #[arg(long)]
    pub keep_going: bool,
}

/// What is asked, and how it is answered.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub format: Format,
    /// Ask about one component, kind or family instead: "is it a cloud provider?".
    #[arg(long, value_name = "KIND-or-ID", conflicts_with = "compare")]
    pub ask: Option<String>,
    /// Compare two components, kinds or families instead: "this or that?".
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub compare: Option<Vec<String>>,
    /// Do not discount what crowds say of the innocent in a large outage.
    #[arg(long)]
    pub no_spillover: bool,
    /// Seed of the sampler, used only where exact inference is too wide.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// How to print the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    Terminal,
    Markdown,
    Mermaid,
    Dot,
    Json,
    Html,
}

/// Runs the command.
pub fn run(args: Args) -> Exit {
    let mut sources = Sources::default();
    let incident = match load(&args.inputs, Some(Timestamp::now()), &mut sources) {
        Ok(incident) => incident,
        Err(exit) => return exit,
    };
    if args.bundle.is_some() && args.bundle == args.out {
        eprintln!("error: --bundle and --out name the same file");
        return Exit::Usage;
    }
    // Read once: what is bundled is what was used.
    let numbers =
        args.numbers.as_deref().map(|path| Ok((path.display().to_string(), numbers::text(path)?))).transpose();
    let read = numbers.and_then(|numbers| {
        let params = numbers.as_ref().map_or(Ok(Params::default()), |(name, text)| numbers::parse(name, text))?;
        Ok((numbers.map(|(_, text)| text), params))
    });
    let (numbers, params) = match read {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let ansi = args.color.colours(args.out.is_none() && std::io::stdout().is_terminal());
    let style = if ansi { terminal::Style::Ansi } else { terminal::Style::Plain };
    let text = match render(&incident, &args.choice, params, style) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    let saved = args.bundle.as_ref().map_or(Exit::Done, |path| {
        bundle::save(
            path,
            &bundle::Made {
                inputs: &args.inputs,
                choice: &args.choice,
                numbers,
                sources: &sources,
                printed: (!ansi).then_some(text.as_str()),
            },
        )
    });
    if saved == Exit::Done { write(&text, args.out.as_deref()) } else { saved }
}

/// Loads what is to be judged; what is wrong with it has been told on stderr.
pub fn load(inputs: &Inputs, now: Option<Timestamp>, sources: &mut Sources) -> Result<Incident, Exit> {
    let (loaded, problems) = read(inputs, now, sources)?;
    tell(&problems, sources);
    loaded.ok_or_else(|| Problems(&problems).exit())
}

/// Reads what is to be judged, with every problem.
pub fn read(
    inputs: &Inputs,
    now: Option<Timestamp>,
    sources: &mut Sources,
) -> Result<(Option<Incident>, Vec<Diagnostic>), Exit> {
    let keep_going = if inputs.keep_going { KeepGoing::Yes } else { KeepGoing::No };
    let options = Options { keep_going, now, until: inputs.until };
    let loaded = match (&inputs.incident, inputs.from, inputs.to) {
        (Some(path), ..) => incident::load(path, &inputs.graph, sources, &options),
        (None, Some(start), Some(end)) if start < end => {
            let (graph, signals) = (inputs.graph.clone(), inputs.signals.clone());
            incident::from_parts(&Parts { graph, signals, window: Window { start, end } }, sources, &options)
        }
        _ => {
            eprintln!("error: --from must be earlier than --to");
            return Err(Exit::Usage);
        }
    };
    Ok(loaded)
}

/// The answer as text; what prevents one has been told on stderr.
pub fn render(incident: &Incident, choice: &Choice, params: Params, style: terminal::Style) -> Result<String, Exit> {
    let mut options = correlate::Options { params, seed: choice.seed, ..correlate::Options::default() };
    options.params.spillover &= !choice.no_spillover;
    let what =
        format!("correlating {} signals over {} components", incident.signals.len(), incident.graph.components().len());
    patiently(&what, || {
        if choice.ask.is_some() || choice.compare.is_some() {
            return question::render(incident, choice, &options);
        }
        let mut report = judge(incident, &options);
        match choice.format {
            Format::Terminal => Ok(terminal::terminal(&report, WIDTH, style)),
            Format::Markdown => Ok(markdown::markdown(&report)),
            Format::Html => {
                // Drawing anew for every arrival would take too long.
                if report.inference.method == Method::Exact {
                    report.diary = correlate::diary(case(incident, &observations(incident)), &options);
                } else {
                    report.warnings.push("how the ranking came about is left out: see `replay`".to_string());
                }
                Ok(html::html(&report))
            }
            Format::Mermaid => Ok(mermaid::mermaid(&report)),
            Format::Dot => Ok(dot::dot(&report)),
            Format::Json => json::pretty(&report).map_err(|e| {
                eprintln!("error: the report cannot be written as JSON: {e}");
                Exit::Bug
            }),
        }
    })
}

/// Correlates an incident. Only now do names, words and addresses come in: they cannot have been scored.
pub fn judge(incident: &Incident, options: &correlate::Options) -> Report {
    let signals = observations(incident);
    let mut report = correlate(case(incident, &signals), options);
    report.incident = IncidentName { id: incident.name.id.clone(), title: incident.name.title.clone() };
    words(&mut report.signals, incident);
    report
}

/// An incident as it may be scored.
pub fn case<'a>(incident: &'a Incident, signals: &'a [Observation]) -> Case<'a> {
    Case { graph: &incident.graph, signals, coverage: &incident.coverage, window: incident.window }
}

/// What of an incident's signals may be scored.
pub fn observations(incident: &Incident) -> Vec<Observation> {
    incident.signals.iter().map(|r| r.observation.clone()).collect()
}

/// Puts in what is only shown.
pub fn words(signals: &mut [SignalView], incident: &Incident) {
    for (shown, record) in signals.iter_mut().zip(&incident.signals) {
        shown.text.clone_from(&record.text);
        shown.url.clone_from(&record.url);
    }
}
