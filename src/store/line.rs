//! One record of a log: a line `CRC LENGTH JSON`, and what it says.
//!
//! The checksum (CRC-32, eight hexadecimal digits) covers length and JSON, so that no flipped bit passes; the length tells where a
//! record ends even if its line break is lost. The JSON is `{"identity": …, "signal": …}`, the signal in the words of
//! every other file of signals.

use crate::diag::{FileId, Span};
use crate::signal::words::{AT_KINDS, PRECISIONS, SOURCE_KINDS, STATES, look_up};
use crate::signal::{AtKind, Likelihood, Observation, Record, SourceName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Longest JSON of one record, in bytes (1 MiB).
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// Longest line: checksum, length and their blanks are less than 32 bytes.
pub(super) const MAX_LINE_BYTES: usize = MAX_RECORD_BYTES + 32;
/// Digits of the checksum.
const CRC_DIGITS: usize = 8;
/// Records of a log stand in no text that is shown.
const NOWHERE: Span = Span { file: FileId(u32::MAX), start: 0, end: 0 };

/// A signal as the history holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Unique within its source and stable; a later record with the same one is a correction.
    pub identity: String,
    /// The signal.
    pub record: Record,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    identity: Cow<'a, str>,
    #[serde(borrow)]
    signal: Signal<'a>,
}

#[derive(Serialize, Deserialize)]
struct Signal<'a> {
    at: Timestamp,
    precision: Cow<'a, str>,
    at_kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    seen_at: Timestamp,
    component: Cow<'a, str>,
    capability: Cow<'a, str>,
    state: Cow<'a, str>,
    region: Cow<'a, str>,
    source: Source<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    share: BTreeMap<Cow<'a, str>, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    likelihood: Option<Chances>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct Source<'a> {
    kind: Cow<'a, str>,
    name: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct Chances {
    failed: f64,
    ok: f64,
}

impl Chances {
    fn is_finite(&self) -> bool {
        self.failed.is_finite() && self.ok.is_finite()
    }
}

/// Appends the line of a record to `out`, with its line break.
///
/// # Errors
/// The bytes of the JSON, if these are more than [`MAX_RECORD_BYTES`]; nothing is appended then.
pub(super) fn write(identity: &str, record: &Record, out: &mut Vec<u8>) -> Result<(), usize> {
    let line = Line { identity: identity.into(), signal: signal(record) };
    // Texts and numbers into memory: there is nothing that could fail.
    let json = serde_json::to_vec(&line).unwrap_or_default();
    if json.len() > MAX_RECORD_BYTES {
        return Err(json.len());
    }
    let mut body = format!("{} ", json.len()).into_bytes();
    body.extend(json);
    out.extend(format!("{:08x} ", crc32fast::hash(&body)).bytes());
    out.extend(body);
    out.push(b'\n');
    Ok(())
}

/// The JSON of a signal, in the words of every other file of signals, on one line.
pub fn json(record: &Record) -> String {
    // Texts and numbers into memory: there is nothing that could fail.
    serde_json::to_string(&signal(record)).unwrap_or_default()
}

fn signal(record: &Record) -> Signal<'_> {
    let o = &record.observation;
    Signal {
        at: o.at,
        precision: o.precision.as_str().into(),
        at_kind: o.at_kind.as_str().into(),
        until: o.until,
        seen_at: o.seen_at,
        component: o.component.as_str().into(),
        capability: o.capability.as_str().into(),
        state: o.state.as_str().into(),
        region: o.region.as_str().into(),
        source: Source { kind: o.source.kind.as_str().into(), name: o.source.name.as_str().into() },
        count: o.count,
        baseline: o.baseline,
        share: o.share.iter().filter(|(_, v)| v.is_finite()).map(|(k, v)| (k.as_str().into(), *v)).collect(),
        value: o.value,
        n: o.n,
        likelihood: o.likelihood.map(|l| Chances { failed: l.failed, ok: l.ok }).filter(Chances::is_finite),
        text: record.text.as_deref().map(Cow::from),
        url: record.url.as_deref().map(Cow::from),
    }
}

/// What stands in one line of a log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// The JSON of a whole record, and where in the line it ends.
    Whole(&'a [u8], usize),
    /// Bytes that are no record.
    Damaged,
}

/// The pieces of `line`, which has no line break. A line holds more than one record if the break between them is damaged.
pub(super) fn pieces(line: &[u8]) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let Some((json, end)) = whole(line, at) else {
            found.push(Piece::Damaged);
            break;
        };
        found.push(Piece::Whole(json, end));
        if end < line.len() {
            found.push(Piece::Damaged);
        }
        at = end + 1;
    }
    found
}

/// The JSON of the record that begins at `start`, and where it ends.
fn whole(line: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = line.get(start..)?;
    let crc = rest.get(..CRC_DIGITS)?;
    // Upper case would be another text with the same value.
    if crc.iter().any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) || rest.get(CRC_DIGITS) != Some(&b' ') {
        return None;
    }
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?, 16).ok()?;
    let body = &rest[CRC_DIGITS + 1..];
    let digits = body.iter().position(|&b| b == b' ').filter(|&d| d <= 7)?;
    let length: usize = std::str::from_utf8(&body[..digits]).ok()?.parse().ok()?;
    let body = body.get(..digits + 1 + length)?;
    (crc32fast::hash(body) == crc).then(|| (&body[digits + 1..], start + CRC_DIGITS + 1 + body.len()))
}

/// What the JSON of a whole record says; `None` if it is of a kind that this version does not know.
pub(super) fn read(json: &[u8]) -> Option<Stored> {
    let Line { identity, signal: s } = serde_json::from_slice(json).ok()?;
    let observation = Observation {
        at: s.at,
        precision: look_up(PRECISIONS, &s.precision)?,
        at_kind: look_up(AT_KINDS, &s.at_kind)?,
        until: s.until,
        seen_at: s.seen_at,
        component: s.component.into_owned(),
        capability: s.capability.into_owned(),
        state: look_up(STATES, &s.state)?,
        region: s.region.into_owned(),
        source: SourceName { kind: look_up(SOURCE_KINDS, &s.source.kind)?, name: s.source.name.into_owned() },
        count: s.count,
        baseline: s.baseline,
        share: s.share.into_iter().map(|(k, v)| (k.into_owned(), v)).collect(),
        value: s.value,
        n: s.n,
        likelihood: s.likelihood.map(|l| Likelihood { failed: l.failed, ok: l.ok }),
    };
    let (text, url) = (s.text.map(Cow::into_owned), s.url.map(Cow::into_owned));
    Some(Stored { identity: identity.into_owned(), record: Record { observation, text, url, span: NOWHERE } })
}

/// What tells one trouble from another: its source and identity.
pub(super) fn key(identity: &str, record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&record.observation.source, identity).hash(&mut hasher);
    hasher.finish()
}

/// True if the record says what was so at the moment of looking, so that every look gives it a new time.
pub(super) fn is_sighting(record: &Record) -> bool {
    record.observation.at_kind == AtKind::Seen && record.observation.at == record.observation.seen_at
}

/// The same for records that say the same: all but when it was told, and but the time of a sighting.
pub(super) fn content(record: &Record) -> u64 {
    let Record { observation, text, url, span: _ } = record;
    let Observation {
        at,
        precision,
        at_kind,
        until,
        seen_at: _,
        component,
        capability,
        state,
        region,
        source: _,
        count,
        baseline,
        share,
        value,
        n,
        likelihood,
    } = observation;
    let mut hasher = DefaultHasher::new();
    (!is_sighting(record)).then_some(at).hash(&mut hasher);
    (precision, at_kind, until, component, capability, state, region, text, url).hash(&mut hasher);
    let numbers = [*count, *baseline, *value, *n, likelihood.map(|l| l.failed), likelihood.map(|l| l.ok)];
    numbers.map(|n| n.map(f64::to_bits)).hash(&mut hasher);
    for (symptom, part) in share {
        (symptom, part.to_bits()).hash(&mut hasher);
    }
    hasher.finish()
}

/// The day in whose log a record is kept: that on which it was told, in UTC.
pub(super) fn day(record: &Record) -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(record.observation.seen_at).date()
}
