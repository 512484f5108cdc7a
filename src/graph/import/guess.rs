//! Which format a text looks like.

use super::Format;

/// Bytes that are looked at: every format shows itself early, but a list of entities may begin with long ones.
const LOOKED_AT: usize = 64 << 10;

/// The format that `text` looks like, if it shows the marks of one.
pub fn guess(text: &str) -> Option<Format> {
    let text = start(text);
    let trimmed = text.trim_start();
    let has = |mark: &str| text.contains(mark);
    let line = |mark: &str| text.lines().any(|l| l.starts_with(mark));
    if trimmed.starts_with("digraph") || trimmed.starts_with("strict digraph") {
        Some(Format::Terraform)
    } else if has("\"bomFormat\"") {
        Some(Format::Cyclonedx)
    } else if has("backstage.io/v") {
        Some(Format::Backstage)
    } else if has("traces_service_graph_") || (has("\"resultType\"") && has("\"client\"")) {
        Some(Format::Otel)
    } else if has("\"callCount\"") || (has("\"parent\"") && has("\"child\"")) {
        Some(Format::Jaeger)
    } else if has("\"elements\"") && has("\"nodes\"") {
        Some(Format::Kiali)
    } else if line("services:") || (trimmed.starts_with('{') && has("\"services\"")) {
        Some(Format::Compose)
    } else if is_table(trimmed.lines().next().unwrap_or_default()) {
        Some(Format::Csv)
    } else {
        None
    }
}

/// True for a page instead of data: what a proxy or a login puts in the way.
pub(super) fn is_page(text: &str) -> bool {
    let begin: String = text.trim_start().chars().take(200).collect::<String>().to_lowercase();
    begin.starts_with("<!doctype") || begin.starts_with("<html") || begin.starts_with("<head")
}

fn is_table(header: &str) -> bool {
    let mut columns = header.split(',').map(|c| c.trim().trim_matches('"'));
    header.contains(',') && columns.clone().any(|c| c == "dependent") && columns.any(|c| c == "dependency")
}

fn start(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
