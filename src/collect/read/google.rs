//! Google: `incidents.json` of Cloud, Workspace, Firebase, Maps and Ads, which share a layout.
//!
//! A history, the newest first; what has no `end` goes on. `service_name` often says "Multiple Products", so that the
//! list of products counts. Workspace names no locations.

use super::draft::{Draft, Trouble};
use super::{json, place, text};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use jiff::Timestamp;
use serde_json::Value;

const WANTED: &str = "Google's list of incidents (a list of objects with `begin` and `status_impact`)";

/// Where addresses of incidents of Google Cloud begin.
const CLOUD_URL: &str = "https://status.cloud.google.com/";
/// Where those of Workspace begin.
const WORKSPACE_URL: &str = "https://www.google.com/appsstatus/dashboard/";

/// Whether `value` is such a list, with something in it.
pub fn is(value: &Value) -> bool {
    json::rows(value).first().is_some_and(|row| json::has_keys(row, &["begin", "status_impact", "affected_products"]))
}

/// Reads an answer. It is a history, so that an empty one says nothing.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let looks_right = |row: &Value| row.get("begin").is_some() || row.get("affected_products").is_some();
    if !value.is_array() || json::rows(&value).iter().any(|row| !looks_right(row)) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    for row in json::rows(&value) {
        incident(&mut draft, row);
    }
    match json::rows(&value) {
        [] => draft.note("the history is empty"),
        _ => draft.all_well(),
    }
    Ok(draft.finish())
}

fn incident(draft: &mut Draft, row: &Value) {
    let title = text::bare(json::text(row, "external_desc").unwrap_or(""));
    // Workspace writes a small document where Cloud writes a title.
    let title = title.trim_start_matches("Title:").split("Description:").next().unwrap_or("").trim();
    let Some(id) = json::word(row, "id").or_else(|| json::word(row, "number")) else {
        draft.pass_over(format!("an incident without an id is passed over: {title}"));
        return;
    };
    let state = match json::text(row, "status_impact") {
        // What Google calls a disruption is no mere slowness: requests fail.
        Some("SERVICE_DISRUPTION" | "SERVICE_OUTAGE") => State::Failing,
        Some(word) => draft.state(word),
        None => {
            draft.note(format!("`{title}` does not say how grave it is"));
            State::Unknown
        }
    };
    let (at, until) = (draft.time(row, "begin"), draft.time(row, "end"));
    let mut updates: Vec<(Option<Timestamp>, &str)> = json::list(row, "updates")
        .iter()
        .map(|u| (draft.time(u, "when"), json::text(u, "text").unwrap_or("")))
        .collect();
    updates.reverse();
    updates.sort_by_key(|(at, _)| *at);
    let url = json::text(row, "uri").map(|uri| address(row, uri));
    let whole = Trouble {
        first: updates.first().map_or("", |u| u.1),
        newest: updates.last().map_or("", |u| u.1),
        at,
        at_kind: AtKind::Onset,
        until,
        url: url.as_deref(),
        ..Trouble::new(&id, title, state)
    };
    let places = places(row);
    let products = json::list(row, "affected_products").iter();
    let mut products: Vec<&str> =
        products.filter_map(|p| json::text(p, "title").or(json::text(p, "current_title"))).collect();
    if products.is_empty() {
        products.push(
            json::text(row, "service_name").filter(|_| json::text(row, "service_key") != Some("zall")).unwrap_or(""),
        );
    }
    for part in products {
        for region in &places {
            draft.trouble(&Trouble { part, region: Some(region), ..whole.clone() });
        }
    }
    let mut said = vec![(at, title)];
    said.extend(updates);
    draft.blame(&id, &said, until, url.as_deref());
}

/// Regions that are or were affected; everywhere where the feed names none.
fn places(row: &Value) -> Vec<String> {
    let lists = ["currently_affected_locations", "previously_affected_locations"];
    let rows = lists.iter().flat_map(|l| json::list(row, l));
    let mut places: Vec<String> = rows.filter_map(|l| json::text(l, "id")).map(str::to_lowercase).collect();
    places.sort();
    places.dedup();
    if places.is_empty() {
        places.push(place::GLOBAL.to_string());
    }
    places
}

fn address(row: &Value, uri: &str) -> String {
    if uri.starts_with("https://") {
        return uri.to_string();
    }
    // Only Cloud has lists of locations.
    let cloud = row.get("currently_affected_locations").is_some();
    format!("{}{uri}", if cloud { CLOUD_URL } else { WORKSPACE_URL })
}
