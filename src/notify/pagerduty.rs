//! PagerDuty, Events API v2.

use super::{Message, Status, words};
use crate::diag::cut;
use serde_json::{Value, json};

/// Characters of the summary; more are refused.
pub const MAX_SUMMARY: usize = 1024;
/// Causes among the details; PagerDuty refuses events of more than 512 kB.
const CAUSES: usize = 5;
/// Reasons among the details.
const LINES: usize = 20;
/// From this chance of the first cause on it is critical.
const SURE: f64 = 0.9;

/// The body. `routing_key` tells PagerDuty whom to wake; the key of the message is that by which it takes a later event for
/// one of the same incident.
pub fn body(message: &Message, routing_key: &str) -> Value {
    let action = if message.status == Status::Resolved { "resolve" } else { "trigger" };
    let first = message.causes.first();
    let details = json!({
        "status": message.status,
        "began": message.began,
        "causes": words::causes(message).into_iter().take(CAUSES).collect::<Vec<_>>(),
        "reasons": message.lines.iter().take(LINES).collect::<Vec<_>>(),
        "error_of_probabilities": message.error,
    });
    let mut payload = json!({
        "summary": summary(message),
        "timestamp": message.at,
        "severity": severity(message),
        "source": "commoncause",
        "class": message.verdict_kind,
        "custom_details": details,
    });
    if let Some(first) = first {
        payload["component"] = json!(first.component);
    }
    json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": message.key,
        "client": "commoncause",
        "payload": payload,
    })
}

fn summary(message: &Message) -> String {
    let text = if message.verdict.trim().is_empty() { words::head(message) } else { &message.verdict };
    cut(text, MAX_SUMMARY)
}

fn severity(message: &Message) -> &'static str {
    match message.causes.first() {
        _ if message.is_trial() || message.status == Status::Resolved => "info",
        Some(first) if first.probability >= SURE => "critical",
        Some(_) => "error",
        None => "warning",
    }
}
