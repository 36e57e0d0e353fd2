//! What a verification is told.

use std::time::Duration;

use clap::Args;
use event_store::Timestamp;
use read_model::LagBound;

use super::lag::LagRule;
use crate::sweep::SweepArguments;
use crate::text::lifetime;

/// What is compared, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) sweep: SweepArguments,
    /// Mend what differs: write the rows anew that are still as they were read, and delete those that belong to no order
    #[arg(long)]
    pub(super) repair: bool,
    /// Count a row as lost, and not as late, when the commits that it lacks are older: 0s, 90s, 15m, 1h or 1d [default: 15m,
    /// and 1d while no row has newer commits]
    #[arg(long, value_name = "AGE", value_parser = lifetime)]
    lag_bound: Option<Duration>,
    /// Look again at late rows until none of them has arrived for so long: 0s, 60s or 5m
    #[arg(long, value_name = "TIME", value_parser = lifetime, default_value = "60s")]
    patience: Duration,
}

impl Arguments {
    pub(super) fn lag_rule(&self) -> LagRule {
        let bound = self.lag_bound.map_or(LagBound::OfTheStream, LagBound::Named);
        LagRule { bound, patience: self.patience, clock: Timestamp::now }
    }
}
