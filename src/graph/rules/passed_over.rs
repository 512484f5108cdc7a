//! A file among those of a Backstage catalog that is neither of it nor ours.

use crate::diag::tree::Node;
use crate::diag::{Code, Diagnostic, Span};

/// A file beside Backstage entities was not read.
pub const CODE: Code = Code { id: "passed-over", summary: "a file beside Backstage entities was not read" };

/// Keys of our files.
pub const OURS: [&str; 2] = ["components", "kinds"];
/// Keys of formats that have `components`, too, but mean something else by it.
pub const THEIRS: [&str; 4] = ["apiVersion", "asyncapi", "openapi", "swagger"];

/// True for a document that is no graph file. In a repository of a service many files are YAML, and beside entities such
/// a one is more likely somebody else's than a mistake.
pub fn is_foreign(node: &Node) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
    !has(&OURS) || has(&THEIRS)
}

/// True for a text that is not even YAML, such as a template, and does not begin anything that is read.
pub fn looks_foreign(text: &str) -> bool {
    let begins = |line: &str| OURS.iter().any(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    !text.contains("backstage.io/") && !text.lines().any(begins)
}

/// Says that the document at this place was not read.
pub fn problem(at: Span) -> Diagnostic {
    Diagnostic::hint(CODE, "this file is neither an entity nor a graph file, and was not read")
        .at(Span { end: at.start, ..at }, "not read")
        .help("nothing to do, unless you miss it: a graph file begins with `components:`")
}

/// Says that a link to a folder was not followed.
pub fn link(shown: &str) -> Diagnostic {
    Diagnostic::hint(CODE, format!("{shown} is a link to a folder, and was not followed: links may run in circles"))
        .help("name the folder itself, beside this one")
}

#[cfg(test)]
mod tests {
    use crate::graph::rules::testing::fires;

    #[test]
    fn fires_for_what_is_neither() {
        let entity = "apiVersion: backstage.io/v1\nkind: Component\nmetadata: {name: a}\n---\n";
        for other in [
            "site_name: docs\n",
            "openapi: 3.1.0\ncomponents: {schemas: {}}\n",
            "a: {{ .Values.a }}\n  b\n",
            "# nothing\na",
        ] {
            fires(super::CODE, &format!("{entity}{other}"));
        }
    }
}
