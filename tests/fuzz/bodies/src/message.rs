//! A request in the form of an input: lines of `name: value`, an empty line, and the rest.
//!
//! `orderId`, `paymentId`, `shipmentId` and `customerId` are path parameters. Every other name is a header. The rest is the
//! body of a command, or the query string of a query.

use std::collections::HashMap;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::{HeaderName, HeaderValue};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};

const PATH_PARAMETERS: [&str; 4] = ["orderId", "paymentId", "shipmentId", "customerId"];

/// A request without its route.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    path: HashMap<String, Vec<String>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The bytes after the empty line.
    pub rest: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads an input. Ignores a line that is neither a parameter nor a header, because no gateway would pass it on.
    #[must_use]
    pub fn read(input: &'a [u8]) -> Self {
        let mut message = Self { path: HashMap::new(), headers: Vec::new(), rest: input };
        while let Some(end) = message.rest.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = (&message.rest[..end], &message.rest[end + 1..]);
            message.rest = rest;
            if line.is_empty() {
                break;
            }
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            match PATH_PARAMETERS.into_iter().find(|parameter| parameter.as_bytes() == name) {
                Some(parameter) => {
                    message.path.insert(parameter.to_owned(), vec![String::from_utf8_lossy(value).into_owned()]);
                }
                None => {
                    let header = HeaderName::from_bytes(name).ok().zip(HeaderValue::from_bytes(value).ok());
                    message.headers.extend(header);
                }
            }
        }
        message
    }

    /// Returns the path parameter with that name.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path.get(name)?.first().map(String::as_str)
    }

    /// Returns the request on a route, as the gateway passes it on.
    #[must_use]
    pub fn request(&self, route_key: &str, query: &str, body: &[u8]) -> Request {
        let (method, template) = route_key.split_once(' ').unwrap();
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.route_key = Some(route_key.to_owned());
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method.parse().unwrap();
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        request
            .with_raw_http_path(template)
            .with_path_parameters(self.path.clone())
            .with_query_string_parameters(query.parse::<QueryMap>().unwrap())
            .with_request_context(RequestContext::ApiGatewayV2(context))
    }
}
