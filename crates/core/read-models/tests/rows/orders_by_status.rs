//! The row of an order in the list of open orders.

use event_store::InMemoryEventStore;
use order_aggregate::OrderCommit;
use order_domain::Order;
use order_domain::status::PaymentStatus;
use proptest::prelude::*;
use read_models::{FoldError, OpenOrderRow, OrdersByStatus, Projection, projection};
use serde_json::json;

use crate::story::{any_commands, pay, record, ship};

fn fold(row: Option<OpenOrderRow>, version: u64, commit: &OrderCommit) -> Result<OpenOrderRow, FoldError> {
    projection::fold::<OrdersByStatus>(row, version, commit).map(Option::unwrap)
}

#[tokio::test]
async fn the_row_has_the_facts_of_its_fold_and_the_key_of_the_index() {
    let commits = record(&InMemoryEventStore::default(), "o-1", "c-1", &[pay(1, 25), ship(1, 1, 2)]).await;
    let row =
        commits.iter().zip(0..).fold(None, |row, ((commit, _), version)| Some(fold(row, version, commit).unwrap()));
    let expected = json!({
        "orderId": "o-1", "customerId": "c-1",
        "status": "partially_shipped", "paymentStatus": "paid", "fulfillmentStatus": "partially_shipped",
        "toShip": true, "statusShard": "partially_shipped#0",
        "currency": "EUR", "total": 25, "due": 25, "itemReductions": 0, "amountPaid": 25, "amountRefunded": 0,
        "itemCount": 3, "unitsShipped": 2, "unitsReturned": 0, "unitsCancelled": 0, "shipmentsUnderWay": 1,
        "cancelled": false,
        "placedAt": "2027-01-15T08:00:00.000Z", "lastUpdated": "2027-01-15T08:00:02.000Z", "version": 3,
    });
    assert_eq!(serde_json::to_value(&row).unwrap(), expected);
    assert_eq!(serde_json::from_value::<OpenOrderRow>(expected).ok(), row);
    let key = OrdersByStatus::key(&commits[0].0).unwrap();
    assert_eq!((key.partition.as_str(), key.sort.as_str()), ("o-1", "2027-01-15T08:00:00.000Z#o-1"));
    assert_eq!(Some(key.sort), row.map(|row| row.sort_key()));
}

#[tokio::test]
async fn only_a_placing_begins_an_order_and_only_once() {
    let commits = record(&InMemoryEventStore::default(), "o-1", "c-1", &[pay(1, 25)]).await;
    let not_a_beginning = OrderCommit { version: 1, ..commits[1].0.clone() };
    let error = FoldError::NotABeginning { version: 1, event_type: "PaymentReceived" };
    assert_eq!(fold(None, 0, &not_a_beginning), Err(error));
    let twice = OrderCommit { version: 2, ..commits[0].0.clone() };
    let error = FoldError::BegunTwice { version: 2, event_type: "OrderPlaced" };
    assert_eq!(fold(fold(None, 0, &commits[0].0).ok(), 1, &twice), Err(error));
}

/// The definition of an open order, from the domain's order.
fn has_work_left(order: &Order, shipments_under_way: u32) -> bool {
    let is_settled = !matches!(
        order.payment_status(),
        PaymentStatus::CreditOwed | PaymentStatus::PartiallyPaid | PaymentStatus::Unpaid
    );
    !is_settled || order.to_ship() || shipments_under_way > 0
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
            prop_assert_eq!(
                (folded.status, folded.payment_status, folded.fulfillment_status, folded.to_ship),
                (order.status(), order.payment_status(), order.fulfillment_status(), order.to_ship())
            );
            prop_assert_eq!(
                (folded.due, folded.amount_paid, folded.amount_refunded, folded.units_to_ship(), folded.cancelled),
                (order.due().minor_units(), order.amount_paid(), order.amount_refunded(), order.units_to_ship(),
                    order.is_cancelled())
            );
            prop_assert_eq!((folded.version, folded.last_updated), (commit.version, commit.recorded_at));
            let is_open = has_work_left(&order, folded.shipments_under_way);
            prop_assert_eq!(folded.is_open(), is_open);
            let word = if order.status().is_closed() { "to_settle" } else { order.status().as_str() };
            prop_assert_eq!(folded.status_shard.clone(), is_open.then(|| format!("{word}#0")));
            row = Some(folded);
        }
    }
}
