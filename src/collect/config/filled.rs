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

/// What may stand before the secret in the value of a header: how it is meant.
const SCHEMES: &[&str] = &[
    "Basic ",
    "Bearer ",
    "Token ",
    "Token token=",
    "OAuth ",
    "ApiKey ",
    "Api-Key ",
    "GenieKey ",
    "Key ",
    "Splunk ",
    "SSWS ",
];

/// Whether a value may stand in the file as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It may.
    InFile,
    /// All of it must come from the environment.
    InEnvironment,
    /// The value of a header: all but its scheme must.
    ButScheme,
    /// An address: all but its host must.
    ButHost,
}

impl Kept {
    /// Whether `before`, which stands in the file before the first variable, and `rest`, which does behind that, may.
    fn allows(self, before: &str, rest: &str) -> bool {
        match self {
            Kept::InFile => true,
            Kept::InEnvironment => before.is_empty() && rest.is_empty(),
            Kept::ButScheme => {
                let is_scheme = SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(before));
                (before.is_empty() || is_scheme) && rest.is_empty()
            }
            Kept::ButHost => (before.is_empty() || is_host(before)) && rest.bytes().all(|b| b == b'/'),
        }
    }

    /// What to do about a secret in the file.
    fn help(self) -> &'static str {
        match self {
            Kept::InFile | Kept::InEnvironment => {
                "put it into a variable of the environment and write ${NAME} here, and nothing else; then change the secret"
            }
            Kept::ButScheme => {
                "put it into a variable of the environment and write ${NAME} here, or Bearer ${NAME}, and nothing else; then change the secret"
            }
            Kept::ButHost => {
                "put it into a variable of the environment and write ${NAME} here, or https://HOST/${NAME}, and nothing else; then change the secret"
            }
        }
    }
}

/// Whether a text is the beginning of an address up to the end of its host, and nothing more.
fn is_host(text: &str) -> bool {
    let host = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = host.and_then(|host| host.strip_suffix('/'));
    host.is_some_and(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)))
}

/// `text` with the values of its variables. Every variable that is not set is told.
pub(super) fn fill(
    text: &Placed,
    kept: Kept,
    environment: Environment<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Filled> {
    let before = problems.len();
    let (mut value, mut rest) = (String::new(), text.text.as_str());
    // What stands in the file, before the first variable and behind it.
    let (mut first, mut behind) = (None, String::new());
    let mut stands = |piece: &str| match first {
        None => first = Some(piece.to_string()),
        Some(_) => behind.push_str(piece),
    };
    while let Some(start) = rest.find("${") {
        value.push_str(&rest[..start]);
        stands(&rest[..start]);
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
    stands(rest);
    // Without a variable all of it stands there.
    let is_kept = rest.len() < text.text.len() && kept.allows(&first.unwrap_or_default(), &behind);
    if kept != Kept::InFile && !is_kept {
        problems.push(
            Diagnostic::error(SECRET_IN_FILE, "a secret stands in the file")
                .at(crate::diag::Span { end: text.span.start, ..text.span }, "this value")
                .help(kept.help()),
        );
    }
    (problems.len() == before).then(|| Filled { written: text.text.clone(), value: Secret(value) })
}
