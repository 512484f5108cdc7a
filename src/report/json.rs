//! Reports and answers as JSON: the public contracts.

use super::view::{Answer, Comparison, Diary, Difference, Report};
use schemars::JsonSchema;
use serde::Serialize;

/// Pretty-printed, with a newline at the end.
///
/// # Errors
/// If it cannot be written, which would be a bug of ours.
pub fn pretty<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// The JSON Schema (draft-07) of the report.
pub fn schema() -> serde_json::Value {
    schema_of::<Report>()
}

/// The JSON Schema (draft-07) of the answer to `--ask`.
pub fn answer_schema() -> serde_json::Value {
    schema_of::<Answer>()
}

/// The JSON Schema (draft-07) of the answer to `--compare`.
pub fn comparison_schema() -> serde_json::Value {
    schema_of::<Comparison>()
}

/// The JSON Schema (draft-07) of the diary.
pub fn diary_schema() -> serde_json::Value {
    schema_of::<Diary>()
}

/// The JSON Schema (draft-07) of what changed between two moments.
pub fn difference_schema() -> serde_json::Value {
    schema_of::<Difference>()
}

fn schema_of<T: JsonSchema>() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}
