//! Differences by name: the first ones that a verification finds.

use event_store::ChangedValue;
use read_models::{Difference, RowKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The characters of a value that a line shows.
const VALUE: usize = 48;
/// The values that the text shows of one difference; JSON shows all.
const SHOWN: usize = 8;

/// A difference, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    /// The projection whose row it is.
    pub(super) read_model: String,
    /// The order, as far as the row's key names one.
    pub(super) order: Option<String>,
    /// The key of its row.
    pub(super) row: RowKey,
    /// The difference in words.
    pub(super) problem: String,
    /// The values that differ.
    #[serde(default)]
    pub(super) changes: Vec<ChangedValue>,
    pub(super) mended: bool,
}

/// A snapshot that is not the fold of the events, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedSnapshot {
    pub(super) order: String,
    /// The version of the commit that carries it.
    pub(super) version: u64,
    /// The values that differ.
    pub(super) changes: Vec<ChangedValue>,
}

/// The values in which a row differs.
pub(super) fn changes(difference: &Difference) -> Vec<ChangedValue> {
    match difference {
        Difference::Different { changes, .. } => changes.clone(),
        Difference::Missing
        | Difference::Behind { .. }
        | Difference::Ahead { .. }
        | Difference::OlderProjection { .. }
        | Difference::NewerProjection { .. }
        | Difference::WithoutAggregate => Vec::new(),
    }
}

/// Values that differ, a line each: `    amountPaid: 1 in the row, 2997 by the events`.
pub(super) fn lines(changes: &[ChangedValue], place: &str) -> String {
    let shown = |changed: &ChangedValue| {
        let (found, expected) = (shortened(changed.found.as_ref()), shortened(changed.expected.as_ref()));
        format!("    {}: {found} in the {place}, {expected} by the events\n", changed.attribute)
    };
    let mut lines: String = changes.iter().take(SHOWN).map(shown).collect();
    if let Some(more) = changes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push_str(&format!("    and {more} more values, which --json shows\n"));
    }
    lines
}

fn shortened(value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let text = value.to_string();
    if text.chars().count() <= VALUE {
        return text;
    }
    text.chars().take(VALUE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_differs_is_a_line_with_both_values() {
        let changed = |found: Option<Value>, expected: Option<Value>| {
            lines(&[ChangedValue { attribute: "items.0.shipped".to_owned(), found, expected }], "row")
        };
        let expected = "    items.0.shipped: 1 in the row, nothing by the events\n";
        assert_eq!(changed(Some(json!(1)), None), expected);
        let long = changed(Some(json!("x".repeat(900))), Some(json!([1])));
        assert_eq!(long, format!("    items.0.shipped: \"{}… in the row, [1] by the events\n", "x".repeat(46)));
    }

    #[test]
    fn many_values_are_cut_in_the_text() {
        let changed = ChangedValue { attribute: "a".to_owned(), found: None, expected: None };
        let text = lines(&vec![changed; 11], "row");
        assert_eq!(text.lines().count(), 9);
        assert!(text.ends_with("    and 3 more values, which --json shows\n"), "{text}");
    }
}
