//! Draws diagnostics as SARIF 2.1.0, which code hosts show beside the lines.
//!
//! Files are told by addresses relative to the folder in which the program runs; columns count characters. A problem
//! that has no place in any file is a notification of the run, since hosts refuse results without a place.

use super::pages::page;
use super::{Code, Diagnostic, Label, Severity, Sources, Span, clean, has_errors};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name of our fingerprint; another way to compute it gets another number.
const FINGERPRINT: &str = "commoncauseLine/v1";
/// Hexadecimal digits of a fingerprint.
const FINGERPRINT_DIGITS: usize = 32;

/// The program that speaks.
#[derive(Debug, Clone, Copy)]
pub struct Tool<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The address of its repository, for links to the pages of codes; empty if there is none.
    pub repository: &'a str,
    /// Every code that it may give.
    pub codes: &'a [Code],
}

/// One run with a result for each diagnostic that has a place. What is accepted is there as suppressed, with its reason.
pub fn render_sarif(diagnostics: &[Diagnostic], sources: &Sources, tool: Tool) -> String {
    let mut seen = BTreeMap::new();
    let placed = diagnostics.iter().filter_map(|d| d.primary.as_ref().map(|place| (d, place)));
    let results: Vec<Value> = placed.map(|(d, place)| result(d, place, sources, tool, &mut seen)).collect();
    let notifications: Vec<Value> = diagnostics
        .iter()
        .filter(|d| d.primary.is_none())
        .map(|d| json!({ "level": level(d.severity), "message": { "text": text(d) }, "descriptor": { "id": d.code.id } }))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": tool.name,
                "semanticVersion": tool.version,
                "rules": tool.codes.iter().map(|c| rule(*c, tool.repository)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": !has_errors(diagnostics),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code, repository: &str) -> Value {
    let mut rule = json!({ "id": code.id, "shortDescription": { "text": code.summary } });
    if let Some(page) = page(code.id) {
        rule["help"] = json!({ "text": page, "markdown": page });
    }
    if !repository.is_empty() {
        let base = repository.trim_end_matches('/').trim_end_matches(".git");
        rule["helpUri"] = json!(format!("{base}/blob/HEAD/docs/diagnostics/{}.md", code.id));
    }
    rule
}

fn result(d: &Diagnostic, place: &Label, sources: &Sources, tool: Tool, seen: &mut BTreeMap<String, usize>) -> Value {
    let related = d.secondary.iter().enumerate().map(|(i, label)| {
        let mut location = location(label.span, sources);
        location["id"] = json!(i + 1);
        location["message"] = json!({ "text": clean(&label.text) });
        location
    });
    let reason = d.allowed.as_ref().map(|reason| json!({ "kind": "inSource", "justification": clean(reason) }));
    let mut result = json!({
        "ruleId": d.code.id,
        "level": level(d.severity),
        "message": { "text": text(d) },
        "locations": [location(place.span, sources)],
        "relatedLocations": related.collect::<Vec<_>>(),
        "partialFingerprints": Map::from_iter([(FINGERPRINT.to_string(), json!(fingerprint(d, place.span, sources, seen)))]),
        // Where one result of a run says whether it is suppressed, all have to.
        "suppressions": reason.into_iter().collect::<Vec<_>>(),
    });
    if let Some(index) = tool.codes.iter().position(|c| c.id == d.code.id) {
        result["ruleIndex"] = json!(index);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

/// The problem and the next step.
fn text(d: &Diagnostic) -> String {
    let help = d.help.as_ref().map_or(String::new(), |help| format!(": {help}"));
    clean(&format!("{}{help}", d.message))
}

fn location(span: Span, sources: &Sources) -> Value {
    let (line, column) = sources.line_column(span.file, span.start);
    let (end_line, end_column) = sources.line_column(span.file, span.end);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": address(sources.name(span.file)) },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    } })
}

/// A path as an address: relative ones stay relative.
fn address(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut out = if path.starts_with('/') { "file://".to_string() } else { String::new() };
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The same as long as the line says the same, wherever it has moved to in its file; equal lines are told apart by their
/// order.
fn fingerprint(d: &Diagnostic, span: Span, sources: &Sources, seen: &mut BTreeMap<String, usize>) -> String {
    let text = sources.text(span.file);
    let (line, _) = sources.line_column(span.file, span.start);
    let words: Vec<&str> = text.lines().nth(line - 1).unwrap_or_default().split_whitespace().collect();
    let hash = Sha256::digest([d.code.id, sources.name(span.file), &words.join(" ")].join("\0"));
    let mut hex = hash.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    hex.truncate(FINGERPRINT_DIGITS);
    let count = seen.entry(hex.clone()).and_modify(|n| *n += 1).or_insert(1);
    format!("{hex}:{count}")
}
