//! Heroku: `current-status` and `incidents` of the API v4.
//!
//! `resolved` is false on resolved rows: `state` counts. `scheduled` keeps what is long over, and is never read.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::State;
use serde_json::Value;

const WANTED: &str = "Heroku's status (`status` of systems and `incidents`, or a list of incidents with `systems`)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    let systems = json::list(value, "status").first().is_some_and(|s| s.get("system").is_some());
    systems || json::rows(value).first().is_some_and(is_incident)
}

fn is_incident(row: &Value) -> bool {
    json::has_keys(row, &["state", "systems", "updates"])
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let now = json::list(&value, "status").iter().any(|s| s.get("system").is_some() || s.get("status").is_some());
    let listed = json::rows(&value).first().is_some_and(|r| r.get("systems").is_some() || r.get("state").is_some());
    if !now && !listed {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    for row in if now { draft.rows(&value, "incidents") } else { json::rows(&value) } {
        incident(&mut draft, row);
    }
    for row in draft.rows(&value, "status") {
        let (Some(system), Some(status)) = (json::text(row, "system"), json::text(row, "status")) else {
            draft.pass_over("a system without a name or a status is passed over");
            continue;
        };
        match colour(&mut draft, status) {
            State::Healthy => draft.well(system, ""),
            state => draft.part_in_trouble(&Trouble { part: system, ..Trouble::new(system, system, state) }),
        }
    }
    Ok(draft.finish())
}

fn incident(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "title").unwrap_or("");
    let Some(id) = json::word(row, "id") else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let over = json::text(row, "state") == Some("resolved");
    let at = draft.time(row, "created_at");
    let until = draft.time(row, "updated_at").filter(|_| over);
    let mut updates: Vec<_> = json::list(row, "updates")
        .iter()
        .map(|u| (draft.time(u, "created_at"), json::text(u, "contents").unwrap_or("")))
        .collect();
    updates.reverse();
    updates.sort_by_key(|(at, _)| *at);
    let url = json::text(row, "full_url");
    let whole = Trouble {
        first: updates.first().map_or("", |u| u.1),
        newest: updates.last().map_or("", |u| u.1),
        at,
        until,
        url,
        ..Trouble::new(&id, title, State::Degraded)
    };
    let regions: Vec<Option<&str>> = match json::list(row, "tags") {
        [] => vec![None],
        tags => tags.iter().map(Value::as_str).collect(),
    };
    let systems = json::list(row, "systems");
    for region in regions {
        for system in systems {
            let part = json::text(system, "name").unwrap_or("");
            let state = json::text(system, "status").map_or(State::Degraded, |s| colour(draft, s));
            // A system may be green again while its incident is listed.
            let state = if state == State::Healthy { State::Degraded } else { state };
            draft.trouble(&Trouble { part, state, region, ..whole.clone() });
        }
        if systems.is_empty() {
            draft.trouble(&Trouble { region, ..whole.clone() });
        }
    }
    let mut said = vec![(at, title)];
    said.extend(updates);
    draft.blame(&id, &said, until, url);
}

fn colour(draft: &mut Draft, word: &str) -> State {
    if word == "blue" { State::Maintenance } else { draft.state(word) }
}
