//! The kinds of problem that reading signals can meet.

use crate::diag::Code;

/// A file that is named cannot be read.
pub const MISSING_FILE: Code = Code { id: "missing-file", summary: "a file that is named cannot be read" };
/// The name of a signal file does not say how to read it.
pub const UNKNOWN_FORMAT: Code =
    Code { id: "unknown-signal-format", summary: "the file's extension is none that signals are read from" };
/// A line, row or entry is not a signal at all.
pub const BAD_SIGNAL: Code = Code { id: "bad-signal", summary: "a line cannot be read as a signal" };
/// A limit of the readers was reached.
pub const TOO_LARGE: Code =
    Code { id: "signals-too-large", summary: "a file, line or nesting is beyond what the readers accept" };
/// A key or column that no signal has.
pub const UNKNOWN_FIELD: Code = Code { id: "unknown-signal-field", summary: "a signal has no field of this name" };
/// A state that is none of ours and none of the feeds'.
pub const UNKNOWN_STATE: Code = Code { id: "unknown-state", summary: "the word for the state is not known" };
/// A kind of source that is not known.
pub const UNKNOWN_SOURCE_KIND: Code =
    Code { id: "unknown-source-kind", summary: "the word for the kind of source is not known" };
/// A time that cannot be read, or has no offset.
pub const BAD_TIME: Code = Code { id: "bad-time", summary: "a time is not RFC 3339 with an offset" };
/// A number outside its range.
pub const OUT_OF_RANGE: Code =
    Code { id: "out-of-range-signal", summary: "a number is outside the range its field allows" };
/// The trouble ends before it begins.
pub const UNTIL_BEFORE_AT: Code = Code { id: "until-before-at", summary: "a signal ends before it begins" };

/// Every code of this module.
pub const CODES: &[Code] = &[
    MISSING_FILE,
    UNKNOWN_FORMAT,
    BAD_SIGNAL,
    TOO_LARGE,
    UNKNOWN_FIELD,
    UNKNOWN_STATE,
    UNKNOWN_SOURCE_KIND,
    BAD_TIME,
    OUT_OF_RANGE,
    UNTIL_BEFORE_AT,
];
