//! The JSON Schemas of published events, by `dataschema`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use publication::cloud_event::data_schema;
use publication::schema::schemas;
use serde_json::Value;

static DETAILS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let options = || jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
    let all = schemas().into_iter();
    all.map(|it| (data_schema(it.event_type, it.schema_version), options().build(&it.schema).unwrap())).collect()
});

/// Panics if a published event does not match its schema.
pub(crate) fn assert_published(detail: &Value) {
    let name = detail["dataschema"].as_str().unwrap();
    let errors: Vec<_> =
        DETAILS[name].iter_errors(detail).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{detail}");
}
