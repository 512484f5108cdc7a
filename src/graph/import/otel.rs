//! OpenTelemetry service graph: who called whom, as a metric with the labels `client` and `server`.

use super::codes::{BAD_ENTRY, BAD_IMPORT};
use super::draft::{Draft, OBSERVED, SOFT};
use super::text::{bad_entry, body, is_empty, json, not_this_format, nothing, wrong_shape};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span};
use crate::graph::raw::At;
use std::collections::BTreeMap;

/// The metric that has a series for every pair; failures have one only once there was one, and say nothing of whether
/// the dependency exists.
const REQUESTS: &str = "traces_service_graph_request_total";
/// What all metrics of the service graph begin with.
const FAMILY: &str = "traces_service_graph_";
/// The client of requests that come from outside.
const USER: &str = "user";

/// Prometheus text, or the answer of a query (`vector` or `matrix`).
pub(super) fn read(draft: &mut Draft, text: &str) {
    let (body, base) = body(text);
    if is_empty(draft, body) {
        return;
    }
    let count = if body.trim_start().starts_with(['{', '[']) {
        answer(draft, text)
    } else {
        exposition(draft, text, body, base)
    };
    if count == Some(0) && draft.problems.is_empty() {
        let at = Span { file: draft.file, start: base, end: base };
        let next = "is the service graph switched on in the collector, and did traces arrive in this time?";
        nothing(draft, at, "no pair of client and server", next);
    }
}

/// One series: its labels and last value.
struct Series<'t> {
    labels: BTreeMap<&'t str, (std::borrow::Cow<'t, str>, Span)>,
    value: f64,
    span: Span,
}

/// The number of series in a query's answer; `None` if it is none.
fn answer(draft: &mut Draft, text: &str) -> Option<usize> {
    let root = json(draft, text)?;
    if root.get("status").and_then(Node::text) == Some("error") {
        let reason = root.get("error").and_then(Node::text).unwrap_or("no reason given");
        draft.problems.push(
            Diagnostic::error(BAD_IMPORT, format!("the query failed: {reason}"))
                .at(root.span, "this answer")
                .help("correct the query: sum by (client, server, connection_type) (rate(…[1h]))"),
        );
        return None;
    }
    let Some(list) = root.get("data").and_then(|d| d.get("result")?.items()) else {
        wrong_shape(draft, text, &root, "it has no list under `data.result`");
        return None;
    };
    for item in list {
        let Some(metric) = item.get("metric").and_then(Node::entries) else {
            draft.problems.push(bad_entry("a result", "metric", "a mapping with `client` and `server`", item));
            continue;
        };
        let labels = metric.iter().filter_map(|e| Some((&*e.key, (e.value.text()?.into(), e.value.span))));
        let labels: BTreeMap<_, _> = labels.collect();
        let value = item.get("value").or_else(|| item.get("values")?.items()?.last());
        match value.and_then(Node::items).and_then(|pair| pair.get(1)).and_then(number) {
            Some(value) => series(draft, &Series { labels, value, span: item.span }),
            None => draft.problems.push(bad_entry("a result", "value", "a time and a number as text", item)),
        }
    }
    Some(list.len())
}

/// A sample: Prometheus writes it as text.
fn number(node: &Node) -> Option<f64> {
    node.number().or_else(|| node.text()?.parse().ok())
}

/// The number of pairs in Prometheus text; `None` if it is none.
fn exposition(draft: &mut Draft, text: &str, body: &str, base: usize) -> Option<usize> {
    let (mut start, mut count, mut samples) = (base, 0, 0);
    for piece in body.split_inclusive('\n') {
        let line = piece.trim();
        let lead = piece.len() - piece.trim_start().len();
        let span = Span { file: draft.file, start: start + lead, end: start + lead + line.len() };
        start += piece.len();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let name = line.split(['{', ' ', '\t']).next().unwrap_or_default();
        samples += usize::from(name.starts_with(FAMILY));
        // Collectors put a namespace before the name.
        if !name.ends_with(REQUESTS) {
            continue;
        }
        count += 1;
        match sample(line, span) {
            Some(found) => series(draft, &found),
            None => draft.problems.push(
                Diagnostic::error(BAD_ENTRY, "not a sample: a name, labels in braces, and a number")
                    .at(span, "this line is left out")
                    .help("is the file complete? a line is `name{client=\"a\",server=\"b\"} 1`"),
            ),
        }
    }
    if count == 0 && samples == 0 {
        let at = Span { file: draft.file, start: base, end: base };
        let problem = Diagnostic::error(BAD_IMPORT, format!("no metric of the service graph ({REQUESTS})"))
            .at(at, "not in this text")
            .help("fetch the metrics of the collector or of Tempo that makes the service graph");
        not_this_format(draft, text, problem);
        return None;
    }
    Some(count)
}

/// `name{key="value",…} number [time]`.
fn sample(line: &str, span: Span) -> Option<Series<'_>> {
    let mut at = line.find('{')? + 1;
    let mut labels = BTreeMap::new();
    loop {
        let rest = line[at..].trim_start_matches([',', ' ']);
        at = line.len() - rest.len();
        if rest.starts_with('}') {
            break;
        }
        let equals = rest.find("=\"")?;
        let from = at + equals + 2;
        let length = closing_quote(&line[from..])?;
        let value = &line[from..from + length];
        let place = Span { start: span.start + from, end: span.start + from + length, ..span };
        let value = match value.contains('\\') {
            true => value.replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\").into(),
            false => value.into(),
        };
        labels.insert(rest[..equals].trim(), (value, place));
        at = from + length + 1;
    }
    let value = line[at + 1..].split_whitespace().next()?.parse().ok()?;
    Some(Series { labels, value, span })
}

/// Bytes before the quote that ends a label's value.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(i, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(i)
    })
}

fn series(draft: &mut Draft, series: &Series) {
    let label = |key: &str| series.labels.get(key).map_or(("", series.span), |(value, span)| (value.trim(), *span));
    let ((client, client_span), (server, server_span)) = (label("client"), label("server"));
    if !series.labels.contains_key("client") || !series.labels.contains_key("server") {
        draft.problems.push(
            Diagnostic::error(BAD_ENTRY, "a series without the labels `client` and `server`")
                .at(series.span, "left out")
                .help("sum by (client, server, connection_type), not by less"),
        );
        return;
    }
    if client.is_empty() || server.is_empty() {
        return draft.leave_out(series.span, "a call of which only one side was traced".to_string());
    }
    if client == USER {
        return draft.leave_out(client_span, format!("`{server}` is called from outside: no component needs it there"));
    }
    if series.value == 0.0 || series.value.is_nan() {
        return draft.leave_out(series.span, format!("no call from `{client}` to `{server}` in this time"));
    }
    let from = draft.component(client, client, client_span);
    let to = draft.component(server, server, server_span);
    let (Some(from), Some(to)) = (from, to) else { return };
    let connection = label("connection_type").0;
    if connection == "virtual_node"
        && let Some(c) = draft.edit(to)
    {
        let note = "not instrumented: perhaps a third party".to_string();
        c.note = Some(At { value: note, span: server_span });
    }
    let mut dependency = draft.dependency(to, series.span);
    dependency.confidence = OBSERVED;
    if connection == "messaging_system" {
        dependency.impact = SOFT;
    }
    draft.depend(from, dependency);
}
