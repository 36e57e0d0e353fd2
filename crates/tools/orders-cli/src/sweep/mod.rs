//! Sweeps: whole tables worked through in parallel segments, page by page. What `orders rebuild` and `orders verify` share.
//!
//! - `arguments`: which tables, and how
//! - `events_table`: the events table that the read models remember
//! - `plan`: the tables and what is done to them, to be confirmed
//! - `progress`: the bar
//! - `state`: how far each segment is, in a file

mod arguments;
mod events_table;
#[cfg(test)]
pub(crate) mod large_orders;
mod plan;
mod progress;
mod state;

use std::future::Future;
use std::pin::pin;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub(crate) use arguments::SweepArguments;
pub(crate) use events_table::Remembered;
pub(crate) use plan::ItemCounts;
pub(crate) use progress::Bar;
pub(crate) use state::{Place, State, Tables, begin};

pub(crate) use crate::stop::Ended;
use crate::stop::{Interrupted, StopSignals};

/// One segment of a table.
pub(crate) trait Segment: Send + 'static {
    /// The result of a page.
    type Page: Send + 'static;

    /// Works through the next page; `None` where there is none. What it returns is settled: a run that goes on later may
    /// begin after it.
    fn page(&mut self) -> impl Future<Output = anyhow::Result<Option<Self::Page>>> + Send;
}

/// Works through all segments at once, and hands every page to `settle`, one after the other. Where `told_to_stop` ends, or a
/// segment fails, the pages under way are the last ones. Dropped, it is cut off.
pub(crate) async fn sweep<S: Segment>(
    segments: Vec<S>,
    told_to_stop: impl Future<Output = ()>,
    mut settle: impl FnMut(S::Page) -> anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    let (stop, stopping) = watch::channel(false);
    let (settled, mut pages) = mpsc::channel(segments.len().max(1));
    let mut at_work = JoinSet::new();
    for segment in segments {
        at_work.spawn(work(segment, settled.clone(), stopping.clone()));
    }
    drop(settled);
    let mut told_to_stop = pin!(told_to_stop);
    let (mut told, mut result) = (false, Ok(()));
    loop {
        tokio::select! {
            biased;
            () = &mut told_to_stop, if !told => {
                told = true;
                stop.send_replace(true);
            }
            page = pages.recv() => match page {
                None => break,
                // Also after a failure: what is done is done.
                Some(page) => result = result.and(page.and_then(&mut settle)),
            },
        }
        if result.is_err() {
            stop.send_replace(true);
        }
    }
    let mut complete = true;
    while let Some(finished) = at_work.join_next().await {
        complete &= finished?;
    }
    result.map(|()| if complete { Ended::Complete } else { Ended::Stopped })
}

/// Works through one segment; false where it was stopped before its end.
async fn work<S: Segment>(
    mut segment: S,
    settled: mpsc::Sender<anyhow::Result<S::Page>>,
    stopping: watch::Receiver<bool>,
) -> bool {
    while !*stopping.borrow() {
        let Some(page) = segment.page().await.transpose() else { return true };
        let failed = page.is_err();
        if settled.send(page).await.is_err() || failed {
            return false;
        }
    }
    false
}

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
