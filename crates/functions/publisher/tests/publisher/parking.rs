//! A commit that can never be published: its order is parked, later events of the order wait, and other orders are not
//! affected.

use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use embedded_eventbridge::Faults;
use lambda_runtime::Context;
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable};
use publisher::Publisher;
use serde_json::{Value, json};
use test_support::interceptor::BeforeEach;

use crate::bus::{Bus, NAME, NOTES, go_on_from};
use crate::stream;

const BY: Consumer = Consumer::PUBLISHER;

/// Gives a record's first event a type that no release knows.
fn from_the_future(record: &mut Value) {
    record["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
}

/// Returns the records of an order `o-0` with that number of versions.
async fn one_order(versions: usize) -> Vec<Value> {
    stream::of(versions * 5).await.into_iter().step_by(5).collect()
}

fn parking(version: u64, held_up_to: u64) -> ParkRequest {
    ParkRequest { aggregate_id: "o-0".to_owned(), customer_id: None, version, held_up_to, reason: "poison".to_owned() }
}

/// Returns the first and the last waiting version of each order.
async fn waiting(bus: &Bus) -> Vec<(String, u64, u64)> {
    let parked = bus.parked().await.into_iter();
    parked.map(|parked| (parked.aggregate_id, parked.version, parked.held_up_to)).collect()
}

#[tokio::test]
async fn poison_at_any_place_of_a_batch_delays_no_other_order() {
    let stream = stream::of(100).await;
    for at in [0, 1, 37, 98, 99] {
        let (bus, mut stream) = (Bus::start().await, stream.clone());
        from_the_future(&mut stream[at]);
        assert_eq!(bus.answer(&stream).await, go_on_from(None), "poison at {at}");
        let held = |place: usize| place >= at && place % 5 == at % 5;
        let sent: Vec<_> =
            (0..100).filter(|&place| !held(place)).flat_map(|it| stream::ids(&stream[it..=it])).collect();
        assert_eq!(bus.published_ids().await, sent, "poison at {at}");
        let version = u64::try_from(at / 5 + 1).unwrap();
        assert_eq!(waiting(&bus).await, [(format!("o-{}", at % 5), version, 20)], "poison at {at}");
    }
}

#[tokio::test]
async fn a_note_says_why_and_whose() {
    let stream = one_order(4).await;
    let mut from_the_future_too = stream[1].clone();
    from_the_future(&mut from_the_future_too);
    let mut of_nobody = stream[1].clone();
    of_nobody["dynamodb"]["NewImage"].as_object_mut().unwrap().remove("customerId");
    for (poison, reason) in [(from_the_future_too, "PaymentPromised"), (of_nobody, "the commit names no customer")] {
        let bus = Bus::start().await;
        let batch = [stream[0].clone(), poison, stream[2].clone(), stream[3].clone()];
        assert_eq!(bus.answer(&batch).await, go_on_from(None));
        let parked = bus.parked().await.remove(0);
        assert_eq!((parked.consumer, parked.version, parked.held_up_to, parked.attempts), (BY, 2, 4, 1));
        assert_eq!(parked.customer_id.as_deref(), Some("buyer-1"));
        assert!(parked.reason.contains(reason), "{}", parked.reason);
        assert_eq!(bus.published_ids().await, stream::ids(&stream[..1]));
    }
}

#[tokio::test]
async fn versions_after_a_parked_one_wait_and_versions_before_it_repeat() {
    let (bus, mut stream) = (Bus::start().await, one_order(6).await);
    from_the_future(&mut stream[2]);
    assert_eq!(bus.answer(&stream[..3]).await, go_on_from(None));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 3, 3)]);
    assert_eq!(bus.answer(&stream[3..5]).await, go_on_from(None));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 3, 5)]);
    assert_eq!(bus.published_ids().await, stream::ids(&stream[..2]));
    let calls = bus.server.counts().calls;

    assert_eq!(bus.answer(&stream[2..4]).await, go_on_from(None));
    assert_eq!(bus.server.counts().calls, calls, "what waits needs no call");
    assert_eq!(bus.parked().await[0].attempts, 1, "and is no further attempt");

    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    assert_eq!(bus.published_ids().await, stream::ids(&[&stream[..2], &stream[..2]].concat()));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 3, 6)]);
}

#[tokio::test]
async fn a_later_version_that_arrives_ahead_of_the_poison_waits_all_the_same() {
    let (bus, mut stream) = (Bus::start().await, one_order(4).await);
    from_the_future(&mut stream[1]);
    stream.swap(1, 3);
    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    assert_eq!(bus.published_ids().await, stream::ids(&stream[..1]));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 2, 4)]);
}

#[tokio::test]
async fn an_earlier_poison_version_becomes_the_parked_one() {
    let (bus, mut stream) = (Bus::start().await, one_order(6).await);
    bus.notes().park(&BY, &parking(5, 6)).await.unwrap();
    from_the_future(&mut stream[2]);
    assert_eq!(bus.answer(&stream[..5]).await, go_on_from(None));
    assert_eq!(bus.published_ids().await, stream::ids(&stream[..2]));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 3, 6)], "what is known to wait stays known");
}

/// Creates a bus that receives the event of one version as invalid JSON, and rejects it as malformed.
async fn bus_that_refuses(version: u64) -> Bus {
    let bus = Bus::start().await;
    let sequence = format!(r#""sequence":"{version:010}""#);
    let spoil = move |input: &mut Input| {
        let Some(call) = input.downcast_mut::<PutEventsInput>() else { return };
        for entry in call.entries.iter_mut().flatten() {
            if entry.detail().is_some_and(|detail| detail.contains(&sequence)) {
                entry.detail = Some("{".to_owned());
            }
        }
    };
    let client = aws_sdk_eventbridge::Client::from_conf(bus.server.config().interceptor(BeforeEach(spoil)).build());
    bus.through(client)
}

#[tokio::test]
async fn an_event_that_the_bus_rejects_as_malformed_parks_its_order() {
    let (bus, stream) = (bus_that_refuses(2).await, one_order(4).await);
    assert_eq!(bus.answer(&stream[..3]).await, go_on_from(None));
    // The third event was published in the same call, before the publisher knew that it must wait. It waits for a redrive too.
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 2, 3)]);
    assert!(bus.parked().await[0].reason.contains("MalformedDetail"), "{:?}", bus.parked().await);
    assert_eq!(bus.answer(&stream[3..]).await, go_on_from(None));
    let ids = stream::ids(&stream);
    assert_eq!(bus.published_ids().await, [&*ids[0], &*ids[2]]);
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 2, 4)]);
}

#[tokio::test]
async fn an_order_is_parked_after_its_events_before_the_poison_are_published() {
    let (bus, mut stream) = (Bus::start().await, stream::of(10).await);
    from_the_future(&mut stream[5]);
    bus.server.set_faults(Faults { entries_percent: 100, ..Faults::default() });
    assert_eq!(bus.answer(&stream).await, go_on_from(Some(&stream[0])));
    assert_eq!(waiting(&bus).await, [], "a redrive would have it overtake the first version");
    bus.server.set_faults(Faults::default());
    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 2, 2)]);
    assert_eq!(bus.published_ids().await.len(), 9);
}

#[tokio::test]
async fn poison_is_retried_together_with_an_earlier_failed_version() {
    let (bus, mut stream) = (Bus::start().await, one_order(2).await);
    from_the_future(&mut stream[1]);
    stream.reverse();
    bus.server.set_faults(Faults { entries_percent: 100, ..Faults::default() });
    assert_eq!(bus.answer(&stream).await, go_on_from(Some(&stream[0])));
}

#[tokio::test]
async fn records_are_published_if_a_redrive_ends_before_they_are_held() {
    let (bus, stream) = (Bus::start().await, one_order(4).await);
    bus.notes().park(&BY, &parking(2, 2)).await.unwrap();
    let database = bus.dynamodb.database().clone();
    let redrive = move |input: &mut Input| {
        if input.downcast_ref::<UpdateItemInput>().is_some() {
            let key = json!({ "consumer": { "S": "publisher" }, "aggregateId": { "S": "o-0" } });
            let delete = serde_json::from_value(json!({ "TableName": NOTES, "Key": key })).unwrap();
            database.delete_item(delete).unwrap();
        }
    };
    let client = aws_sdk_dynamodb::Client::from_conf(bus.dynamodb.config().interceptor(BeforeEach(redrive)).build());
    let publisher = Publisher::new(bus.named(NAME), ParkedOrderTable::new(client, NOTES));
    let answer = Bus::invoke_by(&publisher, Context::default(), &stream[2..]).await.unwrap();
    assert_eq!((answer, waiting(&bus).await), (go_on_from(None), vec![]));
    assert_eq!(bus.published_ids().await, stream::ids(&stream[2..]));
}

#[tokio::test]
async fn while_notes_cannot_be_read_all_is_retried_and_not_published() {
    let (bus, stream) = (Bus::start().await, stream::of(11).await);
    let publisher = Publisher::new(bus.named(NAME), ParkedOrderTable::new(bus.dynamodb.client(), "NoSuchTable"));
    let answer = Bus::invoke_by(&publisher, Context::default(), &stream[5..]).await.unwrap();
    assert_eq!(answer, go_on_from(Some(&stream[5])));
    assert_eq!(bus.server.counts().calls, 0);
    // Nothing waits of orders that begin in the batch, so their notes are not read.
    let answer = Bus::invoke_by(&publisher, Context::default(), &stream[..7]).await.unwrap();
    assert_eq!((answer, bus.published_ids().await), (go_on_from(None), stream::ids(&stream[..7])));
}

#[tokio::test]
async fn a_note_that_cannot_be_read_stops_its_own_order_alone() {
    let (bus, stream) = (Bus::start().await, stream::of(15).await);
    let note = json!({ "consumer": { "S": "publisher" }, "aggregateId": { "S": "o-1" }, "version": { "S": "first" } });
    let put = serde_json::from_value(json!({ "TableName": NOTES, "Item": note })).unwrap();
    bus.dynamodb.database().put_item(put).unwrap();
    assert_eq!(bus.answer(&stream[5..]).await, go_on_from(Some(&stream[6])));
    let others = (5..15).filter(|place| place % 5 != 1).flat_map(|place| stream::ids(&stream[place..=place]));
    assert_eq!(bus.published_ids().await, others.collect::<Vec<_>>());
}

#[tokio::test]
async fn while_notes_cannot_be_written_waiting_records_are_retried() {
    let (bus, mut stream) = (Bus::start().await, stream::of(20).await);
    bus.notes().park(&BY, &parking(2, 2)).await.unwrap();
    from_the_future(&mut stream[6]);
    let lose = |input: &mut Input| {
        if let Some(update) = input.downcast_mut::<UpdateItemInput>() {
            update.table_name = Some("NoSuchTable".to_owned());
        }
    };
    let client = aws_sdk_dynamodb::Client::from_conf(bus.dynamodb.config().interceptor(BeforeEach(lose)).build());
    let publisher = Publisher::new(bus.named(NAME), ParkedOrderTable::new(client, NOTES));
    let answer = Bus::invoke_by(&publisher, Context::default(), &stream[5..]).await.unwrap();
    assert_eq!(answer, go_on_from(Some(&stream[5])), "the first that is to wait: o-0 was parked at it");
    let answer = Bus::invoke_by(&publisher, Context::default(), &stream[6..]).await.unwrap();
    assert_eq!(answer, go_on_from(Some(&stream[6])), "the poison itself");
    let published = bus.published_ids().await;
    let waits = |place: usize| place % 5 < 2;
    for (place, record) in stream.iter().enumerate().skip(5) {
        let id = &stream::ids(std::slice::from_ref(record))[0];
        assert_eq!(published.contains(id), !waits(place), "record {place}");
    }

    // Once the notes can be written, no event is lost, and none was published out of order.
    assert_eq!(bus.answer(&stream[5..]).await, go_on_from(None));
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 2, 4), ("o-1".to_owned(), 2, 4)]);
}

#[tokio::test]
async fn a_parked_order_delivered_again_from_version_1_is_published_in_order() {
    let (bus, stream) = (Bus::start().await, one_order(4).await);
    bus.notes().park(&BY, &parking(1, 2)).await.unwrap();
    assert_eq!(bus.answer(&stream[..2]).await, go_on_from(None));
    assert_eq!(bus.published_ids().await, stream::ids(&stream[..2]));
    // The note is left, so later records wait until a redrive publishes all of them.
    assert_eq!(bus.answer(&stream[2..]).await, go_on_from(None));
    assert_eq!(bus.published_ids().await.len(), 2);
    assert_eq!(waiting(&bus).await, [("o-0".to_owned(), 1, 4)]);
}

/// Returns the record of an item whose key has no order id.
fn stray(like: &Value, sequence_number: &str) -> Value {
    let mut record = like.clone();
    record["dynamodb"]["SequenceNumber"] = json!(sequence_number);
    for part in ["Keys", "NewImage"] {
        record["dynamodb"][part]["aggregateId"] = json!({ "S": "no order has this id" });
    }
    record
}

#[tokio::test]
async fn a_record_that_names_no_order_is_noted_and_passed_by() {
    let (bus, mut stream) = (Bus::start().await, stream::of(4).await);
    stream.insert(1, stray(&stream[0], "77"));
    stream.push(stray(&stream[0], "78"));
    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    let published = bus.published_ids().await;
    assert_eq!(published, stream::ids(&[&stream[..1], &stream[2..5]].concat()));
    assert_eq!(waiting(&bus).await, [], "no order is parked");
    let notes = bus.notes().page(None).await.unwrap().unaddressable.into_iter().map(Result::unwrap);
    let noted: Vec<_> = notes.map(|note| (note.id, note.noted_by.into_iter().collect::<Vec<_>>())).collect();
    assert_eq!(noted, ["77", "78"].map(|id| (id.to_owned(), vec!["publisher".to_owned()])));
}

#[tokio::test]
async fn the_first_record_is_named_that_could_not_be_noted_or_published() {
    let (bus, mut stream) = (Bus::start().await, stream::of(8).await.split_off(5));
    stream.insert(2, stray(&stream[0], "77"));
    let without = Publisher::new(bus.named(NAME), ParkedOrderTable::new(bus.dynamodb.client(), "NoSuchTable"));
    let answer = Bus::invoke_by(&without, Context::default(), &stream).await.unwrap();
    assert_eq!(answer, go_on_from(Some(&stream[0])), "nothing is published without the notes");
    let answer = Bus::invoke_by(&without, Context::default(), &stream[2..]).await.unwrap();
    assert_eq!(answer, go_on_from(Some(&stream[2])), "the stray record comes first");
    let nowhere = bus.publisher("NoSuchBus");
    let answer = Bus::invoke_by(&nowhere, Context::default(), &stream[2..]).await.unwrap();
    assert_eq!(answer, go_on_from(Some(&stream[3])), "the stray record is noted");
}

#[tokio::test]
async fn a_record_without_an_image_parks_the_order_that_its_keys_name() {
    let (bus, mut stream) = (Bus::start().await, stream::of(7).await);
    stream[1]["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    assert_eq!(waiting(&bus).await, [("o-1".to_owned(), 1, 2)]);
    assert_eq!(bus.parked().await[0].reason, "the record has no image");
}
