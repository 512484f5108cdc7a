//! Prometheus: answers of `query_range` and `query`, `/api/v1/alerts` and `/rules`, and the text of `/federate`.
//!
//! What a series means is told by its name (`measure.rs`); a query whose result has none gets one by a recording rule
//! or `label_replace(…, "__name__", "shop:error_ratio", "", "")`. Ask for ranges whose start is a multiple of the step, so
//! that onsets are the same in every answer.

mod history;
mod measure;

use super::alerts::{self, Span};
use super::labels::{self, Labels};
use super::notice::Notices;
use super::{exposition, json, time};
use crate::collect::{Feed, Reading, Unreadable};
use jiff::Timestamp;
use serde_json::Value;

const WANTED: &str = "an answer of Prometheus";

/// Prometheus gives no more points of a series.
const MAX_POINTS: usize = 11_000;

/// Values in time.
type Points = Vec<(Timestamp, f64)>;

/// One series: its labels, name among them, and its values in time. Values may be infinite or not a number; a time
/// without a value says nothing.
#[derive(Debug, Clone)]
struct Series {
    labels: Labels,
    values: Points,
}

impl Series {
    fn name(&self) -> &str {
        self.labels.get("__name__").map_or("", String::as_str)
    }
}

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] if it is none, or says that the query failed.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let mut notices = Notices::new(feed);
    if body.trim_ascii_start().first().is_some_and(|b| *b == b'#' || b.is_ascii_alphabetic()) {
        let samples = exposition::parse(body, WANTED)?;
        let series = samples.into_iter().map(|s| {
            let mut labels = s.labels;
            labels.insert("__name__".to_string(), s.name);
            Series { labels, values: vec![(s.at.unwrap_or(feed.seen_at), s.value)] }
        });
        take_up(&mut notices, series.collect());
        return Ok(notices.finish());
    }
    let value = json::parse(body, WANTED)?;
    if json::text(&value, "status") == Some("error") {
        let why = json::text(&value, "error").unwrap_or("without a reason");
        return Err(Unreadable(format!("Prometheus could not answer the query: {}", json::shown(why))));
    }
    let data = json::get(&value, "data").filter(|_| json::text(&value, "status") == Some("success"));
    let Some(data) = data else { return Err(json::other_json(&value, WANTED)) };
    for warning in json::list(&value, "warnings").iter().filter_map(Value::as_str) {
        notices.note(format!("Prometheus warns: {warning}"));
    }
    if json::has_keys(data, &["alerts"]) {
        notices.rows(data, "alerts").iter().for_each(|alert| current(&mut notices, alert));
    } else if matches!(json::text(data, "resultType"), Some("matrix" | "vector")) && json::has_keys(data, &["result"]) {
        let all = notices.rows(data, "result").iter().map(series).collect();
        take_up(&mut notices, all);
    } else if json::has_keys(data, &["groups"]) {
        for group in notices.rows(data, "groups") {
            notices.rows(group, "rules").iter().for_each(|rule| self::rule(&mut notices, rule));
        }
    } else if let Some(what) = stateless(data) {
        notices.nothing(format!("{what}: this does not say how anything is; ask for alerts or a query"));
    } else {
        return Err(json::other_json(data, WANTED));
    }
    Ok(notices.finish())
}

/// A rule of `/api/v1/rules`, with the alerts that it has raised. One that cannot be evaluated raises none.
fn rule(notices: &mut Notices<'_>, rule: &Value) {
    let name = json::text(rule, "name").unwrap_or("a rule");
    if json::text(rule, "health") == Some("err") {
        let why = json::text(rule, "lastError").unwrap_or("without a reason");
        notices.nothing(format!("{name}: cannot be evaluated, so nothing is known: {}", json::shown(why)));
    }
    notices.rows(rule, "alerts").iter().for_each(|alert| current(notices, alert));
}

/// What else Prometheus tells: of itself, and of what it measures.
fn stateless(data: &Value) -> Option<&'static str> {
    let known: [(&[&str], &str); 3] = [
        (&["activeTargets"], "targets"),
        (&["activeAlertmanagers"], "alertmanagers"),
        (&["version", "goVersion"], "buildinfo"),
    ];
    let series = || json::rows(data).first().is_some_and(|row| json::has_keys(row, &["__name__"]));
    let found = known.iter().find(|(keys, _)| json::has_keys(data, keys)).map(|(_, what)| *what);
    found.or_else(|| series().then_some("series"))
}

/// An alert of `/api/v1/alerts`: its expression holds since `activeAt`.
fn current(notices: &mut Notices<'_>, alert: &Value) {
    let name = json::text(alert, "labels.alertname").unwrap_or("an alert");
    match json::text(alert, "state") {
        Some("firing") => {
            alerts::add(notices, alert, Span { at: time::at(alert, "activeAt"), until: None, holds_until: None })
        }
        Some("pending") => notices.note(format!("{name}: pending, not yet taken for trouble")),
        other => notices.note(format!("{name}: state `{}` is not known", other.unwrap_or_default())),
    }
}

fn series(row: &Value) -> Series {
    let points = json::get(row, "values").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    // The newest are what matters.
    let points = points[points.len().saturating_sub(MAX_POINTS)..].iter().chain(json::get(row, "value"));
    let values = points.filter_map(|p| {
        let [at, value] = json::rows(p) else { return None };
        Some((time::of(at)?, value.as_str()?.parse().ok()?))
    });
    let mut values: Points = values.collect();
    values.sort_by_key(|v| v.0);
    Series { labels: labels::of(json::get(row, "metric")), values }
}

fn take_up(notices: &mut Notices<'_>, all: Vec<Series>) {
    let (alerts, others): (Vec<Series>, Vec<Series>) = all.into_iter().partition(|s| s.name() == "ALERTS");
    history::add(notices, &alerts);
    measure::add(notices, &others);
}
