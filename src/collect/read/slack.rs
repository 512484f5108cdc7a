//! Slack: `current` and `history` of the API 2.0.0.
//!
//! Offsets are Pacific, notes are HTML, the newest last.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::State;
use serde_json::Value;

const WANTED: &str = "Slack's status (`status` and `active_incidents`, or a list of incidents with `services`)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    json::has_keys(value, &["status", "active_incidents"]) || json::rows(value).first().is_some_and(is_incident)
}

fn is_incident(row: &Value) -> bool {
    json::has_keys(row, &["type", "status", "services", "notes"])
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let now = json::has_keys(&value, &["status", "active_incidents"]);
    if !now && json::rows(&value).first().is_none_or(|r| r.get("services").is_none()) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    let rows = if now { draft.rows(&value, "active_incidents") } else { json::rows(&value) };
    for row in rows {
        incident(&mut draft, row);
    }
    if now && json::text(&value, "status") == Some("ok") {
        draft.all_well();
    } else if now && rows.is_empty() {
        draft.note("trouble is said to go on, and none is listed");
    }
    Ok(draft.finish())
}

fn incident(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "title").unwrap_or("");
    let Some(id) = json::word(row, "id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let status = json::text(row, "status").unwrap_or("active");
    let state = match json::text(row, "type") {
        Some("outage") => State::Failing,
        Some("incident") => State::Degraded,
        Some("notice") => State::Unknown,
        Some("maintenance") => State::Maintenance,
        Some(word) => draft.state(word),
        None => State::Degraded,
    };
    if matches!(status, "scheduled" | "cancelled") {
        draft.note(format!("`{title}` is {status}, and left out"));
        return;
    }
    let at = draft.time(row, "date_created");
    let over = matches!(status, "resolved" | "completed");
    let until = draft.time(row, "date_updated").filter(|_| over);
    let mut notes: Vec<_> = json::list(row, "notes")
        .iter()
        .map(|n| (draft.time(n, "date_created"), json::text(n, "body").unwrap_or("")))
        .collect();
    notes.sort_by_key(|(at, _)| *at);
    let url = json::text(row, "url");
    let whole = Trouble {
        first: notes.first().map_or("", |n| n.1),
        newest: notes.last().map_or("", |n| n.1),
        at,
        until,
        url,
        ..Trouble::new(&id, title, state)
    };
    let services = json::list(row, "services");
    for part in services.iter().filter_map(Value::as_str) {
        draft.trouble(&Trouble { part, ..whole.clone() });
    }
    if services.is_empty() {
        draft.trouble(&whole);
    }
    let mut said = vec![(at, title)];
    said.extend(notes);
    draft.blame(&id, &said, until, url);
}
