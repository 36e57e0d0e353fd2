//! The row of an order.

use event_store::InMemoryEventStore;
use order_aggregate::OrderCommit;
use order_domain::Order;
use proptest::prelude::*;
use read_models::{FoldError, OrderSummaryByCustomer, OrderSummaryRow, SummaryItem, projection};
use serde_json::json;

use crate::story::{any_commands, pay, record, row_of, ship};

async fn paid_and_shipped() -> Vec<OrderCommit> {
    let recorded = record(&InMemoryEventStore::default(), "o-1", "c-1", &[pay(1, 25), ship(1, 1, 2)]).await;
    recorded.into_iter().map(|(commit, _)| commit).collect()
}

#[tokio::test]
async fn the_row_is_the_summary_of_the_contract_and_what_its_fold_needs() {
    let row = row_of(&paid_and_shipped().await);
    let expected = json!({
        "orderId": "o-1", "customerId": "c-1",
        "status": "partially_shipped", "paymentStatus": "paid", "fulfillmentStatus": "partially_shipped",
        "currency": "EUR", "total": 25, "shipping": 2, "discount": 1, "due": 25,
        "amountPaid": 25, "amountRefunded": 0, "itemCount": 3, "toShip": true,
        "items": [
            { "sku": "sku-1", "name": "Teapot 茶壺", "quantity": 2, "unitPrice": 10, "shipped": 2, "returned": 0 },
            { "sku": "sku-2", "quantity": 1, "unitPrice": 4, "shipped": 0, "returned": 0 },
        ],
        "placedAt": "2027-01-15T08:00:00.000Z", "lastUpdated": "2027-01-15T08:00:02.000Z", "version": 3,
        "shipmentsUnderWay": 1,
    });
    assert_eq!(serde_json::to_value(&row).unwrap(), expected);
    assert_eq!(serde_json::from_value::<OrderSummaryRow>(expected).unwrap(), row);
}

#[tokio::test]
async fn the_sort_key_is_the_time_of_placing_and_the_order() {
    let row = row_of(&paid_and_shipped().await);
    assert_eq!(row.sort_key(), "2027-01-15T08:00:00.000Z#o-1");
}

fn fold(row: Option<OrderSummaryRow>, version: u64, commit: &OrderCommit) -> Result<OrderSummaryRow, FoldError> {
    projection::fold::<OrderSummaryByCustomer>(row, version, commit).map(Option::unwrap)
}

#[tokio::test]
async fn a_commit_that_does_not_follow_the_row_is_rejected() {
    let commits = paid_and_shipped().await;
    let row = Some(row_of(&commits[..1]));
    assert_eq!(fold(row.clone(), 1, &commits[2]), Err(FoldError::Gap { after: 1, found: 3 }));
    assert_eq!(fold(row, 1, &commits[0]), Err(FoldError::Gap { after: 1, found: 1 }));
    assert_eq!(fold(None, 0, &commits[1]), Err(FoldError::Gap { after: 0, found: 2 }));
}

#[tokio::test]
async fn only_a_placing_begins_an_order_and_only_once() {
    let commits = paid_and_shipped().await;
    let not_a_beginning = OrderCommit { version: 1, ..commits[1].clone() };
    let error = FoldError::NotABeginning { version: 1, event_type: "PaymentReceived" };
    assert_eq!(fold(None, 0, &not_a_beginning), Err(error));
    let twice = OrderCommit { version: 2, ..commits[0].clone() };
    let error = FoldError::BegunTwice { version: 2, event_type: "OrderPlaced" };
    assert_eq!(fold(Some(row_of(&commits[..1])), 1, &twice), Err(error));
}

#[tokio::test]
async fn an_event_is_folded_after_its_siblings_of_the_same_commit() {
    let commits = paid_and_shipped().await;
    let events = commits.iter().flat_map(|commit| commit.events.clone()).collect();
    let row = row_of(&[OrderCommit { events, ..commits[0].clone() }]);
    assert_eq!((row.version, row.amount_paid, row.items[0].shipped), (1, 25, 2));
}

/// Converts the domain's view of an order into the row's fields.
fn told_by_the_domain(order: &Order, row: &OrderSummaryRow) -> OrderSummaryRow {
    let items = order.lines().iter().map(|line| SummaryItem {
        sku: line.sku.to_string(),
        name: line.name.as_ref().map(|name| name.as_str().to_owned()),
        quantity: line.quantity.get(),
        unit_price: line.unit_price.minor_units(),
        shipped: line.shipped,
        returned: line.returned,
        cancelled: line.cancelled,
    });
    let charges = order.charges();
    OrderSummaryRow {
        customer_id: order.customer_id().unwrap().to_string(),
        status: order.status(),
        payment_status: order.payment_status(),
        fulfillment_status: order.fulfillment_status(),
        currency: order.currency().unwrap().code().to_owned(),
        total: order.total().minor_units(),
        shipping: charges.shipping.minor_units(),
        tax: charges.tax.minor_units(),
        discount: charges.discount.minor_units(),
        due: order.due().minor_units(),
        cancelled: order.is_cancelled(),
        to_ship: order.to_ship(),
        reference: order.reference().map(|reference| reference.as_str().to_owned()),
        amount_paid: order.amount_paid(),
        amount_refunded: order.amount_refunded(),
        item_count: order.lines().iter().map(|line| u64::from(line.quantity.get())).sum(),
        items: items.collect(),
        ..row.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_row_says_what_the_domain_says_at_every_version(commands in any_commands()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let recorded = runtime.block_on(record(&InMemoryEventStore::default(), "o-1", "c-1", &commands));
        let mut row = None;
        for ((commit, order), version) in recorded.into_iter().zip(0..) {
            let folded = fold(row, version, &commit).unwrap();
            prop_assert_eq!(&folded, &told_by_the_domain(&order, &folded));
            prop_assert_eq!(folded.units_to_ship(), order.units_to_ship());
            prop_assert_eq!(folded.payment_figures(), order.payment_figures());
            prop_assert_eq!((folded.version, folded.last_updated), (commit.version, commit.recorded_at));
            row = Some(folded);
        }
    }
}
