//! The kinds of problem that the history of signals can have.

use crate::diag::Code;

/// The last write was cut off.
pub const TORN: Code = Code { id: "torn-log", summary: "the last write to a log of signals was cut off" };
/// Bytes in the middle of a log are no record.
pub const DAMAGED: Code = Code { id: "damaged-log", summary: "a log of signals has bytes that are no record" };
/// Another process writes there.
pub const IN_USE: Code = Code { id: "log-in-use", summary: "another process writes the history of signals" };
/// Nothing can be written.
pub const UNWRITABLE: Code =
    Code { id: "unwritable-log", summary: "signals cannot be written to the history, or not to stay" };
/// A log cannot be read.
pub const UNREADABLE: Code = Code { id: "unreadable-log", summary: "a log of signals cannot be read" };

/// Every code of this module.
pub const CODES: &[Code] = &[TORN, DAMAGED, IN_USE, UNWRITABLE, UNREADABLE];
