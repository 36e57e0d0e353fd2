//! The path of one request, from arrival to reply.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, EventStore};
use function_setup::{QueryConfig, deadline};
use http_api::identity::UnknownAuthMode;
use http_api::{Authentication, Caller, IfNoneMatch, ParsedQuery, QueryRoute, gateway_request_id, responses};
use lambda_http::{Body, Request, RequestExt, Response};
use order_aggregate::Orders;
use parked_orders::ParkedOrderTable;
use read_models::{DynamoOpenOrders, DynamoSummaries, DynamoTotals, OpenOrders, OrderSummaries, Totals};
use uuid::Uuid;

use crate::failure::Failure;
use crate::log::LogEntry;
use crate::{events, open_orders, order, orders, totals};

/// The HTTP handler of queries, on top of the events and the read models.
#[derive(Clone)]
pub struct QueryHandler<S> {
    events: S,
    rows: Readers,
    parked: ParkedOrderTable,
    authentication: Authentication,
}

/// The reads of the read models. A deployment can do without some of them.
#[derive(Clone)]
pub struct Readers {
    /// The order summaries.
    pub summaries: Arc<dyn OrderSummaries>,
    /// The customers' totals.
    pub totals: Option<Arc<dyn Totals>>,
    /// The open orders of all customers.
    pub open_orders: Option<Arc<dyn OpenOrders>>,
}

impl Readers {
    /// Creates the reads of the tables of a configuration.
    #[must_use]
    pub fn on_dynamo(client: &Client, config: &QueryConfig) -> Self {
        let totals = config.totals_table.as_ref().map(|table| DynamoTotals::new(client.clone(), table));
        let open_orders = config.open_orders_table.as_ref().map(|table| DynamoOpenOrders::new(client.clone(), table));
        Self {
            summaries: Arc::new(DynamoSummaries::new(client.clone(), &config.summary_table)),
            totals: totals.map(|totals| Arc::new(totals) as _),
            open_orders: open_orders.map(|open_orders| Arc::new(open_orders) as _),
        }
    }
}

impl QueryHandler<DynamoEventStore> {
    /// Creates a handler that uses the tables of a configuration.
    ///
    /// # Errors
    /// When `AUTH_MODE` is not a known mode.
    pub fn on_dynamo(client: Client, config: QueryConfig) -> Result<Self, UnknownAuthMode> {
        let rows = Readers::on_dynamo(&client, &config);
        let events = DynamoEventStore::new(client.clone(), config.events_table);
        let parked = ParkedOrderTable::new(client, config.parked_table);
        let authentication = Authentication {
            mode: config.callers.auth_mode.parse()?,
            customer_claim: config.callers.customer_claim,
            customer_claim_prefix: config.callers.customer_claim_prefix,
            scope_prefix: config.callers.scope_prefix,
        };
        Ok(Self { events, rows, parked, authentication })
    }
}

impl<S: EventStore<Orders>> QueryHandler<S> {
    /// Creates a handler that uses this store, these read models, and the notes on parked orders.
    pub fn new(events: S, rows: Readers, parked: ParkedOrderTable, authentication: impl Into<Authentication>) -> Self {
        Self { events, rows, parked, authentication: authentication.into() }
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
        // Boxed: the future has many KB, and the deadline and the Lambda runtime would copy it several times.
        let answer = Box::pin(self.answer(&request, &mut entry));
        let answer = deadline::within(deadline_ms, answer).await;
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
        let Self { events, rows, parked, .. } = self;
        let (summaries, caller) = (rows.summaries.as_ref(), Caller::of(request, &self.authentication)?);
        let routed = QueryRoute::of(request)?;
        caller.require(routed.route.scopes())?;
        let response = match routed.parse()? {
            ParsedQuery::ListOrders(query) => {
                let page = orders::list(events, summaries, parked, &caller, &query).await?;
                responses::uncached(&page)?
            }
            ParsedQuery::GetCustomerTotals(query) => {
                let totals = totals::get(rows.totals.as_deref(), parked, &caller, &query).await?;
                responses::uncached(&totals)?
            }
            ParsedQuery::ListOpenOrders(query) => {
                let page = open_orders::list(events, rows.open_orders.as_deref(), parked, &caller, &query).await?;
                responses::uncached(&page)?
            }
            ParsedQuery::GetOrder(query) => {
                entry.order_id = Some(query.order_id.to_string());
                let summary = order::get(events, summaries, parked, &caller, &query).await;
                let summary = summary.map_err(|failure| failure.shown_to(&caller))?;
                entry.version = Some(summary.version);
                responses::order(&summary, IfNoneMatch::of(request).as_ref())?
            }
            ParsedQuery::ListEvents(query) => {
                entry.order_id = Some(query.order_id.to_string());
                let page = events::list(events, &caller, &query).await;
                responses::uncached(&page.map_err(|failure| failure.shown_to(&caller))?)?
            }
            ParsedQuery::GetOpenApi => responses::openapi(),
        };
        Ok(response)
    }
}
