//! The kinds of problem that telling people can have.

use crate::diag::Code;

/// The outbox cannot be read or written.
pub const UNUSABLE: Code =
    Code { id: "unusable-outbox", summary: "messages that are to be sent cannot be kept, or not be read" };
/// A file in the outbox is no message.
pub const UNREADABLE: Code = Code { id: "unreadable-message", summary: "a file in the outbox is no message" };
/// A message was given up.
pub const UNDELIVERED: Code =
    Code { id: "undelivered-message", summary: "a message was given up and is kept among the dead letters" };
/// A receiver stands twice in the configuration.
pub const SAME_RECEIVER: Code = Code { id: "same-receiver", summary: "the same receiver is configured twice" };

/// Every code of this module.
pub const CODES: &[Code] = &[UNUSABLE, UNREADABLE, UNDELIVERED, SAME_RECEIVER];
