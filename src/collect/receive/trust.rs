//! Whether who posts knows the secret.

use crate::collect::fetch::Secret;
use crate::collect::read::pagerduty::is_signed;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};
use subtle::ConstantTimeEq;

/// Headers with signatures (`v1=` and the HMAC-SHA256 of the body in hexadecimal digits, several with commas between).
const SIGNATURES: [&str; 2] = ["x-pagerduty-signature", "x-commoncause-signature"];

/// How far one who posts is trusted before the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It knows the secret, or there is none.
    Full,
    /// There is a signature, and the body will show whether it is right.
    Signed,
    /// It does not know the secret.
    No,
}

/// What the head of a request says.
pub(super) fn of_head(headers: &HeaderMap, secret: Option<&Secret>) -> Trust {
    let Some(secret) = secret else { return Trust::Full };
    if headers.get_all(AUTHORIZATION).iter().filter_map(|v| v.to_str().ok()).any(|value| knows(value, secret)) {
        return Trust::Full;
    }
    match SIGNATURES.iter().any(|name| headers.contains_key(*name)) {
        true => Trust::Signed,
        false => Trust::No,
    }
}

/// Whether one of the signatures in the head is that of the body.
pub(super) fn signed(headers: &HeaderMap, body: &[u8], secret: Option<&Secret>) -> bool {
    let Some(secret) = secret else { return true };
    let values = SIGNATURES.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    values.into_iter().any(|value| is_signed(body, value, secret.0.as_bytes()))
}

/// Whether `Authorization` has the secret: as a token, or as the password of whatever user.
fn knows(value: &str, secret: &Secret) -> bool {
    let Some((scheme, given)) = value.split_once(' ') else { return false };
    let given = given.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return same(given.as_bytes(), secret);
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return false;
    }
    let Ok(pair) = BASE64_STANDARD.decode(given) else { return false };
    let password = pair.iter().position(|b| *b == b':').map(|at| &pair[at + 1..]);
    password.is_some_and(|password| same(password, secret))
}

/// Takes the same time whatever is wrong, but for the length.
fn same(given: &[u8], secret: &Secret) -> bool {
    !secret.0.is_empty() && given.ct_eq(secret.0.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_known_as_token_or_password() {
        let secret = Secret("open sesame".to_string());
        // `printf 'am:open sesame' | base64`
        for value in ["Bearer open sesame", "bearer  open sesame", "Basic YW06b3BlbiBzZXNhbWU="] {
            assert!(knows(value, &secret), "{value}");
        }
        for value in ["Bearer open", "Bearer", "open sesame", "Basic open sesame", "Basic YW06b3Blbg==", "Digest x", ""]
        {
            assert!(!knows(value, &secret), "{value}");
        }
        assert!(!knows("Bearer ", &Secret(String::new())));
    }
}
