//! Cloudflare Radar: annotated outages and anomalies of traffic, of networks, countries and the clouds behind origins.

use super::notice::{Notice, Notices};
use super::{json, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use serde_json::Value;

const WANTED: &str = "outages of Cloudflare Radar";

/// Reads either.
///
/// # Errors
/// [`Unreadable`] if it is neither, or says that it failed.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    match json::flag(&value, "success") {
        Some(true) => {}
        Some(false) => {
            let why = json::list(&value, "errors").iter().find_map(|e| json::text(e, "message"));
            let why = json::shown(why.unwrap_or("without a reason"));
            return Err(Unreadable(format!("Cloudflare Radar could not answer: {why}")));
        }
        None => return Err(json::other_json(&value, WANTED)),
    }
    let mut notices = Notices::new(feed);
    let result = json::get(&value, "result").unwrap_or(&Value::Null);
    if json::get(result, "annotations").is_some_and(Value::is_array) {
        notices.rows(result, "annotations").iter().for_each(|row| annotation(&mut notices, row));
    } else if json::get(result, "trafficAnomalies").is_some_and(Value::is_array) {
        notices.rows(result, "trafficAnomalies").iter().for_each(|row| anomaly(&mut notices, row));
    } else {
        return Err(json::other_json(result, WANTED));
    }
    Ok(notices.finish())
}

/// An outage that people at the observatory looked into. It is of each network that it names; if none, of each country.
fn annotation(notices: &mut Notices<'_>, row: &Value) {
    let id = json::word(row, "id").unwrap_or_default();
    let networks = json::list(row, "asns").iter().filter_map(|n| n.as_u64()).map(|n| format!("asn/{n}"));
    let countries: Vec<&str> = json::list(row, "locations").iter().filter_map(Value::as_str).collect();
    let mut codes: Vec<String> = networks.collect();
    if codes.is_empty() {
        codes = countries.iter().map(|c| format!("country/{c}")).collect();
    }
    let region = countries.first().copied().filter(|_| countries.len() == 1);
    let text = json::text(row, "description").or(json::text(row, "scope")).unwrap_or("outage");
    for code in &codes {
        place(notices, row, &id, &[code], region, State::Failing, text);
    }
    if codes.is_empty() {
        notices.note(format!("outage {id}: names neither a network nor a country, left out"));
    }
}

/// Traffic that differs from what is usual; what it means is not told.
fn anomaly(notices: &mut Notices<'_>, row: &Value) {
    let id = json::word(row, "uuid").unwrap_or_default();
    let asn = json::word(row, "asnDetails.asn").map(|n| format!("asn/{n}"));
    let country = json::text(row, "locationDetails.code");
    // The documentation has both names.
    let of_network = json::text(row, "asnDetails.locations.code").or(json::text(row, "asnDetails.location.code"));
    let origin = [json::text(row, "originDetails.name"), json::text(row, "originDetails.origin")];
    let code = country.map(|c| format!("country/{c}"));
    let names: Vec<&str> = match json::text(row, "type") {
        Some("AS") => asn.as_deref().into_iter().collect(),
        Some("LOCATION") => code.as_deref().into_iter().collect(),
        Some("ORIGIN") => origin.into_iter().flatten().collect(),
        other => {
            return notices.note(format!("anomaly {id}: type `{}` is not known, left out", other.unwrap_or_default()));
        }
    };
    if names.is_empty() {
        return notices.note(format!("anomaly {id}: names nothing, left out"));
    }
    let verified = json::text(row, "status").unwrap_or("UNVERIFIED").to_lowercase();
    let text = format!("{verified} anomaly of traffic: {}", names[0]);
    place(notices, row, &id, &names, country.or(of_network), State::Degraded, &text);
}

fn place(
    notices: &mut Notices<'_>,
    row: &Value,
    id: &str,
    names: &[&str],
    region: Option<&str>,
    state: State,
    text: &str,
) {
    let Some(at) = time::at(row, "startDate") else {
        return notices.note(format!("{id}: without a beginning, left out"));
    };
    notices.add(Notice {
        names: names.to_vec(),
        capability: Some("connectivity"),
        region,
        until: time::at(row, "endDate"),
        text: text.to_string(),
        url: json::text(row, "linkedUrl"),
        ..Notice::new(SourceKind::Observatory, id, state, at, AtKind::Onset)
    });
}
