//! The differences that are allowed between a published schema and a new one of the same version.

use serde_json::{Map, Value, json};

/// Returns the places, as JSON pointers, where `new` breaks the promise of `published`. The result is empty if `new`
/// only adds optional properties or changes descriptions.
pub(crate) fn broken(published: &Value, new: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    compare("", published, new, &mut broken);
    broken
}

fn compare(at: &str, published: &Value, new: &Value, broken: &mut Vec<String>) {
    let (Value::Object(was), Value::Object(is)) = (published, new) else {
        if published != new {
            broken.push(at.to_owned());
        }
        return;
    };
    for keyword in was.keys().chain(is.keys().filter(|key| !was.contains_key(*key))) {
        let at = format!("{at}/{keyword}");
        match (keyword.as_str(), was.get(keyword), is.get(keyword)) {
            ("description", ..) => {}
            ("properties", Some(Value::Object(was)), Some(Value::Object(is))) => properties(&at, was, is, broken),
            (_, Some(was), Some(is)) => compare(&at, was, is, broken),
            (_, _, _) => broken.push(at),
        }
    }
}

fn properties(at: &str, was: &Map<String, Value>, is: &Map<String, Value>, broken: &mut Vec<String>) {
    for (name, was) in was {
        let at = format!("{at}/{name}");
        match is.get(name) {
            Some(is) => compare(&at, was, is, broken),
            None => broken.push(at),
        }
    }
}

fn published() -> Value {
    json!({
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": { "type": "string", "description": "Its name." },
            "items": { "type": "array", "items": { "type": "object", "properties": { "sku": { "type": "string" } } } },
        },
    })
}

#[test]
fn an_optional_field_more_and_better_words_keep_the_promise() {
    let mut new = published();
    new["properties"]["note"] = json!({ "type": "string" });
    new["properties"]["items"]["items"]["properties"]["name"] = json!({ "type": "string" });
    new["properties"]["id"]["description"] = json!("Its name, for ever.");
    assert_eq!(broken(&published(), &new), [""; 0]);
}

#[test]
fn whatever_else_changes_breaks_the_promise() {
    type Change = fn(&mut Value);
    let breaks: [(&str, Change); 6] = [
        ("/properties/id", |new| drop(new["properties"].as_object_mut().unwrap().remove("id"))),
        ("/properties/id/type", |new| new["properties"]["id"]["type"] = json!("integer")),
        ("/properties/id/maxLength", |new| new["properties"]["id"]["maxLength"] = json!(64)),
        ("/required", |new| new["required"] = json!(["id", "items"])),
        ("/required", |new| drop(new.as_object_mut().unwrap().remove("required"))),
        ("/properties/items/items/properties/sku", |new| new["properties"]["items"]["items"]["properties"] = json!({})),
    ];
    for (place, change) in breaks {
        let mut new = published();
        change(&mut new);
        assert_eq!(broken(&published(), &new), [place]);
    }
}
