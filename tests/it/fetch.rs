//! Fetching, against a server in this process that answers as the world does.

use commoncause::collect::fetch::{Failure, Fetcher, Limits, Reach, Request, Secret, Validators};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A server that writes down what it is asked.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the head of a request and the connection.
    pub fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let (answer, asked) = (Arc::new(answer), server.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, asked, mut stream) = (answer.clone(), asked.clone(), stream.unwrap());
                std::thread::spawn(move || {
                    let head = head(&mut stream);
                    asked.lock().unwrap().push(head.clone());
                    answer(&head, &mut stream);
                });
            }
        });
        server
    }

    /// One that says always the same.
    pub fn saying(answer: impl Into<Vec<u8>>) -> Server {
        let answer = answer.into();
        Server::new(move |_, stream| {
            let _ = stream.write_all(&answer);
        })
    }

    fn request(&self, path: &str) -> Request {
        Request { reach: Reach::NamedHost, ..Request::new(format!("http://{}{path}", self.address)) }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An answer that ends with the connection.
pub fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    [text.as_bytes(), b"\r\n", body].concat()
}

fn fetcher(limits: Limits) -> Fetcher {
    Fetcher::new(limits, "https://example.com/contact").unwrap()
}

/// Impatient, so that tests are quick.
fn quick() -> Limits {
    let short = Duration::from_millis(300);
    Limits { connect: short, idle: short, total: short * 3, body: 1 << 20, ..Limits::default() }
}

pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn get(request: &Request) -> Result<commoncause::collect::fetch::Answer, Failure> {
    wait(fetcher(quick()).get(request))
}

#[test]
fn an_answer_comes_with_what_recognises_it() {
    let server = Server::saying(response("200 OK", &["ETag: W/\"a-1\"", "Last-Modified: yesterday"], b"{}"));
    let answer = get(&server.request("/status.json")).unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.unchanged), (200, &b"{}"[..], false));
    assert_eq!(answer.validators.etag.as_deref(), Some("W/\"a-1\""));
    assert_eq!(answer.validators.last_modified.as_deref(), Some("yesterday"));
    let asked = server.asked().remove(0).to_lowercase();
    assert!(asked.contains("user-agent: commoncause/") && asked.contains("(+https://example.com/contact)"), "{asked}");
    assert!(asked.contains("accept-encoding: gzip") && !asked.contains("if-none-match"), "{asked}");
}

#[test]
fn what_is_known_is_not_sent_again() {
    let server = Server::new(|head, stream| {
        let known = head.to_lowercase().contains("if-none-match: w/\"a-1\"\r\n");
        let answer = if known { response("304 Not Modified", &[], b"") } else { response("200 OK", &[], b"{}") };
        stream.write_all(&answer).unwrap();
    });
    let etag = Some("W/\"a-1\"".to_string());
    let known = Validators { etag, last_modified: Some("yesterday".to_string()), body: Some(7) };
    let request = Request { validators: known.clone(), ..server.request("/") };
    let answer = get(&request).unwrap();
    assert_eq!((answer.status, answer.unchanged, answer.validators), (304, true, known));
    assert!(server.asked()[0].to_lowercase().contains("if-modified-since: yesterday\r\n"));
    // Servers without validators: the bytes tell.
    let first = get(&server.request("/")).unwrap();
    let again = get(&Request { validators: first.validators, ..server.request("/") }).unwrap();
    assert!(!first.unchanged && again.unchanged && again.body == b"{}");
}

#[test]
fn a_304_that_nobody_asked_for_is_a_failure() {
    let server = Server::saying(response("304 Not Modified", &[], b""));
    assert_eq!(get(&server.request("/")).unwrap_err(), Failure::Status { status: 304, retry_after: None });
}

#[test]
fn a_page_of_html_with_200_is_an_answer_that_the_reader_judges() {
    let server = Server::saying(response("200 OK", &["Content-Type: text/html"], b"<!doctype html>"));
    assert_eq!(get(&server.request("/")).unwrap().body, b"<!doctype html>");
}

#[test]
fn a_host_that_asks_for_rest_is_left_alone() {
    let server = Server::saying(response("429 Too Many Requests", &["Retry-After: 3600"], b""));
    let fetcher = fetcher(quick());
    let hour = Some(Duration::from_secs(3600));
    wait(async {
        let first = fetcher.get(&server.request("/a")).await.unwrap_err();
        assert_eq!(first, Failure::Status { status: 429, retry_after: hour });
        let second = fetcher.get(&server.request("/b")).await.unwrap_err();
        assert!(matches!(second, Failure::Resting(rest) if rest > Duration::from_secs(3500)), "{second}");
    });
    assert_eq!(server.asked().len(), 1, "the other page of the host was not asked for");
}

#[test]
fn an_error_of_the_server_is_a_failure_without_rest() {
    let server = Server::saying(response("500 Internal Server Error", &[], b"<html>"));
    let fetcher = fetcher(quick());
    for _ in 0..2 {
        let failure = wait(fetcher.get(&server.request("/"))).unwrap_err();
        assert_eq!(failure, Failure::Status { status: 500, retry_after: None });
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn redirects_are_followed_up_to_a_bound() {
    let server = Server::new(|head, stream| {
        let path = head.split(' ').nth(1).unwrap();
        let answer = match path {
            "/old" => response("301 Moved Permanently", &["Location: new?a=1"], b""),
            "/new?a=1" => response("200 OK", &[], b"here"),
            _ => response("302 Found", &["Location: /loop"], b""),
        };
        stream.write_all(&answer).unwrap();
    });
    assert_eq!(get(&server.request("/old")).unwrap().body, b"here");
    assert!(matches!(get(&server.request("/loop")), Err(Failure::Redirect(_))));
    assert_eq!(server.asked().len(), 2 + 1 + Limits::default().redirects);
}

#[test]
fn redirects_to_where_nothing_is_public_are_refused() {
    for place in [
        "http://localhost:1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706434/",
        "http://0x7f.1.1.1/",
        "//0.0.0.0/",
    ] {
        let server = Server::saying(response("302 Found", &[&format!("Location: {place}")], b""));
        assert!(matches!(get(&server.request("/")), Err(Failure::NotPublic(_))), "{place}");
    }
    for place in ["ftp://example.com/", "file:///etc/passwd", "http://user:word@example.com/", "http://"] {
        let server = Server::saying(response("302 Found", &[&format!("Location: {place}")], b""));
        assert!(matches!(get(&server.request("/")), Err(Failure::Redirect(_))), "{place}");
    }
}

#[test]
fn private_addresses_are_asked_only_if_the_source_allows_its_host() {
    let server = Server::saying(response("200 OK", &[], b"{}"));
    let port = server.address.port();
    for url in [format!("http://127.0.0.1:{port}/"), format!("http://localhost:{port}/")] {
        let failure = get(&Request::new(&url)).unwrap_err();
        assert!(failure.to_string().contains("allow_private"), "{failure}");
        assert_eq!(get(&Request { reach: Reach::NamedHost, ..Request::new(&url) }).unwrap().status, 200);
    }
    let nobody = Request { reach: Reach::NamedHost, ..Request::new(format!("http://0.0.0.0:{port}/")) };
    assert!(matches!(get(&nobody), Err(Failure::NotPublic(_))));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn secrets_go_to_the_source_and_to_nobody_else() {
    let other = Server::saying(response("200 OK", &[], b"{}"));
    let place = format!("Location: http://{}/", other.address);
    let server = Server::saying(response("307 Temporary Redirect", &[&place], b""));
    let headers = vec![("Authorization".to_string(), Secret("Bearer 42".to_string()))];
    // The same host on another port: it may be private, and is another origin.
    get(&Request { headers, ..server.request("/") }).unwrap();
    assert!(server.asked()[0].contains("Bearer 42"));
    assert!(!other.asked()[0].contains("Bearer 42"));
}

#[test]
fn nothing_of_an_address_with_a_secret_is_told() {
    for url in ["http://127.0.0.1:1/?token=42", "http://user:42@example.com/", "https://a.invalid/?token=42"] {
        let failure = get(&Request { reach: Reach::NamedHost, ..Request::new(url) }).unwrap_err();
        assert!(!failure.to_string().contains("42"), "{failure}");
    }
}

/// Zeros, compressed; `blocks` megabytes of them.
fn bomb(blocks: usize) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..blocks {
        writer.write_all(&vec![0; 1 << 20]).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn what_is_compressed_is_read_and_what_explodes_is_not() {
    let gzip = |body: &[u8]| response("200 OK", &["Content-Encoding: gzip"], body);
    assert_eq!(get(&Server::saying(gzip(&bomb(1))).request("/")).unwrap().body, vec![0; 1 << 20]);
    let failure = get(&Server::saying(gzip(&bomb(64))).request("/")).unwrap_err();
    assert_eq!(failure, Failure::TooLarge(1 << 20));
    let torn = bomb(1);
    assert!(matches!(get(&Server::saying(gzip(&torn[..torn.len() / 2])).request("/")), Err(Failure::Broken(_))));
    assert!(matches!(get(&Server::saying(gzip(b"{}")).request("/")), Err(Failure::Broken(_))));
}

#[test]
fn bodies_and_heads_that_are_too_large_are_refused() {
    let honest = Server::saying(response("200 OK", &[], &vec![b' '; (1 << 20) + 1]));
    assert_eq!(get(&honest.request("/")).unwrap_err(), Failure::TooLarge(1 << 20));
    let endless = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
    });
    assert_eq!(get(&endless.request("/")).unwrap_err(), Failure::TooLarge(1 << 20));
    let huge = format!("X-Huge: {}", "x".repeat(1 << 20));
    assert!(matches!(get(&Server::saying(response("200 OK", &[&huge], b"")).request("/")), Err(Failure::Broken(_))));
    let many: Vec<String> = (0..500).map(|i| format!("X-{i}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(matches!(get(&Server::saying(response("200 OK", &many, b"")).request("/")), Err(Failure::Broken(_))));
}

#[test]
fn what_is_no_http_or_breaks_off_is_told() {
    for answer in ["", "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
        let failure = get(&Server::saying(answer).request("/")).unwrap_err();
        assert!(matches!(failure, Failure::Broken(_)), "{answer:?}: {failure}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let request = Request { reach: Reach::NamedHost, ..Request::new(format!("http://{closed}/")) };
    assert!(matches!(get(&request), Err(Failure::Unreachable(_))));
}

#[test]
fn a_name_that_cannot_be_one_is_no_name() {
    // Longer than any part of a name: whoever looks it up knows without asking.
    let request = Request { reach: Reach::NamedHost, ..Request::new(format!("http://{}/", "a".repeat(64))) };
    let failure = get(&request).unwrap_err();
    assert!(matches!(failure, Failure::NoName(_)), "{failure:?}");
}

#[test]
fn slow_hosts_are_given_up() {
    let silent = Server::new(|_, _| std::thread::sleep(Duration::from_secs(5)));
    let dripping = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    for server in [silent, dripping] {
        let begun = Instant::now();
        let failure = get(&server.request("/")).unwrap_err();
        assert!(matches!(failure, Failure::Timeout(_)), "{failure}");
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}

/// A server of `localhost` over TLS, and its certificate, which it has signed itself.
fn over_tls() -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            head(&mut stream);
            let _ = stream.write_all(&response("200 OK", &[], b"{}"));
        }
    });
    (address, made.cert.pem())
}

/// Set in the process that the test of certificates starts: what it asks for.
const CHILD: &str = "COMMONCAUSE_FETCH_CHILD";

/// Asks for what the test of certificates tells it to.
#[test]
fn asks_over_tls() {
    let Ok(url) = std::env::var(CHILD) else { return };
    get(&Request { reach: Reach::NamedHost, ..Request::new(url) }).unwrap();
}

#[test]
fn certificates_are_checked_against_those_that_the_machine_trusts() {
    let (address, certificate) = over_tls();
    let url = format!("https://localhost:{}/?token=42", address.port());
    let failure = get(&Request { reach: Reach::NamedHost, ..Request::new(&url) }).unwrap_err();
    assert!(matches!(failure, Failure::NoTrust(_)) && !failure.to_string().contains("42"), "{failure}");
    assert!(failure.to_string().contains("certificate"), "{failure}");
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, certificate).unwrap();
    for (host, fine) in [("localhost", true), ("127.0.0.1", false)] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["fetch::asks_over_tls", "--exact"])
            .env(CHILD, url.replace("localhost", host))
            .env("SSL_CERT_FILE", &trusted)
            .output()
            .unwrap();
        assert_eq!(child.status.success(), fine, "{host}: {}", String::from_utf8_lossy(&child.stderr));
    }
}

#[test]
fn addresses_that_cannot_be_asked_are_told() {
    for url in ["", "status.example.com", "ftp://example.com/", "http://", "https://user:word@example.com/"] {
        assert!(matches!(get(&Request::new(url)), Err(Failure::BadAddress(_))), "{url}");
    }
}

/// A thousand sources at once: no host is pressed, and memory stays small.
#[test]
fn a_thousand_requests_at_once_keep_to_the_limit_of_the_host() {
    // In a process of its own: the memory of other tests is not what is measured.
    const ALONE: &str = "COMMONCAUSE_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let name = "fetch::a_thousand_requests_at_once_keep_to_the_limit_of_the_host";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, peak) = (now.clone(), most.clone());
    let body = vec![b'{'; 20_000];
    let server = Server::new(move |_, stream| {
        peak.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2));
        counted.fetch_sub(1, Ordering::SeqCst);
        let _ = stream.write_all(&response("200 OK", &[], &body));
    });
    let limits = Limits { per_host: 8, interval: Duration::from_millis(1), ..Limits::default() };
    let fetcher = Arc::new(fetcher(limits));
    let begun = Instant::now();
    wait(async {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..1000 {
            let (fetcher, request) = (fetcher.clone(), server.request(&format!("/{n}")));
            tasks.spawn(async move { fetcher.get(&request).await });
        }
        let answers = tasks.join_all().await;
        assert!(answers.iter().all(Result::is_ok), "{:?}", answers.iter().find(|a| a.is_err()));
    });
    let elapsed = begun.elapsed();
    assert!(elapsed < Duration::from_secs(60), "within one interval: {elapsed:?}");
    assert!((2..=8).contains(&most.load(Ordering::SeqCst)), "{most:?} at once");
    println!("1,000 sources in {elapsed:?}, at most {most:?} at once");
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap().trim().to_string();
        println!("peak memory with the server: {peak}");
        assert!(peak.trim_end_matches(" kB").trim().parse::<u64>().unwrap() < 200 << 10, "{peak}");
    }
}

#[test]
fn requests_to_one_host_are_spaced() {
    let server = Server::saying(response("200 OK", &[], b"{}"));
    let fetcher = fetcher(Limits { interval: Duration::from_millis(100), ..Limits::default() });
    let begun = Instant::now();
    wait(async {
        let (a, b, c) = (server.request("/a"), server.request("/b"), server.request("/c"));
        let answers = tokio::join!(fetcher.get(&a), fetcher.get(&b), fetcher.get(&c));
        assert!(answers.0.is_ok() && answers.1.is_ok() && answers.2.is_ok());
    });
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

fn post(request: &Request) -> Result<u16, Failure> {
    wait(fetcher(quick()).post(request, b"{}"))
}

#[test]
fn what_is_posted_is_taken_or_not_and_goes_nowhere_else() {
    let server = Server::saying(response("202 Accepted", &[], b"ok"));
    let headers = vec![("Authorization".to_string(), Secret("Bearer 42".to_string()))];
    assert_eq!(post(&Request { headers, ..server.request("/hook?a=1") }), Ok(202));
    let asked = server.asked().remove(0);
    assert!(asked.starts_with("POST /hook?a=1 HTTP/1.1\r\n") && asked.contains("Bearer 42"), "{asked}");
    assert!(asked.to_lowercase().contains("content-type: application/json\r\n"), "{asked}");
    assert!(asked.to_lowercase().contains("content-length: 2\r\n"), "{asked}");
    for (status, number) in [("302 Found", 302), ("400 Bad Request", 400), ("503 Service Unavailable", 503)] {
        let server = Server::saying(response(status, &["Location: /elsewhere"], b""));
        assert_eq!(post(&server.request("/")), Err(Failure::Status { status: number, retry_after: None }));
        assert_eq!(server.asked().len(), 1, "{status}");
    }
    let judged = Request::new(format!("http://{}/", server.address));
    assert!(matches!(post(&judged), Err(Failure::NotPublic(_))));
    assert!(matches!(post(&Request::new("ftp://example.com/")), Err(Failure::BadAddress(_))));
}

#[test]
fn a_yes_counts_whatever_is_said_after_it() {
    let endless = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
    });
    let torn = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
    for server in [endless, torn] {
        assert_eq!(post(&server.request("/")), Ok(200));
    }
    let silent = Server::new(|_, _| std::thread::sleep(Duration::from_secs(1)));
    assert!(matches!(post(&silent.request("/")), Err(Failure::Timeout(_))));
}
