//! An incident: a window, a graph, the signals of the window, and (for the corpus) the truth.
//!
//! Joins `graph` and `signal`: aliases become ids here. [`Truth`] is kept apart from what is scored;
//! only `backtest` and `learn` read it.

mod codes;
mod file;
pub(crate) mod mapping;
mod schema;
mod settle;

pub use codes::{
    BAD_INCIDENT, BAD_WINDOW, CODES, DUPLICATE, EMPTY, FUTURE, OUTSIDE_WINDOW, UNKNOWN_CAPABILITY, UNKNOWN_COMPONENT,
    UNKNOWN_FIELD, UNKNOWN_TRUTH,
};
pub use schema::schema;

use crate::diag::suggest::did_you_mean;
use crate::diag::{Diagnostic, Severity, Sources, Span, has_errors};
use crate::graph::{self, DependencyGraph};
use crate::signal::read::{self, Read};
use crate::signal::{Coverage, Record, Window};
use file::{RawIncident, RawTruth};
use jiff::{Timestamp, tz::TimeZone};
use std::path::{Path, PathBuf};

/// The file that makes a folder an incident.
pub const FILE_NAME: &str = "incident.yaml";

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What an incident is called. Shown, never scored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// Short id.
    pub id: String,
    /// One line for people.
    pub title: String,
}

/// What was established later. Only `backtest` and `learn` may read it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// Component ids of the true causes.
    pub causes: Vec<String>,
    /// Ids that count as right though not exact.
    pub acceptable: Vec<String>,
    /// Real troubles of that day which had a cause of their own.
    pub separate: Vec<String>,
}

/// A loaded incident. Every component named in `signals` and `coverage` is an id of `graph`.
#[derive(Debug, Clone)]
pub struct Incident {
    /// What it is called.
    pub name: Name,
    /// When.
    pub window: Window,
    /// The graph it is judged on.
    pub graph: DependencyGraph,
    /// The signals, in file order.
    pub signals: Vec<Record>,
    /// What sources say they watch.
    pub coverage: Vec<Coverage>,
    /// What was established later, if the incident is labelled.
    pub truth: Option<Truth>,
}

/// What to do about signals that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepGoing {
    /// One such signal refuses the incident.
    #[default]
    No,
    /// They are told and left out; the rest is used.
    Yes,
}

/// How to load. The clock is an argument: loading the same files twice gives the same incident.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// What to do about signals that cannot be used.
    pub keep_going: KeepGoing,
    /// The present, for warnings about later times and about graph entries long unverified; `None`: no such warnings.
    pub now: Option<Timestamp>,
    /// Replay: keep only what had reached us by then.
    pub until: Option<Timestamp>,
}

/// An incident by its parts, as given on the command line.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Graph files or folders.
    pub graph: Vec<PathBuf>,
    /// Files of signals.
    pub signals: Vec<PathBuf>,
    /// When.
    pub window: Window,
}

/// Loads an incident from a folder that holds [`FILE_NAME`], or from such a file; `extra_graph` is added to its graph.
///
/// Every problem of every part comes back. The incident comes back unless its own fields, its graph or its truth have
/// errors, or its signals have and [`KeepGoing`] is `No`.
pub fn load(
    path: &Path,
    extra_graph: &[PathBuf],
    sources: &mut Sources,
    options: &Options,
) -> (Option<Incident>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let Some((raw, base)) = open(path, sources, &mut problems) else { return (None, problems) };
    let mut graph_paths = extra_graph.to_vec();
    graph_paths.extend(raw.graph.iter().map(|p| base.join(&p.text)));
    let draft = Draft::of(raw, &base, problems, sources);
    let (graph, problems) = load_graph(&graph_paths, draft.problems, sources, options);
    Draft { problems, ..draft }.finish(graph, options)
}

/// Loads an incident on a graph that is loaded already and takes the place of the incident's own. What its truth names
/// and this graph has not is left out and reported, under the same rule as signals.
pub fn load_on(
    path: &Path,
    graph: &DependencyGraph,
    sources: &mut Sources,
    options: &Options,
) -> (Option<Incident>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let Some((mut raw, base)) = open(path, sources, &mut problems) else { return (None, problems) };
    let truth = raw.truth.take();
    let (incident, mut problems) = Draft::of(raw, &base, problems, sources).finish(Some(graph.clone()), options);
    let before = problems.len();
    let truth = truth.map(|raw| resolve_truth(graph, &raw, &mut problems));
    let refused = problems.len() > before && options.keep_going == KeepGoing::No;
    (incident.filter(|_| !refused).map(|incident| Incident { truth, ..incident }), problems)
}

/// Reads an incident file, and gives the folder that its paths are relative to.
fn open(path: &Path, sources: &mut Sources, problems: &mut Vec<Diagnostic>) -> Option<(RawIncident, PathBuf)> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_path_buf() };
    let bytes = match read::read_bytes(&file) {
        Ok(bytes) => bytes,
        Err(mut problem) => {
            problem.help = Some(format!("name a folder with {FILE_NAME}, or such a file, or give its parts"));
            problems.push(*problem);
            return None;
        }
    };
    let (id, damage) = read::add_text(&file.display().to_string(), bytes, BAD_INCIDENT, sources);
    if let Some(damage) = damage {
        problems.push(*damage.problem);
        return None;
    }
    let raw = file::read(id, &sources.text(id), &fallback_id(&file), problems);
    Some((raw, file.parent().unwrap_or(Path::new("")).to_path_buf()))
}

/// Adds the signals of files that `named` lists, relative to `base`.
pub(crate) fn read_signals(named: &[Placed], base: &Path, signals: &mut Read, sources: &mut Sources) {
    for named in named {
        let mut read = read::read_file(&base.join(&named.text), sources);
        for problem in read.diagnostics.iter_mut().filter(|d| d.primary.is_none()) {
            *problem = problem.clone().at(named.span, "named here");
        }
        append(signals, read);
    }
}

/// Loads the graph of an incident; its problems come after those there are already.
pub(crate) fn load_graph(
    paths: &[PathBuf],
    mut problems: Vec<Diagnostic>,
    sources: &mut Sources,
    options: &Options,
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    if paths.is_empty() {
        problems.push(
            Diagnostic::error(BAD_INCIDENT, "an incident without a graph")
                .help("name graph files in the incident, as graph: [graph.yaml], or with --graph"),
        );
        return (None, problems);
    }
    let today = options.now.map(|now| TimeZone::UTC.to_datetime(now).date());
    let (graph, found) = graph::load(paths, sources, today);
    // Hints are for `graph check`; whoever correlates is in a hurry.
    problems.extend(found.into_iter().filter(|d| d.severity != Severity::Hint));
    (graph, problems)
}

/// The graph and signal files that an incident names, without opening any of them.
pub fn names(path: &Path) -> Vec<PathBuf> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_path_buf() };
    let mut sources = Sources::default();
    let Ok(bytes) = read::read_bytes(&file) else { return Vec::new() };
    let (id, damage) = read::add_text(&file.display().to_string(), bytes, BAD_INCIDENT, &mut sources);
    if damage.is_some() {
        return Vec::new();
    }
    let raw = file::read(id, &sources.text(id), "", &mut Vec::new());
    let base = file.parent().unwrap_or(Path::new(""));
    raw.graph.iter().chain(&raw.signal_files).map(|p| base.join(&p.text)).collect()
}

/// Puts an incident together from graph and signal files and a window.
pub fn from_parts(parts: &Parts, sources: &mut Sources, options: &Options) -> (Option<Incident>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let empty = empty_window(&parts.window);
    let window = empty.is_none().then_some(parts.window);
    problems.extend(empty);
    let mut signals = Read::default();
    for path in &parts.signals {
        append(&mut signals, read::read_file(path, sources));
    }
    let id = parts.signals.first().map(|p| fallback_id(p)).unwrap_or_default();
    let name = Name { title: id.clone(), id };
    let (graph, problems) = load_graph(&parts.graph, problems, sources, options);
    Draft { name, window, signals, truth: None, problems }.finish(graph, options)
}

/// An incident whose parts are read but not joined.
pub(crate) struct Draft {
    pub name: Name,
    pub window: Option<Window>,
    pub signals: Read,
    truth: Option<RawTruth>,
    pub problems: Vec<Diagnostic>,
}

impl Draft {
    /// What a file that is no incident file says of one.
    pub fn new(window: Option<Window>, signals: Read, problems: Vec<Diagnostic>) -> Draft {
        Draft { name: Name::default(), window, signals, truth: None, problems }
    }

    fn of(raw: RawIncident, base: &Path, problems: Vec<Diagnostic>, sources: &mut Sources) -> Draft {
        let mut signals = raw.inline;
        read_signals(&raw.signal_files, base, &mut signals, sources);
        Draft { name: raw.name, window: raw.window, signals, truth: raw.truth, problems }
    }

    /// Joins the parts on a graph; nothing comes of it if anything is in error that must not be.
    pub fn finish(self, graph: Option<DependencyGraph>, options: &Options) -> (Option<Incident>, Vec<Diagnostic>) {
        let Draft { name, window, signals, truth, mut problems } = self;
        let truth = match (&graph, truth) {
            (Some(graph), Some(raw)) => Some(resolve_truth(graph, &raw, &mut problems)),
            _ => None,
        };
        let refused = has_errors(&problems);

        let Read { mut records, mut coverage, diagnostics: mut told } = signals;
        if let Some(graph) = &graph {
            settle::resolve(graph, &mut records, &mut coverage, &mut told);
            settle::drop_duplicates(&mut records, &mut told);
            settle::settle_capabilities(graph, &mut records, &mut told);
        }
        if let Some(until) = options.until {
            settle::rewind(&mut records, until);
        }
        if let Some(window) = &window {
            settle::keep_window(&mut records, window, &mut told);
        }
        if let Some(now) = options.now {
            settle::warn_future(&records, now, &mut told);
        }
        let refused = refused || (has_errors(&told) && options.keep_going == KeepGoing::No);
        problems.extend(told);
        let (Some(graph), Some(window), false) = (graph, window, refused) else { return (None, problems) };
        if records.is_empty() {
            problems.push(
                Diagnostic::warning(EMPTY, "no signal is left to judge by")
                    .help("name files under `signals:` or with --signals, and check that the window covers them"),
            );
        }
        (Some(Incident { name, window, graph, signals: records, coverage, truth }), problems)
    }
}

/// The problem of a window that no time passes through.
fn empty_window(window: &Window) -> Option<Diagnostic> {
    (window.end <= window.start).then(|| {
        Diagnostic::error(
            BAD_WINDOW,
            format!("the window ends at {}, not after its start {}", window.end, window.start),
        )
        .help("the end must be later than the start; check the offsets")
    })
}

fn resolve_truth(graph: &DependencyGraph, raw: &RawTruth, problems: &mut Vec<Diagnostic>) -> Truth {
    let mut ids = |names: &[Placed]| {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            match graph.find(&name.text) {
                Some(ix) => found.push(graph.component(ix).id.clone()),
                None => problems.push(
                    Diagnostic::error(UNKNOWN_TRUTH, format!("unknown component `{}` in the truth", name.text))
                        .at(name.span, "not in the graph")
                        .help(did_you_mean(&name.text, graph.names()).unwrap_or_else(|| {
                            "add the component to the graph, or take it out of the truth".to_string()
                        })),
                ),
            }
        }
        found
    };
    Truth { causes: ids(&raw.causes), acceptable: ids(&raw.acceptable), separate: ids(&raw.separate) }
}

/// The id of an incident that names none: its folder's name, or its file's.
fn fallback_id(file: &Path) -> String {
    let name = match file.file_name() {
        Some(name) if name == FILE_NAME => file.parent().and_then(Path::file_name),
        _ => file.file_stem(),
    };
    name.map_or_else(|| "incident".to_string(), |n| n.to_string_lossy().into_owned())
}

fn append(all: &mut Read, more: Read) {
    all.records.extend(more.records);
    all.coverage.extend(more.coverage);
    all.diagnostics.extend(more.diagnostics);
}
