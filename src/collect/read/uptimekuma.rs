//! Uptime Kuma: `/api/status-page/heartbeat/<slug>`, `/api/status-page/<slug>` (names and incidents), and `/metrics`.
//!
//! Heartbeats know monitors by number only: list the numbers among the names, or hand over both answers as one object.

use super::draft::{Draft, Drafts};
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
    let mut drafts = Drafts::new(feed);
    if body.trim_ascii_start().first().is_some_and(|b| *b == b'#' || b.is_ascii_alphabetic()) {
        metrics(&mut drafts, body)?;
        return Ok(drafts.finish());
    }
    let value = json::parse(body, WANTED)?;
    let beats = json::get(&value, "heartbeatList").and_then(Value::as_object);
    if beats.is_none() && !json::has_keys(&value, &["config", "publicGroupList"]) {
        return Err(json::other_json(&value, WANTED));
    }
    let names = names(&value);
    for (id, rows) in beats.into_iter().flatten().take(json::MAX_ROWS) {
        monitor(&mut drafts, id, names.get(id).map(String::as_str), rows);
    }
    // Several in version 2, one or none in version 1.
    let incidents = json::list(&value, "incidents").iter().chain(json::get(&value, "incident"));
    incidents.for_each(|row| incident(&mut drafts, row));
    json::list(&value, "maintenanceList").iter().for_each(|row| maintenance(&mut drafts, row));
    Ok(drafts.finish())
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

fn monitor(drafts: &mut Drafts<'_>, id: &str, name: Option<&str>, rows: &Value) {
    let mut looks: Vec<Look> = Vec::new();
    for row in json::rows(rows) {
        let (Some(at), Some(status)) = (time::at(row, "time"), json::number(row, "status")) else { continue };
        let state = state_of(status).unwrap_or_else(|| {
            drafts.note(format!("monitor {id}: status {status} is not known, taken for degraded"));
            State::Degraded
        });
        looks.push((at, state));
    }
    let said = json::rows(rows).iter().rev().find_map(|r| json::text(r, "msg")).unwrap_or_default();
    let draft = Draft {
        names: [id].into_iter().chain(name).collect(),
        title: name.unwrap_or_default(),
        text: format!("{} {said}", name.map_or_else(|| format!("monitor {id}"), str::to_string)),
        ..Draft::new(SourceKind::Probe, format!("monitor {id}"), State::Unknown, drafts.seen_at(), AtKind::Seen)
    };
    if name.is_none() && !drafts.knows(id) {
        return drafts.note(format!("monitor {id}: the answer has no name for it; list the number among the names"));
    }
    drafts.add_series(draft, looks, None);
}

/// What the page's owner wrote. It names no component.
fn incident(drafts: &mut Drafts<'_>, row: &Value) {
    let title = json::text(row, "title").unwrap_or_default();
    let state = match json::text(row, "style") {
        Some("danger") => State::Failing,
        Some("warning") => State::Degraded,
        style => {
            return drafts.note(format!("`{title}`: of style {}, no trouble", style.unwrap_or("none")));
        }
    };
    let created = time::at(row, "createdDate");
    let (at, at_kind) = created.map_or((drafts.seen_at(), AtKind::Seen), |at| (at, AtKind::Onset));
    let id = json::word(row, "id").unwrap_or_default();
    drafts.add(Draft {
        title,
        text: format!("{title}: {}", json::text(row, "content").unwrap_or_default()),
        ..Draft::new(SourceKind::StatusPage, format!("incident {id}"), state, at, at_kind)
    });
}

fn maintenance(drafts: &mut Drafts<'_>, row: &Value) {
    let title = json::text(row, "title").unwrap_or_default();
    if json::text(row, "status") != Some("under-maintenance") {
        return drafts.note(format!("`{title}`: maintenance that is not under way"));
    }
    let id = json::word(row, "id").unwrap_or_default();
    let id = format!("maintenance {id}");
    drafts.add(Draft {
        title,
        ..Draft::new(SourceKind::StatusPage, id, State::Maintenance, drafts.seen_at(), AtKind::Seen)
    });
}

fn metrics(drafts: &mut Drafts<'_>, body: &[u8]) -> Result<(), Unreadable> {
    let samples = exposition::parse(body, WANTED)?;
    let monitors: Vec<_> = samples.iter().filter(|s| s.name == "monitor_status").collect();
    if monitors.is_empty() {
        return Err(Unreadable(format!("expected {WANTED}, found metrics without monitor_status")));
    }
    for sample in monitors {
        let label = |l: &str| sample.labels.get(l).map(String::as_str).filter(|v| !v.is_empty() && *v != "null");
        let name = label("monitor_name").unwrap_or_default();
        let looks = vec![(sample.at.unwrap_or(drafts.seen_at()), state_of(sample.value).unwrap_or(State::Unknown))];
        let draft = Draft {
            names: label("monitor_name").into_iter().collect(),
            title: name,
            url: label("monitor_url"),
            ..Draft::new(SourceKind::Probe, name, State::Unknown, drafts.seen_at(), AtKind::Seen)
        };
        drafts.add_series(draft, looks, None);
    }
    Ok(())
}
