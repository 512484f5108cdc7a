//! An id with characters that ids do not have.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;

/// An id has characters that ids do not have.
pub const CODE: Code = Code { id: "bad-id", summary: "an id has characters that ids do not have" };

/// Ids begin with a lower-case letter or a digit; `- _ . /` may follow.
pub fn check(id: &At<String>) -> Option<Diagnostic> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fine = id.value.starts_with(plain) && id.value.chars().all(|c| plain(c) || "-_./".contains(c));
    (!fine).then(|| {
        Diagnostic::error(CODE, format!("`{}` is not an id", id.value)).at(id.span, "not an id").help(
            "ids begin with a lower-case letter or a digit, then also - _ . /; put the name for people in `title`",
        )
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {My Service: {kind: service}}");
    }
}
