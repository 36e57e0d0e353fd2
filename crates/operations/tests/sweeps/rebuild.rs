//! A rebuild in this process, against the embedded DynamoDB: the state after an outage or a stop, and the work of a second
//! run.

use std::future::pending;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use operations::rebuild::{Rebuild, RebuildCounts, segments};
use operations::{Ended, OperationError, sweep};
use read_models::registry::CORE;
use read_models::{DynamoTotals, Totals};
use tokio::sync::Notify;

use crate::large_orders::large_orders;
use crate::read_models;
use test_support::recorded::Recorded;

const SUMMARIES: &str = "OrderSummaryByCustomer";
const TOTALS: &str = "CustomerTotals";

/// Runs a rebuild as the command does, from the content of a state file. With `one_page`, it stops after one page is
/// settled.
async fn run(
    recorded: &Recorded,
    client: &Client,
    rebuild: &mut Rebuild,
    one_page: bool,
) -> Result<Ended, OperationError> {
    let segments = segments(&recorded.store, &read_models(client), rebuild.segments());
    let settled = Notify::new();
    let stop_requested = async { if one_page { settled.notified().await } else { pending().await } };
    let ended = sweep(segments, stop_requested, |page| {
        rebuild.add(page);
        settled.notify_one();
        Ok::<_, OperationError>(())
    });
    let ended = ended.await;
    *rebuild = serde_json::from_str(&serde_json::to_string(rebuild).unwrap()).unwrap();
    ended
}

/// Returns the version of each order's row, as `<order>@<version>`, and the paid amount. Both read models have the same.
async fn rows(recorded: &Recorded) -> Vec<(String, String)> {
    let (summaries, contributions) = (rows_in(recorded, SUMMARIES).await, rows_in(recorded, TOTALS).await);
    assert_eq!(summaries, contributions);
    summaries
}

async fn rows_in(recorded: &Recorded, table: &str) -> Vec<(String, String)> {
    let scan = recorded.dynamodb.client().scan().table_name(table).send().await.unwrap();
    let text =
        |value: &aws_sdk_dynamodb::types::AttributeValue| value.as_s().or_else(|_| value.as_n()).unwrap().clone();
    let row = |item: std::collections::HashMap<String, _>| {
        (format!("{}@{}", text(&item["orderId"]), text(&item["version"])), text(&item["amountPaid"]))
    };
    let orders = scan.items.unwrap().into_iter().filter(|item| item.contains_key("orderId"));
    let mut rows: Vec<_> = orders.map(row).collect();
    rows.sort();
    rows
}

fn unreachable(recorded: &Recorded) -> Client {
    let config = recorded.dynamodb.client().config().to_builder().endpoint_url("http://127.0.0.1:1");
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

#[tokio::test]
async fn orders_across_pages_are_folded_whole_and_counted_once() {
    let recorded = Recorded::nothing().await;
    large_orders(&recorded).await;
    let expected: Vec<_> = (0..4).map(|order| (format!("o-{order}@6"), (2997 + 2800).to_string())).collect();
    for segments in [1, 4] {
        let mut state = Rebuild::new(segments);
        assert_eq!(run(&recorded, &recorded.dynamodb.client(), &mut state, false).await.unwrap(), Ended::Complete);
        assert_eq!((state.counts.commits, state.counts.orders, state.counts.left_out), (24, 4, 0));
        assert_eq!(rows(&recorded).await, expected);
        let totals = DynamoTotals::new(recorded.dynamodb.client(), TOTALS).of("alice").await.unwrap();
        assert_eq!((totals[0].orders, totals[0].gross), (4, 4 * (2997 + 2800)));
    }
}

#[tokio::test]
async fn a_rebuild_that_is_stop_requested_goes_on_where_it_was() {
    let recorded = Recorded::nothing().await;
    large_orders(&recorded).await;
    let (mut state, client, mut runs) = (Rebuild::new(1), recorded.dynamodb.client(), 0);
    while run(&recorded, &client, &mut state, true).await.unwrap() == Ended::Stopped {
        runs += 1;
        assert!(runs < 30, "it gets nowhere");
    }
    assert!(runs > 0, "it was never stopped");
    assert_eq!((state.counts.commits, state.counts.orders), (24, 4), "nothing is looked at twice");
    assert_eq!(rows(&recorded).await.len(), 4);
    assert!(rows(&recorded).await.iter().all(|(row, _)| row.ends_with("@6")));
}

#[tokio::test]
async fn a_rebuild_that_an_outage_ended_goes_on_and_misses_nothing() {
    let recorded = Recorded::nothing().await;
    recorded.orders(20).await;
    let mut state = Rebuild::new(4);
    let error = run(&recorded, &unreachable(&recorded), &mut state, false).await.unwrap_err().to_string();
    assert!(error.contains(" is not written: ") && error.contains("the table is unavailable"), "{error}");
    assert_eq!(state.counts, RebuildCounts::default(), "nothing is settled that is not written");

    assert_eq!(run(&recorded, &recorded.dynamodb.client(), &mut state, false).await.unwrap(), Ended::Complete);
    assert_eq!((state.counts.commits, state.counts.orders), (40, 20));
    let written: Vec<_> = state.counts.rows_written.into_iter().collect();
    let mut wanted: Vec<_> = CORE.iter().map(|model| (model.name.to_owned(), 20)).collect();
    wanted.sort_unstable();
    assert_eq!(written, wanted);
    assert!(rows(&recorded).await.iter().all(|(row, _)| row.ends_with("@2")));
}
