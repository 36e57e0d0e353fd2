//! A relay to an AWS service on loopback that records each call and the tables or entries that it names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

/// A running relay. Dropping it stops the acceptance of connections.
pub struct Relay {
    endpoint: String,
    seen: Arc<Mutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Upstream {
    client: reqwest::Client,
    to: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Starts a relay to an endpoint such as `http://127.0.0.1:8000`.
    pub async fn to(endpoint: &str) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(embedded_dynamodb::ANY_PORT).await?;
        let relay = format!("http://{}", listener.local_addr()?);
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let client = reqwest::Client::builder().no_proxy().build().map_err(std::io::Error::other)?;
        let upstream = Upstream { client, to: endpoint.to_owned(), seen: Arc::clone(&seen) };
        let routes = Router::new().fallback(pass).with_state(upstream);
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Ok(Self { endpoint: relay, seen, server })
    }

    /// Returns the address of the relay.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the calls since the last call of this function, in the order of arrival.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn pass(
    State(upstream): State<Upstream>,
    method: Method,
    mut headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, HeaderMap, Bytes), StatusCode> {
    // `DynamoDB_20120810.Query`, `AWSEvents.PutEvents`
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let call = format!("{operation} {}", subject(&serde_json::from_slice(&body).unwrap_or_default()));
    upstream.seen.lock().unwrap().push(call.trim().to_owned());
    // The local services accept only their own address as `Host`.
    headers.remove(HOST);
    let answer = upstream.client.request(method, &upstream.to).headers(headers).body(body).send().await;
    let answer = answer.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok((status, headers, answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?))
}

/// Returns the subject of a call: a table or its index, or the number of items or entries, as in `Table * 2`.
fn subject(request: &Value) -> String {
    if let Some(table) = request["TableName"].as_str() {
        return request["IndexName"].as_str().map_or_else(|| table.to_owned(), |index| format!("{table}/{index}"));
    }
    let mut items = BTreeMap::<&str, usize>::new();
    for (table, keys) in request["RequestItems"].as_object().into_iter().flatten() {
        *items.entry(table).or_default() += keys["Keys"].as_array().map_or(0, Vec::len);
    }
    if let Some(entries) = request["Entries"].as_array() {
        items.insert("entries", entries.len());
    }
    let items: Vec<_> = items.into_iter().map(|(of, count)| format!("{of} * {count}")).collect();
    items.join(", ")
}
