//! The HTTP contract: the valid requests and the shapes of replies. This crate is the only place with status codes.
//!
//! This crate must never do I/O: it turns a request into a typed command or query, and a typed reply or problem into a
//! response. Other crates decide commands. [`OPENAPI`] is the same contract for machines, and tests compare the two.
//!
//! Start here:
//!
//! | file | holds |
//! |---|---|
//! | [`routes`] | the list of routes: names, paths, functions and scopes |
//! | [`matching`] | a request matched to its route |
//! | [`commands`] | a request parsed into an [`order_domain::Command`], with all errors at once |
//! | [`quotes`] | signed quotes: verified, and their claims parsed into a command |
//! | [`queries`], `parameters` | query parameters parsed into types that are always valid |
//! | [`headers`] | `Idempotency-Key`, `If-Match`, the gateway's request id |
//! | [`entity_tags`] | `If-Match` and `If-None-Match` according to RFC 9110 |
//! | [`correlation`] | `X-Correlation-Id`, on requests and replies |
//! | `content_type` | the accepted media types of a body |
//! | [`identity`] | callers: their identity, their rights, and the orders that they can access |
//! | [`scopes`] | the scopes of a token and their purpose |
//! | [`json`], [`fields`] | strict JSON, and the parser that reads an object field by field |
//! | [`fingerprint`](mod@fingerprint) | the fingerprint that identifies a repeated request |
//! | [`cursor`] | opaque page cursors |
//! | [`replies`] | the shapes of replies |
//! | [`responses`] | replies as HTTP: status, `ETag`, `Location`, caching |
//! | [`problem`], [`invalid`] | errors as RFC 9457 problem details |

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
mod parameters;
pub mod problem;
pub mod queries;
pub mod quotes;
pub mod replies;
pub mod responses;
pub mod routes;
pub mod scopes;

pub use commands::{ParsedCommand, ParsedRequest, parse_command};
pub use correlation::Correlation;
pub use entity_tags::IfNoneMatch;
pub use headers::{CommandHeaders, gateway_request_id};
pub use identity::{AuthMode, Authentication, Caller};
pub use matching::Routed;
pub use problem::Problem;
pub use queries::{
    EventsQuery, ListQuery, OpenOrdersQuery, OrderFilter, OrderQuery, OrderView, ParsedQuery, TotalsQuery, parse_query,
};
pub use quotes::{Quote, QuoteVerifier, UnverifiedQuote};
pub use routes::{CommandRoute, QueryRoute, ROUTES, Route};
pub use scopes::Scope;

/// The OpenAPI 3.1 description of this API, as `GET /openapi.json` serves it.
pub const OPENAPI: &str = include_str!("../../../../docs/openapi.json");
