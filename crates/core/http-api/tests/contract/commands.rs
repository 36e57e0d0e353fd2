use std::collections::BTreeMap;

use http_api::{CommandRoute, ParsedCommand, Problem, parse_command};
use order_domain::Command;
use order_domain::command::{
    CancelItems, CancelOrder, CorrectPayment, ItemQuantity, OrderItem, PlaceOrder, RecordDelivery, RecordPayment,
    RefundPayment, ReturnItems, ShipItems,
};
use order_domain::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, Metadata, OrderId, PaymentId, Quantity, ReasonCode,
    Reference, RefundId, ReturnId, ShipmentId, Sku, Text,
};
use serde_json::{Value, json};

use super::payload::{errors_of, payload, seen};

const PLACE: &str = "POST /orders";
const PAY: &str = "POST /orders/{orderId}/payments";
const DELIVER: &str = "POST /orders/{orderId}/shipments/{shipmentId}/delivery";

fn parse(route_key: &str, parameters: &[(&str, &str)], body: &Value) -> Result<ParsedCommand, Problem> {
    let request = payload(route_key, parameters).header("idempotency-key", "k").body(body.to_string()).request();
    parse_command(&request).map(|parsed| parsed.command().unwrap())
}

#[track_caller]
fn command(route_key: &str, parameters: &[(&str, &str)], body: &Value) -> Command {
    let parsed = parse(route_key, parameters, body).unwrap();
    assert_eq!(parsed.route.key(), route_key);
    assert_eq!(parsed.order_id.as_ref().map(OrderId::as_str), parameters.first().map(|(_, id)| *id));
    parsed.command
}

fn amount(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn item(sku: &str, quantity: u32) -> ItemQuantity {
    ItemQuantity { sku: Sku::parse(sku).unwrap(), quantity: Quantity::new(quantity).unwrap() }
}

#[test]
fn an_order_is_placed_with_all_its_fields() {
    let body = json!({
        "customerId": "c-1", "currency": "EUR", "shipping": 490, "tax": 0, "discount": 100,
        "reference": "#1001", "metadata": { "channel": "web" },
        "items": [{ "sku": "TEA", "name": "Thé à la menthe 🍵", "quantity": 3, "unitPrice": 999 }, { "sku": "CUP", "quantity": 1, "unitPrice": 0 }]
    });
    let tea = OrderItem {
        sku: Sku::parse("TEA").unwrap(),
        name: Some(text("Thé à la menthe 🍵")),
        quantity: Quantity::new(3).unwrap(),
        unit_price: amount(999),
    };
    let cup = OrderItem {
        sku: Sku::parse("CUP").unwrap(),
        name: None,
        quantity: Quantity::new(1).unwrap(),
        unit_price: amount(0),
    };
    let wanted = PlaceOrder {
        customer_id: CustomerId::parse("c-1").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: vec![tea, cup],
        shipping: amount(490),
        tax: amount(0),
        discount: amount(100),
        reference: Some(Reference::parse("#1001").unwrap()),
        metadata: Metadata::try_from(BTreeMap::from([("channel".to_owned(), text("web"))])).unwrap(),
        quote: None,
    };
    assert_eq!(command(PLACE, &[], &body), Command::PlaceOrder(wanted));
}

#[test]
fn charges_left_out_of_an_order_are_nothing() {
    let body =
        json!({ "customerId": "c-1", "currency": "JPY", "items": [{ "sku": "a", "quantity": 1, "unitPrice": 1 }] });
    let Command::PlaceOrder(placed) = command(PLACE, &[], &body) else { panic!("not a PlaceOrder") };
    assert_eq!((placed.shipping, placed.tax, placed.discount), (Amount::ZERO, Amount::ZERO, Amount::ZERO));
}

#[test]
fn every_route_about_money_gives_its_command() {
    let order = [("orderId", "o-1")];
    let payment = [("orderId", "o-1"), ("paymentId", "p-1")];
    let payment_id = PaymentId::parse("p-1").unwrap();

    assert_eq!(
        command(PAY, &order, &json!({ "paymentId": "p-1", "amount": 2997, "method": "card" })),
        Command::RecordPayment(RecordPayment {
            payment_id: payment_id.clone(),
            amount: amount(2997),
            method: Some(text("card"))
        })
    );
    assert_eq!(
        command(
            "POST /orders/{orderId}/payments/{paymentId}/corrections",
            &payment,
            &json!({ "correctionId": "c-1", "amount": 0, "reason": "typo", "reasonCode": "typing_error" })
        ),
        Command::CorrectPayment(CorrectPayment {
            payment_id: payment_id.clone(),
            amount: amount(0),
            correction_id: CorrectionId::parse("c-1").unwrap(),
            reason: text("typo"),
            reason_code: Some(ReasonCode::parse("typing_error").unwrap())
        })
    );
    assert_eq!(
        command(
            "POST /orders/{orderId}/refunds",
            &order,
            &json!({ "refundId": "r-1", "paymentId": "p-1", "amount": 1, "reduction": 0 })
        ),
        Command::RefundPayment(RefundPayment {
            refund_id: RefundId::parse("r-1").unwrap(),
            payment_id,
            amount: amount(1),
            reduction: Some(amount(0)),
            reason: None,
            reason_code: None
        })
    );
}

#[test]
fn every_route_about_items_gives_its_command() {
    let order = [("orderId", "o-1")];
    let shipment = [("orderId", "o-1"), ("shipmentId", "s-1")];
    let shipment_id = ShipmentId::parse("s-1").unwrap();

    assert_eq!(
        command(
            "POST /orders/{orderId}/shipments",
            &order,
            &json!({ "shipmentId": "s-1", "items": [{ "sku": "a", "quantity": 2 }], "carrier": "DHL", "trackingNumber": "1" })
        ),
        Command::ShipItems(ShipItems {
            shipment_id: shipment_id.clone(),
            items: vec![item("a", 2)],
            carrier: Some(text("DHL")),
            tracking_number: Some(text("1"))
        })
    );
    assert_eq!(command(DELIVER, &shipment, &json!({})), Command::RecordDelivery(RecordDelivery { shipment_id }));
    assert_eq!(
        command(
            "POST /orders/{orderId}/returns",
            &order,
            &json!({ "returnId": "b-1", "items": [{ "sku": "a", "quantity": 1 }], "reason": "broken" })
        ),
        Command::ReturnItems(ReturnItems {
            return_id: ReturnId::parse("b-1").unwrap(),
            items: vec![item("a", 1)],
            reason: Some(text("broken")),
            reason_code: None
        })
    );
    assert_eq!(
        command(
            "POST /orders/{orderId}/item-cancellations",
            &order,
            &json!({ "cancellationId": "x-1", "items": [{ "sku": "a", "quantity": 1 }], "reduction": 7, "reason": "gone" })
        ),
        Command::CancelItems(CancelItems {
            cancellation_id: CancellationId::parse("x-1").unwrap(),
            items: vec![item("a", 1)],
            reduction: Some(amount(7)),
            reason: text("gone"),
            reason_code: None
        })
    );
    assert_eq!(
        command("POST /orders/{orderId}/cancellation", &order, &json!({ "reason": "twice" })),
        Command::CancelOrder(CancelOrder { reason: text("twice"), reason_code: None })
    );
}

#[test]
fn a_delivery_takes_no_body() {
    let shipment = [("orderId", "o-1"), ("shipmentId", "s-1")];
    let without = parse_command(&payload(DELIVER, &shipment).header("idempotency-key", "k").request()).unwrap();
    let without = without.command().unwrap();
    let with = parse(DELIVER, &shipment, &json!({})).unwrap();
    assert_eq!(without, with);
    assert_eq!(errors_of(parse(DELIVER, &shipment, &json!({ "at": "noon" })).unwrap_err()), ["/at unknown_field"]);
    assert_eq!(errors_of(parse(DELIVER, &shipment, &json!(null)).unwrap_err()), [" wrong_type"]);
}

#[test]
fn every_error_of_path_headers_and_body_is_reported_at_once() {
    let body = json!({
        "customerId": "#1", "currency": "EUX", "curency": "EUR", "tax": -1, "discount": 1.5,
        "items": [
            { "sku": "a", "quantity": 0, "unitPrice": 9_007_199_254_740_992_u64 },
            { "sku": "b", "name": "evil\u{202e}txt", "quantity": "3", "price": 1 },
            7,
            { "sku": "a", "quantity": 1, "unitPrice": 1 }
        ]
    });
    let request = payload(PLACE, &[]).header("idempotency-key", "two words").body(body.to_string()).request();
    assert_eq!(
        errors_of(parse_command(&request).unwrap_err()),
        [
            "idempotency-key bad_header",
            "/customerId bad_id",
            "/currency unknown_currency",
            "/items/0/quantity out_of_range",
            "/items/0/unitPrice out_of_range",
            "/items/1/name bad_text",
            "/items/1/quantity wrong_type",
            "/items/1/unitPrice missing_field",
            "/items/1/price unknown_field",
            "/items/2 wrong_type",
            "/items/3/sku repeated_sku",
            "/tax out_of_range",
            "/discount not_an_integer",
            "/curency unknown_field",
        ]
    );
}

/// The handler requires the key of a new order only after it knows that the caller may set prices.
#[test]
fn a_command_is_read_without_an_idempotency_key() {
    let body = r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":1}]}"#;
    assert!(parse_command(&payload(PLACE, &[]).body(body).request()).is_ok());
    let errors = errors_of(parse_command(&payload(PLACE, &[]).body("{}").request()).unwrap_err());
    assert_eq!(errors, ["/customerId missing_field", "/currency missing_field", "/items missing_field"]);

    let ids = [("orderId", "o-1"), ("paymentId", "p-1"), ("shipmentId", "s-1")];
    for route in CommandRoute::ALL.iter().filter(|route| **route != CommandRoute::PlaceOrder) {
        let problem = parse_command(&payload(route.key(), &ids).body("{}").request()).map(drop);
        assert!(problem.is_ok() || problem.unwrap_err().code() == "invalid_request", "{}", route.key());
    }
}

#[test]
fn a_query_parameter_of_a_command_is_refused() {
    let errors = |route: CommandRoute, query: &str| {
        let ids = [("orderId", "o-1"), ("paymentId", "p-1"), ("shipmentId", "s-1")];
        let request = payload(route.key(), &ids).query(query).header("idempotency-key", "k").body("{}").request();
        let errors = parse_command(&request).map_or_else(errors_of, |_| Vec::new());
        errors.into_iter().filter(|error| error.ends_with(" unknown_parameter")).collect::<Vec<_>>()
    };
    for route in CommandRoute::ALL {
        assert_eq!(errors(*route, "expectedVersion=99"), ["expectedVersion unknown_parameter"], "{}", route.key());
        assert_eq!(errors(*route, "a=1&a=2&b=&c"), ["a", "b", "c"].map(|name| format!("{name} unknown_parameter")));
        assert_eq!(errors(*route, "%65xpectedVersion=1"), ["expectedVersion unknown_parameter"]);
        assert_eq!(errors(*route, "=1"), [" unknown_parameter"], "a parameter without a name");
        for nothing in ["", "&", "&&"] {
            assert_eq!(errors(*route, nothing), [""; 0], "{nothing:?}");
        }
    }
}

#[test]
fn a_body_that_is_not_declared_as_json_is_415() {
    let pay = |content_type| {
        let request = payload(PAY, &[("orderId", "o-1")]).body(r#"{"paymentId":"p","amount":1}"#);
        parse_command(&request.content_type(content_type).request()).map(drop)
    };
    for json in [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json ; charset=\"UTF-8\"",
        "application/json; profile=\"a,b\"",
        "application/json;",
        "application/vnd.shop.order+json",
        "text/x+JSON; q=1",
    ] {
        assert_eq!(pay(Some(json)), Ok(()), "{json}");
    }
    for other in [
        "",
        "json",
        "/json",
        "application/",
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/json5",
        "application/+json",
        "application/x json+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/json, text/plain",
        "application/json,application/json",
        "application/json; charset=utf-8, text/plain",
        "application/json; a=\"b, text/plain",
        "application/jsön",
    ] {
        assert_eq!(pay(Some(other)), Err(Problem::unsupported_media_type()), "{other}");
    }
    assert_eq!(pay(None), Err(Problem::unsupported_media_type()));
    assert_eq!(Problem::unsupported_media_type().status(), 415);
}

#[test]
fn a_command_without_a_body_needs_no_content_type() {
    let shipment = [("orderId", "o-1"), ("shipmentId", "s-1")];
    for content_type in [None, Some("text/plain")] {
        assert!(parse_command(&payload(DELIVER, &shipment).content_type(content_type).request()).is_ok());
    }
    let with_a_body = payload(DELIVER, &shipment).body("{}").content_type(None).request();
    assert_eq!(parse_command(&with_a_body), Err(Problem::unsupported_media_type()));
}

#[test]
fn bad_ids_in_the_path_are_told_with_the_errors_of_the_body() {
    let key = "POST /orders/{orderId}/payments/{paymentId}/corrections";
    let request = payload(key, &[("orderId", "o#1"), ("paymentId", "a/b")]).body("{").request();
    assert_eq!(
        errors_of(parse_command(&request).unwrap_err()),
        ["orderId bad_id", "paymentId bad_id", " malformed_json"]
    );
}

#[test]
fn lists_have_1_to_100_items() {
    let ship = |count: usize| {
        let items: Vec<_> = (0..count).map(|n| json!({ "sku": format!("s{n}"), "quantity": 1 })).collect();
        parse("POST /orders/{orderId}/shipments", &[("orderId", "o-1")], &json!({ "shipmentId": "s", "items": items }))
    };
    assert!(ship(1).is_ok());
    assert!(ship(100).is_ok());
    assert_eq!(errors_of(ship(0).unwrap_err()), ["/items too_few_items"]);
    assert_eq!(errors_of(ship(101).unwrap_err()), ["/items too_many_items"]);
}

#[test]
fn a_payment_of_nothing_is_refused_and_a_correction_to_nothing_is_not() {
    let payment = json!({ "paymentId": "p", "amount": 0 });
    assert_eq!(errors_of(parse(PAY, &[("orderId", "o-1")], &payment).unwrap_err()), ["/amount out_of_range"]);
}

#[test]
fn the_fingerprint_is_of_the_route_the_ids_and_the_values() {
    let pay = |order: &str, body: &str| {
        parse_command(&payload(PAY, &[("orderId", order)]).body(body).request()).unwrap().command().unwrap().fingerprint
    };
    let first = pay("o-1", r#"{"paymentId":"p","amount":1}"#);
    assert_eq!(first, pay("o-1", "{ \"amount\": 1,\n\"paymentId\": \"\\u0070\" }"));
    assert_ne!(first, pay("o-2", r#"{"paymentId":"p","amount":1}"#));
    assert_ne!(first, pay("o-1", r#"{"paymentId":"p","amount":2}"#));
    assert_ne!(first, pay("o-1", r#"{"paymentId":"p","amount":1,"method":"card"}"#));
}

#[test]
fn an_unknown_route_is_not_found() {
    for key in ["GET /orders/{orderId}", "POST /orders/{orderId}", "$default"] {
        let request = if key == "$default" {
            payload("DELETE /orders/o-1", &[]).request_by_path()
        } else {
            payload(key, &[("orderId", "o-1")]).request()
        };
        assert_eq!(seen(parse_command(&request).unwrap_err())["code"], "route_not_found", "{key}");
    }
}

#[test]
fn a_route_is_found_by_its_path_where_the_gateway_names_none() {
    let by_path = |key| parse_command(&payload(key, &[]).request_by_path()).map(|parsed| parsed.command().unwrap());
    assert_eq!(by_path("POST /orders/o-1/shipments/s-1/delivery").unwrap().route, CommandRoute::RecordDelivery);
    assert_eq!(errors_of(by_path("POST /orders/o%2F1/shipments/s-1/delivery").unwrap_err()), ["orderId bad_id"]);
    assert_eq!(errors_of(by_path("POST /orders//shipments/s-1/delivery").unwrap_err()), ["orderId empty"]);
    for unknown in ["POST /orders/o-1/shipments/s-1/delivery/", "POST /", "POST //orders", "PUT /orders"] {
        assert_eq!(seen(by_path(unknown).unwrap_err())["code"], "route_not_found", "{unknown}");
    }
}
