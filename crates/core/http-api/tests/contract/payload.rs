//! Requests as API Gateway's HTTP API sends them (payload format 2.0).

use base64::Engine;
use http_api::Problem;
use lambda_http::{Body, Request, Response};
use serde_json::{Value, json};

use super::openapi::assert_valid;

/// One request. A test sets only the parts that differ from an ordinary request.
pub(crate) struct Payload {
    route_key: String,
    parameters: Vec<(String, String)>,
    query: String,
    headers: Vec<(String, String)>,
    content_type: Option<String>,
    body: Vec<u8>,
    authorizer: Value,
}

/// Creates a request from its route key and the decoded parameters of its path.
pub(crate) fn payload(route_key: &str, parameters: &[(&str, &str)]) -> Payload {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Payload {
        route_key: route_key.to_owned(),
        parameters,
        query: String::new(),
        headers: Vec::new(),
        content_type: Some("application/json".to_owned()),
        body: Vec::new(),
        authorizer: Value::Null,
    }
}

impl Payload {
    pub(crate) fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Sets the content type of the body. The default is `application/json`.
    pub(crate) fn content_type(mut self, content_type: Option<&str>) -> Self {
        self.content_type = content_type.map(str::to_owned);
        self
    }

    pub(crate) fn authorizer(mut self, authorizer: Value) -> Self {
        self.authorizer = authorizer;
        self
    }

    pub(crate) fn request(self) -> Request {
        let (method, template) = self.route_key.split_once(' ').unwrap();
        let raw_path = self.parameters.iter().fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &percent_encoded(value))
        });
        self.request_to(method, &raw_path, &self.route_key)
    }

    /// Returns the request as a function URL or `cargo lambda watch` sends it: without route and parameters.
    pub(crate) fn request_by_path(self) -> Request {
        let (method, path) = self.route_key.split_once(' ').unwrap();
        self.request_to(method, path, "$default")
    }

    fn request_to(&self, method: &str, raw_path: &str, route_key: &str) -> Request {
        let (body, is_base64) = match std::str::from_utf8(&self.body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (base64::engine::general_purpose::STANDARD.encode(&self.body), true),
        };
        let mut headers: serde_json::Map<_, _> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        if let Some(content_type) = self.content_type.as_deref().filter(|_| !body.is_empty()) {
            headers.insert("content-type".to_owned(), json!(content_type));
        }
        let parameters: serde_json::Map<_, _> =
            self.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": raw_path,
            "rawQueryString": self.query,
            "headers": headers,
            "pathParameters": parameters,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "api-id",
                "domainName": "api-id.execute-api.eu-central-1.amazonaws.com",
                "http": { "method": method, "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": route_key,
                "stage": "$default",
                "timeEpoch": 1_795_253_400_123_i64
            },
            "isBase64Encoded": is_base64
        });
        if !body.is_empty() {
            event["body"] = json!(body);
        }
        if !self.authorizer.is_null() {
            event["requestContext"]["authorizer"] = self.authorizer.clone();
        }
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Returns a response's body as JSON.
pub(crate) fn body_of(response: &Response<Body>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

/// Returns a problem as a caller sees it.
pub(crate) fn seen(problem: Problem) -> Value {
    body_of(&problem.into_response("JKJaXmPLvHcESHA="))
}

/// Returns the locations and codes of the errors of a 400: `"/items/0/sku bad_id"`.
#[track_caller]
pub(crate) fn errors_of(problem: Problem) -> Vec<String> {
    let body = seen(problem);
    assert_valid("Problem", &body);
    assert_eq!((&body["status"], &body["code"]), (&json!(400), &json!("invalid_request")), "{body}");
    let one = |error: &Value| {
        assert!(!error["detail"].as_str().unwrap().is_empty());
        let place = ["pointer", "parameter", "header"].iter().find_map(|kind| error[*kind].as_str()).unwrap();
        format!("{place} {}", error["code"].as_str().unwrap())
    };
    body["errors"].as_array().unwrap().iter().map(one).collect()
}
