//! A command to every route, and the decision of the domain about it.

use std::sync::LazyLock;

use http_api::json::Json;
use http_api::{CommandRoute, ParsedCommand, ParsedRequest, Problem, QuoteVerifier, parse_command};
use order_domain::{Decision, EventRef, Order, decide, evolve, stored};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::message::Message;

/// An order to which the commands of the corpus apply: paid in full, with one of its three mugs shipped.
static ORDER: LazyLock<Order> = LazyLock::new(|| {
    let (customer, sku) = ("customer-1", "mug");
    let life = [
        (
            "OrderPlaced",
            2,
            json!({ "customerId": customer, "currency": "EUR", "total": 3000,
            "items": [{ "sku": sku, "quantity": 3, "unitPrice": 1000 }] }),
        ),
        ("PaymentReceived", 1, json!({ "paymentId": "payment-1", "amount": 3000 })),
        ("ItemShipped", 1, json!({ "shipmentId": "shipment-1", "items": [{ "sku": sku, "quantity": 1 }] })),
    ];
    (1..).zip(life).fold(Order::default(), |order, (version, (name, shape, data))| {
        let event = stored::decode(name, shape, data).unwrap();
        evolve(order, &event, EventRef { event_id: Uuid::nil(), version })
    })
});

/// Sends a command to every route.
pub fn command(input: &[u8]) {
    let message = Message::read(input);
    for route in CommandRoute::ALL {
        let parse = |body: &[u8]| parse_command(&message.request(route.key(), "", body));
        match parse(message.rest) {
            Err(problem) => refused(problem, input.len()),
            Ok(ParsedRequest::Quote(quote)) => {
                assert_eq!(*route, CommandRoute::PlaceOrder);
                assert!(quote.verify(&QuoteVerifier::without_keys()).is_err());
            }
            Ok(ParsedRequest::Command(parsed)) => {
                assert_eq!(parsed.route, *route);
                assert_eq!(parsed.order_id.is_some(), route.key().contains("{orderId}"));
                // The fingerprint is computed from the canonical body, so a retry with differently formatted JSON is still a
                // retry.
                let again = parse(canonical(message.rest).as_bytes()).map(ParsedRequest::command);
                assert_eq!(again.as_ref(), Ok(&Some(parsed.clone())));
                decided(parsed);
            }
        }
    }
}

/// Checks a rejection: it is JSON, and its length is limited by the length of the request.
pub(crate) fn refused(problem: Problem, sent: usize) {
    assert!(problem.status().is_client_error(), "{problem:?}");
    let response = problem.into_response("request");
    let told: Value = serde_json::from_slice(response.body()).unwrap();
    assert!(told["code"].is_string(), "{told}");
    // The limit allows for a hundred errors with their texts, and for escapes in quoted values.
    assert!(response.body().len() <= 40_000 + 6 * sent, "{} bytes answer {sent}", response.body().len());
}

fn canonical(body: &[u8]) -> String {
    if body.is_empty() { String::new() } else { Json::read(body).unwrap().canonical() }
}

/// Checks that the decided events can be stored, and are read back unchanged.
fn decided(parsed: ParsedCommand) {
    let order = if parsed.route == CommandRoute::PlaceOrder { &Order::default() } else { &*ORDER };
    let Ok(Decision::Record(events)) = decide(order, parsed.command) else { return };
    for event in events {
        let kept = stored::encode(&event).unwrap();
        assert_eq!(stored::decode(kept.event_type, kept.schema_version, kept.data).unwrap(), event);
    }
}
