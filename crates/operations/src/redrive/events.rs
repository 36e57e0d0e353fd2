//! Publication of waiting events.

use publication::{EventBus, UnpublishedReason, events_of};

use super::waiting::Waiting;
use super::{PoisonCommit, RedriveError};

/// Publishes the waiting commits as if for the first time, until a commit cannot be published.
///
/// Each call contains one event. From a call with several events, the bus can reject one and accept the next, out of
/// sequence.
pub(super) async fn publish(bus: &EventBus, waiting: &mut Waiting<'_>) -> Result<Option<PoisonCommit>, RedriveError> {
    loop {
        let page = waiting.page().await?;
        if page.is_empty() {
            return Ok(None);
        }
        for delivered in page {
            let version = delivered.position().map_or(waiting.begin, |(_, version)| version);
            let events = delivered.record.map_err(|poison| poison.cause).and_then(|commit| events_of(&commit));
            let events = match events {
                Ok(events) => events,
                Err(reason) => return Ok(Some(PoisonCommit { version, reason })),
            };
            for event in events {
                match bus.publish(&[event], None).await.failed.into_iter().next().map(|failure| failure.reason) {
                    None => {}
                    Some(UnpublishedReason::Unpublishable { cause: reason }) => {
                        return Ok(Some(PoisonCommit { version, reason }));
                    }
                    Some(UnpublishedReason::Unavailable { cause } | UnpublishedReason::Refused { cause }) => {
                        return Err(RedriveError::Bus { cause });
                    }
                }
            }
        }
    }
}
