//! PagerDuty: webhooks of version 3, one event each, and whether one was signed with the shared secret.

use super::notice::{Notice, Notices};
use super::{json, time};
use crate::collect::{Feed, Reading, Terms, Unreadable};
use crate::signal::{AtKind, SourceKind, State};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

const WANTED: &str = "an event of PagerDuty";

/// Only so many signatures are looked at: there is one per secret, and secrets are changed one at a time.
const MAX_SIGNATURES: usize = 8;

/// Reads one event. The incident's id is the identity, so that a later event corrects an earlier one.
///
/// # Errors
/// [`Unreadable`] if it is none.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let value = json::parse(body, WANTED)?;
    let event = json::get(&value, "event").filter(|e| json::has_keys(e, &["event_type", "data"]));
    let Some(event) = event else { return Err(json::other_json(&value, WANTED)) };
    let mut notices = Notices::new(feed);
    let kind = json::text(event, "event_type").unwrap_or_default();
    let about_incident = json::text(event, "data.type") == Some("incident");
    match (kind.strip_prefix("incident."), json::text(event, "data.id")) {
        (Some(what), Some(id)) if about_incident => incident(&mut notices, event, what, id),
        (Some(_), _) => {
            let said = json::text(event, "data.content").or_else(|| json::text(event, "data.message"));
            notices.note(format!("{kind}: {}", said.unwrap_or("says nothing of a state")));
        }
        (None, _) => notices.note(format!("`{kind}` is about no incident")),
    }
    Ok(notices.finish())
}

fn incident(notices: &mut Notices<'_>, event: &Value, what: &str, id: &str) {
    let occurred = time::at(event, "occurred_at");
    let resolved = what == "resolved" || (what != "reopened" && json::text(event, "data.status") == Some("resolved"));
    let until = resolved.then(|| occurred.unwrap_or(notices.seen_at()));
    let state = match json::text(event, "data.urgency") {
        Some("high") | None => State::Failing,
        Some("low") => State::Degraded,
        Some(other) => {
            notices.note(format!("urgency `{other}` is not known, taken for degraded"));
            State::Degraded
        }
    };
    let began = time::at(event, "data.created_at");
    let (at, at_kind) = match began {
        Some(at) => (at, AtKind::Onset),
        None => (occurred.unwrap_or(notices.seen_at()), AtKind::Seen),
    };
    notices.add(Notice {
        names: ["data.service.id", "data.service.summary"].iter().filter_map(|n| json::text(event, n)).collect(),
        until,
        terms: Terms { told_at: occurred, holds_until: None },
        title: json::text(event, "data.title").unwrap_or_default(),
        url: json::text(event, "data.html_url"),
        ..Notice::new(SourceKind::Alert, id, state, at, at_kind)
    });
}

/// Whether one of the signatures in the header `X-PagerDuty-Signature` is that of `body` as it came, under `secret`.
pub fn is_signed(body: &[u8], header: &str, secret: &[u8]) -> bool {
    if secret.is_empty() {
        return false;
    }
    let signatures = header.split(',').take(MAX_SIGNATURES).filter_map(|s| s.trim().strip_prefix("v1="));
    signatures.filter_map(bytes).any(|signature| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
        mac.update(body);
        // Compares in constant time.
        mac.verify_slice(&signature).is_ok()
    })
}

/// The bytes that hexadecimal digits stand for.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_signature_is_taken() {
        // `printf '{"event":{}}' | openssl dgst -sha256 -hmac secret`
        let body = br#"{"event":{}}"#;
        let hex = "2c984a26b96792f49173390b114619a17f5699a0bb42f13aff472b980b3080b5";
        assert!(is_signed(body, &format!("v1={hex}"), b"secret"));
        assert!(is_signed(body, &format!("v1={}, v1={hex}", "0".repeat(64)), b"secret"));
        assert!(!is_signed(body, &format!("v1={hex}"), b"other"));
        assert!(!is_signed(b"{}", &format!("v1={hex}"), b"secret"));
        for header in ["", "v1=", "v1=zz", &format!("v2={hex}"), hex, &format!("v1={}", &hex[..62])] {
            assert!(!is_signed(body, header, b"secret"), "{header}");
        }
        assert!(!is_signed(body, &format!("v1={hex}"), b""));
    }
}
