//! The JSON Schema (draft-07) of a file of scenarios, from the tables that the reader goes by.

use super::expect::VERDICTS;
use super::file::{EXPECT, FIELDS, TEST};
use crate::incident::mapping::WINDOW;
use crate::signal::schema::{DRAFT, definitions, object};
use serde_json::{Value, json};

/// A comparison or two with numbers from 0 to 1.
const BOUND: &str = r"^\s*(>=|<=|>|<)\s*[0-9.eE+-]+\s*(,\s*(>=|<=|>|<)\s*[0-9.eE+-]+\s*)?$";

/// The schema of a file of scenarios.
pub fn schema() -> Value {
    let mut schema = object(FIELDS.iter().map(|key| (*key, field(key))), &["tests"]);
    schema["$schema"] = json!(DRAFT);
    schema["title"] = json!("commoncause scenarios");
    schema["description"] = json!("Tests of a dependency graph: what must come out, given these signals.");
    schema["definitions"] = definitions();
    schema
}

fn field(key: &str) -> Value {
    match key {
        "graph" => files("Graph files or folders, relative to this file, for all tests that name none."),
        "tests" => json!({
            "description": "What is tested.",
            "type": "array",
            "minItems": 1,
            "items": object(TEST.iter().map(|key| (*key, test(key))), &["name", "expect"]),
        }),
        _ => json!(true),
    }
}

fn files(description: &str) -> Value {
    json!({"description": description, "type": ["array", "null"], "items": {"type": "string"}})
}

fn time(description: &str) -> Value {
    json!({"description": description, "type": ["string", "null"], "format": "date-time"})
}

fn test(key: &str) -> Value {
    match key {
        "name" => {
            json!({"description": "What holds, in a few words; once in the file.", "type": "string", "minLength": 1})
        }
        "graph" => files("Graph files or folders of this test, in place of the file's and the incident's."),
        "incident" => json!({
            "description": "A folder with incident.yaml, in place of window and signals.",
            "type": ["string", "null"],
        }),
        "window" => {
            let bounds = [time("First instant, RFC 3339 with offset."), time("One past the last.")];
            let mut window = object(WINDOW.iter().copied().zip(bounds), WINDOW);
            window["type"] = json!(["object", "null"]);
            window
        }
        "signals" => json!({
            "description": "Files of signals, relative to this file, or the signals themselves.",
            "type": ["array", "null"],
            "items": {"anyOf": [
                {"type": "string"},
                {"$ref": "#/definitions/signal"},
                {"$ref": "#/definitions/coverage"},
            ]},
        }),
        "until" => time("Use only what had arrived by then."),
        "expect" => {
            let mut expect = object(EXPECT.iter().map(|key| (*key, expected(key))), &[]);
            expect["description"] = json!("What must hold of the report.");
            expect["minProperties"] = json!(1);
            expect
        }
        _ => json!(true),
    }
}

fn one_or_more(description: &str, one: Value) -> Value {
    json!({
        "description": description,
        "anyOf": [one.clone(), {"type": "array", "minItems": 1, "items": one}, {"type": "null"}],
    })
}

fn names(description: &str, least: usize) -> Value {
    json!({
        "description": description,
        "type": ["array", "null"],
        "minItems": least,
        "items": {"type": "string", "minLength": 1},
    })
}

fn chances(description: &str) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "minProperties": 1,
        "additionalProperties": {
            "description": "One comparison, or two joined by a comma.",
            "type": "string",
            "pattern": BOUND,
            "examples": [">= 0.8", "< 0.1", ">= 0.2, <= 0.6"],
        },
    })
}

fn expected(key: &str) -> Value {
    match key {
        "verdict" => {
            let words: Vec<&str> = VERDICTS.iter().map(|kind| kind.as_str()).collect();
            one_or_more("One of these verdicts.", json!({"enum": words}))
        }
        "top" => {
            let id = json!({"type": "string", "minLength": 1});
            one_or_more("One of these comes first, or is not told apart from what does.", id)
        }
        "causes" => chances("Probability of each, by id or alias."),
        "never" => names("Each stays below 0.5, and is no tie of what leads.", 1),
        "explains" => names("The first cause explains at least these.", 1),
        "unexplained" => names("Exactly these are left unexplained.", 0),
        "kinds" => chances("Chance of at least one fault in each kind or family."),
        _ => json!(true),
    }
}
