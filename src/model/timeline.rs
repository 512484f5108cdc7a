//! Cuts the window into bins, where troubles come in clusters.
//!
//! Common causes make onsets cluster; coincidences do not. So the window is cut where nothing new failed for long: at
//! the widest gaps between the times at which components were first said to fail. Times have a precision: an hour is
//! an hour, and two of them an hour apart may be the same moment. \[BIN\]

use super::params::Params;
use crate::signal::{Observation, Precision, SourceKind, State, Window};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Seconds in an hour.
const HOUR: f64 = 3600.0;
/// The least share of the prior that a bin gets.
const LEAST_SHARE: f64 = 0.02;

/// The bins of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// When each bin begins. The first is open towards the past.
    pub starts: Vec<Timestamp>,
    /// For each bin its share of the time, so of the priors.
    pub shares: Vec<f64>,
    /// For each bin the first time at which something was said to fail.
    pub onsets: Vec<Timestamp>,
    /// For each bin its share of all reports of trouble: when false ones come, too.
    pub reports: Vec<f64>,
    /// The last time at which something was said to fail.
    pub last_trouble: Option<Timestamp>,
    /// Hours without a new trouble between two bins, where they are shortest; infinite with one bin.
    pub shortest_gap: f64,
}

/// Whether a source says that something is wrong now.
pub fn is_trouble(o: &Observation) -> bool {
    matches!(o.state, State::Failing | State::Degraded)
}

/// Whether the time of a report says when the trouble began: a stated onset, or a source that notices at once.
/// Newspapers, posts and statements tell of it hours later.
pub fn tells_onset(o: &Observation) -> bool {
    let prompt = matches!(o.source.kind, SourceKind::UserReports | SourceKind::Probe | SourceKind::Alert);
    o.at_kind == crate::signal::AtKind::Onset || prompt
}

/// Hours by which the true time may be later than the one that was written.
pub(super) fn slack(precision: Precision) -> f64 {
    match precision {
        Precision::Minute => 1.0 / 60.0,
        Precision::Hour => 1.0,
        Precision::Day => 24.0,
    }
}

/// `b − a` in hours.
pub fn hours(a: Timestamp, b: Timestamp) -> f64 {
    b.duration_since(a).as_secs_f64() / HOUR
}

impl Timeline {
    /// Cuts the window into at most `most` bins.
    pub fn cut(observations: &[Observation], window: Window, most: usize, params: &Params) -> Self {
        // The first trouble of each component; an earlier one of lower precision stands.
        let mut first: BTreeMap<&str, &Observation> = BTreeMap::new();
        for o in observations.iter().filter(|o| is_trouble(o)) {
            let earliest = first.entry(&o.component).or_insert(o);
            if o.at < earliest.at {
                *earliest = o;
            }
        }
        let mut times: Vec<(Timestamp, f64)> = first
            .values()
            .filter(|o| tells_onset(o) && o.precision != Precision::Day)
            .map(|o| (o.at, slack(o.precision)))
            .collect();
        times.sort_by_key(|t| t.0);
        // Widest gaps first; each from the latest that anything before it could have begun.
        let mut gaps: Vec<(f64, Timestamp)> = Vec::new();
        let mut latest = f64::NEG_INFINITY;
        for (at, slack) in &times {
            let start = hours(window.start, *at);
            let gap = start - latest;
            if latest > f64::NEG_INFINITY && gap >= params.gap_hours {
                let half = jiff::SignedDuration::from_secs_f64(0.5 * gap * HOUR);
                gaps.push((gap, at.checked_sub(half).unwrap_or(*at)));
            }
            latest = latest.max(start + slack);
        }
        gaps.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        gaps.truncate(most.saturating_sub(1));
        let shortest_gap = gaps.iter().map(|g| g.0).fold(f64::INFINITY, f64::min);
        let mut starts: Vec<Timestamp> = gaps.into_iter().map(|g| g.1).collect();
        starts.sort();
        starts.insert(0, window.start);
        let ends: Vec<Timestamp> = starts[1..].iter().copied().chain([window.end]).collect();
        let lengths: Vec<f64> = starts.iter().zip(&ends).map(|(a, b)| hours(*a, *b).max(0.0)).collect();
        let total = lengths.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let floored: Vec<f64> = lengths.iter().map(|l| (l / total).max(LEAST_SHARE)).collect();
        let norm: f64 = floored.iter().sum();
        let mut timeline = Timeline {
            onsets: starts.clone(),
            reports: Vec::new(),
            shares: floored.iter().map(|s| s / norm).collect(),
            starts,
            shortest_gap,
            last_trouble: observations.iter().filter(|o| is_trouble(o)).map(|o| o.at).max(),
        };
        // One more in each bin than there are, so that none is impossible.
        let mut reports = vec![1.0; timeline.bins()];
        observations.iter().filter(|o| is_trouble(o)).for_each(|o| reports[timeline.bin(o.at)] += 1.0);
        let all: f64 = reports.iter().sum();
        timeline.reports = reports.into_iter().map(|n| n / all).collect();
        for bin in 0..timeline.bins() {
            let inside = times.iter().map(|t| t.0).filter(|t| timeline.bin(*t) == bin);
            if let Some(onset) = inside.min() {
                timeline.onsets[bin] = onset;
            }
        }
        timeline
    }

    /// How many bins there are.
    pub fn bins(&self) -> usize {
        self.starts.len()
    }

    /// The bin of a time.
    pub fn bin(&self, at: Timestamp) -> usize {
        self.starts.partition_point(|s| *s <= at).saturating_sub(1)
    }

    /// Share of all reports that come in this bin or a later one.
    pub fn reports_from(&self, bin: usize) -> f64 {
        self.reports[bin.min(self.bins() - 1)..].iter().sum()
    }
}
