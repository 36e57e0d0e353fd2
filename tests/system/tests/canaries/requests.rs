//! Requests in which every free text is a canary.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::api::{fresh_key, quoted};
use system_tests::{Reply, System};

const CUSTOMER: &str = "canary-customer";
/// The headers of every request: a token's claims, as the authorizer passes them on, and headers that clients send.
pub(crate) const HEADERS: [(&str, &str); 6] = [
    (
        "x-test-claims",
        r#"{"sub":"canary-customer","scope":"orders:admin","email":"jane@canary.example","address":"Jane Canary, 1 Canary Row"}"#,
    ),
    ("authorization", "Bearer canary.token"),
    ("cookie", "session=canary-session"),
    ("user-agent", "canary-agent/1.0"),
    ("referer", "https://canary.example/basket"),
    ("x-api-key", "canary-api-key"),
];
/// The claims of a customer's token, which replace the claims above.
pub(crate) const CUSTOMERS: (&str, &str) = (
    "x-test-claims",
    r#"{"sub":"canary-customer","scope":"orders:read orders:place orders:cancel","email":"jane@canary.example"}"#,
);
const SKU: &str = "canary-sku";
const NAME: &str = "Canary cup, engraved for Jane";
const METHOD: &str = "canary card 4111 1111 1111 1111";
const CORRECTION: &str = "canary: wrong by one";
const CARRIER: &str = "Canary Post";
const TRACKING: &str = "1Z-CANARY-7";
const BROKEN: &str = "the canary on it was broken";
const SORRY: &str = "sorry, Ms. Canary";
/// The texts of the accepted commands.
pub(crate) const RECORDED: [&str; 8] = [SKU, NAME, METHOD, CORRECTION, CARRIER, TRACKING, BROKEN, SORRY];

/// Sends a request with all of these headers. If a name occurs twice, the last value applies.
async fn send(system: &System, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Reply {
    let headers: BTreeMap<_, _> = HEADERS.iter().chain(headers).copied().collect();
    system.api.send(method, path, &headers.into_iter().collect::<Vec<_>>(), body).await
}

async fn post(system: &System, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    let key = format!("canary-{}", fresh_key());
    let headers = [&[("idempotency-key", key.as_str())], headers].concat();
    send(system, Method::POST, path, &headers, Some(body.into())).await
}

pub(crate) async fn command(system: &System, path: &str, body: &Value) -> Reply {
    post(system, path, &[], body.to_string()).await
}

pub(crate) async fn get(system: &System, path: &str) -> Reply {
    send(system, Method::GET, path, &[], None).await
}

fn place(customer: &str) -> Value {
    let items = json!([{ "sku": SKU, "name": NAME, "quantity": 3, "unitPrice": 100 }]);
    json!({ "customerId": customer, "currency": "EUR", "items": items })
}

/// Runs an order's complete life, and returns its id.
pub(crate) async fn life(system: &System) -> String {
    let placed = command(system, "/orders", &place(CUSTOMER)).await.expect(201);
    let order = placed.body["orderId"].as_str().unwrap().to_owned();
    let one = json!([{ "sku": SKU, "quantity": 1 }]);
    for (route, body) in [
        ("payments", json!({ "paymentId": "canary-p", "amount": 299, "method": METHOD })),
        ("payments/canary-p/corrections", json!({ "correctionId": "canary-c", "amount": 300, "reason": CORRECTION })),
        (
            "shipments",
            json!({ "shipmentId": "canary-s", "items": one, "carrier": CARRIER, "trackingNumber": TRACKING }),
        ),
        ("shipments/canary-s/delivery", json!({})),
        ("returns", json!({ "returnId": "canary-r", "items": one, "reason": BROKEN })),
        ("refunds", json!({ "refundId": "canary-r", "paymentId": "canary-p", "amount": 1, "reason": SORRY })),
    ] {
        command(system, &format!("/orders/{order}/{route}"), &body).await.expect(201);
    }
    let placed = command(system, "/orders", &place(CUSTOMER)).await.expect(201);
    let cancel = format!("/orders/{}/cancellation", placed.body["orderId"].as_str().unwrap());
    command(system, &cancel, &json!({ "reason": SORRY })).await.expect(201);
    order
}

/// Sends commands that are rejected, each for a different reason.
pub(crate) async fn refusals(system: &System, order: &str) {
    let wrong = json!({ "canary": "canary", "customerId": ["canary"], "currency": "canary", "items": "canary" });
    let unfit = json!({ "customerId": "jane@canary.example", "currency": "CAN", "items": [{ "sku": "canary mug" }] });
    for (body, status) in [
        (br#"{"customerId":"canary"#.to_vec(), 400),
        (b"canary \xff\xfe".to_vec(), 400),
        (br#""canary""#.to_vec(), 400),
        (wrong.to_string().into(), 400),
        (unfit.to_string().into(), 400),
        (json!({ "customerId": "canary".repeat(50_000) }).to_string().into(), 413),
        (json!({ "quote": "canary" }).to_string().into(), 400),
        (
            json!({ "quote": format!("{}AA", quoted(place(CUSTOMER))["quote"].as_str().unwrap()) }).to_string().into(),
            422,
        ),
    ] {
        post(system, "/orders", &[], body).await.expect(status);
    }
    for body in [place(CUSTOMER), place("canary-neighbour")] {
        post(system, "/orders", &[CUSTOMERS], body.to_string()).await.expect(403);
    }

    let payments = format!("/orders/{order}/payments");
    let payment = |id: &str| json!({ "paymentId": id, "amount": 1, "method": "canary cash" }).to_string();
    let key = ("idempotency-key", "canary-key-twice");
    post(system, &payments, &[key], payment("canary-1")).await.expect(201);
    post(system, &payments, &[key], payment("canary-1")).await.expect(201);
    for (header, body, status) in [
        (key, payment("canary-2"), 422),
        (("idempotency-key", "canary key"), payment("canary-2"), 400),
        (("if-match", "\"1\""), payment("canary-2"), 412),
        (("if-match", "\"canary\""), payment("canary-2"), 412),
        (("if-match", "canary"), payment("canary-2"), 400),
        (
            ("x-test-claims", r#"{"sub":"canary","scope":"canary:read","email":"jane@canary.example"}"#),
            "canary".into(),
            403,
        ),
        (("x-test-claims", r#"{"email":"jane@canary.example"}"#), "canary".into(), 401),
    ] {
        post(system, &payments, &[header], body).await.expect(status);
    }
    command(system, "/orders/jane%20canary/payments", &json!({})).await.expect(400);
    let too_many = json!({ "shipmentId": "canary-9", "items": [{ "sku": SKU, "quantity": 1_000 }] });
    command(system, &format!("/orders/{order}/shipments"), &too_many).await.expect(409);
    command(system, &format!("/orders/{order}/cancellation"), &json!({ "reason": "canary" })).await.expect(409);
}

/// Sends valid and invalid queries.
pub(crate) async fn queries(system: &System, order: &str) {
    let of_order = ["", "?minVersion=2", "?version=2", "?asOf=2100-01-01T00:00:00Z", "/events", "/events?limit=2"];
    for query in of_order {
        get(system, &format!("/orders/{order}{query}")).await.expect(200);
    }
    for query in ["?version=canary", "?asOf=canary", "?canary=jane%40canary.example", "/events?cursor=canary"] {
        get(system, &format!("/orders/{order}{query}")).await.expect(400);
    }
    for (query, status) in
        [("orders", 200), ("totals", 200), ("orders?status=canary", 400), ("orders?cursor=canary", 400)]
    {
        get(system, &format!("/customers/{CUSTOMER}/{query}")).await.expect(status);
    }
    send(system, Method::GET, "/customers/canary-neighbour/orders", &[CUSTOMERS], None).await.expect(403);
    get(system, "/orders/jane%20canary").await.expect(400);
}
