//! Tests the notes as consumers, operators and queries use them: with the real SDK on the embedded DynamoDB.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod unaddressable;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::TableError::{Refused, Unavailable};
use parked_orders::{Consumer, ParkRequest, ParkedCount, ParkedError, ParkedOrder, ParkedOrderTable};
use sam_template::Template;
use serde_json::json;
use test_support::interceptor::BeforeEach;

const SUMMARIES: Consumer = Consumer::new("OrderSummaryByCustomer");
const TOTALS: Consumer = Consumer::new("CustomerTotals");
const TABLE: &str = "ParkedOrders";

async fn dynamo() -> (EmbeddedDynamoDb, ParkedOrderTable) {
    let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    server.create_tables(&Template::of_this_project().unwrap()).unwrap();
    let parked = ParkedOrderTable::new(server.client(), TABLE);
    (server, parked)
}

fn parking(order: &str, version: u64, held_up_to: u64) -> ParkRequest {
    ParkRequest {
        aggregate_id: order.to_owned(),
        customer_id: Some("c-1".to_owned()),
        version,
        held_up_to,
        reason: "events is not a list".to_owned(),
    }
}

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

async fn note(parked: &ParkedOrderTable, consumer: &Consumer, order: &str) -> ParkedOrder {
    parked.find(consumer, order).await.unwrap().unwrap()
}

fn orders<'a>(parked: impl IntoIterator<Item = &'a ParkedOrder>) -> BTreeSet<&'a str> {
    parked.into_iter().map(|parked| parked.aggregate_id.as_str()).collect()
}

/// Reads all notes, and returns them with the number of pages.
async fn all(parked: &ParkedOrderTable) -> (Vec<Result<ParkedOrder, ParkedError>>, usize) {
    let (mut notes, mut pages, mut from) = (Vec::new(), 0, None);
    loop {
        let page = parked.page(from).await.unwrap();
        notes.extend(page.parked);
        pages += 1;
        from = page.next;
        if from.is_none() {
            return (notes, pages);
        }
    }
}

#[tokio::test]
async fn what_is_parked_is_found_as_it_was_noted_and_by_its_own_consumer_alone() {
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
async fn a_further_attempt_is_counted_and_forgets_nothing_that_waits() {
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
async fn a_note_that_is_taken_away_while_a_further_attempt_is_noted_begins_anew_and_whole() {
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
async fn an_attempt_at_an_order_that_is_not_parked_or_no_longer_parks_nothing() {
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
async fn a_note_is_one_update_and_two_where_more_is_known_to_wait() {
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
async fn among_few_parked_orders_those_asked_for_are_told_by_one_query() {
    let (server, parked) = dynamo().await;
    for order in ["o-1", "o-2", "o-3"] {
        parked.park(&Consumer::PUBLISHER, &parking(order, 1, 1)).await.unwrap();
    }
    let (client, meter) = server.metered_client();
    let found = ParkedOrderTable::new(client, TABLE).among(&Consumer::PUBLISHER, &["o-3", "o-2", "o-9"]).await.unwrap();
    assert_eq!(orders(found.values().flatten()), ["o-2", "o-3"].into());
    let spent = meter.take();
    assert_eq!((spent.requests_of("Query"), spent.total_requests(), spent.read_half_units()), (1, 1, 2));
}

#[tokio::test]
async fn among_none_asked_for_nothing_is_asked() {
    let (server, _) = dynamo().await;
    let (client, meter) = server.metered_client();
    assert!(ParkedOrderTable::new(client, TABLE).among(&Consumer::PUBLISHER, &[]).await.unwrap().is_empty());
    assert_eq!(meter.take().total_requests(), 0);
}

#[tokio::test]
async fn among_many_parked_orders_those_asked_for_are_told_all_the_same() {
    let (server, parked) = dynamo().await;
    for number in 0..250 {
        parked.park(&Consumer::PUBLISHER, &parking(&format!("o-{number:03}"), 1, 1)).await.unwrap();
    }
    let (client, meter) = server.metered_client();
    let metered = ParkedOrderTable::new(client, TABLE);
    // The last ids are beyond the notes that one read of the table returns.
    let ids: Vec<String> = (40..400).map(|number| format!("o-{number:03}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = metered.among(&Consumer::PUBLISHER, &ids).await.unwrap();
    assert_eq!(orders(found.values().flatten()), ids[..210].iter().copied().collect());
    let spent = meter.take();
    assert_eq!((spent.requests_of("Query"), spent.requests_of("BatchGetItem"), spent.total_requests()), (1, 4, 5));
}

#[tokio::test]
async fn an_order_is_taken_out_unless_more_of_it_waits_by_then() {
    let (_server, parked) = dynamo().await;
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    let before = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert!(parked.hold(&Consumer::PUBLISHER, "o-1", 6).await.unwrap());
    assert!(!parked.unpark(&before).await.unwrap(), "version 6 waits, and the note would be lost");
    let after = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert_eq!(after, ParkedOrder { held_up_to: 6, ..before }, "to wait is no attempt");

    parked.park(&Consumer::PUBLISHER, &parking("o-1", 4, 6)).await.unwrap();
    assert!(!parked.unpark(&after).await.unwrap(), "it is another poison by now");

    let last = note(&parked, &Consumer::PUBLISHER, "o-1").await;
    assert!(parked.unpark(&last).await.unwrap());
    assert!(parked.unpark(&last).await.unwrap(), "out is out");
    assert_eq!(parked.find(&Consumer::PUBLISHER, "o-1").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_parked_is_not_held_and_what_waits_already_still_does() {
    let (_server, parked) = dynamo().await;
    assert!(!parked.hold(&Consumer::PUBLISHER, "o-1", 4).await.unwrap());
    assert_eq!(parked.find(&Consumer::PUBLISHER, "o-1").await.unwrap(), None, "to hold does not park");
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 3, 5)).await.unwrap();
    assert!(parked.hold(&Consumer::PUBLISHER, "o-1", 4).await.unwrap());
    assert_eq!(note(&parked, &Consumer::PUBLISHER, "o-1").await.held_up_to, 5);
}

#[tokio::test]
async fn of_a_hold_and_an_unpark_at_once_exactly_one_wins() {
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
async fn a_note_of_a_consumer_that_is_not_known_here_is_read_all_the_same() {
    let (_server, parked) = dynamo().await;
    let consumer = Consumer::new("OrdersByStatus");
    parked.park(&consumer, &parking("o-1", 3, 5)).await.unwrap();
    let (notes, _) = all(&parked).await;
    let [Ok(note)] = &notes[..] else { unreachable!("{notes:?}") };
    assert_eq!((&note.consumer, note.version), (&consumer, 3));
    assert_eq!(parked.among(&consumer, &["o-1"]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_customers_orders_are_listed_for_each_consumer() {
    let (_server, parked) = dynamo().await;
    for (consumer, order, customer) in [
        (SUMMARIES, "o-1", Some("c-1")),
        (TOTALS, "o-1", Some("c-1")),
        (SUMMARIES, "o-2", Some("c-1")),
        (SUMMARIES, "o-3", Some("c-2")),
        (SUMMARIES, "o-4", None),
    ] {
        let parking = ParkRequest { customer_id: customer.map(str::to_owned), ..parking(order, 1, 1) };
        parked.park(&consumer, &parking).await.unwrap();
    }
    let of = async |consumer, customer| parked.of_customer(&consumer, customer).await.unwrap();
    assert_eq!(orders(of(SUMMARIES, "c-1").await.iter().flatten()), ["o-1", "o-2"].into());
    assert_eq!(orders(of(TOTALS, "c-1").await.iter().flatten()), ["o-1"].into());
    assert_eq!(orders(of(SUMMARIES, "c-3").await.iter().flatten()), [].into());
    assert_eq!(all(&parked).await.0.len(), 5);
}

#[tokio::test]
async fn reasons_are_cut_and_notes_beyond_a_page_are_still_found() {
    let (_server, parked) = dynamo().await;
    for number in 0..300 {
        let parking = ParkRequest { reason: "🍵".repeat(1500), ..parking(&format!("o-{number}"), 1, 1) };
        parked.park(&TOTALS, &parking).await.unwrap();
    }
    let (notes, pages) = all(&parked).await;
    assert!(pages > 1, "300 reasons of 4 KB are more than a page of 1 MB");
    let notes: Vec<ParkedOrder> = notes.into_iter().map(Result::unwrap).collect();
    assert_eq!(orders(&notes).len(), 300);
    assert!(notes.iter().all(|note| note.reason == "🍵".repeat(1000)));
    assert_eq!(orders(parked.of_customer(&TOTALS, "c-1").await.unwrap().iter().flatten()).len(), 300);
}

#[tokio::test]
async fn ids_that_no_key_can_contain_stop_no_other_order() {
    let (_server, parked) = dynamo().await;
    for (order, customer) in [("o-1", String::new()), ("o-2", "c".repeat(2049))] {
        let parking = ParkRequest { customer_id: Some(customer), ..parking(order, 1, 1) };
        parked.park(&Consumer::PUBLISHER, &parking).await.unwrap();
        assert_eq!(note(&parked, &Consumer::PUBLISHER, order).await.customer_id, None);
    }
    for number in 0..120 {
        parked.park(&Consumer::PUBLISHER, &parking(&format!("p-{number}"), 1, 1)).await.unwrap();
    }
    let too_long = "o".repeat(1025);
    let found = parked.among(&Consumer::PUBLISHER, &["", &too_long, "o-1", "p-119"]).await.unwrap();
    assert_eq!(orders(found.values().flatten()), ["o-1", "p-119"].into());
    for order in ["", &too_long] {
        let error = parked.park(&Consumer::PUBLISHER, &parking(order, 1, 1)).await.unwrap_err();
        assert!(matches!(error, ParkedError::Table(Refused { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn an_unreadable_note_is_reported_and_hides_no_other() {
    let (server, parked) = dynamo().await;
    parked.park(&Consumer::PUBLISHER, &parking("o-1", 1, 1)).await.unwrap();
    let string = |text: &str| AttributeValue::S(text.to_owned());
    for (consumer, order) in [("publisher", "o-2"), ("a consumer of a later release", "o-1")] {
        let item = HashMap::from([
            ("consumer".to_owned(), string(consumer)),
            ("aggregateId".to_owned(), string(order)),
            ("customerId".to_owned(), string("c-1")),
            ("version".to_owned(), string("first")),
        ]);
        server.client().put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }
    let (notes, _) = all(&parked).await;
    assert_eq!((notes.iter().flatten().count(), notes.len()), (1, 3));
    let told = "the note on order o-2 of publisher cannot be read: version is missing or of another type";
    let among = parked.among(&Consumer::PUBLISHER, &["o-1", "o-2"]).await.unwrap();
    assert_eq!(orders(among.values().flatten()), ["o-1"].into());
    assert_eq!(among["o-2"].as_ref().unwrap_err().to_string(), told);
    let of_customer = parked.of_customer(&Consumer::PUBLISHER, "c-1").await.unwrap();
    assert_eq!(orders(of_customer.iter().flatten()), ["o-1"].into());
    let unreadable: Vec<String> =
        of_customer.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert_eq!(unreadable, [told]);
}

#[tokio::test]
async fn a_table_that_is_not_there_refuses_and_one_that_does_not_answer_is_unavailable() {
    let (server, _) = dynamo().await;
    let refused = ParkedOrderTable::new(server.client(), "NoSuchTable");
    let error = refused.among(&Consumer::PUBLISHER, &["o-1"]).await;
    assert!(matches!(error, Err(ParkedError::Table(Refused { operation: "Query", .. }))));
    let error = refused.park(&Consumer::PUBLISHER, &parking("o-1", 1, 1)).await;
    assert!(matches!(error, Err(ParkedError::Table(Refused { operation: "UpdateItem", .. }))));
    let unreachable = ParkedOrderTable::new(server.client(), TABLE);
    server.stop().await;
    let among = unreachable.among(&Consumer::PUBLISHER, &["o-1"]).await.map(drop);
    let hold = unreachable.hold(&Consumer::PUBLISHER, "o-1", 1).await.map(drop);
    assert!([among, hold].iter().all(|failed| matches!(failed, Err(ParkedError::Table(Unavailable { .. })))));
}

#[tokio::test]
async fn parked_orders_are_counted_for_their_own_consumer_across_pages() {
    let (server, parked) = dynamo().await;
    let none = ParkedCount { orders: 0, oldest: None, is_complete: true };
    assert_eq!(parked.count(&Consumer::PUBLISHER).await.unwrap(), none);
    for order in ["o-1", "o-2", "o-3"] {
        parked.park(&Consumer::PUBLISHER, &parking(order, 3, 5)).await.unwrap();
    }
    // Together they exceed the megabyte of one page.
    for order in ["o-1", "o-2", "o-3"] {
        let set = server.client().update_item().table_name(TABLE);
        let set = set.key("consumer", AttributeValue::S("publisher".to_owned()));
        let set = set.key("aggregateId", AttributeValue::S(order.to_owned())).update_expression("SET padding = :it");
        let padding = AttributeValue::S("x".repeat(390 * 1024));
        set.expression_attribute_values(":it", padding).send().await.unwrap();
    }
    let oldest = note(&parked, &Consumer::PUBLISHER, "o-1").await.parked_at;
    let count = parked.count(&Consumer::PUBLISHER).await.unwrap();
    assert_eq!(count, ParkedCount { orders: 3, oldest: Some(oldest), is_complete: true });
    assert_eq!(parked.count(&TOTALS).await.unwrap(), none);
}

#[tokio::test]
async fn a_deferred_order_is_found_until_poison_or_nothing_holds_it_back() {
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
