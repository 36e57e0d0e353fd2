//! A summary of an event, shared by `orders events` and `orders tail`.

use serde_json::Value;

use super::amount;

/// Summarises the event in a few words. Amounts are in `currency`, or in minor units if it is unknown. If the event's type
/// is newer than this program, returns the data unchanged.
pub(crate) fn event_summary(event_type: &str, data: &Value, currency: Option<&str>) -> String {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let in_currency = |minor: u64| currency.map_or_else(|| format!("{minor} minor units"), |code| amount(minor, code));
    let money = |name: &str| data.get(name).and_then(Value::as_u64).map_or_else(String::new, in_currency);
    let because =
        |name: &str| data.get(name).and_then(Value::as_str).map_or_else(String::new, |reason| format!(": {reason}"));
    let by =
        |name: &str| data.get(name).and_then(Value::as_str).map_or_else(String::new, |value| format!(" by {value}"));
    match event_type {
        "OrderPlaced" => {
            let quote = |name: &str| data["quote"][name].as_str();
            let quoted = quote("quoteId").zip(quote("kid")).map(|(id, kid)| format!(", quote {id} (key {kid})"));
            format!("{}, {} by {}{}", items(data), money("total"), text("customerId"), quoted.unwrap_or_default())
        }
        "PaymentReceived" => format!("{} {}{}", text("paymentId"), money("amount"), by("method")),
        "PaymentCorrected" => {
            format!(
                "{} {} -> {}{}",
                text("paymentId"),
                money("previousAmount"),
                money("correctedAmount"),
                because("reason")
            )
        }
        "PaymentRefunded" => {
            format!("{} {} of {}{}", text("refundId"), money("amount"), text("paymentId"), because("reason"))
        }
        "ItemShipped" => format!("{} {}{}", text("shipmentId"), items(data), by("carrier")),
        "ItemDelivered" => text("shipmentId").to_owned(),
        "ItemReturned" => format!("{} {}{}", text("returnId"), items(data), because("reason")),
        "ItemsCancelled" => {
            format!("{} {}, {} less due{}", text("cancellationId"), items(data), money("reduction"), because("reason"))
        }
        "OrderCancelled" => text("reason").to_owned(),
        _ => data.to_string(),
    }
}

/// `3 TEA-500 + 1 CUP-2`
fn items(data: &Value) -> String {
    let items = data.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let item = |item: &Value| {
        let sku = item.get("sku").and_then(Value::as_str).unwrap_or_default();
        format!("{} {sku}", item.get("quantity").unwrap_or(&Value::Null))
    };
    items.iter().map(item).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use order_domain::stored::EVENT_TYPES;
    use serde_json::json;

    use super::*;

    /// Returns data of every type, with and without optional fields, and the expected summaries.
    fn samples() -> Vec<(&'static str, Value, &'static str)> {
        let items =
            json!([{ "sku": "TEA", "quantity": 3, "unitPrice": 999 }, { "sku": "CUP", "quantity": 1, "unitPrice": 1 }]);
        vec![
            (
                "OrderPlaced",
                json!({ "customerId": "c-1", "items": items, "total": 2998 }),
                "3 TEA + 1 CUP, 29.98 EUR by c-1",
            ),
            ("PaymentReceived", json!({ "paymentId": "p-1", "amount": 100 }), "p-1 1.00 EUR"),
            ("PaymentReceived", json!({ "paymentId": "p-1", "amount": 100, "method": "card" }), "p-1 1.00 EUR by card"),
            (
                "PaymentCorrected",
                json!({ "paymentId": "p-1", "previousAmount": 100, "correctedAmount": 90, "reason": "typo" }),
                "p-1 1.00 EUR -> 0.90 EUR: typo",
            ),
            ("PaymentRefunded", json!({ "refundId": "r-1", "paymentId": "p-1", "amount": 5 }), "r-1 0.05 EUR of p-1"),
            (
                "ItemShipped",
                json!({ "shipmentId": "s-1", "items": items, "carrier": "DHL" }),
                "s-1 3 TEA + 1 CUP by DHL",
            ),
            ("ItemDelivered", json!({ "shipmentId": "s-1" }), "s-1"),
            ("ItemReturned", json!({ "returnId": "x-1", "items": items, "reason": "cold" }), "x-1 3 TEA + 1 CUP: cold"),
            (
                "ItemsCancelled",
                json!({ "cancellationId": "x-1", "items": items, "reduction": 2998, "due": 0, "reason": "sold out" }),
                "x-1 3 TEA + 1 CUP, 29.98 EUR less due: sold out",
            ),
            ("OrderCancelled", json!({ "reason": "changed mind" }), "changed mind"),
        ]
    }

    #[test]
    fn every_type_of_event_has_a_summary() {
        let samples = samples();
        for (event_type, data, expected) in &samples {
            assert_eq!(event_summary(event_type, data, Some("EUR")), *expected);
        }
        let sampled: BTreeSet<&str> = samples.iter().map(|(event_type, ..)| *event_type).collect();
        assert_eq!(sampled, EVENT_TYPES.iter().map(|(name, _newest)| *name).collect());
    }

    #[test]
    fn an_event_of_a_newer_type_is_shown_as_it_is() {
        assert_eq!(event_summary("OrderBlessed", &json!({ "by": "x" }), Some("EUR")), r#"{"by":"x"}"#);
    }

    #[test]
    fn an_amount_of_an_unknown_currency_is_in_minor_units() {
        let data = json!({ "paymentId": "p-1", "amount": 100 });
        assert_eq!(event_summary("PaymentReceived", &data, None), "p-1 100 minor units");
    }
}
