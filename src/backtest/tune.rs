//! Numbers chosen by looking at the cases, each chosen without the case it is judged on.
//!
//! A number of settings is drawn at random from the plausible range of every number that no source outside the cases
//! gives ([`RANGES`]); the built-in setting is one of them. All cases are judged under all settings. Then each case is
//! scored under the setting that is best on the *other* cases (leave one case out, \[LOO-CV\]).

use super::score::{CaseScore, Totals, totals};
use crate::infer::logspace::SameEverywhere;
use crate::model::Params;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A wrong cause above 0.9 costs this many nats when settings are compared: false certainty is worse than no answer.
const COST_OF_FALSE_CERTAINTY: f64 = 3.0;

/// A number with its plausible range, drawn evenly in its logarithm.
pub struct Range {
    /// Its name.
    pub name: &'static str,
    low: f64,
    high: f64,
    set: fn(&mut Params, f64),
}

/// All sources' chance of a false report, times this.
fn scale_false(p: &mut Params, x: f64) {
    for s in p.sources.values_mut() {
        s.false_failing = s.false_failing.map(|f| (f * x).min(0.5));
        s.false_degraded = s.false_degraded.map(|f| (f * x).min(0.5));
    }
}

/// All sources' chance of calling the failing healthy, times this.
fn scale_healthy(p: &mut Params, x: f64) {
    p.sources.values_mut().for_each(|s| s.healthy = (s.healthy * x).min(0.9));
}

/// All sources' floor, times this.
fn scale_floor(p: &mut Params, x: f64) {
    p.sources.values_mut().for_each(|s| s.floor = (s.floor * x).min(0.5));
}

/// What is drawn.
pub const RANGES: &[Range] = &[
    Range { name: "whole_share", low: 0.06, high: 0.4, set: |p, x| p.whole_share = x },
    Range { name: "container", low: 0.03, high: 0.5, set: |p, x| p.container = x },
    Range { name: "part_to_whole", low: 0.15, high: 0.7, set: |p, x| p.part_to_whole = x },
    Range { name: "capability_to_whole", low: 0.2, high: 0.9, set: |p, x| p.capability_to_whole = x },
    Range { name: "named_when_all_down", low: 0.05, high: 0.5, set: |p, x| p.named_when_all_down = x },
    Range { name: "unnamed_when_one_down", low: 0.3, high: 0.95, set: |p, x| p.unnamed_when_one_down = x },
    Range { name: "failover", low: 0.05, high: 0.4, set: |p, x| p.failover = x },
    Range { name: "late_hours", low: 0.03, high: 0.8, set: |p, x| p.late_hours = x },
    Range { name: "reachable", low: 0.1, high: 0.9, set: |p, x| p.reachable = x },
    Range { name: "repeat", low: 0.1, high: 0.8, set: |p, x| p.repeat = x },
    Range { name: "spill_share", low: 0.03, high: 0.3, set: |p, x| p.spill_share = x },
    Range { name: "unknown_per_year", low: 0.03, high: 1.0, set: |p, x| p.unknown_per_year = x },
    Range { name: "unknown_reach", low: 0.03, high: 0.5, set: |p, x| p.unknown_reach = x },
    Range { name: "false reports, times", low: 0.3, high: 2.0, set: scale_false },
    Range { name: "healthy though failing, times", low: 0.3, high: 2.0, set: scale_healthy },
    Range { name: "floors, times", low: 0.3, high: 2.5, set: scale_floor },
];

/// Settings: the given one, then `count` drawn around it.
pub fn settings(base: &Params, count: usize, seed: u64) -> Vec<(Params, Vec<f64>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut all = vec![(base.clone(), Vec::new())];
    for _ in 0..count {
        let mut params = base.clone();
        let mut drawn = Vec::new();
        for range in RANGES {
            let u = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            let x = (range.low.logarithm() + u * (range.high / range.low).logarithm()).exponential();
            (range.set)(&mut params, x);
            drawn.push(x);
        }
        all.push((params, drawn));
    }
    all
}

/// One case judged under the setting that is best on the others.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// Which case, by position.
    pub case: usize,
    /// Which setting.
    pub setting: usize,
    /// Its score.
    pub score: CaseScore,
}

/// For each case the setting that is best on the others. `scores[setting][case]`.
pub fn leave_one_out(scores: &[Vec<CaseScore>]) -> Vec<LeftOut> {
    let cost = |s: &CaseScore| s.log_loss + COST_OF_FALSE_CERTAINTY * s.wrong_and_sure.len() as f64;
    let cases = scores.first().map_or(0, Vec::len);
    (0..cases)
        .map(|case| {
            let others = |row: &Vec<CaseScore>| -> f64 {
                row.iter().enumerate().filter(|(i, _)| *i != case).map(|(_, s)| cost(s)).sum()
            };
            let costs: Vec<f64> = scores.iter().map(others).collect();
            let setting = (0..costs.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap_or(0);
            LeftOut { case, setting, score: scores[setting][case].clone() }
        })
        .collect()
}

/// Totals of the cases left out.
pub fn totals_of(left_out: &[LeftOut]) -> Totals {
    totals(left_out.iter().map(|l| &l.score))
}
