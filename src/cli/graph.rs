//! `commoncause graph`: maintain the dependency graph.

mod check;
mod diff;
mod discover;
mod edit;
mod export;
mod fmt;
mod import;
mod learn;

use super::output::{tell, write};
use super::{Exit, Problems, backtest, whatif};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Sources, clean, has_errors};
use crate::graph::query::{self, Direction};
use crate::graph::{self, ComponentIx, Dependency, DependencyGraph, Need, Scope};
use crate::report::text::{cut, wrap};
use crate::{incident, report, signal};
use std::path::{Path, PathBuf};

/// Columns of the text output.
const WIDTH: usize = 80;
/// Paths that `show` prints.
const SHOWN_PATHS: usize = 40;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Find every problem of a graph at once.
    #[command(after_help = "Example:\n  commoncause graph check tests/incidents/meta-2024-03-05-login/graph.yaml")]
    Check(check::Args),
    /// Show one component: what it needs, what needs it, and by which path.
    #[command(
        after_help = "Example:\n  commoncause graph show meta-auth --graph tests/incidents/meta-2024-03-05-login/graph.yaml"
    )]
    Show {
        /// Id or alias.
        id: String,
        /// Files or folders; all are merged.
        #[arg(long, required = true, value_name = "PATH")]
        graph: Vec<PathBuf>,
    },
    /// What would fail if a component had a fault, with which chance and by which path; or on what most rests.
    #[command(
        after_help = "Example:\n  commoncause graph impact meta-auth --graph tests/incidents/meta-2024-03-05-login/graph.yaml"
    )]
    Impact(whatif::ImpactArgs),
    /// Which causes look the same on all that is watched, and what to watch to tell them apart.
    #[command(
        after_help = "Example:\n  commoncause graph twins --graph tests/incidents/meta-2024-03-05-login/graph.yaml"
    )]
    Twins(whatif::TwinsArgs),
    /// Turn what another tool knows of dependencies into a graph file.
    #[command(after_help = "Example:\n  commoncause graph import compose tests/import/compose/docker-compose.yml")]
    Import(import::Args),
    /// Add a component, or a dependency to one.
    #[command(
        after_help = "Example:\n  commoncause graph add facebook-marketplace kind=service audience=1e9 --graph tests/incidents/meta-2024-03-05-login/graph.yaml --dry-run\n  commoncause graph add facebook --needs meta-network impact=soft \"source=general knowledge\" --graph tests/incidents/meta-2024-03-05-login/graph.yaml --dry-run"
    )]
    Add(edit::AddArgs),
    /// Give keys of a component or dependency other values.
    #[command(
        after_help = "Example:\n  commoncause graph set facebook audience=3e9 --graph tests/incidents/meta-2024-03-05-login/graph.yaml --dry-run"
    )]
    Set(edit::SetArgs),
    /// Remove a component or a dependency.
    #[command(
        after_help = "Example:\n  commoncause graph remove threads --references --graph tests/incidents/meta-2024-03-05-login/graph.yaml --dry-run"
    )]
    Remove(edit::RemoveArgs),
    /// Give a component another id; everything that names it follows.
    #[command(
        after_help = "Example:\n  commoncause graph rename meta-auth meta-login --keep-alias --graph tests/incidents/meta-2024-03-05-login/graph.yaml --dry-run"
    )]
    Rename(edit::RenameArgs),
    /// Lay graph files out in the usual way; what they say, its order and its comments stay.
    #[command(after_help = "Example:\n  commoncause graph fmt graphs --check")]
    Fmt(fmt::Args),
    /// Turn the graph into what another tool reads: a drawing, GraphML, JSON, a Backstage catalog.
    #[command(
        after_help = "Example:\n  commoncause graph export dot --graph tests/incidents/meta-2024-03-05-login/graph.yaml"
    )]
    Export(export::Args),
    /// What changed between two graphs, and what that would have changed in past incidents.
    #[command(
        after_help = "Example:\n  commoncause graph diff tests/incidents/verizon-2019-06-24-route-leak/graph.yaml tests/incidents/cloudflare-2022-06-21/graph.yaml"
    )]
    Diff(diff::Args),
    /// What DNS shows of the providers of domains, as a proposal with evidence.
    #[command(after_help = "Example:\n  commoncause graph discover example.com --graph graphs")]
    Discover(discover::Args),
    /// What confirmed incidents say about impacts, rates and missing dependencies; nothing is changed.
    #[command(after_help = "Example:\n  commoncause graph learn tests/learn")]
    Learn(learn::Args),
    /// Print a JSON Schema (draft-07) for editors and validators.
    #[command(after_help = "Example:\n  commoncause graph schema graph > graph.schema.json")]
    Schema {
        /// Of what.
        #[arg(value_enum, default_value_t = Subject::Graph)]
        subject: Subject,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Subject {
    Graph,
    Signal,
    Incident,
    Report,
    Answer,
    Comparison,
    Diary,
    Difference,
    Impact,
    Scenario,
    GraphDiff,
    Lessons,
    Sources,
    Notification,
    Status,
    Standing,
    Rules,
}

/// Runs the command.
pub fn run(args: Args) -> Exit {
    match args.command {
        Command::Check(args) => check::run(&args),
        Command::Show { id, graph } => show(&id, &graph),
        Command::Impact(args) => whatif::impact(&args),
        Command::Twins(args) => whatif::twins(&args),
        Command::Import(args) => import::run(&args),
        Command::Add(args) => edit::add(&args),
        Command::Set(args) => edit::set(&args),
        Command::Remove(args) => edit::remove(&args),
        Command::Rename(args) => edit::rename(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Discover(args) => discover::run(&args),
        Command::Learn(args) => learn::run(&args),
        Command::Schema { subject } => {
            let schema = match subject {
                Subject::Graph => graph::schema(),
                Subject::Signal => signal::schema(),
                Subject::Incident => incident::schema(),
                Subject::Report => report::json::schema(),
                Subject::Answer => report::json::answer_schema(),
                Subject::Comparison => report::json::comparison_schema(),
                Subject::Diary => report::json::diary_schema(),
                Subject::Difference => report::json::difference_schema(),
                Subject::Impact => crate::whatif::view::schema(),
                Subject::Scenario => crate::scenario::schema(),
                Subject::GraphDiff => diff::schema(),
                Subject::Lessons => crate::learn::view::schema(),
                Subject::Sources => crate::collect::config::schema(),
                Subject::Notification => crate::notify::webhook::schema(),
                Subject::Status => crate::collect::standing::schema(),
                Subject::Rules => crate::collect::classify::schema(),
                Subject::Standing => crate::collect::overview::schema(),
            };
            write(&format!("{schema:#}\n"), None)
        }
    }
}

fn show(id: &str, paths: &[PathBuf]) -> Exit {
    let graph = match read(paths) {
        Ok(graph) => graph,
        Err(exit) => return exit,
    };
    let ix = match find(&graph, id) {
        Ok(ix) => ix,
        Err(exit) => return exit,
    };
    write(&describe(&graph, ix), None)
}

/// Reads a graph.
///
/// # Errors
/// What is wrong has been told on stderr; the exit says which kind of wrong it is.
pub(super) fn read(paths: &[PathBuf]) -> Result<DependencyGraph, Exit> {
    read_keeping(paths, &mut Sources::default())
}

/// [`read`] with the texts kept in `sources`.
fn read_keeping(paths: &[PathBuf], sources: &mut Sources) -> Result<DependencyGraph, Exit> {
    let (graph, mut problems) = graph::load(paths, sources, None);
    let empty = graph.as_ref().is_some_and(|g| g.components().is_empty());
    // Of a graph without components every answer would be empty, which would look like good news.
    problems.retain(|d| empty || d.severity == crate::diag::Severity::Error);
    tell(&problems, sources);
    if empty && !has_errors(&problems) {
        return Err(Exit::Findings);
    }
    graph.filter(|_| !has_errors(&problems)).ok_or_else(|| Problems(&problems).exit())
}

/// Whether `added`, named `name`, is a graph beside the texts of another (or alone, if there are none).
///
/// # Errors
/// If it is none; that has been told on stderr.
fn must_fit(texts: &Sources, name: &str, added: &str) -> Result<(), Exit> {
    let whole: Vec<(&str, &str)> = texts.all().chain([(name, added)]).collect();
    let mut sources = Sources::default();
    let (_, mut problems) = graph::load_texts(&whole, &mut sources, None);
    problems.retain(|p| p.severity == crate::diag::Severity::Error);
    tell(&problems, &sources);
    if has_errors(&problems) { Err(Exit::Findings) } else { Ok(()) }
}

/// The incidents below `dir`.
///
/// # Errors
/// If there are none; that has been told on stderr.
fn incident_folders(dir: &Path) -> Result<Vec<PathBuf>, Exit> {
    match backtest::folders(dir) {
        Ok(folders) if folders.is_empty() => {
            eprintln!("error: no incident in {}: a folder with {} is one", dir.display(), incident::FILE_NAME);
            Err(Exit::Findings)
        }
        Ok(folders) => Ok(folders),
        Err(e) => {
            eprintln!("error: cannot read {}: {e}", dir.display());
            Err(Exit::Io)
        }
    }
}

/// Finds a component by id or alias.
///
/// # Errors
/// If there is none; that has been told on stderr, with a suggestion.
pub(super) fn find(graph: &DependencyGraph, id: &str) -> Result<ComponentIx, Exit> {
    graph.find(id).ok_or_else(|| {
        let hint = did_you_mean(id, graph.names()).unwrap_or_else(|| "see the ids under `components:`".to_string());
        eprintln!("error: no component `{}`: {hint}", clean(id));
        Exit::Findings
    })
}

/// Everything about one component, at most [`WIDTH`] columns wide.
fn describe(graph: &DependencyGraph, ix: ComponentIx) -> String {
    let c = graph.component(ix);
    let name = |ix: ComponentIx| graph.component(ix).id.clone();
    let mut lines = vec![cut(&format!("{} — {}", c.id, c.title), WIDTH)];
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            lines.extend(
                wrap(&clean(&format!("  {label:13} {text}")), WIDTH, 16)
                    .lines()
                    .map(|l| format!("  {}", l.trim_start_matches("  "))),
            );
        }
    };
    line("kind", c.kind.clone());
    line("operator", c.operator.clone().unwrap_or_default());
    line("part of", c.part_of.map(name).unwrap_or_default());
    line("parts", query::parts(graph, ix).into_iter().map(name).collect::<Vec<_>>().join(", "));
    line("capabilities", c.capabilities.join(", "));
    line("aliases", c.aliases.join(", "));
    line("regions", c.regions.join(", "));
    let rate = c.faults_per_year.or(graph.kind(c).faults_per_year);
    line("faults a year", rate.map(|r| r.to_string()).unwrap_or_default());
    lines.push(String::new());
    lines.push(format!("needs ({})", c.depends_on.len()));
    lines.extend(c.depends_on.iter().map(|d| cut(&format!("  {}", edge(graph, d)), WIDTH)));
    let dependents = query::neighbours(graph, ix, Direction::Dependents);
    lines.push(String::new());
    lines.push(format!("needed by ({})", dependents.len()));
    for &dependent in &dependents {
        let via =
            graph.component(dependent).depends_on.iter().filter(|d| d.need.members().iter().any(|m| m.component == ix));
        lines.extend(via.map(|d| cut(&format!("  {}: {}", name(dependent), edge(graph, d)), WIDTH)));
    }
    let paths: Vec<_> = query::paths_to(graph, ix).into_values().filter(|p| p.len() > 2).collect();
    if !paths.is_empty() {
        lines.push(String::new());
        lines.push(format!("needed indirectly by ({})", paths.len()));
        for path in paths.iter().take(SHOWN_PATHS) {
            let names: Vec<String> = path.iter().map(|&c| name(c)).collect();
            lines.push(cut(&format!("  {}", names.join(" ← ")), WIDTH));
        }
        if paths.len() > SHOWN_PATHS {
            lines.push(format!("  … and {} more", paths.len() - SHOWN_PATHS));
        }
    }
    lines.join("\n") + "\n"
}

/// One dependency in words.
fn edge(graph: &DependencyGraph, d: &Dependency) -> String {
    let member = |m: &graph::Member| match &m.capability {
        Some(k) => format!("{} ({k})", graph.component(m.component).id),
        None => graph.component(m.component).id.clone(),
    };
    let mut text = match &d.need {
        Need::One(m) => member(m),
        Need::Group { rule, members } => {
            let names: Vec<String> = members.iter().map(member).collect();
            format!("{} [{}]", query::rule_word(*rule), names.join(", "))
        }
    };
    if let Scope::Capabilities(list) = &d.scope {
        text += &format!(" for {}", list.join(", "));
    }
    text += &format!(", impact {}", d.impact);
    if d.confidence < 1.0 {
        text += &format!(", confidence {}", d.confidence);
    }
    if let Some(region) = &d.region {
        text += &format!(", only in {region}");
    }
    if let Some(source) = &d.source {
        text += &format!(" — {source}");
    }
    text
}
