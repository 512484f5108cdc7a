//! `commoncause collect`: what sources say, as they say it.

mod board;
mod desk;
pub mod rounds;
mod rules;
mod status;

use super::output::{count, tell, write};
use super::{Exit, Problems};
use crate::collect::classify::Written;
use crate::collect::config::{self, Config};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Diagnostic, Severity, Sources};
use crate::graph;
use crate::incident::{UNKNOWN_CAPABILITY, UNKNOWN_COMPONENT};
use crate::signal::read::{add_text, read_bytes};
use rounds::{Happening, Rounds, Setup, Until, Voice};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Capabilities that every component has.
const GENERAL: [&str; 5] = ["any", "general", "network", "connectivity", "dns"];

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Without --check or --once every source is asked again and again until it is told to stop.\n\nExample:\n  commoncause collect --check tests/sources/sources.yaml\n  commoncause collect --once tests/sources/files.yaml --data /tmp/history"
)]
pub struct Args {
    #[command(subcommand)]
    look: Option<Look>,
    /// A configuration of sources.
    #[arg(required = true)]
    sources: Option<PathBuf>,
    /// Only tell every problem of the configuration; nobody is asked.
    #[arg(long)]
    check: bool,
    /// Ask every source once, and end: with 0 if all answered.
    #[arg(long, conflicts_with = "check")]
    once: bool,
    /// The folder of the history, in place of the configuration's.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// What is asked of what was collected, in place of collecting.
#[derive(Debug, clap::Subcommand)]
enum Look {
    /// Show how each source stands: when it was heard, how late it tells, what it admits.
    Status(status::Args),
    /// Try rules for texts: what they say of a text, and which of them.
    Classify(rules::Args),
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let path = match (&args.look, &args.sources) {
        (Some(Look::Status(args)), _) => return status::run(args),
        (Some(Look::Classify(args)), _) => return rules::run(args),
        (None, Some(path)) => path,
        // Required where nothing else is asked for.
        (None, None) => return Exit::Usage,
    };
    let mut sources = Sources::default();
    if args.check {
        let (config, problems) = read(path, &mut sources);
        tell(&problems, &sources);
        let Some(config) = config.filter(|_| Problems(&problems).exit() == Exit::Done) else {
            return Problems(&problems).exit();
        };
        let number = match config.sources.len() {
            1 => "1 source".to_string(),
            n => format!("{n} sources"),
        };
        return write(&format!("{}: {number}, {}\n", path.display(), count(&problems)), None);
    }
    let config = match load(path, &mut sources) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let until = if args.once { Until::EachWasAsked } else { Until::Stopped };
    let voice = Voice::EveryRound;
    let setup = Setup { file: path.clone(), config, data: args.data.clone(), until, voice };
    match rounds::runtime() {
        Ok(runtime) => rounds::run_on(runtime, keep_on(setup)),
        Err(exit) => exit,
    }
}

async fn keep_on(setup: Setup) -> Exit {
    let mut rounds = match Rounds::start(setup).await {
        Ok((rounds, _)) => rounds,
        Err(exit) => return exit,
    };
    while !matches!(rounds.next().await, Happening::Over) {}
    rounds.end().await
}

/// Reads a configuration without errors; what is wrong with it has been told on stderr.
pub fn load(path: &Path, sources: &mut Sources) -> Result<Config, Exit> {
    let (config, problems) = read(path, sources);
    tell(&problems, sources);
    config.filter(|_| Problems(&problems).exit() == Exit::Done).ok_or(match Problems(&problems).exit() {
        Exit::Done => Exit::Findings,
        exit => exit,
    })
}

/// Reads a configuration alone, with secrets from `environment`.
fn parse(
    path: &Path,
    sources: &mut Sources,
    environment: config::Environment<'_>,
) -> (Option<Config>, Vec<Diagnostic>) {
    let bytes = match read_bytes(path) {
        Ok(bytes) => bytes,
        Err(problem) => return (None, vec![*problem]),
    };
    let (file, damage) = add_text(&path.display().to_string(), bytes, config::BAD_SOURCES, sources);
    if let Some(damage) = damage {
        return (None, vec![*damage.problem]);
    }
    config::read(file, &sources.text(file), environment)
}

/// Reads a configuration with its rules, and looks the names that it has up in its graph.
fn read(path: &Path, sources: &mut Sources) -> (Option<Config>, Vec<Diagnostic>) {
    let (mut config, mut problems) = parse(path, sources, &|name| std::env::var(name).ok());
    if let Some(config) = &mut config {
        let base = path.parent().unwrap_or(Path::new(""));
        let paths: Vec<PathBuf> = config.rules.iter().map(|r| base.join(&r.text)).collect();
        let (files, found) = rules::load(&paths, sources);
        problems.extend(found);
        if !paths.is_empty()
            && let Some(rules) = rules::compile(&files, &mut problems)
        {
            config.set_rules(rules);
        }
        problems.extend(unknown_names(config, &files, base, sources));
    }
    (config, problems)
}

/// The components and capabilities that are named and that the graph does not have.
fn unknown_names(config: &Config, rules: &[Written], base: &Path, sources: &mut Sources) -> Vec<Diagnostic> {
    if config.graph.is_empty() {
        return Vec::new();
    }
    let paths: Vec<PathBuf> = config.graph.iter().map(|g| base.join(&g.text)).collect();
    let (graph, mut problems) = graph::load(&paths, sources, None);
    problems.retain(|p| p.severity == Severity::Error);
    let Some(graph) = graph.filter(|_| problems.is_empty()) else { return problems };
    for name in config.components().filter(|name| graph.find(&name.text).is_none()) {
        let help = did_you_mean(&name.text, graph.names())
            .unwrap_or_else(|| "add the component to the graph, or the name to a component's aliases".to_string());
        problems.push(
            Diagnostic::error(UNKNOWN_COMPONENT, format!("unknown component `{}`", name.text))
                .at(name.span, "named here")
                .help(help),
        );
    }
    let known: BTreeSet<&str> = graph.components().iter().flat_map(|c| &c.capabilities).map(String::as_str).collect();
    let words = rules.iter().flat_map(Written::capabilities);
    for word in words.filter(|word| !known.contains(&*word.text) && !GENERAL.contains(&&*word.text)) {
        let help = did_you_mean(&word.text, known.iter().copied()).unwrap_or_else(|| {
            "add it to the capabilities of a component; without that it is read as `any`".to_string()
        });
        problems.push(
            Diagnostic::warning(UNKNOWN_CAPABILITY, format!("no component has the capability `{}`", word.text))
                .at(word.span, "named here")
                .help(help),
        );
    }
    problems
}
