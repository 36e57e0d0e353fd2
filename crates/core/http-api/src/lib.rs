//! The HTTP contract: what a request may say and what a reply looks like. The only place with status codes.
//!
//! This crate must never do I/O: it turns a request into a typed command or query, and a typed reply or problem into a
//! response. What a command comes to is decided elsewhere. [`OPENAPI`] says the same to a machine, and tests hold the
//! two together.
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`routes`] | the list of routes: names, paths, functions and scopes |
//! | [`matching`] | a request matched to its route |
//! | [`commands`] | a request read into an [`order_domain::Command`], every error at once |
//! | [`quotes`] | signed quotes: verified, and their claims read into a command |
//! | [`queries`] | query parameters read into types that cannot be wrong |
//! | [`headers`] | `Idempotency-Key`, `If-Match`, the gateway's request id |
//! | [`entity_tags`] | `If-Match` and `If-None-Match` as RFC 9110 has them |
//! | [`correlation`] | `X-Correlation-Id`, on requests and replies |
//! | `content_type` | the media types of a body that is read |
//! | [`identity`] | callers: who they are, what they may do, and whose orders they reach |
//! | [`scopes`] | the scopes of a token, and what each is for |
//! | [`json`], [`fields`] | strict JSON, and the reading of an object field by field |
//! | [`fingerprint`](mod@fingerprint) | what makes two requests the same request |
//! | [`cursor`] | opaque page cursors |
//! | [`replies`] | the shapes of replies |
//! | [`responses`] | replies as HTTP: status, `ETag`, `Location`, caching |
//! | [`problem`], [`invalid`] | errors as RFC 9457 problem details |
//! | [`timestamps`] | RFC 3339 and HTTP dates |

pub mod commands;
mod content_type;
pub mod correlation;
pub mod cursor;
pub mod entity_tags;
pub mod fields;
pub mod fingerprint;
pub mod headers;
pub mod identity;
pub mod invalid;
pub mod json;
pub mod matching;
pub mod problem;
pub mod queries;
pub mod quotes;
pub mod replies;
pub mod responses;
pub mod routes;
pub mod scopes;
pub mod timestamps;

pub use commands::{ParsedCommand, ParsedRequest, parse_command};
pub use correlation::Correlation;
pub use entity_tags::IfNoneMatch;
pub use headers::{CommandHeaders, gateway_request_id};
pub use identity::{AuthMode, Authentication, Caller};
pub use matching::Routed;
pub use problem::Problem;
pub use queries::{EventsQuery, ListQuery, OrderFilter, OrderQuery, OrderView, ParsedQuery, TotalsQuery, parse_query};
pub use quotes::{Quote, QuoteVerifier, UnverifiedQuote};
pub use routes::{CommandRoute, QueryRoute, ROUTES, Route};
pub use scopes::Scope;

/// The OpenAPI 3.1 description of this API, as `GET /openapi.json` serves it.
pub const OPENAPI: &str = include_str!("../../../../docs/openapi.json");
