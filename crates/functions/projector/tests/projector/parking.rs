//! Commits that cannot be projected: their orders are parked, and no other order waits for them.

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::EmbeddedDynamoDb;
use function_setup::ProjectorConfig;
use parked_orders::{Consumer, ParkedOrder, ParkedOrderTable};
use projector::Projector;
use read_models::{DynamoSummaries, OrderSummaries};
use serde_json::Value;
use test_support::ledger::Ledger;

use crate::given::{SUMMARY_CONSUMER, SUMMARY_TABLE, TOTALS_CONSUMER, config, event, place, projector, retried};
use crate::items::{Item, items_of};

const PROJECTIONS: [Consumer; 2] = [SUMMARY_CONSUMER, TOTALS_CONSUMER];

/// Returns the item with an event that only a later release knows.
fn from_the_future(mut item: Item) -> Item {
    let Some(AttributeValue::L(events)) = item.get_mut("events") else { panic!("an item has events") };
    let Some(AttributeValue::M(event)) = events.first_mut() else { panic!("an event is a map") };
    event.insert("eventType".to_owned(), AttributeValue::S("PaymentPromised".to_owned()));
    item
}

/// Returns the item in a form that is not a commit.
fn undecodable(mut item: Item) -> Item {
    item.insert("events".to_owned(), AttributeValue::S("someone@example.com".to_owned()));
    item
}

async fn answer(server: &EmbeddedDynamoDb, records: &[Value]) -> Value {
    serde_json::to_value(projector(server).handle(event(records)).await.unwrap()).unwrap()
}

async fn note(server: &EmbeddedDynamoDb, consumer: &Consumer, order: &str) -> Option<ParkedOrder> {
    ParkedOrderTable::new(server.client(), "ParkedOrders").find(consumer, order).await.unwrap()
}

/// Returns the first and the last waiting version of an order, and the number of attempts. They are the same for every
/// projection.
async fn waits(server: &EmbeddedDynamoDb, order: &str) -> Option<(u64, u64, u64)> {
    let [summary, totals] = PROJECTIONS;
    let of = |note: ParkedOrder| (note.version, note.held_up_to, note.attempts);
    let summary = note(server, &summary, order).await.map(of);
    assert_eq!(note(server, &totals, order).await.map(of), summary);
    summary
}

/// Returns the version of an order's row.
async fn version(server: &EmbeddedDynamoDb, order: &str) -> Option<u64> {
    let summaries = DynamoSummaries::new(server.client(), SUMMARY_TABLE);
    summaries.find(order).await.unwrap().map(|row| row.version)
}

#[tokio::test]
async fn one_poison_commit_parks_one_order_among_a_thousand() {
    let ledger = Ledger::new().await;
    for number in 1..=1000 {
        let order = format!("o-{number}");
        if number == 400 {
            ledger.put(&from_the_future(items_of(&order, "c-400", 1).await.remove(0))).await;
        } else {
            ledger.record(&order, place(&format!("c-{}", number % 50)), "2026-11-21T09:30:00.123Z").await;
        }
    }
    let stream = ledger.stream();
    assert_eq!(stream.len(), 1000, "as many as one batch holds");

    assert_eq!(answer(&ledger.server, &stream).await, retried([]));

    for number in 1..=1000 {
        let expected = (number != 400).then_some(1);
        assert_eq!(version(&ledger.server, &format!("o-{number}")).await, expected, "o-{number}");
    }
    for consumer in PROJECTIONS {
        let page = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders").page(None).await.unwrap();
        assert_eq!(page.parked.len(), PROJECTIONS.len());
        let note = note(&ledger.server, &consumer, "o-400").await.unwrap();
        assert_eq!((note.version, note.held_up_to, note.attempts), (1, 1, 1));
        assert_eq!(note.customer_id.as_deref(), Some("c-400"));
        assert!(note.reason.contains("PaymentPromised"), "{}", note.reason);
        assert_eq!(note.parked_at, note.last_attempt_at);
    }
}

#[tokio::test]
async fn poison_parks_its_order_wherever_in_a_batch_it_is() {
    for spoil in [from_the_future, undecodable] {
        // The order with the poison: alone, before the others, after them, and between them.
        for places in [vec![2], vec![2, 0, 1, 3], vec![0, 1, 3, 2], vec![0, 2, 1, 3]] {
            let ledger = Ledger::new().await;
            let mut items = items_of("o-1", "c-1", 2).await;
            items.extend(items_of("o-2", "c-2", 2).await);
            items[2] = spoil(items[2].clone());
            for &place in &places {
                ledger.put(&items[place]).await;
            }
            assert_eq!(answer(&ledger.server, &ledger.stream()).await, retried([]), "{places:?}");
            let others = places.len() > 1;
            assert_eq!(version(&ledger.server, "o-1").await, others.then_some(2), "{places:?}");
            assert_eq!(version(&ledger.server, "o-2").await, None, "{places:?}");
            assert_eq!(waits(&ledger.server, "o-2").await, Some((1, if others { 2 } else { 1 }, 1)), "{places:?}");
            let note = note(&ledger.server, &SUMMARY_CONSUMER, "o-2").await.unwrap();
            assert_eq!(note.customer_id.as_deref(), Some("c-2"), "also of an item that cannot be read");
            assert!(!note.reason.contains("someone@example.com"), "{}", note.reason);
        }
    }
}

#[tokio::test]
async fn later_commits_of_a_parked_order_are_tried_and_noted_and_not_folded() {
    let ledger = Ledger::new().await;
    let mut items = items_of("o-1", "c-1", 5).await;
    items[1] = undecodable(items[1].clone());
    for (held_up_to, batch) in [&items[..2], &items[2..4], &items[4..]].into_iter().enumerate() {
        let before = ledger.stream().len();
        for item in batch {
            ledger.put(item).await;
        }
        assert_eq!(answer(&ledger.server, &ledger.stream()[before..]).await, retried([]));
        let attempts = u64::try_from(held_up_to).unwrap() + 1;
        assert_eq!(waits(&ledger.server, "o-1").await, Some((2, [2, 4, 5][held_up_to], attempts)));
        assert_eq!(version(&ledger.server, "o-1").await, Some(1));
    }
}

#[tokio::test]
async fn the_next_commit_after_a_repair_unparks_the_order() {
    let ledger = Ledger::new().await;
    let items = items_of("o-1", "c-1", 4).await;
    for item in [&items[0], &from_the_future(items[1].clone()), &items[2]] {
        ledger.put(item).await;
    }
    assert_eq!(answer(&ledger.server, &ledger.stream()).await, retried([]));
    assert_eq!(waits(&ledger.server, "o-1").await, Some((2, 3, 1)));

    ledger.put(&items[1]).await;
    ledger.put(&items[3]).await;
    assert_eq!(answer(&ledger.server, &ledger.stream()[3..]).await, retried([]));
    assert_eq!(version(&ledger.server, "o-1").await, Some(4));
    assert_eq!(waits(&ledger.server, "o-1").await, None);
}

#[tokio::test]
async fn an_order_that_passes_its_poison_gets_every_commit_that_waited() {
    let ledger = Ledger::new().await;
    let items = items_of("o-1", "c-1", 4).await;
    for item in [&items[0], &from_the_future(items[1].clone()), &items[2], &items[3]] {
        ledger.put(item).await;
    }
    let stream = ledger.stream();
    assert_eq!(answer(&ledger.server, &stream).await, retried([]));
    assert_eq!(waits(&ledger.server, "o-1").await, Some((2, 4, 1)));

    // Version 4 has left the stream. Only the note lists it.
    ledger.put(&items[1]).await;
    assert_eq!(answer(&ledger.server, &stream[2..3]).await, retried([]));
    assert_eq!(version(&ledger.server, "o-1").await, Some(4));
    assert_eq!(waits(&ledger.server, "o-1").await, None);
}

/// Its row is one version behind it, so no note is read.
#[tokio::test]
async fn a_parked_commit_that_is_delivered_again_leaves_its_note() {
    let ledger = Ledger::new().await;
    let items = items_of("o-1", "c-1", 3).await;
    for item in [&items[0], &from_the_future(items[1].clone())] {
        ledger.put(item).await;
    }
    assert_eq!(answer(&ledger.server, &ledger.stream()).await, retried([]));
    ledger.put(&items[1]).await;
    ledger.put(&items[2]).await;
    let mut stream = ledger.stream();
    stream[1]["dynamodb"]["NewImage"] = stream[2]["dynamodb"]["NewImage"].take();
    for (record, row) in [(&stream[1], 2), (&stream[3], 3)] {
        assert_eq!(answer(&ledger.server, std::slice::from_ref(record)).await, retried([]));
        assert_eq!(version(&ledger.server, "o-1").await, Some(row));
        assert_eq!(waits(&ledger.server, "o-1").await, Some((2, 2, 1)), "a redrive removes the note");
    }
    // A repeat reads the note.
    assert_eq!(answer(&ledger.server, &stream[3..]).await, retried([]));
    assert_eq!(waits(&ledger.server, "o-1").await, None);
}

#[tokio::test]
async fn an_order_with_a_second_poison_commit_is_parked_at_that_one() {
    let ledger = Ledger::new().await;
    let items = items_of("o-1", "c-1", 4).await;
    for item in [&items[0], &from_the_future(items[1].clone())] {
        ledger.put(item).await;
    }
    assert_eq!(answer(&ledger.server, &ledger.stream()).await, retried([]));
    for item in [&items[1], &items[2], &from_the_future(items[3].clone())] {
        ledger.put(item).await;
    }
    assert_eq!(answer(&ledger.server, &ledger.stream()[2..]).await, retried([]));
    assert_eq!(version(&ledger.server, "o-1").await, Some(3));
    assert_eq!(waits(&ledger.server, "o-1").await, Some((4, 4, 2)));
}

#[tokio::test]
async fn without_the_table_of_parked_orders_only_poison_is_retried() {
    let ledger = Ledger::new().await;
    let mut items = items_of("o-1", "c-1", 3).await;
    items[1] = from_the_future(items[1].clone());
    items.extend(items_of("o-2", "c-2", 2).await);
    for item in &items {
        ledger.put(item).await;
    }
    let stream = ledger.stream();
    let without = ProjectorConfig { parked_table: "NoSuchTable".to_owned(), ..config() };
    let response = Projector::on_dynamo(ledger.server.client(), &without).handle(event(&stream)).await.unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), retried(&stream[1..3]));
    assert_eq!((version(&ledger.server, "o-1").await, version(&ledger.server, "o-2").await), (Some(1), Some(2)));

    assert_eq!(answer(&ledger.server, &stream[1..]).await, retried([]), "once the table is back");
    assert_eq!(waits(&ledger.server, "o-1").await, Some((2, 3, 1)));
}
