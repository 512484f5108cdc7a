//! The account of a cause: what each signal and each channel adds, and what they add against the next best cause.

use super::ask::Asker;
use super::lens::{Left, Lens};
use crate::graph::ComponentIx;
use crate::infer::Posterior;
use crate::infer::network::NodeIx;
use crate::model::channel::Except;
use crate::report::findings::Suspect;
use crate::report::view::{Channel, ChannelSignal, Ledger, Rival};
use crate::signal::SourceKind;
use std::collections::{BTreeMap, BTreeSet};

/// What one signal does: (signal, log-odds of the cause, log-odds against the rival).
pub(super) type Weight = (usize, f64, Option<f64>);

/// What is said of one component by one kind of source: the nodes it bears on.
type ChannelNodes = BTreeMap<(ComponentIx, SourceKind), BTreeSet<NodeIx>>;

impl Asker<'_> {
    /// The next best cause: the shared suspect whose chance of a fault would rise most if this one had none. What is
    /// true beside it is no rival. `ruled_out` is the question whose last run rules the cause out.
    pub(super) fn rival(&self, suspects: &[Suspect], cause: ComponentIx, ruled_out: &Lens) -> Option<ComponentIx> {
        let rise = |s: &Suspect| {
            let own = self.own_nodes(&[s.component]);
            let without = ruled_out.last_run()?;
            let all = |p: &Posterior| 1.0 - own.iter().map(|&v| 1.0 - p.own[v]).product::<f64>();
            Some((all(without) - all(self.posterior), s.component))
        };
        let others = suspects.iter().filter(|s| s.component != cause && s.reaches >= 2);
        others.filter_map(rise).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, ix)| ix)
    }

    /// What leaving each signal out would undo, for the cause and against the rival; strongest first. \[LOO\]
    pub(super) fn weights(&self, lens: &Lens, versus: Option<&Lens>) -> Vec<Weight> {
        let mut weights: Vec<Weight> = (0..self.signals.len())
            .filter_map(|signal| {
                let node = self.model.channels.node_of(signal)?;
                let ratio = self.ratio_without(node, Except::Signals(&[signal]));
                let undone = |lens: &Lens| lens.at(node, &ratio).map(|left| lens.posterior - left);
                let delta = undone(lens).filter(|d| d.is_finite())?;
                Some((signal, delta, versus.and_then(undone).filter(|d| d.is_finite())))
            })
            .filter(|(_, delta, against)| *delta != 0.0 || against.is_some_and(|d| d != 0.0))
            .collect();
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        weights
    }

    /// The whole account.
    pub(super) fn ledger(&self, lens: &Lens, versus: Option<(ComponentIx, &Lens)>, weights: &[Weight]) -> Ledger {
        let against = versus.map(|(_, lens)| lens);
        let mut channels: Vec<Channel> = self
            .channels()
            .into_iter()
            .filter_map(|((component, source), nodes)| {
                let undone = |lens: &Lens| self.without_channel(lens, source, &nodes).map(|left| lens.posterior - left);
                let log_odds = undone(lens)?;
                let of_it = |signal: usize| {
                    self.signals[signal].source.kind == source
                        && self.graph.find(&self.signals[signal].component) == Some(component)
                };
                let signals: Vec<ChannelSignal> = weights
                    .iter()
                    .filter(|w| of_it(w.0))
                    .map(|&(signal, log_odds, against_rival)| ChannelSignal { signal, log_odds, against_rival })
                    .collect();
                (!signals.is_empty()).then(|| Channel {
                    component: self.graph.component(component).id.clone(),
                    source,
                    log_odds,
                    against_rival: against.and_then(undone),
                    overlap: log_odds - signals.iter().map(|s| s.log_odds).sum::<f64>(),
                    signals,
                })
            })
            .collect();
        channels.sort_by(|a, b| {
            let order = b.log_odds.abs().total_cmp(&a.log_odds.abs());
            order.then_with(|| (&a.component, a.source).cmp(&(&b.component, b.source)))
        });
        let sum: f64 = channels.iter().map(|c| c.log_odds).sum();
        Ledger {
            prior: lens.prior,
            posterior: lens.posterior,
            overlap: lens.posterior - lens.prior - sum,
            rival: versus.map(|(rival, lens)| Rival {
                component: self.graph.component(rival).id.clone(),
                prior: lens.prior,
                posterior: lens.posterior,
            }),
            channels,
        }
    }

    /// All channels with the nodes they bear on.
    pub(super) fn channels(&self) -> ChannelNodes {
        let mut channels = ChannelNodes::new();
        for (signal, o) in self.signals.iter().enumerate() {
            let (Some(ix), Some(node)) = (self.graph.find(&o.component), self.model.channels.node_of(signal)) else {
                continue;
            };
            channels.entry((ix, o.source.kind)).or_default().insert(node);
        }
        channels
    }

    /// The log-odds without what one kind of source says at these nodes.
    pub(super) fn without_channel(&self, lens: &Lens, source: SourceKind, nodes: &BTreeSet<NodeIx>) -> Option<f64> {
        let without = Except::Source(source);
        let left = match nodes.iter().collect::<Vec<_>>().as_slice() {
            [one] => lens.at(**one, &self.ratio_without(**one, without)),
            several => {
                let at = |n: &&NodeIx| (n.at(), self.model.channels.at(**n, &self.model.params, without));
                lens.with(self, &several.iter().map(at).collect::<Left>())
            }
        };
        left.filter(|left| left.is_finite())
    }
}
