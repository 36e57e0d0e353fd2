//! The accepted and the rejected entries.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use embedded_eventbridge::{Counts, EmbeddedEventBridge, LogLocation, MAX_BYTES, MAX_ENTRIES};
use serde_json::{Value, json};

use crate::{ANY_PORT, numbered, numbers, put, sound, start};

/// Returns an entry of exactly this number of bytes, as EventBridge counts them.
fn of_size(bytes: usize) -> PutEventsRequestEntry {
    let rest = r#"{"a":""}"#.len() + 14 + "shop".len() + "Sold".len();
    sound().detail(json!({ "a": "x".repeat(bytes - rest) }).to_string()).build()
}

async fn refused(entries: Vec<PutEventsRequestEntry>) -> String {
    let bus = start().await;
    let code = put(&bus.client(), entries).await.unwrap_err();
    assert_eq!(bus.published().await, Vec::<Value>::new());
    assert_eq!(bus.counts(), Counts { calls: 1, ..Counts::default() });
    code
}

async fn refused_entry(entry: PutEventsRequestEntry) -> String {
    let bus = start().await;
    let mut codes = put(&bus.client(), vec![numbered(1), entry, numbered(2)]).await.unwrap();
    assert_eq!((&codes[0], &codes[2]), (&None, &None));
    assert_eq!(numbers(&bus.published().await), [1, 2]);
    assert_eq!(bus.counts(), Counts { calls: 1, entries: 3, accepted: 2, refused: 1 });
    codes.remove(1).unwrap()
}

async fn post(bus: &EmbeddedEventBridge, target: Option<&str>, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = reqwest::Client::new().post(bus.endpoint()).body(body);
    let request = target.into_iter().fold(request, |request, target| request.header("x-amz-target", target));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn ten_entries_are_accepted_in_their_order_each_with_an_id_of_its_own() {
    let bus = start().await;
    let entries = (0..MAX_ENTRIES).map(numbered).collect();
    let output = bus.client().put_events().set_entries(Some(entries)).send().await.unwrap();
    let mut ids: Vec<_> = output.entries().iter().map(|entry| entry.event_id().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10);
    assert_eq!(numbers(&bus.published().await), (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn eleven_entries_are_refused() {
    assert_eq!(refused((0..=MAX_ENTRIES).map(numbered).collect()).await, "ValidationException");
}

#[tokio::test]
async fn a_call_without_entries_is_refused() {
    assert_eq!(refused(vec![]).await, "ValidationException");
}

#[tokio::test]
async fn entries_of_256_kb_in_all_are_accepted_and_a_byte_more_is_refused() {
    let bus = start().await;
    let half = MAX_BYTES / 2;
    assert_eq!(put(&bus.client(), vec![of_size(half), of_size(half)]).await, Ok(vec![None, None]));
    assert_eq!(refused(vec![of_size(half), of_size(half + 1)]).await, "ValidationException");
}

#[tokio::test]
async fn resources_and_time_count_and_so_do_bytes_rather_than_characters() {
    let full = MAX_BYTES;
    let mut entry = of_size(full - 3);
    entry.resources = Some(vec!["ab".to_owned(), "c".to_owned()]);
    assert_eq!(put(&start().await.client(), vec![entry.clone()]).await, Ok(vec![None]));
    entry.resources = Some(vec!["ab".to_owned(), "é".to_owned()]);
    assert_eq!(refused(vec![entry.clone()]).await, "ValidationException");
    entry.time = None;
    assert_eq!(put(&start().await.client(), vec![entry]).await, Ok(vec![Some("InvalidArgument".to_owned())]));
}

#[tokio::test]
async fn an_unknown_bus_is_refused_and_so_is_a_call_that_leaves_the_bus_out() {
    let unknown = sound().event_bus_name("Bsu").build();
    assert_eq!(refused(vec![numbered(1), unknown]).await, "ResourceNotFoundException");
    let mut nowhere = numbered(2);
    nowhere.event_bus_name = None;
    assert_eq!(refused(vec![numbered(1), nowhere]).await, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_bus_may_be_called_by_its_arn() {
    let named = |arn: &str| vec![sound().event_bus_name(arn).build()];
    let client: Client = start().await.client();
    // The client still exists, but the bus has stopped, so no server replies.
    assert_eq!(put(&client, named("Bus")).await, Err("no answer".to_owned()));

    let bus = start().await;
    assert_eq!(put(&bus.client(), named("arn:aws:events:us-east-1:000000000000:event-bus/Bus")).await, Ok(vec![None]));
    let other = "arn:aws:events:us-east-1:000000000000:event-bus/Bsu";
    assert_eq!(put(&bus.client(), named(other)).await, Err("ResourceNotFoundException".to_owned()));
}

#[tokio::test]
async fn a_bus_is_described_by_name_or_arn_and_an_unknown_one_is_not_found() {
    let bus = start().await;
    let arn = "arn:aws:events:us-east-1:000000000000:event-bus/Bus";
    for name in ["Bus", arn] {
        let described = bus.client().describe_event_bus().name(name).send().await.unwrap();
        assert_eq!((described.name(), described.arn()), (Some("Bus"), Some(arn)));
    }
    let describe = bus.client().describe_event_bus();
    for unknown in [describe.clone(), describe.clone().name("Bsu"), describe.name(arn.replace("Bus", "Bsu"))] {
        let error = unknown.send().await.unwrap_err().into_service_error();
        assert!(error.is_resource_not_found_exception(), "{error:?}");
    }
    assert_eq!(post(&bus, Some("AWSEvents.DescribeEventBus"), "{").await.1["__type"], "SerializationException");
    assert_eq!(bus.counts(), Counts::default());
}

#[tokio::test]
async fn an_entry_without_source_detail_type_detail_or_time_is_refused() {
    let mut entry = numbered(0);
    entry.source = None;
    assert_eq!(refused_entry(entry).await, "InvalidArgument");
    let mut entry = numbered(0);
    entry.detail_type = None;
    assert_eq!(refused_entry(entry).await, "InvalidArgument");
    let mut entry = numbered(0);
    entry.detail = None;
    assert_eq!(refused_entry(entry).await, "InvalidArgument");
    let mut entry = numbered(0);
    entry.time = None;
    assert_eq!(refused_entry(entry).await, "InvalidArgument");
    for empty in [sound().source(""), sound().detail_type(""), sound().detail("")] {
        assert_eq!(refused_entry(empty.build()).await, "InvalidArgument");
    }
}

#[tokio::test]
async fn a_detail_is_a_json_object() {
    for detail in ["[]", "1", "null", r#""text""#, "{", r#"{"a":1}{}"#, "{'a':1}", r#"{"a":"\ud800"}"#] {
        assert_eq!(refused_entry(sound().detail(detail).build()).await, "MalformedDetail", "{detail}");
    }
}

#[tokio::test]
async fn a_source_of_256_characters_is_accepted_and_one_more_is_refused() {
    assert_eq!(put(&start().await.client(), vec![sound().source("é".repeat(256)).build()]).await, Ok(vec![None]));
    assert_eq!(refused_entry(sound().source("é".repeat(257)).build()).await, "InvalidArgument");
}

#[tokio::test]
async fn a_detail_type_of_128_characters_is_accepted_and_one_more_is_refused() {
    assert_eq!(put(&start().await.client(), vec![sound().detail_type("é".repeat(128)).build()]).await, Ok(vec![None]));
    assert_eq!(refused_entry(sound().detail_type("é".repeat(129)).build()).await, "InvalidArgument");
}

#[tokio::test]
async fn a_resource_of_2048_characters_is_accepted_and_one_more_is_refused() {
    assert_eq!(put(&start().await.client(), vec![sound().resources("é".repeat(2048)).build()]).await, Ok(vec![None]));
    assert_eq!(refused_entry(sound().resources("é".repeat(2049)).build()).await, "InvalidArgument");
}

#[tokio::test]
async fn numbers_keep_within_the_integers_of_64_bits() {
    let of = |number: &str| sound().detail(format!(r#"{{"n":[{{"n":{number}}}]}}"#)).build();
    for number in ["9223372036854775807", "-9223372036854775808", "0.5", "-1e18"] {
        assert_eq!(put(&start().await.client(), vec![of(number)]).await, Ok(vec![None]), "{number}");
    }
    for number in ["9223372036854775808", "-9223372036854775809", "18446744073709551616", "-1e19"] {
        assert_eq!(refused_entry(of(number)).await, "MalformedDetail", "{number}");
    }
}

#[tokio::test]
async fn sources_of_aws_are_rejected() {
    assert_eq!(refused_entry(sound().source("aws.s3").build()).await, "NotAuthorizedForSourceException");
    assert_eq!(put(&start().await.client(), vec![sound().source("awsome").build()]).await, Ok(vec![None]));
}

#[tokio::test]
async fn another_operation_is_unknown() {
    let bus = start().await;
    let error = bus.client().list_event_buses().send().await.unwrap_err();
    assert_eq!(aws_sdk_eventbridge::error::ProvideErrorMetadata::code(&error), Some("UnknownOperationException"));
    assert_eq!(post(&bus, None, "{}").await.1["__type"], "UnknownOperationException");
    assert_eq!(bus.counts(), Counts::default());
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let bus = start().await;
    let mut odd = vec![String::new(), "{".to_owned(), "1".to_owned()];
    for (name, value) in
        [("Time", json!("yesterday")), ("Source", json!(1)), ("Resources", json!("arn")), ("Detail", json!({}))]
    {
        odd.push(json!({ "Entries": [{ name: value }] }).to_string());
    }
    for body in odd {
        let (status, answer) = post(&bus, Some("AWSEvents.PutEvents"), body.clone()).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some("SerializationException")), "{body}");
    }
    let huge = " ".repeat(8 * MAX_BYTES + 1);
    assert_eq!(post(&bus, Some("AWSEvents.PutEvents"), huge).await.0, 413);
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let bus = EmbeddedEventBridge::start(ANY_PORT, [], LogLocation::Temporary).await.unwrap();
    let taken = bus.endpoint().trim_start_matches("http://").parse().unwrap();
    let second = EmbeddedEventBridge::start(taken, [], LogLocation::Temporary).await;
    assert_eq!(second.err().unwrap().to_string(), format!("{taken} is already in use"));
}
