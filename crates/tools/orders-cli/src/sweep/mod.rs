//! Sweeps over whole tables: the code that `orders rebuild` and `orders verify` share.
//!
//! - `arguments`: the tables and the options
//! - `events_table`: the messages that reject tables that do not belong together
//! - `plan`: the tables and the work, for the operator to confirm
//! - `progress`: the progress bar
//! - `state`: the progress of each segment, in a file

mod arguments;
pub(crate) mod events_table;
mod plan;
mod progress;
mod state;

pub(crate) use arguments::{Opened, SweepArguments};
pub(crate) use plan::ItemCounts;
pub(crate) use progress::Bar;
pub(crate) use state::{State, Tables, begin};

use crate::stop::{Interrupted, StopSignals};

/// Runs `work` with a future that completes at the first Ctrl-C. A second Ctrl-C cancels the work.
pub(crate) async fn until_told_to_stop<T>(
    bar: &Bar,
    work: impl AsyncFnOnce(&mut StopSignals) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (mut first, mut both) = (StopSignals::listen()?, StopSignals::listen()?);
    let told_twice = async {
        both.next().await;
        // A run that stops at once must end before this message.
        tokio::task::yield_now().await;
        bar.note("stopping after the pages under way; Ctrl-C again does not wait for them");
        both.next().await;
    };
    tokio::select! {
        // A run that stops at once must not print the message about waiting.
        biased;
        done = work(&mut first) => done,
        () = told_twice => {
            Err(Interrupted("interrupted a second time: the pages under way are cut off".to_owned()).into())
        }
    }
}
