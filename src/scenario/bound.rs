//! Bounds on a probability, as people write them: `>= 0.8`, `< 0.1`, `> 0.2, <= 0.6`.

use std::fmt;

/// The comparisons that may be written, longer signs first.
const SIGNS: [(&str, Sign); 4] = [(">=", Sign::AtLeast), ("<=", Sign::AtMost), (">", Sign::Above), ("<", Sign::Below)];
/// What to write.
pub(super) const HELP: &str =
    "write one comparison, or two joined by a comma, in quotes: \">= 0.8\", \"< 0.1\", \">= 0.2, <= 0.6\"";

/// One or two comparisons that must all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound(Vec<(Sign, f64)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// Whether an expectation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It does.
    Holds,
    /// The numbers are not exact enough to tell.
    Undecided,
    /// It does not.
    Fails,
}

impl Bound {
    /// Reads bounds.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(text: &str) -> Result<Bound, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > 2 {
            return Err("has more than two comparisons".to_string());
        }
        let comparisons: Vec<(Sign, f64)> = parts.into_iter().map(comparison).collect::<Result<_, _>>()?;
        let bound = Bound(comparisons);
        if bound.0.len() == 2 {
            let [low, high] = [bound.low(), bound.high()];
            match (low, high) {
                (Some(low), Some(high)) if low < high => {}
                (Some(_), Some(_)) => return Err("is met by no probability".to_string()),
                _ => return Err("needs one bound below and one above".to_string()),
            }
        }
        Ok(bound)
    }

    /// Below `limit`.
    pub fn below(limit: f64) -> Bound {
        Bound(vec![(Sign::Below, limit)])
    }

    fn low(&self) -> Option<f64> {
        self.0.iter().find(|(s, _)| matches!(s, Sign::AtLeast | Sign::Above)).map(|c| c.1)
    }

    fn high(&self) -> Option<f64> {
        self.0.iter().find(|(s, _)| matches!(s, Sign::AtMost | Sign::Below)).map(|c| c.1)
    }

    /// Whether a probability keeps to the bounds that is known to lie between `low` and `high`.
    pub fn holds(&self, low: f64, high: f64) -> Outcome {
        let fits = |p: f64, (sign, limit): (Sign, f64)| match sign {
            Sign::AtLeast => p >= limit,
            Sign::AtMost => p <= limit,
            Sign::Above => p > limit,
            Sign::Below => p < limit,
        };
        let one = |&comparison: &(Sign, f64)| match (fits(low, comparison), fits(high, comparison)) {
            (true, true) => Outcome::Holds,
            (false, false) => Outcome::Fails,
            _ => Outcome::Undecided,
        };
        self.0.iter().map(one).max().unwrap_or(Outcome::Holds)
    }
}

fn comparison(text: &str) -> Result<(Sign, f64), String> {
    let Some((word, sign)) = SIGNS.iter().find(|(word, _)| text.starts_with(word)) else {
        return Err("has no comparison".to_string());
    };
    let number = text[word.len()..].trim();
    match number.parse::<f64>() {
        Ok(p) if (0.0..=1.0).contains(&p) => {
            // Never true, or always: a slip.
            let idle = match sign {
                Sign::AtLeast => p == 0.0,
                Sign::AtMost => p == 1.0,
                Sign::Above => p == 1.0,
                Sign::Below => p == 0.0,
            };
            if idle { Err(format!("`{word} {p}` holds always or never")) } else { Ok((*sign, p)) }
        }
        Ok(_) => Err(format!("`{number}` is not between 0 and 1")),
        Err(_) => Err(format!("`{number}` is not a number")),
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (sign, limit)) in self.0.iter().enumerate() {
            let word = SIGNS.iter().find(|(_, s)| s == sign).map_or("", |(word, _)| word);
            write!(f, "{}{word} {limit}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_and_know_what_is_undecided() {
        let bound = |text: &str| Bound::parse(text).unwrap();
        assert_eq!(bound(">=0.8").holds(0.8, 0.8), Outcome::Holds);
        assert_eq!(bound("> 0.8").holds(0.8, 0.8), Outcome::Fails);
        assert_eq!(bound("< 0.1").holds(0.05, 0.15), Outcome::Undecided);
        assert_eq!(bound(">= 0.2, <= 0.6").holds(0.3, 0.4), Outcome::Holds);
        assert_eq!(bound(">= 0.2, <= 0.6").holds(0.55, 0.9), Outcome::Undecided);
        assert_eq!(bound("<= 0.6,>=0.2").to_string(), "<= 0.6, >= 0.2");
        for bad in
            ["", "0.8", "= 0.8", ">= 1.2", ">= x", "> 0.8, > 0.9", "> 0.8, < 0.2", "> 0, < 1, < 0.5", ">= 0", "~0.5"]
        {
            assert!(Bound::parse(bad).is_err(), "{bad}");
        }
        assert!(Bound::parse("> nan").is_err());
    }
}
