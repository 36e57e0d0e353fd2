//! The handler on the real SDK and an embedded DynamoDB: exact numbers of requests and capacity units.

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb, Meter};
use event_store::DynamoEventStore;
use event_store::item::billed_bytes;
use http_api::AuthMode;
use sam_template::Template;
use serde_dynamo::Item;
use serde_json::json;
use test_support::gateway::{Call, Reply};
use uuid::Uuid;

use crate::order_life::{cancel, handler, life_after_placing, pay, place_order, send};
use crate::shop::{EARLIER, Shop, claims, place_claims, place_quote, shop, with};
use crate::stores::Silent;

async fn metered_store() -> (EmbeddedDynamoDb, DynamoEventStore, Meter) {
    let database = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    database.create_tables(&Template::of_this_project().unwrap()).unwrap();
    let (client, meter) = database.metered_client();
    (database, DynamoEventStore::new(client, "OrderEvents"), meter)
}

/// Returns the number of requests, half read units and write units. Asserts that the write units are whole.
fn cost(meter: &Meter) -> (u64, u64, u64) {
    let reading = meter.take();
    assert_eq!(reading.write_half_units() % 2, 0, "{reading:?}");
    (reading.total_requests(), reading.read_half_units(), reading.write_half_units() / 2)
}

#[tokio::test]
async fn placing_an_order_is_one_request_and_one_write_unit() {
    let (_database, store, meter) = metered_store().await;
    let handler = handler(store, AuthMode::None);
    assert_eq!(send(&handler, &place_order()).await.status, 201);
    assert_eq!(cost(&meter), (1, 0, 1));
    assert_eq!(send(&handler, &place_order().key("key-1")).await.status, 201);
    assert_eq!(cost(&meter), (1, 0, 1));
}

/// The number of bytes that every commit of a three-item order leaves free in its first kilobyte, for a hash of the
/// history.
const RESERVED: usize = 48;

/// Asserts that every commit in the table has a snapshot, and fits in the first kilobyte minus the reserved bytes.
async fn assert_first_kilobytes(database: &EmbeddedDynamoDb) {
    let scanned = database.client().scan().table_name("OrderEvents").send().await.unwrap();
    let commits: Vec<Item> = scanned.items.unwrap().into_iter().map(Item::from).collect();
    assert!(commits.len() > 14, "{} commits", commits.len());
    for commit in commits {
        let (version, bytes) = (commit.inner().get("version"), billed_bytes(&commit));
        assert!(commit.inner().contains_key("snapshot"), "version {version:?} has no snapshot");
        assert!(bytes <= 1024 - RESERVED, "version {version:?} takes {bytes} bytes");
    }
}

/// Sends every command of an order's life, each changed by `dressed`, to a new store and asserts its budget.
async fn spend_a_whole_life(auth_mode: AuthMode, dressed: impl Fn(Call) -> Call) {
    let (database, store, meter) = metered_store().await;
    let handler = handler(store, auth_mode);
    let place = || async {
        let reply = send(&handler, &dressed(place_order())).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        assert_eq!(cost(&meter), (1, 0, 1), "OrderPlaced");
        reply.json()["orderId"].as_str().unwrap().to_owned()
    };
    for (event_type, call) in life_after_placing(&place().await) {
        assert_eq!(send(&handler, &dressed(call)).await.status, 201, "{event_type}");
        assert_eq!(cost(&meter), (2, 1, 1), "{event_type}");
    }
    assert_eq!(send(&handler, &dressed(cancel(&place().await))).await.status, 201);
    assert_eq!(cost(&meter), (2, 1, 1), "OrderCancelled");
    assert_first_kilobytes(&database).await;
}

/// The ids have a typical length: the quote's id is a UUID, and the key is named after its quarter.
#[tokio::test]
async fn placing_from_a_quote_is_one_request_and_one_write_unit() {
    let (database, store, meter) = metered_store().await;
    let handler = handler(store, AuthMode::Jwt);
    let (customer, scopes) = ("customer-1001", "orders:place");
    let quote = with(&claims(), json!({ "jti": Uuid::now_v7() }));
    let call = place_claims(&quote).token_of(customer, scopes);
    let call = call.header("x-correlation-id", &Uuid::now_v7().to_string());
    let first = send(&handler, &call).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(cost(&meter), (1, 0, 1));
    let scanned = database.client().scan().table_name("OrderEvents").send().await.unwrap();
    let bytes = billed_bytes(&Item::from(scanned.items.unwrap().remove(0)));
    assert!(bytes <= 1024 - RESERVED, "{bytes} bytes");

    // A UUID as the customer's id uses bytes of the reserve, as in every order, but no second unit.
    let uuid = Uuid::now_v7().to_string();
    let theirs = with(&claims(), json!({ "jti": Uuid::now_v7(), "customerId": uuid }));
    let reply = send(&handler, &place_claims(&theirs).token_of(&uuid, scopes).header("x-correlation-id", &uuid)).await;
    assert_eq!((reply.status, cost(&meter)), (201, (1, 0, 1)));

    // A repeat is found by the rejected write itself, whose capacity DynamoDB does not report.
    assert_eq!(send(&handler, &call).await.body, first.body);
    assert_eq!(cost(&meter), (1, 0, 0));
    // If the quote expired or its key was retired, the order is read, and never written.
    let expired = place_claims(&with(&quote, json!({ "exp": EARLIER }))).token_of(customer, scopes);
    let unknown = place_quote(&Shop::with_key("other").quote(&quote)).token_of(customer, scopes);
    for call in [expired, unknown] {
        assert_eq!(send(&handler, &call).await.body, first.body);
        assert_eq!(cost(&meter), (1, 2, 0));
    }
    // An altered quote is rejected before a read.
    let altered = place_quote(&format!("{}AAAA", shop().quote(&quote))).token_of(customer, scopes);
    assert_eq!(send(&handler, &altered).await.problem(), (422, "quote_not_valid".to_owned()));
    let stranger = place_claims(&quote).token_of("customer-2002", scopes);
    assert_eq!(send(&handler, &stranger).await.problem(), (403, "forbidden".to_owned()));
    assert_eq!(cost(&meter), (0, 0, 0));
}

#[tokio::test]
async fn other_commands_are_two_requests_half_a_read_unit_and_a_write_unit() {
    spend_a_whole_life(AuthMode::None, |call| call).await;
}

/// The additions of a deployment to every commit: the ARN of a role's session, and UUIDs as ids.
#[tokio::test]
async fn signed_commands_with_keys_and_correlation_ids_cost_no_more() {
    let session = "arn:aws:sts::123456789012:assumed-role/order-desk-production-role/i-0a1b2c3d4e5f67890";
    spend_a_whole_life(AuthMode::Iam, |call| {
        let uuid = || Uuid::now_v7().to_string();
        call.signed_by(session).key(&uuid()).header("x-correlation-id", &uuid())
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_writes_nothing() {
    let (_database, store, meter) = metered_store().await;
    let handler = handler(store, AuthMode::None);
    let place = place_order().key("place");
    let first = send(&handler, &place).await;
    let order_id = first.json()["orderId"].as_str().unwrap().to_owned();
    let payment = pay(&order_id, "payment-1", 7246).key("payment");
    send(&handler, &payment).await;
    let _first_time = meter.take();

    // A repeated placing is found by the rejected write itself, whose capacity DynamoDB does not report.
    assert_eq!(send(&handler, &place).await.body, first.body);
    assert_eq!(cost(&meter), (1, 0, 0));
    assert_eq!(send(&handler, &payment).await.header("idempotent-replayed"), Some("true"));
    assert_eq!(cost(&meter), (1, 1, 0));
    // A request that was recorded before the newest commit takes a read of its own commit.
    send(&handler, &pay(&order_id, "payment-2", 1)).await;
    let _payment = meter.take();
    assert_eq!(send(&handler, &payment).await.header("idempotent-replayed"), Some("true"));
    assert_eq!(cost(&meter), (2, 3, 0));
}

/// The first load may lack the newest commits, so an answer that no write confirms is given after a second load.
#[tokio::test]
async fn a_rejection_is_confirmed_by_a_second_read() {
    let (_database, store, meter) = metered_store().await;
    let handler = handler(store, AuthMode::None);
    let first = send(&handler, &place_order().key("place")).await;
    let order_id = first.json()["orderId"].as_str().unwrap().to_owned();
    send(&handler, &pay(&order_id, "payment-1", 7246)).await;
    let _first_time = meter.take();

    let reused = pay(&order_id, "payment-1", 1);
    assert_eq!(send(&handler, &reused).await.status, 409);
    assert_eq!(cost(&meter), (2, 3, 0), "rejected");
    assert_eq!(send(&handler, &pay(&order_id, "payment-1", 7246)).await.status, 200);
    assert_eq!(cost(&meter), (2, 3, 0), "unchanged");
    let mismatch = pay(&order_id, "payment-2", 1).header("if-match", "\"1\"");
    assert_eq!(send(&handler, &mismatch).await.status, 412);
    assert_eq!(cost(&meter), (2, 3, 0), "another version");
    assert_eq!(send(&handler, &cancel("o-1")).await.status, 404);
    assert_eq!(cost(&meter), (2, 3, 0), "an order that does not exist");
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_an_outage() {
    let (database, store, _meter) = metered_store().await;
    let handler = handler(store, AuthMode::None);
    database.stop().await;
    let reply = send(&handler, &place_order()).await;
    assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
}

#[tokio::test]
async fn a_missing_table_is_a_500() {
    let database = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    let handler = handler(DynamoEventStore::new(database.client(), "OrderEvents"), AuthMode::None);
    let reply = send(&handler, &place_order()).await;
    assert_eq!(reply.problem(), (500, "internal_error".to_owned()));
    assert!(!reply.body.contains("OrderEvents"), "{}", reply.body);
}

/// Applies both if the first call is a read, and if it is a write that may have succeeded.
#[tokio::test]
async fn a_store_that_does_not_answer_in_time_is_an_outage_too() {
    let handler = handler(Silent, AuthMode::None);
    for call in [place_order(), cancel("o-1")] {
        let Ok(response) = handler.handle(call.overdue_request()).await;
        let reply = Reply::of(response);
        assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
}
