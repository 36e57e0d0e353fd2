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
/// The total of an order with five units of its first line.
pub(crate) const TOTAL: u64 = 800;

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
    /// True if it has shipping, tax and a discount, which leave its total as it is.
    pub has_charges: bool,
    /// True if it has the shop's own number and notes.
    pub has_notes: bool,
}

impl NewOrder {
    /// An order of somebody: mostly of the first customer in the first currency, so that some meet in one sum.
    pub(crate) fn drawn(id: String, key: String, random: &mut Rng) -> Self {
        let mut one_of = |two: [&'static str; 2]| two[usize::from(random.u8(0..3) == 0)];
        let (customer, currency) = (one_of(CUSTOMERS), one_of(CURRENCIES));
        Self { id, key, customer, currency, has_charges: random.bool(), has_notes: random.bool() }
    }
}

impl Command {
    /// Places an order: four units of one line, and `quantity` units of the other.
    #[must_use]
    pub fn place(order: &NewOrder, quantity: u64) -> Self {
        let items = json!([
            { "sku": "A", "quantity": quantity, "unitPrice": 60 },
            { "sku": "B", "quantity": 4, "unitPrice": 125 },
        ]);
        let mut body = json!({ "customerId": order.customer, "currency": order.currency, "items": items });
        if order.has_charges {
            body["shipping"] = json!(60);
            body["tax"] = json!(20);
            body["discount"] = json!(80);
        }
        if order.has_notes {
            body["reference"] = json!("shop #1");
            body["metadata"] = json!({ "channel": "web", "wrapping": "紙" });
        }
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

    /// The same under another key, the lines in another order; nothing where the key names the order.
    #[must_use]
    pub(crate) fn under_another_key(&self, key: String) -> Option<Self> {
        if self.path == "/orders" {
            return None;
        }
        let mut again = Self { key, if_match: None, ..self.clone() };
        if let Some(lines) = again.body.get_mut("items").and_then(Value::as_array_mut) {
            lines.reverse();
        }
        Some(again)
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
