//! The published events as JSON Schema: one schema for the whole detail of each event type and version.
//!
//! The schemas use draft 4, because EventBridge's schema registry accepts no later draft. The same schema is published
//! in `docs/events`, registered, and used by the tests. Except for `id`, the keywords used here have the same meaning
//! in later drafts.

use order_domain::stored;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::cloud_event::{CloudEvent, data_schema};

/// The schema of one published event type and version.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailSchema {
    /// The event's name.
    pub event_type: &'static str,
    /// The version of the shape of `data`, from 1.
    pub schema_version: u32,
    /// The schema of the detail: the CloudEvent with its `data`.
    pub schema: Value,
}

/// Returns the schemas of every event type and version that this release knows. The versions of a type are in ascending
/// order.
#[must_use]
pub fn schemas() -> Vec<DetailSchema> {
    let versions = |&(event_type, newest): &(&'static str, u32)| (1..=newest).map(move |version| (event_type, version));
    let detail = |(event_type, schema_version)| {
        let data = stored::schema(event_type, schema_version)?;
        Some(DetailSchema { event_type, schema_version, schema: detail(event_type, schema_version, data) })
    };
    stored::EVENT_TYPES.iter().flat_map(versions).filter_map(detail).collect()
}

fn detail(event_type: &str, schema_version: u32, mut data: Value) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<CloudEvent>().to_value();
    schema["$schema"] = json!("http://json-schema.org/draft-04/schema#");
    schema["id"] = json!(format!("urn:order-ledger:detail:{event_type}:{schema_version}"));
    schema["title"] = json!(format!("{event_type}, version {schema_version}"));
    // The description of the event moves to the whole detail, and `data` gets a general description.
    let fields = schema["properties"]["data"]["description"].take();
    schema["description"] = std::mem::replace(&mut data["description"], fields);
    schema["properties"]["data"] = data;
    schema["properties"]["type"]["enum"] = json!([event_type]);
    schema["properties"]["dataschema"]["enum"] = json!([data_schema(event_type, schema_version)]);
    schema
}
