//! Labels of time series and alerts, by the names that most people give them.

use crate::signal::State;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Names and values, in order of the names.
pub type Labels = BTreeMap<String, String>;

/// Labels that name the thing, the most telling first.
const NAMES: &[&str] = &["service", "service_name", "app", "application", "component", "job"];

/// Labels that say where. A cluster is no place in the world.
const REGIONS: &[&str] = &["region", "zone", "datacenter"];

/// Labels that tell one copy of a monitor from another: what both say is said once.
const COPIES: &[&str] = &["replica", "prometheus_replica", "__replica__", "prometheus"];

/// Alerts that always fire, to prove that the pipeline works.
const HEARTBEATS: &[&str] = &["watchdog", "deadmansswitch", "infoinhibitor"];

/// The labels in a JSON object; what is no text is left out.
pub fn of(value: Option<&Value>) -> Labels {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_string()))).collect()
}

/// The value of the first of `names` that is there and not empty.
pub fn first<'a>(labels: &'a Labels, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|n| labels.get(*n)).map(String::as_str).filter(|v| !v.trim().is_empty())
}

/// What the thing is called.
pub fn name(labels: &Labels) -> Option<&str> {
    first(labels, NAMES)
}

/// Where it is.
pub fn region(labels: &Labels) -> Option<&str> {
    first(labels, REGIONS)
}

/// What the labels are recognised by: a hash that is the same for every copy of a monitor.
pub fn key(labels: &Labels, but: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in labels.iter().filter(|(n, _)| !COPIES.contains(&n.as_str()) && !but.contains(&n.as_str())) {
        // Lengths keep `a=b` apart from `a` and `=b`.
        hasher.update((name.len() as u64).to_be_bytes());
        hasher.update(name);
        hasher.update((value.len() as u64).to_be_bytes());
        hasher.update(value);
    }
    hasher.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// What an alert means for the state of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It is in this state.
    Trouble(State),
    /// Nothing: it is told for information, or always fires.
    Nothing,
    /// The word is not known.
    NotKnown,
}

/// What the labels of an alert say of its gravity. Without a word for it, it is trouble of unknown size.
pub fn severity(labels: &Labels) -> Severity {
    let name = labels.get("alertname").map(|n| n.to_lowercase()).unwrap_or_default();
    if HEARTBEATS.contains(&name.as_str()) {
        return Severity::Nothing;
    }
    let Some(word) = first(labels, &["severity", "level"]) else { return Severity::Trouble(State::Degraded) };
    match word.trim().to_lowercase().as_str() {
        "page" | "critical" | "fatal" | "emergency" | "error" | "high" | "major" => Severity::Trouble(State::Failing),
        "warning" | "warn" | "medium" | "minor" | "low" | "ticket" => Severity::Trouble(State::Degraded),
        "info" | "informational" | "none" | "notice" | "debug" | "ok" => Severity::Nothing,
        _ => Severity::NotKnown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_monitor_have_one_key() {
        let labels =
            |pairs: &[(&str, &str)]| -> Labels { pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect() };
        let a = key(&labels(&[("service", "shop"), ("replica", "a")]), &[]);
        assert_eq!(a, key(&labels(&[("service", "shop"), ("replica", "b")]), &[]));
        assert_ne!(a, key(&labels(&[("service", "chat")]), &[]));
        assert_ne!(key(&labels(&[("a", "b=c")]), &[]), key(&labels(&[("a=b", "c")]), &[]));
    }
}
