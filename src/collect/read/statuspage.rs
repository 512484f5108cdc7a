//! Atlassian Statuspage, and what answers in its layout: `summary.json`, `incidents.json`, `components.json`,
//! `status.json`, `scheduled-maintenances.json`, and the webhooks to subscribers.
//!
//! `status.indicator` may say that all is well while an incident is open, and components are set back late, so that the
//! worst of indicator, open incidents and components counts. A summary lists open incidents only.

use super::draft::{Draft, Trouble};
use super::{json, state};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is expected, for messages.
const WANTED: &str = "a Statuspage answer (an object with `page` and `incidents`, `components` or `status`)";

/// A beginning that lies so many seconds before the first post was set back by the operator: it is the onset.
const SET_BACK_SECONDS: i64 = 60;

/// Whether `value` is an answer in this layout.
pub fn is(value: &Value) -> bool {
    let parts = ["incidents", "components", "status", "scheduled_maintenances", "incident", "component"];
    value.get("page").is_some_and(|p| p.get("id").is_some()) && parts.iter().any(|p| value.get(p).is_some())
}

/// Reads an answer or a delivery.
///
/// # Errors
/// [`Unreadable`] if `body` is neither.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    if !is(&value) {
        return Err(json::other_json(&value, WANTED));
    }
    Ok(page(&value, feed))
}

/// The reading of an answer in this layout.
pub fn page(value: &Value, feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    let page_url = json::text(value, "page.url");
    let groups = groups(value);
    for incident in draft.rows(value, "incidents").iter().chain(json::get(value, "incident")) {
        if json::text(incident, "scheduled_for").is_some() {
            maintenance(&mut draft, incident, page_url);
        } else {
            self::incident(&mut draft, incident, page_url, &groups);
        }
    }
    for work in draft.rows(value, "scheduled_maintenances") {
        maintenance(&mut draft, work, page_url);
    }
    for component in draft.rows(value, "components") {
        self::component(&mut draft, component, component, &groups);
    }
    if let (Some(component), Some(update)) = (json::get(value, "component"), json::get(value, "component_update")) {
        self::component(&mut draft, component, update, &groups);
    }
    overall(&mut draft, value);
    draft.finish()
}

/// What the page says of itself, where it lists no components: `status.json`, or a summary without any.
fn overall(draft: &mut Draft, value: &Value) {
    let Some(indicator) = json::text(value, "status.indicator") else {
        return;
    };
    let listed = ["components", "incidents"].iter().any(|l| !json::list(value, l).is_empty());
    match draft.state(indicator) {
        State::Healthy if json::list(value, "incidents").is_empty() => draft.all_well(),
        state if !listed && state != State::Healthy => {
            let title = json::text(value, "status.description").unwrap_or(indicator);
            let at = draft.time(value, "page.updated_at");
            draft.trouble(&Trouble { at, ..Trouble::new("page", title, state) });
        }
        _ => {}
    }
}

/// Names of groups by their ids.
fn groups(value: &Value) -> BTreeMap<&str, &str> {
    let rows = json::list(value, "components").iter().filter(|c| json::flag(c, "group") == Some(true));
    rows.filter_map(|c| Some((json::text(c, "id")?, json::text(c, "name")?))).collect()
}

/// A row of the list of components; `update` has the status and when it was set.
fn component(draft: &mut Draft, component: &Value, update: &Value, groups: &BTreeMap<&str, &str>) {
    if json::flag(component, "group") == Some(true) {
        return;
    }
    let (Some(name), Some(status)) = (json::text(component, "name"), status_of(component, update)) else {
        draft.pass_over("a component without a name or a status is passed over");
        return;
    };
    let group = json::text(component, "group_id").and_then(|id| groups.get(id)).copied().unwrap_or("");
    match draft.state(status) {
        State::Healthy => draft.well(name, group),
        state => {
            let id = json::text(component, "id").unwrap_or(name);
            let at = draft.time(update, "updated_at").or_else(|| draft.time(update, "created_at"));
            let trouble = Trouble { part: name, group, at, ..Trouble::new(id, name, state) };
            draft.part_in_trouble(&trouble);
        }
    }
}

fn status_of<'a>(component: &'a Value, update: &'a Value) -> Option<&'a str> {
    json::text(update, "new_status").or(json::text(component, "status"))
}

/// What an incident's updates say of one part.
struct Part<'a> {
    name: &'a str,
    worst: State,
    at: Option<Timestamp>,
    until: Option<Timestamp>,
}

fn incident(draft: &mut Draft, incident: &Value, page_url: Option<&str>, groups: &BTreeMap<&str, &str>) {
    let title = json::text(incident, "name").unwrap_or("");
    let Some(id) = json::text(incident, "id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let status = json::text(incident, "status").unwrap_or("");
    let over = matches!(status, "resolved" | "postmortem" | "completed");
    let updates = updates(draft, incident);
    let until = draft.time(incident, "resolved_at").or_else(|| updates.last().filter(|_| over).and_then(|u| u.0));
    let until = until.or_else(|| draft.time(incident, "updated_at").filter(|_| over));
    let posted = updates.first().and_then(|u| u.0).or_else(|| draft.time(incident, "created_at"));
    let began = draft.time(incident, "started_at").or(posted);
    let set_back = began.zip(posted).is_some_and(|(b, p)| p.as_second() - b.as_second() >= SET_BACK_SECONDS);
    let url = json::text(incident, "shortlink").or(page_url);
    let impact = match json::text(incident, "impact") {
        Some("none") => State::Unknown,
        Some(word) => draft.state(word),
        None => State::Degraded,
    };
    let first = updates.first().map_or("", |u| json::text(u.1, "body").unwrap_or(""));
    let newest = updates.last().map_or("", |u| json::text(u.1, "body").unwrap_or(""));
    let whole = Trouble { first, newest, url, until, ..Trouble::new(id, title, impact) };
    let mut parts = parts(draft, incident, &updates, impact);
    if parts.is_empty() {
        parts.insert("", Part { name: "", worst: impact, at: None, until: None });
    }
    for (code, part) in parts {
        let (group, name) = split(part.name, groups, code, incident);
        // Parts of the first post are in trouble since the beginning, which may have been set back.
        let since_beginning = part.at.is_none() || part.at == posted;
        let at = if since_beginning && set_back { began } else { part.at.or(posted).or(began) };
        let at_kind = if since_beginning && set_back { AtKind::Onset } else { AtKind::Seen };
        let until = part.until.or(until);
        draft.trouble(&Trouble { part: name, group, state: part.worst, at, at_kind, until, ..whole.clone() });
    }
    let mut said = vec![(posted, title)];
    said.extend(updates.iter().map(|u| (u.0, json::text(u.1, "body").unwrap_or(""))));
    draft.blame(id, &said, until, url);
}

/// The updates of an incident with their times, the oldest first.
fn updates<'a>(draft: &mut Draft, incident: &'a Value) -> Vec<(Option<Timestamp>, &'a Value)> {
    let rows = json::list(incident, "incident_updates").iter();
    let mut rows: Vec<_> =
        rows.map(|u| (draft.time(u, "display_at").or_else(|| draft.time(u, "created_at")), u)).collect();
    rows.reverse();
    rows.sort_by_key(|(at, _)| *at);
    rows
}

/// The parts that an incident names, by their codes: from its updates, else from its own list of components. Where none of
/// them is in trouble, all are in that of the whole.
fn parts<'a>(
    draft: &mut Draft,
    incident: &'a Value,
    updates: &[(Option<Timestamp>, &'a Value)],
    impact: State,
) -> BTreeMap<&'a str, Part<'a>> {
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    for (at, update) in updates {
        for row in json::list(update, "affected_components") {
            let (Some(name), Some(status)) = (json::text(row, "name"), json::text(row, "new_status")) else {
                continue;
            };
            let code = json::text(row, "code").unwrap_or(name);
            let now = draft.state(status);
            let part = parts.entry(code).or_insert(Part { name, worst: State::Healthy, at: None, until: None });
            if now == State::Healthy {
                part.until = part.until.or(*at).filter(|_| part.worst != State::Healthy);
            } else {
                part.at = part.at.or(*at);
                part.worst = state::worse(part.worst, now);
                part.until = None;
            }
        }
    }
    if parts.is_empty() {
        for row in json::list(incident, "components") {
            let (Some(name), Some(status)) = (json::text(row, "name"), json::text(row, "status")) else {
                continue;
            };
            let code = json::text(row, "id").unwrap_or(name);
            parts.insert(code, Part { name, worst: draft.state(status), at: None, until: None });
        }
    }
    let somebody = parts.values().any(|p| p.worst != State::Healthy);
    parts.retain(|_, part| !somebody || part.worst != State::Healthy);
    for part in parts.values_mut().filter(|_| !somebody) {
        part.worst = impact;
    }
    parts
}

/// Group and name of a part: updates call it `Group - Name`, and so may an ungrouped name.
fn split<'a>(
    name: &'a str,
    groups: &BTreeMap<&'a str, &'a str>,
    code: &str,
    incident: &'a Value,
) -> (&'a str, &'a str) {
    if let Some((group, part)) = name.split_once(" - ").filter(|(g, _)| groups.values().any(|known| known == g)) {
        return (group, part);
    }
    // Where the list of groups is not at hand, the incident's own list has the bare name.
    let own = json::list(incident, "components").iter().find(|c| json::text(c, "id") == Some(code));
    let bare = own.and_then(|c| json::text(c, "name"));
    match bare.and_then(|bare| Some((name.strip_suffix(bare)?.strip_suffix(" - ")?, bare))) {
        Some(found) => found,
        None => ("", name),
    }
}

/// Announced work, of which the summary tells long before it begins.
fn maintenance(draft: &mut Draft, work: &Value, page_url: Option<&str>) {
    let title = json::text(work, "name").unwrap_or("");
    let Some(id) = json::text(work, "id") else {
        draft.pass_over(format!("announced work without an id is passed over: {title}"));
        return;
    };
    let status = json::text(work, "status").unwrap_or("");
    let (begins, ends) = (draft.time(work, "scheduled_for"), draft.time(work, "scheduled_until"));
    if begins.is_none() && !matches!(status, "in_progress" | "verifying" | "completed") {
        draft.pass_over(format!("announced work without a beginning is passed over: {title}"));
        return;
    }
    let updates = updates(draft, work);
    let first = updates.first().map_or("", |u| json::text(u.1, "body").unwrap_or(""));
    let newest = updates.last().map_or("", |u| json::text(u.1, "body").unwrap_or(""));
    let until = draft.time(work, "resolved_at").or_else(|| updates.last().and_then(|u| u.0));
    let until = until.filter(|_| status == "completed");
    // Work that has outlasted its plan goes on.
    let ends = ends.filter(|_| status != "in_progress" && status != "verifying");
    let url = json::text(work, "shortlink").or(page_url);
    let whole = Trouble { first, newest, url, until, ..Trouble::new(id, title, State::Maintenance) };
    let named = json::list(work, "components").iter().filter_map(|c| json::text(c, "name"));
    let mut names: Vec<&str> = named.collect();
    if names.is_empty() {
        names.push("");
    }
    for part in names {
        draft.maintenance(&Trouble { part, ..whole.clone() }, begins, ends);
    }
}
