use http_api::IfNoneMatch;
use http_api::replies::{
    AuditEvent, CancellationView, CommandReply, CurrencyTotalsView, CustomerTotalsView, DetailsView, EventView,
    EventsPage, LineView, OrdersPage, PaymentView, PlacedOrderView, RefundView, ReturnView, ShipmentView, Stale,
    SummaryView,
};
use http_api::responses::{self, Outcome};
use lambda_http::{Body, Response};
use order_domain::event::{ItemQuantity, QuoteReference};
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::values::{KeyId, OrderId, Quantity, QuoteId, Sku};
use order_domain::{Event, EventRef, Order, evolve, stored};
use serde_json::json;
use timestamp::Timestamp;

use super::payload::body_of;

/// The instant 2026-11-21T09:30:00.123Z.
pub(crate) const INSTANT: i64 = 1_795_253_400_123;

pub(crate) fn at(epoch_ms: i64) -> Timestamp {
    Timestamp::from_epoch_ms(epoch_ms).unwrap()
}

pub(crate) fn event() -> EventView {
    EventView {
        event_id: "6f1f6c2e-8a35-5d0b-9c55-0d8e6f3f4a21".parse().unwrap(),
        event_type: "PaymentReceived".to_owned(),
        version: 3,
        recorded_at: at(INSTANT),
        data: json!({ "paymentId": "p-1", "amount": 2997 }),
    }
}

pub(crate) fn command_reply() -> CommandReply {
    CommandReply {
        order_id: OrderId::parse("o-1").unwrap(),
        version: 3,
        status: OrderStatus::Paid,
        payment_status: PaymentStatus::Paid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        events: vec![event()],
    }
}

pub(crate) fn summary() -> SummaryView {
    SummaryView {
        order_id: "o-1".to_owned(),
        customer_id: "c-1".to_owned(),
        status: OrderStatus::PartiallyPaid,
        payment_status: PaymentStatus::PartiallyPaid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        currency: "EUR".to_owned(),
        total: 2997,
        shipping: 0,
        tax: 0,
        discount: 0,
        due: 2997,
        amount_paid: 1000,
        amount_refunded: 0,
        item_count: 3,
        units_to_ship: 3,
        to_ship: false,
        reference: None,
        metadata: std::collections::BTreeMap::new(),
        items: vec![LineView {
            sku: "TEA".to_owned(),
            name: Some("Earl Grey".to_owned()),
            quantity: 3,
            unit_price: 999,
            shipped: 0,
            returned: 0,
            cancelled: 0,
        }],
        placed_at: at(INSTANT - 1_000),
        last_updated: at(INSTANT),
        version: 3,
        as_of: None,
        stale: None,
        details: None,
    }
}

/// Returns one entry of each kind, with every field.
pub(crate) fn details() -> DetailsView {
    let text = |text: &str| Some(text.to_owned());
    let items = || vec![ItemQuantity { sku: Sku::parse("TEA").unwrap(), quantity: Quantity::new(1).unwrap() }];
    DetailsView {
        quote: Some(QuoteReference {
            quote_id: QuoteId::parse("quote-1").unwrap(),
            kid: KeyId::parse("2026-q4").unwrap(),
        }),
        payments: vec![PaymentView {
            payment_id: "p-1".to_owned(),
            amount: 1000,
            amount_received: 1001,
            amount_refunded: 1,
            method: text("card"),
            received_at: at(INSTANT),
        }],
        refunds: vec![RefundView {
            refund_id: "r-1".to_owned(),
            payment_id: "p-1".to_owned(),
            amount: 1,
            reduction: 1,
            reason: text("chipped"),
            reason_code: text("damaged"),
            refunded_at: at(INSTANT),
        }],
        shipments: vec![ShipmentView {
            shipment_id: "s-1".to_owned(),
            items: items(),
            carrier: text("DHL"),
            tracking_number: text("JD0146"),
            shipped_at: at(INSTANT),
            delivered: true,
            delivered_at: Some(at(INSTANT)),
        }],
        returns: vec![ReturnView {
            return_id: "b-1".to_owned(),
            items: items(),
            reason: text("chipped"),
            reason_code: text("damaged"),
            returned_at: at(INSTANT),
        }],
        cancellations: vec![CancellationView {
            cancellation_id: "x-1".to_owned(),
            items: items(),
            reduction: 999,
            reason: "sold out".to_owned(),
            reason_code: text("sold_out"),
            cancelled_at: at(INSTANT),
        }],
    }
}

pub(crate) fn customer_totals() -> CustomerTotalsView {
    let order = |id: &str, placed_at| PlacedOrderView { order_id: id.to_owned(), placed_at };
    let euros = CurrencyTotalsView {
        currency: "EUR".to_owned(),
        orders: 3,
        gross: 8991,
        refunded: 999,
        net: 7992,
        first_order: order("o-1", at(INSTANT)),
        last_order: order("o-7", at(INSTANT + 1_000)),
    };
    CustomerTotalsView { customer_id: "c-1".to_owned(), totals: vec![euros], stale: None }
}

pub(crate) fn events_page() -> EventsPage {
    let full = AuditEvent {
        event: event(),
        actor: "jwt:c-1".to_owned(),
        request_id: Some("k-1".to_owned()),
        correlation_id: Some("c-1".to_owned()),
        causation_id: Some("x-1".to_owned()),
    };
    EventsPage { items: vec![full, AuditEvent::by_staff(event())], next_cursor: Some("AAAA".to_owned()) }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn a_new_order_is_created_at_its_location() {
    let response = responses::command_accepted(&command_reply(), Outcome::Placed, false).unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "content-type"), Some("application/json"));
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    assert_eq!(header(&response, "etag"), Some("\"3\""));
    assert_eq!(header(&response, "location"), Some("/orders/o-1"));
    assert_eq!(header(&response, "idempotent-replayed"), None);
    assert_eq!(
        body_of(&response),
        json!({
            "orderId": "o-1", "version": 3, "status": "paid", "paymentStatus": "paid", "fulfillmentStatus": "unfulfilled",
            "events": [{
                "eventId": "6f1f6c2e-8a35-5d0b-9c55-0d8e6f3f4a21", "eventType": "PaymentReceived", "version": 3,
                "recordedAt": "2026-11-21T09:30:00.123Z", "data": { "paymentId": "p-1", "amount": 2997 }
            }]
        })
    );
}

#[test]
fn a_recorded_command_gets_201_and_an_unchanged_order_gets_200() {
    let recorded = responses::command_accepted(&command_reply(), Outcome::Recorded, false).unwrap();
    assert_eq!((recorded.status().as_u16(), header(&recorded, "location")), (201, None));
    let unchanged = responses::command_accepted(&command_reply(), Outcome::Unchanged, false).unwrap();
    assert_eq!((unchanged.status().as_u16(), header(&unchanged, "etag")), (200, Some("\"3\"")));
}

#[test]
fn a_replayed_reply_differs_by_one_header_only() {
    let first = responses::command_accepted(&command_reply(), Outcome::Placed, false).unwrap();
    let mut again = responses::command_accepted(&command_reply(), Outcome::Placed, true).unwrap();
    assert_eq!(again.headers_mut().remove("idempotent-replayed").unwrap(), "true");
    assert_eq!((first.status(), first.headers(), first.body()), (again.status(), again.headers(), again.body()));
}

#[test]
fn an_order_tells_its_version_and_when_it_changed() {
    let response = responses::order(&summary(), None).unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "etag"), Some("\"3\""));
    assert_eq!(header(&response, "last-modified"), Some("Sat, 21 Nov 2026 09:30:00 GMT"));
    assert_eq!(
        body_of(&response),
        json!({
            "orderId": "o-1", "customerId": "c-1",
            "status": "partially_paid", "paymentStatus": "partially_paid", "fulfillmentStatus": "unfulfilled",
            "currency": "EUR", "total": 2997, "shipping": 0, "tax": 0, "discount": 0, "due": 2997,
            "amountPaid": 1000, "amountRefunded": 0, "itemCount": 3, "unitsToShip": 3, "toShip": false,
            "items": [{
                "sku": "TEA", "name": "Earl Grey", "quantity": 3, "unitPrice": 999,
                "shipped": 0, "returned": 0, "cancelled": 0,
            }],
            "placedAt": "2026-11-21T09:29:59.123Z", "lastUpdated": "2026-11-21T09:30:00.123Z", "version": 3
        })
    );
}

#[test]
fn an_order_that_the_caller_has_already_is_not_sent_again() {
    let known = IfNoneMatch::Versions(vec![3]);
    let response = responses::order(&summary(), Some(&known)).unwrap();
    assert_eq!(response.status(), 304);
    assert!(response.body().is_empty());
    assert_eq!(header(&response, "etag"), Some("\"3\""));
    assert_eq!(header(&response, "content-type"), Some("application/json"), "the gateway would add text/plain");

    let older = IfNoneMatch::Versions(vec![2]);
    assert_eq!(responses::order(&summary(), Some(&older)).unwrap().status(), 200);
}

#[test]
fn a_stale_order_is_always_sent_is_not_to_be_kept_and_has_no_validator() {
    let stale = SummaryView { stale: Some(Stale::order(4)), ..summary() };
    let known = [None, Some(IfNoneMatch::Any), Some(IfNoneMatch::Versions(vec![3]))];
    for known in known {
        let response = responses::order(&stale, known.as_ref()).unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "cache-control")), (200, Some("no-store")));
        assert_eq!((header(&response, "etag"), header(&response, "last-modified")), (None, None));
        let mut body = body_of(&response);
        let members = body.as_object_mut().unwrap();
        assert_eq!(members.remove("stale"), Some(json!(true)));
        let reason = "Versions from 4 on are not shown yet: version 4 could not be processed.";
        assert_eq!(members.remove("staleReason"), Some(json!(reason)));
        assert_eq!(body, body_of(&responses::order(&summary(), None).unwrap()));
    }
}

#[test]
fn totals_are_by_currency_with_the_first_and_the_last_order() {
    let response = responses::uncached(&customer_totals()).unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "cache-control")), (200, Some("no-store")));
    assert_eq!(
        body_of(&response),
        json!({
            "customerId": "c-1",
            "totals": [{
                "currency": "EUR", "orders": 3, "gross": 8991, "refunded": 999, "net": 7992,
                "firstOrder": { "orderId": "o-1", "placedAt": "2026-11-21T09:30:00.123Z" },
                "lastOrder": { "orderId": "o-7", "placedAt": "2026-11-21T09:30:01.123Z" }
            }]
        })
    );
}

#[test]
fn stale_totals_say_how_many_orders_are_affected() {
    let stale = CustomerTotalsView { stale: Some(Stale::totals(2)), ..customer_totals() };
    let body = body_of(&responses::uncached(&stale).unwrap());
    let reason = "2 orders are not counted as they are now, or not at all: a version of each could not be processed.";
    assert_eq!((&body["stale"], &body["staleReason"]), (&json!(true), &json!(reason)));
}

#[test]
fn a_stale_list_says_how_many_orders_are_affected() {
    let reason = |orders| {
        let page = OrdersPage::<SummaryView> { items: Vec::new(), next_cursor: None, stale: Some(Stale::list(orders)) };
        let body = body_of(&responses::uncached(&page).unwrap());
        assert_eq!(body["stale"], true);
        body["staleReason"].as_str().unwrap().to_owned()
    };
    let one = "One order is not shown as it is now, or not at all: a version of it could not be processed.";
    let three = "3 orders are not shown as they are now, or not at all: a version of each could not be processed.";
    assert_eq!((reason(1).as_str(), reason(3).as_str()), (one, three));
}

#[test]
fn time_travel_says_as_of_when() {
    let view = SummaryView { as_of: Some(at(INSTANT)), ..summary() };
    assert_eq!(body_of(&responses::order(&view, None).unwrap())["asOf"], "2026-11-21T09:30:00.123Z");
}

#[test]
fn the_last_page_has_no_cursor() {
    let page = OrdersPage { items: vec![summary()], next_cursor: None, stale: None };
    assert_eq!(body_of(&responses::uncached(&page).unwrap()).get("nextCursor"), None);
    let body = body_of(&responses::uncached(&events_page()).unwrap());
    assert_eq!(body["nextCursor"], "AAAA");
    assert_eq!(body["items"][0]["correlationId"], "c-1");
}

#[test]
fn an_event_by_staff_names_neither_the_person_nor_the_request() {
    let shown = serde_json::to_value(AuditEvent::by_staff(event())).unwrap();
    let mut wanted = serde_json::to_value(event()).unwrap();
    wanted["actor"] = json!("staff");
    assert_eq!(shown, wanted);
}

#[test]
fn a_summary_and_a_reply_are_read_off_the_order() {
    let commit = |version| EventRef { event_id: "6f1f6c2e-8a35-5d0b-9c55-0d8e6f3f4a21".parse().unwrap(), version };
    let read = |name, data| -> Event { stored::decode(name, 1, data).unwrap() };
    let placed = json!({ "customerId": "c-1", "currency": "EUR", "items": [{ "sku": "TEA", "name": "Earl Grey", "quantity": 3, "unitPrice": 999 }] });
    let order = evolve(Order::default(), &read("OrderPlaced", placed), commit(1));
    let order = evolve(order, &read("PaymentReceived", json!({ "paymentId": "p", "amount": 1000 })), commit(2));

    let order_id = OrderId::parse("o-1").unwrap();
    let view = SummaryView::of_order(&order_id, &order, at(INSTANT - 1_000), at(INSTANT), 3);
    assert_eq!(view, Some(summary()));
    assert_eq!(SummaryView::of_order(&order_id, &Order::default(), at(0), at(0), 0), None);

    let reply = CommandReply::of_order(order_id, &order, 3, Vec::new());
    assert_eq!((reply.status, reply.version), (OrderStatus::PartiallyPaid, 3));
}
