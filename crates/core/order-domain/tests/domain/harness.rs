//! The test harness: given these events, when this command, then those events, or that rejection, or no change.

use order_domain::{Command, Decision, Event, EventRef, Order, RecordedAt, Rejection, decide, evolve};
use uuid::Uuid;

/// Returns the position of the test's event with that version. Its id equals its version.
pub(crate) fn at(version: u64) -> EventRef {
    EventRef { event_id: Uuid::from_u128(version.into()), version }
}

/// Returns the order after these events, one for each version.
pub(crate) fn order_after(events: &[Event]) -> Order {
    (1..).zip(events).fold(Order::default(), |order, (version, event)| evolve(order, event, at(version)))
}

pub(crate) fn given(history: impl IntoIterator<Item = Event>) -> Given {
    let history: Vec<Event> = history.into_iter().collect();
    Given { order: order_after(&history) }
}

pub(crate) struct Given {
    order: Order,
}

impl Given {
    pub(crate) fn when(&self, command: Command) -> When {
        When { outcome: decide(&self.order, command) }
    }
}

pub(crate) struct When {
    outcome: Result<Decision, Rejection>,
}

impl When {
    #[track_caller]
    pub(crate) fn then(self, event: Event) {
        assert_eq!(self.outcome, Ok(Decision::Record(vec![event])));
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, rejection: Rejection) {
        assert_eq!(self.outcome, Err(rejection));
    }

    /// Asserts that nothing changes, because that version already recorded it.
    #[track_caller]
    pub(crate) fn then_unchanged(self, version: u64) {
        assert_eq!(self.outcome, Ok(Decision::Unchanged(RecordedAt { version })));
    }
}
