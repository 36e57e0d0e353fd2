//! The payloads in `events/`, sent through both handlers to an embedded DynamoDB in the order of `events/README.md`. Each
//! reply must have the status in that file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use command_handler::CommandHandler;
use event_store::{Delivered, DynamoEventStore, EventStore};
use http_api::AuthMode;
use order_aggregate::Orders;
use query_handler::QueryHandler;
use read_models::DynamoSummaries;
use read_models::registry::CORE;
use sam_template::Template;
use serde_json::Value;
use test_support::gateway::Reply;

use crate::given::{clock, database, demo_quotes, parked, readers};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../events")
}

/// The payload of the projector's schedule.
const TICK: &str = "tick.json";

/// Returns the rows of the table: file, function, status.
fn stated() -> Vec<(String, String, u16)> {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let rows = readme.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `stream-"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned(), cells[3].parse().unwrap())
    })
    .collect()
}

fn payload(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

#[test]
fn the_table_lists_every_http_sample() {
    let listed: BTreeSet<_> = stated().into_iter().map(|(file, _, _)| file).collect();
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let http = files.filter(|file| file.ends_with(".json") && !file.starts_with("stream-") && file != TICK);
    assert_eq!(http.collect::<BTreeSet<_>>(), listed);
}

#[test]
fn every_route_has_a_consistent_sample() {
    let mut seen = BTreeSet::new();
    for (file, function, _) in stated() {
        let payload: Value = serde_json::from_str(&payload(&file)).unwrap();
        let context = &payload["requestContext"];
        let route_key = payload["routeKey"].as_str().unwrap();
        let (method, template) = route_key.split_once(' ').unwrap();
        let parameters = payload["pathParameters"].as_object().into_iter().flatten();
        let path = parameters.fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value.as_str().unwrap())
        });
        assert_eq!((&payload["version"], &context["routeKey"]), (&"2.0".into(), &payload["routeKey"]), "{file}");
        assert_eq!((&payload["rawPath"], &context["http"]["path"]), (&path.as_str().into(), &path.as_str().into()));
        assert_eq!(context["http"]["method"], method, "{file}");
        if let Some(body) = payload["body"].as_str() {
            assert_eq!(payload["headers"]["content-length"], body.len().to_string(), "{file}");
        }
        seen.insert((route_key.to_owned(), function));
    }
    let routes = Template::of_this_project().unwrap().routes().unwrap().into_iter();
    let declared = routes.map(|route| (format!("{} {}", route.method, route.path), route.function));
    assert_eq!(seen, declared.collect());
}

#[tokio::test]
async fn the_samples_get_the_replies_that_are_stated() {
    let database = database().await;
    let client = database.client();
    let store = DynamoEventStore::new(client.clone(), "OrderEvents");
    let summaries = DynamoSummaries::new(client.clone(), "OrderSummaryByCustomer");
    let commands = CommandHandler::new(store.clone(), AuthMode::None, demo_quotes(), clock);
    let queries = QueryHandler::new(store.clone(), readers(&client, summaries), parked(&database), AuthMode::None);
    let models: Vec<_> = CORE.iter().map(|model| model.open(client.clone(), store.clone(), model.name)).collect();

    let mut replies: Vec<(String, Reply)> = Vec::new();
    for (file, function, status) in stated() {
        let request = lambda_http::request::from_str(&payload(&file)).unwrap();
        let Ok(response) = match function.as_str() {
            "command-handler" => commands.handle(request).await,
            "query-handler" => queries.handle(request).await,
            other => panic!("{file} is for {other}"),
        };
        let reply = Reply::of(response);
        assert_eq!(reply.status, status, "{file}: {}", reply.body);
        if function == "command-handler" && status == 201 {
            // This is the work of the stream.
            let order_id = reply.json()["orderId"].as_str().unwrap().to_owned();
            for model in &models {
                let commits = EventStore::<Orders>::commits(&store, &order_id, 0, None).await.unwrap().into_iter();
                let entries = commits.map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) });
                assert!(model.project(entries.collect(), None).await.failed.is_empty());
            }
        }
        replies.push((file, reply));
    }

    let json = |file: &str| replies.iter().rfind(|(sent, _)| sent == file).unwrap().1.json();
    assert_eq!(replies[0].1.body, replies[1].1.body);
    assert_eq!(replies[1].1.header("idempotent-replayed"), Some("true"));
    assert_eq!(json("record-payment.json")["paymentStatus"], "credit_owed");
    assert_eq!(json("refund-payment.json")["version"], 9);
    assert_eq!(json("ship-too-many.json")["code"], "quantity_exceeds_shippable");
    assert_eq!(json("place-order-unknown-field.json")["errors"].as_array().unwrap().len(), 5);
    assert_eq!(json("get-order-min-version.json")["version"], 9);
    assert_eq!(json("list-events.json")["items"].as_array().unwrap().len(), 5);
    let cursor = json("list-events.json")["nextCursor"].clone();
    assert!(payload("list-events-next-page.json").contains(cursor.as_str().unwrap()));
    assert_eq!(json("list-events-next-page.json")["items"].as_array().unwrap().len(), 4);
    assert_eq!(json("list-orders.json")["items"].as_array().unwrap().len(), 2);
    let filtered = json("list-orders-with-filters.json")["items"].clone();
    assert_eq!((filtered.as_array().unwrap().len(), &filtered[0]["status"]), (1, &"cancelled".into()));
    assert_eq!(json("get-order-consistent.json")["version"], 9);
    let details = json("get-order-details.json");
    let count = |list: &str| details[list].as_array().unwrap().len();
    assert_eq!(["payments", "refunds", "shipments", "returns", "cancellations"].map(count), [1, 1, 2, 1, 0]);
    assert_eq!(details["version"], 9);
    let totals = json("get-customer-totals.json")["totals"].clone();
    assert_eq!(
        (&totals[0]["orders"], &totals[0]["gross"], &totals[0]["refunded"]),
        (&2.into(), &5247.into(), &1250.into())
    );
    assert_eq!(json("get-customer-totals-without-orders.json")["totals"], Value::Array(Vec::new()));
    let open = json("list-open-orders.json")["items"].clone();
    assert_eq!(
        (open.as_array().unwrap().len(), &open[0]["customerId"], &open[0]["status"]),
        (1, &"customer-1003".into(), &"placed".into())
    );
    assert_eq!(json("list-open-orders-to-ship.json")["items"], Value::Array(Vec::new()));
    assert_eq!(json("list-open-orders-closed-status.json")["errors"][0]["code"], "closed_status");
}
