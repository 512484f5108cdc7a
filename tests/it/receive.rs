//! What comes to us: a server on loopback, and senders of every kind.

use crate::{folder, run};
use commoncause::collect::ask::Round;
use commoncause::collect::config::{self, Source};
use commoncause::collect::receive::{self, Bounds, Delivery, Routes};
use commoncause::diag::Sources;
use commoncause::store;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Longer than anything here takes, and shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(60);

const TEXT: &str = "\
listen: 127.0.0.1:0
sources:
  - {name: alertmanager, receive: /hooks/alertmanager, format: alertmanager}
  - {name: prometheus, receive: /prom/api/v2/alerts, format: prometheus}
  - {name: grafana, receive: /hooks/grafana, format: grafana}
  - {name: pagerduty, receive: /hooks/pagerduty, format: pagerduty, names: {shop web (prod): shop}}
  - {name: reports, receive: /reports, format: userreports, component: parcelo}
  - {name: closed, receive: /closed, format: alertmanager, secret: '${SECRET}'}
  - {name: signed, receive: /signed, format: pagerduty, secret: '${SECRET}'}
";
const SECRET: &str = "open sesame";

fn sources(text: &str) -> Vec<Source> {
    let mut files = Sources::default();
    let file = files.add("sources.yaml", text);
    let (config, problems) = config::read(file, text, &|_| Some(SECRET.to_string()));
    assert_eq!(problems, []);
    config.unwrap().sources
}

/// What the keeper of a [`Server`] does with what it is given.
const KEEPS: u8 = 0;
const FAILS: u8 = 1;
const SLEEPS: u8 = 2;
const DROPS: u8 = 3;

struct Server {
    address: SocketAddr,
    kept: Arc<Mutex<Vec<(String, Round)>>>,
    does: Arc<AtomicU8>,
    routes: watch::Sender<Arc<Routes>>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new() -> Server {
        Server::with(Bounds { body: 1 << 20, ..Bounds::default() })
    }

    /// One with little patience.
    fn impatient() -> Server {
        let soon = Duration::from_millis(200);
        Server::with(Bounds {
            head: soon,
            body: 100_000,
            body_time: soon,
            keep: soon,
            leave: soon,
            ..Bounds::default()
        })
    }

    fn with(bounds: Bounds) -> Server {
        let (routes, current) = watch::channel(Arc::new(Routes::new(&sources(TEXT))));
        let (stop, stopping) = watch::channel(false);
        let (ready, is_ready) = std::sync::mpsc::channel();
        let kept: Arc<Mutex<Vec<(String, Round)>>> = Arc::default();
        let does = Arc::new(AtomicU8::new(KEEPS));
        let (keeps, what) = (kept.clone(), does.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = receive::listen("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let (told, deliveries) = mpsc::channel(receive::QUEUE);
                let keeper = tokio::spawn(keep(deliveries, keeps, what));
                receive::serve(listener, current, bounds, told, stopping).await;
                keeper.await.unwrap();
            });
        });
        Server { address: is_ready.recv().unwrap(), kept, does, routes, stop, thread: Some(thread) }
    }

    fn kept(&self) -> Vec<(String, Round)> {
        self.kept.lock().unwrap().clone()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes, and gives all that comes back until the connection ends.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may have had enough before all is written.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        post(self.address, path, headers, body)
    }

    /// Posts as monitors do.
    fn json(&self, path: &str, body: &[u8]) -> Answer {
        self.post(path, &[JSON], body)
    }

    /// Whether it still takes what is right.
    fn serves(&self) -> bool {
        self.json("/hooks/alertmanager", &fixture("alertmanager/03_firing_identity_provider.json")).status == 200
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

async fn keep(mut deliveries: mpsc::Receiver<Delivery>, kept: Arc<Mutex<Vec<(String, Round)>>>, does: Arc<AtomicU8>) {
    let mut waiting = Vec::new();
    while let Some(delivery) = deliveries.recv().await {
        match does.load(Ordering::SeqCst) {
            KEEPS => {
                kept.lock().unwrap().push((delivery.source, delivery.round));
                let _ = delivery.kept.send(true);
            }
            FAILS => drop(delivery.kept.send(false)),
            SLEEPS => waiting.push(delivery.kept),
            _ => drop(delivery.kept),
        }
    }
}

/// Path, headers and body of what is posted, and the status of the answer.
type Request<'r> = (&'r str, &'r [(&'r str, &'r str)], &'r [u8], u16);

const JSON: (&str, &str) = ("Content-Type", "application/json");

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn of(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).unwrap_or(0);
        let headers =
            lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_string())).collect();
        Answer { status, headers, body: body.to_string() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head =
        format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::of(&String::from_utf8_lossy(&answer))
}

fn fixture(below: &str) -> Vec<u8> {
    std::fs::read(folder(&format!("feeds/{below}"))).unwrap()
}

fn signature(body: &[u8], secret: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("v1={hex}")
}

#[test]
fn every_delivery_is_taken_and_handed_over() {
    let server = Server::new();
    let table = [
        ("/hooks/alertmanager", "alertmanager/02_firing_group_grown.json", 3),
        ("/hooks/alertmanager", "alertmanager/05_mixed_resolved_and_firing.json", 2),
        ("/hooks/alertmanager", "alertmanager/04_firing_watchdog.json", 0),
        ("/prom/api/v2/alerts", "alertmanager/received.json", 2),
        ("/prom/api/v2/alerts", "prometheus/alerts.json", 4),
        ("/hooks/grafana", "grafana/webhook_firing.json", 2),
        ("/hooks/grafana", "grafana/webhook_resolved.json", 2),
        ("/hooks/grafana", "grafana/webhook_nodata.json", 0),
        ("/hooks/pagerduty", "pagerduty/v3_incident.triggered.json", 1),
        ("/hooks/pagerduty", "pagerduty/v3_incident.resolved.json", 1),
        ("/hooks/pagerduty", "pagerduty/v3_pagey.ping.json", 0),
    ];
    for (path, file, signals) in table {
        let answer = server.json(path, &fixture(file));
        assert_eq!(answer.status, 200, "{file}: {}", answer.body);
        assert_eq!(answer.json()["signals"], signals, "{file}: {}", answer.body);
        let (name, round) = server.kept().pop().unwrap();
        let Round::Told(reading) = round else { panic!("{file}: {round:?}") };
        assert_eq!((path.contains(&name), reading.signals.len()), (name != "prometheus", signals), "{file}");
        assert_eq!(answer.json()["notes"], serde_json::json!(reading.notes), "{file}");
    }
    let csv = server.post("/reports", &[("Content-Type", "text/csv; charset=utf-8")], &fixture_csv());
    assert_eq!(csv.status, 200, "{}", csv.body);
}

fn fixture_csv() -> Vec<u8> {
    let entries = std::fs::read_dir(folder("feeds/userreports")).unwrap().map(|e| e.unwrap().path());
    std::fs::read(entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "csv")).unwrap()).unwrap()
}

#[test]
fn what_is_not_taken_is_told_with_the_reason() {
    let server = Server::with(Bounds { body: 100_000, ..Bounds::default() });
    let body = fixture("alertmanager/02_firing_group_grown.json");
    let large = vec![b' '; 100_001];
    let path = "/hooks/alertmanager";
    let table: [Request; 14] = [
        ("/", &[JSON], &body, 404),
        ("/hooks", &[JSON], &body, 404),
        ("/hooks/alertmanager/", &[JSON], &body, 404),
        ("/hooks/alertmanager/../grafana", &[JSON], &body, 404),
        (path, &[JSON, ("Origin", "https://example.org")], &body, 403),
        (path, &[JSON, ("Origin", "null")], &body, 403),
        (path, &[], &body, 415),
        (path, &[("Content-Type", "text/plain")], &body, 415),
        (path, &[("Content-Type", "application/x-www-form-urlencoded")], &body, 415),
        (path, &[JSON, ("Content-Encoding", "gzip")], &body, 415),
        (path, &[JSON], &large, 413),
        (path, &[JSON], b"", 422),
        (path, &[JSON], b"{\"alerts\": 7}", 422),
        (path, &[JSON], b"<html>", 422),
    ];
    for (path, headers, body, status) in table {
        let answer = server.post(path, headers, body);
        assert_eq!(answer.status, status, "{path} {headers:?}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let problem = answer.json();
        assert_eq!((&problem["status"], &problem["type"]), (&status.into(), &"about:blank".into()));
        assert!(!problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty());
    }
    // What cannot be read is unknown, and nothing else of this was handed over.
    assert!(server.kept().iter().all(|(_, round)| matches!(round, Round::Unknown(_))));
    assert_eq!(server.kept().len(), 3);
    for method in ["GET", "PUT", "OPTIONS", "DELETE", "HEAD", "BREW"] {
        let answer = server.raw(format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        let answer = Answer::of(&answer);
        let allowed = answer.headers.get("allow").map(String::as_str);
        assert_eq!((answer.status, allowed), (405, Some("POST")), "{method}: {}", answer.body);
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    assert!(server.serves());
}

#[test]
fn only_who_knows_the_secret_is_heard() {
    let server = Server::new();
    let body = fixture("alertmanager/02_firing_group_grown.json");
    let event = fixture("pagerduty/v3_incident.triggered.json");
    let (right, wrong) = (signature(&body, SECRET), signature(&body, "other"));
    // `printf 'am:open sesame' | base64`
    let basic = "Basic YW06b3BlbiBzZXNhbWU=";
    let table: [Request; 13] = [
        ("/closed", &[JSON], &body, 401),
        ("/closed", &[JSON, ("Authorization", "Bearer open sesam")], &body, 401),
        ("/closed", &[JSON, ("Authorization", "Bearer")], &body, 401),
        ("/closed", &[JSON, ("Authorization", "Basic !!!")], &body, 401),
        ("/closed", &[JSON, ("Authorization", "Bearer open sesame")], &body, 200),
        ("/closed", &[JSON, ("Authorization", basic)], &body, 200),
        ("/closed", &[JSON, ("X-Commoncause-Signature", &wrong)], &body, 401),
        ("/closed", &[JSON, ("X-Commoncause-Signature", &right)], &event, 401),
        ("/closed", &[JSON, ("X-Commoncause-Signature", &right)], &body, 200),
        ("/signed", &[JSON], &event, 401),
        ("/signed", &[JSON, ("X-PagerDuty-Signature", "v1=00")], &event, 401),
        ("/signed", &[JSON, ("X-PagerDuty-Signature", &right)], &event, 401),
        ("/signed", &[JSON, ("X-PagerDuty-Signature", &format!("{wrong},{}", signature(&event, SECRET)))], &event, 200),
    ];
    let mut taken = 0;
    for (path, headers, body, status) in table {
        let answer = server.post(path, headers, body);
        assert_eq!(answer.status, status, "{path} {headers:?}: {}", answer.body);
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
        assert!(!answer.body.contains("sesame"), "{}", answer.body);
        taken += usize::from(status == 200);
        assert_eq!(server.kept().len(), taken, "{path} {headers:?}");
    }
}

#[test]
fn what_cannot_be_kept_is_to_be_sent_again() {
    let server = Server::impatient();
    let body = fixture("alertmanager/02_firing_group_grown.json");
    for does in [FAILS, SLEEPS, DROPS] {
        server.does.store(does, Ordering::SeqCst);
        let answer = server.json("/hooks/alertmanager", &body);
        assert_eq!(answer.status, 503, "{does}");
        assert!(answer.headers["retry-after"].parse::<u32>().unwrap() > 0);
    }
    assert_eq!(server.kept().len(), 0);
    server.does.store(KEEPS, Ordering::SeqCst);
    assert!(server.serves());
}

#[test]
fn the_slow_and_the_endless_are_cut_off() {
    let server = Server::impatient();
    let head = "POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    // Nothing at all, half a head, and a body that does not come: open on our side, and ended on theirs.
    let ended = |bytes: &[u8]| {
        let mut stream = server.connect();
        stream.write_all(bytes).unwrap();
        let (mut answer, began) = (Vec::new(), Instant::now());
        let _ = stream.read_to_end(&mut answer);
        assert!(began.elapsed() < PATIENCE / 2);
        Answer::of(&String::from_utf8_lossy(&answer)).status
    };
    assert_eq!(ended(b""), 0);
    ended(b"POST /hooks/alert");
    ended(head.as_bytes());
    assert_eq!(ended(format!("{head}Content-Length: 50\r\n\r\n[").as_bytes()), 408);
    assert_eq!(ended(format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n").as_bytes()), 408);
    // Headers without end, and a body without end.
    let mut stream = server.connect();
    let mut written = 0;
    while written < 10_000_000 && stream.write_all(&[b'a'; 1000]).is_ok() {
        written += 1000;
    }
    assert!(written < 10_000_000, "nobody reads that much of a head");
    let chunk = format!("2710\r\n{}\r\n", " ".repeat(10_000));
    let answer = server.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(100)).as_bytes());
    assert!(answer.is_empty() || Answer::of(&answer).status == 413, "{answer}");
    let many: String = (0..1000).map(|i| format!("X-{i}: y\r\n")).collect();
    assert!([0, 400, 431].contains(&Answer::of(&server.raw(format!("{head}{many}\r\n").as_bytes())).status));
    assert!(server.kept().is_empty());
    assert!(server.serves());
}

#[test]
fn requests_in_a_row_and_other_protocols_are_survived() {
    let server = Server::new();
    let body = fixture("alertmanager/03_firing_identity_provider.json");
    let head = format!(
        "POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let one = [head.as_bytes(), &body].concat();
    let answers = server.raw(&one.repeat(20));
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 20);
    assert_eq!(server.kept().len(), 20);
    // Two requests one after the other on one connection.
    let mut stream = server.connect();
    for _ in 0..2 {
        stream.write_all(&one).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        let mut rest = [0; 4096];
        assert!(stream.read(&mut rest).unwrap() > 0);
    }
    for bytes in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ] {
        let answer = server.raw(bytes);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    assert!(server.serves());
}

#[test]
fn five_hundred_at_once_are_all_served() {
    let server = Server::new();
    let body = Arc::new(fixture("alertmanager/02_firing_group_grown.json"));
    let (address, all) = (server.address, Arc::new(std::sync::Barrier::new(500)));
    let threads: Vec<_> = (0..500)
        .map(|_| {
            let (body, all) = (body.clone(), all.clone());
            std::thread::spawn(move || {
                all.wait();
                post(address, "/hooks/alertmanager", &[JSON], &body).status
            })
        })
        .collect();
    let answers: Vec<u16> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(server.kept().len(), 500);
}

#[test]
fn large_bodies_wait_for_each_other() {
    let server = Server::new();
    let mut body = fixture("alertmanager/02_firing_group_grown.json");
    body.resize(500_000, b' ');
    let (address, body) = (server.address, Arc::new(body));
    let threads: Vec<_> = (0..12)
        .map(|_| {
            let body = body.clone();
            std::thread::spawn(move || post(address, "/hooks/alertmanager", &[JSON], &body).status)
        })
        .collect();
    assert!(threads.into_iter().all(|t| t.join().unwrap() == 200));
    assert_eq!(server.kept().len(), 12);
}

#[test]
fn a_signature_that_may_be_wrong_holds_up_nobody_else() {
    let soon = Duration::from_millis(200);
    let server =
        Server::with(Bounds { body: 1 << 20, body_time: PATIENCE, place: soon, leave: soon, ..Bounds::default() });
    let mut alerts = fixture("alertmanager/02_firing_group_grown.json");
    let mut event = fixture("pagerduty/v3_incident.triggered.json");
    alerts.resize(200_000, b' ');
    event.resize(200_000, b' ');
    let right = signature(&event, SECRET);
    let signed = || server.post("/signed", &[JSON, ("X-PagerDuty-Signature", &right)], &event);
    // Four that are read only in part, and never end.
    let head = "POST /signed HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500000\r\nX-PagerDuty-Signature: v1=00\r\n\r\n";
    let held: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(&[head.as_bytes(), &[b' '; 70_000]].concat()).unwrap();
            stream
        })
        .collect();
    let until = |status: u16| {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = signed();
            if answer.status == status {
                return answer;
            }
            assert!(Instant::now() < end, "{}: {}", answer.status, answer.body);
        }
    };
    // Others of that kind are told to come again.
    assert!(until(503).headers["retry-after"].parse::<u32>().unwrap() > 0);
    let known = ("Authorization", "Bearer open sesame");
    for (path, headers) in [("/hooks/alertmanager", &[JSON][..]), ("/closed", &[JSON, known])] {
        assert_eq!(server.post(path, headers, &alerts).status, 200, "{path}");
    }
    let small = fixture("pagerduty/v3_incident.triggered.json");
    let signature = signature(&small, SECRET);
    assert_eq!(server.post("/signed", &[JSON, ("X-PagerDuty-Signature", &signature)], &small).status, 200);
    drop(held);
    until(200);
}

#[test]
fn sources_change_while_it_serves_and_what_is_under_way_is_finished_in_the_end() {
    let mut server = Server::new();
    let body = fixture("alertmanager/03_firing_identity_provider.json");
    let head = format!(
        "POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut idle = server.connect();
    let mut half = server.connect();
    half.write_all(&[head.as_bytes(), &body[..100]].concat()).unwrap();
    // It is certain that the first half was read once a later request is answered.
    assert!(server.serves());
    let other = TEXT.replace("/hooks/alertmanager", "/hooks/other");
    server.routes.send_replace(Arc::new(Routes::new(&sources(&other))));
    assert_eq!(server.json("/hooks/alertmanager", &body).status, 404);
    assert_eq!(server.json("/hooks/other", &body).status, 200);
    server.stop.send_replace(true);
    half.write_all(&body[100..]).unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).unwrap();
    assert_eq!(Answer::of(&answer).status, 200, "{answer}");
    assert_eq!(idle.read(&mut [0; 10]).unwrap_or(0), 0);
    server.thread.take().unwrap().join().unwrap();
    assert_eq!(server.kept().len(), 3);
    assert!(TcpStream::connect(server.address).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_break_the_server(
        heads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 8),
        at in 0usize..150,
        with in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let server = Server::impatient();
        for bytes in &heads {
            server.raw(bytes);
        }
        let body = fixture("alertmanager/03_firing_identity_provider.json");
        let head = format!("POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut changed = [head.as_bytes(), &body].concat();
        changed.splice(at..at + with.len().min(3), with);
        server.raw(&changed);
        prop_assert!(server.serves());
    }
}

/// The program, receiving.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(config: &std::path::Path) -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_commoncause"))
            .args(["collect", config.to_str().unwrap()])
            .env("HOOK_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|l| l.unwrap().strip_prefix("receiving at ").map(|a| a.parse().unwrap()));
        // The rest is read, or the program would wait for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Program { child, address: address.unwrap() }
    }

    fn end(mut self, signal: &str) -> Option<i32> {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

fn known(data: &std::path::Path) -> Vec<String> {
    let now = Timestamp::now();
    let since = jiff::tz::TimeZone::UTC.to_datetime(now).date().yesterday().unwrap();
    let (stored, notices) = store::read(data, since, now);
    assert!(notices.is_empty(), "{notices:?}");
    let line = |s: store::Stored| {
        let o = s.record.observation;
        format!("{} {} {}", o.source.name, o.component, o.until.map_or("open", |_| "ended"))
    };
    stored.into_iter().map(line).collect()
}

#[cfg(unix)]
#[test]
fn what_was_answered_survives_the_end_of_the_process() {
    let scratch = tempfile::tempdir().unwrap();
    let config = scratch.path().join("sources.yaml");
    let text = "listen: 127.0.0.1:0\nsources:\n  - {name: am, receive: /am, format: alertmanager, secret: '${HOOK_SECRET}'}\n  - {name: pd, receive: /pd, format: pagerduty, component: shop}\n";
    std::fs::write(&config, text).unwrap();
    let data = scratch.path().join("data");
    let secret = ("Authorization", "Bearer open sesame");
    let program = Program::start(&config);
    let body = fixture("alertmanager/02_firing_group_grown.json");
    assert_eq!(post(program.address, "/am", &[JSON], &body).status, 401);
    assert_eq!(post(program.address, "/am", &[JSON, secret], &body).status, 200);
    let resolved = fixture("pagerduty/v3_incident.resolved.json");
    assert_eq!(post(program.address, "/pd", &[JSON], &resolved).status, 200);
    program.end("-KILL");
    let before = ["am chat open", "am idp open", "am shop open", "pd shop ended"];
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(known(&data)), before);
    // After a new start, a late word opens nothing, and an end is one.
    let program = Program::start(&config);
    let triggered = fixture("pagerduty/v3_incident.triggered.json");
    assert_eq!(post(program.address, "/pd", &[JSON], &triggered).status, 200);
    let mixed = fixture("alertmanager/05_mixed_resolved_and_firing.json");
    assert_eq!(post(program.address, "/am", &[JSON, secret], &mixed).status, 200);
    assert_eq!(program.end("-TERM"), Some(0));
    assert_eq!(sorted(known(&data)), ["am chat open", "am idp open", "am shop ended", "pd shop ended"]);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = scratch.path().join("sources.yaml");
    let text = format!(
        "listen: {}\nsources:\n  - {{name: am, receive: /am, format: alertmanager}}\n",
        taken.local_addr().unwrap()
    );
    std::fs::write(&config, text).unwrap();
    let (code, _, told) = run(&["collect", config.to_str().unwrap()]);
    assert_eq!(code, 3, "{told}");
    assert!(told.contains("cannot-listen") && told.contains("in `listen`"), "{told}");
    // Once, nothing is received, and nothing listens.
    assert_eq!(run(&["collect", "--once", config.to_str().unwrap()]).0, 0);
}

#[test]
fn who_takes_signals_from_everybody_is_warned() {
    let warned = |listen: &str, secret: &str| {
        let text = format!("listen: '{listen}'\nsources: [{{name: am, receive: /am, format: alertmanager{secret}}}]\n");
        let mut files = Sources::default();
        let file = files.add("sources.yaml", text.as_str());
        let (_, problems) = config::read(file, &text, &|_| Some(SECRET.to_string()));
        problems.iter().map(|p| p.code.id).collect::<Vec<_>>()
    };
    assert_eq!(warned("127.0.0.1:9095", ""), <[&str; 0]>::default());
    assert_eq!(warned("[::1]:9095", ""), <[&str; 0]>::default());
    assert_eq!(warned("0.0.0.0:9095", ", secret: '${S}'"), <[&str; 0]>::default());
    assert_eq!(warned("0.0.0.0:9095", ""), ["open-receiver"]);
    let twice = "listen: 127.0.0.1:9095\nsources:\n  - {name: a, receive: /a, format: grafana}\n  - {name: b, receive: /a, format: grafana}\n";
    let mut files = Sources::default();
    let file = files.add("sources.yaml", twice);
    let (_, problems) = config::read(file, twice, &|_| None);
    assert!(problems.iter().any(|p| p.message.contains("two sources are received at `/a`")), "{problems:?}");
}

#[test]
fn every_code_has_a_page() {
    for code in receive::CODES {
        let page = format!("{}/docs/diagnostics/{}.md", env!("CARGO_MANIFEST_DIR"), code.id);
        let text = std::fs::read_to_string(&page).unwrap_or_else(|e| panic!("{page}: {e}"));
        assert!(text.starts_with(&format!("# {}\n", code.id)) && text.contains("**What to do.**"), "{page}");
    }
}
