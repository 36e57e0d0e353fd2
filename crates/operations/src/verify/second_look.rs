//! The second look at lagging rows, at the end of a pass that counts.
//!
//! Lagging rows are checked again as long as some of them arrive. [`LagBound`](read_models::LagBound) then judges the rows that
//! still lag.

use std::time::Duration;

use futures_util::future::try_join_all;
use read_models::Checked;
use tokio::time::{Instant, sleep_until};

use super::counts::VerifyCounts;
use super::lag::Lags;
use super::page::{Reached, VerifyPage};
use super::pass::Verify;
use crate::error::OperationError;
use crate::sweep::Ended;

/// The time between two checks.
const PAUSE: Duration = Duration::from_secs(1);

impl Verify {
    /// Checks lagging rows again as long as some of them arrive, and judges the rest. Passes the result of every check to
    /// `settle`.
    pub(super) async fn second_look<E: From<OperationError>>(
        &self,
        mut lags: Lags,
        stop_requested: impl Future<Output = ()>,
        mut settle: impl FnMut(VerifyPage) -> Result<(), E>,
    ) -> Result<Ended, E> {
        let rule = &self.rules.lag;
        let mut stop_requested = std::pin::pin!(stop_requested);
        let mut left = lags.not_projected();
        let mut patient_until = Instant::now() + rule.patience;
        while left.is_some() {
            let (mut page, checked) = self.look_again(&mut lags).await?;
            let by_now = lags.not_projected();
            if by_now.map(|(orders, _)| orders) < left.map(|(orders, _)| orders) {
                patient_until = Instant::now() + rule.patience;
            }
            left = by_now;
            let models = || self.models.iter().map(|model| model.name());
            let has_late = models().zip(&checked).any(|(name, checked)| lags.of(name).has_late(checked, rule));
            if !has_late || Instant::now() >= patient_until {
                for (model, checked) in self.models.iter().zip(checked) {
                    let lost = lags.of(model.name()).take_lost(checked, rule);
                    page.add_rows(lost, model.as_ref()).await?;
                }
                page.reached = Reached::SecondLook { lags };
                settle(page)?;
                return Ok(Ended::Complete);
            }
            page.reached = Reached::SecondLook { lags: lags.clone() };
            settle(page)?;
            tokio::select! {
                () = &mut stop_requested => return Ok(Ended::Stopped),
                () = sleep_until((Instant::now() + PAUSE).min(patient_until)) => {}
            }
        }
        Ok(Ended::Complete)
    }

    /// Checks the lagging rows once. Keeps the ones that still lag; the page contains the differences of the others.
    async fn look_again(&self, lags: &mut Lags) -> Result<(VerifyPage, Vec<Checked>), OperationError> {
        let looks = self.models.iter().map(|model| model.look_again(lags.orders_of(model.name())));
        let mut checked = try_join_all(looks).await?;
        let mut page =
            VerifyPage::new(&self.rules, Reached::SecondLook { lags: Lags::default() }, VerifyCounts::default());
        let mut unfoldable = Vec::new();
        for (model, checked) in self.models.iter().zip(&mut checked) {
            let wrong = lags.of(model.name()).note(checked);
            page.add_rows(wrong, model.as_ref()).await?;
            unfoldable.append(&mut checked.unfoldable);
        }
        let new: Vec<_> = unfoldable.into_iter().filter(|it| !lags.left_out.contains(&it.aggregate_id)).collect();
        lags.left_out.extend(new.iter().map(|unfoldable| unfoldable.aggregate_id.clone()));
        page.add_left_out(new.into_iter());
        Ok((page, checked))
    }
}
