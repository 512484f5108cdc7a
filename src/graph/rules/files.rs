//! Files that cannot be read at all.

use crate::diag::{Code, Diagnostic};

/// A file or folder cannot be read.
pub const UNREADABLE: Code = Code { id: "unreadable-file", summary: "a file or folder cannot be read" };
/// A file is beyond the limit.
pub const TOO_LARGE: Code = Code { id: "file-too-large", summary: "a graph file is larger than the reader accepts" };
/// There is nothing to read.
pub const EMPTY: Code = Code { id: "empty-graph", summary: "the graph has no component" };

/// `name` could not be read.
pub fn unreadable(name: &str, reason: &str) -> Diagnostic {
    Diagnostic::error(UNREADABLE, format!("cannot read {name}: {reason}"))
        .help("give a YAML file, or a folder of .yaml files, that exists and may be read")
}

/// `name` has more than `limit` bytes.
pub fn too_large(name: &str, limit: u64) -> Diagnostic {
    Diagnostic::error(TOO_LARGE, format!("{name} has more than {limit} bytes")).help("split it: a folder is merged")
}

/// No component was read.
pub fn empty(names: &str) -> Diagnostic {
    Diagnostic::warning(EMPTY, format!("no component in {names}")).help("a graph begins with `components:`")
}
