//! One alert, in the form that Prometheus, Alertmanager and Grafana share.

use super::labels::{self, Labels, Severity};
use super::notice::{Notice, Notices};
use super::{json, time};
use crate::collect::Terms;
use crate::signal::{AtKind, SourceKind, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// What we tell Alertmanager ourselves is no news to us.
const OURS: &str = "CommonCause";

/// Alerts about the monitor's own data: nothing is known of what it watches.
const NO_DATA: &[&str] = &["DatasourceNoData", "DatasourceError"];

/// How long an alert holds that tells no end, as in Alertmanager (`resolve_timeout`).
pub const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// When an alert began and ended, as its format tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it began to fire, or was first seen to hold.
    pub at: Option<Timestamp>,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// Until when it holds unless it is told again, if it says so.
    pub holds_until: Option<Timestamp>,
}

/// Takes up one alert; what says nothing of a component is noted.
pub fn add(notices: &mut Notices<'_>, alert: &Value, span: Span) {
    let labels = labels::of(json::get(alert, "labels"));
    let Some(name) = labels.get("alertname").map(String::as_str).filter(|n| !n.is_empty()) else {
        return notices.note("an alert without a name: left out");
    };
    if name == OURS {
        return notices.note("CommonCause: told by ourselves, so left out");
    }
    if NO_DATA.contains(&name) {
        let rule = labels.get("rulename").map_or("a rule", String::as_str);
        return notices.note(format!("{rule}: {name}: the monitor has no data, so nothing is known"));
    }
    let Some(state) = state(notices, name, &labels) else { return };
    let text = ["annotations.summary", "annotations.message", "annotations.description"];
    let text = text.iter().find_map(|t| json::text(alert, t)).unwrap_or(name);
    let (at, at_kind) = match span.at {
        Some(at) => (at, AtKind::Onset),
        None => (span.until.unwrap_or(notices.seen_at()), AtKind::Seen),
    };
    notices.add(Notice {
        names: labels::name(&labels).into_iter().collect(),
        capability: labels::first(&labels, &["capability"]),
        until: span.until,
        terms: Terms { told_at: None, holds_until: span.holds_until },
        region: labels::region(&labels),
        title: name,
        text: text.to_string(),
        url: json::text(alert, "generatorURL"),
        ..Notice::new(SourceKind::Alert, id(name, &labels), state, at, at_kind)
    });
}

/// What an alert is recognised by, in polls and webhooks alike. Alertmanager's own fingerprint differs between copies of a
/// monitor, and alerts as received have none.
fn id(name: &str, labels: &Labels) -> String {
    format!("{name} {}", labels::key(labels, &["alertstate"]))
}

/// The state that an alert tells; `None`, with a note, if it tells none.
pub fn state(notices: &mut Notices<'_>, name: &str, labels: &Labels) -> Option<State> {
    match labels::severity(labels) {
        Severity::Trouble(state) => Some(state),
        Severity::Nothing => {
            notices.note(format!("{name}: for information or always firing, so left out"));
            None
        }
        Severity::NotKnown => {
            let word = labels::first(labels, &["severity", "level"]).unwrap_or_default();
            notices.note(format!("{name}: severity `{word}` is not known, taken for degraded"));
            Some(State::Degraded)
        }
    }
}

/// The end of an alert that says of itself whether it is over. Alertmanager writes a zero time for none, and an end ahead
/// of us for "unless told again".
pub fn end(alert: &Value, notices: &Notices<'_>) -> Option<Timestamp> {
    let said = time::at(alert, "endsAt");
    match json::text(alert, "status") {
        Some("resolved") => Some(said.unwrap_or(notices.seen_at()).min(notices.seen_at())),
        Some(_) => None,
        None => said.filter(|end| *end <= notices.seen_at()),
    }
}

/// Until when an alert holds unless it is told again; `None` for one that says of itself whether it fires.
pub fn holds_until(alert: &Value, notices: &Notices<'_>) -> Option<Timestamp> {
    match json::text(alert, "status") {
        Some(_) => None,
        None => time::at(alert, "endsAt").or_else(|| notices.seen_at().checked_add(RESOLVE_TIMEOUT).ok()),
    }
}
