//! Microsoft 365: issues and health overviews of the service announcements of Microsoft Graph.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use serde_json::Value;

const WANTED: &str = "service announcements of Microsoft Graph (`value` with issues or health overviews)";

/// Whether `value` is such an answer.
pub fn is(value: &Value) -> bool {
    value.get("@odata.context").and_then(Value::as_str).is_some_and(|c| c.contains("serviceAnnouncement"))
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let rows = json::list(&value, "value");
    if !value["value"].is_array() || !rows.iter().all(|r| r.get("service").is_some() || r.get("id").is_some()) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    for row in rows {
        if row.get("startDateTime").is_some() || row.get("title").is_some() {
            issue(&mut draft, row);
        } else {
            overview(&mut draft, row);
        }
    }
    Ok(draft.finish())
}

fn status(draft: &mut Draft, word: &str) -> State {
    match word {
        "investigating" | "confirmed" | "reported" | "mitigated" | "mitigatedExternal" => State::Degraded,
        "postIncidentReviewPublished" | "resolvedExternal" => State::Healthy,
        "investigationSuspended" => State::Unknown,
        word => draft.state(word),
    }
}

fn overview(draft: &mut Draft, row: &Value) {
    let (Some(service), Some(word)) = (json::text(row, "service"), json::text(row, "status")) else {
        draft.pass_over("a service without a name or a status is passed over");
        return;
    };
    match status(draft, word) {
        State::Healthy => draft.well(service, ""),
        state => {
            let id = json::text(row, "id").unwrap_or(service);
            draft.part_in_trouble(&Trouble { part: service, ..Trouble::new(id, service, state) });
        }
    }
}

fn issue(draft: &mut Draft, row: &Value) {
    let title = json::text(row, "title").unwrap_or("");
    let Some(id) = json::text(row, "id") else {
        draft.pass_over(format!("an issue without an id is passed over: {title}"));
        return;
    };
    let word = json::text(row, "status");
    let now = word.map_or(State::Unknown, |word| status(draft, word));
    if word == Some("falsePositive") {
        draft.note(format!("`{title}` was a false alarm"));
        return;
    }
    let over = json::flag(row, "isResolved") == Some(true) || now == State::Healthy;
    let at = draft.time(row, "startDateTime");
    let ended = draft.time(row, "endDateTime").or_else(|| draft.time(row, "lastModifiedDateTime"));
    let until = ended.filter(|_| over);
    let mut posts: Vec<_> = draft
        .rows(row, "posts")
        .iter()
        .map(|p| (draft.time(p, "createdDateTime"), json::text(p, "description.content").unwrap_or("")))
        .collect();
    posts.sort_by_key(|(at, _)| *at);
    // An issue that is over no longer says how grave it was; advisories were not.
    let state = match now {
        State::Healthy if json::text(row, "classification") == Some("incident") => State::Degraded,
        State::Healthy => State::Unknown,
        state => state,
    };
    let part = json::text(row, "service").unwrap_or("");
    draft.trouble(&Trouble {
        part,
        // What a feature is called tells more than the name of the product.
        title,
        first: json::text(row, "impactDescription").unwrap_or(""),
        newest: posts.last().map_or("", |p| p.1),
        at,
        at_kind: AtKind::Onset,
        until,
        ..Trouble::new(id, title, state)
    });
    let mut all = vec![(at, title)];
    all.extend(posts);
    draft.blame(id, &all, until, None);
}
