//! Processing of waiting commits by the consumer that parked the order.

use event_store::{Delivered, StoreError};
use order_domain::Event;
use parked_orders::ParkedError;
use publication::{EventBus, UnpublishedReason, events_of};
use read_models::{ReadModel, Reason};

/// The reason why an order could not be redriven, other than a poison commit. The order stays parked.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The notes could not be read or written.
    #[error(transparent)]
    Notes(#[from] ParkedError),
    /// The events could not be read.
    #[error(transparent)]
    Events(#[from] StoreError),
    /// The bus rejected an event, or was unavailable.
    #[error("the event bus did not accept an event: {cause}")]
    Bus {
        /// The error.
        cause: String,
    },
    /// A row could not be read or written.
    #[error("the row is not written: {cause}")]
    Row {
        /// The error.
        cause: String,
    },
    /// A newer release wrote the row, and that release must redrive it.
    #[error("the row has a newer projection number: redrive the order with the release that wrote the row")]
    NewerProjection,
    /// The consumer of the note is neither the publisher nor a read model of the list.
    #[error("this release has no such consumer")]
    UnknownConsumer,
}

/// A commit that cannot be processed.
pub(super) struct PoisonCommit {
    pub(super) version: u64,
    pub(super) reason: String,
}

/// Publishes a page of waiting commits as if for the first time, until a commit cannot be published. `parked` is the version
/// at which the order is parked.
///
/// Each call contains one event. From a call with several events, the bus can reject one and accept the next, out of
/// sequence.
pub(super) async fn publish(
    bus: &EventBus,
    page: Vec<Delivered<Event>>,
    parked: u64,
) -> Result<Option<PoisonCommit>, RedriveError> {
    for delivered in page {
        let version = delivered.position().map_or(parked, |(_, version)| version);
        let poison = |reason| Ok(Some(PoisonCommit { version, reason }));
        let events = match delivered.record.map_err(|poison| poison.cause).and_then(|commit| events_of(&commit)) {
            Ok(events) => events,
            Err(reason) => return poison(reason),
        };
        for event in events {
            match bus.publish(&[event], None).await.failed.into_iter().next().map(|failure| failure.reason) {
                None => {}
                Some(UnpublishedReason::Unpublishable { cause }) => return poison(cause),
                Some(UnpublishedReason::Unavailable { cause } | UnpublishedReason::Refused { cause }) => {
                    return Err(RedriveError::Bus { cause });
                }
            }
        }
    }
    Ok(None)
}

/// Projects a page of waiting commits into the order's row, until a commit cannot be read or folded. The engine also projects
/// earlier commits that the row lacks. `parked` is the version at which the order is parked.
pub(super) async fn project(
    model: &dyn ReadModel,
    page: Vec<Delivered<Event>>,
    parked: u64,
) -> Result<Option<PoisonCommit>, RedriveError> {
    let failed = model.catch_up(page, None).await.failed;
    let Some(first) = failed.into_iter().min_by_key(|failure| failure.version) else { return Ok(None) };
    match first.reason {
        Reason::Poison { version, cause: reason } => {
            Ok(Some(PoisonCommit { version: version.or(first.version).unwrap_or(parked), reason }))
        }
        Reason::Unavailable { cause } => Err(RedriveError::Row { cause }),
        Reason::NewerProjection => Err(RedriveError::NewerProjection),
    }
}
