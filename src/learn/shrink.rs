//! Counts drawn towards what is written: conjugate priors, means, and where 0.9 of the belief lies.

use puruspe::{betai, gammp};

/// Ends of the interval that holds 0.9.
const ENDS: [f64; 2] = [0.05, 0.95];
/// Halvings of the range of a quantile.
const STEPS: usize = 50;
/// A written impact is never taken for certain: a prior of 0 or 1 could not learn.
pub(super) const CENTRE: [f64; 2] = [0.02, 0.98];

/// A mean and the interval that holds it with 0.9.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Belief {
    pub mean: f64,
    pub interval: [f64; 2],
}

impl Belief {
    /// True if the interval leaves `value` out.
    pub fn excludes(&self, value: f64) -> bool {
        value < self.interval[0] || value > self.interval[1]
    }
}

/// A chance that is `written`, as if that came from `strength` observations, after further ones. \[BETA\]
pub(super) fn chance(written: f64, strength: f64, successes: f64, failures: f64) -> Belief {
    let written = written.clamp(CENTRE[0], CENTRE[1]);
    let (a, b) = (written * strength + successes, (1.0 - written) * strength + failures);
    Belief { mean: a / (a + b), interval: ENDS.map(|p| quantile(p, 1.0, &|x| betai(a, b, x))) }
}

/// A rate per year that is `written`, as if that came from `strength` years, after `count` events in `years`. \[GAM\]
pub(super) fn rate(written: f64, strength: f64, count: f64, years: f64) -> Belief {
    let (shape, span) = (written * strength + count, strength + years);
    // Far beyond what the tail of any shape reaches.
    let most = shape + 40.0 * shape.sqrt() + 40.0;
    Belief { mean: shape / span, interval: ENDS.map(|p| quantile(p, most, &|x| gammp(shape, x)) / span) }
}

/// Where a distribution on [0, `most`] reaches `p`. Halving is slow and sure: the library's own inverses, by Newton's
/// method, leave their range for extreme shapes.
fn quantile(p: f64, most: f64, cdf: &dyn Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beliefs_move_from_what_is_written_to_what_is_seen() {
        let mut last = 0.0;
        for strength in [0.5, 1.0, 2.0, 4.0, 8.0, 100.0] {
            let belief = chance(0.9, strength, 3.0, 7.0);
            assert!(belief.mean > last && belief.mean > 0.3 && belief.mean < 0.9, "{belief:?}");
            assert!(belief.interval[0] < belief.mean && belief.mean < belief.interval[1]);
            last = belief.mean;
        }
        // Beta(1, 1) is uniform; Gamma(1) is exponential.
        let uniform = chance(0.5, 2.0, 0.0, 0.0);
        assert!((uniform.interval[0] - 0.05).abs() < 1e-6 && (uniform.interval[1] - 0.95).abs() < 1e-6);
        let exponential = rate(1.0, 1.0, 0.0, 0.0);
        assert!((exponential.interval[1] - 2.995_732).abs() < 1e-4 && exponential.mean == 1.0, "{exponential:?}");
        assert!(chance(1.0, 4.0, 0.0, 50.0).mean < 0.1 && chance(1.0, 4.0, 0.0, 0.0).interval[1] <= 1.0);
    }

    #[test]
    fn every_belief_is_a_number_in_its_range() {
        for strength in [0.1, 4.0, 1e6] {
            for (successes, failures) in [(0.0, 0.0), (0.01, 0.0), (0.0, 1e5), (1e5, 1e5)] {
                for written in [1e-9, 0.3, 1.0] {
                    let b = chance(written, strength, successes, failures);
                    assert!(0.0 <= b.interval[0] && b.interval[0] <= b.interval[1] && b.interval[1] <= 1.0, "{b:?}");
                    let b = rate(written * 100.0, strength, 1.0 + successes, 1e-3 + failures);
                    assert!(0.0 <= b.interval[0] && b.interval[0] <= b.interval[1] && b.mean.is_finite(), "{b:?}");
                }
            }
        }
    }
}
