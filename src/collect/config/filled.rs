//! Texts with `${NAME}` for what only the environment knows.

use super::codes::{BAD_SOURCES, SECRET_IN_FILE, UNSET_VARIABLE};
use crate::collect::fetch::Secret;
use crate::diag::Diagnostic;
use crate::incident::Placed;

/// A text as it is written, which may be shown, and as it is meant, which may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// With the names of variables.
    pub written: String,
    /// With their values.
    pub value: Secret,
}

/// What variables of the environment hold; an argument, so that it can be another one.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Words in the names of headers whose values are secrets.
const SECRET_WORDS: &[&str] = &["auth", "token", "secret", "key", "cookie", "password", "signature"];

/// Whether the value of the header `name` is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether a value may stand in the file as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It may.
    InFile,
    /// It must come from the environment.
    InEnvironment,
}

/// `text` with the values of its variables. Every variable that is not set is told.
pub(super) fn fill(
    text: &Placed,
    kept: Kept,
    environment: Environment<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Filled> {
    let before = problems.len();
    let (mut value, mut rest, mut variables) = (String::new(), text.text.as_str(), 0);
    while let Some(start) = rest.find("${") {
        value.push_str(&rest[..start]);
        let inner = &rest[start + 2..];
        let name = inner.split('}').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name || name.len() == inner.len() {
            let help = "write ${NAME}, with letters, digits and _ in the name";
            problems.push(
                Diagnostic::error(BAD_SOURCES, "`${` begins no name of a variable").at(text.span, "here").help(help),
            );
            return None;
        }
        variables += 1;
        match environment(name).filter(|v| !v.trim().is_empty()) {
            Some(found) => value.push_str(found.trim()),
            None => problems.push(
                Diagnostic::error(UNSET_VARIABLE, format!("the environment has no `{name}`"))
                    .at(text.span, "asked for here")
                    .help(format!("set {name} where this runs, e.g. in the unit's EnvironmentFile")),
            ),
        }
        rest = &inner[name.len() + 1..];
    }
    value.push_str(rest);
    if variables == 0 && kept == Kept::InEnvironment {
        problems.push(
            Diagnostic::error(SECRET_IN_FILE, "a secret stands in the file")
                .at(crate::diag::Span { end: text.span.start, ..text.span }, "this value")
                .help("put it into a variable of the environment and write ${NAME} here; then change the secret"),
        );
    }
    (problems.len() == before).then(|| Filled { written: text.text.clone(), value: Secret(value) })
}
