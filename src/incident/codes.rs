//! The kinds of problem that an incident can have, beside those of its graph and of reading signals.

use crate::diag::Code;

/// The incident file cannot be read as one.
pub const BAD_INCIDENT: Code = Code { id: "bad-incident", summary: "an incident file cannot be read as one" };
/// A key that no incident file has.
pub const UNKNOWN_FIELD: Code =
    Code { id: "unknown-incident-field", summary: "an incident file has no field of this name" };
/// No window, or none that time can pass through.
pub const BAD_WINDOW: Code = Code { id: "bad-window", summary: "the window is missing, unreadable or empty" };
/// `truth` names a component that the graph has not.
pub const UNKNOWN_TRUTH: Code =
    Code { id: "unknown-truth-component", summary: "the truth names a component that the graph does not have" };
/// A signal names a component that the graph has not.
pub const UNKNOWN_COMPONENT: Code =
    Code { id: "unknown-signal-component", summary: "a signal names a component that the graph does not have" };
/// A signal names a capability that its component has not.
pub const UNKNOWN_CAPABILITY: Code =
    Code { id: "unknown-signal-capability", summary: "a signal names a capability that its component does not have" };
/// Signals that do not touch the window.
pub const OUTSIDE_WINDOW: Code =
    Code { id: "time-outside-window", summary: "signals lie outside the window and are left out" };
/// Signals from the future.
pub const FUTURE: Code = Code { id: "future-time", summary: "signals are dated later than now" };
/// The same signal twice.
pub const DUPLICATE: Code = Code { id: "duplicate-record", summary: "a signal stands twice; the copy is left out" };
/// Nothing to go by.
pub const EMPTY: Code = Code { id: "empty-incident", summary: "no signal is left to judge by" };

/// Every code of this module.
pub const CODES: &[Code] = &[
    BAD_INCIDENT,
    UNKNOWN_FIELD,
    BAD_WINDOW,
    UNKNOWN_TRUTH,
    UNKNOWN_COMPONENT,
    UNKNOWN_CAPABILITY,
    OUTSIDE_WINDOW,
    FUTURE,
    DUPLICATE,
    EMPTY,
];
