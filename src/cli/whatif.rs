//! `commoncause graph impact` and `graph twins`: what if? Answered from the graph alone.

mod text;

use super::output::{patiently, tell, write};
use super::{Exit, Problems, graph, numbers};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Sources, clean, has_errors};
use crate::graph::{ComponentIx, DependencyGraph};
use crate::signal::read::read_file;
use crate::whatif::view::{Answer, WhatIf, json};
use crate::whatif::{self, Effort, Percolation};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Arguments of `graph impact`.
#[derive(Debug, clap::Args)]
pub struct ImpactArgs {
    /// Id or alias of the component that is taken to have a fault.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<String>,
    /// Only this capability of it has the fault.
    #[arg(long, value_name = "CAPABILITY", requires = "id")]
    capability: Option<String>,
    /// The whole graph: single points of failure, providers, operators.
    #[arg(long)]
    all: bool,
    /// What both questions need.
    #[command(flatten)]
    common: Common,
}

/// Arguments of `graph twins`.
#[derive(Debug, clap::Args)]
pub struct TwinsArgs {
    /// Components that are watched; default: all services.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    watched: Vec<String>,
    /// Watched is what the signals of this file are about.
    #[arg(long, value_name = "FILE", conflicts_with = "watched")]
    signals: Option<PathBuf>,
    /// What both questions need.
    #[command(flatten)]
    common: Common,
}

/// What both commands take.
#[derive(Debug, clap::Args)]
struct Common {
    /// Files or folders; all are merged.
    #[arg(long, required = true, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Numbers of the model in place of the built-in ones, as YAML.
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
}

/// How to print an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs `graph impact`.
pub fn impact(args: &ImpactArgs) -> Exit {
    let effort = if args.all { Effort::EACH } else { Effort::ONE };
    ask(&args.common, effort, |percolation| match &args.id {
        None => Ok(Answer::All(whatif::concentration(percolation))),
        Some(id) => {
            let ix = graph::find(percolation.graph, id)?;
            let answer = whatif::impact(percolation, ix, args.capability.as_deref());
            answer.map(Answer::Fault).ok_or_else(|| {
                let wanted = args.capability.as_deref().unwrap_or_default();
                let known = percolation.capabilities(ix);
                let hint = did_you_mean(wanted, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
                    [] => "it fails only as a whole".to_string(),
                    known => format!("it has {}", known.join(", ")),
                });
                eprintln!("error: `{}` has no capability `{}`: {hint}", clean(id), clean(wanted));
                Exit::Findings
            })
        }
    })
}

/// Runs `graph twins`.
pub fn twins(args: &TwinsArgs) -> Exit {
    ask(&args.common, Effort::EACH, |percolation| {
        let graph = percolation.graph;
        let watched = match &args.signals {
            Some(file) => observed(graph, file)?,
            None if args.watched.is_empty() => whatif::twins::services(graph),
            None => args.watched.iter().map(|id| graph::find(graph, id)).collect::<Result<_, _>>()?,
        };
        Ok(Answer::Twins(whatif::twins(percolation, &watched)))
    })
}

/// The components that the signals of a file are about.
fn observed(graph: &DependencyGraph, file: &Path) -> Result<BTreeSet<ComponentIx>, Exit> {
    let mut sources = Sources::default();
    let read = read_file(file, &mut sources);
    tell(&read.diagnostics, &sources);
    if has_errors(&read.diagnostics) {
        return Err(Problems(&read.diagnostics).exit());
    }
    let named = read.records.iter().map(|r| r.observation.component.as_str());
    let named: BTreeSet<&str> =
        named.chain(read.coverage.iter().flat_map(|c| c.covers.iter().map(String::as_str))).collect();
    named.into_iter().map(|id| graph::find(graph, id)).collect()
}

/// Loads, asks, and prints.
fn ask(common: &Common, effort: Effort, question: impl Fn(&Percolation) -> Result<Answer, Exit>) -> Exit {
    let answer = || -> Result<WhatIf, Exit> {
        let graph = graph::read(&common.graph)?;
        let params = numbers::read(common.numbers.as_deref())?;
        let percolation = Percolation::new(&graph, &params, effort).map_err(|e| {
            eprintln!("error: the numbers do not fit together: {e}");
            Exit::Findings
        })?;
        let what = format!("asking of {} components", graph.components().len());
        patiently(&what, || question(&percolation)).map(WhatIf::new)
    };
    let answer = match answer() {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    match common.format {
        Format::Text => write(&text::draw(&answer.answer), None),
        Format::Json => match json(&answer) {
            Ok(text) => write(&text, None),
            Err(e) => {
                eprintln!("error: the answer cannot be written as JSON: {e}");
                Exit::Bug
            }
        },
    }
}
