//! Commands as clients send them, and as API Gateway hands them on.

use fastrand::Rng;
use lambda_http::Request;
use serde_json::{Value, json};

/// A request of a client. Sent again, it is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The order it is about; of `POST /orders` the order that it makes.
    pub order: String,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// The path of its route.
    pub path: String,
    /// Its body; null where it has none.
    pub body: Value,
    /// Its `If-Match`: the version at which it may be done.
    pub if_match: Option<u64>,
}

/// Whose orders they are.
pub(crate) const CUSTOMERS: [&str; 2] = ["anna", "bert"];
/// What they pay in.
const CURRENCIES: [&str; 2] = ["EUR", "USD"];
/// The ids of payments, shipments and so on come from a few, so that commands meet.
const NAMES: [&str; 3] = ["1", "2", "3"];
/// Beside the total of an order, 800.
const AMOUNTS: [u64; 5] = [100, 300, 400, 800, 900];

/// An order that is to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Its id.
    pub id: String,
    /// The key of the request that places it.
    pub key: String,
    /// Whose it is.
    pub customer: &'static str,
    /// The code of its currency.
    pub currency: &'static str,
}

impl NewOrder {
    /// An order of somebody: mostly of the first customer in the first currency, so that some meet in one sum.
    pub(crate) fn drawn(id: String, key: String, random: &mut Rng) -> Self {
        let mut one_of = |two: [&'static str; 2]| two[usize::from(random.u8(0..3) == 0)];
        Self { id, key, customer: one_of(CUSTOMERS), currency: one_of(CURRENCIES) }
    }
}

impl Command {
    /// Places an order, for 500 minor units and 100 for each of `quantity`.
    #[must_use]
    pub fn place(order: &NewOrder, quantity: u64) -> Self {
        let items = json!([
            { "sku": "A", "quantity": quantity, "unitPrice": 100 },
            { "sku": "B", "quantity": 2, "unitPrice": 250 },
        ]);
        let body = json!({ "customerId": order.customer, "currency": order.currency, "items": items });
        Self { order: order.id.clone(), key: order.key.clone(), path: "/orders".to_owned(), body, if_match: None }
    }

    /// The same key with a body that asks for something else; the same command where there is nothing to change.
    #[must_use]
    pub(crate) fn with_another_body(&self) -> Self {
        let mut other = self.clone();
        if let Some(quantity) = other.body["items"][0]["quantity"].as_u64() {
            other.body["items"][0]["quantity"] = json!(quantity + 1);
        } else if let Some(amount) = other.body["amount"].as_u64() {
            other.body["amount"] = json!(amount + 1);
        } else if other.body["reason"].is_string() {
            other.body["reason"] = json!("another reason");
        }
        other
    }

    /// Something to do with an order: what the domain says to it depends on what came before.
    pub(crate) fn random(order: &str, key: String, random: &mut Rng) -> Self {
        let name = |random: &mut Rng| random.choice(NAMES).unwrap_or_default();
        let amount = random.choice(AMOUNTS).unwrap_or_default();
        let units = |random: &mut Rng| {
            let sku = if random.bool() { "A" } else { "B" };
            json!([{ "sku": sku, "quantity": random.u64(1..=2) }])
        };
        let (path, body) = match random.u8(0..16) {
            0..=5 => ("payments".to_owned(), json!({ "paymentId": name(random), "amount": amount })),
            6 => (
                format!("payments/{}/corrections", name(random)),
                json!({ "amount": amount, "reason": "bank statement" }),
            ),
            7 => ("refunds".to_owned(), {
                json!({ "refundId": name(random), "paymentId": name(random), "amount": amount })
            }),
            8..=11 => ("shipments".to_owned(), json!({ "shipmentId": name(random), "items": units(random) })),
            12 | 13 => (format!("shipments/{}/delivery", name(random)), Value::Null),
            14 => ("returns".to_owned(), json!({ "returnId": name(random), "items": units(random) })),
            _ => ("cancellation".to_owned(), json!({ "reason": "ordered twice" })),
        };
        // The client guesses: what it knows has mostly passed anyway, where several work on one order.
        let if_match = (random.u8(0..10) == 0).then(|| random.u64(1..=9));
        Self { order: order.to_owned(), key, path: format!("/orders/{order}/{path}"), body, if_match }
    }

    /// The request as it reaches the function, under the gateway's id `request_id`.
    ///
    /// # Errors
    /// When it is no request that `lambda_http` can read.
    pub(crate) fn request(&self, request_id: &str) -> Result<Request, serde_json::Error> {
        let segments: Vec<&str> = self.path.split('/').skip(1).collect();
        let template: Vec<&str> = match segments[..] {
            ["orders", _, "payments", _, last] => vec!["orders", "{orderId}", "payments", "{paymentId}", last],
            ["orders", _, "shipments", _, last] => vec!["orders", "{orderId}", "shipments", "{shipmentId}", last],
            ["orders", _, last] => vec!["orders", "{orderId}", last],
            _ => segments.clone(),
        };
        let route = format!("POST /{}", template.join("/"));
        let parameters = template.iter().zip(&segments).filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some((name.to_owned(), Value::from(*value)))
        });
        let mut headers = json!({ "content-type": "application/json", "idempotency-key": self.key });
        if let Some(version) = self.if_match {
            headers["if-match"] = format!("\"{version}\"").into();
        }
        let body = if self.body.is_null() { Value::Null } else { Value::from(self.body.to_string()) };
        let payload = json!({
            "version": "2.0", "routeKey": route, "rawPath": self.path, "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "requestId": request_id, "routeKey": route, "stage": "$default", "timeEpoch": 0,
                "http": { "method": "POST", "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
            },
            "pathParameters": parameters.collect::<serde_json::Map<_, _>>(),
            "body": body, "isBase64Encoded": false,
        });
        lambda_http::request::from_str(&payload.to_string())
    }
}
