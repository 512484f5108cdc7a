//! The history of signals: nothing that was written is lost or changed, whatever happens to process and disk.

use commoncause::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State};
use commoncause::store::{self, Appended, History, Settings, Stored, Sync};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set in the processes that the test of kills starts: the data folder.
const CHILD: &str = "COMMONCAUSE_STORE_CHILD";
const DAY: Date = date(2026, 11, 18);

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn record(component: &str, state: State, at: &str, seen_at: &str) -> Record {
    Record {
        observation: Observation {
            at: time(at),
            precision: Precision::Minute,
            at_kind: AtKind::Onset,
            until: None,
            seen_at: time(seen_at),
            component: component.to_string(),
            capability: "login".to_string(),
            state,
            region: "global".to_string(),
            source: SourceName { kind: SourceKind::StatusPage, name: "page".to_string() },
            count: Some(12.5),
            baseline: None,
            share: BTreeMap::from([("login".to_string(), 0.75)]),
            value: None,
            n: None,
            likelihood: None,
        },
        text: Some("„Störung“\nof \"sign-in\"".to_string()),
        url: None,
        span: commoncause::diag::Span { file: commoncause::diag::FileId(0), start: 0, end: 0 },
    }
}

fn nth(n: usize) -> Record {
    let mut record = record("okta", State::Failing, "2026-11-18T14:00:00Z", "2026-11-18T14:05:00Z");
    record.text = Some("x".repeat(n * 7919 % 300));
    record.observation.count = Some(n as f64);
    record
}

/// One with a text of some kilobytes.
fn long(n: usize) -> Record {
    Record { text: Some("x".repeat(n * 7919 % 8000)), ..nth(n) }
}

fn open(data: &Path) -> History {
    let (history, notices) = History::open(data, Settings::default()).unwrap();
    assert_eq!(notices, [], "nothing to repair");
    history
}

fn known(data: &Path, as_of: &str) -> Vec<Stored> {
    let (stored, notices) = store::read(data, Date::MIN, time(as_of));
    assert_eq!(notices, []);
    stored
}

fn log(data: &Path) -> PathBuf {
    data.join(store::FOLDER).join("2026-11-18.log")
}

#[test]
fn what_is_appended_is_read_again_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let first = record("okta", State::Failing, "2026-11-18T14:00:00Z", "2026-11-18T14:05:00Z");
    let appended = open(data.path()).append([("1", &first)]).unwrap();
    assert_eq!(appended, Appended { new: 1, ..Appended::default() });
    let found = &known(data.path(), "2026-11-19T00:00:00Z")[0];
    assert_eq!((&found.record.observation, &found.record.text), (&first.observation, &first.text));
    let line = fs::read_to_string(log(data.path())).unwrap();
    assert_eq!(line.lines().count(), 1);
    let json = line.split_once('{').unwrap().1;
    assert!(json.starts_with(r#""identity":"1","signal":{"at":"2026-11-18T14:00:00Z","precision":"minute""#), "{json}");
}

#[test]
fn what_was_known_at_any_time_can_be_told() {
    let data = tempfile::tempdir().unwrap();
    let mut history = open(data.path());
    let failing = record("okta", State::Failing, "2026-11-18T14:00:00Z", "2026-11-18T14:05:00Z");
    let mut over = record("okta", State::Failing, "2026-11-18T13:50:00Z", "2026-11-19T00:10:00Z");
    over.observation.until = Some(time("2026-11-19T00:00:00Z"));
    history.append([("1", &failing)]).unwrap();
    let mut again = failing.clone();
    again.observation.seen_at = time("2026-11-18T14:06:00Z");
    assert_eq!(history.append([("1", &again)]).unwrap().same, 1, "told again, nothing new");
    assert_eq!(history.append([("1", &over)]).unwrap().corrections, 1);
    let at = |as_of| known(data.path(), as_of).into_iter().map(|s| s.record.observation).collect::<Vec<_>>();
    assert_eq!(at("2026-11-18T14:04:59Z"), []);
    assert_eq!(at("2026-11-19T00:09:59Z"), std::slice::from_ref(&failing.observation));
    assert_eq!(at("2026-11-19T00:10:00Z"), std::slice::from_ref(&over.observation));
    // An answer that arrives late is kept, and corrects nothing that is newer.
    history.append([("1", &failing)]).unwrap();
    assert_eq!(at("2026-11-19T00:10:00Z"), [over.observation]);
}

#[test]
fn the_same_identity_of_another_source_is_another_signal() {
    let data = tempfile::tempdir().unwrap();
    let page = record("okta", State::Failing, "2026-11-18T14:00:00Z", "2026-11-18T14:05:00Z");
    let mut probe = page.clone();
    probe.observation.source = SourceName { kind: SourceKind::Probe, name: "page".to_string() };
    assert_eq!(open(data.path()).append([("1", &page), ("1", &probe)]).unwrap().new, 2);
    assert_eq!(known(data.path(), "2026-11-19T00:00:00Z").len(), 2);
}

#[test]
fn what_was_written_before_the_start_is_not_written_again() {
    let data = tempfile::tempdir().unwrap();
    let records: Vec<Record> = (0..50).map(nth).collect();
    let named: Vec<(String, &Record)> = records.iter().enumerate().map(|(i, r)| (i.to_string(), r)).collect();
    let all = || named.iter().map(|(i, r)| (i.as_str(), *r));
    assert_eq!(open(data.path()).append(all()).unwrap().new, 50);
    let mut history = open(data.path());
    assert_eq!(history.append(all().chain(all())).unwrap(), Appended { same: 100, ..Appended::default() });
    assert_eq!(history.identities(), 50);
}

#[test]
fn sightings_are_renewed_only_when_they_age() {
    let data = tempfile::tempdir().unwrap();
    let mut history = open(data.path());
    let mut total = Appended::default();
    for minute in 0..60 {
        let now = format!("2026-11-18T14:{minute:02}:00Z");
        let mut healthy = record("okta", State::Healthy, &now, &now);
        healthy.observation.at_kind = AtKind::Seen;
        let appended = history.append([("okta", &healthy)]).unwrap();
        total.new += appended.new;
        total.renewed += appended.renewed;
        total.corrections += appended.corrections;
    }
    assert_eq!(total, Appended { new: 1, renewed: 11, ..Appended::default() });
}

#[test]
fn only_one_process_writes_and_any_number_read() {
    let data = tempfile::tempdir().unwrap();
    let mut history = open(data.path());
    history.append([("1", &nth(1))]).unwrap();
    let problem = History::open(data.path(), Settings::default()).unwrap_err();
    assert_eq!(problem.code, store::IN_USE);
    assert_eq!(known(data.path(), "2026-11-19T00:00:00Z").len(), 1);
    drop(history);
    open(data.path());
}

#[test]
fn a_torn_tail_is_removed_with_a_notice_and_damage_in_the_middle_is_skipped_with_one() {
    let data = tempfile::tempdir().unwrap();
    let records: Vec<Record> = (0..3).map(nth).collect();
    open(data.path()).append(["0", "1", "2"].into_iter().zip(&records)).unwrap();
    let whole = fs::read(log(data.path())).unwrap();
    fs::write(log(data.path()), &whole[..whole.len() - 9]).unwrap();
    let (mut history, notices) = History::open(data.path(), Settings::default()).unwrap();
    assert_eq!(notices.iter().map(|n| n.code).collect::<Vec<_>>(), [store::TORN]);
    history.append([("2", &records[2])]).unwrap();
    drop(history);
    assert_eq!(fs::read(log(data.path())).unwrap(), whole, "as if nothing had happened");
    let mut damaged = whole.clone();
    let second = whole.iter().position(|&b| b == b'\n').unwrap() + 40;
    damaged[second] ^= 1;
    fs::write(log(data.path()), &damaged).unwrap();
    let (stored, notices) = store::read(data.path(), DAY, time("2026-11-19T00:00:00Z"));
    assert_eq!(stored.iter().map(|s| &*s.identity).collect::<Vec<_>>(), ["0", "2"]);
    assert_eq!(notices.iter().map(|n| n.code).collect::<Vec<_>>(), [store::DAMAGED]);
    let (_, notices) = History::open(data.path(), Settings::default()).unwrap();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(fs::read(log(data.path())).unwrap(), damaged, "nothing is thrown away");
}

#[test]
fn a_lost_line_break_loses_no_record() {
    let data = tempfile::tempdir().unwrap();
    let records: Vec<Record> = (0..3).map(nth).collect();
    open(data.path()).append(["0", "1", "2"].into_iter().zip(&records)).unwrap();
    let text = fs::read_to_string(log(data.path())).unwrap().replace('\n', "*");
    fs::write(log(data.path()), text).unwrap();
    assert_eq!(store::read(data.path(), DAY, time("2026-11-19T00:00:00Z")).0.len(), 3);
}

#[test]
fn old_days_go_and_corrections_of_older_days_are_merged() {
    let data = tempfile::tempdir().unwrap();
    let settings = Settings { keep_days: 10, keep_corrections_days: 3, ..Settings::default() };
    let (mut history, _) = History::open(data.path(), settings).unwrap();
    for day in 1..=20 {
        for (minute, state) in [(1, State::Degraded), (2, State::Failing), (3, State::Recovered)] {
            let seen = format!("2026-11-{day:02}T12:{minute:02}:00Z");
            history.append([("a", &record("a", state, &seen, &seen)), ("b", &nth(0))]).unwrap();
        }
    }
    let done = history.maintain(time("2026-11-20T23:00:00Z")).unwrap();
    assert_eq!((done.removed_days, done.dropped_records), (10, 7 * 2));
    assert_eq!(history.maintain(time("2026-11-20T23:00:00Z")).unwrap(), store::Maintained::default());
    let state = |as_of| {
        let found = known(data.path(), as_of).into_iter().find(|s| s.identity == "a");
        found.map(|s| s.record.observation.state)
    };
    assert_eq!(state("2026-11-10T12:30:00Z"), None);
    assert_eq!(state("2026-11-15T12:30:00Z"), Some(State::Recovered));
    assert_eq!(state("2026-11-15T12:02:30Z"), Some(State::Recovered), "of the day before");
    assert_eq!(state("2026-11-18T12:02:30Z"), Some(State::Failing));
    assert_eq!(history.append([("c", &nth(1))]).unwrap().new, 1, "and it goes on");
}

#[test]
fn a_record_beyond_the_limit_is_counted_and_left_out() {
    let data = tempfile::tempdir().unwrap();
    let mut huge = nth(1);
    huge.text = Some("x".repeat(store::MAX_RECORD_BYTES));
    let appended = open(data.path()).append([("1", &huge), ("2", &nth(2))]).unwrap();
    assert_eq!(appended, Appended { new: 1, too_large: 1, ..Appended::default() });
    assert_eq!(known(data.path(), "2026-11-19T00:00:00Z").len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_does_not_end_the_history() {
    let data = tempfile::tempdir().unwrap();
    let (mut history, _) = History::open(data.path(), Settings { sync: Sync::Always, ..Settings::default() }).unwrap();
    history.append([("0", &record("a", State::Failing, "2026-11-17T12:00:00Z", "2026-11-17T12:00:00Z"))]).unwrap();
    std::os::unix::fs::symlink("/dev/full", log(data.path())).unwrap();
    let problem = history.append([("1", &nth(1))]).unwrap_err();
    assert_eq!(problem.code, store::UNWRITABLE);
    assert!(problem.help.unwrap().contains("make room"));
    let (stored, notices) = store::read(data.path(), Date::MIN, time("2026-11-19T00:00:00Z"));
    assert_eq!((stored.len(), notices[0].code), (1, store::UNREADABLE));
    // Room is made: what was refused is taken when it is told again.
    fs::remove_file(log(data.path())).unwrap();
    drop(history);
    assert_eq!(open(data.path()).append([("1", &nth(1))]).unwrap().new, 1);
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("file"), "").unwrap();
    for nowhere in [data.path().join("file"), PathBuf::from("/proc/commoncause")] {
        let problem = History::open(&nowhere, Settings::default()).unwrap_err();
        assert_eq!(problem.code, store::UNWRITABLE, "{}", problem.message);
        assert_eq!(store::read(&nowhere, DAY, time("2026-11-19T00:00:00Z")).0, []);
    }
}

/// What the test of kills starts: appends until it is killed, and says of each batch that it is durable.
#[test]
fn writes_until_killed() {
    let Some(data) = std::env::var_os(CHILD) else { return };
    let (mut history, notices) =
        History::open(Path::new(&data), Settings { sync: Sync::Always, ..Settings::default() }).unwrap();
    assert!(notices.iter().all(|n| n.code == store::TORN), "{notices:?}");
    let mut next = history.identities();
    let mut out = std::io::stdout();
    loop {
        // Small batches and ones of several hundred kilobytes, which take a while to write.
        let batch: Vec<(String, Record)> =
            (next..next + 1 + next * 31 % 97).map(|n| (n.to_string(), long(n))).collect();
        history.append(batch.iter().map(|(identity, record)| (identity.as_str(), record))).unwrap();
        next += batch.len();
        writeln!(out, "durable {next}").and_then(|()| out.flush()).unwrap();
    }
}

#[test]
fn two_hundred_kills_lose_nothing_that_was_durable_and_damage_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (mut durable, mut torn) = (0, 0);
    for round in 0..200_u64 {
        // Now and then from an empty folder, so that reading again stays quick.
        if round % 8 == 0 {
            let _ = fs::remove_dir_all(data.path().join(store::FOLDER));
            durable = 0;
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["store::writes_until_killed", "--exact", "--nocapture"])
            .env(CHILD, data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // It writes from here on.
        let first = lines.by_ref().find(|l| l.contains("durable ")).expect("it writes");
        std::thread::sleep(Duration::from_micros(round * 7919 % 6_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.filter(|l| l.contains("durable ")).last().unwrap_or(first);
        durable = durable.max(last.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
        let text = fs::read(log(data.path())).unwrap();
        torn += usize::from(text.last() != Some(&b'\n'));
        let found: BTreeSet<usize> = known(data.path(), "2026-11-19T00:00:00Z")
            .into_iter()
            .map(|stored| {
                let n: usize = stored.identity.parse().unwrap();
                assert_eq!(stored.record.text.map_or(0, |t| t.len()), n * 7919 % 8000, "whole, as it was written");
                n
            })
            .collect();
        assert!(found.len() >= durable, "round {round}: {} of {durable} durable records", found.len());
        assert!(found.iter().copied().eq(0..found.len()), "round {round}: in order, without a gap");
    }
    println!("200 kills, {torn} of them within a write; no durable record was lost");
}

/// `cargo test --release --test it fifty_thousand -- --nocapture` prints the rate.
#[test]
fn fifty_thousand_signals_a_second_are_appended_and_durable() {
    let data = tempfile::tempdir().unwrap();
    let signals: Vec<(String, Record)> = (0..100_000).map(|n| (format!("incident-{n}/okta/login"), nth(n))).collect();
    let (mut history, _) = History::open(data.path(), Settings { sync: Sync::Always, ..Settings::default() }).unwrap();
    let begun = Instant::now();
    for batch in signals.chunks(1000) {
        history.append(batch.iter().map(|(identity, record)| (identity.as_str(), record))).unwrap();
    }
    let rate = signals.len() as f64 / begun.elapsed().as_secs_f64();
    println!("{rate:.0} signals a second, made durable in batches of 1,000");
    assert_eq!(history.identities(), signals.len());
    // Without optimisation, and beside other tests, only the work is counted on.
    assert!(cfg!(debug_assertions) || rate > 50_000.0, "{rate}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_the_bytes_only_what_was_written_is_read(
        count in 1usize..8, cut in 0usize..4000, flips in prop::collection::vec((0usize..4000, 0u8..8), 0..3)
    ) {
        let data = tempfile::tempdir().unwrap();
        let records: Vec<Record> = (0..count).map(nth).collect();
        let names: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        open(data.path()).append(names.iter().map(String::as_str).zip(&records)).unwrap();
        let mut bytes = fs::read(log(data.path())).unwrap();
        let whole = bytes.len();
        bytes.truncate(cut);
        let length = bytes.len();
        if length > 0 {
            for (at, bit) in &flips {
                bytes[at % length] ^= 1 << bit;
            }
        }
        fs::write(log(data.path()), &bytes).unwrap();
        let intact = |stored: &[Stored]| stored.iter().all(|s| {
            let n: usize = s.identity.parse().unwrap();
            s.record.observation == records[n].observation && s.record.text.as_deref().unwrap_or_default() == records[n].text.as_deref().unwrap_or_default()
        });
        let (before, _) = store::read(data.path(), DAY, time("2026-11-19T00:00:00Z"));
        prop_assert!(intact(&before));
        // At most the record that is cut and one for each flipped bit, and its neighbour behind a lost line break.
        if length == whole {
            prop_assert!(before.len() + 2 * flips.len() + 1 >= count, "{} of {count}", before.len());
        }
        let (mut history, _) = History::open(data.path(), Settings::default()).unwrap();
        let again = history.append(names.iter().map(String::as_str).zip(&records)).unwrap();
        prop_assert_eq!(again.new + before.len(), count, "what was lost is taken again");
        drop(history);
        let (after, _) = store::read(data.path(), DAY, time("2026-11-19T00:00:00Z"));
        prop_assert!(intact(&after) && after.len() == count, "{} of {}", after.len(), count);
    }
}
