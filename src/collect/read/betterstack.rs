//! Better Stack: `index.json`, which is JSON:API: what belongs together is joined by type and id.
//!
//! `ends_at` is null even on reports that are over: `aggregate_state` counts.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "a Better Stack page (`data.type` is `status_page`)";

/// What is included, by type and id.
type Included<'a> = BTreeMap<(&'a str, String), &'a Value>;

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    json::text(value, "data.type") == Some("status_page")
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    if !is(&value) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    let mut included: Included = BTreeMap::new();
    for row in draft.rows(&value, "included") {
        match (json::text(row, "type"), json::word(row, "id")) {
            (Some(kind), Some(id)) => _ = included.insert((kind, id), row),
            _ => draft.pass_over("something included without a type or an id is passed over"),
        }
    }
    let url = json::text(&value, "data.attributes.custom_domain").map(|d| format!("https://{d}"));
    for ((_, id), row) in included.iter().filter(|((kind, _), _)| *kind == "status_report") {
        report(&mut draft, id, row, &included, url.as_deref());
    }
    for ((_, id), row) in included.iter().filter(|((kind, _), _)| *kind == "status_page_resource") {
        resource(&mut draft, id, row, &included);
    }
    let overall = json::text(&value, "data.attributes.aggregate_state");
    if included.is_empty() && overall.is_some_and(|s| draft.state(s) == State::Healthy) {
        draft.all_well();
    }
    Ok(draft.finish())
}

/// Name and section of a resource.
fn names<'a>(included: &Included<'a>, id: &str) -> Option<(&'a str, &'a str)> {
    let row = included.get(&("status_page_resource", id.to_string()))?;
    let section = json::word(row, "attributes.status_page_section_id");
    let section = section.and_then(|id| included.get(&("status_page_section", id)));
    let name = json::text(row, "attributes.public_name")?;
    Some((name, section.and_then(|s| json::text(s, "attributes.name")).unwrap_or("")))
}

fn resource(draft: &mut Draft, id: &str, row: &Value, included: &Included) {
    let (Some((name, group)), Some(status)) = (names(included, id), json::text(row, "attributes.status")) else {
        draft.pass_over("a resource without a name or a status is passed over");
        return;
    };
    match draft.state(status) {
        State::Healthy => draft.well(name, group),
        State::Unknown => draft.note(format!("`{name}` is not monitored")),
        state => draft.part_in_trouble(&Trouble { part: name, group, ..Trouble::new(id, name, state) }),
    }
}

fn report(draft: &mut Draft, id: &str, row: &Value, included: &Included, url: Option<&str>) {
    let title = json::text(row, "attributes.title").unwrap_or("");
    let at = draft.time(row, "attributes.starts_at");
    let updates = updates(draft, row, included);
    let over = json::text(row, "attributes.aggregate_state") == Some("resolved");
    let ended = draft.time(row, "attributes.ends_at").or_else(|| updates.last().and_then(|u| u.0));
    let until = ended.filter(|_| over).or(at.filter(|_| over));
    let planned = json::text(row, "attributes.report_type") == Some("maintenance");
    let said: Vec<_> = updates.iter().map(|(at, m)| (*at, json::text(m, "message").unwrap_or(""))).collect();
    let whole = Trouble {
        first: said.first().map_or("", |s| s.1),
        newest: said.last().map_or("", |s| s.1),
        at,
        at_kind: AtKind::Onset,
        until,
        url,
        ..Trouble::new(id, title, State::Degraded)
    };
    // Later updates call resources well again, so that the worst of all counts.
    let mut worst: BTreeMap<String, State> = BTreeMap::new();
    let lists = updates.iter().map(|u| u.1).chain(json::get(row, "attributes"));
    for affected in lists.flat_map(|l| json::list(l, "affected_resources")) {
        let (Some(id), Some(word)) = (json::word(affected, "status_page_resource_id"), json::text(affected, "status"))
        else {
            continue;
        };
        let state = draft.state(word);
        let known = worst.entry(id).or_insert(State::Healthy);
        *known = super::state::worse(*known, state);
    }
    if worst.is_empty() {
        worst.insert(String::new(), State::Degraded);
    }
    for (id, state) in worst {
        let (part, group) = names(included, &id).unwrap_or(("", ""));
        let trouble = Trouble { part, group, state, ..whole.clone() };
        if planned {
            draft.maintenance(&trouble, at, ended);
        } else {
            draft.trouble(&trouble);
        }
    }
    let mut all = vec![(at, title)];
    all.extend(said);
    draft.blame(id, &all, until, url);
}

/// The attributes of a report's updates, the oldest first.
fn updates<'a>(draft: &mut Draft, row: &Value, included: &Included<'a>) -> Vec<(Option<Timestamp>, &'a Value)> {
    let ids = json::list(row, "relationships.status_updates.data").iter().filter_map(|u| json::word(u, "id"));
    let rows = ids.filter_map(|id| json::get(included.get(&("status_update", id))?, "attributes"));
    let mut updates: Vec<_> = rows.map(|u| (draft.time(u, "published_at"), u)).collect();
    updates.sort_by_key(|(at, _)| *at);
    updates
}
