//! Cachet: components, incidents and the status of version 2; components of version 3, which are JSON:API.
//!
//! Statuses are numbers: of components 1 operational, 2 performance issues, 3 partial and 4 major outage; of incidents
//! 0 scheduled, 1 investigating, 2 identified, 3 watching, 4 fixed. Times have no zone, and are taken for UTC.

use super::announced::{self, Stage, Work};
use super::draft::{Draft, Trouble};
use super::{json, text};
use crate::collect::classify::Tenor;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::State;
use jiff::Timestamp;
use serde_json::Value;

const WANTED: &str = "a Cachet answer (`data` with components, incidents or a status)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    let first = json::list(value, "data").first();
    is_status(value)
        || first.is_some_and(|r| {
            json::has_keys(r, &["status", "status_name"])
                || json::has_keys(r, &["occurred_at", "latest_status"])
                || json::get(r, "attributes.status").is_some() && json::text(r, "type") == Some("components")
        })
}

fn is_status(value: &Value) -> bool {
    json::text(value, "data.status").is_some() && json::text(value, "data.message").is_some()
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let mut draft = Draft::new(feed);
    let rows = json::list(&value, "data");
    let looks_right = |r: &Value| ["status", "attributes", "latest_status"].iter().any(|k| r.get(k).is_some());
    if is_status(&value) {
        overall(&mut draft, &value);
    } else if !value["data"].is_array() || !rows.iter().all(looks_right) {
        return Err(json::other_json(&value, WANTED));
    }
    for row in rows {
        if row.get("occurred_at").is_some() || row.get("latest_status").is_some() {
            incident(&mut draft, row);
        } else {
            component(&mut draft, json::get(row, "attributes").unwrap_or(row), row);
        }
    }
    if json::number(&value, "meta.pagination.total_pages").is_some_and(|pages| pages > 1.0) {
        draft.note("only one page of several was read");
    }
    Ok(draft.finish())
}

fn overall(draft: &mut Draft, value: &Value) {
    let title = json::text(value, "data.message").unwrap_or("");
    match json::text(value, "data.status").map(|s| draft.state(s)) {
        Some(State::Healthy) => draft.all_well(),
        Some(state) => draft.trouble(&Trouble::new("page", title, state)),
        None => {}
    }
}

fn component(draft: &mut Draft, row: &Value, outer: &Value) {
    let number = json::number(row, "status").or_else(|| json::number(row, "status.value"));
    let (Some(name), Some(number)) = (json::text(row, "name"), number) else {
        draft.pass_over("a component without a name or a status is passed over");
        return;
    };
    if json::flag(row, "enabled") == Some(false) {
        return;
    }
    let state = match number as i64 {
        1 => State::Healthy,
        2 => State::Degraded,
        3 | 4 => State::Failing,
        5 => State::Maintenance,
        0 => State::Unknown,
        other => {
            draft.note(format!("`{other}` is no known status; taken for degraded"));
            State::Degraded
        }
    };
    if state == State::Healthy {
        draft.well(name, "");
        return;
    }
    let id = json::word(outer, "id").unwrap_or_else(|| name.to_string());
    let at = draft.time(row, "updated_at").or_else(|| draft.time(row, "updated.string"));
    draft.part_in_trouble(&Trouble { part: name, at, ..Trouble::new(&format!("component/{id}"), name, state) });
}

fn incident(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "name").unwrap_or("");
    let Some(id) = json::word(row, "id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let at = draft.time(row, "occurred_at").or_else(|| draft.time(row, "created_at"));
    let status = json::number(row, "latest_status").or_else(|| json::number(row, "status")).unwrap_or(1.0) as i64;
    let over = status == 4 || json::flag(row, "is_resolved") == Some(true);
    let until = draft.time(row, "updated_at").filter(|_| over);
    let mut said: Vec<_> = vec![(at, json::text(row, "message").unwrap_or(""))];
    let updates = draft.rows(row, "updates");
    said.extend(updates.iter().map(|u| (draft.time(u, "created_at"), json::text(u, "message").unwrap_or(""))));
    said.sort_by_key(|(at, _)| *at);
    let url = json::text(row, "permalink");
    let trouble = Trouble {
        first: said.first().map_or("", |s| s.1),
        newest: said.last().map_or("", |s| s.1),
        at,
        until,
        url,
        ..Trouble::new(&id, title, State::Degraded)
    };
    if status == 0 || row.get("scheduled_at").is_some_and(|t| !t.is_null()) {
        announced(draft, row, &trouble, &said);
    } else {
        draft.trouble(&trouble);
    }
    said.insert(0, (at, title));
    draft.blame(&id, &said, until, url);
}

/// Work that is announced as an incident. It has a time at which it begins, at most; texts may tell more.
fn announced(draft: &mut Draft, row: &Value, trouble: &Trouble, said: &[(Option<Timestamp>, &str)]) {
    let begins = draft.time(row, "scheduled_at");
    let over = draft.rules().tenor(&text::bare(trouble.newest)) == Some(Tenor::Resolved) || trouble.until.is_some();
    let touched = draft.time(row, "updated_at").or(said.last().and_then(|s| s.0)).or(trouble.at);
    let written = trouble.at.unwrap_or(draft.seen_at());
    let window = said.iter().rev().find_map(|(at, words)| announced::window(&text::bare(words), at.unwrap_or(written)));
    let stage = if over { Stage::Over(touched) } else { Stage::Announced };
    match begins.filter(|b| window.is_none() && *b > draft.seen_at()) {
        Some(begins) => draft.maintenance(trouble, Some(begins), None),
        None => draft.work(&Work { trouble: trouble.clone(), window, stage, begun: begins, touched }),
    }
}
