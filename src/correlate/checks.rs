//! What to look at next: how much the state of something unobserved would tell about the causes. \[EIG\]

use super::ask::Asker;
use super::joint::exactly;
use crate::graph::ComponentIx;
use crate::infer::eliminate::Limits;
use crate::infer::logspace::SameEverywhere;
use crate::infer::network::NodeIx;
use crate::infer::{Engine, Posterior, Scenario};
use crate::model::build::ANY;
use crate::report::findings::Suspect;
use crate::report::view::Check;
use crate::signal::State;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Causes that a check may tell apart.
const CAUSES: usize = 3;
/// Causes below this chance are not worth a check.
const CAUSE_LEAST: f64 = 0.01;
/// Checks that are listed.
const LISTED: usize = 8;
/// Checks that tell less than this many bits are not worth making.
const GAIN_LEAST: f64 = 0.005;
/// Places that are tried, nearest to the causes first.
const TRIED: usize = 160;
/// Asking for more states at once must stay cheap.
const AFFORDABLE: Limits = Limits { table_cells: 1 << 19, total_cells: 1 << 21 };

/// A place of which nothing was observed.
#[derive(Debug, Clone)]
pub(super) struct Unseen {
    pub component: ComponentIx,
    pub capability: String,
    pub node: NodeIx,
}

impl Asker<'_> {
    /// Unobserved places by what they would tell about which of the leading causes had a fault; exact, so nothing
    /// where inference is sampled or the causes reach too far.
    pub(super) fn checks(&self, suspects: &[Suspect], targets: &[usize]) -> Vec<Check> {
        let leading = suspects.iter().filter(|s| s.is_shared() && s.p_fault >= CAUSE_LEAST).take(CAUSES);
        let causes: Vec<ComponentIx> = leading.map(|s| s.component).collect();
        let Some((engine, posterior, unseen)) = self.look_wider(&causes, targets) else { return Vec::new() };
        let asker = Asker { engine: &engine, posterior: &posterior, ..*self };
        // One run for every set of causes of which none had a fault.
        let runs: Vec<(f64, Posterior)> = (0..1usize << causes.len())
            .into_par_iter()
            .map(|mask| {
                let none: Vec<ComponentIx> =
                    (0..causes.len()).filter(|i| mask >> i & 1 == 1).map(|i| causes[i]).collect();
                let own = asker.own_nodes(&none);
                let (run, _) = engine.posterior(Scenario { without: &own, ..Scenario::default() });
                ((run.ln_evidence - posterior.ln_evidence).exponential(), run)
            })
            .collect();
        let mut best: BTreeMap<ComponentIx, Check> = BTreeMap::new();
        for place in &unseen {
            let Some(check) = self.check(place, &causes, &runs) else { continue };
            if best.get(&place.component).is_none_or(|known| check.gain_bits > known.gain_bits) {
                best.insert(place.component, check);
            }
        }
        let mut checks: Vec<Check> = best.into_values().filter(|c| c.gain_bits >= GAIN_LEAST).collect();
        checks.sort_by(|a, b| b.gain_bits.total_cmp(&a.gain_bits).then(a.component.cmp(&b.component)));
        checks.truncate(LISTED);
        checks
    }

    /// What the state of one place would tell: `I(C; F) = H(C) − Σ_f P(f) H(C | f)`, with `C` which of the causes had a
    /// fault and `F` whether the place has failed.
    fn check(&self, place: &Unseen, causes: &[ComponentIx], runs: &[(f64, Posterior)]) -> Option<Check> {
        let failed = |(chance, run): &(f64, Posterior)| Some(chance * run.failed[place.node.at()]?);
        let none_and_failed: Vec<f64> = runs.iter().map(failed).collect::<Option<_>>()?;
        let none: Vec<f64> = runs.iter().map(|(chance, _)| *chance).collect();
        let (all, bad) = (exactly(&none), exactly(&none_and_failed));
        let good: Vec<f64> = all.iter().zip(&bad).map(|(all, bad)| (all - bad).max(0.0)).collect();
        let (p_bad, p_good) = (bad.iter().sum::<f64>(), good.iter().sum::<f64>());
        let gain = entropy(&all) - p_bad * entropy(&bad) - p_good * entropy(&good);
        let given = |sets: &[f64], p: f64| -> BTreeMap<String, f64> {
            let chance =
                |i: usize| sets.iter().enumerate().filter(|(set, _)| set >> i & 1 == 1).map(|(_, p)| p).sum::<f64>();
            let of = |i: usize| if p > 0.0 { (chance(i) / p).clamp(0.0, 1.0) } else { 0.0 };
            causes.iter().enumerate().map(|(i, &c)| (self.graph.component(c).id.clone(), of(i))).collect()
        };
        Some(Check {
            component: self.graph.component(place.component).id.clone(),
            capability: place.capability.clone(),
            gain_bits: gain.max(0.0),
            p_failing: p_bad.clamp(0.0, 1.0),
            if_failing: given(&bad, p_bad),
            if_healthy: given(&good, p_good),
        })
    }

    /// The same network with the states of unobserved places near these causes: as many as stay affordable.
    pub(super) fn look_wider(
        &self,
        causes: &[ComponentIx],
        targets: &[usize],
    ) -> Option<(Engine, Posterior, Vec<Unseen>)> {
        if causes.is_empty() || !self.engine.is_exact() {
            return None;
        }
        let mut unseen = self.unseen(causes);
        unseen.truncate(TRIED);
        while !unseen.is_empty() {
            let mut wanted = targets.to_vec();
            wanted.extend(unseen.iter().map(|u| u.node.at()));
            if let Some(engine) = Engine::exact(&self.model.network, &wanted, AFFORDABLE) {
                let (posterior, _) = engine.posterior(Scenario::default());
                return Some((engine, posterior, unseen));
            }
            unseen.truncate(unseen.len() / 2);
        }
        None
    }

    /// Places without any signal: the causes' own, and those of what needs them, nearest first.
    fn unseen(&self, causes: &[ComponentIx]) -> Vec<Unseen> {
        let known = |o: &&crate::signal::Observation| !matches!(o.state, State::Unknown | State::Maintenance);
        let seen: BTreeSet<(ComponentIx, &str)> = self
            .signals
            .iter()
            .filter(known)
            .filter_map(|o| Some((self.graph.find(&o.component)?, o.capability.as_str())))
            .collect();
        // Nothing new is learnt from the whole of what was observed in any way.
        let whole = |ix: ComponentIx| seen.range((ix, "")..).next().is_some_and(|(at, _)| *at == ix);
        let mut unseen = Vec::new();
        for ix in self.downstream(causes) {
            let nodes = &self.model.nodes[ix.0 as usize];
            let open =
                nodes.works.iter().filter(|(k, _)| !seen.contains(&(ix, k.as_str())) && !seen.contains(&(ix, ANY)));
            let places = unseen.len();
            unseen.extend(open.map(|(k, &node)| Unseen { component: ix, capability: k.clone(), node }));
            if unseen.len() == places && nodes.works.is_empty() && !whole(ix) {
                unseen.push(Unseen { component: ix, capability: ANY.to_string(), node: nodes.general });
            }
        }
        unseen
    }

    /// The causes and everything that needs them or is part of them, nearest first.
    fn downstream(&self, causes: &[ComponentIx]) -> Vec<ComponentIx> {
        let mut dependents: Vec<Vec<ComponentIx>> = vec![Vec::new(); self.graph.components().len()];
        for (ix, c) in self.graph.iter() {
            for up in c.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component).chain(c.part_of) {
                dependents[up.0 as usize].push(ix);
            }
        }
        let mut found: Vec<ComponentIx> = causes.to_vec();
        let mut known: BTreeSet<ComponentIx> = causes.iter().copied().collect();
        let mut at = 0;
        while at < found.len() {
            let next = dependents[found[at].0 as usize].iter().copied().filter(|&ix| known.insert(ix));
            found.extend(next.collect::<Vec<_>>());
            at += 1;
        }
        found
    }
}

/// Entropy in bits of chances that need not add up to one.
fn entropy(chances: &[f64]) -> f64 {
    let total: f64 = chances.iter().sum();
    let bits = |&p: &f64| if p > 0.0 { -(p / total) * (p / total).log_two() } else { 0.0 };
    if total > 0.0 { chances.iter().map(bits).sum() } else { 0.0 }
}
