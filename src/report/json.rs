//! The report as JSON: the public contract.

use super::view::Report;

/// Pretty-printed, with a newline at the end.
///
/// # Errors
/// If a number is not finite, which would be a bug of ours.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// The JSON Schema (draft-07) of the report.
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft07();
    settings.into_generator().into_root_schema_for::<Report>().to_value()
}
