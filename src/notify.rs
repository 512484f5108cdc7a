//! Telling people: what is told ([`Message`]), in the form that each kind of receiver takes, and a queue that loses nothing
//! ([`Outbox`]).
//!
//! All but the queue is pure: a message, a receiver and a time make a request and its body.

pub mod alertmanager;
mod codes;
mod message;
mod outbox;
pub mod pagerduty;
pub mod slack;
mod trial;
pub mod webhook;
mod words;

pub use codes::{CODES, SAME_RECEIVER, UNDELIVERED, UNREADABLE, UNUSABLE};
pub use message::{MAX_CAUSES, MAX_EXPLAINED, MAX_KEY_BYTES, MAX_LINES, Message, Status, Told};
pub use outbox::{Attempt, DEAD_LETTERS, Delivery, FOLDER, MAX_WAITING, Outbox, Outcome};
pub use trial::{Trial, try_receivers};

use crate::collect::config::{Notify, RECEIVERS, Receiver};
use crate::collect::fetch::{Request, Secret, Validators};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use url::Url;

/// Where PagerDuty takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// What is sent to `receiver` at `now` to tell it `message`, whose own name is `id`: the request, and its body.
pub fn letter(receiver: &Notify, message: &Message, id: &str, now: Timestamp) -> (Request, Vec<u8>) {
    let message = message.clone().bounded();
    let secret = receiver.secret.as_ref().map(|s| s.value.0.as_str());
    let mut headers: Vec<(String, Secret)> =
        receiver.headers.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect();
    let body = match receiver.to {
        Receiver::Slack => bytes(&slack::body(&message)),
        Receiver::PagerDuty => bytes(&pagerduty::body(&message, secret.unwrap_or_default())),
        Receiver::Alertmanager => bytes(&alertmanager::body(&message, now)),
        Receiver::Webhook => {
            let body = bytes(&webhook::body(&message, id, now));
            headers.push((webhook::IDEMPOTENCY_KEY.to_string(), Secret(id.to_string())));
            if let Some(signature) = secret.and_then(|secret| webhook::signature(&body, secret.as_bytes())) {
                headers.push((webhook::SIGNATURE.to_string(), Secret(signature)));
            }
            body
        }
    };
    (
        Request {
            url: address(receiver).to_string(),
            headers,
            reach: receiver.reach,
            validators: Validators::default(),
        },
        body,
    )
}

/// What a receiver is called before people: its kind, and its host if that stands in the configuration itself.
pub fn label(receiver: &Notify) -> String {
    let kind = RECEIVERS.iter().find(|(_, to)| *to == receiver.to).map_or("receiver", |(word, _)| word);
    let Some(url) = &receiver.url else { return kind.to_string() };
    // What comes from the environment is shown by the name that it has there.
    let place = if url.written.contains("${") { url.written.clone() } else { host(&url.written) };
    crate::diag::cut(&format!("{kind} ({place})"), LABEL)
}

/// Characters of a label.
const LABEL: usize = 100;

fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(|u| u.host_str()).unwrap_or("?");
    match url.as_ref().and_then(Url::port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    }
}

fn address(receiver: &Notify) -> &str {
    match &receiver.url {
        Some(url) => &url.value.0,
        None => PAGERDUTY,
    }
}

/// JSON; of what this module makes, nothing is without one.
fn bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The first `digits` hexadecimal digits of the hash of `parts`, each with its length, so that no two lists are alike.
fn hash(parts: &[&str], digits: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    let mut hex = hex(&hasher.finalize());
    hex.truncate(digits);
    hex
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
