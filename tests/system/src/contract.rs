//! Compares a reply with the description of its operation and status in `docs/openapi.json`.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::api::Reply;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(http_api::OPENAPI).unwrap());

/// Returns the document's template for a path, if it has one. Literal segments take precedence over variables.
fn template_of(path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap_or(path);
    let fits = |template: &str| {
        let (wanted, given) = (template.split('/').collect::<Vec<_>>(), path.split('/').collect::<Vec<_>>());
        let equal = |(wanted, given): (&&str, &&str)| wanted.starts_with('{') && !given.is_empty() || wanted == given;
        wanted.len() == given.len() && wanted.iter().zip(&given).all(equal)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths
        .keys()
        .filter(|template| fits(template))
        .min_by_key(|template| template.matches('{').count())
        .map(String::as_str)
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Panics if the document does not describe the reply, or if the reply does not match the description.
#[track_caller]
pub fn check(method: &str, path: &str, reply: &Reply) {
    let Some(template) = template_of(path) else { return };
    let operation = &DOCUMENT["paths"][template][method.to_lowercase()];
    if operation.is_null() {
        return;
    }
    let responses = &operation["responses"];
    let status = reply.status.to_string();
    let response = responses.get(&status).or_else(|| responses.get("default"));
    let response =
        resolve(response.unwrap_or_else(|| panic!("{method} {template} may not answer {status}: {}", reply.text)));
    let Some(content) = response["content"].as_object() else {
        assert!(reply.text.is_empty(), "{method} {template} {status} has a body: {}", reply.text);
        return;
    };
    let content_type = reply.header("content-type").unwrap_or_default();
    let schema = content.get(content_type).unwrap_or_else(|| panic!("{method} {template} {status}: {content_type:?}"));
    let mut root = json!({ "components": DOCUMENT["components"], "allOf": [schema["schema"]] });
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    let validator = jsonschema::validator_for(&root).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&reply.body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {template} {status} breaks its schema: {errors:#?}\n{}", reply.text);
}
