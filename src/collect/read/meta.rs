//! Meta: `orgs.json`, the history of one organisation, and its feed of outages.
//!
//! `Resolved` stays for hours and is as good as "No known issues". The history names no organisation: what it is of comes
//! from configuration.

use super::draft::{Draft, Trouble};
use super::feed::{self, Entry};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::State;
use serde_json::Value;

const WANTED: &str = "Meta's organisations (a list of objects with `services`) or a history (with `posts`)";

/// Where people read about an organisation.
const URL: &str = "https://metastatus.com/";

/// Whether `value` is such a list, with something in it.
pub fn is(value: &Value) -> bool {
    let first = json::rows(value).first();
    first.is_some_and(|r| json::has_keys(r, &["id", "name", "services"]) || json::has_keys(r, &["time", "posts"]))
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    if feed::is(body) {
        return feed::read(body, feed);
    }
    let value = json::parse(body, WANTED)?;
    let looks_right = |r: &Value| r.get("services").is_some() || r.get("posts").is_some();
    if json::rows(&value).is_empty() || !json::rows(&value).iter().any(looks_right) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    for row in json::rows(&value) {
        if row.get("posts").is_some() {
            outage(&mut draft, row);
        } else {
            organisation(&mut draft, row);
        }
    }
    Ok(draft.finish())
}

fn organisation(draft: &mut Draft, row: &Value) {
    let (Some(id), Some(name)) = (json::text(row, "id"), json::text(row, "name")) else {
        draft.pass_over("an organisation without an id or a name is passed over");
        return;
    };
    let url = format!("{URL}{id}");
    for service in draft.rows(row, "services") {
        let (Some(part), Some(status)) = (json::text(service, "name"), json::text(service, "status")) else {
            draft.pass_over(format!("a service of {name} without a name or a status is passed over"));
            continue;
        };
        // `Platform Status` and the organisation's own name say no more than the organisation.
        let part = if part == "Platform Status" || part == name { "" } else { part };
        match draft.state(status) {
            State::Healthy => draft.well(if part.is_empty() { name } else { part }, name),
            state => {
                let part = if part.is_empty() { name } else { part };
                let service_id = format!("{id}/{}", json::word(service, "id").unwrap_or_default());
                let trouble =
                    Trouble { part, group: name, url: Some(&url), ..Trouble::new(&service_id, status, state) };
                draft.part_in_trouble(&trouble);
            }
        }
    }
}

fn outage(draft: &mut Draft, row: &Value) {
    let Some(id) = json::word(row, "id") else {
        draft.pass_over("an outage without an id is passed over");
        return;
    };
    let at = draft.time(row, "time");
    let mut posts: Vec<_> = draft
        .rows(row, "posts")
        .iter()
        .map(|p| (draft.time(p, "time"), json::text(p, "description").unwrap_or("")))
        .collect();
    posts.sort_by_key(|(at, _)| *at);
    let over = json::text(row, "status").is_some_and(|s| s.eq_ignore_ascii_case("resolved"));
    let until = posts.last().and_then(|p| p.0).or(at).filter(|_| over);
    let (first, newest) = (posts.first().map_or("", |p| p.1), posts.last().map_or("", |p| p.1));
    draft.trouble(&Trouble { first, newest, at, until, ..Trouble::new(&id, "", State::Degraded) });
    draft.blame(&id, &posts, until, None);
}

/// Reads the entries of the feed of outages of one organisation, which is empty while all is well.
pub fn entries(entries: &[Entry], feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    for entry in entries {
        let (word, part) = entry.title.split_once(": ").unwrap_or((&entry.title, ""));
        let state = draft.state(word);
        let at = entry.published.or(entry.updated);
        let url = entry.link.as_deref();
        draft.trouble(&Trouble { part, newest: &entry.text, at, url, ..Trouble::new(&entry.id, &entry.title, state) });
        draft.blame(&entry.id, &[(at, &entry.text)], None, url);
    }
    draft.all_well();
    draft.finish()
}
