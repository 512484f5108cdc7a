//! `watch` tells people: what is under way when it is told to stop, or to tell others.

#![cfg(unix)]

use crate::live::{Process, SECOND, alerts, furnish, looks, say};
use crate::outbox::{Does, Taker, files};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

const WATCH: [&str; 9] =
    ["watch", "sources.yaml", "--every", "200ms", "--settle", "1s", "--format", "json", "--notify"];
const SERVICES: [&str; 3] = ["shop", "chat", "idp"];

/// Watches with one receiver until something is suspected.
fn suspect(place: &Path, url: &str, total: &str) -> Process {
    furnish(place, &more(url, total));
    say(place, "alerts.json", "[]");
    say(place, "looks.json", &looks(&[]));
    let watch = Process::start(place, &WATCH);
    watch.wait(&["nothing is in trouble"]);
    say(place, "alerts.json", &alerts(&SERVICES, Timestamp::now()));
    say(place, "looks.json", &looks(&SERVICES));
    watch.wait(&["\"suspected\""]);
    watch
}

/// What of the configuration is not about what is asked first.
fn more(url: &str, total: &str) -> String {
    format!("{SECOND}limits: {{total: {total}}}\nnotify:\n  - {{to: webhook, url: \"{url}\", allow_private: true}}\n")
}

/// Waits until a receiver was asked.
fn asked(taker: &Taker) {
    let end = Instant::now() + Duration::from_secs(120);
    while taker.asked.lock().unwrap().is_empty() {
        assert!(Instant::now() < end, "nobody asks");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Names of the messages that a receiver was asked to take; none of them twice.
fn names(taker: &Taker) -> Vec<String> {
    let names: Vec<String> =
        taker.asked.lock().unwrap().iter().map(|(_, body)| body["id"].as_str().unwrap().to_string()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    names
}

#[test]
fn what_is_taken_late_while_the_process_ends_is_told_once() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    let taker = Taker::new(&[Does::Late]);
    let watch = suspect(place, &taker.url(), "30s");
    asked(&taker);
    watch.signal("-TERM");
    watch.ends_with(0);
    assert_eq!(taker.taken()[0].1, "suspected");
    let (data, told) = (place.join("data"), names(&taker));
    for file in files(&data) {
        let text = fs::read_to_string(data.join("outbox").join(&file)).unwrap();
        assert!(told.iter().all(|name| !text.contains(name)), "{file}: {text}");
    }
}

#[test]
fn the_end_does_not_wait_for_ever() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    // Connections are made, and nothing is answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let watch = suspect(place, &format!("http://{}/", silent.local_addr().unwrap()), "1s");
    let (began, lines) = (Instant::now(), watch.lines.clone());
    watch.signal("-TERM");
    watch.ends_with(0);
    // A second for an answer, and two more.
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(!files(&place.join("data")).is_empty(), "it waits for the next start");
    let end = Instant::now() + Duration::from_secs(60);
    while !lines.lock().unwrap().iter().any(|line| line.contains("wait for the next start")) {
        assert!(Instant::now() < end, "{lines:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn others_are_told_once_what_is_under_way_has_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    let (before, after) = (Taker::new(&[Does::Late]), Taker::new(&[]));
    let watch = suspect(place, &before.url(), "30s");
    asked(&before);
    furnish(place, &more(&after.url(), "30s"));
    watch.signal("-HUP");
    watch.wait(&["reloaded"]);
    say(place, "alerts.json", "[]");
    say(place, "looks.json", &looks(&[]));
    watch.wait(&["\"resolved\""]);
    let end = Instant::now() + Duration::from_secs(60);
    while !after.taken().iter().any(|(_, status)| status == "resolved") {
        assert!(Instant::now() < end, "{:#?}", watch.lines);
        std::thread::sleep(Duration::from_millis(10));
    }
    // The first one took what was under way, once, and hears no more.
    assert_eq!((before.taken()[0].1.as_str(), names(&before).len()), ("suspected", before.taken().len()));
    assert!(!before.taken().iter().any(|(_, status)| status == "resolved"));
    watch.signal("-TERM");
    watch.ends_with(0);
}
