//! The arguments of a verification.

use std::time::Duration;

use clap::Args;
use event_store::Timestamp;
use operations::verify::LagRule;
use read_models::LagBound;

use crate::confirm::ConfirmArguments;
use crate::sweep::SweepArguments;
use crate::text::lifetime;

/// The tables, and the options of the comparison and the repair.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) sweep: SweepArguments,
    /// Repair the differences after everything is counted: write rows that are lost or wrong, and delete rows that belong to
    /// no order
    #[arg(long)]
    pub(super) repair: bool,
    /// Adopt this table of events where the read models remember another one, for example after a restore
    #[arg(long, requires = "repair")]
    pub(super) adopt_events: bool,
    #[command(flatten)]
    pub(super) confirm: ConfirmArguments,
    /// Allow the repair to delete or reduce this many rows without commits in the events table; required above 100 such rows
    /// or 1 %
    #[arg(long, value_name = "N", requires = "repair")]
    pub(super) delete_orphans: Option<u64>,
    /// Count a row as lost, and not as late, if its missing commits are older than this: 0s, 90s, 15m, 1h or 1d [default:
    /// 15m, or 1d while no row has newer commits]
    #[arg(long, value_name = "AGE", value_parser = lifetime)]
    lag_bound: Option<Duration>,
    /// Check late rows again until none has arrived for this long: 0s, 60s or 5m
    #[arg(long, value_name = "TIME", value_parser = lifetime, default_value = "60s")]
    patience: Duration,
}

impl Arguments {
    pub(super) fn lag_rule(&self) -> LagRule {
        let bound = self.lag_bound.map_or(LagBound::OfTheStream, LagBound::Named);
        LagRule { bound, patience: self.patience, clock: Timestamp::now }
    }
}
