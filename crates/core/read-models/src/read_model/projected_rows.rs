//! The read model of one projection: an engine, an audit and, if the projection has them, sums over the same rows.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use event_store::{Delivered, EventStore};
use futures_util::future::BoxFuture;
use order_aggregate::Orders;
use order_domain::Event;

use super::{OnOutage, OrderAudit, ReadModel, ScannedRows};
use crate::audit::{Audit, AuditError, Checked, Finding, Folded, Folding, Sums};
use crate::engine::{Engine, Outcome};
use crate::events_table::EventsTable;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_images::{ImagePage, RowImages, Segment};

/// A projection's rows as a read model.
pub struct ProjectedRows<P, S, R> {
    engine: Engine<P, S, R>,
    audit: Arc<Audit<P, S, R>>,
    target: String,
    on_outage: OnOutage,
    sums: Option<Arc<dyn Sums>>,
}

impl<P, S, R> ProjectedRows<P, S, R>
where
    P: Projection<Aggregate = Orders>,
    S: EventStore<Orders> + Clone,
    R: RowImages<P> + Clone,
{
    /// Creates the read model that reads missing commits from `store` and keeps its rows in `rows`, which are at
    /// `target`.
    #[must_use]
    pub fn new(store: S, rows: R, target: impl Into<String>) -> Self {
        Self {
            engine: Engine::new(store.clone(), rows.clone()),
            audit: Arc::new(Audit::new(store, rows)),
            target: target.into(),
            on_outage: OnOutage::Retry,
            sums: None,
        }
    }

    /// Returns the same read model with another reaction to an outage.
    #[must_use]
    pub fn on_outage(self, on_outage: OnOutage) -> Self {
        Self { on_outage, ..self }
    }

    /// Returns the same read model with the sums that its rows keep.
    #[must_use]
    pub fn with_sums(self, sums: impl Sums + 'static) -> Self {
        Self { sums: Some(Arc::new(sums)), ..self }
    }

    fn is_sums(&self, key: &RowKey) -> bool {
        self.sums.as_ref().is_some_and(|sums| sums.is_sums(key))
    }
}

impl<P: Projection, S, R> fmt::Debug for ProjectedRows<P, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(P::NAME).field("target", &self.target).finish_non_exhaustive()
    }
}

impl<P, S, R> ReadModel for ProjectedRows<P, S, R>
where
    P: Projection<Aggregate = Orders>,
    S: EventStore<Orders> + Clone + 'static,
    R: RowImages<P> + Clone + 'static,
{
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn number(&self) -> u32 {
        P::NUMBER
    }

    fn target(&self) -> &str {
        &self.target
    }

    fn on_outage(&self) -> OnOutage {
        self.on_outage
    }

    fn project(&self, batch: Vec<Delivered<Event>>, deadline: Option<Instant>) -> BoxFuture<'_, Outcome> {
        Box::pin(self.engine.project(batch, deadline))
    }

    fn catch_up(&self, batch: Vec<Delivered<Event>>, deadline: Option<Instant>) -> BoxFuture<'_, Outcome> {
        Box::pin(self.engine.catch_up(batch, deadline))
    }

    fn begin_audit(&self) -> Box<dyn OrderAudit> {
        Box::new(FoldedOrders { audit: Arc::clone(&self.audit), folding: Folding::default(), complete: Vec::new() })
    }

    fn look_again(&self, orders: Vec<String>) -> BoxFuture<'_, Result<Checked, AuditError>> {
        Box::pin(self.audit.look_again(orders))
    }

    fn scan<'a>(
        &'a self,
        segment: Segment,
        after: Option<&'a RowKey>,
        limit: Option<u32>,
    ) -> BoxFuture<'a, Result<ScannedRows, AuditError>> {
        Box::pin(async move {
            let page = self.audit.rows().scan(segment, after, limit).await?;
            let (partitions, next) = (complete(after, &page), page.next);
            let (in_sums, rows): (Vec<_>, Vec<_>) = page.rows.into_iter().partition(|(key, _)| self.is_sums(key));
            let (rows_read, sums) = (count(rows.len()), count(in_sums.len()));
            let orphans = self.audit.orphans(rows).await?;
            Ok(ScannedRows { rows: rows_read, sums, orphans, partitions, next })
        })
    }

    fn repair(&self, finding: Finding) -> BoxFuture<'_, Result<Option<Finding>, AuditError>> {
        Box::pin(self.audit.repair(finding))
    }

    fn sums(&self) -> Option<&dyn Sums> {
        self.sums.as_deref()
    }

    fn events_table(&self) -> BoxFuture<'_, Result<Option<EventsTable>, RowError>> {
        Box::pin(self.audit.rows().events_table())
    }

    fn remember_events_table<'a>(&'a self, events: &'a EventsTable) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(self.audit.rows().remember_events_table(events))
    }
}

/// The folds of an audit: the current order, and the complete ones that are still to be compared.
struct FoldedOrders<P: Projection, S, R> {
    audit: Arc<Audit<P, S, R>>,
    folding: Folding<P>,
    complete: Vec<Folded<P>>,
}

impl<P, S, R> OrderAudit for FoldedOrders<P, S, R>
where
    P: Projection<Aggregate = Orders>,
    S: EventStore<Orders>,
    R: RowImages<P>,
{
    fn push(&mut self, delivered: &Delivered<Event>) {
        self.complete.extend(self.folding.push(delivered));
    }

    fn finish(&mut self) {
        self.complete.extend(self.folding.finish());
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Checked, AuditError>> {
        let complete = std::mem::take(&mut self.complete);
        Box::pin(self.audit.check(complete))
    }
}

/// Returns the partitions that end on a page. All of their rows have been read by then, because a scan keeps the rows of a
/// partition together.
fn complete<I>(after: Option<&RowKey>, page: &ImagePage<I>) -> Vec<String> {
    let seen = after.into_iter().chain(page.rows.iter().map(|(key, _)| key));
    let mut partitions: BTreeSet<&String> = seen.map(|key| &key.partition).collect();
    if let Some(next) = &page.next {
        partitions.remove(&next.partition);
    }
    partitions.into_iter().cloned().collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
