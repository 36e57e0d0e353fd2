//! What waits with orders that are parked, and orders that are to be.
//!
//! An order's events are published in sequence, so one that can never be published holds back what follows. What is noted
//! there is done for the stream: only a redrive publishes it. So a record is done once its note is written, and not before.

use event_store::store::chain;
use futures_util::stream::{self, StreamExt as _};
use parked_orders::{Consumer, ParkedError, ParkedOrders};

use crate::outbox::{Halt, Outbox};
use crate::publication::Reason;

/// How many notes are written at once.
const AT_ONCE: usize = 16;

/// Holds what is of orders that are parked, from the parked version on. What comes before is a repeat, and is published as
/// ever. Where the notes cannot be had, nothing is published: it might overtake what waits.
pub(crate) async fn hold(notes: &ParkedOrders, outbox: &mut Outbox) {
    let parked = match notes.among(Consumer::Publisher, &outbox.orders()).await {
        Ok(parked) => parked,
        Err(error) => {
            return outbox.fail_every_order(&reason(&error));
        }
    };
    let mut holds = Vec::new();
    for parked in parked.into_values() {
        if let Some(up_to) = outbox.last_version(&parked.aggregate_id, parked.version) {
            holds.push(async move { (notes.hold(Consumer::Publisher, &parked.aggregate_id, up_to).await, parked) });
        }
    }
    let held: Vec<_> = stream::iter(holds).buffer_unordered(AT_ONCE).collect().await;
    for (held, parked) in held {
        match held {
            Ok(true) => outbox.hold(&parked.aggregate_id, parked.version),
            // It was redriven since the notes were read: nothing waits, so this need not.
            Ok(false) => {}
            Err(error) => outbox.fail(&parked.aggregate_id, parked.version, &reason(&error)),
        }
    }
}

/// Parks each order that has something which can never be published, and holds what follows. Returns those that are parked.
pub(crate) async fn park(notes: &ParkedOrders, outbox: &mut Outbox) -> Vec<Halt> {
    let (mut halts, mut parked) = (Vec::new(), Vec::new());
    for halt in outbox.halts() {
        let (order, version) = (&halt.parking.aggregate_id, halt.parking.version);
        if outbox.fails_before(order, version) {
            // A redrive would publish it ahead of what comes again.
            let cause = "an earlier version of its order is not published".to_owned();
            outbox.fail(order, version, &Reason::Unavailable { cause });
        } else {
            halts.push(halt);
        }
    }
    let note = |halt: Halt| async move { (notes.park(Consumer::Publisher, &halt.parking).await, halt) };
    let noted: Vec<_> = stream::iter(halts).map(note).buffered(AT_ONCE).collect().await;
    for (noted, halt) in noted {
        let (order, version) = (&halt.parking.aggregate_id, halt.parking.version);
        match noted {
            Ok(()) => {
                outbox.hold(order, version);
                parked.push(halt);
            }
            Err(error) => outbox.fail(order, version, &reason(&error)),
        }
    }
    parked
}

fn reason(error: &ParkedError) -> Reason {
    let cause = chain(error);
    match error {
        ParkedError::Unavailable { .. } => Reason::Unavailable { cause },
        ParkedError::Refused { .. } | ParkedError::Unreadable { .. } => Reason::Refused { cause },
    }
}
