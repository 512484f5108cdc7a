//! The laboratory: real Prometheus, Alertmanager, Blackbox exporter and nginx on loopback, whose identity provider fails and
//! recovers; `watch` names it, tells once, and tells that it is over.
//!
//! Needs Debian's packages `prometheus`, `prometheus-alertmanager`, `prometheus-blackbox-exporter` and `nginx-light`; passes
//! with a word where one is missing, unless COMMONCAUSE_LAB=required.

use crate::folder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PROGRAMS: [&str; 4] = ["nginx", "prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"];
/// How often the sources are polled, in seconds, as `sources.yaml` has it.
const ROUND: f64 = 2.0;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Attempts that the receiver refuses before it takes the first message.
const REFUSED: usize = 2;

/// Processes that end with the test.
struct Running(Vec<Child>);

impl Running {
    fn start(&mut self, place: &Path, program: &str, args: &[String]) {
        let log = fs::File::create(place.join(format!("{program}.log"))).unwrap();
        let child = Command::new(program)
            .args(args)
            .current_dir(place)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.0.push(child);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Ports that are free now.
fn ports() -> BTreeMap<&'static str, u16> {
    let names = ["IDP", "SHOP", "CHAT", "BLACKBOX", "PROMETHEUS", "ALERTMANAGER", "LISTEN", "RECEIVER"];
    let held: Vec<(&str, TcpListener)> =
        names.into_iter().map(|name| (name, TcpListener::bind("127.0.0.1:0").unwrap())).collect();
    held.iter().map(|(name, listener)| (*name, listener.local_addr().unwrap().port())).collect()
}

/// The files of the laboratory, with ports.
fn furnish(place: &Path, ports: &BTreeMap<&str, u16>) {
    for entry in fs::read_dir(folder("lab")).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        for (name, port) in ports {
            text = text.replace(&format!("{{{name}}}"), &port.to_string());
        }
        fs::write(place.join(path.file_name().unwrap()), text).unwrap();
    }
    fs::create_dir(place.join("temp")).unwrap();
}

/// What a receiver got.
#[derive(Default)]
struct Got {
    /// Bodies and heads of what it took.
    taken: Vec<(Value, String)>,
    /// How often it refused.
    refused: usize,
}

/// Takes messages, after it has refused the first attempts.
fn receiver(port: u16) -> Arc<Mutex<Got>> {
    let told = Arc::new(Mutex::new(Got::default()));
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let taken = told.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Some((head, body)) = request(&mut stream) else { continue };
            let mut taken = taken.lock().unwrap();
            let status = if taken.refused < REFUSED { "503 Not Yet" } else { "204 No Content" };
            if taken.refused < REFUSED {
                taken.refused += 1;
            } else {
                taken.taken.push((serde_json::from_slice(&body).unwrap(), head));
            }
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    told
}

/// The head and the body of a request.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length =
        head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_string()));
    let mut body = vec![0; length?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(1)).is_ok()
}

/// Lines as they come, each a JSON object.
fn lines(child: &mut Child) -> Arc<Mutex<Vec<Value>>> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let (out, kept) = (child.stdout.take().unwrap(), found.clone());
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
        }
    });
    found
}

/// Waits until `found` gives something.
fn wait<T>(what: &str, place: &Path, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        if Instant::now() >= end {
            let told = fs::read_to_string(place.join("watch.err")).unwrap_or_default();
            panic!("{what} does not come; watch tells:\n{told}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn seconds(value: &Value) -> f64 {
    value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond() as f64 / 1000.0
}

#[test]
fn the_laboratorys_identity_provider_is_named_and_its_recovery_is_told() {
    let missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|p| {
            !Command::new("sh")
                .args(["-c", &format!("command -v {p}")])
                .stdout(Stdio::null())
                .status()
                .is_ok_and(|s| s.success())
        })
        .collect();
    if !missing.is_empty() {
        assert_ne!(std::env::var("COMMONCAUSE_LAB").as_deref(), Ok("required"), "missing: {missing:?}");
        eprintln!("no laboratory here: {} missing", missing.join(", "));
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    let ports = ports();
    furnish(place, &ports);
    let local = |name: &str| format!("127.0.0.1:{}", ports[name]);
    let mut running = Running(Vec::new());
    let args = |list: &[&str]| list.iter().map(|a| a.to_string()).collect::<Vec<String>>();
    running.start(place, "nginx", &args(&["-p", ".", "-c", "nginx.conf", "-e", "nginx.log"]));
    running.start(
        place,
        "prometheus-blackbox-exporter",
        &args(&["--config.file=blackbox.yml", &format!("--web.listen-address={}", local("BLACKBOX"))]),
    );
    running.start(
        place,
        "prometheus-alertmanager",
        &args(&[
            "--config.file=alertmanager.yml",
            "--storage.path=alerts",
            "--cluster.listen-address=",
            &format!("--web.listen-address={}", local("ALERTMANAGER")),
        ]),
    );
    running.start(
        place,
        "prometheus",
        &args(&[
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=measurements",
            &format!("--web.listen-address={}", local("PROMETHEUS")),
        ]),
    );
    for name in ["IDP", "SHOP", "CHAT", "BLACKBOX", "PROMETHEUS", "ALERTMANAGER"] {
        wait(name, place, || answers(ports[name]).then_some(()));
    }
    let told = receiver(ports["RECEIVER"]);
    let mut watch = Command::new(env!("CARGO_BIN_EXE_commoncause"))
        .args(["watch", "sources.yaml", "--notify", "--every", "500ms", "--settle", "3s", "--format", "json"])
        .current_dir(place)
        .env("LAB_SECRET", "for the laboratory only")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(place.join("watch.err")).unwrap())
        .spawn()
        .unwrap();
    let printed = lines(&mut watch);
    running.0.push(watch);
    let status = |word: &str| {
        let printed = printed.lock().unwrap();
        printed.iter().find(|line| line["status"] == word).cloned()
    };
    // All is well first, and seen to be.
    wait("a quiet start", place, || printed.lock().unwrap().iter().any(|l| l["verdict"].is_string()).then_some(()));
    fs::write(place.join("idp.down"), "").unwrap();
    let suspected = wait("the suspicion", place, || status("suspected"));
    let cause = &suspected["causes"][0];
    assert_eq!(cause["component"], "idp", "{suspected:#}");
    assert!(cause["probability"].as_f64().unwrap() > 0.9, "{suspected:#}");
    let explains: Vec<&str> = cause["explains"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(explains, ["chat", "shop"], "{suspected:#}");
    // The last symptom that it rests on was seen at most two rounds before.
    let kept = Path::new(suspected["incident"].as_str().unwrap());
    let kept = if kept.is_absolute() { kept.to_path_buf() } else { place.join(kept) };
    let signals = fs::read_to_string(kept.join("signals.jsonl")).unwrap();
    let symptoms: Vec<Value> = signals.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let failing = |v: &&Value| v["state"] == "failing" || v["state"] == "degraded";
    let last = symptoms.iter().filter(failing).map(|v| seconds(&v["at"])).fold(0.0, f64::max);
    let took = seconds(&suspected["at"]) - last;
    println!("named {took:.1} s after the last symptom began; {} signals", symptoms.len());
    assert!(took <= 2.0 * ROUND + 1.0, "{took} s after the last symptom\n{signals}");
    // The alert of chat is inhibited by now: its end will never be told to anyone who only waits for it.
    std::thread::sleep(Duration::from_secs(6));
    fs::remove_file(place.join("idp.down")).unwrap();
    let resolved = wait("the end", place, || status("resolved"));
    assert_eq!(resolved["key"], suspected["key"]);
    // Each was told exactly once, in order, to a receiver that refused at first.
    let of = |word: &str| told.lock().unwrap().taken.iter().any(|(m, _)| m["status"] == word);
    wait("the last message", place, || of("resolved").then_some(()));
    std::thread::sleep(Duration::from_secs(2));
    let stop = Command::new("kill").arg(running.0.last().unwrap().id().to_string()).status().unwrap();
    assert!(stop.success());
    assert_eq!(running.0.last_mut().unwrap().wait().unwrap().code(), Some(0));
    let told = told.lock().unwrap();
    assert_eq!(told.refused, REFUSED);
    let statuses: Vec<&Value> = told.taken.iter().map(|(m, _)| &m["status"]).collect();
    assert_eq!(statuses.first().unwrap().as_str(), Some("suspected"), "{statuses:?}");
    assert_eq!(statuses.last().unwrap().as_str(), Some("resolved"), "{statuses:?}");
    let printed: usize = printed.lock().unwrap().iter().filter(|l| l["status"].is_string()).count();
    assert_eq!(statuses.len(), printed, "{statuses:?}");
    let mut names: Vec<&str> = told.taken.iter().map(|(_, head)| name(head)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), printed, "each under a name of its own");
    let waiting = fs::read_dir(place.join("data/outbox")).map_or(0, |d| {
        d.filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "json"))).count()
    });
    assert_eq!(waiting, 0, "nothing waits any more");
    assert!(!place.join("data/dead-letter.jsonl").exists());
}

fn name(head: &str) -> &str {
    let line = head.lines().find(|l| l.to_lowercase().starts_with("idempotency-key:")).unwrap();
    line.split_once(':').unwrap().1.trim()
}
