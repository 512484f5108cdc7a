//! Grafana's alerting: its webhook, whose alerts have the form of Alertmanager's.

use super::notice::Notices;
use super::{alertmanager, json};
use crate::collect::{Feed, Reading, Unreadable};

const WANTED: &str = "a delivery of Grafana's alerting";

/// Reads a delivery. Of an alert about missing data nothing follows, which is noted.
///
/// # Errors
/// [`Unreadable`] if it is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    if !json::has_keys(&value, &["alerts", "orgId"]) {
        return Err(json::other_json(&value, WANTED));
    }
    let mut notices = Notices::new(feed);
    alertmanager::delivery(&mut notices, &value);
    Ok(notices.finish())
}
