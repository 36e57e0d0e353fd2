//! A read model as the projector, operations and tools use it. The trait has no type parameters, so they can loop over
//! a list of read models without naming any.

mod projected_rows;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

use event_store::Delivered;
use futures_util::future::BoxFuture;
use order_domain::Event;

pub use projected_rows::ProjectedRows;

use crate::audit::{AuditError, Checked, Finding, Sums};
use crate::engine::Outcome;
use crate::events_table::EventsTable;
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_images::Segment;

/// The reaction to an outage of a read model's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnOutage {
    /// Retry the records. They delay the stream until they succeed.
    Retry,
    /// Park the orders as deferred, so that no other read model waits. The projector's schedule retries them.
    Defer,
}

/// A read model of orders.
pub trait ReadModel: Debug + Send + Sync {
    /// Returns the name. It is also the consumer in the notes on parked orders, the dimension of metrics and the name
    /// on the command line.
    fn name(&self) -> &'static str;

    /// Returns the projection number. Rows with another number are different rows.
    fn number(&self) -> u32;

    /// Returns the location of the rows, such as the name of a table.
    fn target(&self) -> &str;

    /// Returns the reaction to an outage of the rows.
    fn on_outage(&self) -> OnOutage;

    /// Applies a batch of commits to the rows. After `deadline` no further row is begun.
    fn project<'a>(&'a self, batch: Vec<Delivered<Event>>, deadline: Option<Instant>) -> BoxFuture<'a, Outcome>;

    /// Applies commits that waited. Even if none of them concerns a row, it folds the missing earlier commits into the
    /// row.
    fn catch_up<'a>(&'a self, batch: Vec<Delivered<Event>>, deadline: Option<Instant>) -> BoxFuture<'a, Outcome>;

    /// Begins to fold orders in the order of a scan, to compare each with its row.
    fn begin_audit(&self) -> Box<dyn OrderAudit>;

    /// Folds these orders again, and compares them with their rows.
    fn look_again<'a>(&'a self, orders: Vec<String>) -> BoxFuture<'a, Result<Checked, AuditError>>;

    /// Reads a page of rows, after a key of the segment: about a megabyte, or `limit` rows.
    fn scan<'a>(
        &'a self,
        segment: Segment,
        after: Option<&'a RowKey>,
        limit: Option<u32>,
    ) -> BoxFuture<'a, Result<ScannedRows, AuditError>>;

    /// Repairs a row. Returns the remaining difference if that is not possible.
    fn repair<'a>(&'a self, finding: Finding) -> BoxFuture<'a, Result<Option<Finding>, AuditError>>;

    /// Returns the sums beside the rows, if the read model has any.
    fn sums(&self) -> Option<&dyn Sums>;

    /// Reads the events table that the rows were folded from, if it is recorded.
    fn events_table<'a>(&'a self) -> BoxFuture<'a, Result<Option<EventsTable>, RowError>>;

    /// Records the events table that the rows are folded from.
    fn remember_events_table<'a>(&'a self, events: &'a EventsTable) -> BoxFuture<'a, Result<(), RowError>>;
}

/// Folds orders one after another and compares them with their rows.
pub trait OrderAudit: Send {
    /// Takes the next commit of a scan, named `<orderId>@<version>`.
    fn push(&mut self, delivered: &Delivered<Event>);

    /// Ends the scan. The last order is then complete.
    fn finish(&mut self);

    /// Compares the orders that were completed since the last check.
    fn check<'a>(&'a mut self) -> BoxFuture<'a, Result<Checked, AuditError>>;
}

/// A page of a read model's rows.
#[derive(Debug, Default)]
pub struct ScannedRows {
    /// The number of rows that belong to orders.
    pub rows: u64,
    /// The number of sums.
    pub sums: u64,
    /// The rows without an order.
    pub orphans: Vec<Finding>,
    /// The partitions that end on this page or before it. All of their rows have been read.
    pub partitions: Vec<String>,
    /// The key after which to continue; `None` at the end.
    pub next: Option<RowKey>,
}

/// The read models of a deployment.
#[derive(Debug, Clone, Default)]
pub struct ReadModels(Vec<Arc<dyn ReadModel>>);

impl ReadModels {
    /// Creates the list of these read models.
    #[must_use]
    pub fn new(models: Vec<Arc<dyn ReadModel>>) -> Self {
        Self(models)
    }

    /// Returns the read model of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<dyn ReadModel>> {
        self.iter().find(|model| model.name() == name)
    }

    /// Iterates over the read models, in the order of the list.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<dyn ReadModel>> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a ReadModels {
    type Item = &'a Arc<dyn ReadModel>;
    type IntoIter = std::slice::Iter<'a, Arc<dyn ReadModel>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Arc<dyn ReadModel>> for ReadModels {
    fn from_iter<I: IntoIterator<Item = Arc<dyn ReadModel>>>(models: I) -> Self {
        Self(models.into_iter().collect())
    }
}
