//! Bugs of the query handler.

use std::collections::HashMap;
use std::convert::Infallible;

use event_store::{
    Appended, Commit, CommitPage, DynamoEventStore, EventStore, Loaded, NewCommit, StoreError, TableError, UpTo,
};
use futures_util::future::BoxFuture;
use lambda_http::{Body, Request, RequestExt, Response};
use order_aggregate::Orders;
use order_domain::Event;
use read_models::{
    CurrencyTotals, DynamoSummaries, DynamoTotals, ListFilter, OrderSummaries, OrderSummaryRow, RowError, RowPage,
    Totals,
};
use simulation::world::function::{HttpFunction, Instance, Invocation};

use super::Bug;

/// A function that does not receive `minVersion`.
pub(crate) struct Forgetful(pub(crate) Instance);

impl HttpFunction for Forgetful {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        let asks = request.query_string_parameters().first("minVersion").is_some();
        let nothing = HashMap::<String, String>::new();
        self.0.handle(if asks { request.with_query_string_parameters(nothing) } else { request })
    }
}

/// The events, with a bug.
pub(crate) struct Events {
    pub(crate) store: DynamoEventStore,
    pub(crate) bug: Bug,
}

impl EventStore<Orders> for Events {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        self.store.append(new).await
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        let up_to = if self.bug == Bug::TravelsToTheHead { UpTo::Head } else { up_to };
        self.store.load(aggregate_id, up_to).await
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.store, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        let skipped = u64::from(self.bug == Bug::SkipsAnEventBetweenPages && after > 0);
        EventStore::<Orders>::page(&self.store, id, after + skipped, limit).await
    }
}

/// The summaries, with a bug.
pub(crate) struct Summaries {
    pub(crate) rows: DynamoSummaries,
    pub(crate) bug: Bug,
}

impl OrderSummaries for Summaries {
    fn find<'a>(&'a self, order_id: &'a str) -> BoxFuture<'a, Result<Option<OrderSummaryRow>, RowError>> {
        Box::pin(async move {
            let mut found = self.rows.find(order_id).await;
            match (self.bug, &mut found) {
                (Bug::ShowsNoPayments, Ok(Some(row))) => row.amount_paid = 0,
                (Bug::TakesAnOutageForARefusal, Err(RowError::Table(TableError::Unavailable { operation, .. }))) => {
                    return Err(TableError::refused(operation, "it was an outage").into());
                }
                _ => {}
            }
            found
        })
    }

    fn list<'a>(
        &'a self,
        customer_id: &'a str,
        filter: &'a ListFilter,
        limit: usize,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OrderSummaryRow>, RowError>> {
        Box::pin(async move {
            let mut page = self.rows.list(customer_id, filter, limit, after).await?;
            if self.bug == Bug::SkipsAnOrderBetweenPages && page.next.is_some() {
                page.rows.pop();
            }
            if self.bug == Bug::ListsAnotherCustomer && page.next.is_none() {
                let other = if customer_id == "anna" { "bert" } else { "anna" };
                page.rows.extend(self.rows.list(other, filter, limit, None).await?.rows);
            }
            Ok(page)
        })
    }
}

/// The totals, with a bug.
pub(crate) struct Sums {
    pub(crate) rows: DynamoTotals,
    pub(crate) bug: Bug,
}

impl Totals for Sums {
    fn of<'a>(&'a self, customer_id: &'a str) -> BoxFuture<'a, Result<Vec<CurrencyTotals>, RowError>> {
        Box::pin(async move {
            let mut totals = self.rows.of(customer_id).await?;
            if self.bug == Bug::TotalsOfOneCurrency {
                totals.truncate(1);
            }
            Ok(totals)
        })
    }
}
