//! Trying whether receivers take what they are told.

use super::{Message, Status, hash, label, letter};
use crate::collect::config::Notify;
use crate::collect::fetch::Fetcher;
use futures_util::future::join_all;
use jiff::Timestamp;

/// The kind of verdict by which a trial is known.
pub(super) const KIND: &str = "test";
/// Hexadecimal digits of a message's name.
const ID_DIGITS: usize = 32;

/// What became of the trial of one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What the receiver is called.
    pub to: String,
    /// Why it did not take what it was told, if so.
    pub failed: Option<String>,
}

/// Tells every receiver of a suspicion that is marked as a test, and then that it is over: each once.
pub async fn try_receivers(receivers: &[Notify], fetcher: &Fetcher, now: Timestamp) -> Vec<Trial> {
    join_all(receivers.iter().map(|receiver| try_one(receiver, fetcher, now))).await
}

async fn try_one(receiver: &Notify, fetcher: &Fetcher, now: Timestamp) -> Trial {
    let mut failed = None;
    for status in [Status::Suspected, Status::Resolved] {
        let message = message(status, now);
        let id = hash(&[&message.key, status.as_str()], ID_DIGITS);
        let (request, body) = letter(receiver, &message, &id, now);
        if let Err(failure) = fetcher.post(&request, &body).await {
            failed = Some(format!("{}: {failure}", status.as_str()));
            break;
        }
    }
    Trial { to: label(receiver), failed }
}

fn message(status: Status, now: Timestamp) -> Message {
    let verdict = match status {
        Status::Resolved => "TEST: this is a test of commoncause's notifications, and it is over.",
        _ => "TEST: this is a test of commoncause's notifications. Nothing is wrong.",
    };
    Message {
        key: format!("commoncause-test-{}", now.as_millisecond()),
        status,
        at: now,
        began: Some(now),
        verdict: verdict.to_string(),
        verdict_kind: KIND.to_string(),
        causes: Vec::new(),
        error: 0.0,
        lines: vec!["Somebody ran commoncause notify --test.".to_string()],
    }
}
