//! The HTTP gateway: an HTTP server on loopback that processes requests like an API Gateway HTTP API.
//!
//! - `routes`: the function for a method and a path
//! - `jwt_authorizer`, `claims`, `refusal`: the check of a token, if the route requires one
//! - `payload`: the request in the form that the function receives
//! - `response`: the function's reply in the form that the client receives
//! - `cors`: preflight requests, and the parts of a reply that a page of another origin may read
//!
//! Unlike API Gateway, it rejects requests of pages whose origin `CorsConfiguration` does not name, because the functions
//! of a local stack may trust every caller. It checks tokens, but no signatures of requests: if a route requires signed
//! requests, the stack does not start.

mod claims;
mod cors;
mod jwt_authorizer;
mod payload;
mod refusal;
mod response;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use loopback_http::{Admission, Listener, Server};
use sam_template::CorsConfiguration;
use tokio::sync::Notify;
use uuid::Uuid;

pub use jwt_authorizer::JwtAuthorizer;
pub use routes::{Authorization, Route};

use crate::invoker::Invoker;
use jwt_authorizer::JwtIdentity;
use payload::{Arrival, payload};
use refusal::Refusal;
use response::{gateway_error, response};
use routes::Routes;

/// The quota «Payload size» of HTTP APIs.
const PAYLOAD_LIMIT: usize = 10 * 1024 * 1024;
/// The part of a body over the limit that is still read, so that the client finishes sending and reads its 413.
const DRAIN_LIMIT: usize = 8 * PAYLOAD_LIMIT;

/// A running gateway.
pub struct Gateway {
    server: Server,
}

struct Api {
    routes: Routes,
    cors: Option<CorsConfiguration>,
    invoker: Invoker,
    /// Notified after a request that may have written.
    written: Vec<Arc<Notify>>,
}

impl Gateway {
    /// Serves `routes` on `listener`, for the requests of `admission` and of the pages that `cors` names. `written` is
    /// notified after every request that may have changed data.
    pub fn serve(
        listener: Listener,
        admission: Admission,
        routes: Vec<Route>,
        cors: Option<CorsConfiguration>,
        invoker: Invoker,
        written: Vec<Arc<Notify>>,
    ) -> Self {
        let origins = cors.iter().flat_map(|cors| &cors.allow_origins).cloned();
        let admission = Admission { origins: origins.chain(admission.origins).collect(), ..admission };
        let api = Arc::new(Api { routes: Routes::new(routes), cors, invoker, written });
        let router = Router::new().fallback(handle).with_state(api);
        Self { server: Server::start(listener, admission, refuse, router) }
    }

    /// Returns the address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Answers the running requests, and stops.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// Builds the reply to a request that is rejected before routing.
fn refuse(refusal: loopback_http::Refusal) -> Response<Body> {
    gateway_error(refusal.status(), &refusal.to_string())
}

async fn handle(
    State(api): State<Arc<Api>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let request_id = Uuid::new_v4().to_string();
    let mut response = api.answer(client, request, &request_id).await;
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("apigw-requestid", value);
    }
    response
}

impl Api {
    async fn answer(&self, client: SocketAddr, request: Request, request_id: &str) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = match read(body, parts.headers.get(CONTENT_LENGTH)).await {
            Ok(body) => body,
            Err(refused) => return refused,
        };
        let Some(matched) = self.routes.find(parts.method.as_str(), parts.uri.path()) else {
            return match &self.cors {
                Some(cors) if cors::is_preflight(&parts.method, &parts.headers) => {
                    cors::preflight(cors, &parts.headers)
                }
                Some(_) | None => gateway_error(StatusCode::NOT_FOUND, "Not Found"),
            };
        };
        let time = Timestamp::now();
        let identity = match authorize(&matched.route.authorization, &parts.headers, time) {
            Ok(identity) => identity,
            Err((refusal, scopes)) => {
                tracing::info!(route = matched.route.key, request_id, error = %refusal, "caller rejected");
                return refusal.response(scopes);
            }
        };
        let arrival = Arrival { client, request_id, time, identity };
        let result = match payload(&parts, &body, &matched, &arrival) {
            Ok(payload) => self.invoker.invoke(&matched.route.function, payload).await,
            Err(error) => Err(error.into()),
        };
        if parts.method != Method::GET {
            self.written.iter().for_each(|pump| pump.notify_one());
        }
        let answer = result.inspect_err(|error| {
            tracing::error!(function = matched.route.function, route = matched.route.key, request_id, %error, "invocation failed");
        });
        let mut response = answer.ok().and_then(|answer| response(&answer));
        if let (Some(cors), Some(response)) = (&self.cors, &mut response) {
            cors::add_headers(cors, &parts.headers, response.headers_mut());
        }
        response.unwrap_or_else(|| gateway_error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
    }
}

/// Returns the caller if the route requires one, or the reason for the rejection with the route's scopes.
fn authorize<'a>(
    authorization: &'a Authorization,
    headers: &HeaderMap,
    time: Timestamp,
) -> Result<Option<JwtIdentity>, (Refusal, &'a [String])> {
    match authorization {
        Authorization::None => Ok(None),
        Authorization::Jwt { authorizer, scopes } => {
            let identity = authorizer.authorize(headers, scopes, time.as_second());
            identity.map(Some).map_err(|refusal| (refusal, scopes.as_slice()))
        }
    }
}

/// Reads the whole body. A body that is too large or incomplete is rejected.
async fn read(mut body: Body, content_length: Option<&HeaderValue>) -> Result<Bytes, Response<Body>> {
    let announced = content_length.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
    let too_large = || gateway_error(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    if announced > DRAIN_LIMIT {
        return Err(too_large());
    }
    let (mut kept, mut length) = (BytesMut::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken| gateway_error(StatusCode::BAD_REQUEST, "Bad Request"))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > DRAIN_LIMIT {
            return Err(too_large());
        }
        if length <= PAYLOAD_LIMIT {
            kept.extend_from_slice(&data);
        }
    }
    if length > PAYLOAD_LIMIT { Err(too_large()) } else { Ok(kept.freeze()) }
}
