//! The contract of the ports to rows: the assumptions of the engine and of the audit, checked for an adapter.
//!
//! A test of an adapter implements [`Adapter`] and lists all checks with [`row_contract!`](macro@crate::row_contract).
//!
//! | module | contract of |
//! |---|---|
//! | [`row_store`] | `RowStore`: guarded writes, deadlines, reads of many rows |
//! | [`row_images`] | `RowImages`: stored attributes, conditional changes, scans |

pub mod row_images;
pub mod row_store;

use std::fmt::Debug;
use std::marker::PhantomData;

use event_store::{InMemoryEventStore, RecordedEvent};
use order_aggregate::{OrderCommit, Orders};
use read_models::projection::{self, CommitOf, EventOf};
use read_models::{
    ExistingRow, FoldError, KeyAttributes, NewRow, Projection, RowError, RowImages, RowKey, RowStore, Write,
};

use crate::story;

/// The rows of an adapter. They are empty when a check begins.
pub trait Adapter {
    /// A projection whose rows the adapter keeps.
    type Current: Projection<Aggregate = Orders, Row: PartialEq + Debug>;
    /// The same projection with a higher number, as in a later release; for example [`NextNumber`].
    type Next: Projection<Aggregate = Orders, Row = <Self::Current as Projection>::Row>;
    /// The rows as the current release uses them.
    type Rows: RowImages<Self::Current>;
    /// The rows as the later release uses them.
    type NextRows: RowStore<Self::Next>;

    /// Returns the rows.
    fn rows(&self) -> &Self::Rows;

    /// Returns the same rows for the later release.
    fn next_rows(&self) -> &Self::NextRows;
}

/// Adds a module with one test for each check. The test opens the adapter with an expression whose value is a future, as in
/// `row_contract!(postgres, PostgresAdapter::empty())`.
#[macro_export]
macro_rules! row_contract {
    ($adapter:ident, $open:expr) => {
        $crate::row_contract!(
            $adapter, $open;
            row_store::a_row_that_was_written_is_read,
            row_store::a_key_without_a_row_is_not_among_the_rows,
            row_store::results_are_in_the_order_of_their_rows,
            row_store::a_row_never_goes_backwards,
            row_store::a_row_of_an_older_number_is_replaced_at_the_same_version,
            row_store::a_row_of_an_older_number_is_compared_with_the_position,
            row_store::a_row_of_a_newer_number_is_not_replaced,
            row_store::no_row_is_begun_after_the_deadline,
            row_store::a_hundred_rows_are_read_at_once,
            row_images::an_image_has_the_stamp_and_the_attributes_of_its_row,
            row_images::a_row_is_replaced_only_where_it_is_unchanged,
            row_images::a_row_is_deleted_only_where_it_is_unchanged,
            row_images::the_segments_of_a_scan_have_every_row_once,
            row_images::the_rows_of_a_partition_are_adjacent_in_one_segment,
            row_images::rows_remember_their_events_table_and_no_scan_shows_it,
        );
    };
    ($adapter:ident, $open:expr; $($suite:ident::$check:ident),+ $(,)?) => {
        mod $adapter {
            use super::*;

            $(
                #[tokio::test]
                async fn $check() {
                    $crate::row_contract::$suite::$check(&$open.await).await;
                }
            )+
        }
    };
}

/// A projection with the next number, as in a later release.
pub struct NextNumber<P>(PhantomData<P>);

impl<P: Projection> Projection for NextNumber<P> {
    type Aggregate = P::Aggregate;
    type Row = P::Row;
    const NAME: &'static str = P::NAME;
    const NUMBER: u32 = P::NUMBER + 1;
    const KEY: KeyAttributes = P::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        P::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        P::aggregate_id(key)
    }

    fn concerns(commit: &CommitOf<Self>) -> bool {
        P::concerns(commit)
    }

    fn apply(
        row: Option<Self::Row>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<Self::Row, FoldError> {
        P::apply(row, event, commit)
    }
}

type RowOf<A> = <<A as Adapter>::Current as Projection>::Row;

/// Returns the rows of an order at versions 1 to 5.
async fn versions<A: Adapter>(order: &str) -> Vec<NewRow<RowOf<A>>> {
    folded::<A::Current>(&story::paid_in_parts(&InMemoryEventStore::default(), order, 4).await)
}

/// Returns the row of an order at version 1.
async fn placed<A: Adapter>(order: &str, customer: &str) -> NewRow<RowOf<A>> {
    let recorded = story::record(&InMemoryEventStore::default(), order, customer, &[]).await;
    let commits: Vec<_> = recorded.into_iter().map(|(commit, _)| commit).collect();
    folded::<A::Current>(&commits).swap_remove(0)
}

/// Returns the row after each of an order's commits.
fn folded<P: Projection<Aggregate = Orders>>(commits: &[OrderCommit]) -> Vec<NewRow<P::Row>> {
    let mut row = None;
    let mut after = |commit: &OrderCommit| {
        row = projection::fold::<P>(row.take(), commit.version - 1, commit).unwrap();
        let (key, version) = (projection::key::<P>(commit).unwrap(), commit.version);
        NewRow { key, version, position: version, row: row.clone().unwrap() }
    };
    commits.iter().map(&mut after).collect()
}

/// Writes one row.
///
/// # Errors
/// Returns the error of the write.
pub async fn write<P: Projection>(rows: &impl RowStore<P>, row: &NewRow<P::Row>) -> Result<Write, RowError> {
    rows.write(std::slice::from_ref(row), None).await.pop().unwrap()
}

async fn existing<P: Projection>(rows: &impl RowStore<P>, key: &RowKey) -> Option<ExistingRow<P::Row>> {
    let mut read = rows.read(std::slice::from_ref(key)).await.unwrap();
    assert!(read.unread.is_empty());
    read.rows.remove(key)
}

/// Returns a written row as a read returns it.
fn read_again<R>(row: NewRow<R>) -> Option<ExistingRow<R>> {
    Some(ExistingRow::Row { version: row.version, row: row.row })
}
