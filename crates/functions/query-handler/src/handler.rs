//! The path of one request, from arrival to reply.

use std::convert::Infallible;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, EventStore};
use function_setup::{QueryConfig, deadline};
use http_api::identity::UnknownAuthMode;
use http_api::{Authentication, Caller, IfNoneMatch, ParsedQuery, QueryRoute, gateway_request_id, responses};
use lambda_http::{Body, Request, RequestExt, Response};
use order_aggregate::Orders;
use parked_orders::ParkedOrderTable;
use read_models::{DynamoSummaries, DynamoTotals, OrderSummaries, Totals};
use uuid::Uuid;

use crate::failure::Failure;
use crate::log::LogEntry;
use crate::{events, order, orders, totals};

/// The HTTP handler of queries, on top of the events and the read models.
#[derive(Debug, Clone)]
pub struct QueryHandler<S, R, T> {
    events: S,
    summaries: R,
    /// `None` if the deployment keeps no totals.
    totals: Option<T>,
    parked: ParkedOrderTable,
    authentication: Authentication,
}

impl QueryHandler<DynamoEventStore, DynamoSummaries, DynamoTotals> {
    /// Creates a handler that uses the tables of a configuration.
    ///
    /// # Errors
    /// When `AUTH_MODE` is not a known mode.
    pub fn on_dynamo(client: Client, config: QueryConfig) -> Result<Self, UnknownAuthMode> {
        let events = DynamoEventStore::new(client.clone(), config.events_table);
        let summaries = DynamoSummaries::new(client.clone(), config.summary_table);
        let totals = config.totals_table.map(|table| DynamoTotals::new(client.clone(), table));
        let parked = ParkedOrderTable::new(client, config.parked_table);
        let authentication = Authentication {
            mode: config.callers.auth_mode.parse()?,
            customer_claim: config.callers.customer_claim,
            customer_claim_prefix: config.callers.customer_claim_prefix,
            scope_prefix: config.callers.scope_prefix,
        };
        Ok(Self { events, summaries, totals, parked, authentication })
    }
}

impl<S: EventStore<Orders>, R: OrderSummaries, T: Totals> QueryHandler<S, R, T> {
    /// Creates a handler that uses this store, these read models, and the notes on parked orders.
    pub fn new(
        events: S,
        summaries: R,
        totals: T,
        parked: ParkedOrderTable,
        authentication: impl Into<Authentication>,
    ) -> Self {
        Self { events, summaries, totals: Some(totals), parked, authentication: authentication.into() }
    }

    /// Answers one request. Every failure becomes a reply too, so the caller receives a problem and not the gateway's bare
    /// 500.
    ///
    /// # Errors
    /// Never. The Lambda runtime requires a `Result`.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        let started = Instant::now();
        // The problem and the log entry have the same `requestId`, so an operator can find one from the other.
        let request_id = gateway_request_id(&request).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let mut entry = LogEntry::of(&request);
        let deadline_ms = request.lambda_context_ref().map(|context| context.deadline);
        let answer = deadline::within(deadline_ms, self.answer(&request, &mut entry)).await;
        let mut response = match answer.unwrap_or_else(|out_of_time| Err(out_of_time.into())) {
            Ok(response) => {
                entry.outcome = "answered";
                response
            }
            Err(failure) => {
                if let Some(error) = failure.error() {
                    entry.failed(error);
                }
                let problem = failure.problem();
                entry.outcome = problem.code();
                problem.into_response(&request_id)
            }
        };
        entry.correlation.mark(&mut response, &request_id);
        entry.write(&request_id, response.status(), started.elapsed());
        Ok(response)
    }

    async fn answer(&self, request: &Request, entry: &mut LogEntry) -> Result<Response<Body>, Failure> {
        let caller = Caller::of(request, &self.authentication)?;
        let routed = QueryRoute::of(request)?;
        caller.require(routed.route.scopes())?;
        let response = match routed.parse()? {
            ParsedQuery::ListOrders(query) => {
                let page = orders::list(&self.events, &self.summaries, &self.parked, &caller, &query).await?;
                responses::uncached(&page)?
            }
            ParsedQuery::GetCustomerTotals(query) => {
                let totals = totals::get(self.totals.as_ref(), &self.parked, &caller, &query).await?;
                responses::uncached(&totals)?
            }
            ParsedQuery::GetOrder(query) => {
                entry.order_id = Some(query.order_id.to_string());
                let summary = order::get(&self.events, &self.summaries, &self.parked, &caller, &query).await;
                let summary = summary.map_err(|failure| failure.shown_to(&caller))?;
                entry.version = Some(summary.version);
                responses::order(&summary, IfNoneMatch::of(request).as_ref())?
            }
            ParsedQuery::ListEvents(query) => {
                entry.order_id = Some(query.order_id.to_string());
                let page = events::list(&self.events, &caller, &query).await;
                responses::uncached(&page.map_err(|failure| failure.shown_to(&caller))?)?
            }
            ParsedQuery::GetOpenApi => responses::openapi(),
        };
        Ok(response)
    }
}
