//! Uptime Kuma: `/api/status-page/heartbeat/<slug>`, `/api/status-page/<slug>` (names and incidents), and `/metrics`.
//!
//! Heartbeats know monitors by number only: list the numbers among the names, or hand over both answers as one object.

use super::notice::{Notice, Notices};
use super::runs::Look;
use super::{exposition, json, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "an answer of Uptime Kuma";

/// Reads any of the three.
///
/// # Errors
/// [`Unreadable`] if it is none of them.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let mut notices = Notices::new(feed);
    if body.trim_ascii_start().first().is_some_and(|b| *b == b'#' || b.is_ascii_alphabetic()) {
        metrics(&mut notices, body)?;
        return Ok(notices.finish());
    }
    let value = json::parse(body, WANTED)?;
    let beats = json::get(&value, "heartbeatList").and_then(Value::as_object);
    if beats.is_none() && !json::has_keys(&value, &["config", "publicGroupList"]) {
        return Err(json::other_json(&value, WANTED));
    }
    let names = names(&value);
    for (id, rows) in beats.into_iter().flatten().take(json::MAX_ROWS) {
        monitor(&mut notices, id, names.get(id).map(String::as_str), rows);
    }
    // Several in version 2, one or none in version 1.
    let incidents = json::list(&value, "incidents").iter().chain(json::get(&value, "incident"));
    incidents.for_each(|row| incident(&mut notices, row));
    json::list(&value, "maintenanceList").iter().for_each(|row| maintenance(&mut notices, row));
    Ok(notices.finish())
}

/// The names of the monitors by their numbers.
fn names(page: &Value) -> BTreeMap<String, String> {
    let groups = json::list(page, "publicGroupList").iter();
    let monitors = groups.flat_map(|g| json::list(g, "monitorList"));
    monitors.filter_map(|m| Some((json::word(m, "id")?, json::text(m, "name")?.to_string()))).collect()
}

fn state_of(status: f64) -> Option<State> {
    match status {
        0.0 => Some(State::Failing),
        1.0 => Some(State::Healthy),
        // A failed look that is about to be repeated.
        2.0 => Some(State::Unknown),
        3.0 => Some(State::Maintenance),
        _ => None,
    }
}

fn monitor(notices: &mut Notices<'_>, id: &str, name: Option<&str>, rows: &Value) {
    let mut looks: Vec<Look> = Vec::new();
    for row in json::rows(rows) {
        let (Some(at), Some(status)) = (time::at(row, "time"), json::number(row, "status")) else { continue };
        let state = state_of(status).unwrap_or_else(|| {
            notices.note(format!("monitor {id}: status {status} is not known, taken for degraded"));
            State::Degraded
        });
        looks.push((at, state));
    }
    let said = json::rows(rows).iter().rev().find_map(|r| json::text(r, "msg")).unwrap_or_default();
    let notice = Notice {
        names: [id].into_iter().chain(name).collect(),
        title: name.unwrap_or_default(),
        text: format!("{} {said}", name.map_or_else(|| format!("monitor {id}"), str::to_string)),
        ..Notice::new(SourceKind::Probe, format!("monitor {id}"), State::Unknown, notices.seen_at(), AtKind::Seen)
    };
    if name.is_none() && !notices.knows(id) {
        return notices.note(format!("monitor {id}: the answer has no name for it; list the number among the names"));
    }
    notices.add_series(notice, looks, None);
}

/// What the page's owner wrote. It names no component.
fn incident(notices: &mut Notices<'_>, row: &Value) {
    let title = json::text(row, "title").unwrap_or_default();
    let state = match json::text(row, "style") {
        Some("danger") => State::Failing,
        Some("warning") => State::Degraded,
        style => {
            return notices.note(format!("`{title}`: of style {}, no trouble", style.unwrap_or("none")));
        }
    };
    let created = time::at(row, "createdDate");
    let (at, at_kind) = created.map_or((notices.seen_at(), AtKind::Seen), |at| (at, AtKind::Onset));
    let id = json::word(row, "id").unwrap_or_default();
    notices.add(Notice {
        title,
        text: format!("{title}: {}", json::text(row, "content").unwrap_or_default()),
        ..Notice::new(SourceKind::StatusPage, format!("incident {id}"), state, at, at_kind)
    });
}

fn maintenance(notices: &mut Notices<'_>, row: &Value) {
    let title = json::text(row, "title").unwrap_or_default();
    if json::text(row, "status") != Some("under-maintenance") {
        return notices.note(format!("`{title}`: maintenance that is not under way"));
    }
    let id = json::word(row, "id").unwrap_or_default();
    let id = format!("maintenance {id}");
    notices.add(Notice {
        title,
        ..Notice::new(SourceKind::StatusPage, id, State::Maintenance, notices.seen_at(), AtKind::Seen)
    });
}

fn metrics(notices: &mut Notices<'_>, body: &[u8]) -> Result<(), Unreadable> {
    let samples = exposition::parse(body, WANTED)?;
    let monitors: Vec<_> = samples.iter().filter(|s| s.name == "monitor_status").collect();
    if monitors.is_empty() {
        return Err(Unreadable(format!("expected {WANTED}, found metrics without monitor_status")));
    }
    for sample in monitors {
        let label = |l: &str| sample.labels.get(l).map(String::as_str).filter(|v| !v.is_empty() && *v != "null");
        let name = label("monitor_name").unwrap_or_default();
        let looks = vec![(sample.at.unwrap_or(notices.seen_at()), state_of(sample.value).unwrap_or(State::Unknown))];
        let notice = Notice {
            names: label("monitor_name").into_iter().collect(),
            title: name,
            url: label("monitor_url"),
            ..Notice::new(SourceKind::Probe, name, State::Unknown, notices.seen_at(), AtKind::Seen)
        };
        notices.add_series(notice, looks, None);
    }
    Ok(())
}
