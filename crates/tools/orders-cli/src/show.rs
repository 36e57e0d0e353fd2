//! `orders show`: prints an order, optionally at an earlier version or time.

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{Api, ApiArguments, encoded};
use crate::text::{Table, amount, bold, dim, print, status};

/// The order, and the version or time.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The order's id
    order: String,
    /// Show the order at this version
    #[arg(long, value_name = "N", conflicts_with = "as_of")]
    version: Option<u64>,
    /// Show the order at this time, for example 2026-11-21T09:30:00Z
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Print the API's answer unchanged
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArguments,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    order_id: String,
    customer_id: String,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    currency: String,
    total: u64,
    shipping: u64,
    tax: u64,
    discount: u64,
    due: u64,
    amount_paid: u64,
    amount_refunded: u64,
    units_to_ship: u64,
    to_ship: bool,
    reference: Option<String>,
    items: Vec<Line>,
    placed_at: String,
    last_updated: String,
    version: u64,
    as_of: Option<String>,
    stale_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    sku: String,
    name: Option<String>,
    quantity: u64,
    unit_price: u64,
    shipped: u64,
    returned: u64,
    cancelled: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let version = arguments.version.map(|version| ("version", version.to_string()));
    let as_of = arguments.as_of.clone().map(|time| ("asOf", time));
    let query: Vec<_> = version.into_iter().chain(as_of).collect();
    let answer = Api::new(&arguments.api)?.get(&format!("/orders/{}", encoded(&arguments.order)), &query).await?;
    print(&if arguments.json { serde_json::to_string_pretty(&answer)? } else { render(answer)? });
    Ok(())
}

fn render(answer: Value) -> Result<String, serde_json::Error> {
    let order: Summary = serde_json::from_value(answer)?;
    let money = |minor_units| amount(minor_units, &order.currency);
    let mut lines = Table::new(["SKU", "NAME", "QTY", "UNIT PRICE", "LINE TOTAL", "SHIPPED", "RETURNED", "CANCELLED"])
        .numbers(&["QTY", "UNIT PRICE", "LINE TOTAL", "SHIPPED", "RETURNED", "CANCELLED"]);
    for line in &order.items {
        lines.row([
            line.sku.clone(),
            line.name.clone().unwrap_or_default(),
            line.quantity.to_string(),
            money(line.unit_price),
            money(line.quantity.saturating_mul(line.unit_price)),
            line.shipped.to_string(),
            line.returned.to_string(),
            line.cancelled.to_string(),
        ]);
    }
    let stale = order.stale_reason.as_ref().map(|reason| format!("\nstale       {reason}")).unwrap_or_default();
    let reference = order.reference.as_ref().map(|number| format!("\nreference   {number}")).unwrap_or_default();
    let charges = [("shipping", order.shipping), ("tax", order.tax), ("discount", order.discount)];
    let charges = charges.into_iter().filter(|(_, charge)| *charge > 0);
    let charges: String = charges.map(|(name, charge)| format!("{name:<12}{}\n", money(charge))).collect();
    let to_ship = match order.units_to_ship {
        0 => "nothing".to_owned(),
        units if order.to_ship => units.to_string(),
        units => format!("{units}, not before what is due is paid"),
    };
    let as_of = order.as_of.as_ref().map(|time| format!("\nas of       {time}")).unwrap_or_default();
    Ok(format!(
        "{heading}  {status}\n{detail}\n\ncustomer    {customer}{reference}\nplaced      {placed}\nupdated     {updated}, version {version}{as_of}{stale}\n\
         \n{lines}\n\n{charges}total       {total}\ndue         {due}\npaid        {paid}\nrefunded    {refunded}\nto ship     {to_ship}",
        heading = bold(&format!("Order {}", order.order_id)),
        status = status(&order.status),
        detail = dim(&format!("payment {}, fulfillment {}", order.payment_status, order.fulfillment_status)),
        customer = order.customer_id,
        placed = order.placed_at,
        updated = order.last_updated,
        version = order.version,
        lines = lines.render(),
        total = money(order.total),
        due = money(order.due),
        paid = money(order.amount_paid),
        refunded = money(order.amount_refunded),
    ))
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        json!({
            "orderId": "o-1", "customerId": "c-1", "status": "partially_shipped", "paymentStatus": "paid",
            "fulfillmentStatus": "partially_shipped", "currency": "EUR", "total": 3387, "shipping": 490, "tax": 0,
            "discount": 100, "due": 2388, "amountPaid": 2997, "amountRefunded": 0, "itemCount": 3, "unitsToShip": 1,
            "toShip": true, "reference": "#1001", "placedAt": "2026-11-21T09:30:00.123Z", "lastUpdated": "2026-11-21T09:31:00.000Z", "version": 3,
            "items": [{ "sku": "TEA-500", "name": "Assam", "quantity": 3, "unitPrice": 999, "shipped": 1, "returned": 0, "cancelled": 1 }]
        })
    }

    #[test]
    fn an_order_reads_at_a_glance() {
        let expected = "\
Order o-1  partially_shipped
payment paid, fulfillment partially_shipped

customer    c-1
reference   #1001
placed      2026-11-21T09:30:00.123Z
updated     2026-11-21T09:31:00.000Z, version 3

SKU      NAME   QTY  UNIT PRICE  LINE TOTAL  SHIPPED  RETURNED  CANCELLED
TEA-500  Assam    3    9.99 EUR   29.97 EUR        1         0          1

shipping    4.90 EUR
discount    1.00 EUR
total       33.87 EUR
due         23.88 EUR
paid        29.97 EUR
refunded    0.00 EUR
to ship     1";
        assert_eq!(strip_ansi_codes(&render(answer()).unwrap()), expected);
    }

    #[test]
    fn a_stale_order_says_so() {
        let reason = "Versions from 4 on are not shown yet: version 4 could not be processed.";
        let mut stale = answer();
        stale["stale"] = true.into();
        stale["staleReason"] = reason.into();
        let text = strip_ansi_codes(&render(stale).unwrap()).into_owned();
        assert!(text.contains(&format!("version 3\nstale       {reason}\n\nSKU")), "{text}");
    }
}
