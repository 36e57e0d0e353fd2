//! Every route, called by every kind of caller.

use std::collections::BTreeSet;
use std::time::Duration;

use http_api::{ROUTES, Scope};
use local_stack::{LocalIssuer, Token};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::System;
use system_tests::api::{fresh_key, quoted, three_items};

/// The reply to a caller: the status and the problem's code, which is empty if the request is granted.
type Cell = (u16, &'static str);

const R200: Cell = (200, "");
const R201: Cell = (201, "");
const R401: Cell = (401, "unauthenticated");
/// The gateway rejects a missing or invalid token.
const G401: Cell = (401, "");
/// The gateway rejects a token without a scope of the route.
const G403: Cell = (403, "");
/// The request names another customer.
const F403: Cell = (403, "forbidden");
/// The function rejects a token without a scope of the route.
const S403: Cell = (403, "insufficient_scope");
/// The token has scopes of a customer and of a service.
const M403: Cell = (403, "mixed_scopes");
/// The caller may not set prices.
const P403: Cell = (403, "prices_not_trusted");
/// The caller may not set the reduction of the amount due.
const D403: Cell = (403, "reduction_not_allowed");
/// Another customer's order looks like an order that does not exist.
const R404: Cell = (404, "order_not_found");

/// The callers of a deployment with tokens: the columns of the matrix. All of them call for an order of Anna's.
const TOKENS: [(&str, &str, &str); 9] = [
    ("customer", "anna", "openid orders:read orders:place orders:cancel"),
    ("other customer", "bert", "openid orders:read orders:place orders:cancel"),
    ("shop", "shop", "orders:place-priced orders:read-all"),
    ("payment provider", "psp", "payments:write"),
    ("warehouse", "warehouse", "fulfillment:write"),
    ("support", "support", "orders:read-all"),
    ("admin", "desk", "orders:admin"),
    ("mixed token", "anna", "orders:read orders:place orders:cancel payments:write"),
    ("customer without a scope of ours", "anna", "openid profile orders:write"),
];

/// A route, a member of the body that requires its own permission, and the reply to each caller. Without `prices`, a new
/// order is placed from a quote.
type Row = (&'static str, &'static str, [Cell; TOKENS.len()]);

#[rustfmt::skip]
const MATRIX: [Row; 17] = [
    //                                                                      customer other shop  psp   wareh. supp. admin mixed none
    ("POST /orders",                                              "",          [R201, F403, R201, S403, S403, S403, R201, M403, S403]),
    ("POST /orders",                                              "prices",    [P403, P403, R201, S403, S403, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/payments",                           "",          [S403, S403, S403, R201, S403, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/payments/{paymentId}/corrections",   "",          [S403, S403, S403, R201, S403, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/refunds",                            "",          [S403, S403, S403, R201, S403, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/shipments",                          "",          [S403, S403, S403, S403, R201, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/shipments/{shipmentId}/delivery",    "",          [S403, S403, S403, S403, R201, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/returns",                            "",          [S403, S403, S403, S403, R201, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/item-cancellations",                 "",          [R201, R404, R201, S403, S403, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/item-cancellations",                 "reduction", [D403, D403, R201, S403, S403, S403, R201, M403, S403]),
    ("POST /orders/{orderId}/cancellation",                       "",          [R201, R404, R201, S403, S403, S403, R201, M403, S403]),
    ("GET /customers/{customerId}/orders",                        "",          [R200, F403, R200, S403, S403, R200, R200, M403, S403]),
    ("GET /customers/{customerId}/totals",                        "",          [R200, F403, R200, S403, S403, R200, R200, M403, S403]),
    ("GET /orders",                                               "",          [S403, S403, R200, S403, S403, R200, R200, M403, S403]),
    ("GET /orders/{orderId}",                                     "",          [R200, R404, R200, S403, S403, R200, R200, M403, S403]),
    ("GET /orders/{orderId}/events",                              "",          [R200, R404, R200, S403, S403, R200, R200, M403, S403]),
    ("GET /openapi.json",                                         "",          [R200, R200, R200, S403, S403, R200, R200, M403, S403]),
];

/// The identity that the test authorizer passes on (`system_tests::authorizer`); `None` for an unauthenticated request.
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

async fn call(system: &System, method: &Method, path: &str, who: &Identity, body: &Value) -> Cell {
    let key = fresh_key();
    let mut headers = vec![("idempotency-key", key.as_str())];
    headers.extend(who.as_ref().map(|(name, value)| (*name, value.as_str())));
    let sent = (*method == Method::POST).then(|| if body.is_null() { Vec::new() } else { body.to_string().into() });
    let reply = system.api.send(method.clone(), path, &headers, sent).await;
    let code = reply.body["code"].as_str().unwrap_or_default();
    let code = [R404, F403, S403, M403, P403, D403, R401].map(|(_, code)| code).into_iter().find(|it| *it == code);
    let is_gateways = reply.body["message"] == "Unauthorized" || reply.body["message"] == "Forbidden";
    assert!(code.is_some() || is_gateways || reply.status < 300, "{method} {path}: {}", reply.text);
    let is_challenged = [R401, S403, G401, G403].contains(&(reply.status, code.unwrap_or_default()));
    assert_eq!(reply.header("www-authenticate").is_some(), is_challenged, "{method} {path}: {}", reply.text);
    (reply.status, code.unwrap_or_default())
}

/// Orders of Anna's, each in a different state.
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
            let placed = system.api.place_with(&headers, quoted(three_items("anna"))).await.expect(201);
            let order = placed.body["orderId"].as_str().unwrap().to_owned();
            for (command, body) in &life[..steps] {
                assert_eq!(call(system, &Method::POST, &format!("/orders/{order}/{command}"), who, body).await, R201);
            }
            ids.push(order);
        }
        let [placed, paid, shipped, delivered] = ids.try_into().unwrap();
        Self { placed, paid, shipped, delivered }
    }

    /// Returns the order and the body for a route. The owner's order is in a state that allows the request.
    fn request(&self, route: &str, member: &str) -> (&str, Value) {
        let plate = json!([{ "sku": "plate", "quantity": 1 }]);
        match (route.rsplit('/').next().unwrap(), member) {
            ("payments", _) => (&self.placed, json!({ "paymentId": "p", "amount": 1 })),
            ("corrections", _) => (&self.paid, json!({ "correctionId": "c", "amount": 5_001, "reason": "miscounted" })),
            ("refunds", _) => (&self.delivered, json!({ "refundId": "r", "paymentId": "p", "amount": 1 })),
            ("shipments", _) => (&self.paid, json!({ "shipmentId": "s", "items": plate })),
            ("delivery", _) => (&self.shipped, Value::Null),
            ("returns", _) => (&self.delivered, json!({ "returnId": "r", "items": plate })),
            ("item-cancellations", "reduction") => {
                let mug = json!([{ "sku": "mug-blue", "quantity": 1 }]);
                let body = json!({ "cancellationId": "y", "items": mug, "reason": "sold out", "reduction": 1 });
                (&self.delivered, body)
            }
            ("item-cancellations", _) => {
                (&self.placed, json!({ "cancellationId": "x", "items": plate, "reason": "sold out" }))
            }
            ("cancellation", _) => (&self.placed, json!({ "reason": "changed my mind" })),
            (_, "prices") => (&self.placed, three_items("anna")),
            _ => (&self.placed, quoted(three_items("anna"))),
        }
    }
}

/// Asserts one column of the matrix: the reply to the caller on each route.
async fn assert_column(system: &System, trusted: &Identity, who: &Identity, cell: impl Fn(usize) -> Cell) {
    // Each column has its own orders, because the commands of one caller would change the replies to the next caller.
    let orders = Orders::prepare(system, trusted).await;
    for (row, (route, member, _)) in MATRIX.iter().enumerate() {
        let (order, body) = orders.request(route, member);
        let (method, template) = route.split_once(' ').unwrap();
        let path = template.replace("{orderId}", order).replace("{customerId}", "anna");
        let path = path.replace("{paymentId}", "p").replace("{shipmentId}", "s");
        let (wanted, before) = (cell(row), system.commits());
        let got = call(system, &method.parse().unwrap(), &path, who, &body).await;
        assert_eq!(got, wanted, "{route} {member} by {who:?}");
        assert_eq!(system.commits() - before, usize::from(wanted == R201), "{route} {member} by {who:?}");
    }
}

/// Returns the scopes that a row's route accepts, except the admin's.
fn accepted(row: usize) -> &'static [Scope] {
    ROUTES.iter().find(|route| route.key == MATRIX[row].0).unwrap().scopes
}

/// Returns the reply to a caller with all permissions.
fn granted(row: usize) -> Cell {
    if MATRIX[row].0.starts_with("POST ") { R201 } else { R200 }
}

#[test]
fn the_matrix_holds_every_route_once() {
    let plain = MATRIX.iter().filter(|(_, member, _)| member.is_empty());
    let rows: Vec<_> = plain.map(|(route, ..)| *route).collect();
    let routes: BTreeSet<_> = ROUTES.iter().map(|route| route.key).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), routes);
    assert_eq!(rows.len(), routes.len());
}

/// A token with a single scope has access to the routes that accept the scope, and to no other route.
#[tokio::test]
async fn each_scope_alone_opens_the_routes_that_accept_it() {
    let system = System::start_with_tokens().await;
    for scope in Scope::ALL {
        let is_accepted = |row| *scope == Scope::OrdersAdmin || accepted(row).contains(scope);
        let cell = |row: usize| match (MATRIX[row].1, scope) {
            ("prices", Scope::OrdersPlace) => P403,
            ("reduction", Scope::OrdersCancel) => D403,
            _ if is_accepted(row) => granted(row),
            _ => S403,
        };
        assert_column(&system, &admin(), &token("anna", scope.as_str()), cell).await;
    }
}

#[tokio::test]
async fn with_tokens_each_caller_gets_the_reply_of_the_matrix() {
    let system = System::start_with_tokens().await;
    for (column, (_, subject, scopes)) in TOKENS.iter().enumerate() {
        assert_column(&system, &admin(), &token(subject, scopes), |row| MATRIX[row].2[column]).await;
    }
    for stranger in [service(), None] {
        assert_column(&system, &admin(), &stranger, |_| R401).await;
    }
}

/// As in a deployment, the gateway checks a token before a function does.
#[tokio::test]
async fn with_real_tokens_each_caller_gets_the_reply_of_the_matrix() {
    let (system, issuer) = System::start_with_local_issuer().await;
    let bearer = |subject: &str, scope: &str, audience: &str| {
        let token = Token {
            subject: subject.to_owned(),
            scope: scope.to_owned(),
            audience: audience.to_owned(),
            lifetime: Duration::from_secs(3_600),
        };
        Some(("authorization", format!("Bearer {}", issuer.token(&token).unwrap())))
    };
    let admin = bearer("desk", Scope::OrdersAdmin.as_str(), LocalIssuer::AUDIENCE);
    for (column, (_, subject, scopes)) in TOKENS.iter().enumerate() {
        let has = |scope: &Scope| scopes.split(' ').any(|granted| granted == scope.as_str());
        let passes = |row| accepted(row).iter().chain([&Scope::OrdersAdmin]).any(has);
        let cell = |row: usize| if passes(row) { MATRIX[row].2[column] } else { G403 };
        assert_column(&system, &admin, &bearer(subject, scopes, LocalIssuer::AUDIENCE), cell).await;
    }
    for stranger in [bearer("desk", Scope::OrdersAdmin.as_str(), "another-api"), None] {
        assert_column(&system, &admin, &stranger, |_| G401).await;
    }
}

#[tokio::test]
async fn with_signatures_a_service_may_do_everything_and_a_token_nothing() {
    let system = System::start_with_signatures().await;
    assert_column(&system, &service(), &service(), granted).await;
    for stranger in [admin(), None] {
        assert_column(&system, &service(), &stranger, |_| R401).await;
    }
}

#[tokio::test]
async fn with_both_apis_tokens_get_the_reply_of_the_matrix() {
    let system = System::start_with_tokens_and_signatures().await;
    for (column, (_, subject, scopes)) in TOKENS.iter().enumerate() {
        assert_column(&system, &service(), &token(subject, scopes), |row| MATRIX[row].2[column]).await;
    }
    assert_column(&system, &service(), &service(), granted).await;
    assert_column(&system, &service(), &None, |_| R401).await;
}

#[tokio::test]
async fn without_authentication_every_caller_may_do_everything() {
    let system = System::start().await;
    assert_column(&system, &None, &None, granted).await;
}
