//! How far the answer moves if the numbers it rests on are wrong.

use super::ask::Asker;
use super::compile;
use crate::graph::ComponentIx;
use crate::infer::Scenario;
use crate::model::Params;
use crate::signal::Window;

/// Rates and impacts may be wrong by this factor.
const WRONG: f64 = 3.0;

impl Asker<'_> {
    /// Lower and upper ends of the chance of a fault of each cause, if one of these is wrong by a factor of [`WRONG`]
    /// either way: its own fault rate, all rates together, or the odds of all impacts together. \[SENS\]
    pub(super) fn ranges(&self, causes: &[ComponentIx], window: Window, options: &super::Options) -> Vec<[f64; 2]> {
        let mut ranges: Vec<[f64; 2]> = causes.iter().map(|&c| [self.p_any_fault(&[c]); 2]).collect();
        let mut widen = |i: usize, p: f64| {
            ranges[i] = [ranges[i][0].min(p), ranges[i][1].max(p)];
        };
        let prior = self.model.network.prior();
        for (i, &cause) in causes.iter().enumerate() {
            by_odds(self.p_any_fault(&[cause]), self.prior(cause)).into_iter().for_each(|p| widen(i, p));
        }
        for factor in [WRONG, 1.0 / WRONG] {
            let all: Vec<(usize, f64)> = (0..prior.len()).map(|v| (v, times(prior[v], factor))).collect();
            let (posterior, _) = self.engine.posterior(Scenario { prior: &all, ..Scenario::default() });
            let other = Asker { posterior: &posterior, ..*self };
            causes.iter().enumerate().for_each(|(i, &c)| widen(i, other.p_any_fault(&[c])));
        }
        for factor in [WRONG, 1.0 / WRONG] {
            // The same variables, so as many bins as before will do.
            let (impact_odds, bins) = (options.params.impact_odds * factor, self.model.timeline.bins());
            let params = Params { impact_odds, bins, ..options.params.clone() };
            let options = super::Options { params, ..options.clone() };
            let Ok((model, engine, _)) = compile(self.graph, self.signals, window, &options) else { continue };
            let (posterior, _) = engine.posterior(Scenario::default());
            let other = Asker { model: &model, engine: &engine, posterior: &posterior, ..*self };
            causes.iter().enumerate().for_each(|(i, &c)| widen(i, other.p_any_fault(&[c])));
        }
        ranges
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
    -(factor * (-p).ln_1p()).exp_m1()
}
