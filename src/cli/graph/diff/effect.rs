//! What a change of the graph would have made of past incidents. What was established of them later is not read.

use crate::cli::correlate::{case, observations};
use crate::cli::output::tell;
use crate::cli::{Exit, Problems};
use crate::correlate::{self, Detail, correlate};
use crate::diag::{Diagnostic, Sources};
use crate::graph::DependencyGraph;
use crate::incident::{self, Incident, KeepGoing, Options, UNKNOWN_CAPABILITY, UNKNOWN_COMPONENT, UNKNOWN_TRUTH};
use crate::report::view::{Report, VerdictKind};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Probabilities that move by no more than this count as the same.
const SAME: f64 = 0.01;
/// Causes whose order counts.
const FIRST: usize = 3;

/// What became of one incident.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Effect {
    /// Its id.
    pub incident: String,
    /// Whether the answer is another.
    pub outcome: Outcome,
    /// How many signals are about something in the first and in the second graph.
    pub signals: [usize; 2],
    /// The verdicts on the first and the second graph; `null` if it was not judged.
    pub verdict: Option<[VerdictKind; 2]>,
    /// The first causes on the first and the second graph; `null`: no cause, or not judged.
    pub first: [Option<String>; 2],
    /// Causes among the first three on either graph whose chance moved by more than 0.01, largest move first.
    pub causes: Vec<Moved>,
}

/// Whether the answer is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It is: the verdict, the order of the first causes, or a chance by more than 0.01.
    Changed,
    /// It is not.
    Same,
    /// No signal is about anything in one of the graphs.
    Skipped,
}

/// A chance on the first and the second graph.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Moved {
    /// The component.
    pub component: String,
    /// Its chance on the first graph; `null`: not among the causes.
    pub before: Option<f64>,
    /// Its chance on the second graph.
    pub after: Option<f64>,
}

/// Judges every incident on both graphs.
///
/// # Errors
/// If an incident is in error; that has been told on stderr.
pub(super) fn effects(
    folders: &[PathBuf],
    before: &DependencyGraph,
    after: &DependencyGraph,
) -> Result<Vec<Effect>, Exit> {
    let mut pairs = Vec::new();
    let mut worst = Exit::Done;
    for folder in folders {
        match (load(folder, before), load(folder, after)) {
            (Ok(a), Ok(b)) => pairs.push((a, b)),
            // The same would be told twice.
            (Err((problems, sources)), _) | (_, Err((problems, sources))) => {
                tell(&problems, &sources);
                worst = Problems(&problems).exit();
            }
        }
    }
    if worst != Exit::Done {
        return Err(worst);
    }
    Ok(pairs.par_iter().map(|(a, b)| effect(a, b)).collect())
}

/// An incident on another graph than its own. That the graph lacks some of its components is no error here.
fn load(folder: &Path, graph: &DependencyGraph) -> Result<Incident, (Vec<Diagnostic>, Sources)> {
    let mut sources = Sources::default();
    let options = Options { keep_going: KeepGoing::Yes, ..Options::default() };
    let (incident, mut problems) = incident::load_on(folder, graph, &mut sources, &options);
    let foreign = [UNKNOWN_COMPONENT, UNKNOWN_CAPABILITY, UNKNOWN_TRUTH];
    problems.retain(|p| p.severity == crate::diag::Severity::Error && !foreign.contains(&p.code));
    match incident {
        Some(incident) if problems.is_empty() => Ok(incident),
        _ => Err((problems, sources)),
    }
}

fn effect(before: &Incident, after: &Incident) -> Effect {
    let incident = before.name.id.clone();
    let signals = [before.signals.len(), after.signals.len()];
    if before.signals.is_empty() || after.signals.is_empty() {
        return Effect {
            incident,
            outcome: Outcome::Skipped,
            signals,
            verdict: None,
            first: [None, None],
            causes: Vec::new(),
        };
    }
    let options = correlate::Options { detail: Detail::Verdict, ..correlate::Options::default() };
    let judge = |incident: &Incident| correlate(case(incident, &observations(incident)), &options);
    let (a, b) = (judge(before), judge(after));
    let first = |report: &Report| report.causes.first().map(|c| c.component.clone());
    let order = |r: &Report| r.causes.iter().take(FIRST).map(|c| c.component.clone()).collect::<Vec<_>>();
    let mut causes = moved(&a, &b, &order(&a).into_iter().chain(order(&b)).collect());
    let other_order = order(&a) != order(&b);
    let same = a.verdict.kind == b.verdict.kind && !other_order && causes.is_empty();
    causes.sort_by(|x, y| size(y).total_cmp(&size(x)).then_with(|| x.component.cmp(&y.component)));
    Effect {
        incident,
        outcome: if same { Outcome::Same } else { Outcome::Changed },
        signals,
        verdict: Some([a.verdict.kind, b.verdict.kind]),
        first: [first(&a), first(&b)],
        causes,
    }
}

fn moved(a: &Report, b: &Report, named: &BTreeSet<String>) -> Vec<Moved> {
    let chance = |r: &Report, id: &str| r.causes.iter().find(|c| c.component == id).map(|c| c.probability);
    let pair = |id: &String| Moved { component: id.clone(), before: chance(a, id), after: chance(b, id) };
    named.iter().map(pair).filter(|m| size(m) > SAME).collect()
}

fn size(m: &Moved) -> f64 {
    (m.after.unwrap_or(0.0) - m.before.unwrap_or(0.0)).abs()
}
