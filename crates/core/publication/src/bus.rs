//! The event bus: rounds of PutEvents until no event is left that another attempt can publish.

use std::time::{Duration, Instant};

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::SdkError;
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use event_store::catch_panic;
use event_store::store::chain;

use crate::answer;
use crate::cloud_event::CloudEvent;
use crate::entry::Entry;
use crate::outcome::{Publication, UnpublishedEvent, UnpublishedReason};
use crate::packing::calls;

/// The largest number of rounds if the caller sets no deadline.
const MAX_ROUNDS: u32 = 10;

/// Pauses between rounds. Each is random, between zero and a limit that doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// The limit of the first pause.
    pub first: Duration,
    /// The upper bound of the limit.
    pub longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: Duration::from_millis(50), longest: Duration::from_secs(2) }
    }
}

impl Pauses {
    /// Returns the limit of the pause after a round. Rounds count from 1.
    fn limit(self, round: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(round - 1)).min(self.longest)
    }

    fn after(self, round: u32) -> Duration {
        Duration::from_nanos(fastrand::u64(0..=u64::try_from(self.limit(round).as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// An event bus of EventBridge.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: Client,
    bus: String,
    pauses: Pauses,
}

impl EventBus {
    /// Creates the bus with that name or ARN.
    #[must_use]
    pub fn new(client: Client, bus: impl Into<String>) -> Self {
        Self { client, bus: bus.into(), pauses: Pauses::default() }
    }

    /// Returns the same bus with other pauses between rounds.
    #[must_use]
    pub fn with_pauses(self, pauses: Pauses) -> Self {
        Self { pauses, ..self }
    }

    /// Publishes events, each at least once, in rounds. The first round sends all events in order. After a pause, each
    /// further round sends only the failed events that may still succeed. After `give_up`, only the first call can
    /// begin. Without `give_up` there are at most ten rounds.
    ///
    /// Calls run one after another, for two reasons. Parallel calls could overtake each other and reverse the events of
    /// an order, which consumers must handle but should not meet every day. And a bus that throttles would receive a
    /// whole batch at once.
    pub async fn publish(&self, events: &[CloudEvent], give_up: Option<Instant>) -> Publication {
        let mut publication = Publication::default();
        let mut open = self.entries(events, &mut publication);
        for round in 1.. {
            open = self.round(&open, give_up, &mut publication).await;
            let pause = self.pauses.after(round);
            let another = give_up.map_or(round < MAX_ROUNDS, |give_up| Instant::now() + pause < give_up);
            if open.is_empty() || !another {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        publication.failed.extend(open.into_iter().map(|entry| {
            let cause = entry.last_failure.unwrap_or_else(|| "the time was over before it was sent".to_owned());
            UnpublishedEvent { index: entry.index, reason: UnpublishedReason::Unavailable { cause } }
        }));
        publication.failed.sort_unstable_by_key(|failure| failure.index);
        publication
    }

    /// Builds the entries of events. An event that cannot be an entry is recorded as failed.
    fn entries(&self, events: &[CloudEvent], publication: &mut Publication) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            let cause = match catch_panic(|| Entry::new(index, event, &self.bus)) {
                Ok(Ok(entry)) => {
                    entries.push(entry);
                    continue;
                }
                Ok(Err(error)) => chain(&error),
                Err(panicked) => panicked.to_string(),
            };
            publication.failed.push(UnpublishedEvent { index, reason: UnpublishedReason::Unpublishable { cause } });
        }
        entries
    }

    /// Sends entries once, in order, and returns those that may be sent again.
    async fn round(&self, entries: &[Entry], give_up: Option<Instant>, publication: &mut Publication) -> Vec<Entry> {
        let mut again = Vec::new();
        for call in calls(entries) {
            // The first call is always made: a batch that arrives with too little time must shrink, or its retries
            // never end.
            if publication.counters.calls > 0 && give_up.is_some_and(|give_up| Instant::now() >= give_up) {
                again.extend_from_slice(call);
                continue;
            }
            let counters = &mut publication.counters;
            counters.calls += 1;
            counters.entries += count(call.len());
            counters.retried += count(call.iter().filter(|entry| entry.last_failure.is_some()).count());
            for (entry, result) in call.iter().zip(self.put(call).await) {
                match result {
                    Ok(()) => {}
                    Err(UnpublishedReason::Unavailable { cause }) => {
                        again.push(Entry { last_failure: Some(cause), ..entry.clone() });
                    }
                    Err(reason @ (UnpublishedReason::Refused { .. } | UnpublishedReason::Unpublishable { .. })) => {
                        publication.failed.push(UnpublishedEvent { index: entry.index, reason });
                    }
                }
            }
        }
        again
    }

    /// Makes one call and returns the result of each of its entries.
    async fn put(&self, call: &[Entry]) -> Vec<Result<(), UnpublishedReason>> {
        let requests = call.iter().map(|entry| entry.request.clone()).collect();
        // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
        match Box::pin(self.client.put_events().set_entries(Some(requests)).send()).await {
            Ok(output) => answer::to_entries(output.entries(), call.len()),
            Err(error) => vec![Err(answer::to_call(&error)); call.len()],
        }
    }

    /// Opens the connection before the first batch with a call without entries. EventBridge rejects the call, which
    /// publishes nothing and costs nothing, but the connection then exists.
    ///
    /// # Errors
    /// Returns an error if EventBridge does not respond.
    pub async fn connect(&self) -> Result<(), SdkError<PutEventsError>> {
        match self.client.put_events().set_entries(Some(Vec::new())).send().await {
            Err(error) if error.raw_response().is_none() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_a_pause_doubles_up_to_the_longest() {
        let limits: Vec<u128> = (1..=8).map(|round| Pauses::default().limit(round).as_millis()).collect();
        assert_eq!(limits, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(Pauses::default().limit(u32::MAX), Duration::from_secs(2));
    }

    #[test]
    fn a_pause_is_anything_up_to_its_limit() {
        let pauses = Pauses { first: Duration::from_nanos(2), longest: Duration::from_nanos(3) };
        let seen = |round| (0..1000).map(|_| pauses.after(round).as_nanos()).collect::<std::collections::BTreeSet<_>>();
        assert!(seen(1).into_iter().eq(0..=2));
        assert!(seen(2).into_iter().eq(0..=3));
    }
}
