//! The kinds of problem that a configuration of sources can have.

use crate::diag::Code;

/// The file cannot be read as one.
pub const BAD_SOURCES: Code = Code { id: "bad-sources", summary: "a configuration of sources cannot be read as one" };
/// A key that no such file has.
pub const UNKNOWN_FIELD: Code =
    Code { id: "unknown-sources-field", summary: "a configuration of sources has no field of this name" };
/// A format that is not known.
pub const UNKNOWN_FORMAT: Code = Code { id: "unknown-feed-format", summary: "the word for the format is not known" };
/// A secret that stands in the file.
pub const SECRET_IN_FILE: Code =
    Code { id: "secret-in-file", summary: "a secret stands in the file instead of the environment" };
/// A variable that the environment has not.
pub const UNSET_VARIABLE: Code = Code { id: "unset-variable", summary: "the environment has no variable of this name" };
/// Anybody who can reach the address may tell us of failures.
pub const OPEN_RECEIVER: Code =
    Code { id: "open-receiver", summary: "what comes to us is taken from everybody who can reach the address" };

/// A probe that cannot tell others' trouble from ours.
pub const NO_KNOWN_GOOD: Code =
    Code { id: "no-known-good", summary: "a probe has nothing to tell trouble of others from trouble of ours by" };

/// Every code of this module.
pub const CODES: &[Code] =
    &[BAD_SOURCES, UNKNOWN_FIELD, UNKNOWN_FORMAT, SECRET_IN_FILE, UNSET_VARIABLE, OPEN_RECEIVER, NO_KNOWN_GOOD];
