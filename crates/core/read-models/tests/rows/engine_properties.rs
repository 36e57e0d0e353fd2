//! Commits may be repeated, reordered, split or lost: the rows always equal the fold.

use std::collections::BTreeMap;

use event_store::InMemoryEventStore;
use order_aggregate::OrderCommit;
use proptest::prelude::*;
use proptest::sample::Index;
use read_models::{Engine, ExistingRow, InMemoryRows, OrderSummaryByCustomer, OrderSummaryRow};

use crate::story::{any_commands, entries, record, row_of};

/// Random commits, some repeated and some missing, each with a flag that ends the batch there.
fn deliveries() -> impl Strategy<Value = Vec<(Index, bool)>> {
    prop::collection::vec((any::<Index>(), prop::bool::weighted(0.3)), 0..60)
}

fn row(standing: ExistingRow<OrderSummaryRow>) -> OrderSummaryRow {
    match standing {
        ExistingRow::Row { row, .. } => row,
        ExistingRow::Outdated | ExistingRow::Newer => panic!("a row of another number"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_a_prefix_at_every_moment_and_the_fold_in_the_end(
        histories in prop::collection::vec(any_commands(), 1..5),
        deliveries in deliveries(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, rows) = (InMemoryEventStore::default(), InMemoryRows::default());
            let mut orders: BTreeMap<String, Vec<OrderCommit>> = BTreeMap::new();
            for (number, commands) in histories.iter().enumerate() {
                let order = format!("o-{number}");
                let recorded = record(&store, &order, "c-1", commands).await;
                orders.insert(order, recorded.into_iter().map(|(commit, _)| commit).collect());
            }
            let stream: Vec<&OrderCommit> = orders.values().flatten().collect();
            let mut batches = vec![Vec::new()];
            for (index, ends) in &deliveries {
                batches.last_mut().unwrap().push(*index.get(&stream));
                if *ends {
                    batches.push(Vec::new());
                }
            }
            // Commits may have been lost before. In the end, the newest commit of each order arrives.
            batches.push(orders.values().map(|commits| commits.last().unwrap()).collect());

            let engine = Engine::<OrderSummaryByCustomer, _, _>::new(store, rows.clone());
            let mut versions: BTreeMap<String, u64> = BTreeMap::new();
            for batch in batches {
                let outcome = engine.project(entries(batch.iter().copied()), None).await;
                prop_assert_eq!(&outcome.failed, &[]);
                prop_assert!(outcome.counters.rows_written <= outcome.counters.aggregates);
                for row in rows.all().into_values().map(row) {
                    let seen = &orders[&row.order_id][..usize::try_from(row.version).unwrap()];
                    prop_assert_eq!(&row, &row_of(seen));
                    let before = versions.insert(row.order_id.clone(), row.version).unwrap_or(0);
                    prop_assert!(before <= row.version, "a row went backwards");
                }
            }
            for (order, commits) in &orders {
                prop_assert_eq!(versions.get(order), commits.last().map(|commit| &commit.version));
            }
            Ok(())
        })?;
    }
}
