//! `commoncause backtest`: the labelled corpus.

use super::correlate::{case, judge, observations};
use super::output::{tell, write};
use super::{Exit, Problems, numbers};
use crate::backtest::ablate::LESSONS;
use crate::backtest::score::{CaseScore, totals};
use crate::backtest::simulate::{self, Mode, Outcome, Summary};
use crate::backtest::{self, BacktestOptions, Blind, table, tune};
use crate::correlate::{self, Detail};
use crate::diag::Sources;
use crate::graph::rules::bad_duration;
use crate::incident::{self, Incident, Options};
use crate::model::Params;
use rayon::prelude::*;
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
    /// Drop this share of the signals at random.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    drop_signals: f64,
    /// Seed of --drop-edges, --drop-signals, --simulate and --leave-one-out.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Judge this many synthetic incidents on the graphs of the real ones instead, in each way of breaking the model.
    #[arg(long, value_name = "INCIDENTS", value_parser = clap::value_parser!(u64).range(1..),
          conflicts_with_all = ["leave_one_out", "early", "blind", "drop_edges", "drop_signals", "format"])]
    simulate: Option<u64>,
    /// With --simulate: only these ways, separated by commas.
    #[arg(long, value_name = "MODES", value_enum, value_delimiter = ',', requires = "simulate")]
    mode: Vec<Mode>,
    /// Switch each lesson off alone, and judge the incidents and this many synthetic ones.
    #[arg(long, value_name = "INCIDENTS", value_parser = clap::value_parser!(u64).range(1..),
          conflicts_with_all = ["leave_one_out", "simulate", "format"])]
    ablate: Option<u64>,
    /// Judge each case under the best of this many random settings of the numbers, chosen without that case.
    #[arg(long, value_name = "SETTINGS", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "format")]
    leave_one_out: Option<u64>,
    /// Numbers of the model in place of the built-in ones, as YAML.
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
    /// Do not discount what crowds say of the innocent in a large outage.
    #[arg(long)]
    no_spillover: bool,
    /// Also replay each incident: how long until a right answer leads?
    #[arg(long, conflicts_with_all = ["simulate", "ablate", "leave_one_out"])]
    diary: bool,
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
        drop_signals: args.drop_signals,
        seed: args.seed,
    };
    let params = match numbers::read(args.numbers.as_deref()) {
        Ok(params) => params,
        Err(exit) => return exit,
    };
    let mut engine = correlate::Options { params, ..correlate::Options::default() };
    engine.params.spillover &= !args.no_spillover;
    if let Some(count) = args.ablate {
        return write(&table::ablated(&ablated(&incidents, count, args.seed, &options, &engine.params)), None);
    }
    if let Some(count) = args.simulate {
        let modes = if args.mode.is_empty() { Mode::ALL.to_vec() } else { args.mode };
        let rows: Vec<(&str, Summary)> = modes
            .iter()
            .map(|&mode| (mode.name(), simulated(&incidents, count, args.seed, mode, [&engine.params; 2])))
            .collect();
        return write(&table::simulated(&rows), None);
    }
    if let Some(count) = args.leave_one_out {
        let settings = tune::settings(&engine.params, count as usize, args.seed);
        let scores = scores_of(&settings, &incidents, &options);
        let names: Vec<String> = incidents.iter().map(|i| i.name.id.clone()).collect();
        return write(&table::left_out(&names, &settings, &scores), None);
    }
    let result = backtest::run(incidents, &options, &|incident| {
        let mut report = judge(incident, &engine);
        if args.diary {
            report.diary = correlate::diary(case(incident, &observations(incident)), &engine);
        }
        report
    });
    let text = match args.format {
        Format::Text => table::text(&result),
        Format::Json => format!("{:#}\n", table::json(&result)),
    };
    write(&text, None)
}

/// Simulates on all cores.
fn simulated(incidents: &[Incident], count: u64, seed: u64, mode: Mode, [world, judge]: [&Params; 2]) -> Summary {
    let numbers: Vec<u64> = (0..count).collect();
    let one = |&i: &u64| simulate::one(&incidents[i as usize % incidents.len()], seed, i, mode, world, judge);
    let outcomes: Vec<Outcome> = numbers.par_iter().filter_map(one).collect();
    simulate::summary(&outcomes)
}

/// The real incidents, the same with silent suspects, and simulated ones; first with all lessons, then without each.
fn ablated(
    incidents: &[Incident],
    count: u64,
    seed: u64,
    options: &BacktestOptions,
    base: &Params,
) -> Vec<table::Ablated> {
    let mut settings = vec![("all lessons", base.clone())];
    for lesson in LESSONS {
        let mut params = base.clone();
        (lesson.forget)(&mut params);
        settings.push((lesson.name, params));
    }
    let plain: Vec<(Params, Vec<f64>)> = settings.iter().map(|(_, p)| (p.clone(), Vec::new())).collect();
    let blind = BacktestOptions { blind: Blind::Yes, ..options.clone() };
    let (seen, unseen) = (scores_of(&plain, incidents, options), scores_of(&plain, incidents, &blind));
    settings
        .iter()
        .zip(seen.iter().zip(&unseen))
        .map(|((name, params), (seen, unseen))| table::Ablated {
            name,
            seen: totals(seen.iter()),
            blind: totals(unseen.iter()),
            simulated: simulated(incidents, count, seed, Mode::Shipped, [base, params]),
        })
        .collect()
}

/// All cases under all settings, on all cores.
fn scores_of(
    settings: &[(Params, Vec<f64>)],
    incidents: &[Incident],
    options: &BacktestOptions,
) -> Vec<Vec<CaseScore>> {
    let one = |params: &Params| -> Vec<CaseScore> {
        let engine =
            correlate::Options { params: params.clone(), detail: Detail::Ranking, ..correlate::Options::default() };
        let judged = backtest::run(incidents.to_vec(), options, &|incident| judge(incident, &engine));
        judged.cases.into_iter().map(|c| c.score).collect()
    };
    settings.par_iter().map(|(params, _)| one(params)).collect()
}

/// The incidents below `dir`, or `dir` itself if it is one, sorted.
pub(super) fn folders(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
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
