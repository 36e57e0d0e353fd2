//! Groups pages of commits into calls, publishes them, and saves the progress.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use event_store::store::chain;
use event_store::{Delivered, DynamoEventStore, Position, ScanRequest, Scope};
use order_aggregate::Orders;
use order_domain::Event;
use publication::{CloudEvent, EventBus, UnpublishedReason, cloud_events};

use super::pace::Pace;
use super::report::Progress;
use super::state::{State, Tally};
use crate::state_file::StateFile;
use crate::stop::Ended;

/// The maximum number of entries in one PutEvents call.
const CALL: usize = 10;

/// The time for which a failed call is retried before the replay gives up. After Ctrl-C, the replay waits at most this long
/// plus one operation.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A running replay.
pub(crate) struct Replay {
    pub(crate) store: DynamoEventStore,
    pub(crate) bus: EventBus,
    /// The time for which a failed call is retried.
    pub(crate) patience: Duration,
    pub(crate) pace: Pace,
    pub(crate) progress: Progress,
    pub(crate) file: StateFile,
    pub(crate) state: State,
}

/// Commits of one call, in the order in which they were read.
#[derive(Default)]
struct Call {
    events: Vec<CloudEvent>,
    left_out: Vec<String>,
    /// The position of its last commit.
    last: Option<Position>,
}

impl Replay {
    /// Publishes the rest of the replay, until `told_to_stop` completes.
    pub(crate) async fn run(&mut self, told_to_stop: impl Future<Output = ()>) -> anyhow::Result<Ended> {
        let mut told_to_stop = pin!(told_to_stop);
        let parameters = &self.state.parameters;
        let mut request = ScanRequest {
            scope: parameters.order.clone().map_or(Scope::TABLE, Scope::Aggregate),
            after: self.state.after.clone(),
            recorded: Some(parameters.from..parameters.to),
            // A commit that was acknowledged before the replay started must not be missed.
            consistent: true,
        };
        let mut call = Call::default();
        loop {
            let page = tokio::select! {
                biased;
                () = &mut told_to_stop => return Ok(Ended::Stopped),
                page = self.store.scan::<Orders>(&request) => page?,
            };
            self.state.tally.scanned += page.scanned;
            for delivered in page.delivered {
                let (events, position, left_out) = self.read(delivered);
                // An order's events are sent in sequence, and the events of one commit together.
                if !call.events.is_empty() && call.events.len() + events.len() > CALL {
                    let full = std::mem::take(&mut call);
                    if !self.publish(full, told_to_stop.as_mut()).await? {
                        return Ok(Ended::Stopped);
                    }
                }
                call.events.extend(events);
                call.left_out.extend(left_out);
                call.last = position.or(call.last);
            }
            // Events left from this page are sent together with events of the next page.
            if call.events.is_empty() {
                let passed = std::mem::take(&mut call);
                self.done(Call { last: page.next.clone().or(passed.last), ..passed }, &Tally::default())?;
            }
            request.after = page.next;
            if request.after.is_none() {
                break;
            }
        }
        let complete = call.events.is_empty() || self.publish(call, told_to_stop).await?;
        Ok(if complete { Ended::Complete } else { Ended::Stopped })
    }

    /// Returns a commit's events, marked as replayed, or the reason why it cannot be published.
    fn read(&self, delivered: Delivered<Event>) -> (Vec<CloudEvent>, Option<Position>, Option<String>) {
        let (position, events) = match delivered.record {
            Ok(commit) => {
                let events = cloud_events(&commit).map_err(|error| chain(&error));
                (Some((commit.aggregate_id, commit.version)), events)
            }
            Err(poison) => (poison.position, Err(poison.cause)),
        };
        let position = position.map(|(order, version)| Position::new(order, version));
        match events {
            Err(cause) => (Vec::new(), position, Some(format!("commit {} is left out: {cause}", delivered.id))),
            Ok(events) => {
                let replayname = Some(self.state.parameters.name.to_string());
                let mark = |event| CloudEvent { replayname: replayname.clone(), ..event };
                (events.into_iter().map(mark).collect(), position, None)
            }
        }
    }

    /// Publishes a call when it is due, and saves the progress. Returns false if it was stopped before.
    async fn publish(
        &mut self,
        mut call: Call,
        told_to_stop: Pin<&mut impl Future<Output = ()>>,
    ) -> anyhow::Result<bool> {
        let due = self.pace.due(Instant::now(), call.events.len());
        tokio::select! {
            biased;
            () = told_to_stop => return Ok(false),
            () = tokio::time::sleep_until(due.into()) => {}
        }
        let publication = self.bus.publish(&call.events, Some(Instant::now() + self.patience)).await;
        let mut published = call.events.len();
        for failure in publication.failed {
            match failure.reason {
                UnpublishedReason::Unavailable { cause } => anyhow::bail!("the event bus is unavailable: {cause}"),
                UnpublishedReason::Refused { cause } => anyhow::bail!("the event bus refused the call: {cause}"),
                UnpublishedReason::Unpublishable { cause } => {
                    published -= 1;
                    let id = call.events.get(failure.index).map(|event| event.id).unwrap_or_default();
                    call.left_out.push(format!("event {id} is left out: {cause}"));
                }
            }
        }
        let counters = publication.counters;
        let tally = Tally {
            published: u64::try_from(published)?,
            calls: counters.calls,
            retried: counters.retried,
            ..Tally::default()
        };
        self.done(call, &tally)?;
        Ok(true)
    }

    /// Counts and saves a finished call, which was acknowledged or left out.
    fn done(&mut self, call: Call, new: &Tally) -> anyhow::Result<()> {
        let tally = &mut self.state.tally;
        tally.published += new.published;
        tally.calls += new.calls;
        tally.retried += new.retried;
        tally.left_out += u64::try_from(call.left_out.len())?;
        call.left_out.iter().for_each(|what| self.progress.left_out(what));
        self.progress.show(tally);
        if let Some(last) = call.last {
            self.state.after = Some(last);
            self.file.write(&self.state)?;
        }
        Ok(())
    }
}
