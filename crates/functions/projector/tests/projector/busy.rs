//! The lag of another customer's order behind a customer with most of the orders, on a DynamoDB whose calls each take 10
//! ms.
//!
//! The clock is paused and advances only during calls, so the figures are the same on every machine. They do not include
//! processor time, which `cargo bench -p projector` measures too.

use std::time::Duration;

use test_support::ledger::Ledger;

use crate::copies::{copies, lag, lag_behind, records, totals};

/// A fifth of the template's batch size, and of the orders that the benchmark uses.
const BATCH: usize = 200;
const ORDERS: usize = 600;
const CUSTOMERS: usize = 400;

#[tokio::test]
async fn another_customers_rows_are_no_later_behind_one_busy_customer() {
    let [placed, _] = records().await;
    tokio::time::pause();
    let behind_one = lag_behind(ORDERS, 1, BATCH, &placed).await;
    let behind_many = lag_behind(ORDERS, CUSTOMERS, BATCH, &placed).await;
    println!("behind one customer {behind_one:?}, behind {CUSTOMERS} {behind_many:?}");
    assert!(
        behind_one * 2 <= behind_many * 3,
        "{behind_one:?} behind one customer, {behind_many:?} behind {CUSTOMERS}"
    );
    // This is 500 orders a second.
    assert!(behind_one <= Duration::from_millis(1200), "{behind_one:?}");
}

#[tokio::test]
async fn one_customers_payments_are_projected_at_500_a_second() {
    let [placed, paid] = records().await;
    let ledger = Ledger::new().await;
    tokio::time::pause();
    lag(&ledger, &copies(&placed, BATCH, 1), BATCH).await;
    let lag = lag(&ledger, &copies(&paid, BATCH, 1), BATCH).await;
    println!("{BATCH} payments of one customer in {lag:?}");
    assert!(lag <= Duration::from_millis(400), "{lag:?}");
    assert_eq!(totals(&ledger, "c-0").await, (200, 200_000));
}
