//! The JSON Schema (draft-07) of an incident file.

use super::file::{FIELDS, TRUTH};
use super::mapping::WINDOW;
use crate::signal::schema::{DRAFT, definitions, object};
use serde_json::{Value, json};

/// The schema of `incident.yaml`.
pub fn schema() -> Value {
    let mut schema = object(FIELDS.iter().map(|key| (*key, field(key))), &["window"]);
    schema["$schema"] = json!(DRAFT);
    schema["title"] = json!("commoncause incident");
    schema["description"] =
        json!("A window of time, the graph and the signals to judge it by, and the truth if known.");
    schema["definitions"] = definitions();
    schema
}

fn ids(description: &str) -> Value {
    json!({"description": description, "type": ["array", "null"], "items": {"type": "string"}})
}

fn field(key: &str) -> Value {
    match key {
        "id" => json!({"description": "Short id; the folder's name if not given.", "type": ["string", "null"]}),
        "title" => json!({"description": "One line for people.", "type": ["string", "null"]}),
        "window" => {
            let time = |d: &str| json!({"description": d, "type": "string", "format": "date-time"});
            let first = time("First instant, RFC 3339 with offset.");
            object(WINDOW.iter().copied().zip([first, time("One past the last.")]), WINDOW)
        }
        "graph" => ids("Graph files or folders, relative to this file; added to those of the command line."),
        "signals" => json!({
            "description": "Files of signals, relative to this file, or the signals themselves.",
            "type": ["array", "null"],
            "items": {"anyOf": [
                {"type": "string"},
                {"$ref": "#/definitions/signal"},
                {"$ref": "#/definitions/coverage"},
            ]},
        }),
        "truth" => {
            let texts = [
                ids("Ids of the true causes."),
                ids("Ids that count as right though not exact."),
                ids("Real troubles of that day with a cause of their own."),
            ];
            let mut truth = object(TRUTH.iter().copied().zip(texts), &[]);
            truth["type"] = json!(["object", "null"]);
            truth["description"] = json!("What was established later; only backtest and learning read it.");
            truth
        }
        _ => json!(true),
    }
}
