//! `orders tail`, against the embedded bus.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use embedded_eventbridge::EmbeddedEventBridge;
use serde_json::{Value, json};

use crate::{bus, orders, output, stderr, stdout};

const TOUR: &str = "549573fc-5b7a-558f-911a-631f826fbf01";

fn event(order: &str, customer: &str, version: u64, event_type: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": uuid::Uuid::now_v7(), "source": format!("order-ledger/orders/{order}"),
        "type": event_type, "subject": order, "time": format!("2026-11-21T09:00:{version:02}.000Z"),
        "dataschema": format!("urn:order-ledger:event:{event_type}:1"), "sequence": format!("{version:010}"),
        "correlationid": "c", "customerid": customer, "data": data,
    })
}

fn placed(order: &str, customer: &str) -> Value {
    let items = json!([{ "sku": "TEA-500", "quantity": 3, "unitPrice": 999 }]);
    let data = json!({ "customerId": customer, "currency": "EUR", "items": items, "total": 2997 });
    event(order, customer, 1, "OrderPlaced", &data)
}

fn paid(order: &str, customer: &str, version: u64) -> Value {
    event(
        order,
        customer,
        version,
        "PaymentReceived",
        &json!({ "paymentId": format!("pay-{version}"), "amount": 2997 }),
    )
}

async fn publish(bus: &EmbeddedEventBridge, events: &[Value]) {
    for call in events.chunks(10) {
        let entry = |event: &Value| {
            let entry = PutEventsRequestEntry::builder().event_bus_name("OrderBus").source("order-ledger");
            entry
                .detail_type(event["type"].as_str().unwrap())
                .time(DateTime::from_secs(0))
                .detail(event.to_string())
                .build()
        };
        let put = bus.client().put_events().set_entries(Some(call.iter().map(entry).collect())).send().await.unwrap();
        assert_eq!(put.failed_entry_count(), 0, "{put:?}");
    }
}

fn tail(bus: &EmbeddedEventBridge, arguments: &[&str]) -> Command {
    let mut command = orders(&["tail"]);
    command.args(arguments).env("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.endpoint());
    command
}

/// Starts a tail that follows, and waits for its headings. From then on it misses no event.
async fn following(mut command: Command) -> (Child, BufReader<impl Read + Send + 'static>) {
    let started = move || {
        let mut tail = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(tail.stdout.take().unwrap());
        let mut headings = String::new();
        lines.read_line(&mut headings).unwrap();
        assert!(headings.starts_with("RECORDED AT"), "{headings}");
        (tail, lines)
    };
    tokio::task::spawn_blocking(started).await.unwrap()
}

#[tokio::test]
async fn a_journey_reads_line_by_line() {
    let bus = bus().await;
    let shipped = json!({ "shipmentId": "ship-1", "items": [{ "sku": "TEA-500", "quantity": 3 }], "carrier": "DHL" });
    let mut again = paid(TOUR, "alice", 2);
    again["replayname"] = json!("late");
    publish(
        &bus,
        &[placed(TOUR, "alice"), paid(TOUR, "alice", 2), event(TOUR, "alice", 3, "ItemShipped", &shipped), again],
    )
    .await;
    let done = output(tail(&bus, &["--from-start", "--count", "4"])).await;
    let expected = format!(
        "\
RECORDED AT               ORDER                                 VERSION  EVENT             CUSTOMER          WHAT
2026-11-21T09:00:01.000Z  {TOUR}        1  OrderPlaced       alice             3 TEA-500, 29.97 EUR by alice
2026-11-21T09:00:02.000Z  {TOUR}        2  PaymentReceived   alice             pay-2 29.97 EUR
2026-11-21T09:00:03.000Z  {TOUR}        3  ItemShipped       alice             ship-1 3 TEA-500 by DHL
2026-11-21T09:00:02.000Z  {TOUR}        2  PaymentReceived   alice             pay-2 29.97 EUR  (replay late)
"
    );
    assert_eq!((done.status.code(), stdout(&done), stderr(&done)), (Some(0), expected.as_str(), ""));
}

#[tokio::test]
async fn it_follows_from_now_on_and_ends_quietly_with_the_stack() {
    let bus = bus().await;
    publish(&bus, &[placed("o-1", "alice")]).await;
    let (mut tail, mut lines) = following(tail(&bus, &[])).await;
    publish(&bus, &[paid("o-1", "alice", 2), paid("o-0", "bob", 7)]).await;
    let (lines, read) = tokio::task::spawn_blocking(move || {
        let mut read = [String::new(), String::new()];
        read.iter_mut().for_each(|line| assert!(lines.read_line(line).unwrap() > 0));
        (lines, read)
    })
    .await
    .unwrap();
    // The tail knows the currency of this order from an earlier event. It does not know the currency of an order without a
    // first event.
    assert!(read[0].contains("alice") && read[0].ends_with("pay-2 29.97 EUR\n"), "{read:?}");
    assert!(read[1].contains("bob") && read[1].ends_with("pay-7 2997 minor units\n"), "{read:?}");
    bus.stop().await;
    let code = tokio::task::spawn_blocking(move || (tail.wait().unwrap().code(), tail.stderr.take().unwrap()));
    let (code, mut complaints) = code.await.unwrap();
    assert_eq!((code, std::io::read_to_string(&mut complaints).unwrap()), (Some(0), String::new()));
    assert_eq!(std::io::read_to_string(lines).unwrap(), "");
}

#[tokio::test]
async fn fewer_events_than_were_asked_for_are_an_error() {
    let bus = bus().await;
    publish(&bus, &[placed("o-1", "alice")]).await;
    let (tail, mut lines) = following(tail(&bus, &["--from-start", "--count", "2"])).await;
    let lines = tokio::task::spawn_blocking(move || (lines.read_line(&mut String::new()).unwrap(), lines).1).await;
    bus.stop().await;
    let done = tokio::task::spawn_blocking(|| tail.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(std::io::read_to_string(lines.unwrap()).unwrap(), "");
    assert_eq!((done.status.code(), stderr(&done)), (Some(1), "error: the bus stopped after 1 of 2 events\n"));
}

/// Runs a tail of a server that answers every request with these bytes and closes the connection.
fn tail_of(answer: &[u8]) -> (String, Output) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tail = orders(&["tail", "--from-start", "--json", "--bus-url", &url]);
    let tail = tail.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    let mut request = BufReader::new(connection.try_clone().unwrap());
    while request.read_line(&mut String::new()).unwrap() > "\r\n".len() {}
    // A tail that has finished closes the connection first.
    let _gone = connection.write_all(answer);
    drop((connection, request));
    (url, tail.wait_with_output().unwrap())
}

#[test]
fn a_connection_that_breaks_off_is_an_error() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (url, done) = tail_of(&[head, &b"3\r\n{}\n\r\n"[..]].concat());
    assert_eq!((done.status.code(), stdout(&done)), (Some(1), "{}\n"));
    let complaint = format!("error: the connection to {url} was lost: ");
    assert!(stderr(&done).starts_with(&complaint) && stderr(&done).lines().count() == 1, "{}", stderr(&done));
}

#[test]
fn a_line_without_an_end_is_an_error() {
    let (url, done) = tail_of(&[&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b'x'; 3 * 1024 * 1024]].concat());
    let expected = format!("error: {url} is not the event bus of a local stack: a line is longer than 2 MB\n");
    assert_eq!((done.status.code(), stdout(&done), stderr(&done)), (Some(1), "", expected.as_str()));
}

#[tokio::test]
async fn only_what_is_asked_for_is_printed() {
    let bus = bus().await;
    let events = [placed("o-1", "alice"), placed("o-2", "bob"), paid("o-1", "alice", 2), paid("o-2", "bob", 2)];
    publish(&bus, &events).await;
    publish(&bus, &[event("o-1", "alice", 3, "OrderCancelled", &json!({ "reason": "changed mind" }))]).await;
    for (filters, expected) in [
        (&["--order", "o-2"][..], vec![1, 3]),
        (&["--customer", "alice"], vec![0, 2]),
        (&["--type", "PaymentReceived"], vec![2, 3]),
        (&["--type", "PaymentReceived", "--type", "OrderPlaced", "--customer", "bob"], vec![1, 3]),
    ] {
        let done = output(tail(&bus, &[filters, &["--from-start", "--json", "--count", "2"]].concat())).await;
        let printed: Vec<Value> = stdout(&done).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(printed, expected.into_iter().map(|index| events[index].clone()).collect::<Vec<_>>(), "{filters:?}");
        assert_eq!(done.status.code(), Some(0));
    }
}

#[tokio::test]
async fn a_foreign_event_is_printed_as_it_is_and_passes_no_filter() {
    let bus = bus().await;
    publish(&bus, &[json!({ "type": "Test", "greeting": "hello" }), placed("o-1", "alice")]).await;
    let everything = output(tail(&bus, &["--from-start", "--count", "1"])).await;
    let line = stdout(&everything).lines().nth(1).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap(), json!({ "type": "Test", "greeting": "hello" }));
    let ours = output(tail(&bus, &["--from-start", "--count", "1", "--customer", "alice"])).await;
    assert!(stdout(&ours).contains("OrderPlaced"));
}

#[tokio::test]
async fn a_reader_that_has_gone_ends_it_quietly() {
    let bus = bus().await;
    let (mut tail, lines) = following(tail(&bus, &[])).await;
    drop(lines);
    publish(&bus, &[placed("o-1", "alice")]).await;
    let code = tokio::task::spawn_blocking(move || (tail.wait().unwrap().code(), tail.stderr.take().unwrap()));
    let (code, mut complaints) = code.await.unwrap();
    assert_eq!((code, std::io::read_to_string(&mut complaints).unwrap()), (Some(0), String::new()));
}

#[test]
fn a_refused_connection_is_one_clear_line() {
    let done = orders(&["tail", "--bus-url", "http://127.0.0.1:1/"]).output().unwrap();
    let expected =
        "error: cannot reach EventBridge at http://127.0.0.1:1: connection refused. Is `orders local` running?\n";
    assert_eq!((done.status.code(), stdout(&done), stderr(&done)), (Some(1), "", expected));
}

#[tokio::test]
async fn something_else_at_the_other_end_is_one_clear_line() {
    let dynamodb = embedded_dynamodb::EmbeddedDynamoDb::in_memory(embedded_dynamodb::ANY_PORT).await.unwrap();
    let done = output(orders(&["tail", "--bus-url", &dynamodb.endpoint()])).await;
    let expected = format!("error: {} is not the event bus of a local stack: ", dynamodb.endpoint());
    assert_eq!(done.status.code(), Some(1));
    assert!(stderr(&done).starts_with(&expected) && stderr(&done).lines().count() == 1, "{}", stderr(&done));
}

#[test]
fn a_type_that_does_not_exist_is_refused_with_those_that_do() {
    let done = orders(&["tail", "--type", "OrderBlessed"]).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    let complaint = stderr(&done);
    assert!(complaint.contains("invalid value 'OrderBlessed' for '--type <TYPE>'"), "{complaint}");
    assert!(complaint.contains("OrderPlaced") && complaint.contains("OrderCancelled"), "{complaint}");
}
