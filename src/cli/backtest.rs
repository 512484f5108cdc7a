//! `commoncause backtest`: the labelled corpus.

use super::correlate::judge;
use super::output::{tell, write};
use super::{Exit, Problems};
use crate::backtest::{self, BacktestOptions, Blind, table};
use crate::correlate;
use crate::diag::Sources;
use crate::graph::rules::bad_duration;
use crate::incident::{self, Options};
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run labelled incidents and score the answers: exact and acceptable first, log loss, Brier score, \
                  reliability, false confidence, beside trivial baselines.",
    after_help = "Example:\n  commoncause backtest tests/incidents"
)]
pub struct Args {
    /// A folder of incidents, each a folder with incident.yaml.
    dir: PathBuf,
    /// How to print the scores.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Keep only what was seen within this long after the first report of failure, e.g. 60m.
    #[arg(long, value_name = "DURATION", value_parser = minutes)]
    early: Option<f64>,
    /// Drop signals about components that others depend on: suspects may not speak of themselves.
    #[arg(long)]
    blind: bool,
    /// Drop this share of the dependencies at random.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    drop_edges: f64,
    /// Seed of --drop-edges.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Do not discount what crowds say of the innocent in a large outage.
    #[arg(long)]
    no_spillover: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

fn minutes(text: &str) -> Result<f64, String> {
    bad_duration::parse(text).map(|s| s / 60.0).ok_or_else(|| "write a duration such as 60m or 2h".to_string())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|s| (0.0..=1.0).contains(s)).ok_or_else(|| "write a share from 0 to 1".to_string())
}

/// Runs the command.
pub fn run(args: Args) -> Exit {
    let folders = match folders(&args.dir) {
        Ok(folders) => folders,
        Err(e) => {
            eprintln!("error: cannot read {}: {e}", args.dir.display());
            return Exit::Io;
        }
    };
    if folders.is_empty() {
        eprintln!("error: no incident in {}: a folder with {} is one", args.dir.display(), incident::FILE_NAME);
        return Exit::Findings;
    }
    let mut incidents = Vec::new();
    let mut worst = Exit::Done;
    for folder in folders {
        let mut sources = Sources::default();
        let (loaded, problems) = incident::load(&folder, &[], &mut sources, &Options::default());
        tell(&problems, &sources);
        match loaded {
            Some(incident) if incident.truth.is_some() => incidents.push(incident),
            Some(_) => eprintln!("{}: left out, it has no `truth`", folder.display()),
            None => worst = Problems(&problems).exit(),
        }
    }
    if worst != Exit::Done {
        return worst;
    }
    let options = BacktestOptions {
        early_minutes: args.early,
        blind: if args.blind { Blind::Yes } else { Blind::No },
        drop_edges: args.drop_edges,
        seed: args.seed,
    };
    let mut engine = correlate::Options::default();
    engine.params.spillover = !args.no_spillover;
    let result = backtest::run(incidents, &options, &|incident| judge(incident, &engine));
    let text = match args.format {
        Format::Text => table::text(&result),
        Format::Json => format!("{:#}\n", table::json(&result)),
    };
    write(&text, None)
}

/// The incidents below `dir`, or `dir` itself if it is one, sorted.
fn folders(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    if dir.join(incident::FILE_NAME).is_file() {
        return Ok(vec![dir.to_path_buf()]);
    }
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.join(incident::FILE_NAME).is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}
