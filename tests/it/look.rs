//! Our own looks, at servers in this process that behave as the world does, and what rounds of them say.

use crate::discover::serve;
use crate::fetch::{Server, response, wait};
use commoncause::collect::Collected;
use commoncause::collect::ask::{Round, Standing, ask};
use commoncause::collect::config::{self, Source};
use commoncause::collect::fetch::{Fetcher, Limits, Reach};
use commoncause::collect::look::{Means, NotLooked, Seen, look};
use commoncause::collect::probe::Came;
use commoncause::diag::{Severity, Sources};
use commoncause::signal::{AtKind, Observation, SourceKind, State};
use jiff::Timestamp;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Long enough for a machine that is busy with other tests.
const PATIENT: Duration = Duration::from_secs(20);
/// For what never answers.
const HASTY: Duration = Duration::from_millis(600);

fn fetcher() -> Fetcher {
    Fetcher::new(Limits { body: 1 << 20, ..Limits::default() }, "").unwrap()
}

/// One look, at names by the word of `server`.
fn look_by(server: Option<SocketAddr>, target: &str, reach: Reach, patience: Duration) -> Result<Seen, NotLooked> {
    let fetcher = fetcher();
    wait(look(target, Means { fetcher: &fetcher, server }, reach, patience))
}

fn at(target: impl AsRef<str>) -> Seen {
    look_by(None, target.as_ref(), Reach::NamedHost, PATIENT).unwrap()
}

fn hastily_at(target: impl AsRef<str>) -> Seen {
    look_by(None, target.as_ref(), Reach::NamedHost, HASTY).unwrap()
}

/// An address at which nobody listens.
fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_page_is_there_or_its_server_says_that_it_is_not() {
    for (status, came) in [
        ("200 OK", Came::Through),
        ("204 No Content", Came::Through),
        ("401 Unauthorized", Came::Through),
        ("403 Forbidden", Came::Through),
        ("429 Too Many Requests", Came::Through),
        ("404 Not Found", Came::WrongAnswer),
        ("500 Internal Server Error", Came::WrongAnswer),
        ("503 Service Unavailable", Came::WrongAnswer),
    ] {
        let server = Server::saying(response(status, &[], b"text"));
        let seen = at(format!("http://{}/login", server.address));
        assert_eq!(seen.came, came, "{status}");
        let said = (came != Came::Through).then(|| format!("status {}", &status[..3]));
        assert_eq!(seen.remark, said);
        let asked = server.asked().remove(0).to_lowercase();
        assert!(!asked.contains("if-none-match") && !asked.contains("if-modified-since"), "{asked}");
    }
    let redirecting = Server::new(|head, stream| {
        let inside = head.starts_with("GET /in ");
        let answer = if inside { response("200 OK", &[], b"") } else { response("302 Found", &["Location: /in"], b"") };
        stream.write_all(&answer).unwrap();
    });
    assert_eq!(at(format!("http://{}/", redirecting.address)).came, Came::Through);
    let circling = Server::saying(response("302 Found", &["Location: /"], b""));
    assert_eq!(at(format!("http://{}/", circling.address)).came, Came::WrongAnswer);
    let huge = Server::saying(response("200 OK", &[], &vec![b' '; (1 << 20) + 1]));
    assert_eq!(at(format!("http://{}/", huge.address)).came, Came::Through);
}

#[test]
fn silence_and_hanging_up_are_told_apart() {
    let silent = Server::new(|_, _| std::thread::sleep(Duration::from_secs(1)));
    assert_eq!(hastily_at(format!("http://{}/", silent.address)).came, Came::NoAnswer);
    let closing = Server::saying("");
    assert_eq!(at(format!("http://{}/", closing.address)).came, Came::WrongAnswer);
    assert_eq!(at(format!("http://{}/", closed())).came, Came::NoConnection);
    // Longer than any part of a name: whoever looks it up knows without asking.
    let none = "a".repeat(64);
    for target in [format!("http://{none}/"), format!("tcp://{none}:80")] {
        assert_eq!(at(&target).came, Came::NoName, "{target}");
    }
}

#[test]
fn a_connection_comes_about_or_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(at(format!("tcp://{}", listener.local_addr().unwrap())), Seen { came: Came::Through, remark: None });
    let refused = at(format!("tcp://{}", closed()));
    assert_eq!(refused.came, Came::NoConnection);
    assert!(refused.remark.unwrap().contains("refused"));
    // Whoever accepts and says nothing shakes no hands.
    assert_eq!(hastily_at(format!("tls://{}", listener.local_addr().unwrap())).came, Came::NoAnswer);
    let plain = Server::saying(response("400 Bad Request", &[], b""));
    let no_tls = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = no_tls.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in no_tls.incoming().flatten() {
            let _ = stream.write_all(b"220 mail.example.com ready\r\n");
            let _ = stream.read(&mut [0; 512]);
        }
    });
    assert_eq!(at(format!("tls://{address}")).came, Came::NoTrust);
    assert_eq!(plain.asked().len(), 0);
}

#[test]
fn every_look_is_over_a_connection_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = connections.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                while stream.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                }
            });
        }
    });
    let fetcher = fetcher();
    let target = format!("http://{address}/");
    wait(async {
        let means = Means { fetcher: &fetcher, server: None };
        for _ in 0..3 {
            look(&target, means, Reach::NamedHost, PATIENT).await.unwrap();
        }
    });
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[test]
fn what_may_not_be_asked_is_not_looked_at() {
    let server = Server::saying(response("200 OK", &[], b""));
    let port = server.address.port();
    for target in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("tcp://127.0.0.1:{port}"),
        format!("tcp://localhost:{port}"),
        format!("tcp://2130706433:{port}"),
        format!("tls://127.0.0.1:{port}"),
        "tcp://[::1]:1".to_string(),
        "tcp://169.254.169.254:80".to_string(),
    ] {
        let not = look_by(None, &target, Reach::Public, PATIENT).unwrap_err();
        assert!(not.why.contains("allow_private") && not.rest.is_none(), "{target}: {}", not.why);
    }
    assert!(look_by(None, "tcp://0.0.0.0:1", Reach::NamedHost, PATIENT).is_err());
    for target in ["", "tcp://example.com", "gopher://example.com/", "tcp://:80", "dns://a%20b"] {
        assert!(look_by(None, target, Reach::NamedHost, PATIENT).is_err(), "{target}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn a_host_that_asks_for_rest_is_not_looked_at_for_so_long() {
    let server = Server::saying(response("503 Service Unavailable", &["Retry-After: 3600"], b""));
    let (fetcher, target) = (fetcher(), format!("http://{}/", server.address));
    let look = || look(&target, Means { fetcher: &fetcher, server: None }, Reach::NamedHost, PATIENT);
    wait(async {
        assert_eq!(look().await.unwrap().came, Came::WrongAnswer);
        let not = look().await.unwrap_err();
        assert!(not.rest.is_some_and(|rest| rest > Duration::from_secs(3500)), "{not:?}");
        assert_eq!(not.why, "its host wants to be left alone");
    });
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn names_resolve_or_the_name_servers_say_why_not() {
    let server = serve(
        "old.test A 192.0.2.1
         new.test AAAA 2001:db8::1
         alias.test CNAME old.test
         gone.test ! missing
         broken.test ! broken
         silent.test ! silent
         mail.test NS ns.test",
    );
    for (name, came) in [
        ("old.test", Came::Through),
        ("OLD.test.", Came::Through),
        ("new.test", Came::Through),
        ("gone.test", Came::NoName),
        ("mail.test", Came::NoName),
        ("broken.test", Came::WrongAnswer),
        ("silent.test", Came::NoAnswer),
    ] {
        let patience = if came == Came::NoAnswer { HASTY } else { PATIENT };
        let seen = look_by(Some(server), &format!("dns://{name}"), Reach::Public, patience).unwrap();
        assert_eq!(seen.came, came, "{name}: {seen:?}");
        assert_eq!(seen.remark.is_some(), came != Came::Through, "{seen:?}");
    }
}

/// Set in the process that the test of certificates starts: what it looks at, and what it must see.
const CHILD: &str = "COMMONCAUSE_LOOK_CHILD";

/// Looks at what the test of certificates tells it to.
#[test]
fn looks_over_tls() {
    let Ok(table) = std::env::var(CHILD) else { return };
    for line in table.lines() {
        let [target, came, remark] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let seen = at(target);
        assert_eq!(format!("{:?}", seen.came), came, "{line}: {seen:?}");
        let said = seen.remark.unwrap_or_default();
        assert!(if remark.is_empty() { said.is_empty() } else { said.contains(remark) }, "{line}: {said}");
    }
}

/// A server over TLS with a certificate for `name` until `end`, by the issuer.
fn over_tls(name: &str, end: jiff::civil::Date, issuer: &rcgen::Issuer<'_, rcgen::KeyPair>) -> u16 {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_string()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(end.year().into(), end.month() as u8, end.day() as u8);
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = config.clone();
            std::thread::spawn(move || {
                let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), stream);
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(&response("200 OK", &[], b""));
            });
        }
    });
    port
}

#[test]
fn certificates_are_checked_and_those_that_expire_soon_are_told() {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let other =
        rcgen::Issuer::new(rcgen::CertificateParams::new(Vec::new()).unwrap(), rcgen::KeyPair::generate().unwrap());
    let today = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let days = |n: i32| today.saturating_add(jiff::Span::new().days(n));
    let soon = format!("expires on {}", days(5));
    let table = [
        ("localhost", &issuer, days(400), "Through", ""),
        ("localhost", &issuer, days(5), "Through", soon.as_str()),
        ("localhost", &issuer, days(-5), "NoTrust", "certificate"),
        ("example.com", &issuer, days(400), "NoTrust", "certificate"),
        ("localhost", &other, days(400), "NoTrust", "certificate"),
    ];
    let mut lines = Vec::new();
    for (name, issuer, end, came, remark) in table {
        let port = over_tls(name, end, issuer);
        lines.push(format!("tls://localhost:{port}|{came}|{remark}"));
        let remark = if came == "Through" { "" } else { remark };
        lines.push(format!("https://localhost:{port}/|{came}|{remark}"));
    }
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, root.pem()).unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["look::looks_over_tls", "--exact", "--nocapture"])
        .env(CHILD, lines.join("\n"))
        .env("SSL_CERT_FILE", &trusted)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&child.stderr));
}

/// A source, asked again and again.
struct Asked {
    source: Source,
    fetcher: Fetcher,
    standing: Standing,
    minute: i64,
}

impl Asked {
    fn new(fields: &str) -> Asked {
        let text = format!("contact: a@example.org\nsources:\n  - {{name: ours, component: okta, {fields}}}\n");
        let file = Sources::default().add("sources.yaml", text.as_str());
        let (config, problems) = config::read(file, &text, &|_| None);
        assert!(problems.iter().all(|p| p.severity == Severity::Hint), "{problems:?}");
        let source = config.unwrap().sources.remove(0);
        Asked { source, fetcher: fetcher(), standing: Standing::default(), minute: 0 }
    }

    fn time(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_020 + 60 * minute).unwrap()
    }

    /// One round, a minute after the last one.
    fn round(&mut self) -> Round {
        self.minute += 1;
        wait(ask(&self.source, Path::new(""), &self.fetcher, &mut self.standing, Asked::time(self.minute)))
    }

    fn told(&mut self) -> (Vec<Collected>, Vec<String>) {
        match self.round() {
            Round::Told(reading) => (reading.signals, reading.notes),
            other => panic!("{other:?}"),
        }
    }

    /// The one signal of a round.
    fn one(&mut self) -> (String, Observation, String) {
        let (mut signals, _) = self.told();
        assert_eq!(signals.len(), 1, "{signals:?}");
        let one = signals.remove(0);
        (one.identity, one.record.observation, one.record.text.unwrap())
    }
}

/// A server that answers with the status that it is told to.
fn obedient() -> (Server, Arc<AtomicUsize>) {
    let status = Arc::new(AtomicUsize::new(200));
    let told = status.clone();
    let server = Server::new(move |_, stream| {
        let _ = stream.write_all(&response(&format!("{} Words", told.load(Ordering::SeqCst)), &[], b""));
    });
    (server, status)
}

#[test]
fn one_failed_look_is_no_failure() {
    let asked = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        let _ = stream.write_all(&response(if first { "500 Oops" } else { "200 OK" }, &[], b""));
    });
    let good = Server::saying(response("200 OK", &[], b""));
    let mut source = Asked::new(&format!(
        "probe: ['http://{}/'], known_good: ['http://{}/'], capability: login, allow_private: true",
        server.address, good.address
    ));
    let (identity, o, text) = source.one();
    assert_eq!(
        (identity.as_str(), o.state, text.as_str()),
        ("well/okta/login", State::Healthy, "every look was answered")
    );
    assert_eq!((o.source.kind, o.source.name.as_str(), o.at), (SourceKind::Probe, "ours", Asked::time(1)));
    assert_eq!(
        (server.asked().len(), good.asked().len()),
        (2, 0),
        "looked at again at once; no need to ask the good ones"
    );
}

#[test]
fn a_trouble_begins_goes_on_and_ends() {
    let (server, status) = obedient();
    let good = Server::saying(response("200 OK", &[], b""));
    let fields = format!(
        "probe: ['http://{}/login?token=hunter2'], known_good: ['http://{}/'], capability: login, allow_private: true",
        server.address, good.address
    );
    let mut source = Asked::new(&fields);
    for _ in 0..2 {
        assert_eq!(source.one().1.state, State::Healthy);
    }
    status.store(503, Ordering::SeqCst);
    let (identity, o, text) = source.one();
    assert_eq!(identity, format!("okta/login@{}", Asked::time(3)));
    assert_eq!((o.state, o.at, o.at_kind), (State::Degraded, Asked::time(3), AtKind::Onset));
    assert!(
        text.starts_with("1 of 3 looks failed: a wrong answer; http://") && text.ends_with("/login: status 503"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    for _ in 4..=5 {
        let (same, o, _) = source.one();
        assert_eq!((same == identity, o.state, o.at, o.at_kind), (true, State::Failing, Asked::time(3), AtKind::Onset));
    }
    status.store(200, Ordering::SeqCst);
    // Once fine is not over: the trouble stays as it was.
    let (same, o, _) = source.one();
    assert_eq!((same == identity, o.state, o.until, o.value), (true, State::Failing, None, Some(1.0)));
    let (signals, _) = source.told();
    let [ended, well] = signals.as_slice() else { panic!("{signals:?}") };
    let o = &ended.record.observation;
    assert_eq!((ended.identity == identity, o.state, o.until), (true, State::Failing, Some(Asked::time(6))));
    assert_eq!((well.identity.as_str(), well.record.observation.state), ("well/okta/login", State::Healthy));
    assert_eq!(source.one().1.state, State::Healthy);
    // Another trouble is another one.
    status.store(500, Ordering::SeqCst);
    assert_eq!(source.one().0, format!("okta/login@{}", Asked::time(9)));
}

#[test]
fn what_fails_together_with_the_known_good_is_unknown() {
    let (server, status) = obedient();
    let (good, good_status) = obedient();
    let mut source = Asked::new(&format!(
        "probe: ['http://{}/'], known_good: ['http://{}/'], allow_private: true",
        server.address, good.address
    ));
    status.store(503, Ordering::SeqCst);
    let trouble = source.one();
    assert_eq!((trouble.1.state, trouble.1.at_kind), (State::Failing, AtKind::Seen));
    good_status.store(503, Ordering::SeqCst);
    let (signals, notes) = source.told();
    let [doubt] = signals.as_slice() else { panic!("{signals:?}") };
    assert_eq!(doubt.identity, format!("unsure/okta/any@{}", Asked::time(2)));
    assert_eq!(doubt.record.observation.state, State::Unknown);
    assert!(notes.len() == 1 && notes[0].contains("the trouble may be ours"), "{notes:?}");
    // The doubt ends; the trouble was there all the time.
    good_status.store(200, Ordering::SeqCst);
    let (signals, _) = source.told();
    let [over, again] = signals.as_slice() else { panic!("{signals:?}") };
    assert_eq!((&over.identity, over.record.observation.until), (&doubt.identity, Some(Asked::time(3))));
    assert_eq!((&again.identity, again.record.observation.at), (&trouble.0, trouble.1.at));
    assert_eq!(again.record.observation.value, Some(1.0), "what was looked at in doubt does not count");
}

#[test]
fn what_was_not_looked_at_is_unknown_and_said_so() {
    let server = Server::saying(response("200 OK", &[], b""));
    let mut source = Asked::new(&format!("probe: ['http://{0}/', 'tcp://{0}']", server.address));
    let Round::Unknown(why) = source.round() else { panic!() };
    assert!(why.contains("allow_private") && why.contains("tcp://127.0.0.1"), "{why}");
    assert_eq!((source.standing.failures, server.asked().len()), (1, 0));
    // Of some that were and some that were not, those count that were, and the others are told.
    let mut source =
        Asked::new(&format!("probe: ['http://{}/', 'tcp://0.0.0.0:1'], allow_private: true", server.address));
    let (signals, notes) = source.told();
    assert_eq!((signals.len(), signals[0].record.observation.n), (1, Some(1.0)));
    assert!(notes.len() == 1 && notes[0].starts_with("tcp://0.0.0.0:1 was not looked at: "), "{notes:?}");
}

#[test]
fn names_that_fail_are_a_matter_of_dns() {
    let mut source =
        Asked::new(&format!("probe: ['http://{}/'], capability: login, allow_private: true", "a".repeat(64)));
    let (identity, o, text) = source.one();
    assert_eq!((identity, o.state), (format!("okta/dns@{}", Asked::time(1)), State::Failing));
    assert!(text.contains("no known-good target was asked"), "{text}");
}

#[test]
fn looks_are_collected_and_kept() {
    let server = Server::saying(response("200 OK", &[], b""));
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("sources.yaml");
    let probe = format!("probe: ['http://{0}/', 'tcp://{0}'], allow_private: true", server.address);
    std::fs::write(&path, format!("sources:\n  - {{name: ours, component: okta, covers: [okta], {probe}}}\n")).unwrap();
    let (code, said, told) = crate::run(&["collect", "--once", path.to_str().unwrap()]);
    assert_eq!((code, said.as_str()), (0, "ours: 1 signals, 1 new\n"), "{told}");
    assert!(told.contains("no-known-good"), "{told}");
    let today = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let (kept, _) =
        commoncause::store::read(&scratch.path().join("data"), today.yesterday().unwrap(), Timestamp::now());
    let kept: Vec<_> = kept.iter().map(|s| (s.identity.as_str(), s.record.observation.n)).collect();
    assert_eq!(kept, [("well/okta/any", Some(2.0))]);
}
