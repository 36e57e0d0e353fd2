//! Replay: republishes recorded events, marked as a replay, for consumers that were added later.
//!
//! An order's events are sent in sequence, and the events of one commit in one call. Progress is reported after each
//! acknowledged call, so a stopped replay continues with the events that are not acknowledged.

mod pace;
mod request;

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use event_store::{Delivered, DynamoEventStore, Position, ScanRequest, Scope};
use order_aggregate::Orders;
use order_domain::Event;
use publication::{CloudEvent, EventBus, UnpublishedReason, events_of};
use serde::{Deserialize, Serialize};

use crate::error::OperationError;
use crate::sweep::Ended;
use pace::Pace;
pub use request::{ReplayName, ReplayRequest};

/// The maximum number of entries in one PutEvents call.
const CALL: usize = 10;

/// The time for which a failed call is retried before the replay gives up. A stopped replay waits at most this long plus one
/// operation.
const PATIENCE: Duration = Duration::from_secs(10);

/// A replay of recorded events to a bus.
pub struct Replay {
    store: DynamoEventStore,
    bus: EventBus,
    request: ReplayRequest,
    pace: Pace,
    patience: Duration,
}

/// The progress of a replay. State files contain these names, so they must never change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayProgress {
    /// The last finished commit; `None` at the start. The bus has acknowledged everything up to this commit.
    pub after: Option<Position>,
    /// The total counts of all runs.
    #[serde(rename = "tally")]
    pub counts: ReplayCounts,
}

/// The counts of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayCounts {
    /// Commits read, including commits outside the range. A later run counts commits again that it reads a second time.
    pub scanned: u64,
    /// Events that the bus has acknowledged.
    pub published: u64,
    /// PutEvents calls.
    pub calls: u64,
    /// Entries that were retried.
    pub retried: u64,
    /// Commits that cannot be read, and events that cannot be published.
    pub left_out: u64,
}

/// Finished commits: acknowledged by the bus, left out, or outside the range.
#[derive(Debug, Default)]
pub struct ReplayedCommits {
    /// The position of the last one.
    after: Option<Position>,
    counts: ReplayCounts,
    /// The commits and events that were left out, with the reasons.
    pub left_out: Vec<String>,
}

/// The commits of one call, in the order in which they were read.
#[derive(Default)]
struct Call {
    events: Vec<CloudEvent>,
    commits: ReplayedCommits,
}

impl ReplayProgress {
    /// Adds finished commits.
    pub fn add(&mut self, commits: ReplayedCommits) {
        let (sum, more) = (&mut self.counts, commits.counts);
        sum.scanned += more.scanned;
        sum.published += more.published;
        sum.calls += more.calls;
        sum.retried += more.retried;
        sum.left_out += u64::try_from(commits.left_out.len()).unwrap_or(u64::MAX);
        self.after = commits.after.or(self.after.take());
    }
}

impl Replay {
    /// Creates a replay from `store` to `bus`, at a rate of events a second.
    #[must_use]
    pub fn new(store: DynamoEventStore, bus: EventBus, request: ReplayRequest, rate: u32) -> Self {
        Self { store, bus, request, pace: Pace::new(rate), patience: PATIENCE }
    }

    /// Sets the time for which a failed call is retried.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Publishes the events after a position, until `stop_requested` completes. Passes finished commits to `settle`, which adds
    /// them to the progress.
    ///
    /// # Errors
    /// Returns an error if the events cannot be read, if the bus does not accept a call, or if `settle` fails.
    pub async fn run<E: From<OperationError>>(
        &mut self,
        after: Option<Position>,
        stop_requested: impl Future<Output = ()>,
        mut settle: impl FnMut(ReplayedCommits) -> Result<(), E>,
    ) -> Result<Ended, E> {
        let mut stop_requested = pin!(stop_requested);
        let mut request = ScanRequest {
            scope: self.request.order.clone().map_or(Scope::TABLE, Scope::Aggregate),
            after,
            recorded: Some(self.request.from..self.request.to),
            // A commit that was acknowledged before the replay started must not be missed.
            consistent: true,
        };
        let mut call = Call::default();
        loop {
            let page = tokio::select! {
                biased;
                () = &mut stop_requested => return Ok(Ended::Stopped),
                page = self.store.scan::<Orders>(&request) => page.map_err(OperationError::from)?,
            };
            call.commits.counts.scanned += page.scanned;
            for delivered in page.delivered {
                let next = self.read(delivered);
                if !call.events.is_empty() && call.events.len() + next.events.len() > CALL {
                    let full = std::mem::take(&mut call);
                    let Some(commits) = self.publish(full, stop_requested.as_mut()).await? else {
                        return Ok(Ended::Stopped);
                    };
                    settle(commits)?;
                }
                call.events.extend(next.events);
                call.commits.left_out.extend(next.commits.left_out);
                call.commits.after = next.commits.after.or(call.commits.after);
            }
            // Events left from this page are sent together with events of the next page.
            if call.events.is_empty() {
                let passed = std::mem::take(&mut call.commits);
                settle(ReplayedCommits { after: page.next.clone().or(passed.after), ..passed })?;
            }
            request.after = page.next;
            if request.after.is_none() {
                break;
            }
        }
        if !call.events.is_empty() {
            let Some(commits) = self.publish(call, stop_requested).await? else { return Ok(Ended::Stopped) };
            settle(commits)?;
        }
        Ok(Ended::Complete)
    }

    /// Returns a commit's events, marked as replayed, or the reason why it cannot be published.
    fn read(&self, delivered: Delivered<Event>) -> Call {
        let after = delivered.position().map(|(order, version)| Position::new(order, version));
        let mut call = Call { commits: ReplayedCommits { after, ..ReplayedCommits::default() }, ..Call::default() };
        match delivered.record.map_err(|poison| poison.cause).and_then(|commit| events_of(&commit)) {
            Err(cause) => call.commits.left_out.push(format!("commit {} is left out: {cause}", delivered.id)),
            Ok(events) => {
                let replayname = Some(self.request.name.to_string());
                call.events = events;
                call.events.iter_mut().for_each(|event| event.replayname.clone_from(&replayname));
            }
        }
        call
    }

    /// Publishes a call when it is due, and returns its commits; `None` if it was stopped before.
    async fn publish(
        &mut self,
        call: Call,
        stop_requested: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<ReplayedCommits>, OperationError> {
        let Call { events, mut commits } = call;
        let due = self.pace.due(Instant::now(), events.len());
        tokio::select! {
            biased;
            () = stop_requested => return Ok(None),
            () = tokio::time::sleep_until(due.into()) => {}
        }
        let publication = self.bus.publish(&events, Some(Instant::now() + self.patience)).await;
        commits.counts.published = u64::try_from(events.len() - publication.failed.len()).unwrap_or(u64::MAX);
        commits.counts.calls = publication.counters.calls;
        commits.counts.retried = publication.counters.retried;
        for failure in publication.failed {
            match failure.reason {
                UnpublishedReason::Unpublishable { cause } => {
                    let id = events.get(failure.index).map(|event| event.id).unwrap_or_default();
                    commits.left_out.push(format!("event {id} is left out: {cause}"));
                }
                reason @ (UnpublishedReason::Unavailable { .. } | UnpublishedReason::Refused { .. }) => {
                    return Err(OperationError::Bus(reason));
                }
            }
        }
        Ok(Some(commits))
    }
}
