//! The arguments of a verification.

use std::time::Duration;

use clap::Args;
use event_store::Timestamp;
use operations::verify::LagRule;
use read_models::LagBound;

use crate::confirm::ConfirmArguments;
use crate::sweep::SweepArguments;
use crate::text::lifetime;

/// The tables, and how they are compared and repaired.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) sweep: SweepArguments,
    /// Once all is counted, repair what differs: write rows that are lost or wrong, and delete those that belong to no order
    #[arg(long)]
    pub(super) repair: bool,
    /// Take over this table of events where the read models remember another one, as after a restore
    #[arg(long, requires = "repair")]
    pub(super) adopt_events: bool,
    #[command(flatten)]
    pub(super) confirm: ConfirmArguments,
    /// Delete or take back so many rows that have no commits in the events table, where more than 1 % or 100 have none
    #[arg(long, value_name = "N", requires = "repair")]
    pub(super) delete_orphans: Option<u64>,
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
