//! Causes and reasons in words, for receivers that show text.

use super::{Message, Status, Told};
use crate::report::text::{probability, some_of};
use jiff::Timestamp;

/// Components named in one sentence.
const NAMED: usize = 8;

/// What a message is, in a few words.
pub(super) fn head(message: &Message) -> &'static str {
    match message.status {
        _ if message.is_trial() => "Test of notifications",
        Status::Suspected => "Common cause suspected",
        Status::Changed => "Common cause: something changed",
        Status::Resolved => "Resolved",
    }
}

/// One cause on one line.
pub(super) fn cause(told: &Told, error: f64) -> String {
    let p = |x: f64| probability(x, error);
    let capability = if told.capability == "any" { String::new() } else { format!(" {}", told.capability) };
    let [low, high] = told.range;
    let explains = match told.explains.is_empty() {
        true => String::new(),
        false => format!(", explains {}", some_of(&told.explains, NAMED)),
    };
    format!(
        "{}{capability} ({}): {} ({} to {}){explains}",
        told.component,
        told.kind,
        p(told.probability),
        p(low),
        p(high)
    )
}

/// All causes, one on each line.
pub(super) fn causes(message: &Message) -> Vec<String> {
    message.causes.iter().map(|told| cause(told, message.error)).collect()
}

/// A time to the second.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
