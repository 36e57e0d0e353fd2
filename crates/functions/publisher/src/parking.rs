//! What waits with orders that are parked, and orders that are to be.
//!
//! An order's events are published in sequence, so one that can never be published holds back what follows. What is noted
//! there is done for the stream: only a redrive publishes it. So a record is done once its note is written, and not before.

use std::time::Instant;

use event_store::store::chain;
use function_setup::clients;
use futures_util::stream::{self, StreamExt as _};
use parked_orders::{Consumer, Parked, ParkedError, ParkedOrders, Parking};

use crate::outbox::{Halt, Outbox};
use publication::UnpublishedReason;

/// How many notes are written at once.
const AT_ONCE: usize = 16;

/// Makes the connection ahead of the first batch, by the read that each batch begins with.
pub(crate) async fn prime(notes: &ParkedOrders) {
    // No order has this id: ids start with a letter or a digit.
    clients::prime_by("DynamoDB", async { notes.among(Consumer::Publisher, &["-"]).await.map(|_| ()) }).await;
}

/// Holds what is of orders that are parked, from the parked version on. What comes before is a repeat, and is published as
/// ever. Where the notes cannot be had, nothing is published: it might overtake what waits; where one cannot be read, nothing
/// of its order.
///
/// Returns those whose poison came again. Whoever parked them may have ended before it said so.
pub(crate) async fn hold(notes: &ParkedOrders, outbox: &mut Outbox) -> Vec<Halt> {
    let parked = match notes.among(Consumer::Publisher, &outbox.orders()).await {
        Ok(parked) => parked,
        Err(error) => {
            outbox.fail_every_order(&reason(&error));
            return Vec::new();
        }
    };
    let mut holds = Vec::new();
    for (order, parked) in parked {
        let parked = match parked {
            Ok(parked) => parked,
            Err(error) => {
                outbox.fail(&order, 0, &reason(&error));
                continue;
            }
        };
        if let Some(up_to) = outbox.last_version(&parked.aggregate_id, parked.version) {
            holds.push(async move { (notes.hold(Consumer::Publisher, &parked.aggregate_id, up_to).await, parked) });
        }
    }
    let held: Vec<_> = stream::iter(holds).buffer_unordered(AT_ONCE).collect().await;
    let mut came_again = Vec::new();
    for (held, parked) in held {
        match held {
            Ok(true) => {
                outbox.hold(&parked.aggregate_id, parked.version);
                came_again.extend(outbox.id(&parked.aggregate_id, parked.version).map(|id| halt(id, parked)));
            }
            // It was redriven since the notes were read: nothing waits, so this need not.
            Ok(false) => {}
            Err(error) => outbox.fail(&parked.aggregate_id, parked.version, &reason(&error)),
        }
    }
    came_again
}

fn halt(id: String, parked: Parked) -> Halt {
    let Parked { aggregate_id, customer_id, version, held_up_to, reason, .. } = parked;
    Halt { id, parking: Parking { aggregate_id, customer_id, version, held_up_to, reason } }
}

/// Parks each order that has something which can never be published, and holds what follows. Returns those that are parked.
/// No note is begun after `until`: what it is for comes again.
pub(crate) async fn park(notes: &ParkedOrders, outbox: &mut Outbox, until: Option<Instant>) -> Vec<Halt> {
    let (mut halts, mut parked) = (Vec::new(), Vec::new());
    for halt in outbox.halts() {
        let (order, version) = (&halt.parking.aggregate_id, halt.parking.version);
        if outbox.fails_before(order, version) {
            // A redrive would publish it ahead of what comes again.
            let cause = "an earlier version of its order is not published".to_owned();
            outbox.fail(order, version, &UnpublishedReason::Unavailable { cause });
        } else {
            halts.push(halt);
        }
    }
    let note = |halt: Halt| async move {
        let noted = match until {
            Some(until) if Instant::now() >= until => None,
            Some(_) | None => Some(notes.park(Consumer::Publisher, &halt.parking).await),
        };
        (noted, halt)
    };
    let noted: Vec<_> = stream::iter(halts).map(note).buffered(AT_ONCE).collect().await;
    for (noted, halt) in noted {
        let (order, version) = (&halt.parking.aggregate_id, halt.parking.version);
        match noted {
            Some(Ok(())) => {
                outbox.hold(order, version);
                parked.push(halt);
            }
            Some(Err(error)) => outbox.fail(order, version, &reason(&error)),
            None => {
                let cause = "the time was over before its order was parked".to_owned();
                outbox.fail(order, version, &UnpublishedReason::Unavailable { cause });
            }
        }
    }
    parked
}

fn reason(error: &ParkedError) -> UnpublishedReason {
    let cause = chain(error);
    match error {
        ParkedError::Unavailable { .. } => UnpublishedReason::Unavailable { cause },
        ParkedError::Refused { .. } | ParkedError::Unreadable { .. } => UnpublishedReason::Refused { cause },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::{Client, Config};
    use event_store::{Delivered, Poison};

    use super::*;

    #[tokio::test]
    async fn no_note_is_begun_when_the_time_is_over_and_what_it_is_for_comes_again() {
        let poison = Poison { position: Some(("o-1".to_owned(), 3)), cause: "events is not a list".to_owned() };
        let delivered = vec![Delivered { id: "7".to_owned(), record: Err(poison) }];
        let mut outbox = Outbox::of(delivered, HashMap::new());
        // A client that could not send anything, and says so otherwise.
        let client = Client::from_conf(Config::builder().behavior_version_latest().build());
        let parked = park(&ParkedOrders::new(client, "ParkedOrders"), &mut outbox, Some(Instant::now())).await;
        assert_eq!((parked, outbox.held()), (vec![], 0));
        let failed = outbox.failed();
        let cause = "the time was over before its order was parked".to_owned();
        assert_eq!((&*failed[0].id, &failed[0].reason), ("7", &UnpublishedReason::Unavailable { cause }));
    }
}
