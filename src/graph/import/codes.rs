//! The kinds of problem that importing can meet.

use crate::diag::Code;

/// The text cannot be read as the format it should be in.
pub const BAD_IMPORT: Code = Code { id: "bad-import", summary: "the text to import cannot be read as its format" };
/// The text looks like another format.
pub const OTHER_FORMAT: Code = Code { id: "other-import-format", summary: "the text to import is in another format" };
/// One entry of the text lacks a field, or has one of the wrong type.
pub const BAD_ENTRY: Code =
    Code { id: "bad-import-entry", summary: "an entry of the text to import lacks a field, or has a wrong one" };
/// The text names something that it does not have.
pub const DANGLING: Code =
    Code { id: "dangling-reference", summary: "an imported entry refers to something that is not there" };
/// A reference does not say to which kind of entity.
pub const SHORT_REFERENCE: Code =
    Code { id: "short-reference", summary: "a reference does not say to which kind of entity" };
/// Two names would become one id.
pub const NAME_CLASH: Code = Code { id: "import-name-clash", summary: "two imported names would become the same id" };
/// No id can be made of a name.
pub const NO_ID: Code = Code { id: "import-without-id", summary: "no id can be made of an imported name" };
/// There is nothing in it.
pub const NOTHING: Code =
    Code { id: "nothing-to-import", summary: "the text to import has no component or dependency" };
/// Something was left out on purpose.
pub const LEFT_OUT: Code = Code { id: "import-left-out", summary: "something was left out of the import on purpose" };
/// A host outside is mentioned, and no component is known for it.
pub const OUTSIDE_HOST: Code =
    Code { id: "outside-host", summary: "a host outside is configured that is no component yet" };
/// A column of a table of dependencies that nothing reads.
pub const UNKNOWN_COLUMN: Code = Code { id: "unknown-column", summary: "a table has a column that nothing reads" };
/// An annotation that should hold a component cannot be read.
pub const BAD_ANNOTATION: Code =
    Code { id: "bad-annotation", summary: "an annotation of ours on a Backstage entity cannot be read" };

/// Every code of this module.
pub const CODES: &[Code] = &[
    BAD_IMPORT,
    OTHER_FORMAT,
    BAD_ENTRY,
    DANGLING,
    SHORT_REFERENCE,
    NAME_CLASH,
    NO_ID,
    NOTHING,
    LEFT_OUT,
    OUTSIDE_HOST,
    UNKNOWN_COLUMN,
    BAD_ANNOTATION,
];
