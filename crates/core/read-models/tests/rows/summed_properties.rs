//! Commits may be repeated, reordered, split or lost, and several engines may apply them. At every moment, the sums
//! equal the sums of their rows. In the end, they equal the totals of the orders.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use order_aggregate::OrderCommit;
use proptest::prelude::*;
use proptest::sample::Index;
use read_models::{
    Contribution, CurrencyTotals, CustomerTotals, DynamoRows, Engine, ExistingRow, Projection, RowKey, RowStore,
    SummedRows,
};

use crate::customer_totals::{contribution, total};
use crate::story::{TOTALS_TABLE, any_commands, entries};
use crate::summed_rows::{Book, TotalsEngine};

/// Random commits, some repeated and some missing, each with its engine and a flag that ends the batch there.
fn deliveries() -> impl Strategy<Value = Vec<(Index, usize, bool)>> {
    prop::collection::vec((any::<Index>(), 0..ENGINES, prop::bool::weighted(0.2)), 0..60)
}

const ENGINES: usize = 2;

/// Returns the rows that are stored in the table.
async fn contributions(book: &Book, orders: &BTreeMap<String, Vec<OrderCommit>>) -> Vec<(u64, Contribution)> {
    let rows = DynamoRows::new(book.server.client(), TOTALS_TABLE);
    let keys: Vec<RowKey> = orders.values().map(|commits| CustomerTotals::key(&commits[0]).unwrap()).collect();
    let read = RowStore::<CustomerTotals>::read(&rows, &keys).await.unwrap();
    let row = |standing| match standing {
        ExistingRow::Row { version, row } => (version, row),
        ExistingRow::Outdated | ExistingRow::Newer => panic!("a row of another number"),
    };
    read.rows.into_values().map(row).collect()
}

fn by_currency(contributions: impl IntoIterator<Item = Contribution>) -> Vec<CurrencyTotals> {
    let mut currencies: BTreeMap<String, Vec<Contribution>> = BTreeMap::new();
    for contribution in contributions {
        currencies.entry(contribution.currency.clone()).or_default().push(contribution);
    }
    currencies.values().map(total).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn totals_are_what_the_contributions_come_to_at_every_moment_and_the_orders_in_the_end(
        histories in prop::collection::vec((any_commands(), prop::sample::select(vec!["EUR", "JPY"])), 1..5),
        deliveries in deliveries(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let book = Book::new().await;
            let mut orders = BTreeMap::new();
            for (number, (commands, currency)) in histories.iter().enumerate() {
                let order = format!("o-{number}");
                orders.insert(order.clone(), book.order(&order, currency, commands).await);
            }
            let stream: Vec<&OrderCommit> = orders.values().flatten().collect();
            let none = || vec![Vec::<&OrderCommit>::new(); ENGINES];
            let mut rounds = vec![none()];
            for (index, engine, ends) in &deliveries {
                rounds.last_mut().unwrap()[*engine].push(*index.get(&stream));
                if *ends {
                    rounds.push(none());
                }
            }
            // Commits may have been lost before. In the end, the newest commit that concerns a row arrives, here at
            // every engine at once.
            let newest = |commits: &'_ Vec<OrderCommit>| commits.iter().rposition(CustomerTotals::concerns).unwrap();
            rounds.push(vec![orders.values().map(|commits| &commits[newest(commits)]).collect(); ENGINES]);

            let rows = || SummedRows::new(book.server.client(), TOTALS_TABLE);
            let engines: Vec<TotalsEngine> = (0..ENGINES).map(|_| Engine::new(book.store.clone(), rows())).collect();
            for round in rounds {
                let batches = engines.iter().zip(round).map(|(engine, batch)| engine.project(entries(batch), None));
                for outcome in join_all(batches).await {
                    prop_assert_eq!(&outcome.failed, &[]);
                }
                let standing = contributions(&book, &orders).await;
                for (version, row) in &standing {
                    let seen = &orders[&row.order.order_id][..usize::try_from(*version).unwrap()];
                    prop_assert_eq!(row, &contribution(seen));
                }
                let standing = standing.into_iter().map(|(_, row)| row);
                prop_assert_eq!(book.of("c-1").await, by_currency(standing));
            }
            prop_assert_eq!(book.of("c-1").await, by_currency(orders.values().map(|commits| contribution(commits))));
            Ok(())
        })?;
    }
}
