//! Monitoring and measurement: what the readers take from answers, and what they take from broken ones.

use crate::{assert_file, folder};
use commoncause::collect::classify;
use commoncause::collect::follow::follow;
use commoncause::collect::read::{self, Format};
use commoncause::collect::{Collected, Feed, Reading, Unreadable};
use commoncause::signal::{AtKind, State};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A format and its word, when its answers were received, the component of the feed, and names.
type Case = (&'static str, Format, &'static str, Option<&'static str>, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const FORMATS: &[Case] = &[
    ("alertmanager", Format::Alertmanager, "2026-11-22T10:37:21Z", None, &[]),
    ("blackbox", Format::Blackbox, "2026-11-22T10:37:22Z", Some("shop"), &[]),
    ("gatus", Format::Gatus, "2026-11-18T15:00:00Z", None, &[("shop/home", "storefront")]),
    ("grafana", Format::Grafana, "2026-11-18T17:00:00Z", None, &[]),
    ("ioda", Format::Ioda, "2026-11-18T15:00:00Z", None, &[]),
    ("pagerduty", Format::PagerDuty, "2026-11-18T17:00:00Z", None, &[("shop web (prod)", "shop")]),
    ("prometheus", Format::Prometheus, "2026-11-22T10:37:49Z", None, &[]),
    ("radar", Format::Radar, "2026-11-18T15:00:00Z", None, &[("amazon web services", "aws")]),
    ("ripe", Format::Ripe, "2026-11-18T15:00:00Z", None, &[("198.51.100.0/24", "idp"), ("1019999", "names")]),
    ("uptimekuma", Format::UptimeKuma, "2026-11-18T15:00:00Z", Some("shop"), &[("2", "shop"), ("3", "chat")]),
    ("upptime", Format::Upptime, "2026-11-18T15:00:00Z", None, &[("docs", ""), ("https://shop.example/login", "shop")]),
    ("userreports", Format::UserReports, "2026-11-18T15:05:00Z", Some("parcelo"), &[("chatterbox", "chatterbox"), ("ledgerly", "ledgerly"), ("mapline", "mapline")]),
];

fn feed(format: &str) -> (impl Fn(&[u8], &Feed) -> Result<Reading, Unreadable>, Feed) {
    let (name, reader, seen_at, component, names) = FORMATS.iter().find(|f| f.0 == format).unwrap();
    let names = names.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    let component = component.map(str::to_string);
    assert!(read::FORMATS.contains(&(*name, *reader)));
    let reader = |body: &[u8], feed: &Feed| read::read(*reader, body, feed);
    (
        reader,
        Feed {
            name: name.to_string(),
            component,
            names,
            seen_at: seen_at.parse().unwrap(),
            rules: classify::built_in(),
        },
    )
}

/// The answers of a format, sorted: file name and bytes.
fn answers(format: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(PathBuf::from(folder("feeds")).join(format)).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<(String, Vec<u8>)> = entries
        .filter(|p| p.is_file())
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&p).unwrap()))
        .collect();
    found.sort();
    found
}

/// A signal as a line of a snapshot, without what is empty.
fn line(one: &Collected) -> Value {
    let o = &one.record.observation;
    let mut line = json!({
        "identity": one.identity,
        "at": o.at.to_string(),
        "at_kind": o.at_kind.as_str(),
        "precision": o.precision.as_str(),
        "until": o.until.map(|t| t.to_string()),
        "component": o.component,
        "capability": o.capability,
        "state": o.state.as_str(),
        "region": o.region,
        "source": o.source.kind.as_str(),
        "count": o.count,
        "baseline": o.baseline,
        "value": o.value,
        "n": o.n,
        "text": one.record.text,
        "url": one.record.url,
    });
    line.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    line
}

fn told(reading: &Result<Reading, Unreadable>) -> String {
    let lines: Vec<Value> = match reading {
        Ok(reading) => {
            reading.signals.iter().map(line).chain(reading.notes.iter().map(|n| json!({"note": n}))).collect()
        }
        Err(Unreadable(why)) => vec![json!({"unreadable": why})],
    };
    lines.iter().map(|l| format!("{l}\n")).collect()
}

#[test]
fn every_answer_gives_the_expected_signals() {
    for (format, ..) in FORMATS {
        let (read, feed) = feed(format);
        for (name, body) in answers(format) {
            let reading = read(&body, &feed);
            assert_file(&format!("tests/feeds/{format}/expected/{name}.jsonl"), &told(&reading));
            let Ok(reading) = reading else { continue };
            let identities: BTreeSet<&str> = reading.signals.iter().map(|c| c.identity.as_str()).collect();
            assert_eq!(identities.len(), reading.signals.len(), "{name}: identities are unique");
            for one in &reading.signals {
                let o = &one.record.observation;
                assert_eq!(o.seen_at, feed.seen_at);
                assert!(o.at <= o.seen_at && o.until.is_none_or(|u| o.at <= u && u <= o.seen_at), "{name}: {one:?}");
                assert!(!o.component.is_empty() && !o.capability.is_empty() && !o.region.is_empty(), "{name}: {one:?}");
                assert!(one.record.text.as_ref().is_none_or(|t| t.chars().count() <= 500));
            }
        }
    }
}

/// Fields of lines of `expected_signals.jsonl` that we read otherwise, and why.
const READ_OTHERWISE: &[(&str, &str, &str)] = &[
    (
        "downdetector/slugs_reports.json",
        "until",
        "one signal from the first count above to the end of the rise, not one per count",
    ),
    ("downdetector/slugs_reports.json", "target", "the answer names nobody: the component of the feed"),
    ("downdetector/slugs_reports.json", "capability", "the answer names no symptom"),
    ("downdetector/slugs_reports.json", "region", "the answer names no country"),
    ("downdetector/slugs_reports.json", "state", "more than ten times what is usual is failing"),
    ("ioda/outages_events_codf.json", "region", "a network or part of a country is no region of ours"),
    ("prometheus/query_range_full_incident.json", "url", "there is none"),
];

/// The words of the suggested reading, in ours.
fn state(word: &str) -> &str {
    match word {
        "major_outage" | "partial_outage" => "failing",
        "operational" => "healthy",
        "info" => "unknown",
        other => other,
    }
}

#[test]
fn what_is_read_is_as_suggested() {
    let text = std::fs::read_to_string(folder("feeds/expected_signals.jsonl")).unwrap();
    let mut compared = 0;
    for wanted in text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        let fixture = wanted["fixture"].as_str().unwrap();
        let (folder_name, file) = fixture.rsplit_once('/').unwrap();
        let format = match folder_name.split('/').next().unwrap() {
            "downdetector" => "userreports",
            other => other,
        };
        if !FORMATS.iter().any(|f| f.0 == format) {
            continue;
        }
        let (read, feed) = feed(format);
        let feed = Feed { seen_at: wanted["as_of"].as_str().unwrap().parse().unwrap(), ..feed };
        let (_, body) = answers(format).into_iter().find(|(name, _)| name == file).unwrap();
        let reading = read(&body, &feed).unwrap();
        let otherwise: BTreeSet<&str> = READ_OTHERWISE.iter().filter(|o| o.0 == fixture).map(|o| o.1).collect();
        let wanted = &wanted["signal"];
        let capability = match wanted["capability"].as_str().unwrap() {
            "network" => "connectivity",
            "general" => "any",
            other => other,
        };
        let time = |v: &Value| v.as_str().map(|t| t.parse::<Timestamp>().unwrap().as_second());
        let fits = |one: &&Collected| {
            let o = &one.record.observation;
            let (at, until) = (time(&wanted["at"]).unwrap(), time(&wanted["until"]));
            let at_fits = o.at.as_second() == at
                || (otherwise.contains("until")
                    && o.at.as_second() <= at
                    && o.until.is_none_or(|u| u.as_second() > at));
            at_fits
                && (otherwise.contains("until") || o.until.map(|u| u.as_second()) == until)
                && (otherwise.contains("target") || o.component == wanted["target"])
                && (otherwise.contains("capability") || o.capability == capability)
                && (otherwise.contains("state") || o.state.as_str() == state(wanted["state"].as_str().unwrap()))
                && (otherwise.contains("region") || o.region == wanted["region"].as_str().unwrap_or("global"))
                && o.source.kind.as_str() == wanted["source"]
                && (wanted["url"].is_null() || one.record.url.as_deref() == wanted["url"].as_str())
        };
        assert!(reading.signals.iter().any(|one| fits(&one)), "{fixture}: {wanted}\nin\n{}", told(&Ok(reading)));
        compared += 1;
    }
    assert_eq!(compared, 14);
}

/// What a reading says of components, without times.
fn said(reading: &Reading) -> BTreeSet<(String, State)> {
    let of = |c: &Collected| (c.record.observation.component.clone(), c.record.observation.state);
    reading.signals.iter().map(of).collect()
}

/// States that a reading may tell of a component that the whole answer told of.
fn only_from(broken: &Reading, whole: &Reading, what: &str) {
    let known: BTreeSet<String> = said(whole).into_iter().map(|s| s.0).collect();
    for (component, state) in said(broken) {
        assert!(known.contains(&component), "{what}: {component} {state:?} out of nothing");
    }
}

#[test]
fn what_is_cut_off_anywhere_says_nothing_new() {
    for (format, ..) in FORMATS {
        let (read, feed) = feed(format);
        for (name, body) in answers(format) {
            let Ok(whole) = read(&body, &feed) else { continue };
            let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
            for end in 0..body.trim_ascii_end().len() {
                match read(&body[..end], &feed) {
                    Ok(_) if is_json => panic!("{name}: read although cut off at {end}"),
                    Ok(part) => only_from(&part, &whole, &format!("{name} cut off at {end}")),
                    Err(Unreadable(why)) => assert!(!why.is_empty()),
                }
            }
        }
    }
}

/// All places in a value, as paths of keys and positions; of long lists the first and last rows.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let escape = |k: &str| k.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(o) => o.iter().for_each(|(k, v)| {
            found.push(format!("{at}/{}", escape(k)));
            places(v, &format!("{at}/{}", escape(k)), found);
        }),
        Value::Array(rows) => {
            rows.iter().enumerate().filter(|(i, _)| *i < 3 || i + 2 > rows.len()).for_each(|(i, v)| {
                found.push(format!("{at}/{i}"));
                places(v, &format!("{at}/{i}"), found);
            })
        }
        _ => {}
    }
}

fn remove(value: &mut Value, place: &str) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    match value.pointer_mut(parent) {
        Some(Value::Object(o)) => drop(o.shift_remove(&key.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(rows)) => drop(rows.remove(key.parse().unwrap())),
        _ => {}
    }
}

/// How many signals of a reading say that something works.
fn healthy(reading: &Reading) -> usize {
    reading.signals.iter().filter(|c| c.record.observation.state == State::Healthy).count()
}

#[test]
fn fields_that_are_missing_or_of_another_type_say_nothing_new() {
    for (format, ..) in FORMATS {
        let (read, mut feed) = feed(format);
        // Whatever loses its name is then about nobody, and must not be about anybody else.
        feed.component = Some("the feed".into());
        feed.names.clear();
        for (name, body) in answers(format) {
            let (Ok(value), Ok(whole)) = (serde_json::from_slice::<Value>(&body), read(&body, &feed)) else { continue };
            let mut all = Vec::new();
            places(&value, "", &mut all);
            for place in all {
                let mut without = value.clone();
                remove(&mut without, &place);
                let mut changed = vec![without];
                for other in [json!(null), json!(7), json!(-1e300), json!("<b>x"), json!([{}]), json!({}), json!(true)]
                {
                    let mut with = value.clone();
                    let there = with.pointer_mut(&place).unwrap();
                    // Another value of the same type is another true answer.
                    if std::mem::discriminant(there) != std::mem::discriminant(&other) {
                        *there = other;
                        changed.push(with);
                    }
                }
                for (i, changed) in changed.iter().enumerate() {
                    let Ok(part) = read(changed.to_string().as_bytes(), &feed) else { continue };
                    assert!(part.signals.len() <= whole.signals.len() + 2, "{name} {place} {i}");
                    // A row less is another true answer; a field less, or of another type, is not.
                    if !place.ends_with(|c: char| c.is_ascii_digit()) {
                        assert!(healthy(&part) <= healthy(&whole), "{name} {place} {i}: {}", told(&Ok(part)));
                    }
                    for one in &part.signals {
                        let o = &one.record.observation;
                        assert!(o.at <= feed.seen_at && o.until.is_none_or(|u| o.at <= u), "{name} {place}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_another_thing_is_unreadable() {
    let others: [&[u8]; 14] = [
        b"",
        b"\n",
        b"<!DOCTYPE html><html><body>up 1\nstatus: up</body></html>",
        b"<?xml version=\"1.0\"?><rss></rss>",
        b"null",
        b"{}",
        b"7",
        b"\"up\"",
        b"[[]]",
        b"[{}]",
        b"{\"error\": \"not found\"}",
        b"Bad gateway",
        b"\xff\xfe\x00",
        b"\x00\xff\xff",
    ];
    for (format, ..) in FORMATS {
        let (read, feed) = feed(format);
        for other in others {
            let reading = read(other, &feed);
            let shown = String::from_utf8_lossy(other);
            let Err(Unreadable(why)) = reading else { panic!("{format}: `{shown}` was read: {reading:?}") };
            assert!(why.contains("expected") || why.contains("could not"), "{format}: {why}");
        }
        // Answers of the other formats are none of this, but where forms are shared.
        for (other, ..) in FORMATS.iter().filter(|f| f.0 != *format) {
            for (name, body) in answers(other) {
                let shared = [("prometheus", ".prom"), ("prometheus", ".txt"), ("alertmanager", "webhook_")];
                let shared = shared.iter().any(|(f, end)| *f == *format && name.contains(end));
                if !shared && let Ok(reading) = read(&body, &feed) {
                    assert!(reading.signals.is_empty(), "{format} read {other}/{name}: {}", told(&Ok(reading)));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_break_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (format, ..) in FORMATS {
            let (read, feed) = feed(format);
            let _ = read(&bytes, &feed);
        }
    }

    #[test]
    fn no_change_of_some_bytes_breaks_a_reader(seed in any::<u64>(), byte in any::<u8>()) {
        for (format, ..) in FORMATS {
            let (read, feed) = feed(format);
            for (_, mut body) in answers(format) {
                let len = body.len();
                body[(seed % len as u64) as usize] = byte;
                body[(seed.rotate_left(17) % len as u64) as usize] = byte.wrapping_add(1);
                let _ = read(&body, &feed);
            }
        }
    }
}

fn reading(format: &str, file: &str, seen_at: &str) -> Reading {
    let (read, feed) = feed(format);
    let body = answers(format).into_iter().find(|(name, _)| name == file).unwrap().1;
    read(&body, &Feed { seen_at: seen_at.parse().unwrap(), ..feed }).unwrap()
}

/// Troubles that are open, by component.
fn open(reading: &Reading) -> Vec<&str> {
    let open = |c: &&Collected| c.record.observation.until.is_none() && c.record.observation.state != State::Healthy;
    reading.signals.iter().filter(open).map(|c| c.record.observation.component.as_str()).collect()
}

#[test]
fn an_alert_has_the_same_identity_in_polls_and_deliveries() {
    let polled = reading("alertmanager", "v2_alerts_firing.json", "2026-11-22T10:37:21Z");
    let delivered = reading("alertmanager", "02_firing_group_grown.json", "2026-11-22T10:37:21Z");
    let polled: BTreeSet<&str> = polled.signals.iter().map(|c| c.identity.as_str()).collect();
    assert_eq!(delivered.signals.len(), 3);
    assert!(delivered.signals.iter().all(|c| polled.contains(c.identity.as_str())));
}

/// Seen in the laboratory: an alert is delivered as firing, then inhibited, and its end is never delivered.
#[test]
fn what_a_poll_no_longer_lists_has_ended() {
    let delivered = reading("alertmanager", "02_firing_group_grown.json", "2026-11-22T10:36:40Z");
    let at: Timestamp = "2026-11-22T10:38:00Z".parse().unwrap();
    let polled = reading("alertmanager", "v2_alerts_after_recovery.json", "2026-11-22T10:38:00Z");
    let after = follow(&delivered.signals, polled, at);
    assert!(open(&after).is_empty());
    let ended: BTreeMap<&str, Option<Timestamp>> =
        after.signals.iter().map(|c| (c.record.observation.component.as_str(), c.record.observation.until)).collect();
    assert_eq!(ended.get("chat"), Some(&Some(at)));
}

#[test]
fn a_trouble_without_a_known_onset_keeps_its_beginning() {
    let at = |t: &str| t.parse::<Timestamp>().unwrap();
    let failed = |t: &str| reading("blackbox", "probe_http_fail_502.prom", t);
    let first = follow(&[], failed("2026-11-22T10:00:00Z"), at("2026-11-22T10:00:00Z"));
    let second = follow(&first.signals, failed("2026-11-22T10:01:00Z"), at("2026-11-22T10:01:00Z"));
    assert_eq!(second.signals.len(), 1);
    assert_eq!(second.signals[0].identity, first.signals[0].identity);
    assert_eq!(second.signals[0].record.observation.at, at("2026-11-22T10:00:00Z"));
    assert_eq!(second.signals[0].record.observation.at_kind, AtKind::Seen);
    let well = reading("blackbox", "probe_http_ok.prom", "2026-11-22T10:02:00Z");
    let third = follow(&second.signals, well, at("2026-11-22T10:02:00Z"));
    assert!(open(&third).is_empty());
    // It fails again: another trouble.
    let fourth = follow(&third.signals, failed("2026-11-22T10:03:00Z"), at("2026-11-22T10:03:00Z"));
    assert_eq!(open(&fourth), ["shop"]);
    assert_ne!(fourth.signals[0].identity, first.signals[0].identity);
}

#[test]
fn what_resolves_and_fires_again_is_two_troubles() {
    let body = |starts: &str, status: &str| {
        json!({"receiver": "x", "groupKey": "g", "alerts": [{"status": status, "startsAt": starts,
            "endsAt": if status == "firing" { "0001-01-01T00:00:00Z" } else { "2026-11-22T10:10:00Z" },
            "labels": {"alertname": "Down", "service": "shop", "severity": "critical"}}]})
    };
    let (read, feed) = feed("alertmanager");
    let read = |v: Value| read(v.to_string().as_bytes(), &feed).unwrap().signals.remove(0);
    let fired = read(body("2026-11-22T10:00:00Z", "firing"));
    let resolved = read(body("2026-11-22T10:00:00Z", "resolved"));
    let again = read(body("2026-11-22T10:20:00Z", "firing"));
    assert_eq!(fired.identity, resolved.identity);
    assert!(resolved.record.observation.until.is_some());
    assert_ne!(again.identity, fired.identity);
}
