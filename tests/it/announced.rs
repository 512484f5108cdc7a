//! Announced work of pages that have no fields for its times: it hides no failure for longer than somebody says it goes on.

use commoncause::collect::read::{self, Format};
use commoncause::collect::{Feed, Reading, classify};
use commoncause::signal::State;
use jiff::Timestamp;
use proptest::prelude::*;

fn read_at(format: Format, body: &str, seen_at: &str) -> Reading {
    let feed = Feed {
        name: "page".to_string(),
        component: Some("shop".to_string()),
        names: Default::default(),
        seen_at: seen_at.parse().unwrap(),
        rules: classify::built_in(),
    };
    read::read(format, body.as_bytes(), &feed).unwrap()
}

fn rss(title: &str, text: &str, published: &str) -> String {
    format!(
        "<rss version='2.0'><channel><title>Status</title><link>https://status.shop.example</link><item>\
         <title>{title}</title><description>{text}</description><pubDate>{published}</pubDate><guid>1</guid></item></channel></rss>"
    )
}

/// State, beginning and end of all that is told.
fn told(reading: &Reading) -> Vec<(State, String, Option<String>)> {
    let of = |o: &commoncause::signal::Observation| (o.state, o.at.to_string(), o.until.map(|u| u.to_string()));
    reading.signals.iter().map(|s| of(&s.record.observation)).collect()
}

const EVENT: &str =
    "THIS IS A SCHEDULED EVENT Nov 24, 02:00 - 04:00 UTC Nov 20, 10:00 UTC Scheduled - We move the index.";

#[test]
fn work_that_is_over_stale_or_without_times_is_a_note() {
    let day = "Fri, 20 Nov 2026 01:00:00 +0000";
    for (title, text, seen_at) in [
        ("Scheduled maintenance on 20 November", "The work is finished.", "2026-11-29T01:00:00Z"),
        ("Scheduled maintenance on 20 November", "The work is finished.", "2026-11-20T01:05:00Z"),
        ("Scheduled maintenance on 20 November", "We will upgrade the network.", "2026-11-20T01:05:00Z"),
        ("Scheduled maintenance on 20 November", "We will upgrade the network.", "2026-11-29T01:05:00Z"),
        ("Scheduled maintenance", "On Nov 20, 02:00 - 04:00 PST we upgrade.", "2026-11-20T11:00:00Z"),
        ("Database maintenance", "This has been postponed.", "2026-11-20T01:05:00Z"),
    ] {
        let reading = read_at(Format::Feed, &rss(title, text, day), seen_at);
        assert_eq!(told(&reading), [], "{title}: {text}");
        assert_eq!(reading.notes.len(), 1, "{title}: {text}: {:?}", reading.notes);
    }
}

#[test]
fn work_goes_on_from_its_beginning_to_its_end() {
    let published = "Fri, 20 Nov 2026 10:00:00 +0000";
    let at = |seen_at: &str| read_at(Format::Feed, &rss("Index move", EVENT, published), seen_at);
    let (begin, end) = ("2026-11-24T02:00:00Z", "2026-11-24T04:00:00Z");
    let before = at("2026-11-23T00:00:00Z");
    assert_eq!((told(&before), before.differs_from), (vec![], Some(begin.parse::<Timestamp>().unwrap())));
    let during = at("2026-11-24T03:00:00Z");
    assert_eq!(told(&during), [(State::Maintenance, begin.to_string(), None)]);
    assert_eq!(during.differs_from, Some(end.parse::<Timestamp>().unwrap()));
    let after = at("2026-11-24T04:00:00Z");
    assert_eq!(told(&after), [(State::Maintenance, begin.to_string(), Some(end.to_string()))]);
    assert_eq!((after.differs_from, &after.signals[0].identity), (None, &during.signals[0].identity));
}

#[test]
fn what_updates_say_of_work_counts() {
    let begin = "2026-11-24T02:00:00Z".to_string();
    let published = "Tue, 24 Nov 2026 02:00:00 +0000";
    let done =
        format!("{} {EVENT}", "Nov 24, 03:10 UTC Completed - All is moved. Nov 24, 02:00 UTC In progress - We move.");
    let reading = read_at(Format::Feed, &rss("Index move", &done, published), "2026-11-24T03:20:00Z");
    assert_eq!(told(&reading), [(State::Maintenance, begin.clone(), Some("2026-11-24T03:10:00Z".to_string()))]);
    // In progress without an end: for a day.
    let on = rss("Planned maintenance", "Nov 24, 02:00 UTC In progress - We move.", published);
    let reading = read_at(Format::Feed, &on, "2026-11-24T20:00:00Z");
    assert_eq!(told(&reading), [(State::Maintenance, begin.clone(), None)]);
    let reading = read_at(Format::Feed, &on, "2026-11-26T00:00:00Z");
    assert_eq!(told(&reading), [(State::Maintenance, begin, Some("2026-11-25T02:00:00Z".to_string()))]);
}

#[test]
fn trouble_after_work_is_trouble() {
    let published = "Tue, 24 Nov 2026 02:00:00 +0000";
    for (title, text) in [
        ("Login outage after maintenance", "Investigating – Users cannot log in since 01:30."),
        ("Scheduled maintenance", "Identified - Logins fail after the work on the database."),
        ("Users cannot log in since the maintenance window", "We are looking into it."),
    ] {
        let reading = read_at(Format::Feed, &rss(title, text, published), "2026-11-24T02:10:00Z");
        let [(state, _, None)] = &told(&reading)[..] else { panic!("{title}: {reading:?}") };
        assert!(matches!(state, State::Failing | State::Degraded), "{title}: {state:?}");
    }
}

#[test]
fn work_in_cachet_has_an_end_or_is_a_note() {
    let body = |message: &str, scheduled: &str| {
        format!(
            r#"{{"data": [{{"id": 7, "name": "Database upgrade", "status": 0, "latest_status": 0, "message": "{message}",
            "scheduled_at": {scheduled}, "occurred_at": "2026-11-20 10:00:00", "updated_at": "2026-11-20 10:00:00"}}]}}"#
        )
    };
    let at =
        |message: &str, scheduled: &str| read_at(Format::Cachet, &body(message, scheduled), "2026-11-24T03:00:00Z");
    for (message, scheduled) in [
        ("We upgrade the database.", "null"),
        ("We upgrade the database.", "\"2026-11-24 02:00:00\""),
        ("We upgrade the database.", "\"2026-11-25 02:00:00\""),
    ] {
        let reading = at(message, scheduled);
        assert_eq!((told(&reading), reading.notes.len()), (vec![], 1), "{message} {scheduled}");
    }
    let begin = "2026-11-24T02:00:00Z".to_string();
    let reading = at("We upgrade on 2026-11-24, 02:00 - 04:00 UTC.", "null");
    assert_eq!(told(&reading), [(State::Maintenance, begin.clone(), None)]);
    let reading = at("We upgrade on 2026-11-24, 02:00 - 02:30 UTC.", "null");
    assert_eq!(told(&reading), [(State::Maintenance, begin, Some("2026-11-24T02:30:00Z".to_string()))]);
}

proptest! {
    #[test]
    fn no_text_breaks_the_reading_of_windows(text in "\\PC{0,60}", parts in prop::collection::vec("(Nov|24|31|,|02:00|99:99| - | to |UTC| on |2026|9999-99-99|-| ){1}", 0..14)) {
        let near = "2026-11-18T12:00:00Z".parse().unwrap();
        for text in [text, parts.concat()] {
            if let Some(window) = read::announced::window(&text, near) {
                prop_assert!(window.from < window.to);
            }
        }
    }
}
