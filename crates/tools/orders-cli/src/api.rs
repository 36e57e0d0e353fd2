//! The client of the HTTP API.

use std::time::Duration;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::running::{Address, Service, StackFolder, reason};
use crate::text::program;

/// Longer than a cold start plus the API's own time-out.
const TIMEOUT: Duration = Duration::from_secs(35);

/// The address of the API, and the token for it.
#[derive(Args, Clone)]
pub(crate) struct ApiArguments {
    /// The API's URL [default: that of the local stack, see --data]
    #[arg(long, value_name = "URL", conflicts_with = "folder")]
    pub(crate) api: Option<String>,
    /// The token to send if the API requires one, for example from `orders token --admin`
    #[arg(long, env = "ORDERS_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) stack: StackFolder,
}

/// A failed request, as one line for an operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    Unreachable(String),
    #[error("{api} returned an unexpected answer: {message}")]
    Broken { api: String, message: String },
    /// The API answered with an error.
    #[error("{detail} ({status} {code})")]
    Refused { status: u16, code: String, detail: String },
}

/// A client of one API.
#[derive(Clone)]
pub(crate) struct Api {
    address: Address,
    token: Option<String>,
    client: Client,
}

impl Api {
    pub(crate) fn new(arguments: &ApiArguments) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(TIMEOUT).build()?;
        let address = arguments.stack.address(Service::Api, arguments.api.as_deref())?;
        Ok(Self { address, token: arguments.token.clone(), client })
    }

    /// Returns the JSON document at `path`.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, ApiError> {
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let question_mark = if pairs.is_empty() { "" } else { "?" };
        self.send(self.client.get(format!("{}{path}{question_mark}{}", self.address.url, pairs.join("&")))).await
    }

    /// Sends one command, with an idempotency key.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Option<&Value>,
        idempotency_key: &str,
    ) -> Result<Value, ApiError> {
        let request =
            self.client.post(format!("{}{path}", self.address.url)).header("Idempotency-Key", idempotency_key);
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, ApiError> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        let status = response.status();
        let is_unauthorized = status == StatusCode::UNAUTHORIZED;
        let gateways = if is_unauthorized && self.token.is_none() {
            Some(format!("the API requires a token: set ORDERS_TOKEN=$({} token --admin)", program()))
        } else {
            gateways_reason(&response).filter(|_| is_unauthorized || status == StatusCode::FORBIDDEN)
        };
        let body = response.bytes().await.map_err(|error| self.failed(&error))?;
        let json = serde_json::from_slice(&body);
        if status.is_success() {
            json.map_err(|error| ApiError::Broken { api: self.address.to_string(), message: error.to_string() })
        } else {
            Err(refused(status, &json.unwrap_or(Value::Null), gateways))
        }
    }

    fn failed(&self, error: &reqwest::Error) -> ApiError {
        if error.is_connect() {
            ApiError::Unreachable(self.address.unreachable(error))
        } else {
            ApiError::Broken { api: self.address.to_string(), message: reason(error) }
        }
    }
}

/// Returns the reason that a gateway gives when it rejects a token (RFC 6750).
fn gateways_reason(response: &Response) -> Option<String> {
    let challenge = response.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let (_, rest) = challenge.split_once("error_description=\"")?;
    rest.split_once('"').map(|(reason, _)| reason.to_owned())
}

/// Builds the error from a problem document, or from the answer of a gateway between client and API. Only the API's problem
/// documents have a code.
fn refused(status: StatusCode, body: &Value, gateways: Option<String>) -> ApiError {
    let member = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = member("code");
    let details = [gateways.filter(|_| code.is_none()), faults(body), member("detail"), member("message")];
    let detail = details.into_iter().flatten().next();
    ApiError::Refused {
        status: status.as_u16(),
        code: code.unwrap_or_else(|| "from the gateway".to_owned()),
        detail: detail.unwrap_or_else(|| status.canonical_reason().unwrap_or("refused").to_owned()),
    }
}

/// Lists the faults in a problem document, each with its location.
fn faults(problem: &Value) -> Option<String> {
    let faults = problem.get("errors")?.as_array()?.iter().map(|fault| {
        let member = |name: &str| fault.get(name).and_then(Value::as_str);
        let place = ["parameter", "pointer", "header", "claim"].into_iter().find_map(member);
        format!("{} {}", place.unwrap_or_default(), member("detail").unwrap_or_default())
    });
    Some(faults.collect::<Vec<_>>().join("; "))
}

/// Percent-encodes a value as one segment of a path, or as the value of a query parameter.
pub(crate) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_has_the_detail_of_the_problem_document() {
        let problem = json!({ "status": 404, "code": "order_not_found", "detail": "There is no such order." });
        let line = refused(StatusCode::NOT_FOUND, &problem, None).to_string();
        assert_eq!(line, "There is no such order. (404 order_not_found)");
        let gateway = refused(StatusCode::NOT_FOUND, &json!({ "message": "Not Found" }), None).to_string();
        assert_eq!(gateway, "Not Found (404 from the gateway)");
    }

    #[test]
    fn an_invalid_request_lists_its_faults() {
        let problem = json!({
            "code": "invalid_request", "detail": "The request has 1 error.",
            "errors": [{ "parameter": "orderId", "code": "bad_id", "detail": "must start with a letter" }],
        });
        let line = refused(StatusCode::BAD_REQUEST, &problem, None).to_string();
        assert_eq!(line, "orderId must start with a letter (400 invalid_request)");
    }

    #[tokio::test]
    async fn an_unreachable_api_is_reported_in_one_line() {
        let (api, stack) = (Some("http://127.0.0.1:1/".to_owned()), StackFolder::default());
        let api = Api::new(&ApiArguments { api, token: None, stack }).unwrap();
        let line = api.get("/orders/x", &[]).await.unwrap_err().to_string();
        assert_eq!(line, "cannot reach the API at http://127.0.0.1:1: connection refused. Is `orders local` running?");
    }

    #[test]
    fn values_are_encoded_for_a_url() {
        assert_eq!(encoded("a/b c"), "a%2Fb%20c");
    }
}
