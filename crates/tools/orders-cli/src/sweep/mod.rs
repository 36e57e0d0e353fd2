//! Sweeps over whole tables: what `orders rebuild` and `orders verify` share.
//!
//! - `arguments`: which tables, and how
//! - `events_table`: the refusals of tables that do not belong together
//! - `plan`: the tables and what is done to them, to be confirmed
//! - `progress`: the bar
//! - `state`: how far each segment is, in a file

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

/// Does `work`, which gets a future that ends with the first Ctrl-C; a second one cuts it off.
pub(crate) async fn until_told_to_stop<T>(
    bar: &Bar,
    work: impl AsyncFnOnce(&mut StopSignals) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (mut first, mut both) = (StopSignals::listen()?, StopSignals::listen()?);
    let told_twice = async {
        both.next().await;
        // A run that stops at once is to end before this message.
        tokio::task::yield_now().await;
        bar.note("stopping after the pages under way; Ctrl-C again does not wait for them");
        both.next().await;
    };
    tokio::select! {
        // One that stops at once has nothing to say about waiting.
        biased;
        done = work(&mut first) => done,
        () = told_twice => {
            Err(Interrupted("interrupted a second time: the pages under way are cut off".to_owned()).into())
        }
    }
}
