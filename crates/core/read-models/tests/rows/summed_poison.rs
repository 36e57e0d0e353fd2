//! Sums that were changed or deleted from outside, and sums that panic.

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::RecordedEvent;
use read_models::projection::{CommitOf, EventOf};
use read_models::{
    Contribution, CurrencyTotals, CustomerTotals, Engine, FoldError, KeyAttributes, Projection, Reason, RowKey,
    SumError, Summed, SummedRows, Write,
};
use serde_json::{Value, json};

use crate::faulty_connection::{Fate, faulty_rows};
use crate::story::{TOTALS_TABLE, entries, pay, ship};
use crate::summed_faults::write;
use crate::summed_rows::{Book, SUMS, TotalsEngine, total_of};

async fn delete(book: &Book, entry: &str) {
    let delete = book.server.client().delete_item().table_name(TOTALS_TABLE);
    let delete = delete.key("customerId", AttributeValue::S("c-1".to_owned()));
    delete.key("entry", AttributeValue::S(entry.to_owned())).send().await.unwrap();
}

#[tokio::test]
async fn a_sum_that_was_taken_away_is_poison_to_what_would_change_it_and_is_never_begun_anew() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1), pay(2, 5)]).await;
    book.project(&commits[..2]).await;
    delete(&book, SUMS).await;
    let outcome = book.engine.project(entries(&commits[3..]), None).await;
    let [failure] = &outcome.failed[..] else { panic!("{outcome:?}") };
    let Reason::Poison { version, cause } = &failure.reason else { panic!("{failure:?}") };
    assert_eq!((failure.version, *version), (Some(4), Some(3)));
    assert_eq!(cause, "the row total#2 cannot be read: it is gone, and there are rows that it is the sum of");
    assert_eq!(book.of("c-1").await, []);
}

#[tokio::test]
async fn sums_that_were_deleted_are_not_begun_by_a_new_order() {
    let book = Book::new().await;
    book.project(&book.order("o-1", "EUR", &[pay(1, 25)]).await).await;
    delete(&book, SUMS).await;
    let outcome = book.engine.project(entries(&book.order("o-2", "USD", &[]).await), None).await;
    let [failure] = &outcome.failed[..] else { panic!("{outcome:?}") };
    let cause = "the row total#2 cannot be read: it is gone, and there are rows that it is the sum of".to_owned();
    assert_eq!(failure.reason, Reason::Poison { version: Some(1), cause });
    assert_eq!(book.of("c-1").await, []);
}

#[tokio::test]
async fn a_sum_that_does_not_hold_its_row_is_poison_to_that_order_alone() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), pay(2, 5)]).await;
    book.project(&commits[..2]).await;
    let mut sums = get(&book, SUMS).await;
    sums["sums"]["M"]["EUR"]["M"]["gross"] = json!({ "N": "1" });
    let put = json!({ "TableName": TOTALS_TABLE, "Item": sums });
    book.server.database().put_item(serde_json::from_value(put).unwrap()).unwrap();
    let dollars = book.order("o-2", "USD", &[]).await;
    let outcome = book.engine.project(entries(commits[2..].iter().chain(&dollars)), None).await;
    let [failure] = &outcome.failed[..] else { panic!("{outcome:?}") };
    let cause = "the row total#2 cannot be read: gross does not hold what the row has added to it".to_owned();
    assert_eq!(failure.aggregate_id.as_deref(), Some("o-1"));
    assert_eq!(failure.reason, Reason::Poison { version: Some(3), cause });
    assert_eq!(book.of("c-1").await[1], total_of([&dollars[..]]));
}

#[tokio::test]
async fn of_two_first_orders_at_once_one_begins_the_sum_and_the_other_carries_it_on() {
    let book = Book::new().await;
    let (first, second) = (book.order("o-1", "EUR", &[pay(1, 25)]).await, book.order("o-2", "EUR", &[]).await);
    book.project(&first).await;
    let sum = get(&book, SUMS).await;
    delete(&book, SUMS).await;
    let (rows, line) = faulty_rows(&book, 1, &[Fate::Arrives]);
    // The second run found no sum. Before it reads the rows, the first run has written both.
    *line.meanwhile.lock().unwrap() = Some(json!({ "TableName": TOTALS_TABLE, "Item": sum }));
    assert_eq!(write(&rows, &second).await.unwrap(), Write::Written);
    assert_eq!(book.of("c-1").await, [total_of([&first[..], &second])]);
}

#[tokio::test]
async fn a_row_or_sum_that_is_not_ours_is_poison_whose_cause_tells_no_value_and_no_customer() {
    // A row that cannot be read is folded again from the first event.
    for (entry, attribute, version) in [("order#o-1", "currency", 1), (SUMS, "sums", 3)] {
        let book = Book::new().await;
        let commits = book.order("o-1", "EUR", &[pay(1, 25), pay(2, 5)]).await;
        book.project(&commits[..2]).await;
        book.forget_pending().await;
        let mut item = get(&book, entry).await;
        item[attribute] = json!({ "M": { "someone@example.com": { "S": "someone@example.com" } } });
        let put = json!({ "TableName": TOTALS_TABLE, "Item": item });
        book.server.database().put_item(serde_json::from_value(put).unwrap()).unwrap();
        let (rows, _) = faulty_rows(&book, 1, &[Fate::Arrives]);
        let engine: TotalsEngine = Engine::new(book.store.clone(), rows);
        let outcome = engine.project(entries(&commits[2..]), None).await;
        let cause = format!("the row {entry} cannot be read: its attributes are not those that this release reads");
        assert_eq!(outcome.failed[0].reason, Reason::Poison { version: Some(version), cause }, "{entry}");
    }
}

/// Returns an item of the totals in the wire format.
async fn get(book: &Book, entry: &str) -> Value {
    let key = json!({ "customerId": { "S": "c-1" }, "entry": { "S": entry } });
    let get = json!({ "TableName": TOTALS_TABLE, "Key": key });
    let output = book.server.database().get_item(serde_json::from_value(get).unwrap()).unwrap();
    serde_json::to_value(output).unwrap()["Item"].take()
}

/// The same projection with sums that panic while they are computed.
struct Panicking;

impl Projection for Panicking {
    type Aggregate = order_aggregate::Orders;
    type Row = Contribution;
    const NAME: &'static str = CustomerTotals::NAME;
    const NUMBER: u32 = CustomerTotals::NUMBER;
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

impl Summed for Panicking {
    type Sum = CurrencyTotals;

    fn sum_name(row: &Contribution) -> &str {
        assert!(row.currency != "JPY", "yen");
        CustomerTotals::sum_name(row)
    }

    fn replace(
        sum: Option<CurrencyTotals>,
        old: Option<&Contribution>,
        new: &Contribution,
    ) -> Result<CurrencyTotals, SumError> {
        assert!(new.currency != "USD", "dollars");
        CustomerTotals::replace(sum, old, new)
    }
}

#[tokio::test]
async fn a_sum_that_panics_is_poison_to_its_order_and_holds_back_no_other() {
    let book = Book::new().await;
    let rows = SummedRows::new(book.server.client(), TOTALS_TABLE);
    let engine: Engine<Panicking, _, _> = Engine::new(book.store.clone(), rows);
    let mut commits = Vec::new();
    for (order, currency) in [("o-1", "USD"), ("o-2", "EUR"), ("o-3", "JPY")] {
        commits.extend(book.order(order, currency, &[]).await);
    }
    let outcome = engine.project(entries(&commits), None).await;
    let mut causes: Vec<_> = outcome.failed.into_iter().map(|failure| (failure.aggregate_id, failure.reason)).collect();
    causes.sort_by(|one, other| one.0.cmp(&other.0));
    let poison = |order: &str, message| {
        let cause = format!("the row order#{order} cannot be written: the code panicked: {message}");
        (Some(order.to_owned()), Reason::Poison { version: Some(1), cause })
    };
    assert_eq!(causes, [poison("o-1", "dollars"), poison("o-3", "yen")]);
    assert_eq!(book.of("c-1").await, [total_of([&commits[1..2]])]);
}
