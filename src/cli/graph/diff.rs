//! `commoncause graph diff`: what changed between two graphs, and what that would have changed in past incidents.

mod effect;
mod print;

use super::super::Exit;
use super::super::output::{patiently, write};
use super::{incident_folders, read};
use crate::graph::diff::{GraphDiff, diff};
use crate::report::json;
use effect::Effect;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Name of the contract.
const SCHEMA: &str = "commoncause/graph-diff/v1";

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A graph: a file or folder.
    before: PathBuf,
    /// Another.
    after: PathBuf,
    /// Also tell what the change would have made of the incidents below this folder; both graphs take the place of theirs.
    #[arg(long, value_name = "DIR")]
    incidents: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// End with 1 if the graphs differ.
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Markdown,
    Json,
}

/// The whole answer: the public contract `commoncause/graph-diff/v1`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Answer {
    /// Always `commoncause/graph-diff/v1`.
    schema: String,
    /// What changed.
    graph: GraphDiff,
    /// What that would have made of past incidents; `null` if it was not asked for.
    incidents: Option<Vec<Effect>>,
}

/// The JSON Schema (draft-07) of the answer.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<Answer>().to_value()
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let (before, after) = match (read(std::slice::from_ref(&args.before)), read(std::slice::from_ref(&args.after))) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let incidents = match &args.incidents {
        None => None,
        Some(dir) => {
            let folders = match incident_folders(dir) {
                Ok(folders) => folders,
                Err(exit) => return exit,
            };
            let work = || effect::effects(&folders, &before, &after);
            match patiently(&format!("judging {} incidents on both graphs", folders.len()), work) {
                Ok(effects) => Some(effects),
                Err(exit) => return exit,
            }
        }
    };
    let answer = Answer { schema: SCHEMA.to_string(), graph: diff(&before, &after), incidents };
    let text = match args.format {
        Format::Human => print::human(&answer),
        Format::Markdown => print::markdown(&answer),
        Format::Json => match json::pretty(&answer) {
            Ok(text) => text,
            Err(e) => {
                eprintln!("error: the difference cannot be written as JSON: {e}");
                return Exit::Bug;
            }
        },
    };
    match write(&text, None) {
        Exit::Done if args.exit_code && !answer.graph.is_empty() => Exit::Findings,
        written => written,
    }
}
