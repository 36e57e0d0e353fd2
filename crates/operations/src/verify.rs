//! Verify: compares every row of the read models with the fold of its order's events, every sum with its rows, and every
//! snapshot with the fold. Repairs rows and sums if an operator decided so.
//!
//! | module | part |
//! |---|---|
//! | `orders` | the events' side: every order has its row in each read model |
//! | `rows` | the read models' side: every row has its order, and sums equal their rows |
//! | `page` | the findings of a page |
//! | [`counts`], [`named`] | the findings, as counts and by name |
//! | [`lag`] | the distinction between late and lost rows |
//! | [`repair`] | the limits of a repair |
//! | [`progress`] | the progress of a verification, kept in state files |

pub mod counts;
pub mod lag;
pub mod named;
mod orders;
mod page;
pub mod progress;
pub mod repair;
mod rows;

use std::sync::Arc;

use event_store::DynamoEventStore;
use futures_util::FutureExt as _;
use read_models::ReadModels;

pub use counts::{RowCounts, SnapshotCounts, SumCounts, VerifyCounts};
pub use lag::{LagRule, Lags};
pub use named::{NamedDifference, NamedSnapshot};
pub use page::VerifyPage;
pub use progress::Verification;
pub use repair::{Decision, Refusal};

use crate::error::OperationError;
use crate::sweep::{Ended, sweep};
use repair::Repair;

/// A pass over the events and the read models. It counts, or it repairs the findings of an earlier pass.
#[derive(Clone)]
pub struct Verify {
    store: DynamoEventStore,
    models: ReadModels,
    rule: LagRule,
    /// The repair; `None` while the verification counts.
    repair: Option<Arc<Repair>>,
}

impl Verify {
    /// Creates a pass that continues from `known`. It repairs if `known` contains a decision to repair.
    #[must_use]
    pub fn new(store: DynamoEventStore, models: ReadModels, rule: LagRule, known: &Verification) -> Self {
        Self { store, models, rule, repair: Repair::of(known).map(Arc::new) }
    }

    /// Returns true if the pass counts and repairs nothing.
    #[must_use]
    pub const fn is_counting(&self) -> bool {
        self.repair.is_none()
    }

    /// Processes the events and the read models from the position in `known`. Passes every page to `settle`, which adds it
    /// to the progress.
    ///
    /// # Errors
    /// Returns an error if events or rows cannot be read or written, or if `settle` fails.
    pub async fn sweep<E: From<OperationError>>(
        &self,
        known: &Verification,
        told_to_stop: impl Future<Output = ()>,
        mut settle: impl FnMut(VerifyPage) -> Result<(), E>,
    ) -> Result<Ended, E> {
        // Each of the sweeps asks, also after one has been told.
        let told_to_stop = told_to_stop.shared();
        let orders = orders::segments(self, known);
        if sweep(orders, told_to_stop.clone(), &mut settle).await? == Ended::Stopped {
            return Ok(Ended::Stopped);
        }
        for model in &self.models {
            let rows = rows::segments(self, model, known);
            if sweep(rows, told_to_stop.clone(), &mut settle).await? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
        }
        Ok(Ended::Complete)
    }
}
