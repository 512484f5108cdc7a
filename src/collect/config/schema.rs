//! The JSON Schema (draft-07) of `sources.yaml`, from the tables that the reader goes by.

use super::notify::RECEIVERS;
use super::{FIELDS, HISTORY, LIMITS, MAINTENANCE, NOTIFY, SOURCE};
use crate::collect::read::FORMATS;
use crate::signal::schema::{DRAFT, object};
use serde_json::{Value, json};

/// A number and a unit.
const DURATION: &str = "A number and a unit, as 30s, 5m or 1h.";

/// The schema of a configuration of sources.
pub fn schema() -> Value {
    let mut schema = object(FIELDS.iter().map(|key| (*key, field(key))), &["sources"]);
    schema["$schema"] = json!(DRAFT);
    schema["title"] = json!("commoncause sources");
    schema["description"] = json!("What is asked, how often and how politely, where it is kept, and whom to tell.");
    schema
}

fn text(description: &str) -> Value {
    json!({"description": description, "type": ["string", "null"], "minLength": 1})
}

fn texts(description: &str) -> Value {
    json!({"description": description, "type": ["array", "null"], "items": {"type": "string", "minLength": 1}})
}

fn number(description: &str, most: usize) -> Value {
    json!({"description": description, "type": ["integer", "null"], "minimum": 1, "maximum": most})
}

fn duration(description: &str) -> Value {
    text(&format!("{description} {DURATION}"))
}

fn pairs(description: &str) -> Value {
    json!({"description": description, "type": ["object", "null"], "additionalProperties": {"type": "string"}})
}

/// A list of mappings.
fn list(description: &str, keys: &[&'static str], of: impl Fn(&str) -> Value, required: &[&str]) -> Value {
    let items = object(keys.iter().map(|key| (*key, of(key))), required);
    json!({"description": description, "type": ["array", "null"], "items": items})
}

/// A mapping that may be left out.
fn optional(description: &str, keys: &[&'static str], of: impl Fn(&str) -> Value) -> Value {
    let mut mapping = object(keys.iter().map(|key| (*key, of(key))), &[]);
    mapping["description"] = json!(description);
    mapping["type"] = json!(["object", "null"]);
    mapping
}

fn field(key: &str) -> Value {
    match key {
        "sources" => {
            let mut sources = list("What is asked.", SOURCE, source, &["name"]);
            sources["type"] = json!("array");
            sources["minItems"] = json!(1);
            let ways = ["url", "file", "probe", "receive"];
            sources["items"]["oneOf"] = ways.iter().map(|way| json!({"required": [way]})).collect();
            sources
        }
        "graph" => texts("Graph files or folders, relative to this file."),
        "rules" => json!({
            "description": "Files of rules for texts, relative to this file, tried before those that come with the program.",
            "type": ["string", "array", "null"], "minLength": 1, "items": {"type": "string", "minLength": 1},
        }),
        "window" => duration("How far back signals are correlated; 2h if not given."),
        "data" => text("The folder of the history, relative to this file; data if not given."),
        "history" => optional("How the history is kept.", HISTORY, history),
        "limits" => optional("How much is asked for, and how patiently.", LIMITS, limit),
        "contact" => text("Whom operators of hosts may ask: an address of mail or a page; part of the User-Agent."),
        "listen" => text("Where webhooks are received, as 127.0.0.1:9095."),
        "notify" => list("Whom to tell when the verdict changes.", NOTIFY, notify, &["to"]),
        "maintenance" => list(
            "Announced work: what fails while it goes on is no failure.",
            MAINTENANCE,
            maintenance,
            &["component", "from", "to"],
        ),
        _ => json!(true),
    }
}

fn source(key: &str) -> Value {
    match key {
        "name" => json!({"description": "What it is called; once in the file.", "type": "string", "minLength": 1}),
        "url" => text(
            "Where it is fetched; ${NAME} stands for a variable of the environment, {from} and {until} for an hour ago and now in seconds.",
        ),
        "file" => text("A file that others write, relative to this file."),
        "probe" => texts("Targets to look at ourselves: https://…, tcp://host:port, tls://host:port, dns://name."),
        "receive" => text("The path at which it comes to us, as /hooks/alertmanager."),
        "format" => json!({
            "description": "How to read it; recognised from the answer if not given.",
            "enum": FORMATS.iter().map(|(word, _)| json!(word)).chain([json!(null)]).collect::<Vec<_>>(),
        }),
        "query" => text("What is asked of a database of measurements, as probe_success."),
        "component" => text("The component of which it speaks where it names none: an id or alias of the graph."),
        "capability" => text("What of the component a probe tries, as login; any if not given."),
        "names" => pairs("What it calls things, and the components meant; an empty component leaves out."),
        "every" => duration(
            "How often it is asked, 1m if not given; if received, how often what goes on is repeated, 4h if not given.",
        ),
        "covers" => texts("Components of which its silence says that they work."),
        "known_good" => texts("Targets that work unless the fault is ours: is it me or them?"),
        "allow_private" => json!({
            "description": "Whether its host may have a private, loopback or link-local address.",
            "type": ["boolean", "null"],
        }),
        "headers" => pairs("Headers that are sent; secrets as ${NAME}."),
        "secret" => text("What webhooks are signed with or bring as token or password, as ${NAME}."),
        _ => json!(true),
    }
}

fn limit(key: &str) -> Value {
    match key {
        "per_host" => number("Requests to one host at the same time.", 100),
        "at_once" => number("Requests at the same time, to all hosts together.", 10_000),
        "interval" => duration("Least time between two requests to one host."),
        "connect" => duration("How long connecting may take."),
        "idle" => duration("How long nothing may arrive."),
        "total" => duration("How long one answer may take."),
        "body" => number("Bytes of an answer, after decompression.", 1 << 30),
        "redirects" => number("Redirects that are followed.", 20),
        _ => json!(true),
    }
}

fn history(key: &str) -> Value {
    match key {
        "sync" => json!({
            "description": "When it is made durable: always, after so many records, or after so long.",
            "type": ["string", "integer", "null"],
            "examples": ["always", 1000, "1s"],
        }),
        "keep_days" => number("Days that are kept.", 36_600),
        "keep_corrections_days" => number("Days of which all corrections are kept.", 36_600),
        _ => json!(true),
    }
}

fn notify(key: &str) -> Value {
    match key {
        "to" => json!({"description": "What it is.", "enum": RECEIVERS.iter().map(|(w, _)| *w).collect::<Vec<_>>()}),
        "url" => text("Where it is; of slack as ${NAME}."),
        "secret" => text("The routing key of PagerDuty, or what messages are signed with, as ${NAME}."),
        "headers" | "allow_private" => source(key),
        _ => json!(true),
    }
}

fn maintenance(key: &str) -> Value {
    match key {
        "component" => json!({
            "description": "The component, its parts included: an id or alias of the graph.",
            "type": "string",
            "minLength": 1,
        }),
        "capability" => text("The capability; all of it if not given."),
        "from" => json!({"description": "When it begins.", "type": "string", "format": "date-time"}),
        "to" => json!({"description": "When it ends.", "type": "string", "format": "date-time"}),
        "note" => text("What is done; for people."),
        _ => json!(true),
    }
}
