//! Sums while two releases write them, with different numbers of the projection.

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::RecordedEvent;
use read_models::projection::{CommitOf, EventOf};
use read_models::{
    Contribution, Counters, CurrencyTotals, CustomerTotals, DynamoRows, Engine, FoldError, KeyAttributes, Projection,
    Reason, RowKey, SumError, Summed, SummedRows,
};

use crate::faulty_connection::{Fate, faulty_rows};
use crate::story::{TOTALS_TABLE, entries, pay, ship};
use crate::summed_faults::{contribution_is_stored, write};
use crate::summed_rows::{Book, total_of};

/// The same projection in a later release.
struct Later;

impl Projection for Later {
    type Aggregate = order_aggregate::Orders;
    type Row = Contribution;
    const NAME: &'static str = CustomerTotals::NAME;
    const NUMBER: u32 = CustomerTotals::NUMBER + 1;
    const KEY: KeyAttributes = CustomerTotals::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        CustomerTotals::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        CustomerTotals::aggregate_id(key)
    }

    /// This release counts double.
    fn apply(
        row: Option<Contribution>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<Contribution, FoldError> {
        let half = row.map(|row| Contribution { amount_paid: row.amount_paid / 2, ..row });
        let row = CustomerTotals::apply(half, event, commit)?;
        Ok(Contribution { amount_paid: row.amount_paid * 2, ..row })
    }
}

impl Summed for Later {
    type Sum = CurrencyTotals;

    fn sum_name(row: &Contribution) -> &str {
        CustomerTotals::sum_name(row)
    }

    fn replace(
        sum: Option<CurrencyTotals>,
        old: Option<&Contribution>,
        new: &Contribution,
    ) -> Result<CurrencyTotals, SumError> {
        CustomerTotals::replace(sum, old, new)
    }
}

#[tokio::test]
async fn a_later_release_has_its_own_sums() {
    let book = Book::new().await;
    let first = book.order("o-1", "EUR", &[pay(1, 20), pay(2, 5)]).await;
    let second = book.order("o-2", "EUR", &[pay(1, 25)]).await;
    book.project(first[..2].iter().chain(&second)).await;
    let before = book.of("c-1").await;

    let later: Engine<Later, _, _> =
        Engine::new(book.store.clone(), SummedRows::new(book.server.client(), TOTALS_TABLE));
    let outcome = later.project(entries(&first[2..]), None).await;
    assert_eq!((outcome.failed.len(), outcome.counters.gaps_repaired), (0, 1));
    assert_eq!(book.of("c-1").await, before, "what the earlier release reads");
    let outcome = book.engine.project(entries(&first[2..]), None).await;
    assert_eq!(outcome.failed[0].reason, Reason::NewerProjection);
    assert_eq!(book.of("c-1").await, before);

    // A replay or a rebuild delivers every order again, from the beginning or in part.
    let outcome = later.project(entries(first.iter().chain(&second[..1])), None).await;
    let expected = Counters { aggregates: 2, rows_written: 1, superseded: 1, gaps_repaired: 1, ..Counters::default() };
    assert_eq!((outcome.failed, outcome.counters), (vec![], expected));
    let sum = book.server.client().get_item().table_name(TOTALS_TABLE);
    let sum = sum.key("customerId", AttributeValue::S("c-1".to_owned()));
    let sum = sum.key("entry", AttributeValue::S("total#3".to_owned())).send().await.unwrap().item.unwrap();
    let euros = sum["sums"].as_m().unwrap()["EUR"].as_m().unwrap();
    assert_eq!(["orders", "gross"].map(|name| euros[name].as_n().unwrap().as_str()), ["2", "100"]);
}

/// The same projection in the previous release, which every commit concerned, and which kept its own sums.
struct Earlier;

impl Projection for Earlier {
    type Aggregate = order_aggregate::Orders;
    type Row = Contribution;
    const NAME: &'static str = CustomerTotals::NAME;
    const NUMBER: u32 = CustomerTotals::NUMBER - 1;
    const KEY: KeyAttributes = CustomerTotals::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        CustomerTotals::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        CustomerTotals::aggregate_id(key)
    }

    fn apply(
        row: Option<Contribution>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<Contribution, FoldError> {
        CustomerTotals::apply(row, event, commit)
    }
}

#[tokio::test]
async fn rows_of_the_previous_release_are_replaced_at_any_version() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1), pay(2, 5), ship(2, 2, 1)]).await;
    let earlier: Engine<Earlier, _, _> =
        Engine::new(book.store.clone(), DynamoRows::new(book.server.client(), TOTALS_TABLE));
    // The cases: a rebuild; a repeat from the stream while the previous release is further; and the row lost after its
    // sums were written.
    for (seen, delivered) in
        [(&commits[..3], &commits[..3]), (&commits[..5], &commits[..2]), (&commits[..5], &commits[..])]
    {
        let outcome = earlier.project(entries(seen), None).await;
        assert!(outcome.failed.is_empty() || outcome.failed[0].reason == Reason::NewerProjection);
        let outcome = book.engine.project(entries(delivered), None).await;
        assert_eq!(outcome.failed, [], "{} of {}", delivered.len(), seen.len());
    }
    assert!(contribution_is_stored(&book, 4).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_pending_row_replaces_a_row_of_the_previous_release() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1)]).await;
    let (line_rows, _) = faulty_rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
    tokio::time::pause();
    assert!(write(&line_rows, &commits[..2]).await.is_err());
    tokio::time::resume();
    let earlier: Engine<Earlier, _, _> =
        Engine::new(book.store.clone(), DynamoRows::new(book.server.client(), TOTALS_TABLE));
    assert_eq!(earlier.project(entries(&commits), None).await.failed, []);
    // A rebuild reads all commits in the same way.
    assert_eq!(book.engine.project(entries(&commits), None).await.failed, []);
    assert!(contribution_is_stored(&book, 2).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}
