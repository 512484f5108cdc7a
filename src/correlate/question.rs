//! Named questions: "is it a cloud provider?", "this or that?".

use super::ask::Asker;
use super::lens::{Left, Lens};
use super::{Case, Options, Prepared, Ranked};
use crate::graph::query::classes;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::Scenario;
use crate::infer::network::NodeIx;
use crate::model::channel::Except;
use crate::report::answer;
use crate::report::findings::Suspect;
use crate::report::view::{
    ANSWER_SCHEMA, Answer, COMPARISON_SCHEMA, Chance, Comparison, Expected, Flip, Subject, SubjectKind, Weight,
};
use crate::signal::State;
use std::collections::{BTreeMap, BTreeSet};

/// Components named for and against.
const NAMED: usize = 5;
/// Weaker ones are not named.
const NAMED_LEAST: f64 = 0.05;
/// Signals that are left out, at most, to turn a comparison round.
const LEFT_OUT: usize = 10;
/// What would be seen is expected with at least this chance, and believed with at most half of it.
const EXPECTED_LEAST: f64 = 0.4;
/// The chance of a fault that is taken for granted.
const FORCED: f64 = 1.0 - 1e-12;

/// What a name stands for in a graph: a component with its parts, or all components of a kind or family. Ids come
/// before kinds, kinds before aliases.
pub fn subject(graph: &DependencyGraph, name: &str) -> Option<(SubjectKind, Vec<ComponentIx>)> {
    let of_kind = || -> Vec<ComponentIx> {
        graph.iter().map(|(ix, _)| ix).filter(|&ix| classes(graph, ix).contains(name)).collect()
    };
    let found = graph.find(name);
    let is_id = found.is_some_and(|ix| graph.component(ix).id == name);
    let is_kind = graph.kinds().values().any(|k| k.name == name || k.family == name);
    if is_kind && !is_id {
        return Some((SubjectKind::Kind, of_kind()));
    }
    let whole = found?;
    let mut members = vec![whole];
    let mut at = 0;
    while at < members.len() {
        let parts = graph.iter().filter(|(ix, c)| c.part_of == Some(members[at]) && !members.contains(ix));
        let parts: Vec<ComponentIx> = parts.map(|(ix, _)| ix).collect();
        members.extend(parts);
        at += 1;
    }
    Some((SubjectKind::Component, members))
}

/// Answers "is it this?" for what [`subject`] finds; `Err` says why nothing can be answered.
pub fn ask(case: Case, name: &str, options: &Options) -> Result<Answer, String> {
    let (what, members) = subject(case.graph, name).ok_or("no such component or kind")?;
    let prepared = Prepared::new(case, options)?;
    let asker = prepared.asker(case.graph);
    let ranked = asker.ranked();
    let (subject, upstream) = asker.described(name, what, &members, &ranked);
    let best = upstream.first().copied();
    // What leaving out does has a known error only where nothing was drawn.
    let lens = prepared.engine.is_exact().then(|| Lens::any(&asker, &upstream)).flatten();
    let (supported_by, contradicted_by) = lens.as_ref().map(|lens| asker.sides(lens)).unwrap_or_default();
    let probability = if upstream.is_empty() { 0.0 } else { asker.p_any_fault(&upstream) };
    let prior = 1.0 - upstream.iter().map(|&c| 1.0 - asker.prior(c)).product::<f64>();
    let outside = ranked.suspects.iter().filter(|s| s.is_shared() && !upstream.contains(&s.component));
    let instead = outside.map(|s| asker.cause(s)).next();
    let mut answer = Answer {
        schema: ANSWER_SCHEMA.to_string(),
        subject,
        band: answer::band(probability, prior),
        probability,
        prior,
        best: best.map(|c| asker.chance(c)),
        supported_by,
        contradicted_by,
        not_seen: asker.all_not_seen(&ranked, &upstream),
        text: Vec::new(),
        inference: prepared.inference(options.seed),
    };
    answer.text = answer::answer_lines(&answer, instead.as_ref());
    Ok(answer)
}

/// Compares two subjects; `Err` says why nothing can be compared.
pub fn compare(case: Case, a: &str, b: &str, options: &Options) -> Result<Comparison, String> {
    let find = |name: &str| subject(case.graph, name).ok_or_else(|| format!("no component or kind `{name}`"));
    let ((what_a, members_a), (what_b, members_b)) = (find(a)?, find(b)?);
    if members_a.iter().any(|c| members_b.contains(c)) {
        return Err(format!("`{a}` and `{b}` have components in common; compare what excludes each other"));
    }
    let prepared = Prepared::new(case, options)?;
    if !prepared.engine.is_exact() {
        return Err("a comparison needs exact inference, and this graph is too densely connected for that".to_string());
    }
    let asker = prepared.asker(case.graph);
    let ranked = asker.ranked();
    let (subject_a, up_a) = asker.described(a, what_a, &members_a, &ranked);
    let (subject_b, up_b) = asker.described(b, what_b, &members_b, &ranked);
    for (subject, up) in [(&subject_a, &up_a), (&subject_b, &up_b)] {
        if up.is_empty() {
            return Err(format!("nothing that was reported failing needs `{}`", subject.name));
        }
    }
    let lens = Lens::versus(&asker, &up_a, &up_b).ok_or("one of them is certain or impossible")?;
    let chances = lens.chances();
    let (p_not_a, p_not_b, p_neither) = (chances[0], chances[1], chances[2]);
    let mut deciding = asker.by_component(&lens);
    deciding.truncate(2 * NAMED);
    let mut comparison = Comparison {
        schema: COMPARISON_SCHEMA.to_string(),
        a: subject_a,
        b: subject_b,
        p_a: asker.p_any_fault(&up_a),
        p_b: asker.p_any_fault(&up_b),
        p_both: (1.0 - p_not_a - p_not_b + p_neither).clamp(0.0, 1.0),
        p_neither,
        prior: lens.prior,
        posterior: lens.posterior,
        ln_bayes_factor: lens.posterior - lens.prior,
        deciding,
        flips_without: asker.flips_without(&up_a, &up_b, lens.posterior),
        flips_if: asker.flips_if(&up_a, &up_b, lens.posterior, &prepared.targets),
        text: Vec::new(),
        inference: prepared.inference(options.seed),
    };
    comparison.text = answer::comparison_lines(&comparison);
    Ok(comparison)
}

impl Asker<'_> {
    /// A subject in words, and its members that could have caused something reported failing, likeliest first.
    fn described(
        &self,
        name: &str,
        what: SubjectKind,
        members: &[ComponentIx],
        ranked: &Ranked,
    ) -> (Subject, Vec<ComponentIx>) {
        let reaching: BTreeSet<ComponentIx> = ranked.paths.values().flat_map(|to| to.keys().copied()).collect();
        let order = |list: &mut Vec<ComponentIx>| {
            let p = |c: &ComponentIx| ranked.all[c.0 as usize].p_fault;
            list.sort_by(|x, y| p(y).total_cmp(&p(x)).then(x.cmp(y)));
        };
        let mut all = members.to_vec();
        order(&mut all);
        let upstream: Vec<ComponentIx> = all.iter().copied().filter(|c| reaching.contains(c)).collect();
        let ids = all.iter().map(|&c| self.graph.component(c).id.clone()).collect();
        (Subject { name: name.to_string(), what, members: ids, upstream: upstream.len() }, upstream)
    }

    fn chance(&self, ix: ComponentIx) -> Chance {
        Chance { component: self.graph.component(ix).id.clone(), probability: self.p_any_fault(&[ix]) }
    }

    fn cause(&self, s: &Suspect) -> Chance {
        Chance { component: self.graph.component(s.component).id.clone(), probability: s.p_cause }
    }

    /// What leaving out all that was observed of each component would undo, strongest first. \[LOO\]
    fn by_component(&self, lens: &Lens) -> Vec<Weight> {
        let mut heard: BTreeMap<ComponentIx, Vec<usize>> = BTreeMap::new();
        for (signal, o) in self.signals.iter().enumerate() {
            if let Some(ix) = self.graph.find(&o.component).filter(|_| self.model.channels.node_of(signal).is_some()) {
                heard.entry(ix).or_default().push(signal);
            }
        }
        let weight = |(ix, signals): (ComponentIx, Vec<usize>)| {
            let log_odds = lens.posterior - self.odds_without(lens, &signals)?;
            let says = self.says(&signals);
            let component = self.graph.component(ix).id.clone();
            (log_odds.abs() >= NAMED_LEAST).then_some(Weight { component, says, signals, log_odds })
        };
        let mut weights: Vec<Weight> = heard.into_iter().filter_map(weight).collect();
        weights
            .sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()).then_with(|| a.component.cmp(&b.component)));
        weights
    }

    /// The states that some signals tell, worst first.
    fn says(&self, signals: &[usize]) -> String {
        let mut states: Vec<State> = signals.iter().map(|&s| self.signals[s].state).collect();
        states.sort_unstable();
        states.dedup();
        states.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The log-odds without some signals.
    fn odds_without(&self, lens: &Lens, signals: &[usize]) -> Option<f64> {
        let nodes: BTreeSet<NodeIx> = signals.iter().filter_map(|&s| self.model.channels.node_of(s)).collect();
        let without = Except::Signals(signals);
        let odds = match nodes.iter().collect::<Vec<_>>().as_slice() {
            [one] => lens.at(**one, &self.ratio_without(**one, without)),
            several => {
                let at = |n: &&NodeIx| (n.at(), self.model.channels.at(**n, &self.model.params, without));
                lens.with(self, &several.iter().map(at).collect::<Left>())
            }
        };
        odds.filter(|odds| odds.is_finite())
    }

    /// What speaks for and against most.
    fn sides(&self, lens: &Lens) -> (Vec<Weight>, Vec<Weight>) {
        let (mut up, mut down): (Vec<Weight>, Vec<Weight>) =
            self.by_component(lens).into_iter().partition(|w| w.log_odds > 0.0);
        up.truncate(NAMED);
        down.truncate(NAMED);
        (up, down)
    }

    /// What was observed and would probably have failed if this component had a fault, and probably has not. In the
    /// world of that fault alone, with no other evidence.
    fn not_seen(&self, ranked: &Ranked, cause: ComponentIx) -> Vec<Expected> {
        let capability = &ranked.all[cause.0 as usize].capability;
        let nodes = &self.model.nodes[cause.0 as usize];
        let own = nodes.own.iter().find(|(k, _)| k == capability).unwrap_or(&nodes.own[0]).1.at();
        let nothing: Left =
            self.model.channels.nodes().iter().map(|n| (n.at(), vec![0.0; 1 + self.model.timeline.bins()])).collect();
        let scenario = Scenario { prior: &[(own, FORCED)], ln_evidence: &nothing, ..Scenario::default() };
        let (world, _) = self.engine.posterior(scenario);
        let mut heard: BTreeMap<(ComponentIx, &str), Vec<usize>> = BTreeMap::new();
        for (signal, o) in self.signals.iter().enumerate() {
            if let Some(ix) = self.graph.find(&o.component).filter(|&ix| ix != cause) {
                heard.entry((ix, &o.capability)).or_default().push(signal);
            }
        }
        let seen = |((ix, capability), signals): ((ComponentIx, &str), Vec<usize>)| {
            let node = self.state_node(ix, capability).at();
            let (expected, believed) = (world.failed[node]?, self.posterior.failed[node]?);
            (expected >= EXPECTED_LEAST && believed <= 0.5 * expected).then(|| Expected {
                cause: self.graph.component(cause).id.clone(),
                component: self.graph.component(ix).id.clone(),
                capability: capability.to_string(),
                expected,
                believed,
                says: self.says(&signals),
                signals,
            })
        };
        heard.into_iter().filter_map(seen).collect()
    }

    /// The same for the likeliest members; what was seen healthy first.
    fn all_not_seen(&self, ranked: &Ranked, members: &[ComponentIx]) -> Vec<Expected> {
        let mut list: Vec<Expected> = members.iter().take(NAMED).flat_map(|&c| self.not_seen(ranked, c)).collect();
        let healthy = |e: &Expected| e.says == State::Healthy.as_str();
        let gap = |e: &Expected| e.expected - e.believed;
        list.sort_by(|a, b| {
            let order = healthy(b).cmp(&healthy(a)).then(gap(b).total_cmp(&gap(a)));
            order.then_with(|| (&a.component, &a.cause).cmp(&(&b.component, &b.cause)))
        });
        list
    }

    /// Signals without which the other side would be ahead: always the one that holds it most, one after the other.
    fn flips_without(&self, a: &[ComponentIx], b: &[ComponentIx], now: f64) -> Vec<usize> {
        let ahead = now > 0.0;
        let mut out: Vec<usize> = Vec::new();
        let mut now = now;
        while out.len() < LEFT_OUT {
            let Some((signal, left)) = self.hardest_blow(a, b, &out, ahead) else { return Vec::new() };
            if (left >= now) == ahead {
                return Vec::new();
            }
            out.push(signal);
            now = left;
            if (now > 0.0) != ahead {
                return out;
            }
        }
        Vec::new()
    }

    /// The signal that, left out beside these, moves the odds most against whoever is ahead, and the odds then.
    fn hardest_blow(&self, a: &[ComponentIx], b: &[ComponentIx], out: &[usize], ahead: bool) -> Option<(usize, f64)> {
        let params = &self.model.params;
        let nodes: BTreeSet<NodeIx> = out.iter().filter_map(|&s| self.model.channels.node_of(s)).collect();
        let at = |n: &NodeIx| (n.at(), self.model.channels.at(*n, params, Except::Signals(out)));
        let lens = Lens::versus_with(self, a, b, &nodes.iter().map(at).collect::<Left>())?;
        let odds = (0..self.signals.len()).filter(|s| !out.contains(s)).filter_map(|signal| {
            let node = self.model.channels.node_of(signal)?;
            let more: Vec<usize> = out.iter().copied().chain([signal]).collect();
            let ratio = self.ratio(node, Except::Signals(out), Except::Signals(&more));
            lens.at(node, &ratio).filter(|left| left.is_finite()).map(|left| (signal, left))
        });
        let worst = |x: &(usize, f64), y: &(usize, f64)| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0));
        if ahead { odds.min_by(worst) } else { odds.max_by(worst) }
    }

    /// Unobserved states that would put the other side ahead, likeliest first.
    fn flips_if(&self, a: &[ComponentIx], b: &[ComponentIx], now: f64, targets: &[usize]) -> Vec<Flip> {
        let Some((engine, posterior, unseen)) = self.look_wider(&[a, b].concat(), targets) else { return Vec::new() };
        let wider = Asker { engine: &engine, posterior: &posterior, ..*self };
        let Some(lens) = Lens::versus(&wider, a, b) else { return Vec::new() };
        let mut flips = Vec::new();
        for place in unseen {
            let Some(p) = posterior.failed[place.node.at()] else { continue };
            for (failing, probability) in [(true, p), (false, 1.0 - p)] {
                let Some(log_odds) = lens.known(place.node, failing) else { continue };
                if (log_odds > 0.0) != (now > 0.0) && probability > 0.0 {
                    let component = self.graph.component(place.component).id.clone();
                    flips.push(Flip {
                        component,
                        capability: place.capability.clone(),
                        failing,
                        log_odds,
                        probability,
                    });
                }
            }
        }
        flips.sort_by(|x, y| y.probability.total_cmp(&x.probability).then_with(|| x.component.cmp(&y.component)));
        flips.truncate(NAMED);
        flips
    }
}
