//! The kinds of problem that a file of scenarios can have, beside those of graphs, signals and incidents.

use crate::diag::Code;

/// The file cannot be read as one.
pub const BAD_SCENARIO: Code = Code { id: "bad-scenario", summary: "a file of scenarios cannot be read as one" };
/// A key that no scenario has.
pub const UNKNOWN_FIELD: Code = Code { id: "unknown-scenario-field", summary: "a scenario has no field of this name" };
/// Nothing is tested: a file without tests, or a test that expects nothing.
pub const EMPTY: Code = Code { id: "empty-scenario", summary: "nothing is tested here, which would pass in silence" };
/// An expectation names what the graph has not.
pub const UNKNOWN_EXPECTED: Code = Code {
    id: "unknown-expected-name",
    summary: "an expectation names a component or kind that the graph does not have",
};
/// A chance that is not written as bounds.
pub const BAD_BOUND: Code = Code { id: "bad-bound", summary: "a chance is not written as bounds such as `>= 0.8`" };

/// Every code of this module.
pub const CODES: &[Code] = &[BAD_SCENARIO, UNKNOWN_FIELD, EMPTY, UNKNOWN_EXPECTED, BAD_BOUND];
