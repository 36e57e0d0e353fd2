//! Changes of a note from the first attempt to the unpark: attempts, held versions, deferral, and races of two writers.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use embedded_dynamodb::EmbeddedDynamoDb;
use parked_orders::{Consumer, ParkRequest, ParkedOrder, ParkedOrderTable};
use serde_json::json;
use test_support::interceptor::BeforeEach;

use crate::{SUMMARIES, TABLE, TOTALS, dynamo, note, parking};

/// Returns the notes through a client. Before its second update arrives, another caller has unparked `o-1`.
fn taken_out_before_the_second_update(server: &EmbeddedDynamoDb) -> ParkedOrderTable {
    let (database, updates) = (server.database().clone(), AtomicU32::new(0));
    let take_out = move |input: &mut Input| {
        if input.downcast_ref::<UpdateItemInput>().is_some() && updates.fetch_add(1, Ordering::Relaxed) == 1 {
            let key = json!({ "consumer": { "S": "publisher" }, "aggregateId": { "S": "o-1" } });
            let delete = serde_json::from_value(json!({ "TableName": TABLE, "Key": key })).unwrap();
            database.delete_item(delete).unwrap();
        }
    };
    ParkedOrderTable::new(Client::from_conf(server.config().interceptor(BeforeEach(take_out)).build()), TABLE)
}

#[tokio::test]
async fn an_order_is_parked_for_its_own_consumer_only() {
    let (_server, parked) = dynamo().await;
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    let found = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    let expected = ParkedOrder {
        consumer: Consumer::PUBLISHER,
        aggregate_id: "o-1".to_owned(),
        customer_id: Some("c-1".to_owned()),
        version: 3,
        held_up_to: 5,
        is_deferred: false,
        reason: "events is not a list".to_owned(),
        attempts: 1,
        parked_at: found.parked_at,
        last_attempt_at: found.parked_at,
    };
    assert_eq!(found, expected);
    for consumer in [SUMMARIES, TOTALS] {
        assert_eq!(parked.find(&consumer, "o-1").await.unwrap(), None);
        assert!(parked.among(&consumer, &["o-1"]).await.unwrap().is_empty());
        assert!(parked.of_customer(&consumer, "c-1").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_further_attempt_is_counted_and_keeps_the_held_versions() {
    let (_server, parked) = dynamo().await;
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    let first = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    let again = ParkRequest { customer_id: None, reason: "another".to_owned(), ..parking("o-1", 4, 4) };
    parked.park(&Consumer::PUBLISHER, &again).await.unwrap();
    let second = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert!(second.last_attempt_at >= first.last_attempt_at);
    let last_attempt_at = second.last_attempt_at;
    let expected = ParkedOrder { version: 4, reason: "another".to_owned(), attempts: 2, last_attempt_at, ..first };
    assert_eq!(second, expected, "held up to 5, of customer c-1, since the first attempt");
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 4, 9)).await.unwrap();
    let third = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert_eq!((third.held_up_to, third.attempts), (9, 3));
}

#[tokio::test]
async fn a_note_deleted_during_a_further_attempt_is_written_in_full() {
    let (server, parked) = dynamo().await;
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 9)).await.unwrap();
    let before = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    // More versions wait than this attempt knows, so it needs a second update.
    taken_out_before_the_second_update(&server).park(&Consumer::PUBLISHER, &parking("o-1", 4, 5)).await.unwrap();
    let after = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert_eq!((after.version, after.held_up_to, after.attempts), (4, 5, 1));
    assert!(after.parked_at >= before.parked_at);
}

#[tokio::test]
async fn note_attempt_parks_no_order_that_is_not_parked() {
    let (server, parked) = dynamo().await;
    assert!(!parked.note_attempt(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap());
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 9)).await.unwrap();
    let racing = taken_out_before_the_second_update(&server);
    assert!(!racing.note_attempt(&Consumer::PUBLISHER, &parking("o-1", 4, 5)).await.unwrap());
    assert_eq!(parked.find(&Consumer::PUBLISHER, "o-1").await.unwrap(), None);

    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    for (version, held_up_to, known, attempts) in [(4, 4, 5, 2), (4, 5, 5, 3), (5, 7, 7, 4)] {
        assert!(parked.note_attempt(&Consumer::PUBLISHER, &parking("o-1", version, held_up_to)).await.unwrap());
        let noted = note(&parked, &Consumer::PUBLISHER, "o-1").await;
        assert_eq!((noted.version, noted.held_up_to, noted.attempts), (version, known, attempts));
    }
}

#[tokio::test]
async fn a_note_costs_one_update_or_two_if_more_versions_are_held() {
    let (server, _) = dynamo().await;
    let (client, meter) = server.metered_client();
    let metered = ParkedOrderTable::new(client, TABLE);
    for (held_up_to, updates) in [(5, 1), (5, 1), (6, 1), (5, 2)] {
        metered.park(&Consumer::PUBLISHER, &parking("o-1", 3, held_up_to)).await.unwrap();
        let spent = meter.take();
        assert_eq!((spent.requests_of("UpdateItem"), spent.total_requests()), (updates, updates), "{held_up_to}");
    }
}

#[tokio::test]
async fn an_order_is_unparked_only_if_its_note_is_unchanged() {
    let (_server, parked) = dynamo().await;
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    let before = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert!(parked.hold(&Consumer::PUBLISHER, "o-1", 6).await.unwrap());
    assert!(!parked.unpark(&before).await.unwrap(), "version 6 waits, and the note would be lost");
    let after = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert_eq!(after, ParkedOrder { held_up_to: 6, ..before }, "a hold is no attempt");

    parked.park(&Consumer::PUBLISHER, &parking("o-1", 4, 6)).await.unwrap();
    assert!(!parked.unpark(&after).await.unwrap(), "another commit is poison now");

    let last = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert!(parked.unpark(&last).await.unwrap());
    assert!(parked.unpark(&last).await.unwrap(), "a second unpark succeeds");
    assert_eq!(parked.find(&Consumer::PUBLISHER, "o-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_hold_parks_no_order_and_never_lowers_the_held_version() {
    let (_server, parked) = dynamo().await;
    assert!(!parked.hold(&Consumer::PUBLISHER, "o-1", 4).await.unwrap());
    assert_eq!(parked.find(&Consumer::PUBLISHER, "o-1").await.unwrap(), None, "to hold does not park");
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    assert!(parked.hold(&Consumer::PUBLISHER, "o-1", 4).await.unwrap());
    assert_eq!(note(&parked, &Consumer::PUBLISHER, "o-1").await.held_up_to, 5);
}

#[tokio::test]
async fn exactly_one_of_a_concurrent_hold_and_unpark_wins() {
    let (_server, parked) = dynamo().await;
    for number in 0..60 {
        let order = format!("o-{number}");
        parked.park(&Consumer::PUBLISHER, &parking(&order, 1, 1)).await.unwrap();
        let before = note(&parked, &Consumer::PUBLISHER, &order).await;
        let publisher = Consumer::PUBLISHER;
        let hold = parked.hold(&publisher, &order, 2);
        let unpark = parked.unpark(&before);
        // Either call may be polled first, and both are sent before one gets its response.
        let (is_held, is_out) = if number % 2 == 0 {
            tokio::join!(hold, unpark)
        } else {
            let (is_out, is_held) = tokio::join!(unpark, hold);
            (is_held, is_out)
        };
        let (is_held, is_out) = (is_held.unwrap(), is_out.unwrap());
        assert_ne!(is_held, is_out, "{order}");
        assert_eq!(parked.find(&Consumer::PUBLISHER, &order).await.unwrap().is_some(), is_held);
    }
}

#[tokio::test]
async fn a_deferred_order_is_found_until_it_is_poison_or_unparked() {
    let (_server, parked) = dynamo().await;
    let deferred = async || {
        let page = parked.deferred(&TOTALS, None).await.unwrap();
        assert!(page.next.is_none());
        page.parked.into_iter().map(|note| note.unwrap().aggregate_id).collect::<Vec<_>>()
    };
    parked.park(&TOTALS, &parking("o-1", 1, 1)).await.unwrap();
    parked.defer(&TOTALS, &parking("o-2", 2, 3)).await.unwrap();
    parked.defer(&Consumer::PUBLISHER, &parking("o-3", 1, 1)).await.unwrap();
    assert_eq!(deferred().await, ["o-2"]);
    assert!(note(&parked, &TOTALS, "o-2").await.is_deferred);
    parked.park(&TOTALS, &parking("o-2", 3, 3)).await.unwrap();
    assert_eq!(deferred().await, Vec::<String>::new());
    parked.defer(&TOTALS, &parking("o-2", 3, 4)).await.unwrap();
    let found = note(&parked, &TOTALS, "o-2").await;
    assert_eq!((found.is_deferred, found.attempts, found.held_up_to), (true, 3, 4));
    assert!(parked.unpark(&found).await.unwrap());
    assert_eq!(deferred().await, Vec::<String>::new());
}
