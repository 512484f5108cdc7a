//! Alertmanager: `GET /api/v2/alerts` and `…/groups`, its webhook (version 4), and alerts as it receives them itself
//! (`POST /api/v2/alerts`).
//!
//! `startsAt` is when the alert began to fire. A poll lists what fires now: what is gone has ended, which
//! [`crate::collect::follow`] sees. An inhibited alert's end is never delivered to a webhook, so polls must confirm.

use super::alerts::{self, Span};
use super::notice::Notices;
use super::{json, time};
use crate::collect::{Feed, Reading, Unreadable};
use serde_json::Value;

const WANTED: &str = "alerts of Alertmanager";

/// Reads an answer or a delivery.
///
/// # Errors
/// [`Unreadable`] if it is neither.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let mut notices = Notices::new(feed);
    if value.is_array() {
        let rows = json::rows(&value);
        for row in rows {
            if json::has_keys(row, &["alerts", "receiver"]) {
                notices.rows(row, "alerts").iter().for_each(|alert| add(&mut notices, alert));
            } else if json::has_keys(row, &["labels"]) {
                add(&mut notices, row);
            } else {
                notices.note("a row that is no alert: left out");
            }
        }
        let alert = |row: &Value| json::has_keys(row, &["labels"]) || json::has_keys(row, &["alerts"]);
        if !rows.is_empty() && !rows.iter().any(alert) {
            return Err(json::other_json(&value, WANTED));
        }
    } else if json::has_keys(&value, &["alerts", "groupKey"]) {
        delivery(&mut notices, &value);
    } else {
        return Err(json::other_json(&value, WANTED));
    }
    Ok(notices.finish())
}

/// Takes up a webhook's delivery: one group of alerts, resolved and firing ones mixed.
pub(super) fn delivery(notices: &mut Notices<'_>, value: &Value) {
    if let Some(cut) = json::number(value, "truncatedAlerts").filter(|n| *n > 0.0) {
        notices.note(format!("{cut} alerts of the group were not sent: ask the server for all of them"));
    }
    notices.rows(value, "alerts").iter().for_each(|alert| add(notices, alert));
}

fn add(notices: &mut Notices<'_>, alert: &Value) {
    let name = json::text(alert, "labels.alertname").unwrap_or("an alert");
    for (field, word) in [("status.silencedBy", "silenced"), ("status.inhibitedBy", "inhibited")] {
        if !json::list(alert, field).is_empty() {
            // Whoever silences an alert in the heat of an outage does not say that all is well.
            notices.note(format!("{name}: {word}, still firing and taken so; its end is not delivered"));
        }
    }
    let span = Span {
        at: time::at(alert, "startsAt"),
        until: alerts::end(alert, notices),
        holds_until: alerts::holds_until(alert, notices),
    };
    alerts::add(notices, alert, span);
}
