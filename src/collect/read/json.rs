//! JSON as feeds have it: in UTF-8 or UTF-16, with fields that are missing, null or of another type than yesterday.
//!
//! Getters never fail: what is not there, or is something else, is `None` or empty.

use crate::collect::Unreadable;
use serde_json::Value;
use std::borrow::Cow;

/// The largest answer that is read, in bytes; the biggest public page is below one mebibyte.
pub const MAX_BYTES: usize = 32 << 20;

/// Only so many rows of a list are looked at: what a feed lists beyond is no news.
pub const MAX_ROWS: usize = 10_000;

/// How much of what was found instead is shown, in characters.
const MAX_SHOWN: usize = 60;

/// The JSON value that `body` holds. `wanted` says what was expected, for the message.
///
/// # Errors
/// [`Unreadable`] if the body is too large, empty, HTML, no text, or no JSON.
pub fn parse(body: &[u8], wanted: &str) -> Result<Value, Unreadable> {
    let text = decode(body, wanted)?;
    let text = text.trim_start();
    if text.is_empty() {
        return Err(Unreadable(format!("expected {wanted}, found an empty answer")));
    }
    if text.starts_with('<') {
        return Err(Unreadable(format!("expected {wanted}, found {}", markup(text))));
    }
    serde_json::from_str(text).map_err(|e| match e.classify() {
        serde_json::error::Category::Eof => Unreadable(format!("expected {wanted}, found the beginning of one: {e}")),
        _ => Unreadable(format!("expected {wanted}, found no JSON ({e}): `{}`", shown(text))),
    })
}

/// The text that `body` holds, by its byte order mark: UTF-16 of either order, else UTF-8.
///
/// # Errors
/// [`Unreadable`] if the body is too large or no text.
pub fn decode<'a>(body: &'a [u8], wanted: &str) -> Result<Cow<'a, str>, Unreadable> {
    if body.len() > MAX_BYTES {
        return Err(Unreadable(format!("expected {wanted}, found {} bytes; at most {MAX_BYTES} are read", body.len())));
    }
    let wide = |order: fn([u8; 2]) -> u16| {
        let (pairs, rest) = body[2..].as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().map(|p| order(*p)).collect::<Vec<u16>>());
        let text = text.ok().filter(|_| rest.is_empty());
        text.map(Cow::Owned).ok_or_else(|| Unreadable(format!("expected {wanted}, found broken UTF-16")))
    };
    match body {
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        _ => std::str::from_utf8(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body))
            .map(Cow::Borrowed)
            .map_err(|_| Unreadable(format!("expected {wanted}, found bytes that are no text"))),
    }
}

/// What stands at `path`, names with dots between; `None` where it is missing or null.
pub fn get<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |v, key| v.get(key)).filter(|v| !v.is_null())
}

/// The text at `path`, if it is one and not empty.
pub fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    get(value, path)?.as_str().map(str::trim).filter(|t| !t.is_empty())
}

/// A text or a whole number at `path`, as text: ids are either, depending on the day.
pub fn word(value: &Value, path: &str) -> Option<String> {
    match get(value, path)? {
        Value::String(s) => Some(s.trim().to_string()).filter(|s| !s.is_empty()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// The number at `path`, also where it is written as text. Never infinite.
pub fn number(value: &Value, path: &str) -> Option<f64> {
    let found = match get(value, path)? {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    };
    found.filter(|n: &f64| n.is_finite())
}

/// The truth value at `path`; `None` where it is something else.
pub fn flag(value: &Value, path: &str) -> Option<bool> {
    get(value, path)?.as_bool()
}

/// The rows of the list at `path`; none where it is missing, null or no list.
pub fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    rows(get(value, path).unwrap_or(&Value::Null))
}

/// The rows of `value` itself; none where it is no list.
pub fn rows(value: &Value) -> &[Value] {
    let rows = value.as_array().map_or(&[][..], Vec::as_slice);
    &rows[..rows.len().min(MAX_ROWS)]
}

/// Whether every key of `marks` is there, be it null: an object of this format has them.
pub fn has_keys(value: &Value, marks: &[&str]) -> bool {
    value.as_object().is_some_and(|o| marks.iter().all(|m| o.contains_key(*m)))
}

/// That `value` is JSON, but not `wanted`.
pub fn other_json(value: &Value, wanted: &str) -> Unreadable {
    let found = match value {
        Value::Object(o) if o.is_empty() => "an empty object".to_string(),
        Value::Object(o) => {
            let keys: Vec<&str> = o.keys().take(4).map(String::as_str).collect();
            format!("an object with `{}`", shown(&keys.join("`, `")))
        }
        Value::Array(rows) => format!("a list of {}", rows.len()),
        Value::String(_) => "a text".to_string(),
        Value::Number(_) => "a number".to_string(),
        Value::Bool(_) => "true or false".to_string(),
        Value::Null => "null".to_string(),
    };
    Unreadable(format!("expected {wanted}, found {found}"))
}

/// What `body` is, whatever it was to be, in words for people.
pub fn found(body: &[u8]) -> String {
    let Ok(text) = decode(body, "text") else { return "bytes that are no text".to_string() };
    let text = text.trim();
    if text.is_empty() {
        return "an empty answer".to_string();
    }
    if text.starts_with('<') {
        return markup(text).to_string();
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(o)) if !o.is_empty() => {
            let keys: Vec<&str> = o.keys().take(4).map(String::as_str).collect();
            format!(
                "JSON with the keys `{}`{}",
                shown(&keys.join("`, `")),
                if o.len() > 4 { " and others" } else { "" }
            )
        }
        Ok(Value::Object(_)) => "JSON, an empty object".to_string(),
        Ok(Value::Array(rows)) => format!("JSON, a list of {}", rows.len()),
        Ok(_) | Err(_) => format!("text that begins with `{}`", shown(text)),
    }
}

/// What a text that begins with `<` is.
pub fn markup(text: &str) -> &'static str {
    let head = text[..text.floor_char_boundary(512)].to_ascii_lowercase();
    if head.contains("<!doctype html") || head.contains("<html") {
        "an HTML page"
    } else if head.contains("<rss") || head.contains("<feed") || head.contains("<?xml") {
        "XML"
    } else {
        "markup"
    }
}

/// The beginning of `text`, made harmless for a terminal.
pub fn shown(text: &str) -> String {
    crate::diag::clean(&text.chars().take(MAX_SHOWN).collect::<String>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_said_in_words() {
        let long = format!("{{\"{}\": 1}}", "k".repeat(100));
        let cut = format!("JSON with the keys `{}`", "k".repeat(MAX_SHOWN));
        for (body, words) in [
            (&b""[..], "an empty answer"),
            (b"\xEF\xBB\xBF \n", "an empty answer"),
            (b"<!DOCTYPE html><title>x</title>", "an HTML page"),
            (b"<?xml version='1.0'?><a/>", "XML"),
            (b"{\"b\": 1, \"a\": {}}", "JSON with the keys `b`, `a`"),
            (b"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}", "JSON with the keys `a`, `b`, `c`, `d` and others"),
            (long.as_bytes(), cut.as_str()),
            (b"{}", "JSON, an empty object"),
            (b"[1, 2]", "JSON, a list of 2"),
            (b"{\"a\": ", "text that begins with `{\"a\":`"),
            (b"all\x1b[2J fine", "text that begins with `all\u{fffd}[2J fine`"),
            (b"\x80\x81", "bytes that are no text"),
            (b"\xFF\xFEa", "bytes that are no text"),
        ] {
            assert_eq!(found(body), words, "{body:?}");
        }
    }
}
