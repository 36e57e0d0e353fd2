//! The lag of another customer's order behind 3,000 orders of one customer, compared with the lag behind 3,000 orders of
//! 2,000 customers; and the number of one customer's orders that the projector processes in a second.
//!
//! The projector runs in this process, on the real AWS SDK and the embedded DynamoDB, each of whose calls takes 10 ms
//! longer. Batches are processed one after the other, with as many records as the template allows. The goals are a ratio of
//! at most 1.5 and 500 orders a second.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

mod copies;
#[expect(dead_code, reason = "the tests use the rest")]
mod given;

use std::time::Duration;

use copies::{copies, lag, lag_behind, records};
use test_support::ledger::Ledger;

const BATCH: usize = 1000;
const ORDERS: usize = 3000;
const CUSTOMERS: usize = 2000;
const RUNS: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [placed, paid] = records().await;
    println!("{ORDERS} orders, calls of 10 ms, the best of {RUNS} runs");
    let behind_one = best(async || lag_behind(ORDERS, 1, BATCH, &placed).await).await;
    let behind_many = best(async || lag_behind(ORDERS, CUSTOMERS, BATCH, &placed).await).await;
    println!("lag of another customer's order behind one customer     {behind_one:?}");
    println!("lag of another customer's order behind {CUSTOMERS} customers  {behind_many:?}");
    println!("ratio in percent (goal: at most 150)                     {}", percent(behind_one, behind_many));
    println!("orders placed a second, one customer (goal: 500)         {}", rate(behind_one));
    let paying = best(async || {
        let ledger = Ledger::new().await;
        lag(&ledger, &copies(&placed, ORDERS, 1), BATCH).await;
        lag(&ledger, &copies(&paid, ORDERS, 1), BATCH).await
    });
    println!("payments a second, one customer                          {}", rate(paying.await));
    assert!(percent(behind_one, behind_many) <= 150 && rate(behind_one) >= 500, "a goal is missed");
}

async fn best(run: impl AsyncFn() -> Duration) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        best = best.min(run().await);
    }
    best
}

fn rate(lag: Duration) -> u128 {
    ORDERS as u128 * 1000 / lag.as_millis().max(1)
}

fn percent(one: Duration, other: Duration) -> u128 {
    one.as_millis() * 100 / other.as_millis().max(1)
}
