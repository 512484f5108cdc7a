//! A tree of values → one record or one declaration of coverage, every problem told.

use super::Read;
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::{Code, Diagnostic, Span};
use crate::signal::codes::{
    BAD_SIGNAL, BAD_TIME, OUT_OF_RANGE, UNKNOWN_FIELD, UNKNOWN_SOURCE_KIND, UNKNOWN_STATE, UNTIL_BEFORE_AT,
};
use crate::signal::record::{AtKind, Coverage, Likelihood, Observation, Precision, Record, SourceName};
use crate::signal::symptom;
use crate::signal::words::{self, AT_KINDS, PRECISIONS, SOURCE_KINDS, STATES};
use jiff::{SignedDuration, Timestamp, civil};
use std::collections::BTreeMap;

/// The fields of a signal, in the order of the contract.
pub(crate) const RECORD: &[&str] = &[
    "at",
    "precision",
    "at_kind",
    "until",
    "seen_at",
    "component",
    "capability",
    "state",
    "region",
    "source",
    "count",
    "baseline",
    "share",
    "value",
    "n",
    "text",
    "url",
    "likelihood",
];

/// The fields of a declaration of coverage.
pub(crate) const COVERAGE: &[&str] = &["source", "covers", "every"];

/// Shares may add up to this: printed shares are rounded.
const SHARE_SUM_LIMIT: f64 = 1.001;

/// Adds what `node` says to `read`: a record, a coverage, or at least one problem.
pub(crate) fn convert(node: &Node, read: &mut Read) {
    let before = read.diagnostics.len();
    let Value::Map(entries) = &node.value else {
        read.diagnostics.push(
            Diagnostic::error(BAD_SIGNAL, format!("expected a signal, found {}", node.what()))
                .at(node.span, "here")
                .help("a signal is a mapping with at, component, state and source"),
        );
        return;
    };
    let problems = &mut read.diagnostics;
    if entries.iter().any(|e| e.key == "covers") {
        let coverage = Fields::new(entries, node.span, COVERAGE, "a declaration of coverage", problems).coverage();
        if let (Some(coverage), true) = (coverage, problems.len() == before) {
            read.coverage.push(coverage);
        }
    } else {
        let record = Fields::new(entries, node.span, RECORD, "a signal", problems).record();
        if let (Some(record), true) = (record, problems.len() == before) {
            read.records.push(record);
        }
    }
}

/// Inclusive range of a number.
struct Range {
    low: f64,
    high: f64,
    words: &'static str,
}

const NOT_NEGATIVE: Range = Range { low: 0.0, high: f64::MAX, words: "0 or more" };
const SHARE: Range = Range { low: 0.0, high: 1.0, words: "between 0 and 1" };
const CHANCE: Range = Range { low: f64::MIN_POSITIVE, high: 1.0, words: "above 0 and at most 1" };

/// The keys of one mapping, and where its problems go.
struct Fields<'n, 'p> {
    entries: &'n [Entry<'n>],
    span: Span,
    owner: &'static str,
    problems: &'p mut Vec<Diagnostic>,
}

impl<'n, 'p> Fields<'n, 'p> {
    /// Checks that every key is known and stands once. `known` is empty where any key is fine.
    fn new(
        entries: &'n [Entry<'n>],
        span: Span,
        known: &'static [&'static str],
        owner: &'static str,
        problems: &'p mut Vec<Diagnostic>,
    ) -> Self {
        for (i, entry) in entries.iter().enumerate() {
            if let Some(first) = entries[..i].iter().find(|e| e.key == entry.key) {
                problems.push(
                    Diagnostic::error(BAD_SIGNAL, format!("`{}` stands twice in {owner}", entry.key))
                        .at(entry.key_span, "again here")
                        .also(first.key_span, "first here")
                        .help("keep the one that is meant"),
                );
            } else if !known.is_empty() && !known.contains(&&*entry.key) && !is_extra(&entry.key) {
                let help = did_you_mean(&entry.key, known.iter().copied())
                    .unwrap_or_else(|| format!("the fields are {}", known.join(", ")));
                problems.push(
                    Diagnostic::error(UNKNOWN_FIELD, format!("{owner} has no field `{}`", entry.key))
                        .at(entry.key_span, "not known")
                        .help(format!("{help}; a key of your own begins with `x-`")),
                );
            }
        }
        Fields { entries, span, owner, problems }
    }

    /// The value of `key`; null counts as not given.
    fn given(&self, key: &str) -> Option<&'n Node<'n>> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value).filter(|v| !v.is_null())
    }

    fn push(&mut self, code: Code, span: Span, message: String, help: impl Into<String>) {
        self.problems.push(Diagnostic::error(code, message).at(span, "here").help(help));
    }

    fn required(&mut self, key: &str, help: &str) -> Option<&'n Node<'n>> {
        let found = self.given(key);
        if found.is_none() {
            self.push(BAD_SIGNAL, self.span, format!("{} without `{key}`", self.owner), help);
        }
        found
    }

    fn text_of(&mut self, key: &str, node: &'n Node<'n>) -> Option<&'n str> {
        match node.text().map(str::trim) {
            Some("") => {
                self.push(BAD_SIGNAL, node.span, format!("`{key}` is empty"), "give it a value, or leave it out");
                None
            }
            Some(text) => Some(text),
            None => {
                let message = format!("`{key}` must be a text, not {}", node.what());
                self.push(BAD_SIGNAL, node.span, message, "write it in quotes");
                None
            }
        }
    }

    fn text(&mut self, key: &str) -> Option<&'n str> {
        let node = self.given(key)?;
        self.text_of(key, node)
    }

    /// Text that is only shown: any text will do.
    fn shown(&mut self, key: &str) -> Option<String> {
        let node = self.given(key)?;
        if node.text().is_some_and(|t| t.trim().is_empty()) {
            return None;
        }
        self.text_of(key, node).map(str::to_string)
    }

    fn number_of(&mut self, key: &str, node: &Node, range: &Range) -> Option<f64> {
        let Some(number) = node.number() else {
            let help = "write a plain number, without quotes, units or thousands separators";
            self.push(BAD_SIGNAL, node.span, format!("`{key}` must be a number, not {}", node.what()), help);
            return None;
        };
        if number >= range.low && number <= range.high {
            return Some(number);
        }
        let help = format!("write a number that is {}", range.words);
        self.push(OUT_OF_RANGE, node.span, format!("`{key}` must be {}, not {number}", range.words), help);
        None
    }

    fn number(&mut self, key: &str, range: &Range) -> Option<f64> {
        let node = self.given(key)?;
        self.number_of(key, node, range)
    }

    fn time_of(&mut self, key: &str, node: &'n Node<'n>) -> Option<Timestamp> {
        let Some(text) = node.text() else {
            let message = format!("`{key}` must be a time in RFC 3339, not {}", node.what());
            self.push(BAD_TIME, node.span, message, "write it as \"2024-03-05T15:29:00Z\"");
            return None;
        };
        match parse_time(text) {
            Ok(time) => Some(time),
            Err(help) => {
                self.push(BAD_TIME, node.span, format!("`{key}` is not a time with an offset: {text:?}"), help);
                None
            }
        }
    }

    fn time(&mut self, key: &str) -> Option<Timestamp> {
        let node = self.given(key)?;
        self.time_of(key, node)
    }

    /// A word of `table`, or a problem under `code`.
    fn word_of<T: Copy>(
        &mut self,
        key: &str,
        node: &'n Node<'n>,
        table: &'static [(&'static str, T)],
        code: Code,
    ) -> Option<T> {
        let text = self.text_of(key, node)?;
        let found = words::look_up(table, text);
        if found.is_none() {
            let all = || format!("one of {}", words::words(table).collect::<Vec<_>>().join(", "));
            let help = did_you_mean(text, words::words(table)).unwrap_or_else(all);
            self.push(code, node.span, format!("unknown {} `{text}`", key.replace('_', " ")), help);
        }
        found
    }

    fn word<T: Copy>(&mut self, key: &str, table: &'static [(&'static str, T)]) -> Option<T> {
        let node = self.given(key)?;
        self.word_of(key, node, table, BAD_SIGNAL)
    }

    /// The mapping under `key`, its keys checked.
    fn mapping(
        &mut self,
        key: &'static str,
        node: &'n Node<'n>,
        known: &'static [&'static str],
        help: &str,
    ) -> Option<Fields<'n, '_>> {
        let Value::Map(entries) = &node.value else {
            self.push(BAD_SIGNAL, node.span, format!("`{key}` must be a mapping, not {}", node.what()), help);
            return None;
        };
        Some(Fields::new(entries, node.span, known, key, self.problems))
    }

    fn source(&mut self) -> Option<SourceName> {
        let example = "write source: {kind: probe, name: …}";
        let node = self.required("source", example)?;
        let mut inner = self.mapping("source", node, &["kind", "name"], example)?;
        let kind = inner.required("kind", example);
        let kind = kind.and_then(|k| inner.word_of("kind", k, SOURCE_KINDS, UNKNOWN_SOURCE_KIND));
        let name = inner.text("name").map(str::to_string);
        let kind = kind?;
        Some(SourceName { kind, name: name.unwrap_or_else(|| kind.as_str().to_string()) })
    }

    fn share(&mut self) -> BTreeMap<String, f64> {
        let mut shares = BTreeMap::new();
        let Some(node) = self.given("share") else { return shares };
        let example = "write share: {login: 0.75}";
        let Some(mut inner) = self.mapping("share", node, &[], example) else { return shares };
        for entry in inner.entries {
            if entry.value.is_null() || is_extra(&entry.key) {
                continue;
            }
            if let Some(share) = inner.number_of(&format!("share.{}", entry.key), &entry.value, &SHARE) {
                // `network` and `connectivity` are one capability: their shares add up.
                *shares.entry(words::capability(&entry.key).to_string()).or_insert(0.0) += share;
            }
        }
        let sum: f64 = shares.values().sum();
        if sum > SHARE_SUM_LIMIT {
            let help = "shares split one count, so they are fractions of one";
            inner.push(OUT_OF_RANGE, node.span, format!("the shares add up to {sum}, more than 1"), help);
        }
        shares
    }

    fn likelihood(&mut self) -> Option<Likelihood> {
        let node = self.given("likelihood")?;
        let example = "write likelihood: {failed: 0.8, ok: 0.1}";
        let mut inner = self.mapping("likelihood", node, &["failed", "ok"], example)?;
        let failed = inner.required("failed", example);
        let ok = inner.required("ok", example);
        let failed = failed.and_then(|f| inner.number_of("likelihood.failed", f, &CHANCE));
        let ok = ok.and_then(|o| inner.number_of("likelihood.ok", o, &CHANCE));
        Some(Likelihood { failed: failed?, ok: ok? })
    }

    fn record(mut self) -> Option<Record> {
        let at_node = self.required("at", "say when, as \"2024-03-05T15:29:00Z\"");
        let at = at_node.and_then(|n| self.time_of("at", n));
        let until = self.time("until");
        let component = self.required("component", "name a component of the graph by id or alias");
        let component = component.and_then(|n| self.text_of("component", n));
        let state = self.required("state", "say what was seen: failing, degraded, healthy, recovered, …");
        let state = state.and_then(|n| self.word_of("state", n, STATES, UNKNOWN_STATE));
        let source = self.source();
        let text = self.shown("text");
        let capability = match self.given("capability") {
            Some(node) => self.text_of("capability", node).map(|c| words::capability(c).to_string()),
            None => Some(text.as_deref().and_then(symptom::classify).unwrap_or("any").to_string()),
        };
        let precision = self.word("precision", PRECISIONS).unwrap_or(Precision::Minute);
        let at_kind = self.word("at_kind", AT_KINDS).unwrap_or(AtKind::Seen);
        let seen_at = self.time("seen_at");
        let region = self.text("region").unwrap_or("global").to_string();
        let count = self.number("count", &NOT_NEGATIVE);
        let baseline = self.number("baseline", &NOT_NEGATIVE);
        let share = self.share();
        let value = self.number("value", &SHARE);
        let n = self.number("n", &NOT_NEGATIVE);
        let likelihood = self.likelihood();
        let url = self.shown("url");
        if let (Some(at), Some(until), Some(node)) = (at, until, self.given("until"))
            && until < at
        {
            let help = "give the end of the trouble, or leave `until` out while it lasts";
            self.push(UNTIL_BEFORE_AT, node.span, format!("ends at {until}, before it begins at {at}"), help);
        }
        let at = at?;
        let observation = Observation {
            at,
            precision,
            at_kind,
            until,
            seen_at: seen_at.unwrap_or(at),
            component: component?.to_string(),
            capability: capability?,
            state: state?,
            region,
            source: source?,
            count,
            baseline,
            share,
            value,
            n,
            likelihood,
        };
        Some(Record { observation, text, url, span: self.span })
    }

    fn coverage(mut self) -> Option<Coverage> {
        let source = self.source();
        let node = self.required("covers", "list the components that the source watches")?;
        let mut covers = Vec::new();
        match &node.value {
            Value::List(items) => {
                covers.extend(items.iter().filter_map(|i| self.text_of("covers", i)).map(String::from))
            }
            _ => {
                let message = format!("`covers` must be a list, not {}", node.what());
                self.push(BAD_SIGNAL, node.span, message, "write covers: [id, id]");
            }
        }
        let example = "say how often the source looks, as 30s, 5m or 1h";
        let every = self.required("every", example)?;
        let every_seconds = self.text_of("every", every).and_then(|text| {
            let seconds = text.parse::<SignedDuration>().map(|d| d.as_secs_f64());
            match seconds {
                Ok(s) if s > 0.0 => Some(s),
                Ok(_) => {
                    self.push(OUT_OF_RANGE, every.span, format!("`every` must be more than zero, not {text}"), example);
                    None
                }
                Err(_) => {
                    self.push(BAD_SIGNAL, every.span, format!("`every` is not a length of time: {text:?}"), example);
                    None
                }
            }
        });
        Some(Coverage { source: source?, covers, every_seconds: every_seconds?, span: self.span })
    }
}

/// A time in RFC 3339 with its offset, or what to write instead.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    Err(if let Ok(time) = text.parse::<civil::DateTime>() {
        format!("say which offset: `{time}Z` for UTC, `{time}+01:00` for Central European winter time")
    } else if text.parse::<f64>().is_ok() {
        "write a date and time as 2024-03-05T15:29:00Z, not a number".to_string()
    } else {
        "write it as 2024-03-05T15:29:00Z".to_string()
    })
}
