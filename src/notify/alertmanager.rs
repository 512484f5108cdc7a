//! Alertmanager, `POST /api/v2/alerts`.
//!
//! An alert there lasts until its `endsAt`, and is forgotten when Alertmanager starts again. So one that goes on is sent
//! again every [`RENEW`], with an `endsAt` [`HOLD`] ahead: it comes back soon after such a start, it survives a few failed
//! attempts, and it does not stay for ever if nobody is left to resolve it. An `endsAt` far ahead would need no renewal,
//! and would have neither of the other two.

use super::{Message, Status, words};
use crate::diag::cut;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// How often an alert that goes on is sent again.
pub const RENEW: SignedDuration = SignedDuration::from_mins(5);
/// How long it lasts unless it is sent again.
pub const HOLD: SignedDuration = SignedDuration::from_mins(30);
/// How far the clocks may differ: an end in Alertmanager's future would be overruled by the last [`HOLD`].
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// Characters of an annotation.
const ANNOTATION: usize = 2000;

/// The body, sent at `now`. The labels are the same in all that is told of an incident: by them Alertmanager knows an alert
/// again. The cause may change, so it is an annotation.
pub fn body(message: &Message, now: Timestamp) -> Value {
    let severity = if message.is_trial() { "info" } else { "critical" };
    let begin = message.beginning();
    let end = match message.status {
        Status::Resolved => (message.at - SKEW).max(begin),
        _ => now.checked_add(HOLD).unwrap_or(Timestamp::MAX).max(begin),
    };
    let description: Vec<String> = words::causes(message).into_iter().chain(message.lines.iter().cloned()).collect();
    let mut annotations = json!({
        "summary": cut(&message.verdict, ANNOTATION),
        "description": lines(&description),
        "verdict": message.verdict_kind,
    });
    if let Some(first) = message.causes.first() {
        annotations["cause"] = json!(first.component);
    }
    json!([{
        "labels": {"alertname": "CommonCause", "incident": message.key, "severity": severity},
        "annotations": annotations,
        "startsAt": begin,
        "endsAt": end,
    }])
}

/// As many whole lines as an annotation holds.
fn lines(all: &[String]) -> String {
    let mut room = ANNOTATION;
    let fits = |line: &&String| {
        let length = line.chars().count() + 1;
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    };
    all.iter().take_while(fits).map(String::as_str).collect::<Vec<_>>().join("\n")
}
