//! Errors as RFC 9457 problem details: one constructor for each case of the contract.
//!
//! The gateway itself replies to unknown routes, failed authentication and its own throttling. The cases of that kind
//! here are for the handlers, which check again and fail closed.

use std::borrow::Cow;

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use order_domain::Rejection;
use serde::Serialize;
use serde_json::{Map, Value};
use timestamp::Timestamp;

use crate::invalid::{Invalid, MAX_ERRORS};
use crate::scopes::Scope;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error reply to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    advice: Option<Advice>,
}

/// The header of a problem that instructs the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Advice {
    /// `Retry-After`, one second.
    RetryAfter,
    /// `WWW-Authenticate`, with this challenge.
    Authenticate(Cow<'static, str>),
}

/// The reason why a quote is not accepted. Callers see the names of the variants in snake_case: never change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum QuoteFlaw {
    /// The quote is not signed with Ed25519.
    Algorithm,
    /// The deployment has no key of that name.
    UnknownKey,
    /// The named key did not sign the quote.
    Signature,
    /// The quote is meant for another audience.
    Audience,
}

impl QuoteFlaw {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::Algorithm, Self::UnknownKey, Self::Signature, Self::Audience];

    const fn detail(self) -> &'static str {
        match self {
            Self::Algorithm => "The quote's alg must be EdDSA or Ed25519.",
            Self::UnknownKey => "The quote's kid names no key that this service knows; ask the shop for a new quote.",
            Self::Signature => "The quote's signature does not match: it was altered, or signed by another key.",
            Self::Audience => "The quote's aud does not name this service.",
        }
    }
}

/// A problem as it is sent. `type` is a name and not an address, so it cannot be fetched.
#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(rename = "requestId")]
    request_id: &'a str,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), members: Map::new(), advice: None }
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    fn advising(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    /// 400: the request is ill-formed. `errors` lists every fault with its location, up to the first 100.
    #[must_use]
    pub fn invalid_request(errors: &[Invalid]) -> Self {
        let detail = match errors.len() {
            1 => "The request has 1 error.".to_owned(),
            count @ ..=MAX_ERRORS => format!("The request has {count} errors."),
            count => format!("The request has {count} errors; these are the first {MAX_ERRORS}."),
        };
        let listed: Vec<_> = errors.iter().take(MAX_ERRORS).map(Invalid::to_json).collect();
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", "The request is not valid", detail).with("errors", listed)
    }

    /// 400: a new order has no `Idempotency-Key`. Without it, a retry and a second order cannot be distinguished.
    #[must_use]
    pub fn idempotency_key_required() -> Self {
        let detail = "Placing an order needs an Idempotency-Key: send a new key with each new order, and the same key \
                      with each retry.";
        Self::new(StatusCode::BAD_REQUEST, "idempotency_key_required", "Idempotency-Key required", detail)
    }

    /// 401: the request context has no identity. `challenge` names the accepted authentication.
    #[must_use]
    pub fn unauthenticated(challenge: &'static str) -> Self {
        let detail = "The request names no caller.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Authentication is needed", detail)
            .advising(Advice::Authenticate(challenge.into()))
    }

    /// 403: the caller requests another customer's orders by that customer's id. (For another customer's order id, the
    /// reply is [`Problem::order_not_found`].)
    #[must_use]
    pub fn forbidden() -> Self {
        let detail = "The caller may only place and list orders of their own.";
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 403: the caller's token has none of the route's scopes (RFC 6750, section 3). `prefix` is the deployment's text
    /// before each scope name.
    #[must_use]
    pub fn insufficient_scope(accepted: &[Scope], prefix: &str) -> Self {
        let names = |scopes: &mut dyn Iterator<Item = Scope>, between: &str| {
            scopes.map(|scope| format!("{prefix}{}", scope.as_str())).collect::<Vec<_>>().join(between)
        };
        let with_admin = &mut accepted.iter().copied().chain([Scope::OrdersAdmin]);
        let detail = format!("The token has none of these scopes: {}.", names(with_admin, ", "));
        let challenge =
            format!(r#"Bearer error="insufficient_scope", scope="{}""#, names(&mut accepted.iter().copied(), " "));
        Self::new(StatusCode::FORBIDDEN, "insufficient_scope", "A scope is missing", detail)
            .advising(Advice::Authenticate(challenge.into()))
    }

    /// 403: the token has scopes of a customer and of a service. The authorization server must not grant both to one client.
    #[must_use]
    pub fn mixed_scopes() -> Self {
        let detail = "The token has scopes of a customer and of a service. The authorization server must grant a client either the \
                      one or the other.";
        Self::new(StatusCode::FORBIDDEN, "mixed_scopes", "Scopes exclude each other", detail)
    }

    /// 403: the caller sets the reduction of the amount due, but may not set prices.
    #[must_use]
    pub fn reduction_not_allowed() -> Self {
        let detail = "The caller may not name a reduction; leave it out, and it is the share of the cancelled items.";
        Self::new(StatusCode::FORBIDDEN, "reduction_not_allowed", "Not allowed", detail)
    }

    /// 403: the caller sets prices, but can access only some orders: a customer cannot set prices.
    #[must_use]
    pub fn prices_not_trusted() -> Self {
        let detail =
            "The caller may not set prices. Ask the shop for a quote, and send it alone: {\"quote\": \"...\"}.";
        Self::new(StatusCode::FORBIDDEN, "prices_not_trusted", "Prices not trusted", detail)
    }

    /// 404: the order is unknown or belongs to another customer. The constructor takes no parameters, so that callers
    /// cannot distinguish the two cases.
    #[must_use]
    pub fn order_not_found() -> Self {
        let detail = "There is no such order, or it is not yours.";
        Self::new(StatusCode::NOT_FOUND, "order_not_found", "Order not found", detail)
    }

    /// 404: the order has not reached the requested version. Only for callers who may see the order.
    #[must_use]
    pub fn version_not_reached(current_version: u64) -> Self {
        let detail = format!("The order is at version {current_version} and has no later one.");
        Self::new(StatusCode::NOT_FOUND, "version_not_reached", "Version not reached", detail)
            .with("currentVersion", current_version)
    }

    /// 404: the order was placed after the requested instant. Only for callers who may see the order.
    #[must_use]
    pub fn not_placed_yet(placed_at: Timestamp) -> Self {
        let detail = format!("The order was placed later, at {placed_at}.");
        Self::new(StatusCode::NOT_FOUND, "not_placed_yet", "Not placed yet", detail)
            .with("placedAt", placed_at.to_string())
    }

    /// 404: this deployment keeps no totals for any customer. Only for callers who may see the customer's orders.
    #[must_use]
    pub fn totals_not_kept() -> Self {
        let detail = "This deployment keeps no totals. Add up the orders of GET /customers/{customerId}/orders, or ask the \
                      operator to set KeepCustomerTotals=true.";
        Self::new(StatusCode::NOT_FOUND, "totals_not_kept", "Totals not kept", detail)
    }

    /// 404: this deployment does not keep the list of open orders. Only for callers who may see every order.
    #[must_use]
    pub fn open_orders_not_kept() -> Self {
        let detail = "This deployment keeps no list of open orders. Ask the operator to set KeepOrdersByStatus=true.";
        Self::new(StatusCode::NOT_FOUND, "open_orders_not_kept", "Open orders not kept", detail)
    }

    /// 404: the API has no route with this path and method. (There is no 405: API Gateway has none either.)
    #[must_use]
    pub fn route_not_found() -> Self {
        let detail = "There is no such route; GET /openapi.json lists them.";
        Self::new(StatusCode::NOT_FOUND, "route_not_found", "Route not found", detail)
    }

    /// 409: a rule rejected the command. The problem has the ids and numbers behind the decision. If the order does not
    /// exist, the status is 404.
    #[must_use]
    pub fn refused(rejection: &Rejection) -> Self {
        if *rejection == Rejection::OrderNotFound {
            return Self::order_not_found();
        }
        let title = "The order does not allow this";
        let members = rejection.details();
        Self { members, ..Self::new(StatusCode::CONFLICT, rejection.code(), title, sentence(rejection)) }
    }

    /// 409: the customer has an order from a quote with the same id and other content. The shop must give each quote
    /// its own id.
    #[must_use]
    pub fn quote_id_reused() -> Self {
        let detail =
            "A quote of this id made an order with other content; ask the shop for a quote with an id of its own.";
        Self::new(StatusCode::CONFLICT, "quote_id_reused", "Quote id reused", detail)
    }

    /// 412: `If-Match` does not name the order's current version, or the order has not reached `minVersion`.
    #[must_use]
    pub fn version_mismatch(current_version: u64) -> Self {
        let detail = format!("The order is at version {current_version}.");
        Self::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", "Version mismatch", detail)
            .with("currentVersion", current_version)
    }

    /// 413: the body is larger than [`MAX_BODY`](crate::commands::MAX_BODY).
    #[must_use]
    pub fn body_too_large(max_bytes: usize) -> Self {
        let detail = format!("The body may have at most {max_bytes} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail).with("maxBytes", max_bytes)
    }

    /// 415: the body has no `Content-Type`, or one that is not JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let detail = "Send the body with the header Content-Type: application/json.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type", detail)
    }

    /// 422: the order has more details than fit into one reply. A retry that requests the details fails again; the
    /// audit trail has the same facts page by page.
    #[must_use]
    pub fn details_too_large() -> Self {
        let detail = "The details of this order are too large for one reply; read its events page by page.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "details_too_large", "Details too large", detail)
    }

    /// 422: the `Idempotency-Key` was used before with another request.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        let detail = "This Idempotency-Key was used with another request; a new request needs a new key.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency-Key reused", detail)
    }

    /// 422: the quote expired before it made an order.
    #[must_use]
    pub fn quote_expired(expired_at: Timestamp) -> Self {
        let detail = format!("The quote expired at {expired_at}; ask the shop for a new one.");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "quote_expired", "Quote expired", detail)
    }

    /// 422: this deployment does not accept the quote, and the quote made no order before.
    #[must_use]
    pub fn quote_not_valid(flaw: QuoteFlaw) -> Self {
        let title = "Quote not valid";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "quote_not_valid", title, flaw.detail())
            .with("reason", <&str>::from(flaw))
    }

    /// 500: an internal error. The reply contains nothing about its cause.
    #[must_use]
    pub fn internal() -> Self {
        let detail = "Something went wrong here; the requestId finds it in the logs.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal error", detail)
    }

    /// 500: the request needs a commit of the order that cannot be read. Only for callers who may see every order. For
    /// others the order is unknown, because its customer cannot be determined.
    #[must_use]
    pub fn order_unreadable(version: u64) -> Self {
        let detail = format!("Version {version} of this order cannot be read by this release of the service.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "order_unreadable", "Order unreadable", detail)
            .with("version", version)
    }

    /// 503: other writers won every attempt. Nothing was written, and the caller can retry the same request. (The
    /// status is not a 4xx, because some webhook senders stop retrying on those.)
    #[must_use]
    pub fn contention() -> Self {
        let detail = "Others changed the order at the same time; nothing was recorded. Send the same request again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "contention", "Too many changes at once", detail)
            .advising(Advice::RetryAfter)
    }

    /// 503: the store throttles requests or is unavailable. A command may have been recorded. A retry with the same key
    /// finds it; without a key, the caller must check first.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "The service is busy. Repeat a GET, a quote, or a command with the same Idempotency-Key. A command \
                      without a key may have been recorded: read the order before you send it again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable", detail)
            .advising(Advice::RetryAfter)
    }

    /// Returns the status code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the stable code of the problem.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the reason within the problem's code, if it has one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.members.get("reason").and_then(Value::as_str)
    }

    /// Returns the problem as the response to the request with that id.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response<Body> {
        let body = ProblemBody {
            r#type: format!("urn:problem-type:order-ledger:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            members: &self.members,
        };
        // The body has only strings and integers, so serialization cannot fail; even an empty body would be a correct
        // response.
        let mut response = Response::new(Body::from(serde_json::to_string(&body).unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.advice {
            Some(Advice::RetryAfter) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // If the prefix of the scopes is not valid in a header, only the detail names the scopes.
            Some(Advice::Authenticate(challenge)) => {
                if let Ok(challenge) = HeaderValue::try_from(challenge.as_ref()) {
                    headers.insert(WWW_AUTHENTICATE, challenge);
                }
            }
            None => {}
        }
        response
    }
}

/// Returns a rejection's message as a sentence.
fn sentence(rejection: &Rejection) -> String {
    let words = rejection.to_string();
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}
