//! Verify: compares every row of the read models with the fold of its order's events, every sum with its rows, and every
//! snapshot with the fold. Repairs rows and sums if an operator decided so.
//!
//! | module | part |
//! |---|---|
//! | `orders` | the events' side: every order has its row in each read model |
//! | `rows` | the read models' side: every row has its order, and sums equal their rows |
//! | `second_look` | the second look at lagging rows |
//! | `page` | the findings of a page |
//! | [`counts`], [`named`] | the findings, as counts and by name |
//! | [`lag`] | the distinction between late and lost rows |
//! | [`repair`] | the limits of a repair |
//! | `pass` | the parts that the segments of a pass share |
//! | [`progress`] | the progress of a verification, kept in state files |

pub mod counts;
pub mod lag;
pub mod named;
mod orders;
mod page;
mod pass;
pub mod progress;
pub mod repair;
mod rows;
mod second_look;

use futures_util::FutureExt as _;

pub use counts::{RowCounts, SnapshotCounts, SumCounts, VerifyCounts};
pub use lag::{LagRule, Lags};
pub use named::{NamedDifference, NamedSnapshot};
pub use page::VerifyPage;
pub use pass::Verify;
pub use progress::Verification;
pub use repair::{Decision, Refusal};

use crate::error::OperationError;
use crate::sweep::{Ended, sweep};

impl Verify {
    /// Processes the events and the read models from the position in `known`. A pass that counts then checks late rows again.
    /// Passes every page to `settle`, which adds it to the progress.
    ///
    /// # Errors
    /// Returns an error if events or rows cannot be read or written, or if `settle` fails.
    pub async fn run<E: From<OperationError>>(
        &self,
        known: &Verification,
        stop_requested: impl Future<Output = ()>,
        mut settle: impl FnMut(VerifyPage) -> Result<(), E>,
    ) -> Result<Ended, E> {
        // Every sweep waits for it, also after an earlier one was stopped.
        let stop_requested = stop_requested.shared();
        let mut lags = known.lags.clone();
        let mut settle_swept = |page: VerifyPage| {
            lags.add(page.lags.clone());
            settle(page)
        };
        let orders = orders::segments(self, known);
        if sweep(orders, stop_requested.clone(), &mut settle_swept).await? == Ended::Stopped {
            return Ok(Ended::Stopped);
        }
        for model in &self.models {
            let rows = rows::segments(self, model, known);
            if sweep(rows, stop_requested.clone(), &mut settle_swept).await? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
        }
        if self.rules.repair.is_some() {
            return Ok(Ended::Complete);
        }
        self.second_look(lags, stop_requested, settle).await
    }
}
