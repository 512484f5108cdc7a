//! The JSON Schema (draft-07) of a file of rules, from the tables that the reader goes by.

use super::TENORS;
use super::file::{CAPABILITY, FIELDS, PROVIDER, STATE};
use crate::signal::schema::{DRAFT, object};
use serde_json::{Value, json};

/// The schema of a file of rules for texts.
pub fn schema() -> Value {
    let mut schema = object(FIELDS.iter().map(|key| (*key, field(key))), &[]);
    schema["$schema"] = json!(DRAFT);
    schema["title"] = json!("commoncause rules");
    schema["description"] = json!("Rules for the texts of feeds, tried before those that come with the program.");
    schema
}

fn field(key: &str) -> Value {
    match key {
        "capability" => rules("What a text is about; the first that matches decides.", CAPABILITY),
        "state" => rules("How a text says that things are; the first that matches decides.", STATE),
        "providers" => rules("Providers by name; the first that is blamed is meant. Case counts.", PROVIDER),
        "own" => patterns("The writer's own fault: takes back what was suspected of others."),
        "denied" => patterns("A sentence that speaks of others and says that this does not blame them."),
        "outside" => patterns("Parties outside the writer's company, which a text blames by naming them."),
        "blamed" => patterns("Words with which a text blames a provider, which stands here as PROVIDER."),
        "features" => patterns("What is named after a provider and is no word about it."),
        _ => json!(true),
    }
}

fn rules(description: &str, keys: &[&'static str]) -> Value {
    let items = object(keys.iter().map(|key| (*key, of_rule(key))), keys);
    json!({"description": description, "type": ["array", "null"], "items": items})
}

fn patterns(description: &str) -> Value {
    json!({"description": description, "type": ["array", "null"], "items": pattern()})
}

fn of_rule(key: &str) -> Value {
    match key {
        "state" => {
            json!({"description": "How things are.", "enum": TENORS.iter().map(|(w, _)| *w).collect::<Vec<_>>()})
        }
        "capability" => json!({
            "description": "A capability of the graph, or any.",
            "type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$",
        }),
        "name" => json!({"description": "An alias of the provider in the graph.", "type": "string", "minLength": 1}),
        _ => pattern(),
    }
}

fn pattern() -> Value {
    json!({
        "description": "A regular expression (Rust's regex: no look-around); case is ignored, but for providers.",
        "type": "string", "minLength": 1,
    })
}
