//! AWS: current events (in UTF-16), and the history file, which is the same rows by service.
//!
//! `status` at the top is the peak and is not lowered; how a service fares is told by the changes of its own status, whose
//! times are in milliseconds where all others are in seconds. Events that are over leave the list.

use super::draft::{Draft, Trouble};
use super::{json, place};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "AWS events (a list, or lists by service, of objects with `arn` and `event_log`)";

/// Where people read about events; they have no addresses of their own.
const URL: &str = "https://health.aws.amazon.com/health/status";

/// Whether `value` is such a list, with something in it.
pub fn is(value: &Value) -> bool {
    let is_event = |row: &Value| json::has_keys(row, &["arn", "event_log"]);
    json::rows(value).first().is_some_and(is_event)
        || value.as_object().and_then(|o| o.values().next()).and_then(|v| v.get(0)).is_some_and(is_event)
}

/// Reads an answer. An empty list says that nothing goes on.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let events: Vec<(&str, &Value)> = match &value {
        Value::Array(_) => json::rows(&value).iter().map(|e| ("", e)).collect(),
        Value::Object(lists) if !lists.is_empty() && lists.values().all(Value::is_array) => {
            lists.iter().flat_map(|(service, rows)| json::rows(rows).iter().map(|e| (service.as_str(), e))).collect()
        }
        _ => return Err(json::other_json(&value, WANTED)),
    };
    let looks_right = |e: &Value| e.get("arn").is_some() || e.get("event_log").is_some();
    if events.iter().any(|(_, e)| !looks_right(e)) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    for (service, row) in events {
        event(&mut draft, row, service);
    }
    // The history is written once an hour; it says nothing of now.
    if value.is_array() {
        draft.all_well();
    }
    Ok(draft.finish())
}

fn event(draft: &mut Draft, row: &Value, listed_under: &str) {
    let summary = json::text(row, "summary").unwrap_or("");
    let summary = summary.strip_prefix("[RESOLVED] ").unwrap_or(summary);
    let service = json::text(row, "service").unwrap_or(listed_under);
    let date = json::word(row, "date").unwrap_or_default();
    let id = json::text(row, "arn").map_or_else(|| format!("{service}/{date}"), str::to_string);
    let region = id.split(':').nth(3).filter(|r| id.starts_with("arn:") && !r.is_empty()).unwrap_or(place::GLOBAL);
    let mut log: Vec<(Option<Timestamp>, &Value)> =
        json::list(row, "event_log").iter().map(|e| (draft.time(e, "timestamp"), e)).collect();
    log.sort_by_key(|(at, _)| *at);
    let message = |e: Option<&(Option<Timestamp>, &'_ Value)>| e.and_then(|e| message_of(e.1).map(str::to_string));
    let (first, newest) = (message(log.first()).unwrap_or_default(), message(log.last()).unwrap_or_default());
    let resolved = log.last().filter(|(_, e)| json::number(e, "status") == Some(0.0)).and_then(|(at, _)| *at);
    let whole = Trouble {
        first: &first,
        newest: &newest,
        at: draft.time(row, "date"),
        until: draft.time(row, "end_time").or(resolved),
        url: Some(URL),
        ..Trouble::new(&id, summary, state(draft, row, "status"))
    };
    let services = services(draft, row);
    for (service, found) in &services {
        // Services of one region carry it in their id; those without have no region, whatever the event says.
        let region = if service.ends_with(region) { region } else { place::GLOBAL };
        let until = if found.over { found.until.or(whole.until) } else { None };
        draft.trouble(&Trouble {
            part: found.name,
            group: service,
            state: found.worst,
            at: found.at.or(whole.at),
            until,
            region: Some(region),
            ..whole.clone()
        });
    }
    if services.is_empty() {
        let part = json::text(row, "service_name").unwrap_or("");
        draft.trouble(&Trouble { part, group: service, region: Some(region), at_kind: AtKind::Seen, ..whole.clone() });
    }
}

fn message_of(entry: &Value) -> Option<&str> {
    json::text(entry, "message").or(json::text(entry, "summary"))
}

/// How one service fares in an event.
struct Service<'a> {
    name: &'a str,
    worst: State,
    at: Option<Timestamp>,
    until: Option<Timestamp>,
    over: bool,
}

fn services<'a>(draft: &mut Draft, row: &'a Value) -> BTreeMap<&'a str, Service<'a>> {
    let mut services = BTreeMap::new();
    if let Some(listed) = json::get(row, "impacted_services").and_then(Value::as_object) {
        for (id, service) in listed.iter().take(json::MAX_ROWS) {
            let name = json::text(service, "service_name").unwrap_or(id);
            let worst = state(draft, service, "max");
            let over = json::word(service, "current").as_deref() == Some("0");
            services.insert(id.as_str(), Service { name, worst, at: None, until: None, over });
        }
    }
    for change in json::list(row, "impacted_service_status_changes") {
        let Some(service) = json::text(change, "service").and_then(|id| services.get_mut(id)) else {
            continue;
        };
        let at = draft.time(change, "timestamp");
        if json::word(change, "current_status").as_deref() == Some("0") {
            service.until = service.until.max(at);
        } else {
            service.at = [service.at, at].into_iter().flatten().min();
        }
    }
    services
}

/// The state that the number at `path` stands for.
fn state(draft: &mut Draft, value: &Value, path: &str) -> State {
    match json::word(value, path).as_deref() {
        Some("0") => State::Healthy,
        Some("1") => State::Unknown,
        Some("2") => State::Degraded,
        Some("3") => State::Failing,
        Some(other) => draft.state(other),
        None => State::Degraded,
    }
}
