//! Sweeps over whole tables: the code that `orders rebuild` and `orders verify` share.
//!
//! - `arguments`: the tables and the options
//! - `events_table`: the messages that reject tables that do not belong together
//! - `plan`: the tables and the work, for the operator to confirm
//! - `state`: the progress of each segment, in a file

mod arguments;
pub(crate) mod events_table;
mod plan;
mod state;

pub(crate) use arguments::{Opened, SweepArguments};
pub(crate) use plan::{ItemCounts, item_count};
pub(crate) use state::{KeptSweep, Progress, Tables};
