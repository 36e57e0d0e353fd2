//! Who may do what: every route, called by everybody.

use std::collections::BTreeSet;

use http_api::{CommandRoute, QueryRoute, Scope};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::System;
use system_tests::api::{fresh_key, three_items};

/// What a caller gets: the status and the problem's code, which is empty where the request is granted.
type Cell = (u16, &'static str);

const R200: Cell = (200, "");
const R201: Cell = (201, "");
const R401: Cell = (401, "unauthenticated");
/// The request names a customer, and it is another.
const F403: Cell = (403, "forbidden");
/// The token is for something else.
const S403: Cell = (403, "insufficient_scope");
/// Another customer's order is as unknown as one that does not exist.
const R404: Cell = (404, "order_not_found");

/// A route, the scope that it asks of a token, and what each caller gets who calls it for an order of Anna's: in a deployment
/// with tokens, the owner, another customer, an admin, the owner without the scope, a service, nobody; in one with signatures, a
/// service, an admin's token, nobody; in one without authentication, anybody.
type Row = (&'static str, &'static str, [Cell; 6], [Cell; 3], Cell);

#[rustfmt::skip]
const MATRIX: [Row; 14] = [
    ("POST /orders",                                            "orders:write",      [R201, F403, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/payments",                         "payments:write",    [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/payments/{paymentId}/corrections", "payments:write",    [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/refunds",                          "payments:write",    [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/shipments",                        "fulfillment:write", [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/shipments/{shipmentId}/delivery",  "fulfillment:write", [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/returns",                          "fulfillment:write", [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/item-cancellations",               "orders:write",      [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("POST /orders/{orderId}/cancellation",                     "orders:write",      [R201, R404, R201, S403, R401, R401], [R201, R401, R401], R201),
    ("GET /customers/{customerId}/orders",                      "orders:read",       [R200, F403, R200, S403, R401, R401], [R200, R401, R401], R200),
    ("GET /customers/{customerId}/totals",                      "orders:read",       [R200, F403, R200, S403, R401, R401], [R200, R401, R401], R200),
    ("GET /orders/{orderId}",                                   "orders:read",       [R200, R404, R200, S403, R401, R401], [R200, R401, R401], R200),
    ("GET /orders/{orderId}/events",                            "orders:read",       [R200, R404, R200, S403, R401, R401], [R200, R401, R401], R200),
    ("GET /openapi.json",                                       "orders:read",       [R200, R200, R200, S403, R401, R401], [R200, R401, R401], R200),
];

/// What the authorizer in front passes on (`system_tests::authorizer`); nothing where it authenticated nobody.
type Identity = Option<(&'static str, String)>;

fn token(subject: &str, scope: &str) -> Identity {
    Some(("x-test-claims", json!({ "sub": subject, "scope": scope }).to_string()))
}

fn admin() -> Identity {
    token("desk", Scope::OrdersAdmin.as_str())
}

fn service() -> Identity {
    Some(("x-test-user-arn", "arn:aws:iam::123456789012:user/shop".to_owned()))
}

/// The callers of a deployment with tokens, as the columns have them: each token has what the route asks for and no more, and
/// one has everything but that.
fn with_tokens(scope: &str) -> [Identity; 6] {
    let others = Scope::ALL.iter().filter(|it| it.as_str() != scope && **it != Scope::OrdersAdmin);
    let others: Vec<_> = others.map(|scope| scope.as_str()).collect();
    [token("anna", scope), token("bert", scope), admin(), token("anna", &others.join(" ")), service(), None]
}

/// The callers of a deployment with signatures.
fn with_signatures(_: &str) -> [Identity; 3] {
    [service(), admin(), None]
}

/// The callers of a deployment without authentication.
fn with_nothing(_: &str) -> [Identity; 1] {
    [None]
}

async fn call(system: &System, method: &Method, path: &str, who: &Identity, body: &Value) -> Cell {
    let key = fresh_key();
    let mut headers = vec![("idempotency-key", key.as_str())];
    headers.extend(who.as_ref().map(|(name, value)| (*name, value.as_str())));
    let sent = (*method == Method::POST).then(|| if body.is_null() { Vec::new() } else { body.to_string().into() });
    let reply = system.api.send(method.clone(), path, &headers, sent).await;
    let code = reply.body["code"].as_str().unwrap_or_default();
    let code = [R404, F403, S403, R401].map(|(_, code)| code).into_iter().find(|it| *it == code);
    assert!(code.is_some() || reply.status < 300, "{method} {path}: {}", reply.text);
    let is_challenged = [R401, S403].contains(&(reply.status, code.unwrap_or_default()));
    assert_eq!(reply.header("www-authenticate").is_some(), is_challenged, "{method} {path}: {}", reply.text);
    (reply.status, code.unwrap_or_default())
}

/// Orders of Anna's, each at a point of its life.
struct Orders {
    placed: String,
    paid: String,
    shipped: String,
    delivered: String,
}

impl Orders {
    async fn prepare(system: &System, who: &Identity) -> Self {
        let mut ids = Vec::new();
        let life = [
            ("payments", json!({ "paymentId": "p", "amount": 5_000 })),
            ("shipments", json!({ "shipmentId": "s", "items": [{ "sku": "plate", "quantity": 1 }] })),
            ("shipments/s/delivery", Value::Null),
        ];
        for steps in 0..=life.len() {
            let headers: Vec<_> = who.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let placed = system.api.place_with(&headers, three_items("anna")).await.expect(201);
            let order = placed.body["orderId"].as_str().unwrap().to_owned();
            for (command, body) in &life[..steps] {
                assert_eq!(call(system, &Method::POST, &format!("/orders/{order}/{command}"), who, body).await, R201);
            }
            ids.push(order);
        }
        let [placed, paid, shipped, delivered] = ids.try_into().unwrap();
        Self { placed, paid, shipped, delivered }
    }

    /// The order that a route is called for, and the body: a request that its owner's order allows.
    fn request(&self, route: &str) -> (&str, Value) {
        let plate = json!([{ "sku": "plate", "quantity": 1 }]);
        match route.rsplit('/').next().unwrap() {
            "payments" => (&self.placed, json!({ "paymentId": "p", "amount": 1 })),
            "corrections" => (&self.paid, json!({ "correctionId": "c", "amount": 5_001, "reason": "miscounted" })),
            "refunds" => (&self.delivered, json!({ "refundId": "r", "paymentId": "p", "amount": 1 })),
            "shipments" => (&self.paid, json!({ "shipmentId": "s", "items": plate })),
            "delivery" => (&self.shipped, Value::Null),
            "returns" => (&self.delivered, json!({ "returnId": "r", "items": plate })),
            "item-cancellations" => {
                (&self.placed, json!({ "cancellationId": "x", "items": plate, "reason": "sold out" }))
            }
            "cancellation" => (&self.placed, json!({ "reason": "changed my mind" })),
            _ => (&self.placed, three_items("anna")),
        }
    }
}

/// Holds every cell of one deployment's part of the matrix.
async fn assert_cells<const N: usize>(
    system: &System,
    callers: fn(&str) -> [Identity; N],
    trusted: &Identity,
    cells: fn(&Row) -> [Cell; N],
) {
    for column in 0..N {
        // What one caller does must not be what the next may not do any more.
        let orders = Orders::prepare(system, trusted).await;
        for row in &MATRIX {
            let (route, scope, ..) = row;
            let (who, wanted) = (&callers(scope)[column], cells(row)[column]);
            let (order, body) = orders.request(route);
            let (method, template) = route.split_once(' ').unwrap();
            let path = template.replace("{orderId}", order).replace("{customerId}", "anna");
            let path = path.replace("{paymentId}", "p").replace("{shipmentId}", "s");
            let before = system.commits();
            let got = call(system, &method.parse().unwrap(), &path, who, &body).await;
            assert_eq!(got, wanted, "{route} by {who:?}");
            assert_eq!(system.commits() - before, usize::from(wanted == R201), "{route} by {who:?}");
        }
    }
}

#[test]
fn the_matrix_holds_every_route_once() {
    let rows: Vec<_> = MATRIX.iter().map(|(route, ..)| *route).collect();
    let commands = CommandRoute::ALL.iter().map(|route| route.key());
    let routes: BTreeSet<_> = commands.chain(QueryRoute::ALL.iter().map(|route| route.key())).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), routes);
    assert_eq!(rows.len(), routes.len());
}

#[tokio::test]
async fn with_tokens_everybody_gets_what_the_matrix_says() {
    let system = System::start_with_tokens().await;
    assert_cells(&system, with_tokens, &admin(), |(_, _, tokens, ..)| *tokens).await;
}

#[tokio::test]
async fn with_signatures_everybody_gets_what_the_matrix_says() {
    let system = System::start_with_signatures().await;
    assert_cells(&system, with_signatures, &service(), |(_, _, _, signatures, _)| *signatures).await;
}

#[tokio::test]
async fn without_authentication_anybody_gets_what_the_matrix_says() {
    let system = System::start().await;
    assert_cells(&system, with_nothing, &None, |(.., anybody)| [*anybody]).await;
}
