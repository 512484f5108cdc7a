//! The JSON Schema (draft-07) of graph files, from the same tables that the reader goes by.

use super::fields::{Field, Shape};
use super::read::{COMPONENT, DEPENDENCY, IMPACTS, KIND, MEMBER, RECOGNISE};
use super::rules::ACCEPTABLE;
use serde_json::{Map, Value, json};

/// The schema of a graph file.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "commoncause graph",
        "description": "Components and what they depend on. Every .yaml file of a folder is merged.",
        "type": "object",
        "additionalProperties": false,
        "patternProperties": { "^x-": {} },
        "properties": {
            "components": {
                "description": "The components, by id.",
                "type": ["object", "null"],
                "propertyNames": { "pattern": "^[a-z0-9][a-z0-9._/-]*$" },
                "additionalProperties": { "$ref": "#/definitions/component" },
            },
            "kinds": {
                "description": "Kinds of component, by name: new ones, or fields of built-in ones to override.",
                "type": ["object", "null"],
                "additionalProperties": { "$ref": "#/definitions/kind" },
            },
        },
        "definitions": {
            "component": component(),
            "dependency": { "anyOf": [ { "type": "string", "minLength": 1 }, needs(mapping(DEPENDENCY, &[])) ] },
            "member": { "anyOf": [ { "type": "string", "minLength": 1 }, mapping(MEMBER, &["component"]) ] },
            "kind": mapping(KIND, &[]),
            "recognise": mapping(RECOGNISE, &[]),
        },
    })
}

/// A definition has a kind; an addition to one elsewhere has nothing but dependencies.
fn component() -> Value {
    let mut component = mapping(COMPONENT, &[]);
    let addition = json!({ "required": ["depends_on"], "propertyNames": { "pattern": "^(depends_on$|x-)" } });
    component["anyOf"] = json!([{ "required": ["kind"] }, addition]);
    component
}

/// Exactly one way to say what is needed.
fn needs(mut dependency: Value) -> Value {
    let ways = ["component", "any_of", "all_of", "at_least"];
    dependency["oneOf"] = ways.iter().map(|w| json!({ "required": [w] })).collect();
    dependency["dependencies"] = json!({ "at_least": ["of"], "of": ["at_least"] });
    dependency
}

fn mapping(fields: &[Field], required: &[&str]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|f| {
            let mut value = shape(f.shape);
            value["description"] = json!(f.about);
            (f.name.to_string(), value)
        })
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "patternProperties": { "^x-": {} },
        "required": required,
        "properties": properties,
    })
}

fn shape(shape: Shape) -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    match shape {
        Shape::Text | Shape::Id => json!({ "type": ["string", "null"], "minLength": 1 }),
        Shape::Texts | Shape::TextOrTexts => {
            json!({ "anyOf": [text, { "type": "array", "items": text }, { "type": "null" }] })
        }
        Shape::NotNegative => json!({ "type": ["number", "null"], "minimum": 0 }),
        Shape::Positive => json!({ "type": ["number", "null"], "exclusiveMinimum": 0 }),
        Shape::Chance => json!({ "type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1 }),
        Shape::Impact => json!({ "anyOf": [
            { "enum": IMPACTS.map(|(word, _)| word) },
            { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
            { "type": "null" },
        ] }),
        Shape::Duration => json!({ "type": ["string", "null"], "pattern": "^([0-9.]+ ?(s|sec|m|min|h|d|w))+$" }),
        Shape::Date => json!({ "type": ["string", "null"], "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Shape::Count => json!({ "type": "integer", "minimum": 1 }),
        Shape::Members => json!({ "type": "array", "minItems": 2, "items": { "$ref": "#/definitions/member" } }),
        Shape::Dependencies => {
            json!({ "type": ["array", "null"], "items": { "$ref": "#/definitions/dependency" } })
        }
        Shape::Recognise => json!({ "anyOf": [{ "$ref": "#/definitions/recognise" }, { "type": "null" }] }),
        Shape::Allow => json!({
            "type": ["object", "null"],
            "propertyNames": { "enum": ACCEPTABLE.iter().map(|c| c.id).collect::<Vec<_>>() },
            "additionalProperties": text,
        }),
        Shape::Shares => {
            json!({ "type": ["object", "null"], "additionalProperties": { "type": "number", "minimum": 0, "maximum": 1 } })
        }
    }
}
