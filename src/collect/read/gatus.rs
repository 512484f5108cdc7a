//! Gatus: `/api/v1/endpoints/statuses` (a list) and `/api/v1/endpoints/<key>/statuses` (one).

use super::notice::{Notice, Notices};
use super::runs::Look;
use super::{json, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use jiff::Timestamp;
use serde_json::Value;

const WANTED: &str = "endpoints of Gatus";

/// Reads one endpoint or a list of them. `success` is the verdict: an answer with status 200 may have come too late.
///
/// # Errors
/// [`Unreadable`] if it is neither.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let is_endpoint = |row: &Value| json::has_keys(row, &["name", "results"]);
    let mut notices = Notices::new(feed);
    let rows = if value.is_array() { json::rows(&value) } else { std::slice::from_ref(&value) };
    let empty = value.is_array() && rows.is_empty();
    if !empty && !rows.iter().any(is_endpoint) {
        return Err(json::other_json(&value, WANTED));
    }
    for row in rows {
        match is_endpoint(row) {
            true => endpoint(&mut notices, row),
            false => notices.note("a row that is no endpoint: left out"),
        }
    }
    Ok(notices.finish())
}

fn endpoint(notices: &mut Notices<'_>, row: &Value) {
    let name = json::text(row, "name").unwrap_or_default();
    let group = json::text(row, "group");
    let key = json::text(row, "key").unwrap_or(name);
    let both = group.map(|g| format!("{g}/{name}")).unwrap_or_default();
    let results = json::list(row, "results");
    let looks: Vec<Look> = results.iter().filter_map(look).collect();
    let why = results.iter().rev().find(|r| json::flag(r, "success") == Some(false)).map(why).unwrap_or_default();
    let notice = Notice {
        // The group is the service, the name a part or capability of it.
        names: [both.as_str(), key, group.unwrap_or(name)].into_iter().filter(|n| !n.is_empty()).collect(),
        title: name,
        text: format!("{} {why}", group.map_or(name, |_| &both)),
        ..Notice::new(SourceKind::Probe, key, State::Unknown, notices.seen_at(), AtKind::Seen)
    };
    notices.add_series(notice, looks, became_unhealthy(row));
}

/// A result without a verdict cannot be told.
fn look(result: &Value) -> Option<Look> {
    let state = match json::flag(result, "success") {
        Some(true) => State::Healthy,
        Some(false) => State::Failing,
        None => State::Unknown,
    };
    Some((time::at(result, "timestamp")?, state))
}

/// Why a result failed: the first error, else the condition that did not hold.
fn why(result: &Value) -> String {
    let error = json::list(result, "errors").iter().find_map(Value::as_str);
    let broken = |c: &&Value| json::flag(c, "success") == Some(false);
    let condition =
        || json::list(result, "conditionResults").iter().find(broken).and_then(|c| json::text(c, "condition"));
    error.or_else(condition).unwrap_or("failed").to_string()
}

/// When the endpoint last became unhealthy, if nothing came after.
fn became_unhealthy(row: &Value) -> Option<Timestamp> {
    let last = json::list(row, "events").iter().max_by_key(|e| time::at(e, "timestamp"))?;
    time::at(last, "timestamp").filter(|_| json::text(last, "type") == Some("UNHEALTHY"))
}
