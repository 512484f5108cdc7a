//! Sums of probabilities that are kept as natural logarithms. Minus infinity stands for zero.

/// Elementary functions with the same bits on every machine. Those of the standard library are the system's, which
/// choose among variants by processor and differ in the last bit; a report would then not be the same everywhere.
pub trait SameEverywhere {
    /// `eˣ`.
    fn exponential(self) -> Self;
    /// `eˣ − 1`, without loss for small `x`.
    fn exp_minus_one(self) -> Self;
    /// The natural logarithm.
    fn logarithm(self) -> Self;
    /// `ln(1 + x)`, without loss for small `x`.
    fn log_one_plus(self) -> Self;
    /// The logarithm to base two.
    fn log_two(self) -> Self;
    /// `xʸ`.
    fn power(self, y: Self) -> Self;
}

impl SameEverywhere for f64 {
    fn exponential(self) -> f64 {
        libm::exp(self)
    }
    fn exp_minus_one(self) -> f64 {
        libm::expm1(self)
    }
    fn logarithm(self) -> f64 {
        libm::log(self)
    }
    fn log_one_plus(self) -> f64 {
        libm::log1p(self)
    }
    fn log_two(self) -> f64 {
        libm::log2(self)
    }
    fn power(self, y: f64) -> f64 {
        libm::pow(self, y)
    }
}

/// `ln(eᵃ + eᵇ)`. Exact to a few units in the last place; minus infinity only if both are. \[LSE\]
pub fn ln_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exponential().log_one_plus() }
}

/// `ln Σ eˣ` over a slice; minus infinity for an empty one. \[LSE\]
pub fn ln_sum(values: &[f64]) -> f64 {
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + values.iter().map(|v| (v - high).exponential()).sum::<f64>().logarithm()
}

/// `ln(1 − p)` for `p` in [0, 1], without loss for small `p`. \[LSE\]
pub fn ln_not(p: f64) -> f64 {
    (-p).log_one_plus()
}

/// `1 − eᵃ` for `a ≤ 0`, without loss for small results; 0 for `a > 0` (rounding). \[LSE\]
pub fn one_minus_exp(a: f64) -> f64 {
    (-a.exp_minus_one()).max(0.0)
}

/// `ln(p / (1 − p))`; infinite at the ends. \[LSE\]
pub fn log_odds(p: f64) -> f64 {
    p.logarithm() - ln_not(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows computed with fifty-digit arithmetic: a, b, ln(eᵃ + eᵇ).
    const LN_ADD: [(f64, f64, f64); 5] = [
        (0.0, 0.0, std::f64::consts::LN_2),
        (-1000.0, -1000.0, -1000.0 + std::f64::consts::LN_2),
        (0.0, -40.0, 4.248354255291589e-18),
        (-745.0, 0.0, 0.0),
        (1.0, 2.0, 2.313_261_687_518_223),
    ];

    #[test]
    fn sums_agree_with_precise_values() {
        for (a, b, want) in LN_ADD {
            for got in [ln_add(a, b), ln_add(b, a), ln_sum(&[a, b])] {
                assert!((got - want).abs() <= 1e-15 * want.abs().max(1.0), "{a} {b}: {got} is not {want}");
            }
        }
        assert_eq!(ln_add(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(ln_sum(&[]), f64::NEG_INFINITY);
    }

    #[test]
    fn complements_keep_small_probabilities() {
        assert_eq!(ln_not(0.0), 0.0);
        assert_eq!(ln_not(1.0), f64::NEG_INFINITY);
        assert!((ln_not(1e-20) + 1e-20).abs() < 1e-35);
        assert!((one_minus_exp(-1e-20) - 1e-20).abs() < 1e-35);
        assert_eq!(one_minus_exp(f64::NEG_INFINITY), 1.0);
        assert!((log_odds(0.5)).abs() < 1e-15);
    }
}
