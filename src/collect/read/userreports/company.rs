//! What else Downdetector's API tells of a company, beside its counts: its status, incidents, events, shares, lists.
//!
//! A count without what is usual says nothing, and neither does whom Downdetector suspects: these are notes.

use super::{Count, look};
use crate::collect::read::notice::{Notice, Notices};
use crate::collect::read::{json, time};
use crate::signal::{AtKind, Precision, SourceKind, State};
use jiff::Timestamp;
use serde_json::Value;

/// So many shares of reports are shown.
const MAX_SHOWN: usize = 3;

/// Reads `value` if it is one of these answers, and says whether it is.
pub(super) fn read(notices: &mut Notices<'_>, value: &Value) -> bool {
    if let Some(rows) = value.as_array() {
        return list(notices, rows.first(), json::rows(value));
    }
    if json::has_keys(value, &["count", "baseline"]) {
        now(notices, value);
    } else if json::has_keys(value, &["count"]) && json::number(value, "count").is_some() {
        notices
            .nothing("a count without what is usual says nothing: ask for the company with `stats_24` and `baseline`");
    } else if json::has_keys(value, &["baseline"]) && json::number(value, "baseline").is_some() {
        notices.nothing("only what is usual is told, not how many reports there are");
    } else if json::has_keys(value, &["attribution", "user_impact"]) {
        attribution(notices, value);
    } else if json::has_keys(value, &["access_token", "token_type"]) {
        notices.nothing("this is the answer with a token, which is for asking for reports and has none");
    } else {
        return status(notices, value);
    }
    true
}

fn list(notices: &mut Notices<'_>, first: Option<&Value>, rows: &[Value]) -> bool {
    let Some(first) = first else {
        notices.nothing("an empty list: nothing is told");
        return true;
    };
    if json::has_keys(first, &["created_at", "measurement"]) {
        rows.iter().for_each(|row| event(notices, row));
    } else if json::has_keys(first, &["created_at", "is_active", "total"]) {
        rows.iter().for_each(|row| incident(notices, row));
    } else if json::has_keys(first, &["indicator", "amount"]) {
        let share = |r: &Value| Some(format!("{} {} %", json::text(r, "indicator")?, json::number(r, "percentage")?));
        let shares: Vec<String> = rows.iter().filter_map(share).take(MAX_SHOWN).collect();
        notices
            .nothing(format!("what reports are about ({}), not whether there are more than usual", shares.join(", ")));
    } else if json::has_keys(first, &["slug", "name"]) {
        let told = rows.iter().filter(|row| status(notices, row)).count();
        if told == 0 {
            notices.nothing("a list of companies: it does not say how they are");
        }
    } else {
        return false;
    }
    true
}

/// The status of a company; `false` if it has none that is known.
fn status(notices: &mut Notices<'_>, value: &Value) -> bool {
    if ["data", "error", "counts", "alerts"].iter().any(|k| value.get(k).is_some()) {
        return false;
    }
    let (state, words) = match json::text(value, "status") {
        Some("success") => (State::Healthy, "no more reports than usual"),
        Some("warning") => (State::Degraded, "more reports than usual"),
        Some("danger") => (State::Failing, "far more reports than usual"),
        _ => return false,
    };
    let names = names(value);
    notices.add(Notice {
        region: json::text(value, "country_iso"),
        text: words.to_string(),
        ..of("status", &names, state, notices.seen_at(), AtKind::Seen)
    });
    true
}

/// The reports of the last quarter of an hour.
fn now(notices: &mut Notices<'_>, value: &Value) {
    let number = |path: &str| json::number(value, path).filter(|n| *n >= 0.0);
    let (Some(reports), Some(usual)) = (number("count"), number("baseline")) else {
        return notices.nothing("a count, or what is usual, is no number");
    };
    let (at, state) = look(&Count { at: notices.seen_at(), reports, usual: Some(usual) }, usual);
    let names = names(value);
    notices.add(Notice {
        text: format!("{reports} reports, usually {usual}"),
        reports: Some((reports, usual)),
        ..of("now", &names, state, at, AtKind::Seen)
    });
}

/// An event: the count of a stretch of time and what was expected. It goes on while it is active.
fn event(notices: &mut Notices<'_>, row: &Value) {
    let number = |path: &str| json::number(row, path).filter(|n| *n >= 0.0);
    let at = time::at(row, "measurement.started_on").or_else(|| time::at(row, "created_at"));
    let counts = number("measurement.actual").zip(number("measurement.expected"));
    let (Some(id), Some(at), Some((reports, usual))) = (json::word(row, "id"), at, counts) else {
        return notices.nothing("an event without an id, a time or counts: left out");
    };
    let (_, state) = look(&Count { at, reports, usual: Some(usual) }, usual);
    if state == State::Healthy {
        return notices.note(format!("event {id}: {reports} reports, usually {usual}: not enough for trouble"));
    }
    let Some(until) = end(notices, row, &format!("event {id}"), "measurement.ended_on") else { return };
    notices.add(Notice {
        until,
        text: format!("{reports} reports, usually {usual}"),
        reports: Some((reports, usual)),
        ..of(&format!("event {id}"), &[], state, at, AtKind::Onset)
    });
}

/// An incident: how many reports it has had, and not how many are usual.
fn incident(notices: &mut Notices<'_>, row: &Value) {
    let (Some(id), Some(at)) = (json::word(row, "id"), time::at(row, "created_at")) else {
        return notices.nothing("an incident without an id or a time: left out");
    };
    let ended = if json::get(row, "resolved_at").is_some() { "resolved_at" } else { "updated_at" };
    let Some(until) = end(notices, row, &format!("incident {id}"), ended) else { return };
    let total = json::number(row, "total").filter(|n| *n >= 0.0);
    notices.add(Notice {
        until,
        text: total.map_or_else(|| "an incident by users' reports".to_string(), |n| format!("{n} reports in all")),
        ..of(&format!("incident {id}"), &[], State::Degraded, at, AtKind::Onset)
    });
}

/// The end of what is not active any more: at `path`. `None`, with a note, if it cannot be told whether it goes on.
fn end(notices: &mut Notices<'_>, row: &Value, what: &str, path: &str) -> Option<Option<Timestamp>> {
    let resolved = time::at(row, "resolved_at");
    match (json::flag(row, "is_active"), resolved.or_else(|| time::at(row, path))) {
        (Some(true), _) => Some(resolved),
        (Some(false), Some(end)) => Some(Some(end)),
        _ => {
            notices.nothing(format!("{what}: whether it goes on cannot be told: left out"));
            None
        }
    }
}

/// Whom Downdetector suspects.
fn attribution(notices: &mut Notices<'_>, value: &Value) {
    let guess = match json::number(value, "attribution") {
        Some(2.0) => "the cause lies outside the company",
        Some(3.0) => "the cause lies with the company",
        _ => "nothing of the cause",
    };
    notices.nothing(format!("Downdetector supposes {guess}; that is its own guess, and nothing follows"));
}

/// What the answer calls the company.
fn names(value: &Value) -> Vec<&str> {
    ["slug", "name"].iter().find_map(|path| json::text(value, path)).into_iter().collect()
}

fn of<'a>(id: &str, names: &[&'a str], state: State, at: Timestamp, at_kind: AtKind) -> Notice<'a> {
    let id = std::iter::once(id).chain(names.iter().copied()).collect::<Vec<_>>().join(" ");
    Notice {
        names: names.to_vec(),
        precision: Precision::Hour,
        ..Notice::new(SourceKind::UserReports, id, state, at, at_kind)
    }
}
