//! FireHydrant: `data/payload.json`: open incidents with the conditions of components.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use serde_json::Value;

const WANTED: &str = "a FireHydrant page (an object with `conditions`, `components` and `incidents`)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    json::has_keys(value, &["config", "conditions", "components", "incidents"])
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    if !value["incidents"].is_array() || !value["components"].is_array() || value.get("page").is_some() {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    let mut affected = Vec::new();
    for row in draft.rows(&value, "incidents") {
        affected.extend(incident(&mut draft, row, &value));
    }
    for row in draft.rows(&value, "components") {
        match json::text(row, "name") {
            Some(name) if !affected.contains(&name) => draft.well(name, ""),
            Some(_) => {}
            None => draft.pass_over("a component without a name is passed over"),
        }
    }
    Ok(draft.finish())
}

/// Reads an incident; the components that it affects.
fn incident<'a>(draft: &mut Draft, row: &'a Value, page: &Value) -> Vec<&'a str> {
    let title = json::text(row, "title").unwrap_or("");
    let Some(id) = json::text(row, "id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return Vec::new();
    };
    let at = draft.time(row, "timestamps.started").or_else(|| draft.time(row, "timestamps.detected"));
    let until = draft.time(row, "timestamps.resolved");
    let mut said: Vec<_> = draft
        .rows(row, "timeline")
        .iter()
        .map(|t| (draft.time(t, "occurredAt"), json::text(t, "details.note").unwrap_or("")))
        .collect();
    said.sort_by_key(|(at, _)| *at);
    let whole = Trouble {
        first: said.first().map_or("", |s| s.1),
        newest: said.last().map_or("", |s| s.1),
        at,
        at_kind: AtKind::Onset,
        until,
        ..Trouble::new(id, title, State::Degraded)
    };
    let mut affected = Vec::new();
    for component in draft.rows(row, "components") {
        let part = json::text(component, "name").unwrap_or("");
        let state = json::text(component, "condition").map_or(State::Degraded, |c| condition(draft, c, page));
        draft.trouble(&Trouble { part, state, ..whole.clone() });
        affected.push(part);
    }
    if affected.is_empty() {
        draft.trouble(&whole);
    }
    let mut all = vec![(at, title)];
    all.extend(said);
    draft.blame(id, &all, until, None);
    affected
}

/// A condition has a name of the page's own, and a class that is known.
fn condition(draft: &mut Draft, name: &str, page: &Value) -> State {
    if name == "Maintenance" {
        return State::Maintenance;
    }
    match page.get("conditions").and_then(|c| c.get(name)).and_then(Value::as_str) {
        Some("OFFLINE") => State::Failing,
        Some("DEGRADED") => State::Degraded,
        Some("OPERATIONAL") => State::Healthy,
        _ => draft.state(name),
    }
}
