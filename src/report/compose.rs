//! From findings to the public report: names, sentences, lists.

use super::findings::{Findings, Suspect};
use super::view::*;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::signal::{Observation, State, Window};
use std::collections::{BTreeMap, BTreeSet};

/// A cause leads if its probability is at least this.
const LEADS: f64 = 0.5;
/// With a larger error nothing is said.
const UNSURE: f64 = 0.2;
/// Contradictions and evidence weaker than this many nats are left out.
const LEAST_WEIGHT: f64 = 0.05;

/// Puts findings into words.
pub fn compose(f: Findings) -> Report {
    let explained: BTreeSet<(ComponentIx, String)> = f
        .suspects
        .iter()
        .filter(|s| s.is_shared() && s.probability >= LEADS)
        .flat_map(|s| s.explains.iter().map(|(place, _)| place.clone()))
        .collect();
    let unexplained = f
        .failing
        .iter()
        .filter(|place| !explained.contains(place) && f.believed.contains(place))
        .map(|(ix, k)| Place { component: id(f.graph, *ix), capability: k.clone() })
        .collect();
    Report {
        schema: SCHEMA.to_string(),
        incident: IncidentName { id: String::new(), title: String::new() },
        window: window_view(f.window),
        verdict: verdict(&f),
        causes: f.suspects.iter().enumerate().map(|(i, s)| cause(&f, i + 1, s)).collect(),
        explanations: f
            .explanations
            .iter()
            .map(|g| Explanation {
                causes: g.causes.iter().map(|&c| id(f.graph, c)).collect(),
                probability: g.probability,
            })
            .collect(),
        kinds: f
            .kinds
            .iter()
            .map(|(kind, p, best)| KindTotal { kind: kind.clone(), probability: *p, best: id(f.graph, *best) })
            .collect(),
        coincidence: f.coincidence,
        unknown_cause: UnknownCause { probability: None, members: Vec::new() },
        unexplained,
        components: f.states.clone(),
        checks: Vec::new(),
        warnings: warnings(&f),
        inference: f.inference,
    }
}

/// The report when no answer could be computed at all.
pub fn refused(window: Window, reason: &str) -> Report {
    Report {
        schema: SCHEMA.to_string(),
        incident: IncidentName { id: String::new(), title: String::new() },
        window: window_view(window),
        verdict: Verdict { kind: VerdictKind::Inconclusive, text: "no answer could be computed".to_string() },
        causes: Vec::new(),
        explanations: Vec::new(),
        kinds: Vec::new(),
        coincidence: 0.0,
        unknown_cause: UnknownCause { probability: None, members: Vec::new() },
        unexplained: Vec::new(),
        components: Vec::new(),
        checks: Vec::new(),
        inference: Inference { method: Method::Sampled, error: 1.0, nodes: 0, edges: 0, relevant_nodes: 0, seed: 0 },
        warnings: vec![reason.to_string()],
    }
}

fn window_view(window: Window) -> WindowView {
    WindowView { start: window.start.to_string(), end: window.end.to_string() }
}

fn id(graph: &DependencyGraph, ix: ComponentIx) -> String {
    graph.component(ix).id.clone()
}

fn verdict(f: &Findings) -> Verdict {
    let leading: Vec<&Suspect> = f.suspects.iter().filter(|s| s.is_shared() && s.probability >= LEADS).collect();
    let p = |x: f64| super::text::probability(x, f.inference.error);
    let name = |s: &Suspect| {
        let id = id(f.graph, s.component);
        if s.capability == "any" { id } else { format!("{id} ({})", s.capability) }
    };
    let failed: BTreeSet<ComponentIx> = f.believed.iter().map(|(c, _)| *c).collect();
    let (kind, text) = match leading.as_slice() {
        _ if f.failing.is_empty() => {
            (VerdictKind::Inconclusive, "inconclusive: no signal says that anything failed".to_string())
        }
        _ if f.inference.error >= UNSURE => {
            let text = "inconclusive: the graph is too densely connected to compute an answer that can be trusted";
            (VerdictKind::Inconclusive, text.to_string())
        }
        [] if failed.len() < 2 => {
            let text = "inconclusive: fewer than two components are believed to have failed";
            (VerdictKind::Inconclusive, text.to_string())
        }
        [] if f.coincidence >= LEADS => {
            (VerdictKind::Independent, "most likely no common cause: the failures have causes of their own".to_string())
        }
        [] => {
            let best = f.suspects.iter().find(|s| s.is_shared());
            let hint = best.map_or(String::new(), |s| format!("; best guess {} at {}", name(s), p(s.probability)));
            (VerdictKind::Inconclusive, format!("inconclusive: no common cause leads{hint}"))
        }
        [one] => (
            VerdictKind::CommonCause,
            format!("most likely common cause: {}, probability {}", name(one), p(one.probability)),
        ),
        several => {
            let list: Vec<String> = several.iter().map(|s| format!("{} {}", name(s), p(s.probability))).collect();
            (VerdictKind::SeveralCauses, format!("most likely several causes: {}", list.join(", ")))
        }
    };
    Verdict { kind, text }
}

fn cause(f: &Findings, rank: usize, s: &Suspect) -> Cause {
    let component = f.graph.component(s.component);
    let error = f.inference.error;
    let onset = s
        .explains
        .iter()
        .flat_map(|((ix, _), _)| f.signals.iter().filter(move |o| f.graph.find(&o.component) == Some(*ix)))
        .filter(|o| matches!(o.state, State::Failing | State::Degraded))
        .map(|o| o.at)
        .min();
    Cause {
        rank,
        component: component.id.clone(),
        ties: vec![component.id.clone()],
        kind: component.kind.clone(),
        capability: s.capability.clone(),
        probability: s.probability,
        range: [(s.probability - error).max(0.0), (s.probability + error).min(1.0)],
        prior: s.prior,
        onset: onset.map(|t| t.to_string()),
        explains: s
            .explains
            .iter()
            .map(|((ix, k), path)| Explained {
                component: id(f.graph, *ix),
                capability: k.clone(),
                path: path.iter().map(|&c| id(f.graph, c)).collect(),
            })
            .collect(),
        contradicted_by: contradictions(f.signals, s),
        evidence: s
            .evidence
            .iter()
            .filter(|(_, w)| w.abs() >= LEAST_WEIGHT)
            .map(|&(signal, log_odds)| SignalWeight { signal, log_odds })
            .collect(),
    }
}

/// Signals that speak against a suspect, summed by what they observe.
fn contradictions(signals: &[Observation], s: &Suspect) -> Vec<Weighed> {
    let mut sums: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for &(signal, weight) in s.evidence.iter().filter(|(_, w)| *w < 0.0) {
        let o = &signals[signal];
        *sums.entry((&o.component, &o.capability)).or_default() += weight;
    }
    let mut list: Vec<Weighed> = sums
        .into_iter()
        .filter(|(_, w)| *w <= -LEAST_WEIGHT)
        .map(|((component, capability), log_odds)| Weighed {
            component: component.to_string(),
            capability: capability.to_string(),
            log_odds,
        })
        .collect();
    list.sort_by(|a, b| a.log_odds.total_cmp(&b.log_odds).then_with(|| a.component.cmp(&b.component)));
    list
}

fn warnings(f: &Findings) -> Vec<String> {
    let mut warnings = Vec::new();
    if f.inference.method == Method::Sampled {
        warnings.push(format!(
            "exact inference is too wide for this graph; probabilities were sampled and may be off by {:.3}",
            f.inference.error
        ));
    }
    warnings
}
