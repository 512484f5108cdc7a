//! Which causes a page puts forward, and what belongs to each: lit up together when one of them is looked at.

use super::view::{Cause, Report};
use std::collections::{BTreeMap, BTreeSet};

/// Common causes put forward, at most.
const COMMON: usize = 6;
/// All causes put forward, at most.
const MOST: usize = 9;
/// Common causes below this are put forward only while there are fewer than three.
const LEAST: f64 = 0.01;
/// A cause that explains only itself is put forward from here on, and above the first if it was weighed.
const OWN_LEAST: [f64; 2] = [0.1, 0.2];
/// Log-odds below which a signal neither supports nor contradicts.
pub const WEIGHT: f64 = 0.1;

/// What belongs to which cause; causes are named by their rank.
pub struct Spotlight<'a> {
    /// The causes put forward, by rank.
    pub causes: Vec<&'a Cause>,
    components: BTreeMap<&'a str, BTreeSet<usize>>,
    lines: BTreeMap<(&'a str, &'a str), BTreeSet<usize>>,
    signals: BTreeMap<usize, BTreeMap<usize, f64>>,
}

impl<'a> Spotlight<'a> {
    /// Chooses the causes.
    pub fn new(report: &'a Report) -> Spotlight<'a> {
        let mut common = 0;
        let causes: Vec<&Cause> = report
            .causes
            .iter()
            .filter(|c| {
                let shared = c.is_common();
                let put = shared && (common < 3 || common < COMMON && c.probability >= LEAST);
                common += usize::from(put);
                put || c.probability >= OWN_LEAST[usize::from(c.ledger.is_none())]
            })
            .take(MOST)
            .collect();
        let mut light =
            Spotlight { causes, components: BTreeMap::new(), lines: BTreeMap::new(), signals: BTreeMap::new() };
        for cause in light.causes.clone() {
            light.components.entry(&cause.component).or_default().insert(cause.rank);
            for path in cause.explains.iter().map(|e| &e.path) {
                for id in path {
                    light.components.entry(id).or_default().insert(cause.rank);
                }
                for pair in path.windows(2) {
                    light.lines.entry((&pair[0], &pair[1])).or_default().insert(cause.rank);
                }
            }
            for e in &cause.evidence {
                light.signals.entry(e.signal).or_default().insert(cause.rank, e.log_odds);
            }
        }
        light
    }

    /// Ranks of the causes on whose paths a component is.
    pub fn of_component(&self, id: &str) -> BTreeSet<usize> {
        self.components.get(id).cloned().unwrap_or_default()
    }

    /// Ranks of the causes on whose paths a dependency is.
    pub fn of_line(&self, from: &str, to: &str) -> BTreeSet<usize> {
        self.lines.get(&(from, to)).cloned().unwrap_or_default()
    }

    /// All dependencies on paths.
    pub fn lines(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.lines.keys().copied()
    }

    /// Ranks of the causes that a signal supports, or contradicts.
    pub fn of_signal(&self, signal: usize, supports: bool) -> BTreeSet<usize> {
        let weights = self.signals.get(&signal).into_iter().flatten();
        weights.filter(|(_, w)| w.abs() >= WEIGHT && (**w > 0.0) == supports).map(|(rank, _)| *rank).collect()
    }

    /// What a signal does to the cause for which it matters most, in log-odds without sign.
    pub fn weight(&self, signal: usize) -> f64 {
        self.signals.get(&signal).into_iter().flatten().map(|(_, w)| w.abs()).fold(0.0, f64::max)
    }

    /// The cause put forward with this component.
    pub fn cause(&self, component: &str) -> Option<&'a Cause> {
        self.causes.iter().copied().find(|c| c.component == component)
    }
}

/// Ranks as an attribute says them: `1 3`.
pub fn ranks(ranks: &BTreeSet<usize>) -> String {
    let words: Vec<String> = ranks.iter().map(usize::to_string).collect();
    words.join(" ")
}
