//! Answers to who posts: what was taken, or why it was not, as problem details (RFC 9457).

use crate::diag::{clean, cut};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// After how many seconds the sender may try again.
const RETRY_SECONDS: &str = "5";
/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

/// An answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// Why something is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    reason: String,
    header: Option<(HeaderName, &'static str)>,
    /// Whether its body was read, so that another request can follow.
    read: bool,
}

impl Refusal {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Refusal { status, reason: reason.into(), header: None, read: false }
    }

    pub(super) fn no_path() -> Self {
        Refusal::new(StatusCode::NOT_FOUND, "nothing is received at this path")
    }

    pub(super) fn not_post() -> Self {
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "only POST is received here");
        Refusal { header: Some((ALLOW, "POST")), ..refusal }
    }

    pub(super) fn from_a_page() -> Self {
        Refusal::new(StatusCode::FORBIDDEN, "pages in browsers may not post here")
    }

    pub(super) fn encoded() -> Self {
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send it without Content-Encoding")
    }

    pub(super) fn kind() -> Self {
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send it with Content-Type: application/json")
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("at most {limit} bytes are read"))
    }

    pub(super) fn too_slow() -> Self {
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")
    }

    pub(super) fn broken() -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, "the body broke off")
    }

    pub(super) fn untrusted(read: bool) -> Self {
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "the secret or signature is missing or not the right one");
        Refusal { header: Some((WWW_AUTHENTICATE, "Bearer, Basic realm=\"commoncause\"")), read, ..refusal }
    }

    pub(super) fn not_understood(reason: &str) -> Self {
        Refusal { read: true, ..Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason) }
    }

    pub(super) fn not_kept() -> Self {
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "it cannot be kept now: send it again");
        Refusal { header: Some((RETRY_AFTER, RETRY_SECONDS)), read: true, ..refusal }
    }

    pub(super) fn no_place() -> Self {
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many large bodies at once: send it again");
        Refusal { header: Some((RETRY_AFTER, RETRY_SECONDS)), ..refusal }
    }

    pub(super) fn answer(self) -> Answer {
        let problem = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": cut(&clean(&self.reason), REASON_CHARS),
        });
        let mut answer = json_answer(self.status, "application/problem+json", &problem);
        if let Some((name, value)) = self.header {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if !self.read {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// It is kept: how many signals it had, and what was passed over.
pub(super) fn taken(signals: usize, notes: &[String]) -> Answer {
    json_answer(StatusCode::OK, "application/json", &json!({"signals": signals, "notes": notes}))
}

fn json_answer(status: StatusCode, kind: &'static str, value: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(format!("{value}\n"))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
