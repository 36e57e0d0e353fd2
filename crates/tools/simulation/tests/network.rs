//! The network alone: its strikes, its counts, and the same result for the same seed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Error};
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use sam_template::Template;
use simulation::{Fired, Moment, Network, Rates, Strike};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Time-outs and retries as the functions have them.
async fn network(seed: u64, rates: Rates) -> (EmbeddedDynamoDb, Network, Client) {
    let dynamo = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    dynamo.create_tables(&Template::of_this_project().unwrap()).unwrap();
    let network = Network::new(dynamo.database().clone(), seed, rates);
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(3))
        .build();
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50));
    let client = network.client(dynamo.config().timeout_config(timeouts).retry_config(retries));
    (dynamo, network, client)
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Written,
    WasThere,
    Failed,
}

async fn put(client: &Client, aggregate_id: String) -> Ended {
    let put = client
        .put_item()
        .table_name("OrderEvents")
        .item("aggregateId", AttributeValue::S(aggregate_id))
        .item("version", AttributeValue::N("1".to_owned()))
        .condition_expression("attribute_not_exists(aggregateId)")
        .send()
        .await;
    match put.map_err(Error::from) {
        Ok(_) => Ended::Written,
        Err(Error::ConditionalCheckFailedException(_)) => Ended::WasThere,
        Err(_) => Ended::Failed,
    }
}

/// Lets four clients write 100 items each. Returns the result and time of each write, the strikes, and the number of items.
async fn story(seed: u64, rates: Rates) -> (Vec<(String, Ended, Duration)>, Fired, usize) {
    fastrand::seed(seed);
    let (dynamo, network, client) = network(seed, rates).await;
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for name in 0..4 {
        let client = client.clone();
        clients.spawn(async move {
            let mut log = Vec::new();
            for number in 0..100 {
                let id = format!("{name}-{number}");
                log.push((id.clone(), put(&client, id).await, begun.elapsed()));
            }
            log
        });
    }
    let mut log = clients.join_all().await.concat();
    log.sort_by_key(|(_, _, at)| *at);
    let count = serde_json::from_value(serde_json::json!({ "TableName": "OrderEvents", "Select": "COUNT" }));
    let items = dynamo.database().scan(count.unwrap()).unwrap().count;
    (log, network.fired(), items)
}

const STORMY: Rates = Rates { before_percent: 20, after_percent: 20, lagging_percent: 0 };

#[tokio::test(start_paused = true)]
async fn every_fault_strikes_at_both_moments() {
    let (_, fired, _) = story(1, STORMY).await;
    for strike in Strike::ALL {
        for moment in [Moment::Before, Moment::After] {
            assert!(fired.contains_key(&(moment, strike)), "{strike:?} {moment:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_rates_nothing_strikes() {
    let (log, fired, items) = story(1, Rates::default()).await;
    assert!(log.iter().all(|(_, ended, _)| *ended == Ended::Written));
    assert_eq!((fired, items), (Fired::new(), 400));
}

#[tokio::test(start_paused = true)]
async fn acknowledged_writes_exist_and_failed_ones_may() {
    let (log, _, items) = story(3, STORMY).await;
    let of = |wanted| log.iter().filter(|(_, ended, _)| *ended == wanted).count();
    let acknowledged = of(Ended::Written) + of(Ended::WasThere);
    assert!(of(Ended::WasThere) > 0, "no write was repeated by the SDK after it had happened");
    assert!((acknowledged..=acknowledged + of(Ended::Failed)).contains(&items), "{items} of {acknowledged}");
}

#[test]
fn the_same_seed_gives_the_same_story_and_another_seed_another() {
    let run = |seed| {
        // A runtime of its own each time, as a repeated history has it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(story(seed, STORMY))
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
