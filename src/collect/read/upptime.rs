//! Upptime: `history/summary.json` (all sites) and `history/<slug>.yml` (one). When a trouble began, neither tells.

use super::notice::{Notice, Notices};
use super::{json, state, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use serde_json::Value;

const WANTED: &str = "sites of Upptime";

/// Reads either.
///
/// # Errors
/// [`Unreadable`] if it is neither.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let mut notices = Notices::new(feed);
    if body.trim_ascii_start().first().is_some_and(u8::is_ascii_alphabetic) {
        let value = history(body)?;
        site(&mut notices, &value);
        return Ok(notices.finish());
    }
    let value = json::parse(body, WANTED)?;
    let rows = json::rows(&value);
    let is_site = |row: &Value| json::has_keys(row, &["name", "slug", "status"]);
    if !value.is_array() || (!rows.is_empty() && !rows.iter().any(is_site)) {
        return Err(json::other_json(&value, WANTED));
    }
    for row in rows {
        match is_site(row) {
            true => site(&mut notices, row),
            false => notices.note("a row that is no site: left out"),
        }
    }
    Ok(notices.finish())
}

/// The lines `key: value` of a site's file. All are plain; the last must have an end, or it may have been cut off.
fn history(body: &[u8]) -> Result<Value, Unreadable> {
    let text = json::decode(body, WANTED)?;
    let pairs = text.lines().filter_map(|l| l.split_once(": "));
    let trimmed = |v: &str| v.trim().trim_matches(['"', '\'']).to_string();
    let value: serde_json::Map<String, Value> =
        pairs.map(|(k, v)| (k.trim().to_string(), Value::String(trimmed(v)))).collect();
    let whole = text.ends_with('\n') && ["url", "status", "lastUpdated"].iter().all(|k| value.contains_key(*k));
    let found = || Unreadable(format!("expected {WANTED}, found `{}`", json::shown(&text)));
    whole.then_some(Value::Object(value)).ok_or_else(found)
}

fn site(notices: &mut Notices<'_>, row: &Value) {
    let url = json::text(row, "url");
    let names: Vec<&str> = ["name", "slug", "url"].iter().filter_map(|n| json::text(row, n)).collect();
    let name = names.first().copied().unwrap_or_default();
    let word = json::text(row, "status").unwrap_or_default();
    let state = match state::of(word) {
        Some(state) => state,
        None if word.is_empty() => return notices.note(format!("{name}: no status")),
        None => {
            notices.note(format!("{name}: status `{word}` is not known, taken for degraded"));
            State::Degraded
        }
    };
    let at = time::at(row, "lastUpdated").unwrap_or(notices.seen_at());
    let id = json::text(row, "slug").or(url).unwrap_or_default();
    notices.add(Notice {
        names: names.clone(),
        title: name,
        text: format!("{name} is {word}"),
        url,
        failed: Some((f64::from(u8::from(state::is_trouble(state))), 1.0)),
        ..Notice::new(SourceKind::Probe, id, state, at, AtKind::Seen)
    });
}
