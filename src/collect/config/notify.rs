//! Whom to tell when the verdict changes.

use super::NOTIFY;
use super::filled::{Environment, Filled, Kept, fill};
use super::source::{headers, web_address};
use super::values::{DIALECT, complain, yes};
use crate::collect::fetch::Reach;
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span};
use crate::incident::mapping::Mapping;

/// What kind of receiver it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// An incoming webhook as Slack, Mattermost and others have it.
    Slack,
    /// PagerDuty, Events v2.
    PagerDuty,
    /// Alertmanager, `POST /api/v2/alerts`.
    Alertmanager,
    /// Any other, signed with HMAC if there is a secret.
    Webhook,
}

/// Words for kinds of receiver.
pub const RECEIVERS: &[(&str, Receiver)] = &[
    ("slack", Receiver::Slack),
    ("pagerduty", Receiver::PagerDuty),
    ("alertmanager", Receiver::Alertmanager),
    ("webhook", Receiver::Webhook),
];

/// Somebody to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// What kind of receiver it is.
    pub to: Receiver,
    /// Where; PagerDuty has a place of its own if not given.
    pub url: Option<Filled>,
    /// The routing key of PagerDuty, or what messages are signed with.
    pub secret: Option<Filled>,
    /// Headers that are sent.
    pub headers: Vec<(String, Filled)>,
    /// Which addresses it may be at.
    pub reach: Reach,
}

/// Reads the receiver at `node`.
pub(super) fn read(node: &Node, environment: Environment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Notify> {
    let map = Mapping::of(node, "a receiver", NOTIFY, DIALECT, problems)?;
    let here = Span { end: node.span.start, ..node.span };
    let words = || RECEIVERS.iter().map(|(word, _)| *word);
    let word = map.text("to", problems);
    if map.get("to").is_none() {
        complain(problems, here, "a receiver without `to`", "say what it is, as to: slack");
    }
    let to = word.and_then(|word| {
        let found = RECEIVERS.iter().find(|(w, _)| *w == word.text).map(|(_, r)| *r);
        if found.is_none() {
            let all = || format!("one of {}", words().collect::<Vec<_>>().join(", "));
            let help = did_you_mean(&word.text, words()).unwrap_or_else(all);
            complain(problems, word.span, format!("unknown receiver `{}`", word.text), help);
        }
        found
    });
    // The address of an incoming webhook is all that one needs to write there.
    let kept = if to == Some(Receiver::Slack) { Kept::ButHost } else { Kept::InFile };
    let url = map.text("url", problems).and_then(|t| {
        let url = fill(&t, kept, environment, problems)?;
        web_address("url", &url, t.span, problems).then_some(url)
    });
    let secret = map.text("secret", problems).and_then(|t| fill(&t, Kept::InEnvironment, environment, problems));
    let missing = match to {
        Some(Receiver::PagerDuty) => ("secret", "give the routing key, as secret: ${PAGERDUTY_KEY}"),
        _ => ("url", "say where it is"),
    };
    if to.is_some() && map.get(missing.0).is_none() {
        complain(problems, here, format!("a receiver without `{}`", missing.0), missing.1);
    }
    let headers = headers(&map, environment, problems);
    let reach = if yes(&map, "allow_private", problems) { Reach::NamedHost } else { Reach::Public };
    Some(Notify { to: to?, url, secret, headers, reach })
}
