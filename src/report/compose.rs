//! From findings to the public report: names, sentences, lists.

use super::findings::{Findings, Resting, Suspect};
use super::view::*;
use super::words;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::model::build::Discount;
use crate::signal::{Observation, State, Window};
use std::collections::{BTreeMap, BTreeSet};

/// A cause leads if its probability is at least this.
pub const LEADS: f64 = 0.5;
/// With a larger error nothing is said.
const UNSURE: f64 = 0.2;
/// From this chance on an unknown shared cause is worth a patch.
const PATCH_LEAST: f64 = 0.2;
/// Contradictions and evidence weaker than this many nats are left out.
const LEAST_WEIGHT: f64 = 0.05;

/// Puts findings into words.
pub fn compose(f: Findings) -> Report {
    // Those that lead alone, or together.
    let together: BTreeSet<ComponentIx> = f
        .ties
        .iter()
        .filter(|(p, _)| *p >= LEADS)
        .flat_map(|(_, group)| group)
        .chain(f.within.iter().flat_map(|(_, _, group)| group))
        .copied()
        .collect();
    let explained: BTreeSet<(ComponentIx, String)> = f
        .suspects
        .iter()
        .filter(|s| s.is_shared() && (s.p_cause >= LEADS || together.contains(&s.component)))
        .flat_map(|s| s.explains.iter().map(|(place, _)| place.clone()))
        .collect();
    let unexplained = f
        .failing
        .iter()
        .filter(|place| !explained.contains(place) && f.believed.contains(place))
        .map(|(ix, k)| Place { component: id(f.graph, *ix), capability: k.clone() })
        .collect();
    let (warnings, sentences) = (warnings(&f), words::sentences(&f));
    let (silences, spill_over) = (silences(&f), spill_over(&f));
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
        unknown_cause: unknown(&f),
        unexplained,
        components: f.states.clone(),
        checks: f.checks,
        sentences,
        graph: f.picture,
        signals: f.signals.iter().map(signal_view).collect(),
        diary: Vec::new(),
        silences,
        spill_over,
        warnings,
        inference: f.inference,
    }
}

/// Silences of sources that watch: they follow the signals that were read.
fn silences(f: &Findings) -> Vec<Silence> {
    let silence = |(signal, o): (usize, &Observation)| Silence {
        signal,
        source: o.source.name.clone(),
        component: o.component.clone(),
    };
    f.signals.iter().enumerate().skip(f.read).map(silence).collect()
}

fn spill_over(f: &Findings) -> Vec<Discounted> {
    let discounted = |d: &Discount| Discounted {
        signal: d.signal,
        component: f.signals[d.signal].component.clone(),
        log_odds: d.ln_ratio,
        undiscounted: d.undiscounted,
    };
    f.discounts.iter().map(discounted).collect()
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
        unknown_cause: UnknownCause { probability: None, members: Vec::new(), patch: None },
        unexplained: Vec::new(),
        components: Vec::new(),
        checks: Vec::new(),
        sentences: Vec::new(),
        graph: GraphView::default(),
        signals: Vec::new(),
        diary: Vec::new(),
        silences: Vec::new(),
        spill_over: Vec::new(),
        inference: Inference { method: Method::Sampled, error: 1.0, nodes: 0, edges: 0, relevant_nodes: 0, seed: 0 },
        warnings: vec![reason.to_string()],
    }
}

fn window_view(window: Window) -> WindowView {
    WindowView { start: window.start.to_string(), end: window.end.to_string() }
}

/// A signal as data; its words and address are put in by whoever read them.
pub fn signal_view(o: &Observation) -> SignalView {
    SignalView {
        at: o.at.to_string(),
        until: o.until.map(|t| t.to_string()),
        seen_at: o.seen_at.to_string(),
        component: o.component.clone(),
        capability: o.capability.clone(),
        state: o.state,
        region: o.region.clone(),
        source: o.source.kind,
        name: o.source.name.clone(),
        count: o.count,
        value: o.value,
        text: None,
        url: None,
    }
}

fn id(graph: &DependencyGraph, ix: ComponentIx) -> String {
    graph.component(ix).id.clone()
}

fn verdict(f: &Findings) -> Verdict {
    let leading: Vec<&Suspect> = f.suspects.iter().filter(|s| s.is_shared() && s.p_cause >= LEADS).collect();
    let p = |x: f64| super::text::probability(x, f.inference.error);
    let name = |s: &Suspect| {
        let id = id(f.graph, s.component);
        if s.capability == "any" { id } else { format!("{id} ({})", s.capability) }
    };
    let failed: BTreeSet<ComponentIx> = f.believed.iter().map(|(c, _)| *c).collect();
    // Causes that cannot be told apart lead together.
    let tied = f.ties.iter().find(|(p, group)| *p >= LEADS && group.iter().any(|c| is_first(f, *c)));
    let (kind, text) = match leading.as_slice() {
        _ if f.failing.is_empty() => {
            (VerdictKind::Inconclusive, "inconclusive: no signal says that anything failed".to_string())
        }
        _ if f.inference.error >= UNSURE => {
            let text = "inconclusive: the graph is too densely connected to compute an answer that can be trusted";
            (VerdictKind::Inconclusive, text.to_string())
        }
        [] if failed.len() < 2 => {
            let text = "inconclusive: the reports are not enough to believe that two components failed";
            (VerdictKind::Inconclusive, text.to_string())
        }
        [] if tied.is_some() => {
            let (together, group) = tied.cloned().unwrap_or_default();
            let names: Vec<String> = group.iter().map(|&c| id(f.graph, c)).collect();
            let text = format!(
                "most likely common cause: one of {}, together {}; the signals do not tell them apart",
                super::text::some_of(&names, 4),
                p(together)
            );
            (VerdictKind::CommonCause, text)
        }
        [] if f.within.is_some() => {
            let Some((container, together, group)) = &f.within else { unreachable!() };
            let of = |c: &ComponentIx| f.suspects.iter().find(|s| s.component == *c).map_or(0.0, |s| s.p_cause);
            let list: Vec<String> = group.iter().map(|c| format!("{} {}", id(f.graph, *c), p(of(c)))).collect();
            let text = format!(
                "most likely common cause: something in {}, together {}: {}",
                id(f.graph, *container),
                p(*together),
                super::text::some_of(&list, 3)
            );
            (VerdictKind::CommonCause, text)
        }
        [] if f.unknown.probability >= LEADS => {
            let names: Vec<String> = f.unknown.members.iter().map(|&c| id(f.graph, c)).collect();
            let text = format!(
                "most likely a shared cause that is not in the graph, probability {}: something that {} need",
                p(f.unknown.probability),
                super::text::some_of(&names, 4)
            );
            (VerdictKind::UnknownCause, text)
        }
        [] if f.coincidence >= LEADS => {
            (VerdictKind::Independent, "most likely no common cause: the failures have causes of their own".to_string())
        }
        [] => {
            let best = f.suspects.iter().find(|s| s.is_shared());
            let hint = best.map_or(String::new(), |s| format!("; best guess {} at {}", name(s), p(s.p_cause)));
            (VerdictKind::Inconclusive, format!("inconclusive: no common cause leads{hint}"))
        }
        [one] if f.unknown.probability >= LEADS => (
            VerdictKind::SeveralCauses,
            format!(
                "most likely several causes: {} {}, and one that is not in the graph {}",
                name(one),
                p(one.p_cause),
                p(f.unknown.probability)
            ),
        ),
        [one] => {
            let mut text = format!("most likely common cause: {}, probability {}", name(one), p(one.p_cause));
            if let Some((_, group)) = tied {
                let others = group.iter().filter(|c| **c != one.component).map(|c| id(f.graph, *c));
                let others = super::text::some_of(&others.collect::<Vec<_>>(), 3);
                text.push_str(&format!("; only their fault rates tell it from {others}"));
            }
            (VerdictKind::CommonCause, text)
        }
        several => {
            let list: Vec<String> = several.iter().map(|s| format!("{} {}", name(s), p(s.p_cause))).collect();
            (VerdictKind::SeveralCauses, format!("most likely several causes: {}", list.join(", ")))
        }
    };
    Verdict { kind, text }
}

fn is_first(f: &Findings, component: ComponentIx) -> bool {
    f.suspects.first().is_some_and(|s| s.component == component)
}

/// What the graph may lack, with the smallest patch that would put it in.
fn unknown(f: &Findings) -> UnknownCause {
    let members: Vec<String> = f.unknown.members.iter().map(|&c| id(f.graph, c)).collect();
    let patch = (f.unknown.probability >= PATCH_LEAST && members.len() >= 2).then(|| {
        let mut name = "unlisted".to_string();
        while f.graph.find(&name).is_some() {
            name.push_str("-1");
        }
        let edges: String = members.iter().map(|m| format!("  {m}:\n    depends_on: [{name}]\n")).collect();
        format!("components:\n  {name}:\n    kind: platform\n{edges}")
    });
    UnknownCause { probability: Some(f.unknown.probability), members, patch }
}

fn cause(f: &Findings, rank: usize, s: &Suspect) -> Cause {
    let component = f.graph.component(s.component);
    let error = f.inference.error;
    // The first trouble among what it explains, in the bin in which its fault most likely began.
    let begins = s.onset.map_or(0, |(bin, _)| bin);
    let onset = s
        .explains
        .iter()
        .flat_map(|((ix, _), _)| f.signals.iter().filter(move |o| f.graph.find(&o.component) == Some(*ix)))
        .filter(|o| matches!(o.state, State::Failing | State::Degraded) && f.timeline.bin(o.at) >= begins)
        .map(|o| o.at)
        .min();
    let tied = f.ties.iter().find(|(_, group)| group.contains(&s.component));
    let names = |group: &[ComponentIx]| group.iter().map(|&c| id(f.graph, c)).collect();
    Cause {
        rank,
        component: component.id.clone(),
        ties: tied.map_or_else(|| vec![component.id.clone()], |(_, group)| names(group)),
        tied_probability: tied.map_or(s.p_cause, |(together, _)| *together),
        kind: component.kind.clone(),
        capability: s.capability.clone(),
        probability: s.p_cause,
        p_fault: s.p_fault,
        range: [(s.range[0] - error).max(0.0), (s.range[1] + error).min(1.0)],
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
        deleted: s.deleted.iter().map(|&(signal, log_odds)| SignalWeight { signal, log_odds }).collect(),
        ledger: s.ledger.clone(),
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
    for Resting { causes, without } in &f.resting {
        let names: Vec<String> = causes.iter().map(|&c| id(f.graph, c)).collect();
        for (kind, p) in without.iter().filter(|(_, p)| *p < LEADS / 2.0) {
            let left = super::text::probability(*p, f.inference.error);
            warnings.push(format!(
                "without {} signals {} would have {left}: it rests on one kind of source",
                kind.as_str(),
                super::text::some_of(&names, 3)
            ));
        }
    }
    warnings
}
