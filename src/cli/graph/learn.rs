//! `commoncause graph learn`: proposals from incidents whose cause was confirmed.

mod print;

use super::super::output::{patiently, tell, write};
use super::super::{Exit, Problems, numbers};
use super::incident_folders;
use crate::diag::{Severity, Sources, has_errors};
use crate::graph::{self, DependencyGraph};
use crate::incident::{self, KeepGoing, Options, UNKNOWN_CAPABILITY, UNKNOWN_COMPONENT, UNKNOWN_TRUTH};
use crate::learn::view::Skipped;
use crate::learn::{Case, Settings, learn};
use crate::report::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder of incidents, each a folder with incident.yaml and its truth.
    dir: PathBuf,
    /// Files or folders of a graph that takes the place of the incidents' own.
    #[arg(long, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// Years of which every noticeable fault is among the incidents; without it no rates are proposed.
    #[arg(long, value_name = "YEARS", value_parser = positive)]
    years: Option<f64>,
    /// How many observations a written impact is worth.
    #[arg(long, value_name = "COUNT", default_value_t = 4.0, value_parser = strength)]
    strength: f64,
    /// Numbers of the model in place of the built-in ones, as YAML.
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
    /// How to print the proposals; yaml is what a person may apply.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
    Yaml,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|n: &f64| *n > 0.0 && *n <= 1e6).ok_or_else(|| "write a number above 0".to_string())
}

fn strength(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|n| (0.1..=1e6).contains(n)).ok_or_else(|| "write a number from 0.1".to_string())
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let prepared = incident_folders(&args.dir)
        .and_then(|folders| Ok((cases(&folders, &args.graph)?, numbers::read(args.numbers.as_deref())?)));
    let ((cases, skipped), params) = match prepared {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let settings = Settings { strength: args.strength, years: args.years, params };
    let lessons = patiently(&format!("learning from {} incidents", cases.len()), || learn(&cases, skipped, &settings));
    let text = match args.format {
        Format::Human => print::human(&lessons),
        Format::Yaml => lessons.patch.clone(),
        Format::Json => match json::pretty(&lessons) {
            Ok(text) => text,
            Err(e) => {
                eprintln!("error: the proposals cannot be written as JSON: {e}");
                return Exit::Bug;
            }
        },
    };
    write(&text, None)
}

/// Loads the incidents, with the reason for each that cannot be used.
fn cases(folders: &[PathBuf], graph: &[PathBuf]) -> Result<(Vec<Case>, Vec<Skipped>), Exit> {
    let mut shared = Sources::default();
    let graph = match graph {
        [] => None,
        paths => Some(load_graph(paths, &mut shared)?),
    };
    let (mut cases, mut skipped, mut worst) = (Vec::new(), Vec::new(), Exit::Done);
    for folder in folders {
        match case(folder, graph.as_ref(), &shared) {
            Ok(Ok(case)) => cases.push(case),
            Ok(Err(why)) => skipped.push(Skipped { incident: folder.display().to_string(), why }),
            Err(exit) => worst = exit,
        }
    }
    if worst == Exit::Done { Ok((cases, skipped)) } else { Err(worst) }
}

fn load_graph(paths: &[PathBuf], sources: &mut Sources) -> Result<DependencyGraph, Exit> {
    let (graph, mut problems) = graph::load(paths, sources, None);
    problems.retain(|d| d.severity == Severity::Error);
    tell(&problems, sources);
    graph.filter(|_| !has_errors(&problems)).ok_or_else(|| Problems(&problems).exit())
}

/// One incident, or why it cannot be used.
fn case(folder: &Path, graph: Option<&DependencyGraph>, shared: &Sources) -> Result<Result<Case, String>, Exit> {
    // A clone, so that places in the shared graph can be shown beside those in the incident.
    let mut sources = shared.clone();
    let (incident, problems) = match graph {
        None => incident::load(folder, &[], &mut sources, &Options::default()),
        Some(graph) => {
            let options = Options { keep_going: KeepGoing::Yes, ..Options::default() };
            let (incident, mut problems) = incident::load_on(folder, graph, &mut sources, &options);
            if problems.iter().any(|p| p.code == UNKNOWN_TRUTH) {
                return Ok(Err("its truth names what the graph does not have".to_string()));
            }
            // That the graph does not have all that the signals are about is no error here.
            problems.retain(|p| ![UNKNOWN_COMPONENT, UNKNOWN_CAPABILITY].contains(&p.code));
            (incident, problems)
        }
    };
    if has_errors(&problems) {
        tell(&problems, &sources);
        return Err(Problems(&problems).exit());
    }
    Ok(incident.map(|incident| Case { incident, sources }).ok_or_else(|| "it cannot be read".to_string()))
}
