//! The counted workload: orders of four commands, and a read of each order.

use anyhow::Context;
use serde_json::{Value, json};

use crate::api::Api;

/// The commands of an order: place, pay, ship and deliver.
pub(crate) const COMMANDS: u64 = 4;
/// The number of consecutive orders of one customer.
const ORDERS_OF_A_CUSTOMER: u64 = 4;

/// Sends the commands of the `number`th order, and returns its id.
pub(crate) async fn live(api: &Api, number: u64) -> anyhow::Result<String> {
    let customer = number / ORDERS_OF_A_CUSTOMER;
    let items = json!([
        { "sku": "TEA-ASSAM-500", "name": "Assam tea, 500 g", "quantity": 2, "unitPrice": 1499 },
        { "sku": "POT-IRON", "name": "Cast-iron pot", "quantity": 1, "unitPrice": 6400 },
        { "sku": "GIFT-BOX", "name": "Gift box", "quantity": 1, "unitPrice": 350 },
    ]);
    let placing = json!({ "customerId": format!("customer-{customer:06}"), "currency": "EUR", "items": items });
    // As long as the UUIDs that clients create.
    let key = |step: u64| format!("00000000-0000-4000-8000-{:012}", number * COMMANDS + step);
    let placed = api.post("/orders", Some(&placing), &key(0)).await.context("an order cannot be placed")?;
    let id = placed["orderId"].as_str().context("a placed order has no id")?.to_owned();

    let shipped: Vec<Value> = [("TEA-ASSAM-500", 2), ("POT-IRON", 1), ("GIFT-BOX", 1)]
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .into();
    let shipment = json!({
        "shipmentId": "ship-1", "items": shipped, "carrier": "DHL", "trackingNumber": "003404341612"
    });
    let payment = json!({ "paymentId": "pay-1", "amount": 9748, "method": "card" });
    let steps = [("payments", Some(payment)), ("shipments", Some(shipment)), ("shipments/ship-1/delivery", None)];
    for (step, (path, body)) in (1..).zip(steps) {
        let sent = api.post(&format!("/orders/{id}/{path}"), body.as_ref(), &key(step)).await;
        sent.with_context(|| format!("{path} of order {id}"))?;
    }
    Ok(id)
}

/// Reads an order as its customer.
pub(crate) async fn read(api: &Api, id: &str) -> anyhow::Result<()> {
    let order = api.get(&format!("/orders/{id}"), &[]).await.with_context(|| format!("order {id}"))?;
    anyhow::ensure!(order["version"] == COMMANDS, "order {id} is not projected: {order}");
    Ok(())
}
