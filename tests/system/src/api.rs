//! An HTTP client for the API. Every reply is checked against `docs/openapi.json` before a test sees it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use signed_quotes::{DEMO_AUDIENCE, QuoteSigner};

use crate::contract;

#[derive(Clone)]
pub struct Api {
    base: String,
    client: reqwest::Client,
    /// The token that every request sends.
    bearer: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON; null if there is none.
    pub body: Value,
}

impl Reply {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts a problem of this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn version(&self) -> u64 {
        self.body["version"].as_u64().unwrap()
    }
}

/// Returns an idempotency key that no other request of this run uses.
pub fn fresh_key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("key-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Api {
    pub fn new(base: String) -> Self {
        Self { base, client: reqwest::Client::new(), bearer: None }
    }

    /// Returns a client that sends this token.
    pub fn with_bearer(&self, token: String) -> Self {
        Self { bearer: Some(token), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(Method::GET, path, headers, None).await
    }

    /// Posts with a fresh idempotency key.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_with(path, &[("idempotency-key", &fresh_key())], body).await
    }

    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(Method::POST, path, headers, Some(body)).await
    }

    /// Places an order with a fresh idempotency key and these additional headers.
    pub async fn place_with(&self, headers: &[(&str, &str)], body: Value) -> Reply {
        let key = fresh_key();
        self.post_with("/orders", &[headers, &[("idempotency-key", key.as_str())]].concat(), body).await
    }

    /// Posts a body of arbitrary bytes.
    pub async fn post_raw(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.send(Method::POST, path, &[("idempotency-key", &fresh_key())], Some(body.into())).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Reply {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// Sends a request. Returns the reply only if it arrived completely.
    async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> reqwest::Result<Reply> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        let reply = Reply { status, headers, text, body };
        contract::check(method.as_str(), path, &reply);
        Ok(reply)
    }

    /// Places an order of three items for a customer, 5,000 in total, and returns its id.
    pub async fn place(&self, customer: &str) -> String {
        let reply = self.post("/orders", three_items(customer)).await.expect(201);
        reply.body["orderId"].as_str().unwrap().to_owned()
    }

    /// Posts to a service that may have stopped. Returns the reply only if it arrived completely.
    pub async fn try_post(&self, path: &str, body: Value) -> Option<Reply> {
        let key = fresh_key();
        let headers = [("idempotency-key", key.as_str())];
        self.try_send(Method::POST, path, &headers, Some(body.to_string().into_bytes())).await.ok()
    }

    pub async fn pay(&self, order: &str, payment: &str, amount: u64) -> Reply {
        self.post(&format!("/orders/{order}/payments"), json!({ "paymentId": payment, "amount": amount })).await
    }

    pub async fn ship(&self, order: &str, shipment: &str, items: &[(&str, u32)]) -> Reply {
        let body = json!({ "shipmentId": shipment, "items": quantities(items) });
        self.post(&format!("/orders/{order}/shipments"), body).await
    }
}

/// Returns an order of three items: 2 x 1,500 + 1 x 1,000 + 4 x 100, shipping 500, tax 200, discount 100: 5,000 in total.
pub fn three_items(customer: &str) -> Value {
    json!({
        "customerId": customer,
        "currency": "EUR",
        "items": [
            { "sku": "mug-blue", "name": "Mug, blue", "quantity": 2, "unitPrice": 1500 },
            { "sku": "plate", "quantity": 1, "unitPrice": 1000 },
            { "sku": "spoon-tea", "name": "Teaspoon", "quantity": 4, "unitPrice": 100 },
        ],
        "shipping": 500, "tax": 200, "discount": 100,
    })
}

/// Returns the request that a customer sends for an order: a new quote with its prices, signed with the demo key.
pub fn quoted(order: Value) -> Value {
    let mut claims = order;
    let envelope = json!({ "aud": DEMO_AUDIENCE, "exp": 4_102_444_800_u64, "jti": fresh_key() });
    claims.as_object_mut().unwrap().extend(envelope.as_object().unwrap().clone());
    json!({ "quote": QuoteSigner::demo().unwrap().sign(&claims) })
}

pub fn quantities(items: &[(&str, u32)]) -> Value {
    items.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect()
}
