//! Checks a published detail against its committed schema and against CloudEvents 1.0.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::Value;

/// The schemas of `docs/events`, by `dataschema`.
static SCHEMAS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let paths = fs::read_dir(project("docs/events")).unwrap().map(|entry| entry.unwrap().path());
    let schemas = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    schemas
        .map(|path| {
            let schema = json(&path);
            let dataschema = schema["properties"]["dataschema"]["enum"][0].as_str().unwrap().to_owned();
            (dataschema, validator(Draft::Draft4, &schema))
        })
        .collect()
});

/// The JSON format of CloudEvents 1.0.
static FORMAT: LazyLock<Validator> = LazyLock::new(|| {
    validator(Draft::Draft7, &json(&project("crates/core/publication/tests/cloudevents-1.0.schema.json")))
});

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn validator(draft: Draft, schema: &Value) -> Validator {
    jsonschema::options().with_draft(draft).should_validate_formats(true).build(schema).unwrap()
}

/// Checks a published detail against the schema in `docs/events` that its `dataschema` names, and against the JSON format of
/// CloudEvents 1.0. Returns the errors, one a line.
pub fn check(detail: &Value) -> Result<(), String> {
    let schema = detail["dataschema"].as_str().and_then(|name| SCHEMAS.get(name));
    let schema = schema.ok_or_else(|| format!("no schema in docs/events is {}", detail["dataschema"]))?;
    let errors: Vec<String> = [("docs/events", schema), ("CloudEvents", &*FORMAT)]
        .into_iter()
        .flat_map(|(name, validator)| validator.iter_errors(detail).map(move |error| (name, error)))
        .map(|(name, error)| format!("{name}: {error} at {}", error.instance_path()))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
}

#[test]
fn an_example_passes_and_a_broken_one_is_reported() {
    let mut detail = json(&project("docs/events/examples/PaymentReceived.v1.json"));
    assert_eq!(check(&detail), Ok(()));
    detail["data"]["amount"] = (-1).into();
    detail["time"] = "yesterday".into();
    let told = check(&detail).unwrap_err();
    for part in ["docs/events: -1", "/data/amount", "CloudEvents:", "/time"] {
        assert!(told.contains(part), "{told}");
    }
    detail["dataschema"] = "urn:order-ledger:event:PaymentReceived:99".into();
    assert!(check(&detail).unwrap_err().contains("PaymentReceived:99"));
}
