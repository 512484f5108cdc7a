//! `commoncause collect status`: how each source stands.

use super::{board, parse};
use crate::cli::output::{tell, write};
use crate::cli::{Exit, Problems};
use crate::collect::config::Config;
use crate::collect::honesty::{History, Honesty, Lag};
use crate::collect::overview::{Collector, Overview, Seen, overview};
use crate::collect::standing::{self, Status};
use crate::diag::{Diagnostic, Sources, cut};
use crate::report::json;
use crate::store;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::path::{Path, PathBuf};

/// Columns of the text output.
const WIDTH: usize = 80;
/// Columns of the name of a source.
const NAME: usize = 24;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("which").required(true).multiple(true)),
    after_help = "Ends with 1 if a source that should have been heard lately was not.\n\nExample:\n  commoncause collect status --data /tmp/history"
)]
pub struct Args {
    /// The configuration of the sources, which names the folder of the history.
    #[arg(group = "which")]
    sources: Option<PathBuf>,
    /// The folder of the history, in place of the configuration's.
    #[arg(long, value_name = "FOLDER", group = "which")]
    data: Option<PathBuf>,
    /// Days of the history from which lag and honesty are; for older ones than 14 it usually keeps no corrections.
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Terminal,
    Json,
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let mut sources = Sources::default();
    let (config, problems) = args.sources.as_deref().map_or((None, Vec::new()), |path| load(path, &mut sources));
    if Problems(&problems).exit() != Exit::Done {
        tell(&problems, &sources);
        return Problems(&problems).exit();
    }
    let beside = |config: &Config| args.sources.as_deref().and_then(Path::parent).map(|base| base.join(&config.data));
    let Some(data) = args.data.clone().or_else(|| config.as_ref().and_then(beside)) else { return Exit::Usage };
    let now = Timestamp::now();
    let mut status = match board::read(&data.join(standing::FILE)) {
        Ok(status) => status,
        Err(problem) => {
            let help = "a collector writes it: run `commoncause collect` with this folder first";
            let problem = if problem.code == standing::BAD { *problem } else { problem.help(help) };
            tell(std::slice::from_ref(&problem), &sources);
            return Problems(&[problem]).exit();
        }
    };
    if let Some(config) = &config {
        status.reload(&config.sources);
    }
    let (seen, notices) = look(status, &data, args.days, now);
    tell(&notices, &sources);
    let text = match args.format {
        Format::Terminal => terminal(&seen),
        Format::Json => match json::pretty(&seen) {
            Ok(text) => crate::diag::escape::json(&text),
            Err(e) => {
                eprintln!("error: the status cannot be written as JSON: {e}");
                return Exit::Bug;
            }
        },
    };
    match write(&text, None) {
        Exit::Done if seen.total.bad() > 0 => Exit::Findings,
        exit => exit,
    }
}

/// The overview, with lag and honesty from the history.
fn look(status: Status, data: &Path, days: u16, now: Timestamp) -> (Overview, Vec<Diagnostic>) {
    let since = TimeZone::UTC.to_datetime(now).date().saturating_sub(i64::from(days - 1).days());
    let mut history = History::default();
    let notices = store::each(data, since, now, |stored| history.add(&stored.identity, &stored.record));
    let tracks = history.tracks(&status.sources, &status.stretches);
    (overview(status, &tracks, days, now), notices)
}

/// Reads a configuration for the names of its sources and its folder. Secrets are not needed for that.
fn load(path: &Path, sources: &mut Sources) -> (Option<Config>, Vec<Diagnostic>) {
    let stand_in = |name: &str| Some(std::env::var(name).ok().filter(|v| !v.is_empty()).unwrap_or("unset".into()));
    parse(path, sources, &stand_in)
}

/// One line for each source, and a last one for all.
fn terminal(seen: &Overview) -> String {
    let mut text = String::new();
    for source in &seen.sources {
        text += cut(&line(source, seen.at), WIDTH).trim_end();
        text.push('\n');
    }
    let total = &seen.total;
    let counts = [
        (total.heard, "heard"),
        (total.waiting, "waiting"),
        (total.unknown, "unknown"),
        (total.stale, "stale"),
        (total.never, "never heard"),
    ];
    let counts: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let age = time(seen.at.duration_since(seen.written_at).as_secs_f64().max(0.0));
    let collector = match seen.collector {
        Collector::Runs => format!("written {age} ago"),
        Collector::Ended => format!("written {age} ago, when collecting was ended"),
        Collector::Silent => format!("written {age} ago: the collector seems not to run"),
    };
    let sources = if total.sources == 1 { "source" } else { "sources" };
    text + &format!("{} {sources}: {}\n{collector}\n", total.sources, counts.join(", "))
}

fn line(source: &Seen, now: Timestamp) -> String {
    let entry = &source.entry;
    let silent = match entry.last_answered {
        Some(at) => format!("{} ago", time(now.duration_since(at).as_secs_f64().max(0.0))),
        None => "-".to_string(),
    };
    let said = match &entry.why {
        Some(why) if entry.failures > 1 => format!("{} times: {why}", entry.failures),
        Some(why) => why.clone(),
        None => [source.lag.as_ref().map(lag), source.honesty.as_ref().map(honesty)]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
    };
    let (word, name) = (source.heard.word(), cut(&entry.name, NAME));
    format!("{word:<7} {name:<NAME$} {silent:>8}  {said}")
}

/// How late it tells: the median and the 90th percentile.
fn lag(lag: &Lag) -> String {
    match (lag.median_s, lag.p90_s) {
        (Some(median), Some(most)) => format!("{} late (90%: {})", time(median), time(most)),
        _ => String::new(),
    }
}

/// What it admits.
fn honesty(honesty: &Honesty) -> String {
    match honesty.troubles {
        0 => String::new(),
        n if honesty.share.is_none() => format!("told {} of {n}, too few to say", honesty.admitted),
        n => format!("told {} of {n}", honesty.admitted),
    }
}

/// A time in its largest unit.
fn time(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3600.0, "h"), (60.0, "m")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= 2.0 * unit).unwrap_or((1.0, "s"));
    format!("{:.0}{name}", (seconds / unit).floor())
}
