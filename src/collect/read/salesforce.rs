//! Salesforce Trust: incidents with their impacts, and the statuses of instances.
//!
//! The key of an instance is the region. The type of an impact is the best hint at the capability.

use super::draft::{Draft, Trouble};
use super::json;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, State};
use serde_json::Value;

const WANTED: &str =
    "Salesforce's incidents or instances (a list of objects with `IncidentImpacts` or `key` and `status`)";

/// Where people read about an incident.
const URL: &str = "https://status.salesforce.com/incidents/";

/// Whether `value` is such a list, with something in it.
pub fn is(value: &Value) -> bool {
    json::rows(value).first().is_some_and(|r| {
        r.get("IncidentImpacts").is_some() || json::has_keys(r, &["key", "location", "status", "releaseVersion"])
    })
}

/// Reads an answer. An empty list of incidents says that nothing goes on.
///
/// # Errors
/// [`Unreadable`] if `body` is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let marks = ["IncidentImpacts", "IncidentEvents", "instanceKeys", "environment", "releaseVersion"];
    let looks_right = |r: &Value| marks.iter().any(|m| r.get(m).is_some());
    if !value.is_array() || !json::rows(&value).iter().all(looks_right) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut draft = Draft::new(feed);
    for row in json::rows(&value) {
        if row.get("environment").is_some() || row.get("releaseVersion").is_some() {
            instance(&mut draft, row);
        } else {
            incident(&mut draft, row);
        }
    }
    draft.all_well();
    Ok(draft.finish())
}

fn incident(draft: &mut Draft, row: &Value) {
    let Some(id) = json::word(row, "id") else {
        draft.pass_over("an incident without an id is passed over");
        return;
    };
    let created = draft.time(row, "createdAt");
    let mut events: Vec<_> = json::list(row, "IncidentEvents")
        .iter()
        .map(|e| (draft.time(e, "createdAt"), json::text(e, "message").unwrap_or("")))
        .collect();
    events.sort_by_key(|(at, _)| *at);
    let url = format!("{URL}{id}");
    let (first, newest) = (events.first().map_or("", |e| e.1), events.last().map_or("", |e| e.1));
    let regions: Vec<Option<&str>> = match json::list(row, "instanceKeys") {
        [] => vec![None],
        keys => keys.iter().map(Value::as_str).collect(),
    };
    let impacts = json::list(row, "IncidentImpacts");
    for impact in impacts {
        let kind = words(json::text(impact, "type").unwrap_or(""));
        let state = severity(draft, impact);
        let (began, until) = (draft.time(impact, "startTime"), draft.time(impact, "endTime"));
        let at_kind = if began.is_some() { AtKind::Onset } else { AtKind::Seen };
        for region in &regions {
            draft.trouble(&Trouble {
                first,
                newest,
                at: began.or(created),
                at_kind,
                until,
                region: *region,
                url: Some(&url),
                ..Trouble::new(&id, &kind, state)
            });
        }
    }
    if impacts.is_empty() {
        draft.trouble(&Trouble {
            first,
            newest,
            at: created,
            url: Some(&url),
            ..Trouble::new(&id, "", State::Degraded)
        });
    }
    let ends = impacts.iter().map(|i| draft.time(i, "endTime")).collect::<Option<Vec<_>>>();
    let until = ends.and_then(|ends| ends.into_iter().max());
    let message = ["actionDescription", "rootCause", "pathToResolution"];
    let mut said = events;
    said.extend(message.iter().filter_map(|m| json::text(row, &format!("message.{m}"))).map(|m| (created, m)));
    draft.blame(&id, &said, until, Some(&url));
}

/// How bad an impact is. A whole service that is disrupted fails, whatever the severity.
fn severity(draft: &mut Draft, impact: &Value) -> State {
    match (json::text(impact, "type"), json::text(impact, "severity")) {
        (Some("serviceDisruption"), _) => State::Failing,
        (_, Some(word)) => draft.state(word),
        (_, None) => State::Degraded,
    }
}

fn instance(draft: &mut Draft, row: &Value) {
    let (Some(key), Some(status)) = (json::text(row, "key"), json::text(row, "status")) else {
        draft.pass_over("an instance without a key or a status is passed over");
        return;
    };
    let status = status.trim_end_matches("_CORE").trim_end_matches("_NONCORE");
    match draft.state(status) {
        State::Healthy => {}
        state => draft.part_in_trouble(&Trouble { part: key, region: Some(key), ..Trouble::new(key, key, state) }),
    }
}

/// `intermittentLoginErrors` as words.
fn words(camel: &str) -> String {
    let mut words = String::new();
    for c in camel.chars() {
        if c.is_uppercase() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}
