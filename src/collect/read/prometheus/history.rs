//! `ALERTS` over time, the only history of alerts that Prometheus has: a series has a value while its alert is pending
//! or fires, and none otherwise.

use super::{MAX_POINTS, Series};
use crate::collect::read::notice::{Notice, Notices};
use crate::collect::read::runs::Look;
use crate::collect::read::{alerts, labels};
use crate::signal::{AtKind, SourceKind, State};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How one alert stood at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Pending,
    Firing,
}

/// Takes up all alerts in `series`. Times at which nothing is said of an alert, but something of another, are times at
/// which it did not fire.
pub fn add(notices: &mut Notices<'_>, series: &[Series]) {
    let mut grid: BTreeSet<Timestamp> = series.iter().flat_map(|s| s.values.iter().map(|v| v.0)).collect();
    while grid.len() > MAX_POINTS {
        grid.pop_first();
    }
    let quiet = quiet_after(&grid, notices.seen_at());
    grid.extend(quiet);
    let mut all: BTreeMap<String, (&Series, BTreeMap<Timestamp, Standing>)> = BTreeMap::new();
    for one in series {
        let standing = match one.labels.get("alertstate").map(String::as_str) {
            Some("firing") => Standing::Firing,
            Some("pending") => Standing::Pending,
            other => {
                notices.note(format!("ALERTS: state `{}` is not known", other.unwrap_or_default()));
                continue;
            }
        };
        let key = labels::key(&one.labels, &["alertstate", "__name__"]);
        let times = &mut all.entry(key).or_insert((one, BTreeMap::new())).1;
        for (at, _) in &one.values {
            let before = times.entry(*at).or_insert(standing);
            *before = standing.max(*before);
        }
    }
    for (key, (one, times)) in all {
        if times.values().any(|s| *s == Standing::Firing) {
            alert(notices, one, &key, &times, &grid);
        }
    }
}

/// A time after the last in `grid` at which nothing fired any more, if the answer was received well after.
fn quiet_after(grid: &BTreeSet<Timestamp>, seen_at: Timestamp) -> Option<Timestamp> {
    let step = grid.iter().zip(grid.iter().skip(1)).map(|(a, b)| b.duration_since(*a)).min()?;
    let next = grid.last()?.checked_add(step).ok()?;
    next.checked_add(step).is_ok_and(|t| t < seen_at).then_some(next)
}

fn alert(
    notices: &mut Notices<'_>,
    one: &Series,
    key: &str,
    times: &BTreeMap<Timestamp, Standing>,
    grid: &BTreeSet<Timestamp>,
) {
    let name = one.labels.get("alertname").map_or("an alert", String::as_str);
    let Some(state) = alerts::state(notices, name, &one.labels) else { return };
    let mut looks: Vec<Look> = Vec::new();
    // Pending times belong to the trouble if it came to firing.
    let mut waiting: Vec<Timestamp> = Vec::new();
    for at in grid {
        match times.get(at) {
            Some(Standing::Pending) => waiting.push(*at),
            Some(Standing::Firing) => looks.extend(waiting.drain(..).chain([*at]).map(|t| (t, state))),
            None => looks.extend(waiting.drain(..).chain([*at]).map(|t| (t, State::Healthy))),
        }
    }
    let at = times.keys().next().copied().unwrap_or(notices.seen_at());
    let notice = Notice {
        names: labels::name(&one.labels).into_iter().collect(),
        capability: labels::first(&one.labels, &["capability"]),
        region: labels::region(&one.labels),
        title: name,
        ..Notice::new(SourceKind::Alert, format!("{name} {key}"), state, at, AtKind::Seen)
    };
    notices.add_series(notice, looks, None);
}
