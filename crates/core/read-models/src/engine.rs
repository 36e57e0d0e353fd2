//! The engine: from a batch of commits to rows, for any projection.
//!
//! Nothing depends on how records arrive: they may be repeated, out of order, split over batches or lost. A commit
//! is folded when its version follows the row's; what is at or below that is a repeat, and what is missing in
//! between is read from the event store. However many commits an aggregate has in a batch, it costs one read of a
//! row at most, and one write. An outage or a poison commit holds back its own aggregate only.

mod batch;
mod fold;
mod outcome;
mod progress;
mod settle;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::time::Instant;

use event_store::{Delivered, EventStore};
use futures_util::stream::{self, StreamExt};

pub use outcome::{Counters, Failure, Outcome, Reason};

use batch::Portion;
use fold::Fold;
use progress::Progress;
use settle::{Halt, Settled};

use crate::projection::{EventOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::{MAX_KEYS, RowStore, Standing};
use event_store::store::chain;

/// How many rows are read or written at once. Enough to hide the latency of a call, few enough for one client.
const AT_ONCE: usize = 16;
/// How often a row is written that an older release keeps getting ahead of.
const MAX_WRITES: u32 = 3;

/// The rows that are stored at the keys that were asked for; where that is not known, the reason.
type Standings<R> = HashMap<RowKey, Result<Option<Standing<R>>, Reason>>;

/// Applies commits to the rows of one projection.
#[derive(Debug, Clone)]
pub struct Engine<P, S, R> {
    store: S,
    rows: R,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection, S: EventStore<P::Aggregate>, R: RowStore<P>> Engine<P, S, R> {
    /// An engine that reads missing commits from `store` and keeps its rows in `rows`.
    #[must_use]
    pub const fn new(store: S, rows: R) -> Self {
        Self { store, rows, projection: PhantomData }
    }

    /// The store that missing commits are read from.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Applies a batch: reads its rows, folds its commits on them, and writes what is further. What cannot be applied is in the
    /// outcome; everything else is in its row when this returns.
    ///
    /// After `deadline` no further row is begun: its records fail. So an outage ends in a report of what failed, and
    /// not in the end of the caller's time.
    pub async fn project(&self, entries: Vec<Delivered<EventOf<P>>>, deadline: Option<Instant>) -> Outcome {
        self.apply(entries, Portion::is_of_no_concern::<P>, deadline).await
    }

    /// The same for commits that waited: also where none of them concerns its row, the row gets what it lacks before them.
    pub async fn catch_up(&self, entries: Vec<Delivered<EventOf<P>>>, deadline: Option<Instant>) -> Outcome {
        self.apply(entries, |_| false, deadline).await
    }

    async fn apply(
        &self,
        entries: Vec<Delivered<EventOf<P>>>,
        is_of_no_concern: fn(&Portion<EventOf<P>>) -> bool,
        deadline: Option<Instant>,
    ) -> Outcome {
        let (portions, strays) = batch::portions(entries);
        let mut outcome = settle::strays(strays);
        outcome.counters.aggregates = count(portions.len());
        let (of_no_concern, portions): (Vec<_>, Vec<_>) = portions.into_iter().partition(is_of_no_concern);
        outcome = of_no_concern.iter().map(settle::of_no_concern).fold(outcome, Outcome::merge);

        let keys: Vec<_> = portions.iter().map(Portion::key::<P>).collect();
        let to_read = portions.iter().zip(&keys).filter(|(portion, _)| !portion.holds_the_first_version());
        let to_read: Vec<RowKey> = to_read.filter_map(|(_, key)| key.as_ref().ok().cloned()).collect();
        outcome.counters.rows_read = count(to_read.len());
        let standings = self.read(&to_read).await;
        let folds: Vec<_> =
            portions.iter().zip(keys).map(|(portion, key)| self.fold(portion, key, &standings, deadline)).collect();
        let mut folds: Vec<Fold<'_, P, S>> = stream::iter(folds).buffered(AT_ONCE).collect().await;
        self.write(&mut folds, deadline).await;
        folds.iter().map(Fold::outcome).fold(outcome, Outcome::merge)
    }

    async fn read(&self, keys: &[RowKey]) -> Standings<P::Row> {
        let chunks: Vec<_> = keys.chunks(MAX_KEYS).map(|chunk| self.read_chunk(chunk)).collect();
        stream::iter(chunks)
            .buffer_unordered(AT_ONCE)
            .fold(HashMap::with_capacity(keys.len()), |mut standings, chunk| {
                standings.extend(chunk);
                std::future::ready(standings)
            })
            .await
    }

    async fn read_chunk(&self, keys: &[RowKey]) -> Standings<P::Row> {
        match self.rows.read(keys).await {
            Ok(mut read) => {
                let busy =
                    || Err(Reason::Unavailable { cause: "the row could not be read: the table is busy".to_owned() });
                let standing =
                    |key: &RowKey| if read.unread.contains(key) { busy() } else { Ok(read.rows.remove(key)) };
                keys.iter().cloned().zip(keys.iter().map(standing)).collect()
            }
            Err(error) => {
                let reason = Reason::Unavailable { cause: chain(&error) };
                keys.iter().map(|key| (key.clone(), Err(reason.clone()))).collect()
            }
        }
    }

    /// Folds one aggregate's portion of the batch on its row.
    async fn fold<'a>(
        &'a self,
        portion: &'a Portion<EventOf<P>>,
        key: Result<RowKey, Reason>,
        standings: &Standings<P::Row>,
        deadline: Option<Instant>,
    ) -> Fold<'a, P, S> {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Fold::never(portion, out_of_time());
        }
        let start = key.and_then(|key| start(&key, standings).map(|(version, row)| (key, version, row)));
        let (key, version, row) = match start {
            Ok(start) => start,
            Err(reason) => return Fold::never(portion, reason),
        };
        let mut progress = Progress::new(&self.store, &portion.aggregate_id, version, row);
        let mut settled = Settled::at(version);
        if let Err(reason) = progress.fold_portion(portion).await {
            settled.halts.push(Halt { from: progress.version + 1, reason });
        }
        // What does not concern the row is done once it is known to follow.
        if progress.row_version == version {
            settled.done = progress.version;
        }
        Fold { portion, settled, open: Some((key, progress)) }
    }

    /// Writes every row that is further than the one that is stored. Where an older release is further meanwhile, the row is
    /// folded on and written again.
    async fn write(&self, folds: &mut [Fold<'_, P, S>], deadline: Option<Instant>) {
        for _ in 0..MAX_WRITES {
            let (mut open, rows): (Vec<_>, Vec<_>) = folds.iter_mut().filter_map(Fold::unwritten).unzip();
            if rows.is_empty() {
                return;
            }
            let written = self.rows.write(&rows, deadline).await;
            let ended = open.iter_mut().zip(written).map(|(fold, written)| fold.ended(written));
            stream::iter(ended.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        }
        let cause = "an older release keeps getting ahead of the row";
        for fold in folds.iter_mut().filter(|fold| fold.is_open()) {
            fold.halt(Reason::Unavailable { cause: cause.to_owned() });
        }
    }
}

fn out_of_time() -> Reason {
    Reason::Unavailable { cause: chain(&RowError::OutOfTime) }
}

/// What a row is folded on: its version and itself, or nothing.
fn start<R: Clone>(key: &RowKey, standings: &Standings<R>) -> Result<(u64, Option<R>), Reason> {
    match standings.get(key) {
        // Not asked for: the batch holds version 1.
        None => Ok((0, None)),
        Some(Ok(None | Some(Standing::Outdated))) => Ok((0, None)),
        Some(Ok(Some(Standing::Row { version, row }))) => Ok((*version, Some(row.clone()))),
        Some(Ok(Some(Standing::Newer))) => Err(Reason::NewerProjection),
        Some(Err(reason)) => Err(reason.clone()),
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
