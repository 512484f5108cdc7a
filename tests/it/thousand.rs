//! A thousand sources, asked at once from servers of our own: the collector stays small, keeps its manners, and is through
//! with all of them within one interval.
#![cfg(target_os = "linux")]

use crate::folder;
use commoncause::collect::standing::{self, Status};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const SOURCES: usize = 1000;
const HOSTS: usize = 10;
const PER_HOST: usize = 2;
const AT_ONCE: usize = 16;
/// Each source is asked so often, and all of them must have been within it.
const INTERVAL: Duration = Duration::from_secs(30);
const MOST_MEMORY: u64 = 200 << 20;
/// How long the servers think, so that questions overlap.
const THINKING: Duration = Duration::from_millis(5);

/// Answers below `tests/feeds`, and their formats.
const ANSWERS: &[(&str, &str)] = &[
    ("statuspage/summary_active.json", "statuspage"),
    ("statuspage/idp_summary_active.json", "statuspage"),
    ("statuspage/summary_healthy.json", "statuspage"),
    ("statuspage/incidents.json", "statuspage"),
    ("statuspage/history.rss", "feed"),
    ("statuspage/history.atom", "feed"),
    ("azure/feed_active.xml", "feed"),
    ("aws/currentevents.utf16be.bin", "aws"),
    ("slack/current_active.json", "slack"),
    ("heroku/current-status_active.json", "heroku"),
    ("betterstack/index_active.json", "betterstack"),
    ("gatus/endpoints_statuses.json", "gatus"),
    ("alertmanager/v2_alerts_firing.json", "alertmanager"),
];

/// What the servers saw.
#[derive(Default)]
struct Seen {
    asked: Mutex<BTreeSet<String>>,
    /// Questions that are being answered, by all servers, and the most at one time.
    all: Busy,
    hosts: Vec<Busy>,
}

#[derive(Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Busy {
    fn enter(&self) {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// Answers what one connection asks, until it is closed.
fn answer(connection: TcpStream, host: usize, seen: &Seen, answers: &[Vec<u8>]) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut writer = connection.try_clone()?;
    let mut lines = BufReader::new(connection).lines();
    while let Some(request) = lines.next().transpose()? {
        let path = request.split(' ').nth(1).unwrap_or_default().to_string();
        // The rest of the head, up to its empty line.
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        seen.all.enter();
        seen.hosts[host].enter();
        let n: usize = path.trim_start_matches('/').parse().unwrap();
        thread::sleep(THINKING);
        let body = &answers[n % answers.len()];
        seen.asked.lock().unwrap().insert(path);
        // Whoever has the answer may ask again.
        seen.hosts[host].leave();
        seen.all.leave();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: \"{n}\"\r\n\r\n", body.len());
        writer.write_all(&[head.as_bytes(), body].concat())?;
    }
    Ok(())
}

/// Servers at addresses of their own, and what they see.
fn servers() -> (Vec<SocketAddr>, Arc<Seen>) {
    let answers: Vec<Vec<u8>> =
        ANSWERS.iter().map(|(file, _)| fs::read(folder(&format!("feeds/{file}"))).unwrap()).collect();
    let answers = Arc::new(answers);
    let seen = Arc::new(Seen { hosts: (0..HOSTS).map(|_| Busy::default()).collect(), ..Seen::default() });
    let serve = |host: usize| {
        let listener = TcpListener::bind(format!("127.0.0.{}:0", host + 1)).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, answers) = (seen.clone(), answers.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (seen, answers) = (seen.clone(), answers.clone());
                // A connection that breaks is the asker's to tell.
                thread::spawn(move || _ = answer(connection.unwrap(), host, &seen, &answers));
            }
        });
        address
    };
    ((0..HOSTS).map(serve).collect(), seen)
}

fn configuration(addresses: &[SocketAddr]) -> String {
    let mut text = format!("limits: {{per_host: {PER_HOST}, at_once: {AT_ONCE}}}\nsources:\n");
    for n in 0..SOURCES {
        let (address, (_, format)) = (addresses[n % HOSTS], ANSWERS[n % ANSWERS.len()]);
        let every = INTERVAL.as_secs();
        writeln!(
            text,
            "  - {{name: s{n}, url: 'http://{address}/{n}', format: {format}, component: c{n}, every: {every}s, allow_private: true}}"
        )
        .unwrap();
    }
    text
}

/// The most memory that a process ever had, in bytes.
fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_thousand_sources_are_asked_within_one_interval() {
    let (addresses, seen) = servers();
    let scratch = tempfile::tempdir().unwrap();
    let sources = scratch.path().join("sources.yaml");
    fs::write(&sources, configuration(&addresses)).unwrap();
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_commoncause"))
        .args(["collect", sources.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wait_for = |what: &str, done: &dyn Fn() -> bool| {
        while !done() {
            assert!(began.elapsed() < 10 * INTERVAL, "{what} takes too long");
            thread::sleep(Duration::from_millis(50));
        }
        began.elapsed()
    };
    let asked = wait_for("asking", &|| seen.asked.lock().unwrap().len() == SOURCES);
    let file = scratch.path().join("data").join(standing::FILE);
    let status = || Status::read(&fs::read(&file).unwrap_or_default(), "status").ok();
    let answered = |s: &Status| s.sources.iter().filter(|e| e.last_answered.is_some()).count();
    let kept = wait_for("keeping", &|| status().is_some_and(|s| answered(&s) == SOURCES));
    let memory = most_memory(child.id());
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let status = status().unwrap();
    assert!(status.ended_at.is_some_and(|end| end <= Timestamp::now()));
    assert!(status.sources.iter().all(|e| e.failures == 0), "{:?}", status.sources.iter().find(|e| e.failures > 0));
    let per_host: Vec<usize> = seen.hosts.iter().map(Busy::most).collect();
    println!(
        "{SOURCES} sources at {HOSTS} hosts: all asked after {asked:.1?}, all kept after {kept:.1?}; {} MiB at most; at once {} in all, {per_host:?} by host",
        memory >> 20,
        seen.all.most()
    );
    assert!(per_host.iter().all(|most| *most <= PER_HOST), "{per_host:?}");
    assert!(seen.all.most() <= AT_ONCE, "{}", seen.all.most());
    assert!(memory < MOST_MEMORY, "{memory} bytes");
    assert!(kept < INTERVAL, "{kept:?}");
}
