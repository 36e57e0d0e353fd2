//! One request from arrival to reply.

use std::convert::Infallible;
use std::time::Instant;

use event_store::EventStore;
use http_api::{AuthMode, Caller, IfNoneMatch, ParsedQuery, gateway_request_id, parse_query, responses};
use lambda_http::{Body, Request, Response};
use order_store::Orders;
use read_model::OrderSummaries;
use uuid::Uuid;

use crate::failure::Failure;
use crate::{events, order, orders};

/// Answers queries over HTTP from the events and the summaries.
#[derive(Debug, Clone)]
pub struct QueryHandler<S, R> {
    events: S,
    summaries: R,
    auth_mode: AuthMode,
}

impl<S: EventStore<Orders>, R: OrderSummaries> QueryHandler<S, R> {
    /// A handler on that store and those summaries.
    pub const fn new(events: S, summaries: R, auth_mode: AuthMode) -> Self {
        Self { events, summaries, auth_mode }
    }

    /// Answers one request. Whatever goes wrong is a reply too, so that the caller gets a problem and not the
    /// gateway's bare 500.
    ///
    /// # Errors
    /// Never: the Lambda runtime wants a `Result`.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        let started = Instant::now();
        // A problem's `requestId` and the log's are the same, so that one finds the other.
        let request_id = gateway_request_id(&request).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let (response, outcome, cause) = match self.answer(&request).await {
            Ok(response) => (response, "answered", None),
            Err(failure) => {
                let cause = failure.cause();
                let problem = failure.problem();
                let outcome = problem.code();
                (problem.into_response(&request_id), outcome, cause)
            }
        };
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if response.status().is_server_error() {
            tracing::error!(request_id, outcome, duration_ms, error = cause, "query failed");
        } else {
            tracing::info!(request_id, outcome, duration_ms, "query {outcome}");
        }
        Ok(response)
    }

    async fn answer(&self, request: &Request) -> Result<Response<Body>, Failure> {
        let caller = Caller::of(request, self.auth_mode)?;
        let response = match parse_query(request)? {
            ParsedQuery::ListOrders(query) => {
                responses::summary_page(&orders::list(&self.events, &self.summaries, &caller, &query).await?)?
            }
            ParsedQuery::GetOrder(query) => {
                let summary = order::get(&self.events, &self.summaries, &caller, &query).await?;
                responses::order(&summary, IfNoneMatch::of(request).as_ref())?
            }
            ParsedQuery::ListEvents(query) => {
                responses::events_page(&events::list(&self.events, &caller, &query).await?)?
            }
            ParsedQuery::GetOpenApi => responses::openapi(),
        };
        Ok(response)
    }
}
