//! Values → YAML, in the manner in which graphs are written: components and lists of dependencies over several lines,
//! everything else on one.

use super::plain::{Path, Plain, Step, below};
use crate::diag::tree::Value;
use crate::diag::{FileId, escape, yaml};
use crate::graph::fields::Field;
use crate::graph::read::{COMPONENT, DEPENDENCY, FILE, KIND, MEMBER, RECOGNISE};
use crate::graph::rules::invalid_yaml;
use std::collections::BTreeMap;

/// Spaces per level.
pub const INDENT: usize = 2;

/// The keys on the way to a value; an item is an empty name.
fn names(path: &[Step]) -> Vec<&str> {
    path.iter().map(|s| if let Step::Key(k) = s { k.as_str() } else { "" }).collect()
}

/// The keys that a mapping at `path` may have, in the order in which they are written; empty if any may stand there.
pub fn fields_at(path: &[Step]) -> &'static [Field] {
    match (names(path).as_slice(), path.last()) {
        ([], _) => FILE,
        (["components", _], _) => COMPONENT,
        (["kinds", _], _) => KIND,
        (["components", _, "recognise"], _) => RECOGNISE,
        (["components", _, "depends_on", _], Some(Step::Item(_))) => DEPENDENCY,
        (["components", _, "depends_on", _, _, _], Some(Step::Item(_))) => MEMBER,
        _ => &[],
    }
}

/// Where a key comes among those of the mapping at `path`: keys of ours in the order of the tables, others after them.
pub fn rank(path: &[Step], key: &str) -> usize {
    let fields = fields_at(path);
    fields.iter().position(|f| f.name == key).unwrap_or(fields.len())
}

fn in_order<'m>(path: &[Step], map: &'m BTreeMap<String, Plain>) -> Vec<(&'m String, &'m Plain)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(k, _)| rank(path, k));
    entries
}

/// True if what stands at `path` is written over several lines.
pub fn is_block(path: &[Step], value: &Plain) -> bool {
    let block = |names: &[&str]| {
        matches!(names, [] | ["components" | "kinds"] | ["components" | "kinds", _] | ["components", _, "depends_on"])
    };
    matches!(value, Plain::List(_) | Plain::Map(_)) && !value.is_empty() && block(&names(path))
}

/// What follows the colon of a key, or the dash of an item, that stands at column `indent`: with the blank or line
/// break before it.
pub fn after_colon(path: &[Step], value: &Plain, indent: usize, eol: &str) -> String {
    if is_block(path, value) {
        format!("{eol}{}", block(path, value, indent + INDENT, eol))
    } else if *value == Plain::Null {
        String::new()
    } else {
        format!(" {}", flow(path, value))
    }
}

/// A mapping or list over several lines at column `indent`, without a line break at the end.
pub fn block(path: &[Step], value: &Plain, indent: usize, eol: &str) -> String {
    let pad = " ".repeat(indent);
    let lines: Vec<String> = match value {
        Plain::Map(map) => {
            let line = |(k, v): (&String, &Plain)| {
                let inside: Path = below(path, Step::Key(k.clone()));
                format!("{pad}{}:{}", scalar(k), after_colon(&inside, v, indent, eol))
            };
            in_order(path, map).into_iter().map(line).collect()
        }
        other => {
            let items = other.items().iter().enumerate();
            items.map(|(i, item)| format!("{pad}- {}", flow(&below(path, Step::Item(i)), item))).collect()
        }
    };
    lines.join(eol)
}

/// A value on one line.
pub fn flow(path: &[Step], value: &Plain) -> String {
    match value {
        Plain::Null => "null".to_string(),
        Plain::Word(word) => word.clone(),
        Plain::Text(text) => scalar(text),
        Plain::List(items) => {
            let items: Vec<String> =
                items.iter().enumerate().map(|(i, v)| flow(&below(path, Step::Item(i)), v)).collect();
            format!("[{}]", items.join(", "))
        }
        Plain::Map(map) => {
            let entries: Vec<String> = in_order(path, map)
                .into_iter()
                .map(|(k, v)| format!("{}: {}", scalar(k), flow(&below(path, Step::Key(k.clone())), v)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A text as a scalar: bare if it is read as this text wherever it stands, else as JSON writes it, which YAML reads.
pub fn scalar(text: &str) -> String {
    if reads_bare(text) {
        return text.to_string();
    }
    escape::json(&serde_json::Value::from(text).to_string())
}

/// Words that some reader of YAML does not take for texts.
const NOT_TEXTS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// True if the text, without quotes, is read as this text even in brackets.
fn reads_bare(text: &str) -> bool {
    let first = text.chars().next();
    let inside = |c: char| c.is_ascii_alphanumeric() || "_./- :?=&%@+()~;".contains(c);
    let risky = text.contains(": ") || text.ends_with([' ', '-', ':']) || text.contains("  ");
    if risky || !text.chars().all(inside) || NOT_TEXTS.contains(&text.to_lowercase().as_str()) {
        return false;
    }
    match first {
        Some(c) if c.is_ascii_alphabetic() => true,
        // Dates and durations are texts, numbers are not: the reader knows.
        Some(c) if c.is_ascii_digit() && !text.contains(':') => {
            let probe = format!("[{text}]");
            let read = yaml::parse(FileId(0), &probe, 0, invalid_yaml::CODE).map(|n| n.value);
            matches!(read, Ok(Value::List(l)) if matches!(l.as_slice(), [n] if matches!(&n.value, Value::Text(t) if t == text)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was_written(text in "[ -~]{0,12}|\\PC{0,8}|[a-z0-9: #,-]{0,10}|[\\x00-\\x7f\u{85}\u{2028}\u{202e}]{0,6}") {
            for (before, after) in [("[", "]"), ("{k: ", "}"), ("- ", ""), ("k: ", " # said\n")] {
                let written = format!("{before}{}{after}", scalar(&text));
                let read = yaml::parse(FileId(0), &written, 0, invalid_yaml::CODE).unwrap();
                let value = match &read.value {
                    Value::List(items) => items[0].value.clone(),
                    Value::Map(entries) => entries[0].value.value.clone(),
                    other => panic!("{other:?}"),
                };
                prop_assert!(matches!(&value, Value::Text(t) if *t == text), "{written}: {value:?}");
            }
        }
    }

    #[test]
    fn what_people_write_stays_bare() {
        let bare = [
            "okta",
            "aws/us-east-1",
            "https://x.example/a?b=c&d=1",
            "2026-11-25",
            "5m",
            "Seen 12:30 (UTC)",
            "1password",
        ];
        for text in bare {
            assert_eq!(scalar(text), text);
        }
        for text in ["no", "12", "1e5", "a: b", "a #b", "- a", "", "x:", "*.x.net", "12:30", "0x1f", "1_000", ".5"] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
    }
}
