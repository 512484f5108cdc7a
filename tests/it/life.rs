//! The life of what is told once: ends that are never told, words that come late, twice or in another order.

use crate::folder;
use commoncause::collect::config::{self, Source};
use commoncause::collect::life::Life;
use commoncause::collect::read::{self, Format};
use commoncause::collect::{Feed, Reading};
use commoncause::diag::Sources;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn sources(text: &str) -> Vec<Source> {
    let mut files = Sources::default();
    let file = files.add("sources.yaml", text);
    let (config, problems) = config::read(file, text, &|_| Some("secret".to_string()));
    assert_eq!(problems, []);
    config.unwrap().sources
}

/// What comes to us, and the history that keeps it: the last word on each identity.
struct World {
    life: Life,
    kept: BTreeMap<(String, String), commoncause::signal::Record>,
    notes: Vec<String>,
    /// How many records were written.
    written: usize,
}

const TEXT: &str = "\
listen: 127.0.0.1:0
contact: a@example.org
sources:
  - {name: hook, receive: /hook, format: alertmanager, every: 1h}
  - {name: prom, receive: /prom, format: prometheus}
  - {name: graf, receive: /graf, format: grafana}
  - {name: pager, receive: /pager, format: pagerduty}
  - {name: gatus, receive: /gatus, format: gatus}
  - {name: poll, url: 'http://am.example.org/api/v2/alerts', format: alertmanager}
";

fn at(text: &str) -> Timestamp {
    format!("2026-11-22T{text}Z").parse().unwrap()
}

impl World {
    fn new() -> World {
        World { life: Life::new(&sources(TEXT)), kept: BTreeMap::new(), notes: Vec::new(), written: 0 }
    }

    fn keep(&mut self, name: &str, reading: &Reading, now: Timestamp) {
        for one in &reading.signals {
            let before = self.kept.insert((name.to_string(), one.identity.clone()), one.record.clone());
            let same = before.is_some_and(|b| {
                let (b, n) = (&b.observation, &one.record.observation);
                (b.at, b.until, b.state) == (n.at, n.until, n.state)
            });
            self.written += usize::from(!same);
        }
        self.notes.extend(reading.notes.clone());
        self.life.kept(name, reading, now);
    }

    /// Tells of `body` as the source `name` at `now`.
    fn told(&mut self, name: &str, format: Format, body: &Value, now: Timestamp) {
        self.read(name, format, body.to_string().as_bytes(), now);
    }

    fn read(&mut self, name: &str, format: Format, body: &[u8], now: Timestamp) {
        let rules = commoncause::collect::classify::built_in();
        let feed = Feed { name: name.to_string(), component: None, names: BTreeMap::new(), seen_at: now, rules };
        let reading = read::read(format, body, &feed).unwrap();
        for (name, reading) in self.life.settle(name, reading, now) {
            self.keep(&name, &reading, now);
        }
    }

    fn fixture(&mut self, name: &str, format: Format, file: &str, now: Timestamp) {
        self.read(name, format, &std::fs::read(folder(&format!("feeds/{file}"))).unwrap(), now);
    }

    fn wait(&mut self, now: Timestamp) {
        for (name, reading) in self.life.silent(now) {
            self.keep(&name, &reading, now);
        }
    }

    /// Beginning and end of every trouble that a source told, in order.
    fn troubles(&self, name: &str) -> Vec<String> {
        let of = self.kept.iter().filter(|((source, _), _)| source == name).map(|(_, record)| &record.observation);
        let mut all: Vec<String> = of
            .map(|o| {
                let time = |t: Timestamp| t.to_string()[11..19].to_string();
                format!("{} {}–{}", o.component, time(o.at), o.until.map_or("".to_string(), time))
            })
            .collect();
        all.sort();
        all
    }
}

/// A delivery of a webhook about one alert.
fn hook(starts: &str, ends: Option<&str>) -> Value {
    let time = |t: &str| format!("2026-11-22T{t}Z");
    json!({"receiver": "x", "groupKey": "g", "alerts": [{
        "status": if ends.is_some() { "resolved" } else { "firing" },
        "startsAt": time(starts),
        "endsAt": ends.map_or("0001-01-01T00:00:00Z".to_string(), time),
        "labels": {"alertname": "Down", "service": "shop", "severity": "critical"}}]})
}

/// What Prometheus posts about one alert.
fn post(replica: &str, starts: Option<&str>, ends: Option<&str>) -> Value {
    let time = |t: &str| format!("2026-11-22T{t}Z");
    let mut alert = json!({"labels":
        {"alertname": "Down", "service": "shop", "severity": "critical", "replica": replica}});
    if let Some(starts) = starts {
        alert["startsAt"] = json!(time(starts));
    }
    if let Some(ends) = ends {
        alert["endsAt"] = json!(time(ends));
    }
    json!([alert])
}

/// An event of one incident.
fn event(what: &str, occurred: &str) -> Value {
    json!({"event": {"id": occurred, "event_type": format!("incident.{what}"),
        "occurred_at": format!("2026-11-22T{occurred}Z"),
        "data": {"type": "incident", "id": "Q1", "status": if what == "resolved" { "resolved" } else { "triggered" },
            "created_at": "2026-11-22T10:00:00Z", "title": "shop is down", "urgency": "high",
            "service": {"id": "P1", "summary": "shop"}}}})
}

#[test]
fn an_alert_ends_when_it_is_told() {
    let mut world = World::new();
    for (file, now) in [
        ("01_firing_two_alerts", "10:36:30"),
        ("02_firing_group_grown", "10:36:40"),
        ("03_firing_identity_provider", "10:36:42"),
        ("04_firing_watchdog", "10:36:42"),
        ("05_mixed_resolved_and_firing", "10:37:25"),
        ("06_resolved_identity_provider", "10:37:31"),
        ("07_resolved_last", "10:37:35"),
    ] {
        world.fixture("hook", Format::Alertmanager, &format!("alertmanager/{file}.json"), at(now));
    }
    // The end of chat's was never told: it is inhibited by the identity provider's.
    let open: Vec<String> = world.troubles("hook").into_iter().filter(|t| t.ends_with('–')).collect();
    assert_eq!(open, ["chat 10:36:24–"]);
    assert_eq!(world.life.open(), 1);
    world.wait(at("12:36:39"));
    assert_eq!(world.life.open(), 1, "it may be repeated once an hour");
    world.wait(at("12:36:41"));
    assert_eq!(world.life.open(), 0);
    assert!(world.troubles("hook").contains(&"chat 10:36:24–10:36:40".to_string()), "{:?}", world.troubles("hook"));
    assert!(world.notes.iter().any(|n| n.contains("chat: not told again")), "{:?}", world.notes);
}

#[test]
fn an_inhibited_alert_ends_when_a_poll_no_longer_lists_it() {
    let mut world = World::new();
    world.fixture("hook", Format::Alertmanager, "alertmanager/02_firing_group_grown.json", at("10:36:40"));
    // Nothing that a poll never listed ends by it.
    world.fixture("poll", Format::Alertmanager, "alertmanager/v2_alerts_after_recovery.json", at("10:36:41"));
    assert_eq!(world.life.open(), 3);
    world.fixture("poll", Format::Alertmanager, "alertmanager/v2_alerts_with_suppressed.json", at("10:37:00"));
    assert_eq!(world.life.open(), 3);
    world.fixture("poll", Format::Alertmanager, "alertmanager/v2_alerts_after_recovery.json", at("10:38:00"));
    assert_eq!(world.life.open(), 0);
    assert!(world.troubles("hook").contains(&"chat 10:36:24–10:38:00".to_string()), "{:?}", world.troubles("hook"));
    // What another source says ends nothing more, and the true end corrects.
    world.fixture("hook", Format::Alertmanager, "alertmanager/05_mixed_resolved_and_firing.json", at("10:38:10"));
    assert!(world.troubles("hook").contains(&"shop 10:36:24–10:37:24".to_string()), "{:?}", world.troubles("hook"));
}

#[test]
fn an_alert_that_holds_until_a_time_ends_then_unless_it_is_told_again() {
    let mut world = World::new();
    let post = |world: &mut World, now, ends| {
        world.told("prom", Format::Alertmanager, &post("a", Some("10:00:00"), Some(ends)), at(now));
    };
    post(&mut world, "10:00:05", "10:04:00");
    post(&mut world, "10:01:05", "10:05:00");
    world.wait(at("10:05:20"));
    assert_eq!(world.troubles("prom"), ["shop 10:00:00–"]);
    world.wait(at("10:05:31"));
    assert_eq!(world.troubles("prom"), ["shop 10:00:00–10:05:00"]);
    // It was only silent: the same trouble goes on, and ends when it says so.
    post(&mut world, "10:05:40", "10:09:00");
    assert_eq!(world.troubles("prom"), ["shop 10:00:00–"]);
    post(&mut world, "10:06:40", "10:06:30");
    post(&mut world, "10:07:40", "10:06:30");
    assert_eq!(world.troubles("prom"), ["shop 10:00:00–10:06:30"]);
    assert_eq!(world.written, 4);
}

#[test]
fn an_alert_without_times_begins_and_ends_as_it_is_seen() {
    let mut world = World::new();
    world.told("prom", Format::Alertmanager, &post("a", None, Some("10:00:00")), at("10:00:10"));
    assert_eq!(world.troubles("prom"), <[String; 0]>::default(), "the end of what was never heard of");
    world.told("prom", Format::Alertmanager, &post("a", None, None), at("10:01:00"));
    world.told("prom", Format::Alertmanager, &post("a", None, None), at("10:02:00"));
    assert_eq!(world.troubles("prom"), ["shop 10:01:00–"]);
    world.told("prom", Format::Alertmanager, &post("a", None, Some("10:02:30")), at("10:03:00"));
    assert_eq!(world.troubles("prom"), ["shop 10:01:00–10:02:30"]);
    world.told("prom", Format::Alertmanager, &post("a", None, None), at("10:10:00"));
    world.wait(at("10:15:40"));
    assert_eq!(world.troubles("prom"), ["shop 10:01:00–10:02:30", "shop 10:10:00–10:15:00"]);
}

#[test]
fn copies_of_a_monitor_tell_of_one_trouble() {
    let mut world = World::new();
    for minute in 0..10 {
        let time = |second: u32| format!("10:{minute:02}:{second:02}");
        let ends = format!("10:{:02}:00", minute + 4);
        for (replica, starts, second) in [("a", "10:00:00", 5), ("b", "10:00:12", 20)] {
            world.told("prom", Format::Alertmanager, &post(replica, Some(starts), Some(&ends)), at(&time(second)));
        }
    }
    assert_eq!((world.troubles("prom"), world.written), (vec!["shop 10:00:00–".to_string()], 1));
    world.told("prom", Format::Alertmanager, &post("b", Some("10:00:12"), Some("10:10:00")), at("10:10:01"));
    assert_eq!(world.troubles("prom"), ["shop 10:00:00–10:10:00"]);
}

#[test]
fn what_resolves_and_fires_again_is_another_trouble() {
    let mut world = World::new();
    let told = |world: &mut World, starts, ends, now| {
        world.told("hook", Format::Alertmanager, &hook(starts, ends), at(now));
    };
    told(&mut world, "10:00:00", None, "10:00:10");
    told(&mut world, "10:00:00", Some("10:05:00"), "10:05:10");
    told(&mut world, "10:06:00", None, "10:06:10");
    let both = ["shop 10:00:00–10:05:00", "shop 10:06:00–"];
    assert_eq!(world.troubles("hook"), both);
    // A late word on the first changes nothing of the second, nor opens the first again.
    told(&mut world, "10:00:00", Some("10:05:00"), "10:06:20");
    told(&mut world, "10:00:00", None, "10:07:20");
    assert_eq!(world.troubles("hook"), both);
    // An end that was never told: it is over when the next one begins.
    told(&mut world, "10:20:00", None, "10:20:10");
    assert_eq!(world.troubles("hook"), ["shop 10:00:00–10:05:00", "shop 10:06:00–10:20:00", "shop 10:20:00–"]);
}

#[test]
fn a_late_repetition_opens_nothing_and_a_later_word_does() {
    let mut world = World::new();
    world.told("hook", Format::Alertmanager, &hook("10:00:00", None), at("10:00:10"));
    world.told("hook", Format::Alertmanager, &hook("10:00:00", Some("10:05:00")), at("10:05:10"));
    world.told("hook", Format::Alertmanager, &hook("10:00:00", None), at("10:05:20"));
    assert_eq!(world.troubles("hook"), ["shop 10:00:00–10:05:00"]);
    // The server took it for ended since nobody told it otherwise, and then somebody did.
    world.told("hook", Format::Alertmanager, &hook("10:00:00", None), at("10:10:00"));
    assert_eq!(world.troubles("hook"), ["shop 10:00:00–"]);
    // A trouble of which only the end is heard is one, too.
    world.told("graf", Format::Alertmanager, &hook("11:00:00", Some("11:01:00")), at("11:01:05"));
    assert_eq!(world.troubles("graf"), ["shop 11:00:00–11:01:00"]);
}

#[test]
fn events_count_in_the_order_in_which_they_happened() {
    let mut world = World::new();
    let told = |world: &mut World, what, occurred, now| {
        world.told("pager", Format::PagerDuty, &event(what, occurred), at(now));
    };
    told(&mut world, "resolved", "10:30:00", "10:30:01");
    told(&mut world, "triggered", "10:00:01", "10:30:02");
    told(&mut world, "acknowledged", "10:10:00", "10:45:00");
    told(&mut world, "resolved", "10:30:00", "10:50:00");
    assert_eq!(world.troubles("pager"), ["shop 10:00:00–10:30:00"]);
    assert_eq!(world.written, 1);
    told(&mut world, "reopened", "11:00:00", "11:00:01");
    assert_eq!(world.troubles("pager"), ["shop 10:00:00–"]);
    told(&mut world, "acknowledged", "10:29:00", "11:00:02");
    // It stays open until it is resolved: nobody repeats it.
    world.wait(at("23:00:00"));
    assert_eq!(world.troubles("pager"), ["shop 10:00:00–"]);
    told(&mut world, "resolved", "23:10:00", "23:10:01");
    assert_eq!(world.troubles("pager"), ["shop 10:00:00–23:10:00"]);
}

#[test]
fn a_listing_that_is_posted_ends_what_it_no_longer_lists() {
    let mut world = World::new();
    let status = |well: bool| {
        json!([{"name": "shop", "key": "x_shop", "results": [
            {"success": well, "status": 200, "duration": 1, "timestamp": "2026-11-22T10:00:00Z"}]}])
    };
    world.told("gatus", Format::Gatus, &status(false), at("10:00:10"));
    let open = world.life.open();
    world.told("gatus", Format::Gatus, &status(true), at("10:01:10"));
    assert_eq!((open, world.life.open()), (1, 0));
}

#[test]
fn after_a_new_start_what_was_open_goes_on() {
    let mut world = World::new();
    world.told("hook", Format::Alertmanager, &hook("10:00:00", None), at("10:00:10"));
    world.told("prom", Format::Alertmanager, &post("a", Some("10:00:00"), Some("10:04:00")), at("10:00:10"));
    world.told("pager", Format::PagerDuty, &event("resolved", "10:30:00"), at("10:30:01"));
    world.fixture("hook", Format::Alertmanager, "alertmanager/02_firing_group_grown.json", at("10:36:40"));
    world.fixture("poll", Format::Alertmanager, "alertmanager/v2_alerts_firing.json", at("10:37:00"));
    world.life = Life::new(&sources(TEXT));
    assert_eq!(world.life.open(), 0);
    let known: Vec<_> = world.kept.iter().map(|((_, identity), record)| (identity.clone(), record.clone())).collect();
    world.life.recall(known.iter().map(|(identity, record)| (identity.as_str(), record)), at("12:00:00"));
    assert_eq!(world.life.open(), 5);
    // What happened before the end is still late.
    world.told("pager", Format::PagerDuty, &event("triggered", "10:00:01"), at("12:00:01"));
    assert_eq!(world.troubles("pager"), ["shop 10:00:00–10:30:00"]);
    // What the poll had listed and lists no more has ended, and what Prometheus does not tell again.
    world.fixture("poll", Format::Alertmanager, "alertmanager/v2_alerts_after_recovery.json", at("12:01:00"));
    assert_eq!(world.life.open(), 2);
    world.wait(at("12:06:00"));
    assert_eq!(world.life.open(), 1);
    world.told("hook", Format::Alertmanager, &hook("10:00:00", Some("12:07:00")), at("12:07:10"));
    assert_eq!(world.life.open(), 0);
}

#[test]
fn what_was_not_kept_comes_out_again() {
    let mut world = World::new();
    world.told("hook", Format::Alertmanager, &hook("10:00:00", None), at("10:00:10"));
    let now = at("12:30:00");
    let first = world.life.silent(now);
    assert_eq!(first.len(), 1);
    assert_eq!(world.life.silent(now), first, "until it is kept");
    world.wait(now);
    assert_eq!(world.life.silent(now), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However firing and resolved words on three troubles of one alert are mixed, doubled and delayed, a trouble whose end
    /// was told last stays ended, and at most one is open.
    #[test]
    fn in_any_order_at_most_one_trouble_is_open(words in proptest::collection::vec((0usize..3, any::<bool>()), 1..30)) {
        let mut world = World::new();
        let spans = [("10:00:00", "10:05:00"), ("10:10:00", "10:15:00"), ("10:20:00", "10:25:00")];
        let mut now = at("10:30:00");
        let mut told = BTreeSet::new();
        for (which, ended) in words {
            now += SignedDuration::from_secs(1);
            let (starts, ends) = spans[which];
            world.told("hook", Format::Alertmanager, &hook(starts, ended.then_some(ends)), now);
            if ended {
                told.insert(which);
            }
            prop_assert!(world.life.open() <= 1);
        }
        for which in told {
            let line = format!("shop {}–{}", spans[which].0, spans[which].1);
            // All came within moments: what was told as ended is.
            prop_assert!(world.troubles("hook").contains(&line), "{which} {:?}", world.troubles("hook"));
        }
    }
}
