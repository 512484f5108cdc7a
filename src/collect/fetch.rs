//! Fetching feeds with manners, and safely.
//!
//! Never more than so many requests to one host at the same time, none while a host has asked for rest, nothing that is
//! known already (conditional requests); no more of a body than is allowed, whatever it was compressed to, and no longer
//! than is allowed; no address that is not public, unless the source names its host and allows it. Every redirect is
//! judged like a first request, and what is connected to is the very address that was judged.
//!
//! With the looks of our own, which take their turns here, the only part of this module with network and clock.

pub mod address;
pub mod backoff;
mod body;
mod failure;
mod hop;
mod pace;
mod resolve;

pub use failure::Failure;
pub(super) use hop::refused;
pub(super) use resolve::addresses;

use jiff::Timestamp;
use pace::Hosts;
pub(super) use pace::Turn;
use reqwest::Url;
use reqwest::header::{ETAG, HeaderMap, LAST_MODIFIED, RETRY_AFTER};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// Connections that are kept open to a host.
const IDLE_PER_HOST: usize = 1;

/// How much is asked for, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests to one host at the same time.
    pub per_host: usize,
    /// Requests at the same time, to all hosts together.
    pub at_once: usize,
    /// Least time between the beginnings of two requests to one host.
    pub interval: Duration,
    /// How long connecting may take.
    pub connect: Duration,
    /// How long nothing may arrive.
    pub idle: Duration,
    /// How long one answer may take, with all redirects.
    pub total: Duration,
    /// Bytes of a body, after decompression.
    pub body: usize,
    /// Redirects that are followed.
    pub redirects: usize,
    /// Longest rest that a host can ask for.
    pub rest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            per_host: 2,
            at_once: 64,
            interval: Duration::from_millis(20),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
            body: 8 << 20,
            redirects: 5,
            rest: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// Bytes that are read of what is answered to what was posted.
const REPLY: usize = 64 << 10;
/// How long that may take.
const REPLY_TIME: Duration = Duration::from_secs(2);

/// A value that is sent and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(
    /// The value itself.
    pub String,
);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Which addresses a source may be at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public ones only.
    Public,
    /// Also private ones, for the host that the source itself names; a redirect to another host must be public.
    NamedHost,
}

/// What an answer gave to recognise it by, exactly as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// Hash of the body, for servers that give neither.
    pub body: Option<u64>,
}

/// What to fetch.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where: http or https.
    pub url: String,
    /// Headers to send with it; not to another origin that a redirect leads to.
    pub headers: Vec<(String, Secret)>,
    /// Which addresses are fine.
    pub reach: Reach,
    /// Of the last answer.
    pub validators: Validators,
}

impl Request {
    /// A request for a public address without anything known before.
    pub fn new(url: impl Into<String>) -> Request {
        Request { url: url.into(), headers: Vec::new(), reach: Reach::Public, validators: Validators::default() }
    }
}

/// What a host answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 2xx, or 304.
    pub status: u16,
    /// Decompressed; empty after 304.
    pub body: Vec<u8>,
    /// Whether it is the same as the last answer, by word of the host or by its bytes.
    pub unchanged: bool,
    /// For the next request.
    pub validators: Validators,
}

/// Whether a header can be sent: its name is one, and its value has no line breaks or other control characters.
pub fn can_be_sent(name: &str, value: &Secret) -> bool {
    hop::header(name, &value.0).is_ok()
}

/// Fetches; one for all sources of a process.
#[derive(Debug)]
pub struct Fetcher {
    limits: Limits,
    contact: String,
    clients: hop::Clients,
    /// For looks of our own, made with the first one.
    fresh: OnceLock<Result<hop::Clients, String>>,
    hosts: Hosts,
}

impl Fetcher {
    /// `contact` tells operators whom to ask: an address of mail or a page. It is part of the User-Agent; empty only if no
    /// host of others is asked.
    ///
    /// # Errors
    /// If no client can be made: why, in words.
    pub fn new(limits: Limits, contact: &str) -> Result<Fetcher, String> {
        let clients = hop::Clients::new(&limits, contact, IDLE_PER_HOST)?;
        let contact = contact.to_string();
        Ok(Fetcher { limits, contact, clients, fresh: OnceLock::new(), hosts: Hosts::new(&limits) })
    }

    /// What it keeps to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Fetches once. Waits for its turn at the host first, which takes no part in the time limit.
    ///
    /// # Errors
    /// If there is no answer with 2xx (or 304 to a conditional request) within the limits.
    pub async fn get(&self, request: &Request) -> Result<Answer, Failure> {
        self.get_by(&self.clients, request, self.limits.total).await
    }

    /// The same within `total` and over a new connection: one that is still open from before would tell nothing of the
    /// name, the way and the certificate.
    ///
    /// # Errors
    /// As [`get`](Fetcher::get).
    pub(super) async fn get_anew(&self, request: &Request, total: Duration) -> Result<Answer, Failure> {
        let clients = self.fresh.get_or_init(|| hop::Clients::new(&self.limits, &self.contact, 0));
        let clients = clients.as_ref().map_err(|why| Failure::NoRoots(why.clone()))?;
        self.get_by(clients, request, total).await
    }

    /// Waits until the host of `url` may be connected to in another way; it counts as asked until the turn is dropped.
    ///
    /// # Errors
    /// If the host wants to be left alone.
    pub(super) async fn turn(&self, url: &Url) -> Result<Turn, Failure> {
        self.hosts.turn(url).await
    }

    async fn get_by(&self, clients: &hop::Clients, request: &Request, total: Duration) -> Result<Answer, Failure> {
        let first = hop::parse(&request.url)?;
        let mut url = first.clone();
        // Only the waiting for a first turn is free of the limit: redirects are the source's own.
        let mut turn = self.hosts.turn(&url).await?;
        let follow = async {
            for _ in 0..=self.limits.redirects {
                let response = clients.ask(request, &first, &url, None).await?;
                let Some(next) = hop::redirect(&url, &response)? else {
                    return self.finish(request, &url, response).await;
                };
                drop(turn);
                turn = self.hosts.turn(&next).await?;
                url = next;
            }
            Err(Failure::Redirect(format!("more than {} redirects", self.limits.redirects)))
        };
        match tokio::time::timeout(total, follow).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Timeout(format!("no whole answer within {total:?}"))),
        }
    }

    /// Posts JSON once, with the manners of [`get`](Fetcher::get): the number of the answer. Redirects are not followed, and
    /// of what the answer says no more is read than leaves the connection in order; it is dropped.
    ///
    /// # Errors
    /// If there is no answer with 2xx within the limits. Whoever was asked may have taken it nevertheless.
    pub async fn post(&self, request: &Request, body: &[u8]) -> Result<u16, Failure> {
        let url = hop::parse(&request.url)?;
        let _turn = self.hosts.turn(&url).await?;
        let asking = self.clients.ask(request, &url, &url, Some(body));
        let response = match tokio::time::timeout(self.limits.total, asking).await {
            Ok(response) => response?,
            Err(_) => return Err(Failure::Timeout(format!("no answer within {:?}", self.limits.total))),
        };
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(&url, &response));
        }
        // It was taken, whatever becomes of the rest.
        let _ = tokio::time::timeout(REPLY_TIME, body::read(response, REPLY)).await;
        Ok(status.as_u16())
    }

    /// The failure of an answer without 2xx, after which the host may be left alone for a while.
    fn refused(&self, url: &Url, response: &reqwest::Response) -> Failure {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), Timestamp::now()).map(|d| d.min(self.limits.rest));
        if let (429 | 503, Some(rest)) = (status, retry_after) {
            self.hosts.rest(url, rest);
        }
        Failure::Status { status, retry_after }
    }

    async fn finish(&self, request: &Request, url: &Url, response: reqwest::Response) -> Result<Answer, Failure> {
        let status = response.status();
        let known = &request.validators;
        if status.as_u16() == 304 && (known.etag.is_some() || known.last_modified.is_some()) {
            let body = known.body;
            let sent = validators(response.headers());
            let validators = Validators {
                etag: sent.etag.or_else(|| known.etag.clone()),
                last_modified: sent.last_modified.or_else(|| known.last_modified.clone()),
                body,
            };
            return Ok(Answer { status: 304, body: Vec::new(), unchanged: true, validators });
        }
        if !status.is_success() {
            return Err(self.refused(url, &response));
        }
        let mut validators = validators(response.headers());
        let body = body::read(response, self.limits.body).await?;
        let hash = body::hash(&body);
        validators.body = Some(hash);
        let unchanged = known.body == Some(hash);
        Ok(Answer { status: status.as_u16(), body, unchanged, validators })
    }
}

/// What the headers give to recognise an answer by; what is no text cannot be sent back as it was.
fn validators(headers: &HeaderMap) -> Validators {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_string);
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED), body: None }
}

/// How long the host asks to be left alone: seconds, or until a time by its own clock.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let time = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let its_now = headers.get("date").and_then(|d| time(d.to_str().ok()?)).unwrap_or(now);
    Some(Duration::try_from(time(text)?.duration_since(its_now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_told_in_seconds_or_by_the_clock_of_the_host() {
        let now = "2026-11-18T12:00:00Z".parse().unwrap();
        let rest = |retry: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry.parse().unwrap());
            if let Some(date) = date {
                headers.insert("date", date.parse().unwrap());
            }
            retry_after(&headers, now).map(|d| d.as_secs())
        };
        assert_eq!(rest("120", None), Some(120));
        assert_eq!(rest("Wed, 18 Nov 2026 12:01:00 GMT", None), Some(60));
        // A host whose clock is an hour ahead.
        let its = "Wed, 18 Nov 2026 13:00:00 GMT";
        assert_eq!(rest("Wed, 18 Nov 2026 13:00:30 GMT", Some(its)), Some(30));
        assert_eq!(rest("Wed, 18 Nov 2026 11:00:00 GMT", None), Some(0));
        assert_eq!(rest("soon", None), None);
        assert_eq!(rest("-5", None), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut request = Request::new("https://example.com/");
        request.headers.push(("Authorization".to_string(), Secret("Bearer 42".to_string())));
        assert!(!format!("{request:?}").contains("42"));
    }
}
