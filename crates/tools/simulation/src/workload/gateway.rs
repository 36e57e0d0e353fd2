//! Requests as API Gateway delivers them to a function.

use http_api::ROUTES;
use lambda_http::Request;
use serde_json::{Value, json};

use crate::workload::caller::Caller;

/// A request of a client.
pub(crate) struct Sent<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: Value,
    pub(crate) caller: Caller,
    /// The body, or null.
    pub(crate) body: &'a Value,
}

impl Sent<'_> {
    /// The request that the function receives, with the gateway's id `request_id`.
    ///
    /// # Errors
    /// When `lambda_http` cannot read it.
    pub(crate) fn request(&self, request_id: &str) -> Result<Request, serde_json::Error> {
        let Self { method, path, query, headers, caller, body } = self;
        let matched = ROUTES.iter().filter(|route| route.method == *method);
        let (route, parameters) = matched.filter_map(|it| Some((it.key, parameters(path, it.path)?))).next().unzip();
        let body = if body.is_null() { Value::Null } else { Value::from(body.to_string()) };
        let payload = json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": headers,
            "requestContext": {
                "requestId": request_id, "routeKey": route, "stage": "$default", "timeEpoch": 0,
                "authorizer": caller.authorizer(),
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
            },
            "pathParameters": parameters, "body": body, "isBase64Encoded": false,
        });
        lambda_http::request::from_str(&payload.to_string())
    }
}

/// The parameters of a path. `None` if it does not match the template.
fn parameters(path: &str, template: &str) -> Option<Value> {
    let mut parameters = json!({});
    let (names, values) = (template.split('/'), path.split('/'));
    if names.clone().count() != values.clone().count() {
        return None;
    }
    for (name, value) in names.zip(values) {
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => parameters[name] = value.into(),
            None if name == value => {}
            None => return None,
        }
    }
    Some(parameters)
}
