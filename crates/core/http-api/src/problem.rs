//! Errors as RFC 9457 problem details: one constructor a case of the contract.
//!
//! The gateway itself answers routes it does not know, failed authentication and its own throttling; the cases of that
//! kind here are for the handlers, which check again and fail closed.

use std::borrow::Cow;

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use order_domain::Rejection;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::invalid::{Invalid, MAX_ERRORS};
use crate::scopes::Scope;
use crate::timestamps::rfc3339_ms;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    advice: Option<Advice>,
}

/// What a problem's header tells the caller to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Advice {
    /// `Retry-After`, one second.
    RetryAfter,
    /// `WWW-Authenticate`, with this challenge.
    Authenticate(Cow<'static, str>),
}

/// The reason why a quote is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteFlaw {
    /// It is not signed with Ed25519.
    Algorithm,
    /// The deployment has no key of that name.
    UnknownKey,
    /// The key did not sign this.
    Signature,
    /// It is meant for others.
    Audience,
}

impl QuoteFlaw {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Algorithm, Self::UnknownKey, Self::Signature, Self::Audience];

    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Audience => "audience",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Algorithm => "The quote's alg must be EdDSA or Ed25519.",
            Self::UnknownKey => "The quote's kid names no key that this service knows; ask the shop for a new quote.",
            Self::Signature => "The quote's signature does not match: it was altered, or signed by another key.",
            Self::Audience => "The quote's aud does not name this service.",
        }
    }
}

/// A problem as it is sent. `type` is a name, not an address: there is nothing to fetch.
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

    /// 400: the request is ill-formed; `errors` says where and how, every one at once (the first 100 of a hostile many).
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

    /// 400: a new order has no `Idempotency-Key`, which alone can tell a retry from a second order.
    #[must_use]
    pub fn idempotency_key_required() -> Self {
        let detail = "Placing an order needs an Idempotency-Key: send a new key with each new order, and the same key \
                      with each retry.";
        Self::new(StatusCode::BAD_REQUEST, "idempotency_key_required", "Idempotency-Key required", detail)
    }

    /// 401: nobody is named in the request context. `challenge` is how to authenticate here.
    #[must_use]
    pub fn unauthenticated(challenge: &'static str) -> Self {
        let detail = "The request names no caller.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Authentication is needed", detail)
            .advising(Advice::Authenticate(challenge.into()))
    }

    /// 403: the caller asks for another customer's orders by that customer's id. (An order id that is not the caller's
    /// gets [`Problem::order_not_found`].)
    #[must_use]
    pub fn forbidden() -> Self {
        let detail = "The caller may only place and list orders of their own.";
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 403: the caller's token has none of the route's scopes (RFC 6750, section 3). `prefix` is the deployment's, before each name.
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

    /// 403: the caller names the amount by which what is due falls, and may not set prices.
    #[must_use]
    pub fn reduction_not_allowed() -> Self {
        let detail = "The caller may not name a reduction; leave it out, and it is the share of the cancelled items.";
        Self::new(StatusCode::FORBIDDEN, "reduction_not_allowed", "Not allowed", detail)
    }

    /// 403: the caller names prices, and may see some orders only: a customer sets no prices.
    #[must_use]
    pub fn prices_not_trusted() -> Self {
        let detail =
            "The caller may not set prices. Ask the shop for a quote, and send it alone: {\"quote\": \"...\"}.";
        Self::new(StatusCode::FORBIDDEN, "prices_not_trusted", "Prices not trusted", detail)
    }

    /// 404: the order is unknown, or is not the caller's. Takes nothing of the case, so that the cases cannot be told
    /// apart.
    #[must_use]
    pub fn order_not_found() -> Self {
        let detail = "There is no such order, or it is not yours.";
        Self::new(StatusCode::NOT_FOUND, "order_not_found", "Order not found", detail)
    }

    /// 404: the order has not reached the version asked for. For callers who may see the order.
    #[must_use]
    pub fn version_not_reached(current_version: u64) -> Self {
        let detail = format!("The order is at version {current_version} and has no later one.");
        Self::new(StatusCode::NOT_FOUND, "version_not_reached", "Version not reached", detail)
            .with("currentVersion", current_version)
    }

    /// 404: the order was placed after the instant asked for. For callers who may see the order.
    #[must_use]
    pub fn not_placed_yet(placed_at_ms: i64) -> Self {
        let placed_at = rfc3339_ms(placed_at_ms);
        let detail = format!("The order was placed later, at {placed_at}.");
        Self::new(StatusCode::NOT_FOUND, "not_placed_yet", "Not placed yet", detail).with("placedAt", placed_at)
    }

    /// 404: this deployment keeps no totals, of any customer. For callers who may see the customer's orders.
    #[must_use]
    pub fn totals_not_kept() -> Self {
        let detail = "This deployment keeps no totals. Add up the orders of GET /customers/{customerId}/orders, or ask the \
                      operator to set KeepCustomerTotals=true.";
        Self::new(StatusCode::NOT_FOUND, "totals_not_kept", "Totals not kept", detail)
    }

    /// 404: no route of this API, by path or by method. (There is no 405: API Gateway has none either.)
    #[must_use]
    pub fn route_not_found() -> Self {
        let detail = "There is no such route; GET /openapi.json lists them.";
        Self::new(StatusCode::NOT_FOUND, "route_not_found", "Route not found", detail)
    }

    /// 409: a business refusal, with the ids and numbers it was decided on; 404 where there is no order.
    #[must_use]
    pub fn refused(rejection: &Rejection) -> Self {
        if *rejection == Rejection::OrderNotFound {
            return Self::order_not_found();
        }
        let title = "The order does not allow this";
        let members = rejection.details();
        Self { members, ..Self::new(StatusCode::CONFLICT, rejection.code(), title, sentence(rejection)) }
    }

    /// 409: the customer's order from a quote of this id has other content. The shop must give each quote an id of its own.
    #[must_use]
    pub fn quote_id_reused() -> Self {
        let detail =
            "A quote of this id made an order with other content; ask the shop for a quote with an id of its own.";
        Self::new(StatusCode::CONFLICT, "quote_id_reused", "Quote id reused", detail)
    }

    /// 412: `If-Match` does not name the version that the order is at, or `minVersion` one it has not reached.
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

    /// 422: the order has more details than one reply can hold. The request cannot be answered as long as it asks for
    /// them; the audit trail has the same facts page by page.
    #[must_use]
    pub fn details_too_large() -> Self {
        let detail = "The details of this order are too large for one reply; read its events page by page.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "details_too_large", "Details too large", detail)
    }

    /// 422: the `Idempotency-Key` was used with another request.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        let detail = "This Idempotency-Key was used with another request; a new request needs a new key.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency-Key reused", detail)
    }

    /// 422: the quote expired, and made no order before.
    #[must_use]
    pub fn quote_expired(expired_at_ms: i64) -> Self {
        let detail = format!("The quote expired at {}; ask the shop for a new one.", rfc3339_ms(expired_at_ms));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "quote_expired", "Quote expired", detail)
    }

    /// 422: this deployment does not accept the quote, and it made no order before.
    #[must_use]
    pub fn quote_not_valid(flaw: QuoteFlaw) -> Self {
        let title = "Quote not valid";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "quote_not_valid", title, flaw.detail())
            .with("reason", flaw.as_str())
    }

    /// 500: our fault, and no word about how.
    #[must_use]
    pub fn internal() -> Self {
        let detail = "Something went wrong here; the requestId finds it in the logs.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal error", detail)
    }

    /// 500: this commit of the order cannot be read, and the request needs it. For callers who may see every order: to others
    /// such an order is unknown, because nothing says whose it is.
    #[must_use]
    pub fn order_unreadable(version: u64) -> Self {
        let detail = format!("Version {version} of this order cannot be read by this release of the service.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "order_unreadable", "Order unreadable", detail)
            .with("version", version)
    }

    /// 503: other writers won every attempt. Nothing was written; the same request may be sent again. (Not a 4xx: some senders
    /// of webhooks give up on those.)
    #[must_use]
    pub fn contention() -> Self {
        let detail = "Others changed the order at the same time; nothing was recorded. Send the same request again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "contention", "Too many changes at once", detail)
            .advising(Advice::RetryAfter)
    }

    /// 503: the store is throttled or out. A command may have been recorded: a retry with the same key finds it, and
    /// without a key the caller must look first.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "The service is busy. Repeat a GET, a quote, or a command with the same Idempotency-Key. A command \
                      without a key may have been recorded: read the order before you send it again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable", detail)
            .advising(Advice::RetryAfter)
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The reason that a problem's code leaves open, where it has one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.members.get("reason").and_then(Value::as_str)
    }

    /// The problem as a response to the request of that id.
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
        // Strings and integers alone are in it, so that it is always written; an empty body would still be truthful.
        let mut response = Response::new(Body::from(serde_json::to_string(&body).unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.advice {
            Some(Advice::RetryAfter) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // A prefix of scopes that no header can have is left to the detail.
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

/// A rejection's words as a sentence.
fn sentence(rejection: &Rejection) -> String {
    let words = rejection.to_string();
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}
