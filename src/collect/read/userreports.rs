//! Counts of users' reports: a table (`at,until,service,region,capability,reports,baseline`), the company page and the
//! reports of Downdetector's API (what else it tells is read in `company.rs`), and the pair of lists `{reports, baseline}` that others keep in files.
//!
//! Users report what they see, not what is beneath it: a rise speaks of the service that is reported, and of nothing else.

mod company;

use super::notice::{Notice, Notices};
use super::runs::{self, Look};
use super::{json, time};
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::{AtKind, Precision, SourceKind, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str = "counts of users' reports";

/// So many times what is usual is trouble; the first count above is the onset.
pub const DEGRADED_RATIO: f64 = 3.0;

/// So many times what is usual is no slowness any more.
pub const FAILING_RATIO: f64 = 10.0;

/// What is usual is taken for at least this, or small services would flap.
pub const FLOOR: f64 = 10.0;

/// Length of the counts of a day in Downdetector's API, in seconds.
const QUARTER: i64 = 900;

/// Onsets known to within this many seconds are known to the minute.
const MINUTES: i64 = 300;

/// What is counted: service, region and capability, as the feed has them; empty where it does not say.
type Counted = (String, String, String);

/// Reports in a stretch of time.
#[derive(Debug, Clone, Copy)]
struct Count {
    at: Timestamp,
    reports: f64,
    /// Usual number, where it is known.
    usual: Option<f64>,
}

/// Reads any of them.
///
/// # Errors
/// [`Unreadable`] if it is none of them.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let mut notices = Notices::new(feed);
    let first = body.trim_ascii_start().first();
    let all = if first.is_some_and(|b| *b == b'"' || b.is_ascii_alphabetic()) {
        table(&mut notices, body)?
    } else {
        let value = json::parse(body, WANTED)?;
        match answer(&value, feed.seen_at) {
            Some((counted, counts)) => BTreeMap::from([(counted, counts)]),
            None if company::read(&mut notices, &value) => BTreeMap::new(),
            None => return Err(json::other_json(&value, WANTED)),
        }
    };
    for (counted, counts) in all {
        add(&mut notices, &counted, counts);
    }
    Ok(notices.finish())
}

/// The rows of a table. The last counts only if its line has an end, since a number may have been cut off.
fn table(notices: &mut Notices<'_>, body: &[u8]) -> Result<BTreeMap<Counted, Vec<Count>>, Unreadable> {
    let text = json::decode(body, WANTED)?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        notices.note("the last line has no end and may have been cut off: left out");
    }
    let mut rows = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(&text.as_bytes()[..whole]);
    let headers = rows.headers().cloned().unwrap_or_default();
    let column = |name: &str| headers.iter().position(|h| h.eq_ignore_ascii_case(name));
    let (Some(at), Some(reports)) = (column("at"), column("reports")) else {
        return Err(Unreadable(format!("expected {WANTED}, found a text without columns `at` and `reports`")));
    };
    let words = [column("service"), column("region"), column("capability")];
    let mut all: BTreeMap<Counted, Vec<Count>> = BTreeMap::new();
    for (i, row) in rows.records().take(json::MAX_ROWS).enumerate() {
        let number = |column: Option<usize>, row: &csv::StringRecord| -> Option<f64> {
            row.get(column?)?.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)
        };
        let read = row.ok().and_then(|row| {
            let count = Count {
                at: time::parse(row.get(at)?)?,
                reports: number(Some(reports), &row)?,
                usual: number(column("baseline"), &row),
            };
            let [service, region, capability] =
                words.map(|c| c.and_then(|c| row.get(c)).unwrap_or_default().to_string());
            Some(((service, region, capability), count))
        });
        match read {
            Some((counted, count)) => all.entry(counted).or_default().push(count),
            None => notices.note(format!("row {}: without a time or a number of reports, left out", i + 2)),
        }
    }
    Ok(all)
}

/// The counts of an answer in JSON; `None` if it is of no form that is known.
fn answer(value: &Value, seen_at: Timestamp) -> Option<(Counted, Vec<Count>)> {
    let nobody = (String::new(), String::new(), String::new());
    if json::has_keys(value, &["stats_24", "baseline"]) {
        let word = |path: &str| json::text(value, path).unwrap_or_default().to_string();
        let service = json::text(value, "slug").or(json::text(value, "name")).unwrap_or_default().to_string();
        return Some(((service, word("country_iso"), String::new()), day(value, seen_at)));
    }
    if json::has_keys(value, &["reports", "baseline"]) {
        let usual: BTreeMap<Timestamp, f64> = json::list(value, "baseline").iter().filter_map(dated).collect();
        let counts = json::list(value, "reports").iter().filter_map(dated);
        let count = |(at, reports)| Count { at, reports, usual: usual.get(&at).copied() };
        return Some((nobody, counts.map(count).collect()));
    }
    let rows = json::rows(value);
    let is_count = |r: &Value| json::has_keys(r, &["point_in_time", "total"]);
    let count = |r: &Value| {
        let reports = json::number(r, "total").filter(|n| *n >= 0.0)?;
        Some(Count { at: time::at(r, "point_in_time")?, reports, usual: None })
    };
    rows.iter().any(is_count).then(|| (nobody, rows.iter().filter_map(count).collect()))
}

fn dated(row: &Value) -> Option<(Timestamp, f64)> {
    Some((time::at(row, "date")?, json::number(row, "value").filter(|n| *n >= 0.0)?))
}

/// A day of quarters of an hour, without times: the last is the one in which it was asked. Both lists must be as long.
fn day(value: &Value, seen_at: Timestamp) -> Vec<Count> {
    let (reports, usual) = (json::list(value, "stats_24"), json::list(value, "baseline"));
    if reports.len() != usual.len() {
        return Vec::new();
    }
    let reports_len = reports.len();
    let last = seen_at.as_second().div_euclid(QUARTER) * QUARTER;
    let count = |(i, (reports, usual)): (usize, (&Value, &Value))| {
        let back = (reports_len - 1 - i) as i64 * QUARTER;
        let at = Timestamp::from_second(last - back).ok()?;
        let reports = reports.as_f64().filter(|n| *n >= 0.0)?;
        Some(Count { at, reports, usual: usual.as_f64().filter(|n| *n >= 0.0) })
    };
    reports.iter().zip(usual).enumerate().filter_map(count).collect()
}

/// What is usual where the feed does not say: a quarter of all counts are not above it.
fn lower_quartile(counts: &[Count]) -> f64 {
    let mut all: Vec<f64> = counts.iter().map(|c| c.reports).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 4).copied().unwrap_or(0.0)
}

fn look(count: &Count, usual: f64) -> Look {
    let ratio = count.reports / usual.max(FLOOR);
    let state = match ratio {
        r if r > FAILING_RATIO => State::Failing,
        r if r > DEGRADED_RATIO => State::Degraded,
        _ => State::Healthy,
    };
    (count.at, state)
}

/// One signal per rise, with the counts at its height; a healthy one where there was none.
fn add(notices: &mut Notices<'_>, counted: &Counted, mut counts: Vec<Count>) {
    let (service, region, capability) = counted;
    counts.sort_by_key(|c| c.at);
    let Some(last) = counts.last().copied() else {
        return notices.note(format!("{service}: no counts that can be read"));
    };
    if counts.iter().any(|c| c.usual.is_none()) {
        notices.note("without a baseline for every count: the lowest quarter of the counts is taken for usual");
    }
    let low = lower_quartile(&counts);
    let usual = |c: &Count| c.usual.unwrap_or(low);
    let looks: Vec<Look> = counts.iter().map(|c| look(c, usual(c))).collect();
    let width = counts.windows(2).map(|w| w[1].at.duration_since(w[0].at)).min().unwrap_or(SignedDuration::ZERO);
    let id = ["reports", service, region].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    let notice = |state, at, at_kind, of: &Count| Notice {
        names: Some(service.as_str()).filter(|s| !s.is_empty()).into_iter().collect(),
        capability: Some(capability),
        region: Some(region.as_str()).filter(|r| !r.is_empty()),
        precision: if width.as_secs() > MINUTES { Precision::Hour } else { Precision::Minute },
        text: format!("{} reports, usually {}", of.reports, usual(of)),
        reports: Some((of.reports, usual(of))),
        ..Notice::new(SourceKind::UserReports, id.clone(), state, at, at_kind)
    };
    let runs = runs::runs(&looks);
    for run in &runs {
        let inside = counts.iter().filter(|c| c.at >= run.from && run.until.is_none_or(|u| c.at < u));
        let height = inside.max_by(|a, b| a.reports.total_cmp(&b.reports)).unwrap_or(&last);
        notices.add(Notice { until: run.until, ..notice(run.state, run.from, run.at_kind, height) });
    }
    if runs.is_empty() {
        notices.add(notice(State::Healthy, last.at, AtKind::Seen, &last));
    }
}
