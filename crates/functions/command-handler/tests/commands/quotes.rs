//! Orders from signed quotes: the callers who may use a quote, its audience and its expiry. Further tests of quotes are in
//! [`crate::quote_forms`], [`crate::quote_repeats`] and [`crate::quote_signatures`].

use command_handler::CommandHandler;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{DynamoEventStore, EventStore, Loaded, Timestamp, UpTo};
use http_api::{AuthMode, QuoteVerifier};
use order_aggregate::Orders;
use sam_template::Template;
use serde_json::json;
use test_support::gateway::{Call, Reply};

use crate::order_life::{clock, place_order, send};
use crate::shop::{AUDIENCE, EARLIER, LATER, Shop, claims, place_claims, place_quote, shop, with};

pub(crate) const CUSTOMER: &str = "customer-1001";
pub(crate) const SCOPES: &str = "orders:read orders:place orders:cancel";

/// The store of these tests: an embedded DynamoDB.
pub(crate) struct Ledger {
    database: EmbeddedDynamoDb,
    pub(crate) events: DynamoEventStore,
}

impl Ledger {
    pub(crate) async fn empty() -> Self {
        let database = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
        database.create_tables(&Template::of_this_project().unwrap()).unwrap();
        let events = DynamoEventStore::new(database.client(), "OrderEvents");
        Self { database, events }
    }

    /// Creates a handler of customers with tokens.
    pub(crate) fn handler(&self, quotes: QuoteVerifier, clock: fn() -> Timestamp) -> CommandHandler<DynamoEventStore> {
        CommandHandler::new(self.events.clone(), AuthMode::Jwt, quotes, clock)
    }

    /// Returns the number of commits in the table.
    pub(crate) async fn commits(&self) -> usize {
        let scanned = self.database.client().scan().table_name("OrderEvents").send().await.unwrap();
        scanned.items().len()
    }
}

/// Creates a handler of customers with tokens, with its own table.
pub(crate) async fn customers() -> (CommandHandler<DynamoEventStore>, Ledger) {
    let ledger = Ledger::empty().await;
    (ledger.handler(shop().verifier(), clock), ledger)
}

pub(crate) async fn send_as_customer(handler: &CommandHandler<DynamoEventStore>, call: Call) -> Reply {
    send(handler, &call.token_of(CUSTOMER, SCOPES)).await
}

/// Asserts that a quote is not valid, for this reason, and that nothing was written.
pub(crate) async fn assert_not_valid(reply: &Reply, reason: &str, ledger: &Ledger) {
    assert_eq!(reply.problem(), (422, "quote_not_valid".to_owned()), "{}", reply.body);
    assert_eq!(reply.json()["reason"], reason);
    assert_eq!(ledger.commits().await, 0);
}

/// Asserts that the reply equals the first one, except for the marks of a repeat.
#[track_caller]
pub(crate) fn assert_replayed(again: &Reply, first: &Reply) {
    assert_eq!((first.status, again.status, &again.body), (201, 201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("location"), first.header("location"));
}

/// Returns the three parts of a quote.
pub(crate) fn parts(quote: &str) -> [&str; 3] {
    quote.split('.').collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn a_customer_places_an_order_at_the_prices_of_a_quote() {
    let (handler, ledger) = customers().await;
    let claims = with(&claims(), json!({ "iat": EARLIER, "iss": "https://shop.example", "metadata": { "till": "7" } }));
    let reply = send_as_customer(&handler, place_claims(&claims)).await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (201, None), "{}", reply.body);
    let body = reply.json();
    let order_id = body["orderId"].as_str().unwrap();
    assert_eq!(reply.header("location"), Some(format!("/orders/{order_id}").as_str()));
    let data = &body["events"][0]["data"];
    assert_eq!((&data["total"], &data["customerId"]), (&json!(7246), &json!(CUSTOMER)));
    assert_eq!(data["quote"], json!({ "quoteId": claims["jti"], "kid": "2026-q4x" }));
    assert_eq!((&data["reference"], &data["metadata"]), (&json!("#2026-0042"), &json!({ "till": "7" })));

    let loaded: Loaded<Orders> = ledger.events.load(order_id, UpTo::Head).await.unwrap();
    let request = &loaded.newest().unwrap().request;
    assert_eq!(request.request_id, format!("quote:{}", claims["jti"].as_str().unwrap()));
    assert_eq!(request.actor, format!("jwt:{CUSTOMER}"));
}

#[tokio::test]
async fn both_names_of_the_algorithm_and_a_list_of_audiences_are_accepted() {
    let (handler, ledger) = customers().await;
    let quote = with(&claims(), json!({ "aud": ["https://other.example", AUDIENCE] }));
    for alg in ["EdDSA", "Ed25519"] {
        let header = json!({ "typ": "JWT", "kid": "2026-q4x", "alg": alg });
        let text = shop().signer.sign_text(&header.to_string(), &quote.to_string());
        assert_eq!(send_as_customer(&handler, place_quote(&text)).await.status, 201, "{alg}");
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn prices_from_a_customer_are_not_trusted_403() {
    let (handler, ledger) = customers().await;
    for customer in [CUSTOMER, "customer-2002"] {
        let reply = send(&handler, &place_order().token_of(customer, SCOPES)).await;
        assert_eq!(reply.problem(), (403, "prices_not_trusted".to_owned()));
        assert!(reply.json()["detail"].as_str().unwrap().contains("quote"), "{}", reply.body);
        let keyless = place_order().without("idempotency-key").token_of(customer, SCOPES);
        assert_eq!(send(&handler, &keyless).await.problem(), (403, "prices_not_trusted".to_owned()));
    }
    assert_eq!(ledger.commits().await, 0);
    let admin = place_order().token_of("agent-7", "orders:admin");
    assert_eq!(send(&handler, &admin).await.status, 201);
}

#[tokio::test]
async fn an_expired_quote_is_rejected() {
    let (handler, ledger) = customers().await;
    let reply = send_as_customer(&handler, place_claims(&with(&claims(), json!({ "exp": EARLIER })))).await;
    assert_eq!(reply.problem(), (422, "quote_expired".to_owned()));
    assert!(reply.json()["detail"].as_str().unwrap().contains("2020-01-01T00:00:00.000Z"), "{}", reply.body);
    assert_eq!(ledger.commits().await, 0);
}

#[tokio::test]
async fn a_quote_expires_with_the_second_it_names() {
    let (_, ledger) = customers().await;
    let at = |clock| ledger.handler(shop().verifier(), clock);
    let last = at(|| Timestamp::from_epoch_ms(LATER * 1000 - 1).unwrap());
    let over = at(|| Timestamp::from_epoch_ms(LATER * 1000).unwrap());
    let call = || place_claims(&claims());
    assert_eq!(send_as_customer(&over, call()).await.problem(), (422, "quote_expired".to_owned()));
    assert_eq!(send_as_customer(&last, call()).await.status, 201);
}

#[tokio::test]
async fn a_quote_of_another_customer_is_forbidden_403() {
    let (handler, ledger) = customers().await;
    let stranger = |call: Call| call.token_of("customer-2002", SCOPES);
    let placed = claims();
    assert_eq!(send_as_customer(&handler, place_claims(&placed)).await.status, 201);
    let expired = with(&placed, json!({ "exp": EARLIER }));
    let unknown = Shop::with_key("other").quote(&placed);
    for call in [place_claims(&claims()), place_claims(&placed), place_claims(&expired), place_quote(&unknown)] {
        assert_eq!(send(&handler, &stranger(call)).await.problem(), (403, "forbidden".to_owned()));
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_service_places_from_the_quote_of_any_customer() {
    let (handler, ledger) = customers().await;
    let call = place_claims(&claims());
    let first = send(&handler, &call.clone().token_of("shop-front", "orders:admin")).await;
    assert_eq!(first.status, 201, "{}", first.body);
    // The customer's own request finds the same order.
    assert_replayed(&send_as_customer(&handler, call).await, &first);
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_quote_for_another_audience_is_rejected() {
    let (handler, ledger) = customers().await;
    for audience in [json!("order-ledger"), json!([]), json!(["a", "b"]), json!(""), json!("ORDER-LEDGER-TEST")] {
        let reply = send_as_customer(&handler, place_claims(&with(&claims(), json!({ "aud": audience })))).await;
        assert_not_valid(&reply, "audience", &ledger).await;
    }
}

#[tokio::test]
async fn a_quote_with_a_negative_total_is_rejected_409() {
    let (handler, ledger) = customers().await;
    let reply = send_as_customer(&handler, place_claims(&with(&claims(), json!({ "discount": 900_000 })))).await;
    assert_eq!(reply.problem(), (409, "total_negative".to_owned()));
    assert_eq!(ledger.commits().await, 0);
}
