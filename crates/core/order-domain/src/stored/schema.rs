//! The shapes on disk as JSON Schema. Fields may be added to a shape, so additional ones are always allowed.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of a shape.
pub(super) fn of<Shape: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Shape>();
    RecursiveTransform(as_written).transform(&mut schema);
    schema.to_value()
}

/// The schema of the old shape that an upcast reads: taken from the upcast, so that the two cannot differ.
pub(super) fn before<Old: JsonSchema, Today, E>(_upcast: fn(Old) -> Result<Today, E>) -> Value {
    of::<Old>()
}

/// Says of a shape what is written, not what serde would take: an optional field is left out and never null. Names of
/// Rust types and defaults are ours to change, and go too.
fn as_written(schema: &mut Schema) {
    schema.remove("title");
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get("type")
        && let [written] = types.iter().filter(|name| *name != "null").cloned().collect::<Vec<_>>().as_slice()
    {
        schema.insert("type".to_owned(), written.clone());
    }
}
