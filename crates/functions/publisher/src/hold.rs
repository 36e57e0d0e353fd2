//! Records of parked orders: they wait together with their order.
//!
//! An order's events are published in sequence. An event that can never be published therefore holds back those that
//! follow. A waiting record is done for the stream once its order's note lists it, and not before. From then on only a
//! redrive publishes it.

use event_store::TableError;
use event_store::store::chain;
use parked_orders::{ParkRequest, ParkedError, ParkedOrder};
use publication::{Outbox, UnpublishedReason};
use stream_consumer::{NoteError, OrderParking, PoisonedOrder};

/// Holds the records of parked orders, from the parked version on. Earlier records are repeats and are published as usual.
/// The notes are not read for orders that begin in the batch, because no event precedes theirs.
///
/// If the notes cannot be read, no event is published, because it might overtake a waiting record. If one note cannot be
/// read, no event of its order is published.
///
/// Returns the orders whose poison is in the batch again: the invocation that parked them may have ended before it logged
/// that.
pub(crate) async fn hold(parking: &OrderParking, outbox: &mut Outbox) -> Vec<PoisonedOrder> {
    let parked = match parking.among(&outbox.orders_that_may_wait(), None).await {
        Ok(parked) => parked,
        Err(error) => {
            outbox.fail_every_order(&unread(&error));
            return Vec::new();
        }
    };
    let mut waiting = Vec::new();
    for (order, parked) in parked {
        match parked {
            Ok(parked) => {
                let last = outbox.last_version(&parked.aggregate_id, parked.version);
                waiting.extend(last.map(|up_to| (parked, up_to)));
            }
            Err(error) => outbox.fail(&order, 0, &reason(&error)),
        }
    }
    let mut repeated = Vec::new();
    for (parked, held) in parking.hold(waiting).await {
        match held {
            Ok(true) => {
                outbox.hold(&parked.aggregate_id, parked.version);
                repeated.extend(outbox.id(&parked.aggregate_id, parked.version).map(|id| poisoned(id, parked)));
            }
            // An operator redrove the order after the notes were read. No earlier record waits, so this record need not
            // wait either.
            Ok(false) => {}
            Err(error) => outbox.fail(&parked.aggregate_id, parked.version, &reason(&error)),
        }
    }
    repeated
}

fn poisoned(id: String, parked: ParkedOrder) -> PoisonedOrder {
    let ParkedOrder { aggregate_id, customer_id, version, held_up_to, reason, .. } = parked;
    let request = ParkRequest { aggregate_id, customer_id, version, held_up_to, reason };
    PoisonedOrder { request, is_deferred: false, records: vec![(version, id)] }
}

fn unread(error: &NoteError) -> UnpublishedReason {
    match error {
        NoteError::OutOfTime => UnpublishedReason::Unavailable { cause: error.to_string() },
        NoteError::Table(error) => reason(error),
    }
}

fn reason(error: &ParkedError) -> UnpublishedReason {
    let cause = chain(error);
    match error {
        ParkedError::Table(TableError::Unavailable { .. }) => UnpublishedReason::Unavailable { cause },
        ParkedError::Table(TableError::Refused { .. }) | ParkedError::Unreadable { .. } => {
            UnpublishedReason::Refused { cause }
        }
    }
}
