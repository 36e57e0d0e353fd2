//! From a batch of commits to rows, for any projection.
//!
//! Nothing depends on how records arrive: they may be repeated, out of order, split over batches or lost. A commit
//! is folded when its version follows the row's; what is at or below that is a repeat, and what is missing in
//! between is read from the event store. However many commits an aggregate has in a batch, it costs one read of a
//! row at most, and one write. An outage or a poison commit holds back its own aggregate only.

mod batch;
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
use progress::Progress;
use settle::{Halt, Settled};

use crate::projection::{EventOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::{MAX_KEYS, RowStore, Standing, Write};
use event_store::store::chain;

/// How many rows are read or written at once. Enough to hide the latency of a call, few enough for one client.
const AT_ONCE: usize = 16;
/// How often a row is written that an older release keeps getting ahead of.
const MAX_WRITES: u32 = 3;

/// What stands at each key that was asked for; where that is not known, why not.
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

    /// Applies a batch. What cannot be applied is in the outcome; everything else is in its row when this returns.
    ///
    /// After `deadline` no further row is begun: its records fail. So an outage ends in a report of what failed, and
    /// not in the end of the caller's time.
    pub async fn project(&self, entries: Vec<Delivered<EventOf<P>>>, deadline: Option<Instant>) -> Outcome {
        let (portions, strays) = batch::portions(entries);
        let keys: Vec<_> = portions.iter().map(Portion::key::<P>).collect();
        let to_read = portions.iter().zip(&keys).filter(|(portion, _)| !portion.holds_the_first_version());
        let to_read: Vec<RowKey> = to_read.filter_map(|(_, key)| key.as_ref().ok().cloned()).collect();
        let mut outcome = settle::strays(strays);
        outcome.counters.aggregates = count(portions.len());
        outcome.counters.rows_read = count(to_read.len());
        let standings = self.read(&to_read).await;
        let advances: Vec<_> =
            portions.iter().zip(keys).map(|(portion, key)| self.advance(portion, key, &standings, deadline)).collect();
        stream::iter(advances)
            .buffer_unordered(AT_ONCE)
            .fold(outcome, |outcome, part| std::future::ready(outcome.merge(part)))
            .await
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

    /// Brings one aggregate's row as far as its portion of the batch goes.
    async fn advance(
        &self,
        portion: &Portion<EventOf<P>>,
        key: Result<RowKey, Reason>,
        standings: &Standings<P::Row>,
        deadline: Option<Instant>,
    ) -> Outcome {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let cause = "there was no time left for it".to_owned();
            return settle::settle(portion, &Settled::never(Reason::Unavailable { cause }));
        }
        let start = key.and_then(|key| start(&key, standings).map(|(version, row)| (key, version, row)));
        let (key, version, row) = match start {
            Ok(start) => start,
            Err(reason) => return settle::settle(portion, &Settled::never(reason)),
        };
        let mut progress = Progress::<P, S>::new(&self.store, &portion.aggregate_id, version, row);
        let mut settled = Settled::at(version);
        if let Err(reason) = progress.fold_portion(portion).await {
            settled.halts.push(Halt { from: progress.version + 1, reason });
        }
        if progress.version > version
            && let Err(reason) = self.write(&key, &mut progress, &mut settled).await
        {
            settled.halts.push(Halt { from: version + 1, reason });
        }
        settled.counters.gaps_repaired = progress.gaps_repaired;
        settle::settle(portion, &settled)
    }

    async fn write(
        &self,
        key: &RowKey,
        progress: &mut Progress<'_, P, S>,
        settled: &mut Settled,
    ) -> Result<(), Reason> {
        for _ in 0..MAX_WRITES {
            let Some(row) = &progress.row else { return Ok(()) };
            match self.rows.write(key, progress.version, row).await {
                Ok(Write::Written) => {
                    settled.done = progress.version;
                    settled.counters.rows_written += 1;
                    return Ok(());
                }
                // A row is a pure function of its version, so whoever is ahead is right.
                Ok(Write::Superseded { version }) => {
                    settled.done = version;
                    settled.counters.superseded += 1;
                    return Ok(());
                }
                Ok(Write::Behind { version }) => progress.repair(version).await?,
                Ok(Write::NewerProjection) => return Err(Reason::NewerProjection),
                Err(error @ (RowError::Unavailable { .. } | RowError::Refused { .. })) => {
                    return Err(Reason::Unavailable { cause: chain(&error) });
                }
                // The row and what stands there do not go together, and no attempt changes that.
                Err(error @ (RowError::Unreadable { .. } | RowError::Unwritable { .. })) => {
                    return Err(Reason::Poison { version: Some(settled.done + 1), cause: chain(&error) });
                }
            }
        }
        Err(Reason::Unavailable { cause: "an older release keeps getting ahead of the row".to_owned() })
    }
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
