//! Tests of a graph that a team writes: given these signals, expect this cause, this probability, never that.
//!
//! A file of scenarios is YAML (see `docs/formats.md`). [`load()`] reads one with every problem, [`Expect::judge`] holds a
//! report against what is expected. Whoever runs a scenario correlates its incident, which has neither truth nor name.

mod bound;
mod codes;
mod expect;
mod file;
mod schema;

pub use bound::{Bound, Outcome};
pub use codes::{BAD_BOUND, BAD_SCENARIO, CODES, EMPTY, UNKNOWN_EXPECTED, UNKNOWN_FIELD};
pub use expect::{Check, Expect};
pub use schema::schema;

use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic, Sources, has_errors};
use crate::graph::DependencyGraph;
use crate::incident::{self, Draft, Incident, KeepGoing, Options, Placed};
use crate::signal::read;
use file::{RawExpect, RawTest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One test, ready to run.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What is judged; without truth.
    pub incident: Incident,
    /// What must hold of the report.
    pub expect: Expect,
}

/// Loads the scenarios of a file, with every problem of every part. Errors among them mean that not all that is written
/// can be run as it is meant.
///
/// The graph is the test's `graph`, else the file's, else that of the incident it names.
pub fn load(path: &Path, sources: &mut Sources) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let bytes = match read::read_bytes(path) {
        Ok(bytes) => bytes,
        Err(problem) => return (Vec::new(), vec![*problem]),
    };
    let (id, damage) = read::add_text(&path.display().to_string(), bytes, BAD_SCENARIO, sources);
    if let Some(damage) = damage {
        return (Vec::new(), vec![*damage.problem]);
    }
    let mut problems = Vec::new();
    let raw = file::read(id, &sources.text(id), &mut problems);
    let base = path.parent().unwrap_or(Path::new(""));
    let mut loader = Loader { base, shared: &raw.graph, graphs: BTreeMap::new(), sources, problems };
    let scenarios = raw.tests.into_iter().filter_map(|test| loader.scenario(test)).collect();
    (scenarios, loader.problems)
}

/// The graph, signal and incident files that a file of scenarios names are relative to its folder.
struct Loader<'a> {
    base: &'a Path,
    /// Graph files of all tests that name none.
    shared: &'a [Placed],
    /// Graphs that were loaded, by their paths; `None`: with errors, which have been told.
    graphs: BTreeMap<Vec<PathBuf>, Option<DependencyGraph>>,
    sources: &'a mut Sources,
    problems: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn scenario(&mut self, test: RawTest) -> Option<Scenario> {
        let named = if test.graph.is_empty() { self.shared } else { &test.graph };
        let paths: Vec<PathBuf> = named.iter().map(|p| self.base.join(&p.text)).collect();
        let options = Options { keep_going: KeepGoing::No, now: None, until: test.until };
        let (incident, mut told) = match &test.incident {
            Some(named) if paths.is_empty() => {
                incident::load(&self.base.join(&named.text), &[], self.sources, &options)
            }
            Some(named) => {
                let graph = self.graph(&paths)?;
                incident::load_on(&self.base.join(&named.text), &graph, self.sources, &options)
            }
            None if paths.is_empty() => {
                self.problems.push(
                    Diagnostic::error(BAD_SCENARIO, format!("the test `{}` has no graph", test.name.text))
                        .at(test.name.span, "this one")
                        .help("name graph files, as graph: [../graphs], for the whole file or for this test"),
                );
                return None;
            }
            None => {
                let graph = self.graph(&paths)?;
                let mut signals = test.inline;
                incident::read_signals(&test.signal_files, self.base, &mut signals, self.sources);
                Draft::new(test.window, signals, Vec::new()).finish(Some(graph), &options)
            }
        };
        // What is wrong with the signals does not hide what is wrong with the expectations.
        let graph = match (&incident, paths.is_empty()) {
            (None, false) => self.graph(&paths),
            _ => None,
        };
        for problem in told.iter_mut().filter(|d| d.primary.is_none()) {
            *problem = problem.clone().at(test.name.span, "in this test");
        }
        self.problems.extend(told);
        let mut wrong = Vec::new();
        let graph = incident.as_ref().map(|i| &i.graph).or(graph.as_ref())?;
        let expect = settle(&test.expect, graph, &mut wrong);
        let fine = !has_errors(&wrong);
        self.problems.extend(wrong);
        let mut incident = incident?;
        // What was established later is nobody's business here.
        incident.truth = None;
        fine.then_some(Scenario { name: test.name.text, incident, expect })
    }

    fn graph(&mut self, paths: &[PathBuf]) -> Option<DependencyGraph> {
        if !self.graphs.contains_key(paths) {
            let (graph, told) = incident::load_graph(paths, Vec::new(), self.sources, &Options::default());
            let graph = graph.filter(|_| !has_errors(&told));
            self.problems.extend(told);
            self.graphs.insert(paths.to_vec(), graph);
        }
        self.graphs[paths].clone()
    }
}

/// Names become ids of the graph.
fn settle(raw: &RawExpect, graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) -> Expect {
    let mut id = |name: &Placed| match graph.find(&name.text) {
        Some(ix) => Some(graph.component(ix).id.clone()),
        None => {
            let help = did_you_mean(&name.text, graph.names())
                .unwrap_or_else(|| "add the component to the graph, or take it out of the test".to_string());
            problems.push(unknown(UNKNOWN_EXPECTED, "component", name, help));
            None
        }
    };
    let mut ids = |names: &[Placed]| -> Vec<String> { names.iter().filter_map(&mut id).collect() };
    let (top, never, explains) = (ids(&raw.top), ids(&raw.never), ids(&raw.explains));
    let unexplained = raw.unexplained.as_deref().map(&mut ids);
    let causes = raw.causes.iter().filter_map(|(name, bound)| Some((id(name)?, bound.clone()))).collect();
    let words = || {
        graph.kinds().values().flat_map(|k| [Some(k.name.as_str()), Some(k.family.as_str()), k.parts_family.as_deref()])
    };
    let mut kinds = Vec::new();
    for (name, bound) in &raw.kinds {
        if words().flatten().any(|word| word == name.text) {
            kinds.push((name.text.clone(), bound.clone()));
        } else {
            let help = did_you_mean(&name.text, words().flatten())
                .unwrap_or_else(|| "name a kind or family of kinds, such as cloud, cdn, dns".to_string());
            problems.push(unknown(UNKNOWN_EXPECTED, "kind", name, help));
        }
    }
    Expect { verdict: raw.verdict.clone(), top, causes, never, explains, unexplained, kinds }
}

fn unknown(code: Code, what: &str, name: &Placed, help: String) -> Diagnostic {
    Diagnostic::error(code, format!("the test expects something of an unknown {what} `{}`", name.text))
        .at(name.span, "not in the graph")
        .help(help)
}
