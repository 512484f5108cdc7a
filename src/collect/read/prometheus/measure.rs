//! What series measure, told by their names: probes, shares of success or failure, and counters of both.

use super::{Points, Series};
use crate::collect::read::labels::{self, Labels};
use crate::collect::read::notice::{Notice, Notices};
use crate::collect::read::runs::Look;
use crate::signal::{AtKind, SourceKind, State};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// From this share of failures on, a thing fails.
pub const FAILING_SHARE: f64 = 0.5;

/// From this share of failures on, it is degraded; below, it works.
pub const DEGRADED_SHARE: f64 = 0.05;

/// Ends of the names of counters of failures; the same name without it counts all.
const FAILED: &[&str] = &["_failed_total", "_failures_total", "_errors_total"];

/// Ends of names that measure something else, whatever the name says before.
const UNITS: &[&str] = &["_seconds", "_bytes", "_count", "_sum", "_bucket", "_created", "_timestamp"];

/// What a series measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// 1 where it works, or the share that works.
    Success,
    /// The share that fails.
    Failure,
    /// Counts, which only grow.
    Counter,
    /// Something that is not understood.
    Other,
}

fn measure(name: &str) -> Measure {
    let words: Vec<&str> = name.split(['_', ':']).collect();
    let has = |any: &[&str]| words.iter().any(|w| any.contains(&w.to_ascii_lowercase().as_str()));
    if name.ends_with("_total") {
        Measure::Counter
    } else if UNITS.iter().any(|u| name.ends_with(u)) {
        Measure::Other
    } else if has(&["error", "errors", "failed", "failure", "failures"]) {
        if has(&["ratio", "share", "fraction"]) { Measure::Failure } else { Measure::Other }
    } else if name == "up" || has(&["success", "availability"]) {
        Measure::Success
    } else {
        Measure::Other
    }
}

/// Takes up all that is understood; of the rest, each name is noted once.
pub fn add(notices: &mut Notices<'_>, all: &[Series]) {
    let counters: Vec<&Series> = all.iter().filter(|s| measure(s.name()) == Measure::Counter).collect();
    count(notices, &counters);
    let mut same: BTreeMap<String, (&Series, Points)> = BTreeMap::new();
    for one in all {
        let failed: Points = match measure(one.name()) {
            Measure::Counter => continue,
            Measure::Success => one.values.iter().map(|(t, v)| (*t, 1.0 - v)).collect(),
            Measure::Failure => one.values.clone(),
            Measure::Other if one.name().is_empty() => {
                notices.note("a series without a name: give the result one, such as shop:error_ratio");
                continue;
            }
            Measure::Other => {
                notices.note(format!("{}: what it measures is not known, so nothing follows", one.name()));
                continue;
            }
        };
        // Copies of a monitor are taken together.
        same.entry(labels::key(&one.labels, &[])).or_insert((one, Vec::new())).1.extend(failed);
    }
    for (key, (one, failed)) in same {
        shares(notices, &one.labels, &key, &failed);
    }
}

/// Shares of failures out of two counters. The counter of failures has no series before the first failure.
fn count(notices: &mut Notices<'_>, counters: &[&Series]) {
    let key = |s: &Series, name: &str| format!("{name} {}", labels::key(&s.labels, &["__name__"]));
    let by_key: BTreeMap<String, &Series> = counters.iter().map(|s| (key(s, s.name()), *s)).collect();
    let all_of = |name: &str| FAILED.iter().find_map(|end| name.strip_suffix(end)).map(|stem| format!("{stem}_total"));
    let asked: BTreeSet<String> = counters.iter().filter_map(|c| all_of(c.name())).collect();
    let mut alone: BTreeSet<String> = BTreeSet::new();
    for one in counters {
        let Some(total) = all_of(one.name()).filter(|total| !by_key.contains_key(&key(one, total))) else { continue };
        notices.note(format!("{}: without {total} of the same labels, so no share follows", one.name()));
        alone.insert(total);
    }
    for one in counters.iter().filter(|c| all_of(c.name()).is_none()) {
        let stem = one.name().strip_suffix("_total").unwrap_or_default();
        let failed = FAILED.iter().find_map(|end| by_key.get(&key(one, &format!("{stem}{end}"))));
        let asked = asked.contains(one.name());
        // Failures that belong to nothing may be this one's.
        if failed.is_none() && (!asked || alone.contains(one.name())) {
            notices.note(format!("{}: without the counter of its failures, so no share follows", one.name()));
            continue;
        }
        let looks: Points = growth(&one.values)
            .into_iter()
            .map(|(t, all)| {
                let failed = failed.map_or(Some(0.0), |f| failures_until(&f.values, one.values[0].0, t));
                (t, failed.filter(|_| all > 0.0).map_or(f64::NAN, |f| (f / all).min(1.0)))
            })
            .collect();
        shares(notices, &one.labels, &labels::key(&one.labels, &[]), &looks);
    }
}

/// By how many failures were counted more at `t`, in a series that may begin with the first failure, after `began`. `None`
/// where it has a gap.
fn failures_until(values: &[(Timestamp, f64)], began: Timestamp, t: Timestamp) -> Option<f64> {
    let place = values.partition_point(|v| v.0 < t);
    match (place.checked_sub(1).map(|before| values[before].1), values.get(place)) {
        (_, None) => None,
        (None, Some(first)) if first.0 > t => Some(0.0),
        (None, Some(first)) => Some(if first.0 > began { first.1 } else { 0.0 }),
        (Some(_), Some(now)) if now.0 > t => None,
        (Some(before), Some(now)) => Some(if now.1 >= before { now.1 - before } else { now.1 }),
    }
}

/// By how much a counter grew up to each time; after a restart it began at zero.
fn growth(values: &[(Timestamp, f64)]) -> Points {
    values.windows(2).map(|w| (w[1].0, if w[1].1 >= w[0].1 { w[1].1 - w[0].1 } else { w[1].1 })).collect()
}

/// Takes up shares of failures of one series.
fn shares(notices: &mut Notices<'_>, labels: &Labels, key: &str, failed: &[(Timestamp, f64)]) {
    let name = labels.get("__name__").map_or("", String::as_str);
    let look = |(at, share): &(Timestamp, f64)| -> Look { (*at, state(*share)) };
    let looks: Vec<Look> = failed.iter().map(look).collect();
    let told: Vec<f64> = failed.iter().map(|f| f.1).filter(|f| state(*f) != State::Unknown).collect();
    if told.len() < failed.len() {
        notices.note(format!("{name}: {} of {} values are no shares", failed.len() - told.len(), failed.len()));
    }
    let n = told.len() as f64;
    let share = told.iter().sum::<f64>() / n;
    // In graphs of services, what answers is the server.
    let called = labels::first(labels, &["server"]).or_else(|| labels::name(labels));
    let instance = labels::first(labels, &["instance", "target"]).unwrap_or_default();
    let at = failed.last().map_or(notices.seen_at(), |f| f.0);
    let notice = Notice {
        names: called.into_iter().collect(),
        capability: labels::first(labels, &["capability"]),
        region: labels::region(labels),
        title: instance,
        text: format!("{name} {instance}: {:.0} % failed (looks: {n})", share * 100.0),
        failed: (n > 0.0).then_some((share, n)),
        ..Notice::new(SourceKind::Probe, format!("{name} {key}"), State::Unknown, at, AtKind::Seen)
    };
    notices.add_series(notice, looks, None);
}

/// What a share of failures means. What is no share cannot be told.
fn state(share: f64) -> State {
    match share {
        s if !(-1e-9..=1.0 + 1e-9).contains(&s) => State::Unknown,
        s if s >= FAILING_SHARE => State::Failing,
        s if s >= DEGRADED_SHARE => State::Degraded,
        _ => State::Healthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_measured() {
        for (name, wanted) in [
            ("probe_success", Measure::Success),
            ("up", Measure::Success),
            ("service:probe_success:avg1m", Measure::Success),
            ("shop:error_ratio", Measure::Failure),
            ("probe_failed_due_to_regex", Measure::Other),
            ("probe_success_duration_seconds", Measure::Other),
            ("traces_service_graph_request_failed_total", Measure::Counter),
            ("probe_http_status_code", Measure::Other),
            ("", Measure::Other),
        ] {
            assert_eq!(measure(name), wanted, "{name}");
        }
    }

    #[test]
    fn a_restart_of_a_counter_is_no_loss() {
        let at = |i: i64| Timestamp::from_second(1_795_000_000 + i).unwrap();
        let grown = growth(&[(at(0), 10.0), (at(1), 15.0), (at(2), 3.0)]);
        assert_eq!(grown.iter().map(|g| g.1).collect::<Vec<_>>(), [5.0, 3.0]);
    }

    #[test]
    fn the_first_failure_is_counted() {
        let at = |i: i64| Timestamp::from_second(1_795_000_000 + i).unwrap();
        let failed = [(at(2), 3.0), (at(3), 5.0), (at(5), 5.0)];
        let told: Vec<Option<f64>> = (1..7).map(|t| failures_until(&failed, at(0), at(t))).collect();
        assert_eq!(told, [Some(0.0), Some(3.0), Some(2.0), None, Some(0.0), None]);
        assert_eq!(failures_until(&[(at(0), 90.0)], at(0), at(0)), Some(0.0));
        assert_eq!(failures_until(&[], at(0), at(1)), None);
    }

    #[test]
    fn no_number_is_neither_up_nor_down() {
        for share in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 2.0] {
            assert_eq!(state(share), State::Unknown);
        }
    }
}
