//! How far the answer moves if the numbers it rests on are wrong.

use super::ask::Asker;
use super::compile;
use crate::graph::ComponentIx;
use crate::infer::Scenario;
use crate::infer::logspace::SameEverywhere;
use crate::model::Params;
use crate::signal::Window;
use rayon::prelude::*;

/// Rates and impacts may be wrong by this factor.
const WRONG: f64 = 3.0;

impl Asker<'_> {
    /// Lower and upper ends of the chance of a fault of each cause, if one of these is wrong by a factor of [`WRONG`]
    /// either way: its own fault rate, all rates together, or the odds of all impacts together. \[SENS\]
    pub(super) fn ranges(&self, causes: &[ComponentIx], window: Window, options: &super::Options) -> Vec<[f64; 2]> {
        let of = |asker: &Asker| -> Vec<f64> { causes.iter().map(|&c| asker.p_any_fault(&[c])).collect() };
        let wrong = [WRONG, 1.0 / WRONG];
        let rates = wrong.par_iter().map(|&factor| {
            let prior = self.model.network.prior();
            let all: Vec<(usize, f64)> = (0..prior.len()).map(|v| (v, times(prior[v], factor))).collect();
            let (posterior, _) = self.engine.posterior(Scenario { prior: &all, ..Scenario::default() });
            of(&Asker { posterior: &posterior, ..*self })
        });
        let impacts = wrong.par_iter().map(|&factor| {
            // The same variables, so as many bins as before will do.
            let (impact_odds, bins) = (options.params.impact_odds * factor, self.model.timeline.bins());
            let params = Params { impact_odds, bins, ..options.params.clone() };
            let options = super::Options { params, ..options.clone() };
            let Ok((model, engine, _)) = compile(self.graph, self.signals, window, &options) else { return of(self) };
            let (posterior, _) = engine.posterior(Scenario::default());
            of(&Asker { model: &model, engine: &engine, posterior: &posterior, ..*self })
        });
        let others: Vec<Vec<f64>> = rates.chain(impacts).collect();
        let range = |(i, &cause): (usize, &ComponentIx)| {
            let p = self.p_any_fault(&[cause]);
            let own = by_odds(p, self.prior(cause));
            let all = others.iter().map(|list| list[i]).chain(own).chain([p]);
            all.fold([p; 2], |[low, high], p| [low.min(p), high.max(p)])
        };
        causes.iter().enumerate().map(range).collect()
    }
}

/// The range of a chance of a fault whose own rate alone is wrong: its odds go with the odds of its prior. \[SENS\]
pub(super) fn by_odds(p: f64, prior: f64) -> [f64; 2] {
    let at = |factor: f64| {
        let changed = times(prior, factor);
        let odds_ratio =
            if prior > 0.0 && prior < 1.0 { changed / prior * (1.0 - prior) / (1.0 - changed) } else { 1.0 };
        odds_ratio * p / (1.0 - p + odds_ratio * p)
    };
    [at(1.0 / WRONG), at(WRONG)]
}

/// The chance of at least one fault if faults come `factor` times as often. \[POI\]
fn times(p: f64, factor: f64) -> f64 {
    -(factor * (-p).log_one_plus()).exp_minus_one()
}
