//! Problems with stored data, described without the data: problems are logged, and orders contain names and purchases.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads data as a shape.
///
/// # Errors
/// Returns the place in the data where serde stopped, the kind of value it found, and the kind it expected.
pub(super) fn read<Shape: DeserializeOwned>(data: &Value) -> Result<Shape, String> {
    // Following the path takes longer than reading, so it is followed only where reading fails.
    Shape::deserialize(data).or_else(|_| with_path(data))
}

#[cold]
fn with_path<Shape: DeserializeOwned>(data: &Value) -> Result<Shape, String> {
    serde_path_to_error::deserialize(data).map_err(|error| {
        let problem = without_content(&error.inner().to_string());
        // The path of the whole value is a dot.
        if error.path().iter().len() == 0 { problem } else { format!("{}: {problem}", error.path()) }
    })
}

/// Returns serde's message without the value that it quotes. Field names and expectations belong to the shape and stay.
fn without_content(said: &str) -> String {
    if said.starts_with("missing field `") || said.starts_with("duplicate field `") {
        return said.to_owned();
    }
    let kind = |found: &str| found.split(['`', '"']).next().unwrap_or_default().trim_end().to_owned();
    match said.rsplit_once(", expected ") {
        Some((found, expected)) => format!("{}, expected {expected}", kind(found)),
        None => kind(said),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::read;
    use crate::event::{OrderPlaced, PaymentCorrected};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Colour {
        Green,
    }

    #[test]
    fn a_problem_names_the_place_the_kind_and_what_was_expected() {
        let placed = |items| json!({ "customerId": "c", "currency": "EUR", "total": 1, "items": items });
        let line = |quantity| json!([{ "sku": "a", "quantity": quantity, "unitPrice": 1 }]);
        for (items, problem) in [
            (line(json!("Ada, expected `u32`")), "items[0].quantity: invalid type: string, expected u32"),
            (line(json!(-7)), "items[0].quantity: invalid value: integer, expected u32"),
            (line(json!(7.5)), "items[0].quantity: invalid type: floating point, expected u32"),
            (line(json!(null)), "items[0].quantity: invalid type: null, expected u32"),
            (line(json!(0)), "items[0].quantity: must be an integer from 1 to 1000000"),
            (json!([{ "sku": "a", "quantity": 1 }]), "items[0]: missing field `unitPrice`"),
            (json!("Ada"), "items: invalid type: string, expected a sequence"),
        ] {
            assert_eq!(read::<OrderPlaced>(&placed(items)).unwrap_err(), problem);
        }
        assert_eq!(read::<OrderPlaced>(&json!({})).unwrap_err(), "missing field `customerId`");
        assert_eq!(read::<Colour>(&json!("blue")).unwrap_err(), "unknown variant, expected `green`");
    }

    #[test]
    fn nothing_of_a_value_is_quoted_wherever_it_stands() {
        let canary = "Ada, \"Lovelace\"` of, expected London";
        let (sku, id) = (json!([{ "sku": canary, "quantity": 1, "unitPrice": 1 }]), json!("payment"));
        for (corrected, placed) in [
            (json!(canary), json!({ "customerId": canary })),
            (json!({ canary: canary }), json!({ "customerId": "c", "currency": canary, canary: 1 })),
            (json!([canary]), json!({ "customerId": "c", "currency": "EUR", "items": sku })),
            (json!({ "paymentId": id, "correctsEventId": canary }), json!({ "customerId": { canary: canary } })),
        ] {
            let problems =
                [read::<PaymentCorrected>(&corrected).unwrap_err(), read::<OrderPlaced>(&placed).unwrap_err()];
            for problem in problems {
                assert!(!problem.contains("Ada") && !problem.contains("London"), "{problem}");
            }
        }
    }
}
