//! incident.io: the proxy and the widget, with parts and without, and answers in the layout of Statuspage.
//!
//! The proxy has everything; the widget lacks the beginning of incidents, and the Statuspage layout lacks their parts.

use super::draft::{Draft, Trouble};
use super::{json, statuspage};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "an incident.io answer (`summary`, or `ongoing_incidents`, or the layout of Statuspage)";

/// Texts nest; deeper than this is nobody's message.
const MAX_DEPTH: usize = 32;

/// Whether `value` is an answer of the proxy or the widget.
pub fn is(value: &Value) -> bool {
    is_widget(value) || value.get("summary").is_some_and(is_proxy)
}

fn is_widget(value: &Value) -> bool {
    json::has_keys(value, &["page_title", "ongoing_incidents"])
}

fn is_proxy(summary: &Value) -> bool {
    json::has_keys(summary, &["components", "ongoing_incidents", "affected_components"])
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    if is_widget(&value) {
        return Ok(widget(&value, feed));
    }
    match json::get(&value, "summary") {
        Some(summary) if is_proxy(summary) => Ok(proxy(summary, feed)),
        _ if statuspage::is(&value) => Ok(statuspage::page(&value, feed)),
        _ => Err(json::other_json(&value, WANTED)),
    }
}

fn widget(value: &Value, feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    for incident in draft.rows(value, "ongoing_incidents") {
        let title = json::text(incident, "name").unwrap_or("");
        let Some(id) = json::text(incident, "id") else {
            draft.pass_over(format!("an incident without an id is passed over: {title}"));
            continue;
        };
        let newest = json::text(incident, "last_update_message").unwrap_or("");
        let said_at = draft.time(incident, "last_update_at");
        let url = json::text(incident, "url");
        let worst = json::text(incident, "current_worst_impact").map_or(State::Degraded, |w| trouble(&mut draft, w));
        let whole = Trouble { newest, at: said_at, url, ..Trouble::new(id, title, worst) };
        let parts = json::list(incident, "affected_components");
        for row in parts {
            let part = json::text(row, "name").unwrap_or("");
            let group = json::text(row, "group_name").unwrap_or("");
            let state = json::text(row, "current_status").map_or(worst, |w| trouble(&mut draft, w));
            draft.trouble(&Trouble { part, group, state, ..whole.clone() });
        }
        if parts.is_empty() {
            draft.trouble(&whole);
        }
        draft.blame(id, &[(said_at, title), (said_at, newest)], None, url);
    }
    for work in json::list(value, "in_progress_maintenances").iter().chain(json::list(value, "scheduled_maintenances"))
    {
        maintenance(&mut draft, work, &BTreeMap::new());
    }
    draft.all_well();
    draft.finish()
}

fn proxy(summary: &Value, feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    let page_url = json::text(summary, "public_url");
    let names = names(summary);
    for incident in draft.rows(summary, "ongoing_incidents") {
        let title = json::text(incident, "name").unwrap_or("");
        let Some(id) = json::text(incident, "id") else {
            draft.pass_over(format!("an incident without an id is passed over: {title}"));
            continue;
        };
        proxy_incident(&mut draft, incident, id, &names, page_url);
    }
    let works = ["in_progress_maintenances", "scheduled_maintenances"];
    for work in works.iter().flat_map(|w| json::list(summary, w)) {
        maintenance(&mut draft, work, &names);
    }
    let mut affected = Vec::new();
    for row in draft.rows(summary, "affected_components") {
        let id = json::text(row, "component_id").unwrap_or("");
        affected.push(id);
        let (Some((name, group)), Some(status)) = (names.get(id), json::text(row, "status")) else {
            draft.note(format!("a part that is not listed is affected: `{id}`"));
            continue;
        };
        let state = draft.state(status);
        draft.part_in_trouble(&Trouble { part: name, group, ..Trouble::new(id, name, state) });
    }
    // Only what is affected is listed with its status; without that list, nothing is known of the rest.
    for (_, (name, group)) in names.iter().filter(|(id, _)| !affected.contains(id)) {
        draft.well(name, group);
    }
    draft.finish()
}

fn proxy_incident(
    draft: &mut Draft,
    incident: &Value,
    id: &str,
    names: &BTreeMap<&str, (&str, &str)>,
    page_url: Option<&str>,
) {
    let title = json::text(incident, "name").unwrap_or("");
    let posted = draft.time(incident, "published_at");
    let mut said: Vec<_> = json::list(incident, "updates")
        .iter()
        .map(|u| (draft.time(u, "published_at"), json::get(u, "message").map_or(String::new(), |m| words(m, 0))))
        .collect();
    said.reverse();
    said.sort_by_key(|(at, _)| *at);
    let first = said.first().map_or("", |s| s.1.as_str());
    let newest = said.last().map_or("", |s| s.1.as_str());
    let whole = Trouble { first, newest, at: posted, url: page_url, ..Trouble::new(id, title, State::Degraded) };
    let impacts = json::list(incident, "component_impacts");
    let rows = if impacts.is_empty() { json::list(incident, "affected_components") } else { impacts };
    for row in rows {
        let part_id = json::text(row, "component_id").unwrap_or("");
        let (part, group) = names.get(part_id).copied().unwrap_or((part_id, ""));
        let state = json::text(row, "status").map_or(State::Degraded, |w| trouble(draft, w));
        let began = draft.time(row, "start_at");
        let at_kind = if began.is_some() { AtKind::Onset } else { AtKind::Seen };
        let until = draft.time(row, "end_at");
        draft.trouble(&Trouble { part, group, state, at: began.or(posted), at_kind, until, ..whole.clone() });
    }
    if rows.is_empty() {
        draft.trouble(&whole);
    }
    let mut all = vec![(posted, title)];
    all.extend(said.iter().map(|(at, words)| (*at, words.as_str())));
    draft.blame(id, &all, None, page_url);
}

/// Name and group of every component, by id.
fn names(summary: &Value) -> BTreeMap<&str, (&str, &str)> {
    let mut names = BTreeMap::new();
    for row in json::list(summary, "components") {
        if let (Some(id), Some(name)) = (json::text(row, "id"), json::text(row, "name")) {
            names.insert(id, (name, ""));
        }
    }
    for group in json::list(summary, "structure.items").iter().filter_map(|i| json::get(i, "group")) {
        let title = json::text(group, "name").unwrap_or("");
        for row in json::list(group, "components") {
            if let (Some(id), Some(name)) = (json::text(row, "component_id"), json::text(row, "name")) {
                names.insert(id, (name, title));
            }
        }
    }
    names
}

fn maintenance(draft: &mut Draft, work: &Value, names: &BTreeMap<&str, (&str, &str)>) {
    let title = json::text(work, "name").unwrap_or("");
    let Some(id) = json::text(work, "id") else {
        draft.pass_over(format!("announced work without an id is passed over: {title}"));
        return;
    };
    let begins = draft.time(work, "started_at").or_else(|| draft.time(work, "starts_at"));
    if begins.is_none() && json::text(work, "status") != Some("maintenance_in_progress") {
        draft.pass_over(format!("announced work without a beginning is passed over: {title}"));
        return;
    }
    let newest = json::text(work, "last_update_message").unwrap_or("");
    let whole = Trouble { newest, url: json::text(work, "url"), ..Trouble::new(id, title, State::Maintenance) };
    let rows = json::list(work, "affected_components");
    for row in rows {
        let listed = json::text(row, "component_id").and_then(|id| names.get(id)).copied();
        let part = json::text(row, "name").or(listed.map(|l| l.0)).unwrap_or("");
        let group = json::text(row, "group_name").or(listed.map(|l| l.1)).unwrap_or("");
        draft.maintenance(&Trouble { part, group, ..whole.clone() }, begins, None);
    }
    if rows.is_empty() {
        draft.maintenance(&whole, begins, None);
    }
}

/// The state of what an incident names: nothing there is well, whatever it says.
fn trouble(draft: &mut Draft, word: &str) -> State {
    match draft.state(word) {
        State::Healthy => State::Unknown,
        state => state,
    }
}

/// The words of a tree of rich text.
fn words(message: &Value, depth: usize) -> String {
    if depth > MAX_DEPTH {
        return String::new();
    }
    match message {
        Value::String(s) if depth == 0 => s.clone(),
        Value::Object(_) => {
            let own = json::text(message, "text").map(str::to_string);
            let inner =
                ["text_node", "content"].iter().filter_map(|k| json::get(message, k)).map(|v| words(v, depth + 1));
            own.into_iter().chain(inner).collect::<Vec<_>>().join(" ")
        }
        Value::Array(rows) => rows.iter().map(|r| words(r, depth + 1)).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}
