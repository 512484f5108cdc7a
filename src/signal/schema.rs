//! The JSON Schema (draft-07) of one signal, built from the same word tables that the readers use.

use super::read::fields::RECORD;
use super::words::{AT_KINDS, PRECISIONS, SOURCE_KINDS, STATES, words};
use serde_json::{Map, Value, json};

/// The draft that editors' YAML language servers understand.
pub(crate) const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of one line of JSON Lines, which is a signal or a declaration of coverage, and of a YAML file, which is a list
/// of such.
pub fn schema() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "commoncause signal",
        "description": "What something said about a component, and when; or which components a source watches. \
                        In YAML, a list of such.",
        "anyOf": [
            {"$ref": "#/definitions/signal"},
            {"$ref": "#/definitions/coverage"},
            {"type": "array", "items": {"anyOf": [{"$ref": "#/definitions/signal"}, {"$ref": "#/definitions/coverage"}]}},
        ],
        "definitions": definitions(),
    })
}

/// `signal`, `coverage` and what they share, for schemas that hold signals.
pub(crate) fn definitions() -> Value {
    json!({
        "signal": object(RECORD.iter().map(|key| (*key, field(key))), &["at", "component", "state", "source"]),
        "coverage": object(
            [
                ("source", json!({"$ref": "#/definitions/source"})),
                ("covers", json!({
                    "description": "Ids of the components that the source watches.",
                    "type": "array", "items": {"type": "string"},
                })),
                ("every", json!({
                    "description": "How often it looks: 30s, 5m, 1h.",
                    "type": "string", "examples": ["1m"],
                })),
            ],
            &["source", "covers", "every"],
        ),
        "source": object(
            [
                ("kind", json!({"enum": words(SOURCE_KINDS).collect::<Vec<_>>()})),
                ("name", optional("Its name, such as downdetector; the kind if not given.", "string")),
            ],
            &["kind"],
        ),
    })
}

/// A mapping with these keys and the user's own (`x-…`).
pub(crate) fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = properties.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": true},
        "additionalProperties": false,
        "required": required,
    })
}

fn optional(description: &str, kind: &str) -> Value {
    json!({"description": description, "type": [kind, "null"]})
}

fn number(description: &str, high: Option<f64>) -> Value {
    let mut schema = json!({"description": description, "type": ["number", "null"], "minimum": 0});
    if let Some(high) = high {
        schema["maximum"] = json!(high);
    }
    schema
}

fn time(description: &str) -> Value {
    json!({"description": description, "type": ["string", "null"], "format": "date-time"})
}

fn choice<T>(description: &str, table: &'static [(&'static str, T)]) -> Value {
    let choices: Vec<Value> = words(table).map(Value::from).chain([Value::Null]).collect();
    json!({"description": description, "enum": choices})
}

fn field(key: &str) -> Value {
    match key {
        "at" => json!({
            "description": "Onset or time of observation, RFC 3339 with offset.",
            "type": "string", "format": "date-time",
        }),
        "precision" => choice("How finely `at` is known; minute if not given.", PRECISIONS),
        "at_kind" => choice("Whether `at` is when the trouble began or when it was seen; seen if not given.", AT_KINDS),
        "until" => time("End of the trouble; null or absent while it lasts."),
        "seen_at" => time("When it reached us; `at` if not given."),
        "component" => json!({"description": "Id or alias of a component.", "type": "string", "minLength": 1}),
        "capability" => optional("What of the component it is about; read out of `text` if not given.", "string"),
        "state" => json!({
            "description": "What was seen; the feeds' own words mean the same.",
            "enum": words(STATES).collect::<Vec<_>>(),
        }),
        "region" => optional("global (if not given), an ISO country, or a cloud region's id.", "string"),
        "source" => json!({"$ref": "#/definitions/source"}),
        "count" => number("Number of reports.", None),
        "baseline" => number("Usual number of reports.", None),
        "share" => json!({
            "description": "Share of the reports by capability; at most 1 together.",
            "type": ["object", "null"],
            "additionalProperties": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        }),
        "value" => number("Probes: share that failed.", Some(1.0)),
        "n" => number("Probes: number of tries.", None),
        "text" => optional("Shown; classified by rules if `capability` is not given.", "string"),
        "url" => optional("Shown.", "string"),
        "likelihood" => {
            let chance = json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1});
            let mut schema = object([("failed", chance.clone()), ("ok", chance)], &["failed", "ok"]);
            schema["type"] = json!(["object", "null"]);
            schema["description"] = json!("Chance of this signal if the component failed, and if not.");
            schema
        }
        _ => json!(true),
    }
}
