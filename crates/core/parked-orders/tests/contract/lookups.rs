//! Reads of the notes: by order, by customer, page by page, and their count; also notes that cannot be read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::TableError::{Refused, Unavailable};
use parked_orders::{Consumer, ParkRequest, ParkedCount, ParkedError, ParkedOrder, ParkedOrderTable};

use crate::{SUMMARIES, TABLE, TOTALS, all, dynamo, note, orders, parking};

#[tokio::test]
async fn among_finds_few_parked_orders_by_one_query() {
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
async fn among_without_ids_sends_no_request() {
    let (server, _) = dynamo().await;
    let (client, meter) = server.metered_client();
    assert!(ParkedOrderTable::new(client, TABLE).among(&Consumer::PUBLISHER, &[]).await.unwrap().is_empty());
    assert_eq!(meter.take().total_requests(), 0);
}

#[tokio::test]
async fn among_finds_many_parked_orders() {
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
async fn a_note_of_an_unknown_consumer_is_read() {
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
async fn reasons_are_shortened_and_notes_beyond_a_page_are_found() {
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
async fn ids_that_no_key_can_contain_delay_no_other_order() {
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
async fn a_missing_table_is_refused_and_a_stopped_one_is_unavailable() {
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
