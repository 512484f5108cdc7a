//! IODA, an observatory of the internet: outage events (both formats), alerts and raw signals of countries, regions and
//! networks.

mod series;

use super::notice::{Notice, Notices};
use super::runs::Look;
use super::{json, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "outages of IODA";

/// Reads events, alerts or raw signals. That nothing is listed says nothing here: what a source covers is declared where it is set up.
///
/// # Errors
/// [`Unreadable`] if it is neither, or says that it failed; also with status 200.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    if !json::has_keys(&value, &["type", "error", "data"]) {
        return Err(json::other_json(&value, WANTED));
    }
    if let Some(error) = json::get(&value, "error") {
        return Err(Unreadable(format!("IODA could not answer: {}", json::shown(&error.to_string()))));
    }
    if json::get(&value, "data").is_none_or(|d| !d.is_array()) {
        return Err(Unreadable(format!("expected {WANTED}, found no list of them")));
    }
    let mut notices = Notices::new(feed);
    let rows = notices.rows(&value, "data");
    match json::text(&value, "type") {
        Some("outages.events") => {
            let asked_until = time::at(&value, "requestParameters.until");
            rows.iter().for_each(|row| event(&mut notices, row, asked_until));
        }
        Some("outages.alerts") => alerts(&mut notices, rows),
        Some("outages.summary") => rows.iter().for_each(|row| summary(&mut notices, row)),
        Some("signals") if rows.iter().all(|of_place| json::rows(of_place).is_empty()) => {
            notices.nothing("no series of the place that was asked for");
        }
        Some("signals") => rows.iter().flat_map(json::rows).for_each(|row| series::add(&mut notices, row)),
        Some(kind @ ("datasources" | "entities.query")) => {
            notices.nothing(format!("{kind}: it does not say how anything is"));
        }
        other => {
            let found = json::shown(other.unwrap_or("something without a type"));
            return Err(Unreadable(format!("expected {WANTED}, found {found}")));
        }
    }
    Ok(notices.finish())
}

/// A place of the internet in IODA's words: `asn/64500` or `country/GB`, and its name.
struct Place {
    code: String,
    name: String,
}

impl Place {
    fn of(row: &Value) -> Option<Place> {
        let location = json::text(row, "location").map(str::to_string);
        let entity = || Some(format!("{}/{}", json::text(row, "entity.type")?, json::word(row, "entity.code")?));
        let code = location.or_else(entity)?;
        let name = json::text(row, "location_name").or(json::text(row, "entity.name")).unwrap_or(&code).to_string();
        Some(Place { code, name })
    }

    /// The country, where the place is one.
    fn country(&self) -> Option<&str> {
        self.code.strip_prefix("country/").filter(|c| c.len() == 2)
    }

    fn notice(&self, datasource: &str, state: State, at: Timestamp, at_kind: AtKind) -> Notice<'_> {
        Notice {
            names: vec![&self.name, &self.code],
            capability: Some("connectivity"),
            region: self.country(),
            text: format!("{} {datasource}", self.name),
            ..Notice::new(SourceKind::Observatory, format!("{datasource} {}", self.code), state, at, at_kind)
        }
    }
}

/// An event is a drop of a series; how many users it hit, it does not say.
fn event(notices: &mut Notices<'_>, row: &Value, asked_until: Option<Timestamp>) {
    let datasource = json::text(row, "datasource").unwrap_or("all");
    let at = time::at(row, "start").or_else(|| time::at(row, "from"));
    let (Some(place), Some(at)) = (Place::of(row), at) else {
        return notices.note("an event without a place or a beginning: left out");
    };
    let lasts = json::number(row, "duration").filter(|d| *d >= 0.0 && *d < 1e9);
    let end = lasts.and_then(|d| at.checked_add(SignedDuration::from_secs(d as i64)).ok());
    let end = end.or_else(|| time::at(row, "until"));
    // What lasts until the end of what was asked for is not over.
    let until = end.filter(|end| asked_until.is_none_or(|asked| *end < asked));
    notices.add(Notice { until, ..place.notice(datasource, State::Degraded, at, AtKind::Onset) });
}

/// A summary adds up what happened in the time that was asked for, and does not say when.
fn summary(notices: &mut Notices<'_>, row: &Value) {
    let Some(place) = Place::of(row) else {
        return notices.nothing("a row of a summary without a place: left out");
    };
    let score = json::number(row, "scores.overall").unwrap_or(0.0);
    let events = json::number(row, "event_cnt").unwrap_or(0.0);
    notices
        .nothing(format!("{}: events: {events}, score: {score}; when is not told: ask for outages/events", place.name));
}

/// Alerts tell when a series of a place left its usual range and when it came back.
fn alerts(notices: &mut Notices<'_>, rows: &[Value]) {
    let mut series: BTreeMap<(String, String), (Place, Vec<Look>)> = BTreeMap::new();
    for row in rows {
        let datasource = json::text(row, "datasource").unwrap_or("all").to_string();
        let (Some(place), Some(at)) = (Place::of(row), time::at(row, "time")) else {
            notices.note("an alert without a place or a time: left out");
            continue;
        };
        let state = match json::text(row, "level") {
            Some("critical") => State::Failing,
            Some("warning") => State::Degraded,
            Some("normal") => State::Healthy,
            level => {
                notices.note(format!("level `{}` is not known, taken for degraded", level.unwrap_or_default()));
                State::Degraded
            }
        };
        series.entry((datasource, place.code.clone())).or_insert((place, Vec::new())).1.push((at, state));
    }
    for ((datasource, _), (place, mut looks)) in series {
        looks.sort_by_key(|l| l.0);
        // An alert is raised when the series leaves its range, so the first one is an onset.
        let onset = looks.iter().map(|l| l.0).next();
        if looks.iter().all(|l| l.1 == State::Healthy) {
            notices.note(format!("{}: back to normal; when it began is not among the alerts", place.code));
            continue;
        }
        let notice = place.notice(&datasource, State::Unknown, notices.seen_at(), AtKind::Seen);
        notices.add_series(notice, looks, onset);
    }
}
