//! How sources stand: what the collector writes, what is shown of it, and what the history says of lag and honesty.

use crate::signal::assert_schema_is_current;
use crate::{folder, run};
use commoncause::collect::ask::Round;
use commoncause::collect::honesty::{History, Track};
use commoncause::collect::standing::{self, Entry, Status, Stretch};
use commoncause::collect::{Reading, config, overview};
use commoncause::diag::{FileId, Sources, Span};
use commoncause::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const DAY: &str = "2026-11-18T00:00:00Z";

/// So many minutes into the day.
fn minute(n: i64) -> Timestamp {
    DAY.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(n)
}

/// What `source` told at `told` of a trouble of `shop` that began at `at`.
fn record(kind: SourceKind, source: &str, state: State, at: i64, told: i64) -> Record {
    Record {
        observation: Observation {
            at: minute(at),
            precision: Precision::Minute,
            at_kind: AtKind::Onset,
            until: None,
            seen_at: minute(told),
            component: "shop".to_string(),
            capability: "any".to_string(),
            state,
            region: "global".to_string(),
            source: SourceName { kind, name: source.to_string() },
            count: None,
            baseline: None,
            share: BTreeMap::new(),
            value: None,
            n: None,
            likelihood: None,
        },
        text: None,
        url: None,
        span: Span { file: FileId(0), start: 0, end: 0 },
    }
}

fn tracks(records: &[(&str, Record)], stretches: &[Stretch]) -> BTreeMap<String, Track> {
    let mut history = History::default();
    let mut records: Vec<_> = records.to_vec();
    records.sort_by_key(|(_, r)| r.observation.seen_at);
    for (identity, record) in &records {
        history.add(identity, record);
    }
    history.tracks(&[], stretches)
}

/// A probe and an alert report a trouble every three hours; `page` tells so many minutes later, if it does.
fn day_of(page: &[Option<i64>]) -> Vec<(&'static str, Record)> {
    let mut all = Vec::new();
    for (name, kind) in [("probe", SourceKind::Probe), ("alert", SourceKind::Alert), ("page", SourceKind::StatusPage)] {
        all.push(("well", record(kind, name, State::Healthy, 0, 0)));
    }
    for (told, begin) in page.iter().zip((60..).step_by(180)) {
        for (name, kind, late) in [("probe", SourceKind::Probe, 1), ("alert", SourceKind::Alert, 5)] {
            all.push(("down", record(kind, name, State::Failing, begin, begin + late)));
            all.push(("down", record(kind, name, State::Recovered, begin + 90, begin + 90 + late)));
        }
        if let Some(late) = told {
            all.push(("post", record(SourceKind::StatusPage, "page", State::Degraded, begin, begin + 1 + late)));
            all.push(("post", record(SourceKind::StatusPage, "page", State::Recovered, begin + 95, begin + 96)));
        }
    }
    all
}

#[test]
fn lag_is_how_late_the_beginning_was_told() {
    let found = tracks(&day_of(&[Some(10), Some(20), Some(30), None, Some(40), Some(50)]), &[]);
    let lag = |name: &str| (found[name].lag.count, found[name].lag.median_s, found[name].lag.p90_s);
    assert_eq!(lag("probe"), (6, Some(60.0), Some(60.0)), "one identity, six troubles");
    assert_eq!(lag("page"), (5, Some(31.0 * 60.0), Some(51.0 * 60.0)));
    assert!(found["probe"].honesty.is_none());
}

#[test]
fn what_began_before_anyone_asked_is_no_lag() {
    let mut records = day_of(&[None; 6]);
    for (identity, began) in [("a", -900), ("b", -90), ("c", 0), ("d", 100), ("e", 200)] {
        records.push((identity, record(SourceKind::StatusPage, "late", State::Failing, began, began.max(0) + 3)));
    }
    assert_eq!(tracks(&records, &[]).get("late").unwrap().lag.count, 2);
    let ran = [Stretch { from: minute(0), until: minute(150) }, Stretch { from: minute(300), until: minute(2000) }];
    assert_eq!(tracks(&records, &ran).get("late").unwrap().lag.count, 1);
    assert_eq!(tracks(&records, &ran)["probe"].lag.count, 5, "nobody asked when the second began");
}

#[test]
fn a_page_admits_what_others_report() {
    let found = tracks(&day_of(&[Some(10), Some(20), Some(30), None, Some(70), Some(50)]), &[]);
    let honesty = found["page"].honesty.unwrap();
    assert_eq!((honesty.troubles, honesty.admitted), (6, 4), "an hour later is too late");
    assert_eq!(honesty.share, Some(4.0 / 6.0));
    let [low, high] = honesty.interval.unwrap();
    assert!(low > 0.3 && low < 4.0 / 6.0 && high > 4.0 / 6.0 && high < 0.95, "{low} {high}");
    assert_eq!(honesty.later_s, None, "four are too few");
    // Few troubles say nothing.
    let honesty = tracks(&day_of(&[Some(1), Some(1), None]), &[])["page"].honesty.unwrap();
    assert_eq!((honesty.troubles, honesty.admitted, honesty.share, honesty.interval), (3, 2, None, None));
}

#[test]
fn one_witness_is_no_trouble_and_no_page_is_its_own() {
    let only = |name: &'static str, kind, second: &'static str, second_kind| {
        let mut records = vec![("well", record(SourceKind::StatusPage, "page", State::Healthy, 0, 0))];
        for (name, kind) in [(name, kind), (second, second_kind)] {
            records.push(("well", record(kind, name, State::Healthy, 0, 0)));
            records.push(("down", record(kind, name, State::Failing, 60, 62)));
        }
        tracks(&records, &[])["page"].honesty.unwrap().troubles
    };
    assert_eq!(only("probe", SourceKind::Probe, "other", SourceKind::Alert), 1);
    assert_eq!(only("probe", SourceKind::Probe, "probe", SourceKind::Alert), 0, "the same name twice");
    assert_eq!(only("probe", SourceKind::Probe, "page", SourceKind::Analyst), 0, "the page itself");
    assert_eq!(only("probe", SourceKind::Probe, "page-2", SourceKind::StatusPage), 0, "another page");
}

/// A status of these sources, as the collector keeps it.
fn status(text: &str, now: Timestamp) -> Status {
    let file = Sources::default().add("sources.yaml", text);
    let (config, problems) = config::read(file, text, &|_| Some("hunter2".to_string()));
    assert!(problems.is_empty(), "{problems:?}");
    Status::begin(&config.unwrap().sources, None, now)
}

const THREE: &str = "contact: a@example.org\nlisten: 127.0.0.1:9\nsources:\n  - {name: a, url: 'https://a.example.org:8443/x?key=${KEY}', every: 1m}\n  - {name: b, url: 'https://${KEY}.example.org/', every: 1m}\n  - {name: c, receive: /c, format: alertmanager}\n";

#[test]
fn a_source_is_heard_unknown_stale_or_never_heard() {
    let mut status = status(THREE, minute(0));
    let words = |status: &Status, now| {
        let seen = overview::overview(status.clone(), &BTreeMap::new(), 14, now);
        let words = seen.sources.iter().map(|s| format!("{} {}", s.entry.name, s.heard.word()));
        words.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(words(&status, minute(1)), "a never, b never, c waiting");
    status.hear("a", &Round::Told(Reading::default()), minute(1), None);
    status.hear("b", &Round::Unchanged, minute(2), None);
    assert_eq!(words(&status, minute(2)), "c waiting, a heard, b heard");
    let why = Round::Unknown("answered with status 503".to_string());
    status.hear("a", &why, minute(3), Some(Duration::from_secs(120)));
    assert_eq!(words(&status, minute(4)), "a unknown, c waiting, b heard");
    assert_eq!(words(&status, minute(60)), "a stale, b stale, c waiting");
    let a = &status.sources[0];
    assert_eq!((a.failures, a.asleep_until, a.first_asked), (1, Some(minute(5)), Some(minute(1))));
    assert_eq!((a.host.as_deref(), status.sources[1].host.as_deref()), (Some("a.example.org:8443"), None));
    assert!(!status.to_json().contains("hunter2"));
    assert_eq!(Status::read(status.to_json().as_bytes(), "x").unwrap(), status);
}

#[test]
fn what_is_known_survives_restarts_and_pauses_are_remembered() {
    let mut first = status(THREE, minute(0));
    first.hear("a", &Round::Unchanged, minute(1), None);
    first.alive(minute(10));
    let text = THREE.replace("name: b", "name: d").replace("every: 1m", "every: 2m");
    let file = Sources::default().add("sources.yaml", text.as_str());
    let sources = config::read(file, &text, &|_| Some("x".to_string())).0.unwrap().sources;
    let second = Status::begin(&sources, Some(first.clone()), minute(12));
    let names: Vec<_> = second.sources.iter().map(|s| (s.name.as_str(), s.last_answered, s.every_s)).collect();
    assert_eq!(names, [("a", Some(minute(1)), 120.0), ("c", None, 14400.0), ("d", None, 120.0)]);
    assert_eq!(second.stretches, [Stretch { from: minute(0), until: minute(12) }]);
    let mut third = Status::begin(&sources, Some(second), minute(100));
    assert_eq!(third.stretches.len(), 2);
    for n in 0..200 {
        third.alive(minute(1000 + 60 * n));
    }
    assert_eq!(third.stretches.len(), 100);
}

#[test]
fn collecting_leaves_a_status_and_it_is_shown() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().to_str().unwrap();
    let config = folder("sources/files.yaml");
    let (code, _, err) = run(&["collect", "status", "--data", data]);
    assert!(code == 3 && err.contains("a collector writes it"), "{err}");
    assert_eq!(run(&["collect", "status"]).0, 2);
    assert_eq!(run(&["collect", "--once", &config, "--data", data]).0, 0);
    let (code, out, err) = run(&["collect", "status", "--data", data]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("heard   keystone-status ") && out.contains("\n2 sources: 2 heard\nwritten "), "{out}");
    assert!(out.contains("when collecting was ended"), "{out}");
    let (code, json, _) = run(&["collect", "status", &config, "--data", data, "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, value["collector"].as_str(), value["total"]["heard"].as_u64()), (0, Some("ended"), Some(2)));
    let parcelo = value["sources"].as_array().unwrap().iter().find(|s| s["name"] == "parcelo-status").unwrap();
    assert_eq!((parcelo["signals"].as_u64(), parcelo["way"].as_str()), (Some(5), Some("file")));
    for (schema, value) in
        [(overview::schema(), value), (standing::schema(), read_json(&scratch.path().join(standing::FILE)))]
    {
        let complaints: Vec<_> =
            jsonschema::draft7::new(&schema).unwrap().iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
    assert_schema_is_current("status.schema.json", &standing::schema());
    assert_schema_is_current("standing.schema.json", &overview::schema());
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn what_failed_comes_first_with_its_reason_and_without_secrets() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path();
    let good = folder("feeds/statuspage/summary_healthy.json");
    let config = format!(
        "data: kept\nsources:\n  - {{name: good, file: {good}, format: statuspage, component: parcelo}}\n  - {{name: shut, url: 'http://127.0.0.1:1/a?key=${{KEY_OF_STATUS}}', component: a, allow_private: true}}\n"
    );
    fs::write(path.join("sources.yaml"), config).unwrap();
    let sources = path.join("sources.yaml");
    for _ in 0..2 {
        let collect = Command::new(env!("CARGO_BIN_EXE_commoncause"))
            .args(["collect", "--once", sources.to_str().unwrap()])
            .env("KEY_OF_STATUS", "hunter2")
            .output()
            .unwrap();
        assert_eq!(collect.status.code(), Some(3));
    }
    // The secret is not there any more, and not needed.
    let (code, out, err) = run(&["collect", "status", sources.to_str().unwrap()]);
    assert_eq!(code, 1, "{out}{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("never   shut ") && lines[0].contains(" 2 times: no connection"), "{out}");
    assert!(lines[1].starts_with("heard   good "), "{out}");
    assert!(out.contains("\n2 sources: 1 heard, 1 never heard\n"), "{out}");
    let kept = fs::read_to_string(path.join("kept").join(standing::FILE)).unwrap();
    assert!(kept.contains("127.0.0.1:1") && !kept.contains("hunter2") && !kept.contains("key="), "{kept}");
}

#[test]
fn a_status_that_cannot_be_written_or_read_hinders_no_collecting() {
    let scratch = tempfile::tempdir().unwrap();
    let (data, config) = (scratch.path().to_str().unwrap(), folder("sources/files.yaml"));
    let file = scratch.path().join(standing::FILE);
    fs::create_dir(&file).unwrap();
    let (code, said, told) = run(&["collect", "--once", &config, "--data", data]);
    assert!(code == 0 && said.contains("parcelo-status: 5 signals, 5 new"), "{said}{told}");
    assert_eq!(told.matches("unwritable-status").count(), 1, "{told}");
    fs::remove_dir(&file).unwrap();
    for bad in ["", "{", "[]", r#"{"schema": "commoncause/status/v9"}"#, "\u{0}"] {
        fs::write(&file, bad).unwrap();
        let (code, _, err) = run(&["collect", "status", "--data", data]);
        assert!(code == 1 && err.contains("bad-status"), "{bad}: {err}");
    }
    let (code, _, told) = run(&["collect", "--once", &config, "--data", data]);
    assert!(code == 0 && told.contains("warning[bad-status]"), "{told}");
    assert_eq!(run(&["collect", "status", "--data", data]).0, 0, "it was begun anew");
    for code in standing::CODES {
        let page =
            fs::read_to_string(format!("{}/docs/diagnostics/{}.md", env!("CARGO_MANIFEST_DIR"), code.id)).unwrap();
        assert!(page.starts_with(&format!("# {}\n", code.id)) && page.contains("**What to do.**"));
    }
}

#[test]
fn a_thousand_sources_with_hostile_names_fit_the_screen() {
    let scratch = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let entry = Entry { name: "x".to_string(), ..status(THREE, now).sources[0].clone() };
    let hostile = |n: usize| Entry {
        name: format!("{n}\u{1b}[2J\u{202e}\nname of a source that is far too long for a line"),
        why: n.is_multiple_of(3).then(|| "no\u{7}\r\n".repeat(50)),
        failures: u32::from(n.is_multiple_of(3)) * u32::MAX,
        last_answered: now.checked_sub((n as i64).minutes()).ok(),
        every_s: 3600.0,
        ..entry.clone()
    };
    let old = now - SignedDuration::from_mins(5);
    let status = Status { written_at: old, sources: (0..1000).map(hostile).collect(), ..status(THREE, old) };
    fs::write(scratch.path().join(standing::FILE), status.to_json()).unwrap();
    let (code, out, err) = run(&["collect", "status", "--data", scratch.path().to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(out.lines().count(), 1002);
    assert!(out.lines().all(|l| l.chars().count() <= 80) && !out.contains(['\u{1b}', '\u{202e}', '\r', '\u{7}']));
    assert!(out.starts_with("stale   999") && out.ends_with("5m ago: the collector seems not to run\n"), "{out}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever is told in whatever order, shares stay shares and times are not negative.
    #[test]
    fn any_history_has_a_track(told in prop::collection::vec((0..4usize, 0..6usize, 0..3usize, -500i64..500, 0i64..500, 0..3u8), 0..60)) {
        const KINDS: [SourceKind; 4] = [SourceKind::StatusPage, SourceKind::Probe, SourceKind::Alert, SourceKind::Analyst];
        const STATES: [State; 6] = [State::Failing, State::Degraded, State::Healthy, State::Recovered, State::Maintenance, State::Unknown];
        let mut history = History::default();
        for (kind, state, name, at, seen, end) in told {
            let mut record = record(KINDS[kind], ["a", "b", "c"][name], STATES[state], at, seen);
            record.observation.until = (end == 1).then(|| minute(at + 30));
            history.add(["x", "y", "z"][usize::from(end)], &record);
        }
        for track in history.tracks(&[], &[]).values() {
            prop_assert!(track.lag.median_s.is_none_or(|m| m >= 0.0 && track.lag.p90_s.unwrap() >= m));
            if let Some(h) = track.honesty {
                prop_assert!(h.admitted <= h.troubles);
                prop_assert!(h.interval.is_none_or(|[low, high]| low <= h.share.unwrap() && h.share.unwrap() <= high));
            }
        }
    }
}
