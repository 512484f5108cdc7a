//! Instatus: the summary, and components in both forms (a list in an object with groups, or a bare list with children).
//!
//! Open incidents name no components, and lists of them are missing where nothing goes on.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const WANTED: &str = "an Instatus answer (`page.status`, or components with `status` in capitals)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    summary_status(value).is_some() || components(value).is_some_and(|rows| !rows.is_empty())
}

fn summary_status(value: &Value) -> Option<&str> {
    let word = json::text(value, "page.status").or(json::text(value, "status.type"))?;
    let known = ["UP", "HASISSUES", "UNDERMAINTENANCE"];
    (known.contains(&word) || value.get("activeIncidents").is_some()).then_some(word)
}

/// The rows of a list of components, if `value` is one.
fn components(value: &Value) -> Option<&[Value]> {
    let rows = match value.get("components") {
        Some(rows) if value.get("page").is_none() => json::rows(rows),
        Some(_) => return None,
        None => json::rows(value),
    };
    let in_capitals = |r: &Value| json::text(r, "status").is_some_and(|s| s.chars().all(|c| c.is_ascii_uppercase()));
    let marked = |r: &Value| r.get("group").is_some() || r.get("isParent").is_some();
    rows.iter().any(|r| in_capitals(r) && marked(r)).then_some(rows)
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let mut draft = Draft::new(feed);
    if let Some(rows) = components(&value) {
        for row in rows {
            component(&mut draft, row, "");
        }
    } else if let Some(status) = summary_status(&value) {
        summary(&mut draft, &value, status);
    } else {
        return Err(json::other_json(&value, WANTED));
    }
    Ok(draft.finish())
}

fn summary(draft: &mut Draft, value: &Value, status: &str) {
    let incidents = draft.rows(value, "activeIncidents");
    for row in incidents {
        incident(draft, row);
    }
    for row in draft.rows(value, "activeMaintenances") {
        maintenance(draft, row);
    }
    match draft.state(status) {
        State::Healthy => draft.all_well(),
        state if incidents.is_empty() && state != State::Maintenance => {
            let title = json::text(value, "page.name").unwrap_or("");
            draft.trouble(&Trouble::new("page", title, state));
        }
        _ => {}
    }
}

fn incident(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "name").unwrap_or("");
    let Some(id) = json::text(row, "id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let state = match json::text(row, "impact").map(|word| draft.state(word)) {
        Some(State::Healthy) => State::Unknown,
        Some(state) => state,
        None => State::Degraded,
    };
    let over = json::text(row, "status") == Some("RESOLVED");
    let at = draft.time(row, "started");
    let until = draft.time(row, "resolved").or_else(|| draft.time(row, "updatedAt")).filter(|_| over);
    let url = json::text(row, "url");
    let at_kind = AtKind::Onset;
    draft.trouble(&Trouble { at, at_kind, until, url, ..Trouble::new(id, title, state) });
    draft.blame(id, &[(at, title)], until, url);
}

fn maintenance(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "name").unwrap_or("");
    let status = json::text(row, "status").unwrap_or("");
    let (Some(id), Some(begins)) = (json::text(row, "id"), draft.time(row, "start")) else {
        draft.note(format!("announced work without an id or a beginning is left out: {title}"));
        return;
    };
    if status == "NOTSTARTEDYET" {
        draft.note(format!("`{title}` is announced for {begins} and has not begun"));
        return;
    }
    let until = planned_end(row, begins).filter(|_| status == "COMPLETED");
    let url = json::text(row, "url");
    draft.maintenance(&Trouble { until, url, ..Trouble::new(id, title, State::Maintenance) }, Some(begins), None);
}

/// Minutes are written as text.
fn planned_end(row: &Value, begins: Timestamp) -> Option<Timestamp> {
    let minutes = json::number(row, "duration").filter(|m| (0.0..1e6).contains(m))?;
    begins.checked_add(SignedDuration::from_mins(minutes as i64)).ok()
}

/// A component, and its children; groups themselves say nothing.
fn component(draft: &mut Draft, row: &Value, parent: &str) {
    let (Some(name), Some(status)) = (json::text(row, "name"), json::text(row, "status")) else {
        draft.pass_over("a component without a name or a status is passed over");
        return;
    };
    let children = draft.rows(row, "children");
    // Groups are one level deep.
    for child in children.iter().filter(|_| parent.is_empty()) {
        component(draft, child, name);
    }
    if !children.is_empty() {
        return;
    }
    let group = json::text(row, "group.name").unwrap_or(parent);
    match draft.state(status) {
        State::Healthy => draft.well(name, group),
        state => {
            let id = json::text(row, "id").unwrap_or(name);
            draft.part_in_trouble(&Trouble { part: name, group, ..Trouble::new(id, name, state) });
        }
    }
}
