//! Foreign texts → trees with places, and what is said if that fails.

use super::Format;
use super::codes::{BAD_ENTRY, BAD_IMPORT, NOTHING, OTHER_FORMAT};
use super::draft::Draft;
use super::guess::{guess, is_page};
use crate::diag::json::{self, Fault};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span, yaml};

/// Levels of nesting in JSON: the deepest format, nested services, needs a handful.
const MAX_DEPTH: usize = 64;

/// The text without a mark of byte order, and how many bytes that was.
pub(super) fn body(text: &str) -> (&str, usize) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    (body, text.len() - body.len())
}

/// The JSON tree; `None` if it is none, which has been told.
pub(super) fn json<'t>(draft: &mut Draft, text: &'t str) -> Option<Node<'t>> {
    let (body, base) = body(text);
    if is_empty(draft, body) {
        return None;
    }
    match json::parse(draft.file, body, base, MAX_DEPTH) {
        Ok(node) => Some(node),
        Err(fault) => {
            let (at, reason) = match fault {
                Fault::TooDeep(span) => (Span { end: span.start, ..span }, "it is nested too deeply".to_string()),
                Fault::Syntax { at, reason } => (at, reason),
            };
            let problem = Diagnostic::error(BAD_IMPORT, format!("not valid JSON: {reason}"))
                .at(at, "here")
                .help("is the file complete? `jq . FILE` shows the same place; fetch it again if it was cut off");
            not_this_format(draft, text, problem);
            None
        }
    }
}

/// The YAML documents; those that are none have been told.
pub(super) fn yaml<'t>(draft: &mut Draft, text: &'t str) -> Vec<Node<'t>> {
    let (body, base) = body(text);
    if is_empty(draft, body) {
        return Vec::new();
    }
    let mut nodes = Vec::new();
    for (start, document) in yaml::documents(body) {
        match yaml::parse(draft.file, document, base + start, BAD_IMPORT) {
            Ok(node) => nodes.push(node),
            Err(problem) => not_this_format(draft, text, *problem),
        }
    }
    nodes
}

/// Says that there is nothing in the text, if so.
pub(super) fn is_empty(draft: &mut Draft, body: &str) -> bool {
    let empty = body.trim().is_empty();
    if empty {
        let at = Span { file: draft.file, start: 0, end: 0 };
        draft.problems.push(
            Diagnostic::error(BAD_IMPORT, "there is nothing to read")
                .at(at, "the text is empty")
                .help("did the command that wrote it fail? look at what it said on stderr"),
        );
    }
    empty
}

/// Tells `problem`, or what the text is instead, which says more.
pub(super) fn not_this_format(draft: &mut Draft, text: &str, problem: Diagnostic) {
    let begin = Span { file: draft.file, start: 0, end: 0 };
    let title = draft.format.title();
    let better = if is_page(body(text).0) {
        let what = format!("this is a web page, and not a {title}");
        Diagnostic::error(OTHER_FORMAT, what)
            .at(begin, "the page begins here")
            .help("a login or a proxy answered instead: fetch it again, with a token, and look at the answer")
    } else if body(text).0.lines().any(|l| l.starts_with("components:")) {
        Diagnostic::error(OTHER_FORMAT, format!("this is a graph file of ours, and not a {title}"))
            .at(begin, "begins here")
            .help("there is nothing to import: give it beside the other files of the graph")
    } else {
        match guess(text).filter(|f| *f != draft.format) {
            Some(other) => other_format(begin, title, other),
            None => problem,
        }
    };
    draft.problems.push(better);
}

fn other_format(begin: Span, title: &str, other: Format) -> Diagnostic {
    Diagnostic::error(OTHER_FORMAT, format!("this looks like {}, and not like a {title}", with_article(other)))
        .at(begin, "begins here")
        .help(format!("name the format `{}` instead", other.word()))
}

fn with_article(format: Format) -> String {
    match format {
        Format::Otel => format!("an {}", format.title()),
        Format::Jaeger | Format::Cyclonedx => format.title().to_string(),
        _ => format!("a {}", format.title()),
    }
}

/// The text as a whole is not what `expected` says.
pub(super) fn wrong_shape(draft: &mut Draft, text: &str, node: &Node, expected: &str) {
    let at = Span { end: node.span.start, ..node.span };
    let problem = Diagnostic::error(BAD_IMPORT, format!("not a {}: {expected}", draft.format.title()))
        .at(at, format!("found {}", node.what()))
        .help("docs/formats.md, section \"What other tools know\", says what is read and how to get it");
    not_this_format(draft, text, problem);
}

/// There is no component in the text, and that may be right.
pub(super) fn nothing(draft: &mut Draft, span: Span, why: &str, next: &str) {
    draft.problems.push(Diagnostic::warning(NOTHING, why).at(span, "nothing here").help(next));
}

/// The text at `key` of an entry; if there is none, or something else, that is told.
pub(super) fn text_field<'n>(draft: &mut Draft, entry: &'n Node, owner: &str, key: &str) -> Option<(&'n str, Span)> {
    match entry.get(key).map(|n| (n.text(), n)) {
        Some((Some(text), node)) if !text.trim().is_empty() => Some((text, node.span)),
        Some((_, node)) => {
            draft.problems.push(bad_entry(owner, key, "a text", node));
            None
        }
        None => {
            draft.problems.push(
                Diagnostic::error(BAD_ENTRY, format!("{owner} has no `{key}`"))
                    .at(entry.span, "this entry is left out")
                    .help(format!("give `{key}`, or take the entry out")),
            );
            None
        }
    }
}

/// A value that is not what its key takes.
pub(super) fn bad_entry(owner: &str, key: &str, expected: &str, node: &Node) -> Diagnostic {
    Diagnostic::error(BAD_ENTRY, format!("`{key}` of {owner} must be {expected}, found {}", node.what()))
        .at(node.span, format!("not {expected}"))
        .help(format!("write {expected} here, or take the entry out"))
}

/// The items of the list at `key`; none if it is not given. Something else than a list is told.
pub(super) fn list_field<'n>(draft: &mut Draft, entry: &'n Node<'n>, owner: &str, key: &str) -> &'n [Node<'n>] {
    match entry.get(key) {
        None => &[],
        Some(node) => match node.items() {
            Some(items) => items,
            None => {
                draft.problems.push(bad_entry(owner, key, "a list", node));
                &[]
            }
        },
    }
}
