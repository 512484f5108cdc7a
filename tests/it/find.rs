//! Pages of which only the address of the host is known, against a server in this process.

use crate::fetch::{Server, response, wait};
use crate::{folder, run};
use commoncause::collect::ask::{Round, Standing, ask};
use commoncause::collect::config::{self, Source};
use commoncause::collect::fetch::{Fetcher, Limits};
use commoncause::diag::{Severity, Sources};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const HTML: &[u8] = b"<!DOCTYPE html><html><title>All is well</title></html>";
const PROXY: &str = "/proxy/127.0.0.1";
const SUMMARY: &str = "/api/v2/summary.json";
/// Requests of a round that looks around and finds nothing.
const LOOK: usize = 7;

/// A host: what it answers by path, and elsewhere.
#[derive(Clone)]
struct Host {
    pages: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    elsewhere: Arc<Mutex<Vec<u8>>>,
}

impl Host {
    /// A front page in HTML, and nothing else.
    fn new() -> (Host, Server) {
        let host = Host { pages: Arc::default(), elsewhere: Arc::new(Mutex::new(response("404 Not Found", &[], b""))) };
        host.says("/", &response("200 OK", &["Content-Type: text/html"], HTML));
        let its = host.clone();
        let server = Server::new(move |head, stream| {
            let path = head.split(' ').nth(1).unwrap();
            let known = its.pages.lock().unwrap().get(path).cloned();
            let answer = match known {
                Some(answer) if head.to_lowercase().contains("if-none-match: \"same\"") && is_tagged(&answer) => {
                    response("304 Not Modified", &[], b"")
                }
                Some(answer) => answer,
                None => its.elsewhere.lock().unwrap().clone(),
            };
            let _ = stream.write_all(&answer);
        });
        (host, server)
    }

    fn says(&self, path: &str, answer: &[u8]) {
        self.pages.lock().unwrap().insert(path.to_string(), answer.to_vec());
    }

    fn has(&self, path: &str, file: &str) {
        self.says(path, &response("200 OK", &["ETag: \"same\""], &feed(file)));
    }

    fn forgets(&self, path: &str) {
        self.pages.lock().unwrap().remove(path);
    }

    fn says_elsewhere(&self, answer: &[u8]) {
        *self.elsewhere.lock().unwrap() = answer.to_vec();
    }
}

fn is_tagged(answer: &[u8]) -> bool {
    String::from_utf8_lossy(answer).contains("ETag: \"same\"")
}

fn feed(file: &str) -> Vec<u8> {
    std::fs::read(folder(&format!("feeds/{file}"))).unwrap()
}

/// A source, asked again and again.
struct Asked {
    source: Source,
    fetcher: Fetcher,
    standing: Standing,
    minute: i64,
}

fn source(fields: &str) -> Source {
    let text = format!(
        "contact: a@example.org\nsources:\n  - {{name: page, component: parcelo, allow_private: true, {fields}}}\n"
    );
    let file = Sources::default().add("sources.yaml", text.as_str());
    let (config, problems) = config::read(file, &text, &|_| Some("127.0.0.1".to_string()));
    assert!(problems.iter().all(|p| p.severity == Severity::Hint), "{problems:?}");
    config.unwrap().sources.remove(0)
}

impl Asked {
    fn new(server: &Server) -> Asked {
        Asked::by(&format!("url: \"http://{}/\"", server.address))
    }

    fn by(fields: &str) -> Asked {
        let short = Duration::from_millis(300);
        let limits =
            Limits { interval: Duration::ZERO, connect: short, idle: short, total: short * 3, ..Limits::default() };
        let fetcher = Fetcher::new(limits, "a@example.org").unwrap();
        Asked { source: source(fields), fetcher, standing: Standing::default(), minute: 0 }
    }

    /// One round, so many minutes after the last one.
    fn after(&mut self, minutes: i64) -> Round {
        self.minute += minutes;
        let now = Timestamp::from_second(1_795_000_020 + 60 * self.minute).unwrap();
        wait(ask(&self.source, Path::new(""), &self.fetcher, &mut self.standing, now))
    }

    /// The first note of a round that told something.
    fn found(&mut self) -> String {
        match self.after(1) {
            Round::Told(reading) => reading.notes.into_iter().next().unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    fn unknown(&mut self, minutes: i64) -> String {
        match self.after(minutes) {
            Round::Unknown(why) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn paths(server: &Server) -> Vec<String> {
    server.asked().iter().map(|head| head.split(' ').nth(1).unwrap().to_string()).collect()
}

#[test]
fn each_kind_of_page_is_found_at_its_place() {
    for (path, file, format, asked) in [
        (PROXY, "incidentio/proxy_host_active.json", "incidentio", 2),
        (SUMMARY, "statuspage/summary_active.json", "statuspage", 3),
        (SUMMARY, "incidentio/compat_summary_active.json", "statuspage", 3),
        ("/summary.json", "instatus/v3_summary_active.json", "instatus", 4),
        ("/index.json", "betterstack/index_active.json", "betterstack", 5),
        ("/history.atom", "statuspage/history.atom", "feed", 6),
        ("/history.rss", "statuspage/history.rss", "feed", 7),
    ] {
        let (host, server) = Host::new();
        host.has(path, file);
        let mut source = Asked::new(&server);
        let note = format!("found at http://{}{path} as {format}: write that as `url` and `format`", server.address);
        assert_eq!(source.found(), note);
        assert_eq!(server.asked().len(), asked, "{path}: {:?}", paths(&server));
        // From now on only there, and only if it is not known.
        assert_eq!(source.after(1), Round::Unchanged);
        assert_eq!(paths(&server)[asked..], [path]);
        // What it says is what a source says that names it.
        let named = format!("url: \"http://{}{path}\", format: {format}", server.address);
        let Round::Told(direct) = Asked::by(&named).after(1) else { panic!("{path}") };
        let mut again = Asked::new(&server);
        let Round::Told(found) = again.after(1) else { panic!("{path}") };
        assert_eq!((&found.signals, &found.notes[1..]), (&direct.signals, &direct.notes[..]));
    }
}

#[test]
fn of_two_that_answer_the_first_counts() {
    let (host, server) = Host::new();
    host.has(SUMMARY, "incidentio/compat_summary_active.json");
    host.has(PROXY, "incidentio/proxy_host_active.json");
    host.has("/history.atom", "statuspage/history.atom");
    assert!(Asked::new(&server).found().contains("as incidentio"));
    host.forgets(PROXY);
    assert!(Asked::new(&server).found().contains("as statuspage"));
    // In another format than that of its place, it is nothing that is known there.
    host.has(SUMMARY, "betterstack/index_active.json");
    assert!(Asked::new(&server).found().contains("as feed"));
}

#[test]
fn a_front_page_that_is_a_feed_is_asked_itself() {
    let (host, server) = Host::new();
    host.has("/", "statuspage/history.atom");
    let mut source = Asked::new(&server);
    let Round::Told(reading) = source.after(1) else { panic!() };
    assert!(reading.notes.iter().all(|n| !n.contains("found at")), "{:?}", reading.notes);
    assert_eq!(source.after(1), Round::Unchanged);
    assert_eq!(paths(&server), ["/", "/"]);
}

#[test]
fn where_nothing_is_found_it_is_looked_around_once_an_hour() {
    let (host, server) = Host::new();
    let mut source = Asked::new(&server);
    let why = "found an HTML page; tried /proxy/HOST, /api/v2/summary.json, /summary.json, /index.json, \
               /history.atom, /history.rss (answered with status 404): give the whole address of what to ask as `url`";
    assert_eq!(source.unknown(1), why);
    assert_eq!(server.asked().len(), LOOK);
    // 59 minutes.
    for minutes in [1, 4, 10, 15, 15, 14] {
        assert_eq!(source.unknown(minutes), why);
    }
    assert_eq!(server.asked().len(), LOOK + 6, "{:?}", paths(&server));
    assert_eq!(source.unknown(1), why);
    assert_eq!(server.asked().len(), LOOK + 6 + LOOK);
    host.has("/index.json", "betterstack/index_active.json");
    assert!(source.unknown(59).starts_with("found an HTML page; "));
    assert!(source.found().contains("/index.json as betterstack"));
}

#[test]
fn a_host_that_answers_every_path_with_a_page_has_none() {
    let (host, server) = Host::new();
    host.says_elsewhere(&response("200 OK", &["Content-Type: text/html"], HTML));
    host.says("/index.json", &response("200 OK", &[], b"{\"data\": {\"type\": \"blog\"}, \"links\": 1}"));
    host.says("/history.rss", &response("200 OK", &[], b"<?xml version='1.0'?><Error>NoSuchKey</Error>"));
    let why = Asked::new(&server).unknown(1);
    assert!(why.contains("/history.atom (found an HTML page)"), "{why}");
    assert!(why.contains("/index.json (found JSON with the keys `data`, `links`)"), "{why}");
    assert!(why.contains("/history.rss (") && !why.contains("NoSuchKey"), "{why}");
    assert_eq!(server.asked().len(), LOOK);
}

#[test]
fn a_page_that_moves_is_found_again() {
    let (host, server) = Host::new();
    host.has(SUMMARY, "statuspage/summary_active.json");
    let mut source = Asked::new(&server);
    assert!(source.found().contains("as statuspage"));
    host.forgets(SUMMARY);
    host.has(PROXY, "incidentio/proxy_host_active.json");
    let before = server.asked().len();
    let shown = format!("answered with status 404 at http://{}{SUMMARY}, where the page was", server.address);
    assert_eq!(source.unknown(1), shown);
    assert_eq!(source.unknown(1), shown);
    assert!(source.found().contains("as incidentio"));
    assert_eq!(paths(&server)[before..], [SUMMARY, SUMMARY, SUMMARY, "/", PROXY]);
}

#[test]
fn a_page_that_is_away_is_heard_as_soon_as_it_is_back() {
    let (host, server) = Host::new();
    host.has(SUMMARY, "statuspage/summary_active.json");
    let mut source = Asked::new(&server);
    source.found();
    // Every path says for a while that there is work on it.
    host.says(SUMMARY, &response("200 OK", &[], HTML));
    let before = server.asked().len();
    for _ in 0..10 {
        source.unknown(1);
    }
    assert_eq!(server.asked().len() - before, 10 + LOOK, "looked around once");
    host.has(SUMMARY, "statuspage/summary_healthy.json");
    assert!(source.found().contains("as statuspage"));
    // A host without an answer is no reason to look elsewhere.
    host.says(SUMMARY, &response("503 Service Unavailable", &[], HTML));
    let before = server.asked().len();
    for _ in 0..10 {
        assert!(source.unknown(60).starts_with("answered with status 503 at "));
    }
    assert_eq!(server.asked().len() - before, 10);
}

#[test]
fn nobody_looks_around_where_nobody_answers() {
    for (status, asked) in
        [("500 Oh", 1), ("429 Too Many", 1), ("401 Who", 1), ("403 Forbidden", LOOK), ("404 No", LOOK)]
    {
        let (host, server) = Host::new();
        host.says("/", &response(status, &[], HTML));
        let why = Asked::new(&server).unknown(1);
        assert!(why.starts_with(&format!("answered with status {}", &status[..3])), "{why}");
        assert_eq!(server.asked().len(), asked, "{status}");
    }
}

#[test]
fn a_host_that_asks_for_rest_is_not_looked_around_any_more() {
    let (host, server) = Host::new();
    host.says(SUMMARY, &response("429 Too Many Requests", &["Retry-After: 3600"], b""));
    let mut source = Asked::new(&server);
    let why = source.unknown(1);
    assert!(why.contains("/api/v2/summary.json (answered with status 429") && !why.contains("index"), "{why}");
    assert_eq!(paths(&server), ["/", PROXY, SUMMARY]);
    assert_eq!(source.standing.rest, Some(Duration::from_secs(3600)));
}

#[test]
fn only_the_address_of_a_host_is_looked_around() {
    let (host, server) = Host::new();
    host.says_elsewhere(&response("200 OK", &[], HTML));
    for url in ["/status", "/index.html", "/?page=1"] {
        let why = Asked::by(&format!("url: \"http://{}{url}\"", server.address)).unknown(1);
        assert!(why.starts_with("found an HTML page, in no format that is known: say which it is"), "{why}");
    }
    let named = format!("url: \"http://{}\", format: statuspage", server.address);
    Asked::by(&named).unknown(1);
    assert_eq!(server.asked().len(), 4);
    // Without a path, it is the same.
    host.has(SUMMARY, "statuspage/summary_active.json");
    assert!(Asked::by(&format!("url: \"http://{}\"", server.address)).found().contains("as statuspage"));
}

#[test]
fn redirects_are_judged_and_secrets_stay_with_the_host() {
    let (other, its) = Host::new();
    other.has("/moved.json", "statuspage/summary_active.json");
    let (host, server) = Host::new();
    let to = |place: String| response("302 Found", &[&format!("Location: {place}")], b"");
    // Another host must be public.
    host.says(PROXY, &to(format!("http://localhost:{}/moved.json", its.address.port())));
    host.says(SUMMARY, &to(format!("http://{}/moved.json", its.address)));
    let header = "headers: {Authorization: \"Bearer ${FIND_TEST}\"}";
    let mut source = Asked::by(&format!("url: \"http://{}/\", {header}", server.address));
    assert!(source.found().contains(&format!("http://{}{SUMMARY} as statuspage", server.address)));
    let told = |asked: Vec<String>| asked.iter().filter(|head| head.contains("Bearer 127.0.0.1")).count();
    assert_eq!((told(server.asked()), server.asked().len()), (3, 3));
    assert_eq!((told(its.asked()), paths(&its)), (0, vec!["/moved.json".to_string()]));
}

#[test]
fn an_address_from_the_environment_is_not_told() {
    let (host, server) = Host::new();
    let by = format!("url: \"http://${{FIND_TEST}}:{}/\"", server.address.port());
    let mut source = Asked::by(&by);
    let why = source.unknown(1);
    assert!(why.contains("/proxy/HOST") && !why.contains("127.0.0.1"), "{why}");
    host.has(PROXY, "incidentio/proxy_host_active.json");
    assert_eq!(Asked::by(&by).found(), "found at /proxy/HOST as incidentio: write that as `url` and `format`");
}

#[test]
fn another_address_is_another_page() {
    let (host, server) = Host::new();
    host.has(SUMMARY, "statuspage/summary_active.json");
    let (other, its) = Host::new();
    other.has("/index.json", "betterstack/index_active.json");
    let mut asked = Asked::new(&server);
    asked.found();
    asked.source = source(&format!("url: \"http://{}/\"", its.address));
    assert!(asked.found().contains("as betterstack"));
}

#[test]
fn once_is_enough() {
    let (host, server) = Host::new();
    host.has(SUMMARY, "statuspage/summary_active.json");
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("sources.yaml");
    let config = format!(
        "contact: a@example.org\nsources:\n  - {{name: page, url: \"http://{}/\", component: parcelo, allow_private: true}}\n",
        server.address
    );
    std::fs::write(&file, config).unwrap();
    let (code, said, told) = run(&["collect", "--once", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}{told}");
    assert!(said.contains("page: 5 signals, 5 new\n"), "{said}");
    let note = format!("page: found at http://{}{SUMMARY} as statuspage: write that as `url` and", server.address);
    assert!(told.contains(&note), "{told}");
    host.forgets(SUMMARY);
    let (code, said, _) = run(&["collect", "--once", file.to_str().unwrap()]);
    assert!(code == 3 && said.contains("page: unknown: found an HTML page; tried /proxy/HOST, "), "{said}");
}
