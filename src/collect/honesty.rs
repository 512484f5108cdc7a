//! How late sources tell, and whether status pages admit what others report: from the history alone.
//!
//! Pure, and knows no graph: troubles are told apart by the id of the component.

use super::standing::{Entry, Stretch};
use crate::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Reports this near to the first belong to one trouble, and a page that speaks within it admits it.
pub const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// Fewer than these say nothing of a source.
pub const FEW: usize = 5;
/// Independent sources that must report a trouble.
const WITNESSES: usize = 2;
/// Of the standard normal distribution, the point that 0.9 lies within on both sides.
const Z: f64 = 1.644_853_626_951_472_6;

/// How late a source tells of troubles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Lag {
    /// Troubles whose beginning it told.
    pub count: usize,
    /// Seconds from the beginning to the telling, the median; `null` for fewer than five.
    pub median_s: Option<f64>,
    /// Nine in ten are told within so many seconds; `null` for fewer than five.
    pub p90_s: Option<f64>,
}

/// What a status page admits of that which others report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Honesty {
    /// Troubles of its components that at least two others reported.
    pub troubles: usize,
    /// Those of them that it told of within an hour after the first report.
    pub admitted: usize,
    /// Share that was admitted; `null` for fewer than five.
    pub share: Option<f64>,
    /// The interval that holds the true share with 0.9 (Wilson's); `null` for fewer than five.
    pub interval: Option<[f64; 2]>,
    /// Seconds from the first report to the admission, the median of those admitted; 0 where it was first. `null` for
    /// fewer than five.
    pub later_s: Option<f64>,
}

/// What the history says of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Track {
    /// How late it tells.
    pub lag: Lag,
    /// Only of status pages.
    pub honesty: Option<Honesty>,
}

/// A trouble as one source told it.
#[derive(Debug, Clone)]
struct Spell {
    component: String,
    at: Timestamp,
    /// Whether `at` is its beginning, to the minute.
    onset: bool,
    told: Timestamp,
    /// When it was first called failing.
    failing: Option<Timestamp>,
    ended: Option<Timestamp>,
}

/// What sources told, record after record in the order in which they were told.
#[derive(Debug, Default)]
pub struct History {
    /// By source and identity.
    spells: BTreeMap<SourceName, BTreeMap<String, Vec<Spell>>>,
    /// What status pages ever spoke of, by their names.
    pages: BTreeMap<String, BTreeSet<String>>,
    /// When each name was first heard.
    first: BTreeMap<String, Timestamp>,
}

impl History {
    /// Adds the next record.
    pub fn add(&mut self, identity: &str, record: &Record) {
        let o = &record.observation;
        let first = self.first.entry(o.source.name.clone()).or_insert(o.seen_at);
        *first = (*first).min(o.seen_at);
        if o.source.kind == SourceKind::StatusPage {
            self.pages.entry(o.source.name.clone()).or_default().insert(o.component.clone());
        }
        let known = self.spells.get_mut(&o.source).and_then(|by| by.get_mut(identity));
        let trouble = matches!(o.state, State::Failing | State::Degraded);
        match known {
            Some(spells) => follow(spells, o, trouble),
            None if trouble => {
                let by = self.spells.entry(o.source.clone()).or_default();
                by.insert(identity.to_string(), vec![Spell::new(o)]);
            }
            None => {}
        }
    }

    /// What is known of every name. `entries` and `stretches` tell since when each was asked, and when anybody was.
    pub fn tracks(&self, entries: &[Entry], stretches: &[Stretch]) -> BTreeMap<String, Track> {
        let since = |name: &str| {
            let asked = entries.iter().find(|e| e.name == name).and_then(|e| e.first_asked);
            asked.into_iter().chain(self.first.get(name).copied()).min()
        };
        let asked: BTreeMap<&str, Timestamp> =
            self.first.keys().filter_map(|name| Some((name.as_str(), since(name)?))).collect();
        let watched = |name: &str, at: Timestamp| {
            asked.get(name).is_some_and(|first| *first <= at)
                && (stretches.is_empty() || stretches.iter().any(|s| s.from <= at && at <= s.until))
        };
        let troubles = self.troubles(&watched);
        let track = |name: &str| {
            let told = self.of(name, |_| true).filter(|s| s.onset && watched(name, s.at));
            let late = told.map(|s| seconds(s.at, s.told)).collect();
            let honesty = self.pages.get(name).map(|covered| self.honesty(name, covered, &troubles, &watched));
            Track { lag: lag(late), honesty }
        };
        asked.keys().map(|name| (name.to_string(), track(name))).collect()
    }

    /// The troubles that the source `name` told of, as these kinds.
    fn of<'h>(&'h self, name: &'h str, kinds: impl Fn(SourceKind) -> bool) -> impl Iterator<Item = &'h Spell> {
        let own = self.spells.iter().filter(move |(source, _)| source.name == name && kinds(source.kind));
        own.flat_map(|(_, by)| by.values().flatten())
    }

    /// Reports of failure by others than status pages, as they came: by component, time and source.
    fn troubles(&self, watched: &dyn Fn(&str, Timestamp) -> bool) -> BTreeMap<&str, Vec<(Timestamp, &str)>> {
        let mut reports: BTreeMap<&str, Vec<(Timestamp, &str)>> = BTreeMap::new();
        for (source, by) in self.spells.iter().filter(|(source, _)| source.kind != SourceKind::StatusPage) {
            for spell in by.values().flatten() {
                // What was imported, or told long after, says nothing of when it could be known.
                let fresh = |failing: &Timestamp| {
                    failing.duration_since(spell.at) <= TOGETHER && watched(&source.name, spell.at)
                };
                if let Some(failing) = spell.failing.filter(fresh) {
                    reports.entry(&spell.component).or_default().push((failing, &source.name));
                }
            }
        }
        reports.values_mut().for_each(|of| of.sort_unstable());
        reports
    }

    fn honesty(
        &self,
        page: &str,
        covered: &BTreeSet<String>,
        reports: &BTreeMap<&str, Vec<(Timestamp, &str)>>,
        watched: &dyn Fn(&str, Timestamp) -> bool,
    ) -> Honesty {
        let mut later = Vec::new();
        let mut troubles = 0;
        for component in covered {
            let others = reports.get(component.as_str()).into_iter().flatten().filter(|(_, name)| *name != page);
            let own: Vec<&Spell> =
                self.of(page, |kind| kind == SourceKind::StatusPage).filter(|s| s.component == *component).collect();
            for begin in beginnings(&others.copied().collect::<Vec<_>>()) {
                if !watched(page, begin) {
                    continue;
                }
                troubles += 1;
                let admits =
                    |s: &&&Spell| s.told.duration_since(begin) <= TOGETHER && s.ended.is_none_or(|end| end >= begin);
                later.extend(own.iter().filter(admits).map(|s| seconds(begin, s.told)).min_by(f64::total_cmp));
            }
        }
        let admitted = later.len();
        let enough = troubles >= FEW;
        Honesty {
            troubles,
            admitted,
            share: enough.then(|| admitted as f64 / troubles as f64),
            interval: enough.then(|| wilson(admitted, troubles)),
            later_s: quantile(&mut later, 0.5),
        }
    }
}

impl Spell {
    fn new(o: &Observation) -> Spell {
        Spell {
            component: o.component.clone(),
            at: o.at,
            onset: o.at_kind == AtKind::Onset && o.precision == Precision::Minute,
            told: o.seen_at,
            failing: (o.state == State::Failing).then_some(o.seen_at),
            ended: o.until,
        }
    }
}

/// The next record of an identity that had troubles.
fn follow(spells: &mut Vec<Spell>, o: &Observation, trouble: bool) {
    let Some(last) = spells.last_mut() else { return };
    match (trouble, last.ended) {
        // It began again.
        (true, Some(ended)) if o.at > ended => spells.push(Spell::new(o)),
        (true, _) => {
            last.failing = last.failing.or((o.state == State::Failing).then_some(o.seen_at));
            last.ended = o.until;
        }
        (false, None) if matches!(o.state, State::Healthy | State::Recovered) => {
            last.ended = Some(o.until.unwrap_or(o.at).max(last.at));
        }
        (false, _) => {}
    }
}

/// When troubles began that enough others reported: reports within an hour of the first are one trouble, and so is what
/// follows within an hour of a report of it.
fn beginnings(reports: &[(Timestamp, &str)]) -> Vec<Timestamp> {
    let mut found = Vec::new();
    for run in reports.chunk_by(|a, b| b.0.duration_since(a.0) <= TOGETHER) {
        let Some((begin, _)) = run.first() else { continue };
        let near = run.iter().take_while(|(at, _)| at.duration_since(*begin) <= TOGETHER);
        if near.map(|(_, name)| name).collect::<BTreeSet<_>>().len() >= WITNESSES {
            found.push(*begin);
        }
    }
    found
}

/// Seconds from one time to a later one; 0 to an earlier one, as where clocks differ.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn lag(mut late: Vec<f64>) -> Lag {
    Lag { count: late.len(), median_s: quantile(&mut late, 0.5), p90_s: quantile(&mut late, 0.9) }
}

/// The least of the values that so large a share does not exceed; `None` if they are too few to say.
fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().filter(|_| values.len() >= FEW)
}

/// The interval of a share that holds 0.9. \[WIL\]
fn wilson(admitted: usize, troubles: usize) -> [f64; 2] {
    let (k, n) = (admitted as f64, troubles as f64);
    let (centre, scale) = ((k + Z * Z / 2.0) / (n + Z * Z), Z / (n + Z * Z));
    let half = scale * (k * (n - k) / n + Z * Z / 4.0).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        // By hand: 7 of 10, z = 1.645.
        let [low, high] = wilson(7, 10);
        assert!((low - 0.441_8).abs() < 1e-3 && (high - 0.873_2).abs() < 1e-3, "{low} {high}");
        let ([none, _], [_, all]) = (wilson(0, 5), wilson(5, 5));
        assert!(none.abs() < 1e-12 && (all - 1.0).abs() < 1e-12);
    }

    #[test]
    fn few_values_have_no_quantile() {
        assert_eq!(quantile(&mut [1.0, 2.0, 3.0, 4.0], 0.5), None);
        let mut ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!((quantile(&mut ten, 0.5), quantile(&mut ten, 0.9)), (Some(5.0), Some(9.0)));
    }
}
