//! Any other receiver: the public contract `commoncause/notification/v1`, signed.

use super::{Message, hex};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::Sha256;

/// Name of the contract, the value of [`Notification::schema`].
pub const SCHEMA: &str = "commoncause/notification/v1";
/// The header with the signature of the body: `v1=` and the HMAC-SHA256 of its bytes in hexadecimal digits.
pub const SIGNATURE: &str = "X-Commoncause-Signature";
/// The header with the name of the message, the same at every attempt.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The body.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Notification {
    /// Always `commoncause/notification/v1`.
    pub schema: String,
    /// The message: the same at every attempt to send it, and another one for every other message.
    pub id: String,
    /// When this attempt was made: what is signed and old may be refused.
    #[schemars(with = "String")]
    pub sent_at: Timestamp,
    /// What is told.
    #[serde(flatten)]
    pub message: Message,
}

/// The body of an attempt at `now`.
pub fn body(message: &Message, id: &str, now: Timestamp) -> Notification {
    Notification { schema: SCHEMA.to_string(), id: id.to_string(), sent_at: now, message: message.clone() }
}

/// What [`SIGNATURE`] holds for a body.
pub fn signature(body: &[u8], secret: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(body);
    Some(format!("v1={}", hex(&mac.finalize().into_bytes())))
}

/// The JSON Schema (draft-07) of the contract.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<Notification>().to_value()
}
