//! The queue of what is to be told: each message is taken once and in order, whatever receivers, process and disk do.

use crate::notify::{message, receiver};
use crate::run;
use commoncause::collect::config::{Notify, Receiver};
use commoncause::collect::fetch::{Fetcher, Limits};
use commoncause::notify::{
    DEAD_LETTERS, Delivery, FOLDER, MAX_WAITING, Message, Outbox, Outcome, SAME_RECEIVER, Status, UNDELIVERED,
    UNREADABLE, UNUSABLE, alertmanager,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a receiver does with one request.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    /// Answers with this status, and headers.
    Says(&'static str),
    /// Answers nothing for a while.
    Hangs,
    /// Takes it, after a while.
    Late,
    /// Ends the connection.
    Closes,
}

/// A receiver in this process.
pub struct Taker {
    address: SocketAddr,
    /// What it does with the next requests; then it takes all.
    plan: Arc<Mutex<VecDeque<Does>>>,
    /// Heads and bodies of all requests.
    pub asked: Arc<Mutex<Vec<(String, Value)>>>,
    /// Bodies of those that it took.
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Taker {
    pub fn new(plan: &[Does]) -> Taker {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let plan = Arc::new(Mutex::new(plan.iter().copied().collect::<VecDeque<Does>>()));
        let taker =
            Taker { address: listener.local_addr().unwrap(), plan, asked: Arc::default(), taken: Arc::default() };
        let (plan, asked, taken) = (taker.plan.clone(), taker.asked.clone(), taker.taken.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (plan, asked, taken) = (plan.clone(), asked.clone(), taken.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some((head, body)) = request(&stream) else { return };
                    asked.lock().unwrap().push((head, body.clone()));
                    let does = plan.lock().unwrap().pop_front().unwrap_or(Does::Says("200 OK\r\n"));
                    match does {
                        Does::Says(status) => {
                            if status.starts_with('2') {
                                taken.lock().unwrap().push(body);
                            }
                            let head = format!("HTTP/1.1 {status}connection: close\r\ncontent-length: 0\r\n\r\n");
                            let _ = stream.write_all(head.as_bytes());
                        }
                        Does::Hangs => std::thread::sleep(Duration::from_millis(900)),
                        Does::Late => {
                            std::thread::sleep(Duration::from_millis(900));
                            taken.lock().unwrap().push(body);
                            let _ =
                                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
                        }
                        Does::Closes => {}
                    }
                });
            }
        });
        taker
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn notify(&self) -> Notify {
        receiver(Receiver::Webhook, &self.url(), Some("s3cret"))
    }

    /// Incidents and what was said of them, as far as it was taken.
    pub fn taken(&self) -> Vec<(String, String)> {
        let text = |body: &Value, key: &str| body[key].as_str().unwrap().to_string();
        self.taken.lock().unwrap().iter().map(|body| (text(body, "key"), text(body, "status"))).collect()
    }
}

fn request(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let length = lower.split("content-length: ").nth(1)?.split('\r').next()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, serde_json::from_slice(&body).unwrap()))
}

fn fetcher() -> Fetcher {
    let short = Duration::from_millis(300);
    let limits = Limits { connect: short, idle: short, total: short * 2, ..Limits::default() };
    Fetcher::new(limits, "ops@example.org").unwrap()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn start() -> Timestamp {
    "2026-11-18T12:05:00Z".parse().unwrap()
}

fn open(data: &Path, receivers: &[Notify]) -> Outbox {
    let (outbox, notices) = Outbox::open(data, receivers).unwrap();
    assert_eq!(notices, []);
    outbox
}

/// Delivers all that is due at `now`, to all at the same time.
fn deliver(outbox: &mut Outbox, fetcher: &Fetcher, now: Timestamp) -> Vec<Delivery> {
    let mut done = Vec::new();
    loop {
        let attempts = outbox.take(now);
        if attempts.is_empty() {
            done.extend(outbox.told());
            return done;
        }
        let sent = wait(join_all(attempts.iter().map(|attempt| attempt.send(fetcher))));
        for (attempt, sent) in attempts.iter().zip(sent) {
            done.extend(outbox.settle(attempt, sent, now));
        }
    }
}

/// Delivers whatever is due as time goes by, until nothing waits.
fn deliver_all(outbox: &mut Outbox, fetcher: &Fetcher, now: &mut Timestamp) -> Vec<Delivery> {
    let mut done = Vec::new();
    for _ in 0..200 {
        if outbox.waiting() == 0 {
            return done;
        }
        *now = outbox.due(*now).unwrap().max(*now);
        let told = deliver(outbox, fetcher, *now);
        // A host that asked for rest counts real seconds.
        if told.iter().any(|d| d.to_string().contains("left alone")) {
            std::thread::sleep(Duration::from_millis(100));
        }
        done.extend(told);
    }
    panic!("it is never delivered: {done:#?}");
}

pub fn files(data: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(data.join(FOLDER)).unwrap().map(name).collect();
    names.sort();
    names
}

fn dead(data: &Path) -> Vec<Value> {
    let text = fs::read_to_string(data.join(DEAD_LETTERS)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const STORY: [Status; 3] = [Status::Suspected, Status::Changed, Status::Resolved];

#[test]
fn each_is_taken_once_and_in_order_by_a_receiver_in_trouble() {
    let data = tempfile::tempdir().unwrap();
    let trouble = [
        Does::Says("500 Internal Server Error\r\n"),
        Does::Says("429 Too Many Requests\r\nRetry-After: 1\r\n"),
        Does::Hangs,
        Does::Closes,
        Does::Says("200 OK\r\n"),
        Does::Says("502 Bad Gateway\r\n"),
    ];
    let (troubled, well) = (Taker::new(&trouble), Taker::new(&[]));
    let mut outbox = open(data.path(), &[troubled.notify(), well.notify()]);
    let (fetcher, mut now) = (fetcher(), start());
    for status in STORY {
        outbox.put(&message("i", status), now).unwrap();
    }
    assert_eq!((outbox.waiting(), files(data.path()).len()), (6, 6));
    let first = deliver(&mut outbox, &fetcher, now);
    // The other one does not wait for it.
    assert_eq!((well.taken().len(), outbox.waiting()), (3, 3), "{first:#?}");
    assert!(outbox.due(now).unwrap() > now);
    assert!(deliver(&mut outbox, &fetcher, now).is_empty(), "not yet");
    let told = deliver_all(&mut outbox, &fetcher, &mut now);
    let all: Vec<(String, String)> = STORY.map(|s| ("i".to_string(), s.as_str().to_string())).to_vec();
    assert_eq!((troubled.taken(), well.taken()), (all.clone(), all));
    assert_eq!((files(data.path()), outbox.due(now), dead(data.path())), (vec![], None, vec![]));
    // All attempts at one message have one name, and no two messages have the same.
    let asked = troubled.asked.lock().unwrap().clone();
    let ids: Vec<&str> = asked.iter().map(|(_, body)| body["id"].as_str().unwrap()).collect();
    assert!(ids[..5].iter().all(|id| *id == ids[0]) && ids[5] == ids[6] && ids[0] != ids[5], "{ids:?}");
    assert!(asked[0].0.to_lowercase().contains(&format!("idempotency-key: {}", ids[0])), "{}", asked[0].0);
    assert!(told.iter().any(|d| d.to_string().contains("tried again at 2026-11-18 12:")), "{told:#?}");
    assert!(!format!("{told:?}{outbox:?}").contains("s3cret"));
}

#[test]
fn what_is_refused_for_good_is_kept_with_the_reason_and_holds_nothing_up() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join(DEAD_LETTERS), "{\"half\":").unwrap();
    let taker = Taker::new(&[Does::Says("400 Bad Request\r\n"), Does::Says("425 Too Early\r\n")]);
    let mut outbox = open(data.path(), &[taker.notify()]);
    for status in [Status::Suspected, Status::Resolved] {
        outbox.put(&message("i", status), start()).unwrap();
    }
    let told = deliver(&mut outbox, &fetcher(), start());
    assert!(matches!(&told[0].outcome, Outcome::GivenUp { why } if why.contains("400")), "{told:?}");
    assert!(matches!(&told[1].outcome, Outcome::Waiting { why, .. } if why.contains("425")), "{told:?}");
    deliver_all(&mut outbox, &fetcher(), &mut start());
    assert_eq!(taker.taken(), [("i".to_string(), "resolved".to_string())]);
    let text = fs::read_to_string(data.path().join(DEAD_LETTERS)).unwrap();
    let letter: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (letter["message"]["key"].as_str(), letter["message"]["status"].as_str()),
        (Some("i"), Some("suspected"))
    );
    assert!(letter["why"].as_str().unwrap().contains("400") && !text.contains("s3cret"), "{text}");
}

#[test]
fn what_waits_survives_the_process_and_is_for_its_receiver_only() {
    let data = tempfile::tempdir().unwrap();
    let takers = [Taker::new(&[]), Taker::new(&[]), Taker::new(&[])];
    let notify: Vec<Notify> = takers.iter().map(Taker::notify).collect();
    let mut outbox = open(data.path(), &notify);
    outbox.put(&message("i", Status::Suspected), start()).unwrap();
    // Whoever is not sure whether it was put puts it again.
    outbox.put(&message("i", Status::Suspected), start()).unwrap();
    assert_eq!(outbox.waiting(), 3);
    drop(outbox);
    // In another order, and one is gone.
    let (mut outbox, notices) = Outbox::open(data.path(), &[notify[2].clone(), notify[0].clone()]).unwrap();
    assert_eq!(notices.iter().map(|n| n.code).collect::<Vec<_>>(), [UNDELIVERED], "{notices:?}");
    outbox.put(&message("i", Status::Resolved), start()).unwrap();
    drop(outbox);
    let mut outbox = open(data.path(), &[notify[2].clone(), notify[0].clone()]);
    assert_eq!(outbox.waiting(), 4);
    deliver_all(&mut outbox, &fetcher(), &mut start());
    let all = [("i".to_string(), "suspected".to_string()), ("i".to_string(), "resolved".to_string())];
    assert_eq!((takers[0].taken(), takers[1].taken(), takers[2].taken()), (all.to_vec(), vec![], all.to_vec()));
    let letters = dead(data.path());
    assert!(letters.len() == 1 && letters[0]["why"].as_str().unwrap().contains("no longer configured"), "{letters:?}");
    drop(outbox);
    assert_eq!((open(data.path(), &notify).waiting(), files(data.path())), (0, vec![]));
}

#[test]
fn receivers_are_told_apart_by_place_and_else_by_what_is_written() {
    let data = tempfile::tempdir().unwrap();
    let pager = |key: &str| {
        let mut pager = receiver(Receiver::PagerDuty, "https://events.example.org/", Some("0123"));
        pager.secret.as_mut().unwrap().written = format!("${{{key}}}");
        pager
    };
    let mut tenant = receiver(Receiver::Alertmanager, "https://alerts.example.org/", None);
    let other = tenant.clone();
    tenant.headers[0].1.written = "b".to_string();
    let all = [pager("A"), pager("B"), tenant, other, pager("A")];
    let (mut outbox, notices) = Outbox::open(data.path(), &all).unwrap();
    assert_eq!(notices.iter().map(|n| n.code).collect::<Vec<_>>(), [SAME_RECEIVER]);
    outbox.put(&message("i", Status::Suspected), start()).unwrap();
    assert_eq!(outbox.waiting(), 4);
    assert!(
        !files(data.path())
            .iter()
            .any(|f| fs::read_to_string(data.path().join(FOLDER).join(f)).unwrap().contains("0123\""))
    );
}

#[test]
fn files_that_are_no_messages_are_set_aside() {
    let data = tempfile::tempdir().unwrap();
    let taker = Taker::new(&[]);
    let mut outbox = open(data.path(), &[taker.notify()]);
    for n in 0..3 {
        outbox.put(&message(&n.to_string(), Status::Suspected), start()).unwrap();
    }
    drop(outbox);
    let folder = data.path().join(FOLDER);
    let names = files(data.path());
    let (torn, changed) = (folder.join(&names[0]), folder.join(&names[1]));
    let text = fs::read_to_string(&torn).unwrap();
    fs::write(&torn, &text[..text.len() / 2]).unwrap();
    let text = fs::read_to_string(&changed).unwrap();
    fs::write(&changed, text.replace("okta", "aws1")).unwrap();
    fs::write(folder.join("notes.txt"), "x").unwrap();
    fs::write(folder.join("0123456789abcdef-7.json"), [0xff, 0]).unwrap();
    fs::create_dir(folder.join("0123456789abcdef-00000000000000000001.json")).unwrap();
    fs::write(folder.join("0123456789abcdef-00000000000000000002.tmp"), "{").unwrap();
    let (mut outbox, notices) = Outbox::open(data.path(), &[taker.notify()]).unwrap();
    assert_eq!(notices.len(), 5, "{notices:?}");
    assert!(notices.iter().all(|n| n.code == UNREADABLE), "{notices:?}");
    deliver_all(&mut outbox, &fetcher(), &mut start());
    assert_eq!(taker.taken(), [("2".to_string(), "suspected".to_string())]);
    let left = files(data.path());
    assert!(left.len() == 5 && left.iter().all(|f| f.ends_with(".unreadable")), "{left:?}");
    drop(outbox);
    open(data.path(), &[taker.notify()]);
}

#[test]
fn a_place_that_cannot_be_used_is_told_and_nothing_is_half_put() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("file"), "").unwrap();
    for nowhere in [data.path().join("file"), Path::new("/proc/commoncause").to_path_buf()] {
        assert_eq!(Outbox::open(&nowhere, &[]).unwrap_err().code, UNUSABLE);
    }
    let takers = [Taker::new(&[]), Taker::new(&[])];
    let mut outbox = open(data.path(), &[takers[0].notify(), takers[1].notify()]);
    fs::remove_dir(data.path().join(FOLDER)).unwrap();
    let problem = outbox.put(&message("i", Status::Suspected), start()).unwrap_err();
    assert!(problem.code == UNUSABLE && problem.message.contains("cannot use `"), "{problem:?}");
    assert_eq!((outbox.waiting(), outbox.due(start())), (0, None));
    fs::create_dir(data.path().join(FOLDER)).unwrap();
    outbox.put(&message("i", Status::Suspected), start()).unwrap();
    deliver_all(&mut outbox, &fetcher(), &mut start());
    assert_eq!((takers[0].taken().len(), takers[1].taken().len()), (1, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_given_up_that_cannot_be_kept() {
    let data = tempfile::tempdir().unwrap();
    let taker = Taker::new(&[Does::Says("400 Bad Request\r\n"), Does::Says("400 Bad Request\r\n")]);
    let mut outbox = open(data.path(), &[taker.notify()]);
    outbox.put(&message("i", Status::Suspected), start()).unwrap();
    std::os::unix::fs::symlink("/dev/full", data.path().join(DEAD_LETTERS)).unwrap();
    let told = deliver(&mut outbox, &fetcher(), start());
    assert!(matches!(told[0].outcome, Outcome::Waiting { .. }) && outbox.waiting() == 1, "{told:?}");
    let problem = told[0].problem.as_ref().unwrap();
    assert!(problem.code == UNUSABLE && problem.help.as_ref().unwrap().contains("make room"), "{problem:?}");
    fs::remove_file(data.path().join(DEAD_LETTERS)).unwrap();
    deliver_all(&mut outbox, &fetcher(), &mut start());
    assert_eq!(dead(data.path()).len(), 1);
}

#[test]
fn after_a_day_it_is_given_up_but_not_because_a_clock_was_wrong() {
    let data = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut outbox = open(data.path(), &[receiver(Receiver::Webhook, &format!("http://{closed}/"), None)]);
    for status in STORY {
        outbox.put(&message("i", status), start()).unwrap();
    }
    let fetcher = fetcher();
    let mut now = start() + SignedDuration::from_hours(25);
    for attempt in 1..=3 {
        let told = deliver(&mut outbox, &fetcher, now);
        let given_up = told.iter().filter(|d| matches!(d.outcome, Outcome::GivenUp { .. })).count();
        assert_eq!(given_up, if attempt < 3 { 0 } else { 3 }, "{told:?}");
        // A clock that is set back makes nothing wait for days.
        assert_eq!(outbox.due(start()), (attempt < 3).then(start));
        now = outbox.due(now).unwrap_or(now);
    }
    assert_eq!((outbox.waiting(), files(data.path())), (0, vec![]));
    assert!(dead(data.path()).iter().all(|letter| letter["why"].as_str().unwrap().contains("within 24 h")));
}

#[test]
fn an_alert_that_goes_on_is_renewed_until_it_is_over() {
    let data = tempfile::tempdir().unwrap();
    let taker = Taker::new(&[]);
    let notify = [receiver(Receiver::Alertmanager, &taker.url(), None)];
    let mut outbox = open(data.path(), &notify);
    let (fetcher, mut now) = (fetcher(), start());
    outbox.put(&message("i", Status::Suspected), now).unwrap();
    assert_eq!(deliver(&mut outbox, &fetcher, now).len(), 1);
    assert_eq!((outbox.waiting(), outbox.due(now)), (0, Some(now + alertmanager::RENEW)));
    now += alertmanager::RENEW;
    assert!(deliver(&mut outbox, &fetcher, now).is_empty(), "nobody needs to know");
    drop(outbox);
    // Another process goes on with it at once.
    let mut outbox = open(data.path(), &notify);
    assert_eq!((outbox.waiting(), outbox.due(now)), (0, Some(now)));
    taker.plan.lock().unwrap().push_back(Does::Says("500 Internal Server Error\r\n"));
    let told = deliver(&mut outbox, &fetcher, now);
    assert!(matches!(told[0].outcome, Outcome::NotRenewed { .. }), "{told:?}");
    outbox.put(&message("i", Status::Resolved), now).unwrap();
    deliver_all(&mut outbox, &fetcher, &mut now);
    assert_eq!((outbox.due(now), files(data.path())), (None, vec![]));
    let ends: Vec<String> =
        taker.taken.lock().unwrap().iter().map(|body| body[0]["endsAt"].as_str().unwrap().to_string()).collect();
    assert_eq!(ends, ["2026-11-18T12:35:00Z", "2026-11-18T12:40:00Z", "2026-11-18T12:03:30Z"]);
}

#[test]
fn an_attempt_can_be_a_task_of_its_own_and_shows_no_secret() {
    fn sendable<T: Send + 'static>(_: &T) {}
    let data = tempfile::tempdir().unwrap();
    let mut outbox = open(data.path(), &[receiver(Receiver::PagerDuty, "http://127.0.0.1:9/s3cret", Some("s3cret"))]);
    outbox.put(&message("i", Status::Suspected), start()).unwrap();
    let (attempt, fetcher) = (outbox.take(start()).pop().unwrap(), fetcher());
    assert!(!format!("{attempt:?}").contains("s3cret"));
    sendable(&async move { attempt.send(&fetcher).await });
}

#[test]
fn who_does_not_answer_holds_up_nobody_else_and_what_is_put_meanwhile_is_kept_at_once() {
    let data = tempfile::tempdir().unwrap();
    let (hanging, well) = (Taker::new(&[Does::Hangs]), Taker::new(&[]));
    let mut outbox = open(data.path(), &[hanging.notify(), well.notify()]);
    let fetcher = fetcher();
    outbox.put(&message("i", STORY[0]), start()).unwrap();
    wait(async {
        let mut attempts = outbox.take(start());
        let (mine, first) = (attempts.remove(0), attempts.remove(0));
        let slow = mine.send(&fetcher);
        tokio::pin!(slow);
        // It is under way, and not over.
        assert!(tokio::time::timeout(Duration::from_millis(50), slow.as_mut()).await.is_err());
        let sent = first.send(&fetcher).await;
        assert_eq!(outbox.settle(&first, sent, start()).len(), 1);
        assert_eq!((outbox.take(start()).len(), outbox.due(start())), (0, None), "one attempt for each at a time");
        for status in &STORY[1..] {
            outbox.put(&message("i", *status), start()).unwrap();
            assert_eq!(files(data.path()).len(), outbox.waiting());
            let next = outbox.take(start());
            assert_eq!(next.len(), 1, "the other one is busy");
            let sent = next[0].send(&fetcher).await;
            outbox.settle(&next[0], sent, start());
        }
        assert_eq!((well.taken().len(), files(data.path()).len()), (3, 3));
        // It fails a minute later, and rests from then on.
        let later = start() + SignedDuration::from_mins(1);
        let sent = slow.await;
        let told = outbox.settle(&mine, sent, later);
        assert!(matches!(&told[0].outcome, Outcome::Waiting { next, .. } if *next > later), "{told:?}");
        assert!(outbox.due(later).unwrap() > later);
        // What was settled is not settled again.
        assert!(outbox.settle(&mine, Ok(()), later).is_empty() && outbox.waiting() == 3);
    });
    let all: Vec<(String, String)> = STORY.map(|s| ("i".to_string(), s.as_str().to_string())).to_vec();
    deliver_all(&mut outbox, &fetcher, &mut start());
    assert_eq!((hanging.taken(), well.taken()), (all.clone(), all));
}

#[test]
fn what_is_under_way_is_not_given_up_when_too_many_wait() {
    let data = tempfile::tempdir().unwrap();
    let taker = Taker::new(&[]);
    let mut outbox = open(data.path(), &[taker.notify()]);
    for n in 0..MAX_WAITING {
        outbox.put(&nth(n), start()).unwrap();
    }
    let first = outbox.take(start()).pop().unwrap();
    outbox.put(&nth(MAX_WAITING), start()).unwrap();
    let told = outbox.told();
    assert!(told.len() == 1 && told[0].key == "000001" && dead(data.path()).len() == 1, "{told:?}");
    let sent = wait(first.send(&fetcher()));
    let told = outbox.settle(&first, sent, start());
    assert!(told.len() == 1 && told[0].outcome == Outcome::Accepted, "{told:?}");
    assert_eq!((taker.taken()[0].0.as_str(), outbox.waiting()), ("000000", MAX_WAITING - 1));
}

/// Set in the process that the test of kills starts: the data folder, the receiver and the first number.
const CHILD: &str = "COMMONCAUSE_OUTBOX_CHILD";

fn nth(n: usize) -> Message {
    message(&format!("{n:06}"), Status::Suspected)
}

/// What the test of kills starts: puts and delivers until it is killed, and says of each message that it is put.
#[test]
fn puts_and_delivers_until_killed() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let [data, url, first] = child.split('\n').collect::<Vec<_>>().try_into().unwrap();
    let mut outbox = open(Path::new(data), &[receiver(Receiver::Webhook, url, None)]);
    let fetcher = fetcher();
    for n in first.parse::<usize>().unwrap().. {
        outbox.put(&nth(n), start()).unwrap();
        println!("\nput {n}");
        std::io::stdout().flush().unwrap();
        // Now and then several wait.
        if n % 3 == 0 {
            deliver(&mut outbox, &fetcher, start());
        }
    }
}

#[test]
fn whenever_the_process_is_killed_nothing_that_was_put_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let taker = Taker::new(&[]);
    let (mut put, mut next) = (Vec::new(), 0);
    for round in 0..20u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["outbox::puts_and_delivers_until_killed", "--exact", "--nocapture"])
            .env(CHILD, format!("{}\n{}\n{next}", data.path().display(), taker.url()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let number = |line: String| line.strip_prefix("put ").and_then(|n| n.parse::<usize>().ok());
        put.extend(lines.by_ref().find_map(number));
        std::thread::sleep(Duration::from_micros(round * 1700));
        child.kill().unwrap();
        put.extend(lines.filter_map(number));
        child.wait().unwrap();
        // The one after the last may have been put without a word.
        next = put.last().map_or(0, |n| n + 2);
    }
    let mut outbox = open(data.path(), &[receiver(Receiver::Webhook, &taker.url(), None)]);
    deliver_all(&mut outbox, &fetcher(), &mut start());
    let taken: Vec<usize> = taker.taken().iter().map(|(key, _)| key.parse().unwrap()).collect();
    assert!(taken.is_sorted(), "in order: {taken:?}");
    assert!(put.len() >= 20 && put.iter().all(|n| taken.contains(n)), "{put:?}: {taken:?}");
    let twice = taken.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(twice <= 20, "at most one for each kill: {taken:?}");
    assert_eq!(files(data.path()), [""; 0]);
}

#[test]
fn the_command_tries_every_receiver_once() {
    let folder = tempfile::tempdir().unwrap();
    let (well, ill) = (Taker::new(&[]), Taker::new(&[Does::Says("500 Internal Server Error\r\n")]));
    let config = folder.path().join("sources.yaml");
    let write = |receivers: &[&Taker]| {
        let list: String = receivers
            .iter()
            .map(|taker| format!("  - {{to: webhook, url: \"{}\", allow_private: true}}\n", taker.url()))
            .collect();
        let source = "sources: [{name: a, file: a.json, format: statuspage, component: a}]";
        fs::write(&config, format!("{source}\nnotify:\n{list}")).unwrap();
        run(&["notify", "--test", config.to_str().unwrap()])
    };
    let (code, said, told) = write(&[&well]);
    assert_eq!((code, said), (0, format!("webhook ({}): accepted\n", well.address)), "{told}");
    let bodies = well.taken.lock().unwrap().clone();
    assert_eq!(bodies.iter().map(|b| b["status"].as_str().unwrap()).collect::<Vec<_>>(), ["suspected", "resolved"]);
    assert!(bodies.iter().all(|b| b["verdict"].as_str().unwrap().starts_with("TEST: ") && b["verdict_kind"] == "test"));
    let (code, said, _) = write(&[&ill, &well]);
    assert_eq!(code, 3);
    assert!(said.contains("failed: suspected: answered with status 500\n") && said.contains(": accepted\n"), "{said}");
    assert_eq!((ill.asked.lock().unwrap().len(), well.taken().len()), (1, 4));
    assert_eq!(write(&[]).0, 1);
    assert_eq!(run(&["notify", config.to_str().unwrap()]).0, 2);
}
