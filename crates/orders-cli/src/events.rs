//! `orders events`: everything that happened to an order, oldest first.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, ApiArguments, encoded};
use crate::text::{Align, Table, amount, bold, dim, print};

/// Which order.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The order's id
    order: String,
    /// Print the API's answer as it came, all pages in one
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArguments,
}

/// The most that one page holds.
const PAGE: &str = "100";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Value>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_type: String,
    version: u64,
    recorded_at: String,
    actor: String,
    data: Value,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let api = Api::new(&arguments.api)?;
    let path = format!("/orders/{}/events", encoded(&arguments.order));
    let (mut events, mut cursor) = (Vec::new(), None);
    loop {
        let limit = ("limit", PAGE.to_owned());
        let query: Vec<_> = std::iter::once(limit).chain(cursor.map(|cursor| ("cursor", cursor))).collect();
        let page: Page = serde_json::from_value(api.get(&path, &query).await?)?;
        events.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if arguments.json {
        print(&serde_json::to_string_pretty(&json!({ "items": events }))?);
    } else {
        print(&render(events)?);
    }
    Ok(())
}

fn render(events: Vec<Value>) -> Result<String, serde_json::Error> {
    let events: Vec<Event> = events.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
    // The order's first event names the currency of every amount after it.
    let currency = events.iter().find_map(|event| event.data.get("currency")?.as_str()).unwrap_or_default().to_owned();
    let mut table = Table::new([
        ("VERSION", Align::Right),
        ("RECORDED AT", Align::Left),
        ("EVENT", Align::Left),
        ("WHAT", Align::Left),
        ("BY", Align::Left),
    ]);
    for event in &events {
        table.row([
            event.version.to_string(),
            event.recorded_at.clone(),
            bold(&event.event_type),
            what(&event.event_type, &event.data, &currency),
            dim(&event.actor),
        ]);
    }
    Ok(table.render())
}

/// The event in a few words. Of a type that is newer than this program, the data as it is.
fn what(event_type: &str, data: &Value, currency: &str) -> String {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let money =
        |name: &str| data.get(name).and_then(Value::as_u64).map_or_else(String::new, |minor| amount(minor, currency));
    let because =
        |name: &str| data.get(name).and_then(Value::as_str).map_or_else(String::new, |reason| format!(": {reason}"));
    let by =
        |name: &str| data.get(name).and_then(Value::as_str).map_or_else(String::new, |value| format!(" by {value}"));
    match event_type {
        "OrderPlaced" => format!("{}, {} by {}", items(data), money("total"), text("customerId")),
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
    use console::strip_ansi_codes;

    use super::*;

    #[track_caller]
    fn reads(event_type: &str, data: &Value, expected: &str) {
        assert_eq!(what(event_type, data, "EUR"), expected);
    }

    #[test]
    fn every_event_reads_in_a_few_words() {
        let tea =
            json!([{ "sku": "TEA", "quantity": 3, "unitPrice": 999 }, { "sku": "CUP", "quantity": 1, "unitPrice": 1 }]);
        reads(
            "OrderPlaced",
            &json!({ "customerId": "c-1", "items": tea, "total": 2998 }),
            "3 TEA + 1 CUP, 29.98 EUR by c-1",
        );
        reads("PaymentReceived", &json!({ "paymentId": "p-1", "amount": 100 }), "p-1 1.00 EUR");
        reads(
            "PaymentReceived",
            &json!({ "paymentId": "p-1", "amount": 100, "method": "card" }),
            "p-1 1.00 EUR by card",
        );
        reads(
            "PaymentCorrected",
            &json!({ "paymentId": "p-1", "previousAmount": 100, "correctedAmount": 90, "reason": "typo" }),
            "p-1 1.00 EUR -> 0.90 EUR: typo",
        );
        reads("PaymentRefunded", &json!({ "refundId": "r-1", "paymentId": "p-1", "amount": 5 }), "r-1 0.05 EUR of p-1");
        reads(
            "ItemShipped",
            &json!({ "shipmentId": "s-1", "items": tea, "carrier": "DHL" }),
            "s-1 3 TEA + 1 CUP by DHL",
        );
        reads("ItemDelivered", &json!({ "shipmentId": "s-1" }), "s-1");
        reads("ItemReturned", &json!({ "returnId": "x-1", "items": tea, "reason": "cold" }), "x-1 3 TEA + 1 CUP: cold");
        reads("OrderCancelled", &json!({ "reason": "changed mind" }), "changed mind");
        reads("OrderBlessed", &json!({ "by": "x" }), r#"{"by":"x"}"#);
    }

    #[test]
    fn a_history_is_a_table_oldest_first() {
        let event = |version: u64, event_type: &str, data: Value| {
            let recorded_at = format!("2026-11-21T09:30:0{version}.000Z");
            json!({ "version": version, "eventType": event_type, "recordedAt": recorded_at, "actor": "anonymous", "data": data })
        };
        let items = json!([{ "sku": "TEA", "quantity": 1 }]);
        let history = render(vec![
            event(1, "OrderPlaced", json!({ "customerId": "c-1", "currency": "JPY", "items": items, "total": 500 })),
            event(2, "PaymentReceived", json!({ "paymentId": "p-1", "amount": 500 })),
        ]);
        let expected = "\
VERSION  RECORDED AT               EVENT            WHAT                   BY
      1  2026-11-21T09:30:01.000Z  OrderPlaced      1 TEA, 500 JPY by c-1  anonymous
      2  2026-11-21T09:30:02.000Z  PaymentReceived  p-1 500 JPY            anonymous";
        assert_eq!(strip_ansi_codes(&history.unwrap()), expected);
    }
}
