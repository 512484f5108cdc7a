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

/// What a receiver is called before people: its kind, and its host if that stands in the configuration itself, else the
/// name of the first variable. Nothing else of its address, which may hold a secret.
pub fn label(receiver: &Notify) -> String {
    let kind = RECEIVERS.iter().find(|(_, to)| *to == receiver.to).map_or("receiver", |(word, _)| word);
    let Some(url) = &receiver.url else { return kind.to_string() };
    // What is the same whatever variables hold stands there itself.
    let place = match ["a", "b"].map(|value| host(&with(&url.written, value))) {
        [Some(one), Some(other)] if one == other => one,
        _ => variable(&url.written),
    };
    crate::diag::cut(&format!("{kind} ({place})"), LABEL)
}

/// Characters of a label.
const LABEL: usize = 100;

/// A text whose variables all hold `value`.
fn with(written: &str, value: &str) -> String {
    let mut pieces = written.split("${");
    let mut text = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        text += value;
        text += piece.split_once('}').map_or("", |(_, rest)| rest);
    }
    text
}

/// The first variable in a text, as it stands there.
fn variable(written: &str) -> String {
    let name = written.split_once("${").and_then(|(_, rest)| rest.split_once('}'));
    name.map_or("?".to_string(), |(name, _)| format!("${{{name}}}"))
}

fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or(host.to_string(), |port| format!("{host}:{port}")))
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
