//! `orders events`: the history of an order, oldest event first.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, ApiArguments, encoded};
use crate::text::{Table, bold, dim, event_summary, print};

/// The order, and the output format.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The order's id
    order: String,
    /// Print the API's answer unchanged, with all pages in one document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArguments,
}

/// The largest page that the API returns.
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
    let currency = events.iter().find_map(|event| event.data.get("currency")?.as_str()).map(str::to_owned);
    let mut table = Table::new(["VERSION", "RECORDED AT", "EVENT", "WHAT", "BY"]).numbers(&["VERSION"]);
    for event in &events {
        table.row([
            event.version.to_string(),
            event.recorded_at.clone(),
            bold(&event.event_type),
            event_summary(&event.event_type, &event.data, currency.as_deref()),
            dim(&event.actor),
        ]);
    }
    Ok(table.render())
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;

    use super::*;

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
