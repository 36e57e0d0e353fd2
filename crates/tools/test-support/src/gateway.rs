//! Requests as API Gateway passes them to a function, and the function's replies.

use std::sync::atomic::{AtomicU64, Ordering};

use event_store::Timestamp;
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Context, Request, RequestExt, Response};
use serde_json::{Value, json};

static CALLS: AtomicU64 = AtomicU64::new(1);

/// A request to the handler: an API Gateway payload of format 2.0.
#[derive(Debug, Clone)]
pub struct Call(Value);

impl Call {
    /// Creates a request to a route with path parameters. Each request has its own gateway request id.
    pub fn to(route_key: &str, parameters: &[(&str, &str)]) -> Self {
        let (method, template) = route_key.split_once(' ').unwrap();
        let path = parameters
            .iter()
            .fold(template.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let parameters: serde_json::Map<_, _> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        Self(json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": path,
            "rawQueryString": "",
            "headers": { "host": "abcde12345.execute-api.eu-central-1.amazonaws.com", "x-forwarded-proto": "https" },
            "pathParameters": parameters,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcde12345",
                "domainName": "abcde12345.execute-api.eu-central-1.amazonaws.com",
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.17" },
                "requestId": format!("gateway-{}", CALLS.fetch_add(1, Ordering::Relaxed)),
                "routeKey": route_key,
                "stage": "$default",
                "time": "21/Nov/2026:09:30:00 +0000",
                "timeEpoch": 1_795_253_400_000_u64,
            },
            "isBase64Encoded": false,
        }))
    }

    /// Sets the body, sent as JSON.
    pub fn body(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// Sets the text of the body, sent as JSON.
    pub fn text(mut self, body: &str) -> Self {
        self.0["body"] = json!(body);
        self.header("content-type", "application/json")
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = json!(value);
        self
    }

    /// Sets the percent-encoded query string.
    pub fn query(mut self, query: &str) -> Self {
        self.0["rawQueryString"] = json!(query);
        self
    }

    /// Sets the `Idempotency-Key`.
    pub fn key(self, idempotency_key: &str) -> Self {
        self.header("idempotency-key", idempotency_key)
    }

    /// Sets an idempotency key that no earlier request has used.
    pub fn new_key(self) -> Self {
        self.key(&format!("key-of-call-{}", CALLS.fetch_add(1, Ordering::Relaxed)))
    }

    /// Removes a header.
    pub fn without(mut self, name: &str) -> Self {
        self.0["headers"].as_object_mut().unwrap().remove(name).unwrap();
        self
    }

    /// Sets the gateway's request id.
    pub fn gateway_request_id(mut self, id: &str) -> Self {
        self.0["requestContext"]["requestId"] = json!(id);
        self
    }

    /// Sets a caller whose signature the gateway has checked.
    pub fn signed_by(mut self, user_arn: &str) -> Self {
        self.0["requestContext"]["authorizer"] = json!({ "iam": { "userArn": user_arn } });
        self
    }

    /// Sets a caller whose token the gateway has checked.
    pub fn token_of(mut self, subject: &str, scope: &str) -> Self {
        self.0["requestContext"]["authorizer"] =
            json!({ "jwt": { "claims": { "sub": subject, "scope": scope }, "scopes": null } });
        self
    }

    /// Sets the value at a JSON pointer in the payload.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        *self.0.pointer_mut(pointer).unwrap() = value;
        self
    }

    /// Returns the request as `lambda_http` passes it to the handler.
    pub fn request(&self) -> Request {
        lambda_http::request::from_str(&self.0.to_string()).unwrap()
    }

    /// Returns the request in an invocation whose deadline has passed.
    pub fn overdue_request(&self) -> Request {
        let mut context = Context::default();
        context.deadline = u64::try_from(Timestamp::now().epoch_ms()).unwrap();
        self.request().with_lambda_context(context)
    }
}

/// The reply of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Converts a response into a reply.
    pub fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.to_str().unwrap())
    }

    /// Returns the status and the code of a problem. Panics if the reply is not a problem.
    #[track_caller]
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}
