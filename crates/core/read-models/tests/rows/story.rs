//! Orders that are created like real ones, and their rows.

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::RecordedEvent;
use order_aggregate::{OrderCommit, Orders};
use order_domain::Command;
use proptest::prelude::*;
use read_models::projection::{self, CommitOf, EventOf};
use read_models::{
    Engine, FoldError, KeyAttributes, NewRow, OrderSummaryByCustomer, OrderSummaryRow, Projection, RowError, RowKey,
    RowStore, SumError, Summed, Write,
};
use sam_template::Template;
use serde::{Deserialize, Serialize};
pub(crate) use test_support::story::{
    cancel, cancel_items, correct, deliver, entries, entry, paid_in_parts, pay, place_in, record, record_from, refund,
    request, ship, take_back,
};

/// The projection with another number, as in another release.
pub(crate) struct Numbered<const N: u32>;

impl<const N: u32> Projection for Numbered<N> {
    type Aggregate = Orders;
    type Row = OrderSummaryRow;
    const NAME: &'static str = OrderSummaryByCustomer::NAME;
    const NUMBER: u32 = N;
    const KEY: KeyAttributes = OrderSummaryByCustomer::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        OrderSummaryByCustomer::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        OrderSummaryByCustomer::aggregate_id(key)
    }

    fn apply(
        row: Option<OrderSummaryRow>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<OrderSummaryRow, FoldError> {
        OrderSummaryByCustomer::apply(row, event, commit)
    }
}

/// The sums: the amounts that its customers have paid, by currency.
impl<const N: u32> Summed for Numbered<N> {
    type Sum = Paid;

    fn sum_name(row: &OrderSummaryRow) -> &str {
        &row.currency
    }

    fn replace(sum: Option<Paid>, old: Option<&OrderSummaryRow>, new: &OrderSummaryRow) -> Result<Paid, SumError> {
        let others = sum.map_or(0, |sum| sum.paid).checked_sub(old.map_or(0, |row| row.amount_paid));
        let others = others.ok_or(SumError::NotInIt { figure: "paid" })?;
        Ok(Paid { paid: others + new.amount_paid })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paid {
    paid: u64,
}

pub(crate) type SummaryEngine<S, R> = Engine<OrderSummaryByCustomer, S, R>;

/// Random commands on a placed order. They use so few ids and amounts that many of them are accepted.
pub(crate) fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    let id = 1..=4_u32;
    let command = prop_oneof![
        3 => (id.clone(), prop::sample::select(vec![5, 10, 25, 30])).prop_map(|(id, amount)| pay(id, amount)),
        2 => (id.clone(), prop::sample::select(vec![0, 5, 25])).prop_map(|(id, amount)| correct(id, amount)),
        2 => (id.clone(), id.clone(), 1..=25_u64).prop_map(|(id, payment, amount)| refund(id, payment, amount)),
        6 => (id.clone(), 1..=2_u32, 1..=2_u32).prop_map(|(id, sku, quantity)| ship(id, sku, quantity)),
        4 => id.clone().prop_map(deliver),
        4 => (id.clone(), 1..=2_u32, 1..=2_u32).prop_map(|(id, sku, quantity)| take_back(id, sku, quantity)),
        3 => (id, 1..=2_u32, 1..=2_u32).prop_map(|(id, sku, quantity)| cancel_items(id, sku, quantity)),
        1 => Just(cancel()),
    ];
    // Half of the orders are paid at once, so that some units can be shipped.
    (any::<bool>(), prop::collection::vec(command, 0..24)).prop_map(|(paid, mut commands)| {
        if paid {
            commands.insert(0, pay(1, 25));
        }
        commands
    })
}

/// Returns the row of an order's commits, from the first on.
#[track_caller]
pub(crate) fn row_of(commits: &[OrderCommit]) -> OrderSummaryRow {
    let folded = commits
        .iter()
        .zip(0..)
        .try_fold(None, |row, (commit, version)| projection::fold::<OrderSummaryByCustomer>(row, version, commit));
    folded.unwrap().unwrap()
}

/// Writes one row.
pub(crate) async fn write<P: Projection>(
    rows: &impl RowStore<P>,
    key: &RowKey,
    version: u64,
    row: &P::Row,
) -> Result<Write, RowError> {
    test_support::row_contract::write(rows, &NewRow { key: key.clone(), version, position: version, row: row.clone() })
        .await
}

/// Starts an embedded DynamoDB with the project's tables.
pub(crate) async fn dynamo() -> EmbeddedDynamoDb {
    let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    server.create_tables(&Template::of_this_project().unwrap()).unwrap();
    server
}

pub(crate) const SUMMARY_TABLE: &str = "OrderSummaryByCustomer";
pub(crate) const TOTALS_TABLE: &str = "CustomerTotals";
