//! A projection with a bug: it panics on some commits.

use std::marker::PhantomData;
use std::panic::resume_unwind;

use event_store::RecordedEvent;
use order_aggregate::{OrderCommit, Orders};
use order_domain::Event;
use read_models::{FoldError, KeyAttributes, Projection, RowKey, SumError, Summed};

/// The causation id of the commits on which it panics. Requests of a history have none.
pub(crate) const PANICS: &str = "chaos-panics";

/// A projection that panics on commits with the causation id [`PANICS`].
pub(crate) struct PanickingProjection<P>(PhantomData<fn() -> P>);

impl<P: Projection<Aggregate = Orders>> Projection for PanickingProjection<P> {
    type Aggregate = Orders;
    type Row = P::Row;
    const NAME: &'static str = P::NAME;
    const NUMBER: u32 = P::NUMBER;
    const KEY: KeyAttributes = P::KEY;

    fn key(commit: &OrderCommit) -> Result<RowKey, FoldError> {
        P::key(commit)
    }

    fn concerns(commit: &OrderCommit) -> bool {
        panics(commit) || P::concerns(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        P::aggregate_id(key)
    }

    fn apply(row: Option<P::Row>, event: &RecordedEvent<Event>, commit: &OrderCommit) -> Result<P::Row, FoldError> {
        if panics(commit) {
            // `resume_unwind` does not call the panic hook, which would fill the log.
            resume_unwind(Box::new("the fold does not support this commit"));
        }
        P::apply(row, event, commit)
    }
}

fn panics(commit: &OrderCommit) -> bool {
    commit.request.causation_id.as_deref() == Some(PANICS)
}

impl<P: Summed<Aggregate = Orders>> Summed for PanickingProjection<P> {
    type Sum = P::Sum;

    fn sum_name(row: &P::Row) -> &str {
        P::sum_name(row)
    }

    fn replace(sum: Option<P::Sum>, old: Option<&P::Row>, new: &P::Row) -> Result<P::Sum, SumError> {
        P::replace(sum, old, new)
    }
}
