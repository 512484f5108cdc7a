//! Sums of probabilities that are kept as natural logarithms. Minus infinity stands for zero.

/// `ln(eᵃ + eᵇ)`. Exact to a few units in the last place; minus infinity only if both are. \[LSE\]
pub fn ln_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// `ln Σ eˣ` over a slice; minus infinity for an empty one. \[LSE\]
pub fn ln_sum(values: &[f64]) -> f64 {
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + values.iter().map(|v| (v - high).exp()).sum::<f64>().ln()
}

/// `ln(1 − p)` for `p` in [0, 1], without loss for small `p`. \[LSE\]
pub fn ln_not(p: f64) -> f64 {
    (-p).ln_1p()
}

/// `1 − eᵃ` for `a ≤ 0`, without loss for small results; 0 for `a > 0` (rounding). \[LSE\]
pub fn one_minus_exp(a: f64) -> f64 {
    (-a.exp_m1()).max(0.0)
}

/// `ln(p / (1 − p))`; infinite at the ends. \[LSE\]
pub fn log_odds(p: f64) -> f64 {
    p.ln() - ln_not(p)
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
