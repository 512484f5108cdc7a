//! Blackbox exporter: the metrics of one `/probe`, also with its log (`debug=true`) before them.
//!
//! The answer has status 200 also where the probe failed, and names no target unless the log does.

use super::notice::{Notice, Notices};
use super::{exposition, json};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};

const WANTED: &str = "metrics of a probe";

/// Reads the metrics of one probe. When it was made is not told: it is that of the answer.
///
/// # Errors
/// [`Unreadable`] if there is no `probe_success` in it.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let samples = exposition::parse(body, WANTED)?;
    // With labels, the metrics are many probes', collected by somebody else.
    let value = |name: &str| samples.iter().find(|s| s.name == name && s.labels.is_empty()).map(|s| s.value);
    let Some(success) = value("probe_success") else {
        return Err(Unreadable(format!("expected {WANTED}, found metrics without probe_success")));
    };
    let text = json::decode(body, WANTED)?;
    let target = text.split_whitespace().find_map(|w| w.strip_prefix("target="));
    let mut notices = Notices::new(feed);
    let state = match success {
        1.0 => State::Healthy,
        0.0 => State::Failing,
        other => {
            notices.note(format!("probe_success is {other}, which is neither up nor down"));
            return Ok(notices.finish());
        }
    };
    let status = value("probe_http_status_code").filter(|s| *s > 0.0);
    let unresolved = state == State::Failing && status.is_none() && value("probe_ip_protocol") == Some(0.0);
    let said = match (state, status) {
        (State::Healthy, _) => "the probe succeeded".to_string(),
        (_, Some(status)) => format!("the probe failed with HTTP status {status}"),
        _ if unresolved => "the probe failed: the name does not resolve".to_string(),
        _ => "the probe failed without an answer".to_string(),
    };
    notices.add(Notice {
        names: target.into_iter().collect(),
        capability: unresolved.then_some("dns"),
        text: target.map_or(said.clone(), |t| format!("{t}: {said}")),
        url: target,
        failed: Some((f64::from(u8::from(state == State::Failing)), 1.0)),
        ..Notice::new(SourceKind::Probe, "probe", state, feed.seen_at, AtKind::Seen)
    });
    Ok(notices.finish())
}
