//! How good an answer is. Every definition is repeated in `docs/formats.md`, section "Backtest".

use crate::incident::Truth;
use crate::infer::logspace::SameEverywhere;
use serde::Serialize;
use std::collections::BTreeMap;

/// A cause with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// The component.
    pub component: String,
    /// Its probability.
    pub probability: f64,
    /// Whether it is named as the cause of more than its own failure.
    pub common: bool,
}

/// A ranking, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// All causes that were named.
    pub guesses: Vec<Guess>,
    /// Probabilities of components that were not named.
    pub others: BTreeMap<String, f64>,
}

/// Scores of one case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseScore {
    /// The first is a true cause.
    pub exact_first: bool,
    /// The first is a true cause or acceptable.
    pub acceptable_first: bool,
    /// Every true cause (three of them, if there are more) is among the first three.
    pub exact_in_three: bool,
    /// A true or acceptable cause is among the first three.
    pub acceptable_in_three: bool,
    /// Mean over true causes of −ln p, p no smaller than [`LEAST_P`]; nats.
    pub log_loss: f64,
    /// Mean over named and true causes of (p − y)²; y = 1 for true causes.
    pub brier: f64,
    /// Common causes named with more than [`SURE`] that are neither true, acceptable nor a separate trouble.
    pub wrong_and_sure: Vec<String>,
    /// (probability, whether true or acceptable) of every common cause named and of every true cause, common or not;
    /// one that was not named counts with its probability, if the answer gives one, else 0.
    pub calibration: Vec<(f64, bool)>,
}

/// A probability of zero is scored as this.
pub const LEAST_P: f64 = 1e-6;
/// A wrong cause above this is false confidence.
pub const SURE: f64 = 0.9;
/// Upper ends of the bins of the reliability table.
const BINS: [f64; 7] = [0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0];

/// Scores one answer.
pub fn score(answer: &Answer, truth: &Truth) -> CaseScore {
    let is_true = |c: &str| truth.causes.iter().any(|t| t == c);
    let is_acceptable = |c: &str| is_true(c) || truth.acceptable.iter().any(|t| t == c);
    let first = answer.guesses.first().map(|g| g.component.as_str());
    let three: Vec<&str> = answer.guesses.iter().take(3).map(|g| g.component.as_str()).collect();
    let found = three.iter().filter(|c| is_true(c)).count();
    let p_of = |c: &str| {
        let named = answer.guesses.iter().find(|g| g.component == c).map(|g| g.probability);
        named.or_else(|| answer.others.get(c).copied()).unwrap_or(0.0)
    };
    let missed: Vec<&String> =
        truth.causes.iter().filter(|t| !answer.guesses.iter().any(|g| &g.component == *t)).collect();
    let square = |p: f64, y: bool| (p - f64::from(u8::from(y))).powi(2);
    let squares: f64 = answer.guesses.iter().map(|g| square(g.probability, is_true(&g.component))).sum::<f64>()
        + missed.iter().map(|t| square(p_of(t), true)).sum::<f64>();
    let named = answer.guesses.len() + missed.len();
    let common = || answer.guesses.iter().filter(|g| g.common);
    CaseScore {
        exact_first: first.is_some_and(is_true),
        acceptable_first: first.is_some_and(is_acceptable),
        exact_in_three: found >= truth.causes.len().clamp(1, 3),
        acceptable_in_three: three.iter().any(|c| is_acceptable(c)),
        log_loss: mean(truth.causes.iter().map(|c| -p_of(c).max(LEAST_P).logarithm())),
        brier: if named == 0 { 0.0 } else { squares / named as f64 },
        wrong_and_sure: common()
            .filter(|g| g.probability > SURE && !is_acceptable(&g.component))
            .filter(|g| !truth.separate.contains(&g.component))
            .map(|g| g.component.clone())
            .collect(),
        calibration: answer
            .guesses
            .iter()
            .filter(|g| g.common || is_true(&g.component))
            .map(|g| (g.probability, is_acceptable(&g.component)))
            .chain(missed.iter().map(|t| (p_of(t), true)))
            .collect(),
    }
}

/// Totals over cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// How many cases.
    pub cases: usize,
    /// How many with the first exact.
    pub exact_first: usize,
    /// How many with the first acceptable.
    pub acceptable_first: usize,
    /// How many with all true causes among the first three.
    pub exact_in_three: usize,
    /// How many with an acceptable cause among the first three.
    pub acceptable_in_three: usize,
    /// Mean log loss, nats.
    pub log_loss: f64,
    /// Mean Brier score.
    pub brier: f64,
    /// Wrong common causes above [`SURE`], over all cases.
    pub wrong_and_sure: usize,
    /// How often what was given a probability was so.
    pub reliability: Vec<Bin>,
}

/// One row of the reliability table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Upper end.
    pub up_to: f64,
    /// How many causes.
    pub count: usize,
    /// Their mean probability.
    pub mean_probability: f64,
    /// Share of them that was true or acceptable.
    pub share_true: f64,
}

/// Sums up.
pub fn totals<'a>(scores: impl Iterator<Item = &'a CaseScore> + Clone) -> Totals {
    let count = |f: fn(&CaseScore) -> bool| scores.clone().filter(|s| f(s)).count();
    Totals {
        cases: scores.clone().count(),
        exact_first: count(|s| s.exact_first),
        acceptable_first: count(|s| s.acceptable_first),
        exact_in_three: count(|s| s.exact_in_three),
        acceptable_in_three: count(|s| s.acceptable_in_three),
        log_loss: mean(scores.clone().map(|s| s.log_loss)),
        brier: mean(scores.clone().map(|s| s.brier)),
        wrong_and_sure: scores.clone().map(|s| s.wrong_and_sure.len()).sum(),
        reliability: reliability(&scores.flat_map(|s| s.calibration.iter().copied()).collect::<Vec<_>>()),
    }
}

/// The reliability table of (probability, whether so).
pub fn reliability(pairs: &[(f64, bool)]) -> Vec<Bin> {
    let mut low = f64::NEG_INFINITY;
    BINS.iter()
        .map(|&up_to| {
            let inside: Vec<_> = pairs.iter().filter(|(p, _)| *p > low && *p <= up_to).collect();
            low = up_to;
            Bin {
                up_to,
                count: inside.len(),
                mean_probability: mean(inside.iter().map(|(p, _)| *p)),
                share_true: mean(inside.iter().map(|(_, y)| f64::from(u8::from(*y)))),
            }
        })
        .collect()
}

/// The mean; 0 of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), v| (sum + v, count + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(list: &[(&str, f64)]) -> Answer {
        let guess = |(c, p): &(&str, f64)| Guess { component: c.to_string(), probability: *p, common: true };
        Answer { guesses: list.iter().map(guess).collect(), ..Answer::default() }
    }

    fn truth(causes: &[&str], acceptable: &[&str]) -> Truth {
        let words = |l: &[&str]| l.iter().map(|s| s.to_string()).collect();
        Truth { causes: words(causes), acceptable: words(acceptable), separate: vec!["s".to_string()] }
    }

    #[test]
    fn a_right_answer() {
        let s = score(&answer(&[("a", 0.8), ("b", 0.1)]), &truth(&["a"], &[]));
        assert!(s.exact_first && s.acceptable_first && s.exact_in_three && s.wrong_and_sure.is_empty());
        assert!((s.log_loss - 0.223_143_551_314_209_7).abs() < 1e-12);
        assert!((s.brier - (0.04 + 0.01) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_and_sure_answer() {
        let s = score(&answer(&[("b", 0.95), ("s", 0.99), ("c", 0.5)]), &truth(&["a"], &["c"]));
        assert!(!s.exact_first && !s.acceptable_first && s.acceptable_in_three && !s.exact_in_three);
        assert_eq!(s.wrong_and_sure, ["b"]);
        assert!((s.log_loss - -LEAST_P.logarithm()).abs() < 1e-12);
    }

    #[test]
    fn two_causes_must_both_be_found() {
        let t = truth(&["a", "b"], &[]);
        assert!(score(&answer(&[("x", 0.6), ("a", 0.5), ("b", 0.4)]), &t).exact_in_three);
        assert!(!score(&answer(&[("x", 0.6), ("a", 0.5)]), &t).exact_in_three);
    }

    #[test]
    fn a_true_cause_counts_in_the_reliability_though_it_explains_only_itself() {
        let mut a = answer(&[("a", 0.7), ("b", 0.6), ("x", 0.3)]);
        a.guesses[0].common = false;
        a.guesses[1].common = false;
        let s = score(&a, &truth(&["a", "missed"], &[]));
        assert_eq!(s.calibration, [(0.7, true), (0.3, false), (0.0, true)]);
    }

    #[test]
    fn a_cause_of_itself_alone_is_never_wrong_and_sure() {
        let mut a = answer(&[("b", 0.99), ("c", 0.99)]);
        a.guesses[0].common = false;
        assert_eq!(score(&a, &truth(&["a"], &[])).wrong_and_sure, ["c"]);
    }

    #[test]
    fn of_more_than_three_causes_three_must_be_found() {
        let t = truth(&["a", "b", "c", "d"], &[]);
        assert!(score(&answer(&[("a", 0.6), ("c", 0.5), ("d", 0.4)]), &t).exact_in_three);
        assert!(!score(&answer(&[("a", 0.6), ("x", 0.5), ("c", 0.4), ("d", 0.3)]), &t).exact_in_three);
    }

    #[test]
    fn totals_put_every_probability_into_one_bin() {
        let scores = [score(&answer(&[("a", 1.0), ("b", 0.0), ("c", 0.5)]), &truth(&["a"], &[]))];
        let t = totals(scores.iter());
        assert_eq!(t.reliability.iter().map(|b| b.count).sum::<usize>(), 3);
        assert_eq!(t.reliability.last().map(|b| b.share_true), Some(1.0));
    }
}
