//! Status.io: `1.0/status/<page>`, which lists what is open, and has no name of the page.
//!
//! Containers are locations. Numbers count, not words: 100 operational, 200 planned maintenance, 300 degraded, 400 partial
//! disruption, 500 disruption, 600 security event.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::State;
use serde_json::Value;

const WANTED: &str = "a Status.io answer (an object with `result.status_overall`)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    json::get(value, "result.status_overall").is_some() || json::get(value, "result.status").is_some()
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
    for row in draft.rows(&value, "result.incidents") {
        incident(&mut draft, row);
    }
    for work in draft.rows(&value, "result.maintenance.active") {
        maintenance(&mut draft, work);
    }
    for work in draft.rows(&value, "result.maintenance.upcoming") {
        maintenance(&mut draft, work);
    }
    for row in draft.rows(&value, "result.status") {
        component(&mut draft, row);
    }
    Ok(draft.finish())
}

fn code(draft: &mut Draft, value: &Value, path: &str) -> Option<State> {
    Some(match json::number(value, path)? as i64 {
        100 => State::Healthy,
        200 => State::Maintenance,
        300 => State::Degraded,
        400 | 500 => State::Failing,
        600 => State::Unknown,
        other => {
            draft.note(format!("`{other}` is no known status; taken for degraded"));
            State::Degraded
        }
    })
}

fn component(draft: &mut Draft, row: &Value) {
    let (Some(name), Some(state)) = (json::text(row, "name"), code(draft, row, "status_code")) else {
        draft.pass_over("a component without a name or a status is passed over");
        return;
    };
    if state == State::Healthy {
        draft.well(name, "");
        return;
    }
    let id = json::text(row, "id").unwrap_or(name);
    let at = draft.time(row, "updated");
    let whole = Trouble { part: name, at, ..Trouble::new(id, name, state) };
    let mut somewhere = false;
    for place in draft.rows(row, "containers") {
        if let (Some(region), Some(state)) = (json::text(place, "name"), code(draft, place, "status_code"))
            && state != State::Healthy
        {
            somewhere = true;
            draft.part_in_trouble(&Trouble { region: Some(region), state, ..whole.clone() });
        }
    }
    if !somewhere {
        draft.part_in_trouble(&whole);
    }
}

fn incident(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "name").unwrap_or("");
    let Some(id) = json::text(row, "_id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let at = draft.time(row, "datetime_open");
    let mut messages: Vec<_> = draft.rows(row, "messages").iter().map(|m| (draft.time(m, "datetime"), m)).collect();
    messages.sort_by_key(|(at, _)| *at);
    let states: Vec<State> = messages.iter().filter_map(|(_, m)| code(draft, m, "status")).collect();
    let worst =
        states.into_iter().filter(|s| *s != State::Healthy).reduce(super::state::worse).unwrap_or(State::Degraded);
    let over = messages.last().filter(|(_, m)| json::number(m, "state") == Some(400.0));
    let until = over.and_then(|(at, _)| *at);
    let said: Vec<_> = messages.iter().map(|(at, m)| (*at, json::text(m, "details").unwrap_or(""))).collect();
    let whole = Trouble {
        first: said.first().map_or("", |s| s.1),
        newest: said.last().map_or("", |s| s.1),
        at,
        until,
        ..Trouble::new(id, title, worst)
    };
    everywhere(row, |part, region| draft.trouble(&Trouble { part, region, ..whole.clone() }));
    let mut all = vec![(at, title)];
    all.extend(said);
    draft.blame(id, &all, until, None);
}

fn maintenance(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "name").unwrap_or("");
    let (Some(id), Some(begins)) = (json::text(row, "_id"), draft.time(row, "datetime_planned_start")) else {
        draft.note(format!("announced work without an id or a beginning is left out: {title}"));
        return;
    };
    let ends = draft.time(row, "datetime_planned_end");
    let whole = Trouble::new(id, title, State::Maintenance);
    everywhere(row, |part, region| {
        draft.maintenance(&Trouble { part, region, ..whole.clone() }, Some(begins), ends);
    });
}

/// Calls `tell` with every part and place that a row names; with neither where it names none.
fn everywhere<'a>(row: &'a Value, mut tell: impl FnMut(&'a str, Option<&'a str>)) {
    let names = |path| json::list(row, path).iter().filter_map(|c| json::text(c, "name")).collect::<Vec<_>>();
    let (mut parts, places) = (names("components_affected"), names("containers_affected"));
    if parts.is_empty() {
        parts.push("");
    }
    for part in parts {
        if places.is_empty() {
            tell(part, None);
        }
        for place in &places {
            tell(part, Some(*place));
        }
    }
}
