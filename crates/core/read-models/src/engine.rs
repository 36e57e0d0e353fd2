//! The engine: applies a batch of commits to rows, for any projection.
//!
//! The result does not depend on how records arrive: they may be repeated, out of order, split over batches or lost.
//!
//! - A commit is folded if its version follows the row's version.
//! - A commit at or below the row's version is a repeat.
//! - Commits missing in between are read from the event store.
//!
//! An aggregate costs at most one read and one write of its row per batch, however many commits it has. An outage or a
//! poison commit delays its own aggregate only.

mod aggregate_outcome;
mod batch;
mod fold;
mod outcome;
mod progress;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::time::Instant;

use event_store::dynamo::Consistency;
use event_store::{Delivered, EventStore};
use futures_util::stream::{self, StreamExt};

pub use outcome::{Counters, Failure, Outcome, Reason};

use aggregate_outcome::{AggregateOutcome, Stop};
use batch::AggregateCommits;
use fold::Fold;
use progress::Progress;

use crate::projection::{EventOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::{ExistingRow, MAX_KEYS, Read, RowStore};
use event_store::store::chain;

/// The number of rows read or written at once. It is enough to hide the latency of a call, and few enough for one
/// client.
const AT_ONCE: usize = 16;
/// The number of attempts to write a row while an older release keeps writing later versions.
const MAX_WRITES: u32 = 3;

/// The stored rows at the requested keys, or the reason why a row is not known.
type ExistingRows<R> = HashMap<RowKey, Result<Option<ExistingRow<R>>, Reason>>;

/// The key of a row to read, and the first and the last version of its commits in the batch.
type ToRead = (RowKey, RangeInclusive<u64>);

/// Applies commits to the rows of one projection.
#[derive(Debug, Clone)]
pub struct Engine<P, S, R> {
    store: S,
    rows: R,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection, S: EventStore<P::Aggregate>, R: RowStore<P>> Engine<P, S, R> {
    /// Creates an engine that reads missing commits from `store` and keeps its rows in `rows`.
    #[must_use]
    pub const fn new(store: S, rows: R) -> Self {
        Self { store, rows, projection: PhantomData }
    }

    /// Returns the store that missing commits are read from.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Applies a batch: reads its rows, folds its commits, and writes the rows that have advanced. The outcome lists
    /// the commits that could not be applied. When this returns, all other commits are in their rows.
    ///
    /// After `deadline` no further row is begun, and its records fail. So an outage ends in a report of the failed
    /// records, and not in a timeout of the caller.
    pub async fn project(&self, entries: Vec<Delivered<EventOf<P>>>, deadline: Option<Instant>) -> Outcome {
        self.apply(entries, AggregateCommits::is_of_no_concern::<P>, deadline).await
    }

    /// Applies commits that waited in the same way. Even if none of them concerns its row, it folds the missing earlier
    /// commits into the row.
    pub async fn catch_up(&self, entries: Vec<Delivered<EventOf<P>>>, deadline: Option<Instant>) -> Outcome {
        self.apply(entries, |_| false, deadline).await
    }

    async fn apply(
        &self,
        entries: Vec<Delivered<EventOf<P>>>,
        is_of_no_concern: fn(&AggregateCommits<EventOf<P>>) -> bool,
        deadline: Option<Instant>,
    ) -> Outcome {
        let (aggregates, unaddressable) = batch::aggregates(entries);
        let mut outcome = aggregate_outcome::unaddressable(unaddressable);
        outcome.counters.aggregates = outcome::count(aggregates.len());
        let (of_no_concern, aggregates): (Vec<_>, Vec<_>) = aggregates.into_iter().partition(is_of_no_concern);
        outcome = of_no_concern.iter().map(aggregate_outcome::of_no_concern).fold(outcome, Outcome::merge);

        let keys: Vec<_> = aggregates.iter().map(AggregateCommits::key::<P>).collect();
        let to_read = aggregates.iter().zip(&keys).filter(|(commits, _)| !commits.holds_the_first_version());
        let to_read = to_read.filter_map(|(commits, key)| Some((key.as_ref().ok()?.clone(), commits.span())));
        let to_read: Vec<ToRead> = to_read.collect();
        outcome.counters.rows_read = outcome::count(to_read.len());
        let existing = self.read(&to_read).await;
        let mut folds = self.fold_all(&aggregates, keys, &existing, deadline).await;
        self.write(&mut folds, deadline).await;
        folds.iter().map(Fold::outcome).fold(outcome, Outcome::merge)
    }

    /// Reads the rows of a batch.
    async fn read(&self, to_read: &[ToRead]) -> ExistingRows<P::Row> {
        let chunks: Vec<_> = to_read.chunks(MAX_KEYS).map(|chunk| self.read_chunk(chunk)).collect();
        stream::iter(chunks)
            .buffer_unordered(AT_ONCE)
            .fold(HashMap::with_capacity(to_read.len()), |mut existing, chunk| {
                existing.extend(chunk);
                std::future::ready(existing)
            })
            .await
    }

    /// Reads rows with eventual consistency, and reads again with strong consistency those that may be out of date.
    async fn read_chunk(&self, to_read: &[ToRead]) -> ExistingRows<P::Row> {
        let keys: Vec<RowKey> = to_read.iter().map(|(key, _)| key.clone()).collect();
        let read = self.rows.read_eventually(&keys).await;
        let uncertain = read.as_ref().map_or_else(|_| Vec::new(), |read| uncertain(read, to_read));
        let mut existing = existing_rows(keys, read);
        if !uncertain.is_empty() {
            let current = self.rows.read(&uncertain).await;
            existing.extend(existing_rows(uncertain, current));
        }
        existing
    }

    /// Folds the commits of the batch into the rows.
    ///
    /// A row that was one version behind may be as it was a moment ago. That is no problem, unless poison stops its fold: a
    /// newer release may have written a row beyond the poison. Then the row is read again, with strong consistency.
    async fn fold_all<'a>(
        &'a self,
        aggregates: &'a [AggregateCommits<EventOf<P>>],
        keys: Vec<Result<RowKey, Reason>>,
        existing: &ExistingRows<P::Row>,
        deadline: Option<Instant>,
    ) -> Vec<Fold<'a, P, S>> {
        let folds = aggregates.iter().zip(keys).map(|(commits, key)| self.fold(commits, key, existing, deadline));
        let mut folds: Vec<_> = stream::iter(folds.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        let doubtful = folds.iter().filter_map(Fold::stopped_by_poison).cloned();
        let doubtful: Vec<RowKey> = doubtful.collect();
        let mut current = HashMap::new();
        for keys in doubtful.chunks(MAX_KEYS) {
            current.extend(existing_rows(keys.to_vec(), self.rows.read(keys).await));
        }
        for fold in &mut folds {
            if let Some(key) = fold.stopped_by_poison().cloned() {
                *fold = self.fold(fold.commits, Ok(key), &current, deadline).await;
            }
        }
        folds
    }

    /// Folds one aggregate's commits of the batch into its row.
    async fn fold<'a>(
        &'a self,
        commits: &'a AggregateCommits<EventOf<P>>,
        key: Result<RowKey, Reason>,
        existing: &ExistingRows<P::Row>,
        deadline: Option<Instant>,
    ) -> Fold<'a, P, S> {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Fold::never(commits, out_of_time());
        }
        let start = key.and_then(|key| start(&key, existing).map(|(version, row)| (key, version, row)));
        let (key, version, row) = match start {
            Ok(start) => start,
            Err(reason) => return Fold::never(commits, reason),
        };
        let mut progress = Progress::new(&self.store, &commits.aggregate_id, version, row);
        let mut outcome_so_far = AggregateOutcome::at(version);
        if let Err(reason) = progress.fold_commits(commits).await {
            outcome_so_far.stops.push(Stop { from: progress.version + 1, reason });
        }
        // A commit that does not concern the row is done once its version is known to follow.
        if progress.row_version == version {
            outcome_so_far.done = progress.version;
        }
        Fold { commits, outcome_so_far, open: Some((key, progress)) }
    }

    /// Writes every row that is later than the stored one. If an older release has written a later version meanwhile,
    /// folds on and writes again.
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
            fold.stop(Reason::Unavailable { cause: cause.to_owned() });
        }
    }
}

fn out_of_time() -> Reason {
    Reason::Unavailable { cause: chain(&RowError::OutOfTime) }
}

/// Returns what a read says of each key.
fn existing_rows<R>(keys: Vec<RowKey>, read: Result<Read<R>, RowError>) -> ExistingRows<R> {
    match read {
        Ok(mut read) => {
            let busy = || Err(Reason::Unavailable { cause: "the row could not be read: the table is busy".to_owned() });
            let row_of = |key: RowKey| {
                let row = if read.unread.contains(&key) { busy() } else { Ok(read.rows.remove(&key)) };
                (key, row)
            };
            keys.into_iter().map(row_of).collect()
        }
        Err(error) => {
            let reason = Reason::Unavailable { cause: chain(&error) };
            keys.into_iter().map(|key| (key, Err(reason.clone()))).collect()
        }
    }
}

/// Returns the keys of the rows that may be out of date. Two kinds of rows are not among them:
///
/// - a row that is one version behind the batch: it is the fold of its version at any time, and the condition of its write
///   rejects it if a later one is stored;
/// - a row that has every commit of the batch: it never loses one.
fn uncertain<R>(read: &Read<R>, to_read: &[ToRead]) -> Vec<RowKey> {
    match read.consistency {
        Consistency::Strong => Vec::new(),
        Consistency::Eventual => {
            let is_uncertain = |(key, span): &&ToRead| {
                !read.unread.contains(key) && !read.rows.get(key).is_some_and(|row| needs_no_proof(row, span))
            };
            to_read.iter().filter(is_uncertain).map(|(key, _)| key.clone()).collect()
        }
    }
}

/// Returns true if a row is one version behind these versions, or has all of them.
fn needs_no_proof<R>(row: &ExistingRow<R>, span: &RangeInclusive<u64>) -> bool {
    match row {
        ExistingRow::Row { version, .. } => version.checked_add(1) == Some(*span.start()) || version >= span.end(),
        ExistingRow::Outdated | ExistingRow::Newer => false,
    }
}

/// Returns the version and the row to fold on; 0 and `None` if there is no row.
fn start<R: Clone>(key: &RowKey, existing: &ExistingRows<R>) -> Result<(u64, Option<R>), Reason> {
    match existing.get(key) {
        // The row was not requested, because the batch contains version 1.
        None => Ok((0, None)),
        Some(Ok(None | Some(ExistingRow::Outdated))) => Ok((0, None)),
        Some(Ok(Some(ExistingRow::Row { version, row }))) => Ok((*version, Some(row.clone()))),
        Some(Ok(Some(ExistingRow::Newer))) => Err(Reason::NewerProjection),
        Some(Err(reason)) => Err(reason.clone()),
    }
}
