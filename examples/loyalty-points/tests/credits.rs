//! The handler with events as Lambda delivers them, with the real SDK and an embedded DynamoDB.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use loyalty_points::{Credit, CreditError, LoyaltyPoints};
use sam_template::Template;
use serde_json::{Value, json};

/// The resources of this consumer's stack: its table and its function.
struct Stack {
    server: EmbeddedDynamoDb,
    function: LoyaltyPoints,
}

impl Stack {
    async fn new() -> Self {
        let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
        server.create_tables(&Template::parse(&read("template.yaml")).unwrap()).unwrap();
        let function = LoyaltyPoints::new(server.client(), "LoyaltyCredits");
        Self { server, function }
    }

    async fn receive(&self, event: &Value) -> Result<Credit, CreditError> {
        let event = serde_json::from_value(event.clone()).unwrap();
        self.function.handle(LambdaEvent::new(event, Context::default())).await
    }

    /// Returns the points of each of a customer's credits.
    async fn credits(&self, customer: &str) -> Vec<u64> {
        let query =
            self.server.client().query().table_name("LoyaltyCredits").key_condition_expression("customerId = :c");
        let items = query.expression_attribute_values(":c", AttributeValue::S(customer.to_owned())).send().await;
        items.unwrap().items().iter().map(|item| item["points"].as_n().unwrap().parse().unwrap()).collect()
    }

    /// Returns the error for an event that must not be credited.
    async fn refusal(&self, event: &Value) -> Diagnostic {
        let refusal = self.receive(event).await.unwrap_err().into();
        let scan = self.server.client().scan().table_name("LoyaltyCredits").send().await.unwrap();
        assert_eq!(scan.count(), 0, "refused, and credited all the same");
        refusal
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn sample(file: &str) -> Value {
    serde_json::from_str(&read(&format!("events/{file}"))).unwrap()
}

/// Returns the sample event of 72.95 EUR.
fn order_placed() -> Value {
    sample("order-placed.json")
}

/// Returns another event of the same customer.
fn another_order(event_id: &str, total: u64) -> Value {
    let mut event = order_placed();
    event["detail"]["id"] = json!(event_id);
    event["detail"]["subject"] = json!("019aa5d7-1f6a-7c58-9b23-7e4a8d0c2003");
    event["detail"]["data"]["total"] = json!(total);
    event
}

fn credit(points: u64, repeat: bool) -> Credit {
    Credit { event_id: "f7bc38ac-dc7e-5303-aa30-5229bb9f6deb".to_owned(), points, repeat }
}

#[tokio::test]
async fn an_order_of_72_95_earns_72_points() {
    let stack = Stack::new().await;
    assert_eq!(stack.receive(&order_placed()).await.unwrap(), credit(72, false));
    assert_eq!(stack.credits("customer-2001").await, [72]);
}

#[tokio::test]
async fn a_repeated_event_earns_nothing_more() {
    let stack = Stack::new().await;
    stack.receive(&order_placed()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(stack.receive(&order_placed()).await.unwrap(), credit(72, true));
    }
    assert_eq!(stack.credits("customer-2001").await, [72]);
}

#[tokio::test]
async fn eight_deliveries_at_once_earn_once() {
    let stack = Stack::new().await;
    let event: LambdaEvent<_> = LambdaEvent::new(serde_json::from_value(order_placed()).unwrap(), Context::default());
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (function, event) = (stack.function.clone(), event.clone());
        deliveries.spawn(async move { function.handle(event).await });
    }
    let credits: Vec<_> = deliveries.join_all().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(credits.iter().filter(|credit| !credit.repeat).count(), 1, "{credits:?}");
    assert_eq!(stack.credits("customer-2001").await, [72]);
}

#[tokio::test]
async fn a_replay_earns_nothing_more_and_makes_up_for_what_was_missed() {
    let stack = Stack::new().await;
    let replayed = sample("order-placed-replayed.json");
    assert_ne!(replayed["id"], order_placed()["id"], "EventBridge gives every publication an id of its own");
    assert!(replayed["detail"]["replayname"].is_string());
    assert_eq!(stack.receive(&replayed).await.unwrap(), credit(72, false));
    assert_eq!(stack.receive(&order_placed()).await.unwrap(), credit(72, true));
    assert_eq!(stack.receive(&replayed).await.unwrap(), credit(72, true));
    assert_eq!(stack.credits("customer-2001").await, [72]);
}

#[tokio::test]
async fn two_orders_of_a_customer_both_count() {
    let stack = Stack::new().await;
    stack.receive(&order_placed()).await.unwrap();
    stack.receive(&another_order("0b5a3c55-3c0e-5a1f-9c0a-2f1f6f0d7a11", 500)).await.unwrap();
    let mut credits = stack.credits("customer-2001").await;
    credits.sort_unstable();
    assert_eq!(credits, [5, 72]);
}

#[tokio::test]
async fn a_started_hundred_earns_nothing() {
    let stack = Stack::new().await;
    for (event_id, total, points) in
        [("a", 0, 0), ("b", 99, 0), ("c", 100, 1), ("d", 9_007_199_254_740_991, 90_071_992_547_409)]
    {
        let credit = stack.receive(&another_order(event_id, total)).await.unwrap();
        assert_eq!(credit.points, points, "a total of {total}");
    }
}

#[tokio::test]
async fn fields_that_are_new_to_this_consumer_are_ignored() {
    let stack = Stack::new().await;
    let mut event = order_placed();
    event["replay-name"] = json!("october");
    event["detail"]["traceparent"] = json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    event["detail"]["data"]["giftWrap"] = json!({ "paper": "green" });
    assert_eq!(stack.receive(&event).await.unwrap(), credit(72, false));
}

#[tokio::test]
async fn an_unknown_version_is_refused_and_not_guessed_at() {
    let stack = Stack::new().await;
    for version in [1, 3, 20] {
        let mut event = order_placed();
        event["detail"]["dataschema"] = json!(format!("urn:order-ledger:event:OrderPlaced:{version}"));
        let refusal = stack.refusal(&event).await;
        assert_eq!(refusal.error_type, "NotUnderstood");
        assert_eq!(
            refusal.error_message,
            format!(
                "event f7bc38ac-dc7e-5303-aa30-5229bb9f6deb follows the schema urn:order-ledger:event:OrderPlaced:{version}; \
                 known here is urn:order-ledger:event:OrderPlaced:2"
            )
        );
    }
}

#[tokio::test]
async fn another_type_of_event_is_refused_and_the_rule_blamed() {
    let stack = Stack::new().await;
    let mut event = order_placed();
    event["detail"]["type"] = json!("OrderCancelled");
    assert_eq!(
        stack.refusal(&event).await.error_message,
        "event f7bc38ac-dc7e-5303-aa30-5229bb9f6deb is of type OrderCancelled, and only OrderPlaced earns points: check \
         the rule's pattern"
    );
}

#[tokio::test]
async fn a_malformed_event_is_rejected_without_its_values_in_the_error() {
    let stack = Stack::new().await;
    let mut without_id = order_placed();
    without_id["detail"].as_object_mut().unwrap().remove("id");
    let mut no_object = order_placed();
    no_object["detail"] = json!("a text");
    let mut without_total = order_placed();
    without_total["detail"]["data"].as_object_mut().unwrap().remove("total");
    let mut negative = order_placed();
    negative["detail"]["data"]["total"] = json!(-1);
    let mut fraction = order_placed();
    fraction["detail"]["data"]["total"] = json!(72.95);
    let mut no_customer = order_placed();
    no_customer["detail"]["data"]["customerId"] = json!(["Ada Lovelace"]);
    for (event, start, reason) in [
        (without_id, "the detail is not an order event: ", "it has no text `id`"),
        (no_object, "the detail is not an order event: ", "it has no text `id`"),
        (without_total, "the data of event f7bc38ac-", "`total` is not an integer from 0 on"),
        (negative, "the data of event f7bc38ac-", "`total` is not an integer from 0 on"),
        (fraction, "the data of event f7bc38ac-", "`total` is not an integer from 0 on"),
        (no_customer, "the data of event f7bc38ac-", "`customerId` is not a text"),
    ] {
        let message = stack.refusal(&event).await.error_message;
        assert!(message.starts_with(start) && message.ends_with(reason), "{message}");
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_written_is_an_error_and_no_repeat() {
    let stack = Stack::new().await;
    let astray = LoyaltyPoints::new(stack.server.client(), "NoSuchTable");
    let event = serde_json::from_value(order_placed()).unwrap();
    let failure: Diagnostic = astray.handle(LambdaEvent::new(event, Context::default())).await.unwrap_err().into();
    assert_eq!(failure.error_type, "Table");
    let start = "cannot record the credit of event f7bc38ac-dc7e-5303-aa30-5229bb9f6deb: ";
    assert!(failure.error_message.starts_with(start), "{}", failure.error_message);
    assert!(failure.error_message.contains("ResourceNotFoundException"), "{}", failure.error_message);
}
