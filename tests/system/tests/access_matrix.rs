//! Every route, called by every kind of caller.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use http_api::{ROUTES, Scope};
use local_stack::{LocalIssuer, Token};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use system_tests::System;
use system_tests::api::{fresh_key, quoted};

/// The reply to a caller: the status and the problem's code, which is empty if the request is granted.
pub(crate) type Cell = (u16, &'static str);

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

/// The column of a customer who does not own the order.
pub(crate) const OTHER_CUSTOMER: usize = 1;

/// A row of the matrix in `tests/access_matrix.json`, which the deployment test reads too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) route: String,
    /// The member of the body that requires its own permission. Without `prices`, a new order is placed from a quote.
    #[serde(default)]
    member: String,
    /// The replies to the callers, in their order, as names of cells.
    replies: String,
    /// The number of steps of its life that the order has gone through, so that its state allows the request.
    #[serde(default)]
    steps: usize,
    #[serde(default)]
    pub(crate) body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    callers: Vec<String>,
    /// The rows, in the order in which an order accepts the commands: rows with the same `steps` share an order.
    rows: Vec<Row>,
}

static MATRIX: LazyLock<Matrix> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../access_matrix.json")).unwrap());

/// The life of an order: its routes, step by step.
const LIFE: [&str; 3] = [
    "POST /orders/{orderId}/payments",
    "POST /orders/{orderId}/shipments",
    "POST /orders/{orderId}/shipments/{shipmentId}/delivery",
];

impl Row {
    /// Returns the reply to a caller of [`TOKENS`].
    pub(crate) fn cell(&self, column: usize) -> Cell {
        // The last caller of TOKENS is not in the file: it has no scope of ours.
        if column == MATRIX.callers.len() {
            return S403;
        }
        match self.replies.split(' ').nth(column).unwrap() {
            "R200" => R200,
            "R201" => R201,
            "F403" => F403,
            "M403" => M403,
            "P403" => P403,
            "D403" => D403,
            "R404" => R404,
            "S403" => S403,
            unknown => panic!("{unknown} is not a reply"),
        }
    }

    /// Returns the scopes that the route accepts, except the admin's.
    fn accepted(&self) -> &'static [Scope] {
        ROUTES.iter().find(|route| route.key == self.route).unwrap().scopes
    }

    /// Returns the reply to a caller with all permissions.
    fn granted(&self) -> Cell {
        if self.route.starts_with("POST ") { R201 } else { R200 }
    }

    /// Returns the body of the request.
    fn body(&self) -> Value {
        match (self.route.as_str(), self.member.as_str()) {
            ("POST /orders", "prices") => three_teas(),
            ("POST /orders", _) => quoted(three_teas()),
            _ => self.body.clone(),
        }
    }
}

/// Returns the rows of the commands on an existing order.
pub(crate) fn commands() -> impl Iterator<Item = &'static Row> {
    MATRIX.rows.iter().filter(|row| row.member.is_empty() && row.route.starts_with("POST /orders/{orderId}/"))
}

/// Returns the row of a route without a special member.
pub(crate) fn row_of(route: &str) -> &'static Row {
    MATRIX.rows.iter().find(|row| row.route == route && row.member.is_empty()).unwrap()
}

/// Returns the order that the bodies in the file are about: 3 x 999.
pub(crate) fn three_teas() -> Value {
    let items = json!([{ "sku": "TEA-500", "quantity": 3, "unitPrice": 999 }]);
    json!({ "customerId": "anna", "currency": "EUR", "items": items })
}

/// Returns method and path of a route for an order of Anna's.
pub(crate) fn request(route: &str, order: &str) -> (Method, String) {
    let (method, template) = route.split_once(' ').unwrap();
    let path = template.replace("{orderId}", order).replace("{customerId}", "anna");
    (method.parse().unwrap(), path.replace("{paymentId}", "pay-1").replace("{shipmentId}", "ship-1"))
}

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

/// Places orders of Anna's, and returns them by the number of steps that each has gone through.
async fn prepare(system: &System, who: &Identity) -> Vec<String> {
    let mut orders = Vec::new();
    for steps in 0..=LIFE.len() {
        let headers: Vec<_> = who.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let placed = system.api.place_with(&headers, quoted(three_teas())).await.expect(201);
        let order = placed.body["orderId"].as_str().unwrap().to_owned();
        for route in &LIFE[..steps] {
            let (method, path) = request(route, &order);
            assert_eq!(call(system, &method, &path, who, &row_of(route).body).await, R201);
        }
        orders.push(order);
    }
    orders
}

/// Asserts one column of the matrix: the reply to the caller on each route.
async fn assert_column(system: &System, trusted: &Identity, who: &Identity, cell: impl Fn(&Row) -> Cell) {
    // Each column has its own orders, because the commands of one caller would change the replies to the next caller.
    let orders = prepare(system, trusted).await;
    for row in &MATRIX.rows {
        let Row { route, member, .. } = row;
        let (method, path) = request(route, &orders[row.steps]);
        let (wanted, before) = (cell(row), system.commits());
        let got = call(system, &method, &path, who, &row.body()).await;
        assert_eq!(got, wanted, "{route} {member} by {who:?}");
        assert_eq!(system.commits() - before, usize::from(wanted == R201), "{route} {member} by {who:?}");
    }
}

#[test]
fn the_matrix_holds_every_route_once() {
    let plain = MATRIX.rows.iter().filter(|row| row.member.is_empty());
    let rows: Vec<_> = plain.map(|row| row.route.as_str()).collect();
    let routes: BTreeSet<_> = ROUTES.iter().map(|route| route.key).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), routes);
    assert_eq!(rows.len(), routes.len());
}

#[test]
fn each_row_has_a_reply_for_each_caller() {
    let callers = TOKENS.map(|(name, ..)| name);
    assert_eq!(MATRIX.callers, callers[..callers.len() - 1]);
    for row in &MATRIX.rows {
        assert_eq!(row.replies.split(' ').count(), MATRIX.callers.len(), "{}", row.route);
    }
}

/// A token with a single scope has access to the routes that accept the scope, and to no other route.
#[tokio::test]
async fn each_scope_alone_opens_the_routes_that_accept_it() {
    let system = System::start_with_tokens().await;
    for scope in Scope::ALL {
        let is_accepted = |row: &Row| *scope == Scope::OrdersAdmin || row.accepted().contains(scope);
        let cell = |row: &Row| match (row.member.as_str(), scope) {
            ("prices", Scope::OrdersPlace) => P403,
            ("reduction", Scope::OrdersCancel) => D403,
            _ if is_accepted(row) => row.granted(),
            _ => S403,
        };
        assert_column(&system, &admin(), &token("anna", scope.as_str()), cell).await;
    }
}

#[tokio::test]
async fn with_tokens_each_caller_gets_the_reply_of_the_matrix() {
    let system = System::start_with_tokens().await;
    for (column, (_, subject, scopes)) in TOKENS.iter().enumerate() {
        assert_column(&system, &admin(), &token(subject, scopes), |row| row.cell(column)).await;
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
        let passes = |row: &Row| row.accepted().iter().chain([&Scope::OrdersAdmin]).any(has);
        let cell = |row: &Row| if passes(row) { row.cell(column) } else { G403 };
        assert_column(&system, &admin, &bearer(subject, scopes, LocalIssuer::AUDIENCE), cell).await;
    }
    for stranger in [bearer("desk", Scope::OrdersAdmin.as_str(), "another-api"), None] {
        assert_column(&system, &admin, &stranger, |_| G401).await;
    }
}

#[tokio::test]
async fn with_signatures_a_service_may_do_everything_and_a_token_nothing() {
    let system = System::start_with_signatures().await;
    assert_column(&system, &service(), &service(), Row::granted).await;
    for stranger in [admin(), None] {
        assert_column(&system, &service(), &stranger, |_| R401).await;
    }
}

#[tokio::test]
async fn with_both_apis_tokens_get_the_reply_of_the_matrix() {
    let system = System::start_with_tokens_and_signatures().await;
    for (column, (_, subject, scopes)) in TOKENS.iter().enumerate() {
        assert_column(&system, &service(), &token(subject, scopes), |row| row.cell(column)).await;
    }
    assert_column(&system, &service(), &service(), Row::granted).await;
    assert_column(&system, &service(), &None, |_| R401).await;
}

#[tokio::test]
async fn without_authentication_every_caller_may_do_everything() {
    let system = System::start().await;
    assert_column(&system, &None, &None, Row::granted).await;
}
