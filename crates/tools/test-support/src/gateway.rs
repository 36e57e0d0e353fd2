//! Requests as API Gateway passes them to a function, and the function's replies.

use std::sync::atomic::{AtomicU64, Ordering};

use event_store::Timestamp;
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Context, Request, RequestExt, Response};
use serde_json::{Value, json};

static CALLS: AtomicU64 = AtomicU64::new(1);

/// A request on its way to the handler: an API Gateway payload of format 2.0.
#[derive(Debug, Clone)]
pub struct Call(Value);

impl Call {
    /// A request to a route, with the parameters of its path; the gateway gives each one an id of its own.
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

    /// A body, sent as JSON.
    pub fn body(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// A body of that text, sent as JSON.
    pub fn text(mut self, body: &str) -> Self {
        self.0["body"] = json!(body);
        self.header("content-type", "application/json")
    }

    /// A header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = json!(value);
        self
    }

    /// The query string, percent-encoded.
    pub fn query(mut self, query: &str) -> Self {
        self.0["rawQueryString"] = json!(query);
        self
    }

    /// An `Idempotency-Key`.
    pub fn key(self, idempotency_key: &str) -> Self {
        self.header("idempotency-key", idempotency_key)
    }

    /// A key that no call before had.
    pub fn new_key(self) -> Self {
        self.key(&format!("key-of-call-{}", CALLS.fetch_add(1, Ordering::Relaxed)))
    }

    /// The request without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.0["headers"].as_object_mut().unwrap().remove(name).unwrap();
        self
    }

    /// The gateway's id of the request.
    pub fn gateway_request_id(mut self, id: &str) -> Self {
        self.0["requestContext"]["requestId"] = json!(id);
        self
    }

    /// A caller whose signature the gateway checked.
    pub fn signed_by(mut self, user_arn: &str) -> Self {
        self.0["requestContext"]["authorizer"] = json!({ "iam": { "userArn": user_arn } });
        self
    }

    /// A caller whose token the gateway checked.
    pub fn token_of(mut self, subject: &str, scope: &str) -> Self {
        self.0["requestContext"]["authorizer"] =
            json!({ "jwt": { "claims": { "sub": subject, "scope": scope }, "scopes": null } });
        self
    }

    /// Any other change to the payload.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        *self.0.pointer_mut(pointer).unwrap() = value;
        self
    }

    /// The request as `lambda_http` gives it to the handler.
    pub fn request(&self) -> Request {
        lambda_http::request::from_str(&self.0.to_string()).unwrap()
    }

    /// The request in an invocation whose time is over.
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
    /// The reply of a response.
    pub fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.to_str().unwrap())
    }

    /// Status and code of a problem; a reply that is none fails the test.
    #[track_caller]
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}
