//! Answers of feeds as they come: what is read out of each, and what is not read out of broken ones.

use commoncause::collect::classify;
use commoncause::collect::read::{self, Format, recognise};
use commoncause::collect::{Collected, Feed, Reading};
use commoncause::signal::{SourceKind, State};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folder of answers, their format, the component that they speak of, and names of others.
type Kind = (&'static str, Format, &'static str, &'static [(&'static str, &'static str)]);
const FEEDS: &[Kind] = &[
    ("statuspage", Format::Statuspage, "parcelo", &[("search", "parcelo-search"), ("aws us-east-1", "aws-us-east-1")]),
    ("incidentio", Format::IncidentIo, "formwise", &[]),
    ("gcp", Format::Google, "google-cloud", &[]),
    ("workspace", Format::Google, "google-workspace", &[]),
    ("aws", Format::Aws, "aws", &[]),
    ("azure", Format::Feed, "azure", &[("microsoft entra id", "entra-id")]),
    ("slack", Format::Slack, "slack", &[]),
    ("heroku", Format::Heroku, "heroku", &[("data", "heroku-postgres")]),
    ("salesforce", Format::Salesforce, "salesforce", &[]),
    (
        "meta",
        Format::Meta,
        "meta",
        &[("facebook login", "facebook-login"), ("cloud api", "whatsapp-cloud-api"), ("ads manager", "")],
    ),
    ("statusio", Format::StatusIo, "gitforge", &[]),
    ("instatus", Format::Instatus, "chatterbox", &[]),
    ("betterstack", Format::BetterStack, "ledgerly", &[("docs", "ledgerly-docs")]),
    ("cachet", Format::Cachet, "mapline", &[]),
    ("firehydrant", Format::FireHydrant, "quarry", &[]),
    ("m365", Format::Microsoft365, "microsoft-365", &[("exchange online", "exchange-online")]),
];

/// Answers that were received later than the others.
const LATER: &[&str] = &[
    "statuspage/incidents.json",
    "statuspage/summary_healthy.json",
    "incidentio/compat_incidents.json",
    "heroku/incidents.json",
    "betterstack/index_resolved_ends_at_null.json",
    "aws/all.rss",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds")
}

/// One answer, and what it is an answer of.
struct Answer {
    /// Folder and file.
    name: String,
    body: Vec<u8>,
    format: Format,
    feed: Feed,
}

impl Answer {
    fn read(&self) -> Reading {
        read::read(self.format, &self.body, &self.feed).unwrap_or_else(|e| panic!("{}: {}", self.name, e.0))
    }
}

fn answers() -> Vec<Answer> {
    let mut answers = Vec::new();
    for (kind, format, component, names) in FEEDS {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder().join(kind)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = format!("{kind}/{}", file.file_name().unwrap().to_string_lossy());
            if name.ends_with(".expected.jsonl") {
                continue;
            }
            let body = std::fs::read(&file).unwrap();
            let format = if read::feed::is(&body) { Format::Feed } else { *format };
            let component = if name.contains("idp_") { "keystone-id" } else { component };
            let history = name.contains("history") || LATER.contains(&name.as_str());
            let seen_at = if history { "2026-11-20T12:00:00Z" } else { "2026-11-18T15:20:00Z" };
            answers.push(Answer {
                name,
                body,
                format,
                feed: Feed {
                    name: format!("{kind}-page"),
                    component: Some(component.to_string()),
                    names: names.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect(),
                    seen_at: seen_at.parse().unwrap(),
                    rules: classify::built_in(),
                },
            });
        }
    }
    answers
}

fn line(signal: &Collected) -> String {
    let (r, o) = (&signal.record, &signal.record.observation);
    let line = json!({
        "identity": signal.identity,
        "at": o.at.to_string(),
        "at_kind": o.at_kind.as_str(),
        "until": o.until.map(|u| u.to_string()),
        "component": o.component,
        "capability": o.capability,
        "state": o.state.as_str(),
        "region": o.region,
        "source": {"kind": o.source.kind.as_str(), "name": o.source.name},
        "text": r.text,
        "url": r.url,
    });
    line.to_string()
}

fn lines(reading: &Reading) -> String {
    let mut text: String = reading.signals.iter().map(|s| line(s) + "\n").collect();
    for note in &reading.notes {
        text += &(json!({"note": note}).to_string() + "\n");
    }
    text
}

/// Every answer is read, and says what it said yesterday. `UPDATE_EXPECT=1` takes today's reading for right.
#[test]
fn every_answer_is_read_as_it_was() {
    let mut different = Vec::new();
    for answer in answers() {
        let found = lines(&answer.read());
        let path = folder().join(format!("{}.expected.jsonl", answer.name));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &found).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != found {
            different.push(format!("{}:\n{found}", answer.name));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Every signal says what a signal must.
#[test]
fn signals_keep_to_the_contract() {
    for answer in answers() {
        let reading = answer.read();
        let mut identities = BTreeSet::new();
        for signal in &reading.signals {
            let (r, o) = (&signal.record, &signal.record.observation);
            assert!(identities.insert(&signal.identity), "{}: {} twice", answer.name, signal.identity);
            assert!(o.at <= o.seen_at && o.until.is_none_or(|u| o.at <= u && u <= o.seen_at), "{}: {o:?}", answer.name);
            assert_eq!(o.component, o.component.to_lowercase());
            assert!(!o.component.is_empty() && !o.capability.is_empty() && !o.region.is_empty(), "{o:?}");
            assert_eq!(o.source.name, answer.feed.name);
            let text = r.text.as_deref().unwrap_or("-");
            assert!(!text.is_empty() && text.chars().count() <= 500, "{text}");
            assert!(!text.contains("&lt;") && !text.contains("<p>") && !text.contains("**"), "{text}");
        }
        // The same answer a minute later has the same identities.
        let later = Feed { seen_at: answer.feed.seen_at + jiff::SignedDuration::from_mins(1), ..answer.feed.clone() };
        let again = read::read(answer.format, &answer.body, &later).unwrap();
        let again: BTreeSet<_> = again.signals.iter().map(|s| s.identity.clone()).collect();
        assert_eq!(again, identities.into_iter().cloned().collect(), "{}", answer.name);
    }
}

/// Where our reading differs from the suggested one on purpose: answer, how its text begins, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "statuspage/idp_summary_active.json",
        "Elevated login failures",
        "`started_at` was set back: the onset is 14:05, not the post at 14:18; and the name of the part tells the country",
    ),
    (
        "statuspage/summary_unknown_values.json",
        "Sign-in failures",
        "the incident lists its parts with their states, which tell more than an impact that is not known",
    ),
    ("statuspage/incidents.json", "Newsletter delays", "a newsletter is mail"),
    (
        "aws/currentevents.utf16be.bin",
        "AWS Identity and Access",
        "a service without a region in its id has none, whatever the event says",
    ),
    ("aws/currentevents.utf16be.bin", "Amazon CloudFront", "the same"),
    (
        "aws/currentevents.utf16be.bin",
        "Amazon Elastic Compute",
        "services of the same capability are one signal, here with Lambda, which fares worse",
    ),
];

/// Another's reading of the main answers, made without this code.
#[test]
fn readings_agree_with_the_suggested_ones() {
    let expected = std::fs::read_to_string(folder().join("expected_signals.jsonl")).unwrap();
    let mut missing = Vec::new();
    let mut compared = 0;
    for line in expected.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let name = row["fixture"].as_str().unwrap();
        // What monitors answer is compared in a test of its own.
        let Some(mut answer) = answers().into_iter().find(|a| a.name == name) else { continue };
        compared += 1;
        answer.feed.seen_at = row["as_of"].as_str().unwrap().parse().unwrap();
        answer.feed.names.clear();
        let wanted = &row["signal"];
        let capability = match wanted["capability"].as_str().unwrap() {
            "general" => "any",
            "network" => "connectivity",
            "cdn" => "content",
            other => other,
        };
        let state = match wanted["state"].as_str().unwrap() {
            "major_outage" | "partial_outage" => State::Failing,
            "degraded" => State::Degraded,
            "info" => State::Unknown,
            other => panic!("{other}"),
        };
        let seconds = |v: &Value| v.as_str().map(|t| t.parse::<Timestamp>().unwrap().as_second());
        let reading = answer.read();
        let found = reading.signals.iter().any(|s| {
            let o = &s.record.observation;
            let region = wanted["region"].as_str().unwrap_or("global");
            o.capability == capability
                && o.state == state
                && Some(o.at.as_second()) == seconds(&wanted["at"])
                && o.until.map(Timestamp::as_second) == seconds(&wanted["until"])
                && region.split(',').any(|r| r == o.region)
        });
        let known = DIFFERENCES
            .iter()
            .any(|(file, text, _)| *file == name && wanted["text"].as_str().unwrap().starts_with(text));
        if found == known {
            missing.push(format!("{line}\n-> {}", lines(&reading)));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert_eq!(compared, 32);
}

#[test]
fn answers_are_recognised_by_what_they_look_like() {
    let mut wrong = Vec::new();
    for answer in answers() {
        let found = recognise("status.example.com", "/", &answer.body);
        let empty = answer.body.len() <= 6;
        // Answers in the layout of Statuspage are read as such, whoever gives them.
        let layout = answer.name.contains("compat_") && found == Some(Format::Statuspage);
        if found != Some(answer.format) && !layout && !empty {
            wrong.push(format!("{}: {found:?}", answer.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(recognise("health.aws.amazon.com", "/public/currentevents", b"[]"), Some(Format::Aws));
    assert_eq!(recognise("a.example", "/", b"<!doctype html><html></html>"), None);
    assert_eq!(recognise("a.example", "/", b"{}"), None);
    assert_eq!(recognise("a.example", "/", b"[]"), None);
}

#[test]
fn what_is_no_answer_is_told_with_what_it_is() {
    let feed = answers().remove(0).feed;
    let pages: BTreeSet<Format> = FEEDS.iter().map(|(_, format, ..)| *format).collect();
    for (word, format) in read::FORMATS.iter().filter(|(_, format)| pages.contains(format)) {
        for (body, found) in [
            (&b"<!DOCTYPE html><html><body>Sign in</body></html>"[..], "HTML"),
            (b"", "empty"),
            (b"   \n", "empty"),
            (b"\xFE\xFF\x00", "UTF-16"),
            (b"{\"page\":", "beginning"),
            (b"{}", "an empty object"),
            (b"\"ok\"", "a text"),
            (b"5", "a number"),
            (b"null", "null"),
            (b"[1, 2]", "a list of 2"),
            (b"{\"error\": \"rate limited\"}", "an object with `error`"),
        ] {
            let Err(unreadable) = read::read(*format, body, &feed) else {
                panic!("{word} reads {:?}", String::from_utf8_lossy(body));
            };
            if *format != Format::Feed {
                assert!(unreadable.0.contains(found), "{word}: {}", unreadable.0);
            }
            assert!(unreadable.0.starts_with("expected "), "{word}: {}", unreadable.0);
        }
    }
}

/// A part that is well or not, as a reading says.
fn said(reading: &Reading, wanted: &[State]) -> BTreeSet<(String, String)> {
    let of_pages = reading.signals.iter().map(|s| &s.record.observation).filter(|o| wanted.contains(&o.state));
    of_pages.map(|o| (o.component.clone(), o.capability.clone())).collect()
}

#[test]
fn the_beginning_of_an_answer_is_no_answer() {
    for answer in answers() {
        let end = answer.body.iter().rposition(|b| !b.is_ascii_whitespace() && *b != 0).map_or(0, |p| p + 1);
        for cut in 0..end.saturating_sub(1) {
            if let Ok(reading) = read::read(answer.format, &answer.body[..cut], &answer.feed) {
                panic!("{} up to {cut}: {}", answer.name, lines(&reading));
            }
        }
    }
}

/// Calls `with` with `value` after every one of its fields was changed by `change`.
fn each_changed(value: &Value, change: &dyn Fn(&mut Value, &str) -> bool, with: &mut dyn FnMut(&Value, &str)) {
    fn paths(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(o) => {
                for (key, v) in o {
                    let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                    found.push(path.clone());
                    paths(v, path, found);
                }
            }
            // Rows in the middle are like their neighbours.
            Value::Array(rows) => {
                for (i, v) in rows.iter().enumerate().filter(|(i, _)| *i < 2 || i + 1 == rows.len()) {
                    paths(v, format!("{path}/{i}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    paths(value, String::new(), &mut found);
    for path in found {
        let mut changed = value.clone();
        if change(&mut changed, &path) {
            with(&changed, &path);
        }
    }
}

fn without(value: &mut Value, path: &str) -> bool {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    value.pointer_mut(parent).and_then(Value::as_object_mut).is_some_and(|o| o.remove(&key).is_some())
}

/// Nothing becomes well, and nothing fails, because a field is missing or is something else.
fn nothing_out_of_nothing(change: &dyn Fn(&mut Value, &str) -> bool) {
    let trouble = [State::Failing, State::Degraded];
    for answer in answers() {
        let Ok(text) = String::from_utf8(answer.body.clone()) else { continue };
        let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
        let before = answer.read();
        let components = |r: &Reading| said(r, &trouble).into_iter().map(|(c, _)| c).collect::<BTreeSet<_>>();
        let (well, failing) = (said(&before, &[State::Healthy]), components(&before));
        let mut with = |changed: &Value, path: &str| {
            let body = serde_json::to_vec(changed).unwrap();
            let Ok(reading) = read::read(answer.format, &body, &answer.feed) else { return };
            let found = said(&reading, &[State::Healthy]);
            // A page that calls itself well, and tells of nothing that goes on, is well.
            let excused =
                answer.name.contains("indicator_none") && path == "/incidents" && changed["incidents"].is_null();
            let new = found.difference(&well).filter(|(c, _)| failing.contains(c) && !excused);
            let new: Vec<_> = new.collect();
            assert!(new.is_empty(), "{} with {path} changed calls well: {new:?}", answer.name);
            let new: Vec<_> = components(&reading).difference(&failing).cloned().collect();
            assert!(new.is_empty(), "{} with {path} changed fails: {new:?}", answer.name);
        };
        each_changed(&value, change, &mut with);
    }
}

#[test]
fn a_missing_field_makes_nothing_well_and_nothing_fail() {
    nothing_out_of_nothing(&without);
}

#[test]
fn a_field_of_another_type_makes_nothing_well_and_nothing_fail() {
    for other in [json!(null), json!([{"a": 7}])] {
        nothing_out_of_nothing(&|value, path| {
            value.pointer_mut(path).is_some_and(|v| {
                let differs = std::mem::discriminant(v) != std::mem::discriminant(&other);
                *v = other.clone();
                differs
            })
        });
    }
}

#[test]
fn maintenance_is_never_trouble() {
    for name in ["statuspage/scheduled-maintenances_active.json", "statuspage/scheduled-maintenances_upcoming.json"] {
        let answer = answers().into_iter().find(|a| a.name == name).unwrap();
        assert!(said(&answer.read(), &[State::Failing, State::Degraded]).is_empty(), "{name}");
    }
}

#[test]
fn a_provider_that_is_blamed_is_a_signal_of_its_own() {
    let answer = answers().into_iter().find(|a| a.name == "statuspage/idp_summary_active.json").unwrap();
    let reading = answer.read();
    let blamed: Vec<_> = reading
        .signals
        .iter()
        .map(|s| &s.record.observation)
        .filter(|o| o.source.kind == SourceKind::Analyst)
        .collect();
    let [blamed] = blamed[..] else { panic!("{blamed:?}") };
    assert_eq!((blamed.component.as_str(), blamed.state), ("aws-us-east-1", State::Failing));
    assert_eq!(blamed.region, "us-east-1");
}

#[test]
fn both_orders_of_utf_16_are_read_like_utf_8() {
    let named = |name: &str| answers().into_iter().find(|a| a.name == name).unwrap();
    let (big, utf8) = (named("aws/currentevents.utf16be.bin"), named("aws/currentevents.utf8.json"));
    assert_eq!(big.read(), utf8.read());
    let swapped: Vec<u8> = big.body.chunks_exact(2).flat_map(|p| [p[1], p[0]]).collect();
    assert_eq!(read::read(Format::Aws, &swapped, &big.feed).unwrap(), big.read());
    let empty = named("aws/currentevents_empty.utf16be.bin").read();
    assert_eq!(said(&empty, &[State::Healthy]).len(), 1);
}

proptest! {
    #[test]
    fn nothing_panics_whatever_comes(index in 0usize..60, from in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut answers = answers();
        let count = answers.len();
        let answer = answers.swap_remove(index % count);
        let mut body = answer.body.clone();
        if !body.is_empty() {
            let at = from.index(body.len());
            let end = (at + bytes.len()).min(body.len());
            body.splice(at..end, bytes.iter().copied());
        }
        for (_, format) in read::FORMATS {
            let _ = read::read(*format, &body, &answer.feed);
        }
        let _ = recognise("a.example", "/", &body);
    }
}
