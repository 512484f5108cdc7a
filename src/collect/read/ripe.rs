//! RIPE: results of Atlas measurements (ping and DNS), and how visible a prefix or network is (`routing-status` of
//! RIPEstat).

use super::notice::{Notice, Notices};
use super::{json, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "measurements of RIPE";

/// From this share of losses on, a thing cannot be reached.
const FAILING_SHARE: f64 = 0.5;

/// From this share of losses on, it is reached badly.
const DEGRADED_SHARE: f64 = 0.2;

/// Reads either.
///
/// # Errors
/// [`Unreadable`] if it is neither.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let mut notices = Notices::new(feed);
    let rows = json::rows(&value);
    if json::text(&value, "data_call_name") == Some("routing-status") && json::has_keys(&value, &["data"]) {
        routing(&mut notices, &value);
    } else if value.is_array() && (rows.is_empty() || rows.iter().any(|r| json::has_keys(r, &["msm_id", "prb_id"]))) {
        atlas(&mut notices, rows);
    } else {
        return Err(json::other_json(&value, WANTED));
    }
    Ok(notices.finish())
}

/// What all probes of one measurement say together.
#[derive(Default)]
struct Measured<'a> {
    name: Option<&'a str>,
    kind: &'a str,
    sent: f64,
    lost: f64,
    last: Option<Timestamp>,
}

fn atlas(notices: &mut Notices<'_>, rows: &[Value]) {
    let mut all: BTreeMap<String, Measured<'_>> = BTreeMap::new();
    let mut untold = 0;
    for row in rows {
        let told = json::get(row, "msm_id").and_then(Value::as_u64).zip(sent_and_lost(row));
        let Some((id, (sent, lost))) = told else {
            untold += 1;
            continue;
        };
        let one = all.entry(id.to_string()).or_default();
        one.name = one.name.or(json::text(row, "dst_name")).or(json::text(row, "dst_addr"));
        one.kind = json::text(row, "type").unwrap_or_default();
        one.sent += sent;
        one.lost += lost;
        one.last = one.last.max(time::at(row, "timestamp"));
    }
    if untold > 0 {
        notices.note(format!("{untold} results could not be told: what they are of is not called well"));
    }
    for (id, one) in all.into_iter().filter(|(_, one)| untold == 0 || one.lost / one.sent >= DEGRADED_SHARE) {
        let text = format!("{} of {} lost, {} {}", one.lost, one.sent, one.kind, one.name.unwrap_or_default());
        let capability = if one.kind == "dns" { "dns" } else { "connectivity" };
        share(
            notices,
            &id,
            &[&id, one.name.unwrap_or_default()],
            capability,
            (one.lost / one.sent, one.sent),
            one.last,
            text,
        );
    }
}

/// How many packets or questions one probe sent, and how many came to nothing; `None` where the result does not tell.
fn sent_and_lost(row: &Value) -> Option<(f64, f64)> {
    match json::text(row, "type")? {
        "ping" => {
            let sent = json::number(row, "sent").filter(|n| *n > 0.0)?;
            Some((sent, (sent - json::number(row, "rcvd")?).clamp(0.0, sent)))
        }
        // An answer, or an error in place of one.
        "dns" if json::get(row, "error").is_some() => Some((1.0, 1.0)),
        "dns" if json::get(row, "result").is_some() => Some((1.0, 0.0)),
        _ => None,
    }
}

/// How many of RIPE's peers see a route at all.
fn routing(notices: &mut Notices<'_>, value: &Value) {
    let Some(resource) = json::word(value, "data.resource") else {
        return notices.note("routing-status without a resource");
    };
    let at = time::at(value, "data.query_time");
    let seen = ["v4", "v6"].iter().filter_map(|family| {
        let seeing = json::number(value, &format!("data.visibility.{family}.ris_peers_seeing"))?;
        let all = json::number(value, &format!("data.visibility.{family}.total_ris_peers")).filter(|n| *n > 0.0)?;
        Some(((1.0 - seeing / all).clamp(0.0, 1.0), all))
    });
    // A prefix is of one family, and the other never sees it.
    let Some(best) = seen.min_by(|a, b| a.0.total_cmp(&b.0)) else {
        return notices.note(format!("{resource}: visibility is not told"));
    };
    let network = format!("asn/{resource}");
    let code = if resource.bytes().all(|b| b.is_ascii_digit()) { &network } else { &resource };
    let text = format!("{code}: seen by {:.0} % of peers", (1.0 - best.0) * 100.0);
    share(notices, &resource, &[code], "connectivity", best, at, text);
}

fn share(
    notices: &mut Notices<'_>,
    id: &str,
    names: &[&str],
    capability: &str,
    failed: (f64, f64),
    at: Option<Timestamp>,
    text: String,
) {
    let state = match failed.0 {
        s if s >= FAILING_SHARE => State::Failing,
        s if s >= DEGRADED_SHARE => State::Degraded,
        _ => State::Healthy,
    };
    let at = at.unwrap_or(notices.seen_at());
    notices.add(Notice {
        names: names.to_vec(),
        capability: Some(capability),
        failed: Some(failed),
        text,
        ..Notice::new(SourceKind::Observatory, id, state, at, AtKind::Seen)
    });
}
