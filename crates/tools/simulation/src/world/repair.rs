//! `orders verify --repair`: the operation itself, over the read models of a release.

use std::future::pending;
use std::time::Duration;

use event_store::DynamoEventStore;
use operations::OperationError;
use operations::verify::{LagRule, NamedSnapshot, Verification, Verify, VerifyPage};
use read_models::{LagBound, ReadModels};

use crate::world::clock;

/// The result of a repair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repaired {
    /// The differences that were found, and the orders and sums that could not be judged; in words.
    pub found: Vec<String>,
    /// The orders with a row that is only late, and is left to the projector.
    pub late: u64,
}

/// Compares the read models with the events, and repairs every difference but late rows.
///
/// # Errors
/// When events or rows cannot be read or written.
pub(crate) async fn repair(
    store: DynamoEventStore,
    models: ReadModels,
    bound: LagBound,
) -> Result<Repaired, OperationError> {
    let rule = LagRule { bound, patience: Duration::ZERO, clock: clock::right };
    let mut known = Verification::new(1);
    let mut left_out = pass(&store, &models, rule, &mut known).await?;
    let late = known.lags.not_projected().map_or(0, |(orders, _)| orders);
    if known.counts.repairable() > 0 {
        known.begin_repair(rule.now());
        left_out = pass(&store, &models, rule, &mut known).await?;
    }
    let named = known.differences.iter().map(|it| format!("{} of {}: {}", it.row.sort, it.read_model, it.problem));
    Ok(Repaired { found: named.chain(left_out).collect(), late })
}

/// Finds the commits whose snapshot is not the fold of the events: their orders and versions.
///
/// # Errors
/// When the events cannot be read.
pub(crate) async fn wrong_snapshots(store: DynamoEventStore) -> Result<Vec<(String, u64)>, OperationError> {
    let rule = LagRule { bound: LagBound::OfTheStream, patience: Duration::ZERO, clock: clock::right };
    let mut known = Verification::new(1);
    pass(&store, &ReadModels::default(), rule, &mut known).await?;
    Ok(known.snapshots.into_iter().map(|NamedSnapshot { order, version, .. }| (order, version)).collect())
}

/// Goes once through all tables. Returns what could not be judged, in words.
async fn pass(
    store: &DynamoEventStore,
    models: &ReadModels,
    rule: LagRule,
    known: &mut Verification,
) -> Result<Vec<String>, OperationError> {
    let verify = Verify::new(store.clone(), models.clone(), rule, known);
    let mut left_out = Vec::new();
    let begun = known.clone();
    let settle = |page: VerifyPage| {
        left_out.extend(page.left_out.iter().cloned());
        known.add(page);
        Ok::<_, OperationError>(())
    };
    verify.run(&begun, pending(), settle).await?;
    Ok(left_out)
}
