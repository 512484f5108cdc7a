//! Raw signals of IODA: series of a place, of which the first day tells what is usual.

use super::Place;
use crate::collect::read::notice::Notices;
use crate::collect::read::runs::Look;
use crate::collect::read::{json, time};
use crate::signal::{AtKind, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Series that are as high by night as by day: networks that are announced, and that answer.
const STEADY: &[&str] = &["bgp", "ping-slash24"];

/// How long a series has to be for what is usual to be known.
const USUAL: SignedDuration = SignedDuration::from_hours(24);

/// Longest step between two values, in seconds: a day.
const MAX_STEP: f64 = 86_400.0;

/// Below this share of what is usual, a place is degraded.
pub const DEGRADED_SHARE: f64 = 0.8;

/// Below this share of what is usual, it fails.
pub const FAILING_SHARE: f64 = 0.5;

/// Takes up a series, if what is usual there can be told from it.
pub(super) fn add(notices: &mut Notices<'_>, row: &Value) {
    let (Some(place), Some(source)) = (place(row), json::text(row, "datasource")) else {
        return notices.note("a series without a place or a source: left out");
    };
    let what = format!("{} {source}", place.code);
    if !STEADY.contains(&source) {
        return notices.note(format!("{what}: changes with the time of day or has no counts, so nothing follows"));
    }
    let values = values(row);
    let Some((first, _)) = values.first().copied() else {
        return notices.note(format!("{what}: no values that can be read"));
    };
    let is_usual = |(at, _): &(Timestamp, f64)| at.duration_since(first) < USUAL;
    let (day, rest): (Vec<_>, Vec<_>) = values.into_iter().partition(is_usual);
    let usual = median(day.into_iter().map(|(_, v)| v).collect()).filter(|m| *m > 0.0);
    let Some(usual) = usual.filter(|_| !rest.is_empty()) else {
        return notices.note(format!("{what}: what is usual is not known; ask for more than a day before now"));
    };
    let looks: Vec<Look> = rest.into_iter().map(|(at, value)| (at, state(value / usual))).collect();
    let notice = place.notice(source, State::Unknown, notices.seen_at(), AtKind::Seen);
    notices.add_series(notice, looks, None);
}

fn place(row: &Value) -> Option<Place> {
    let code = format!("{}/{}", json::text(row, "entityType")?, json::word(row, "entityCode")?);
    Some(Place { name: json::text(row, "entityName").unwrap_or(&code).to_string(), code })
}

fn state(share: f64) -> State {
    match share {
        s if s < FAILING_SHARE => State::Failing,
        s if s < DEGRADED_SHARE => State::Degraded,
        _ => State::Healthy,
    }
}

/// The values of a series and their times; without those that are missing or no numbers.
fn values(row: &Value) -> Vec<(Timestamp, f64)> {
    let step = json::number(row, "step").filter(|s| (1.0..=MAX_STEP).contains(s));
    let (Some(from), Some(step)) = (time::at(row, "from"), step) else { return Vec::new() };
    let value = |(i, value): (usize, &Value)| {
        let after = SignedDuration::from_secs((i as f64 * step) as i64);
        Some((from.checked_add(after).ok()?, value.as_f64().filter(|v| *v >= 0.0)?))
    };
    json::list(row, "values").iter().enumerate().filter_map(value).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
