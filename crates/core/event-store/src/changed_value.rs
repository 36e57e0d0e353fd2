//! Differences between two JSON values, for tools that compare stored values with the expected ones.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stored value that differs from the expected value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedValue {
    /// The path to the value: names and indexes, separated by dots.
    pub attribute: String,
    /// The stored value; `None` if it is absent.
    pub found: Option<Value>,
    /// The value derived from the events; `None` if no value is expected.
    pub expected: Option<Value>,
}

/// Lists the values that differ, each with its full path. Lists of different lengths are reported as a whole.
#[must_use]
pub fn changed_values(attribute: &str, found: Option<&Value>, expected: Option<&Value>) -> Vec<ChangedValue> {
    let within = |name: &str| if attribute.is_empty() { name.to_owned() } else { format!("{attribute}.{name}") };
    match (found, expected) {
        (found, expected) if found == expected => Vec::new(),
        (Some(Value::Object(found)), Some(Value::Object(expected))) => {
            let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
            names
                .into_iter()
                .flat_map(|name| changed_values(&within(name), found.get(name), expected.get(name)))
                .collect()
        }
        (Some(Value::Array(found)), Some(Value::Array(expected))) if found.len() == expected.len() => {
            let pairs = (0..).zip(found.iter().zip(expected));
            let changed = |(index, (found, expected)): (usize, (&Value, &Value))| {
                changed_values(&within(&index.to_string()), Some(found), Some(expected))
            };
            pairs.flat_map(changed).collect()
        }
        (found, expected) => {
            vec![ChangedValue { attribute: attribute.to_owned(), found: found.cloned(), expected: expected.cloned() }]
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_as_deep_as_they_go() {
        let found = json!({ "a": 1, "b": [{ "c": 1, "d": 2 }], "e": [1], "f": null });
        let expected = json!({ "a": 1, "b": [{ "c": 3, "d": 2 }], "e": [1, 2], "g": "x" });
        let changed = changed_values("", Some(&found), Some(&expected));
        let changed = |attribute: &str| {
            changed.iter().find(|it| it.attribute == attribute).map(|it| (it.found.clone(), it.expected.clone()))
        };
        assert_eq!(changed("b.0.c"), Some((Some(json!(1)), Some(json!(3)))));
        assert_eq!(changed("e"), Some((Some(json!([1])), Some(json!([1, 2])))));
        assert_eq!(changed("f"), Some((Some(json!(null)), None)));
        assert_eq!(changed("g"), Some((None, Some(json!("x")))));
        assert_eq!((changed("a"), changed("b.0.d")), (None, None));
    }
}
