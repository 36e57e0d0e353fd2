//! The shapes on disk as JSON Schema. Releases can add fields to a shape, so additional fields are always allowed.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Returns the schema of a shape.
pub(super) fn of<Shape: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Shape>();
    RecursiveTransform(as_written).transform(&mut schema);
    schema.to_value()
}

/// Returns the schema of the old shape that an upcast reads. It is derived from the upcast, so the two cannot differ.
pub(super) fn before<Old: JsonSchema, Today, E>(_upcast: fn(Old) -> Result<Today, E>) -> Value {
    of::<Old>()
}

/// Changes the schema from what serde accepts to what is written: an optional field is left out and never null. Names
/// of Rust types and defaults are removed, because we may change them.
fn as_written(schema: &mut Schema) {
    schema.remove("title");
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get("type")
        && let [written] = types.iter().filter(|name| *name != "null").cloned().collect::<Vec<_>>().as_slice()
    {
        schema.insert("type".to_owned(), written.clone());
    }
}
