//! The part that the folds of all read models share: the event that begins a row, and the change that an event makes
//! to the figures of its order. Each read model applies the change to the figures of its own row.

use event_store::RecordedEvent;
use order_aggregate::OrderCommit;
use order_domain::event::{ItemQuantity, OrderPlaced};
use order_domain::{Event, stored};

use crate::projection::FoldError;

/// Returns the row to which the change of an event applies: a new row for the event that places the order, and the
/// existing row for every other event.
pub(crate) fn row_to_change<Row>(
    row: Option<Row>,
    recorded: &RecordedEvent<Event>,
    commit: &OrderCommit,
    begin: impl FnOnce(&OrderPlaced) -> Row,
) -> Result<Row, FoldError> {
    let (version, event_type) = (commit.version, stored::event_type(&recorded.event));
    let Event::OrderPlaced(placed) = &recorded.event else {
        return row.ok_or(FoldError::NotABeginning { version, event_type });
    };
    if row.is_some() {
        return Err(FoldError::BegunTwice { version, event_type });
    }
    Ok(begin(placed))
}

/// The change that one event makes to the figures of a placed order. Amounts are in minor units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FigureChange<'a> {
    /// The change of payments and refunds; `None` if the event is not about money.
    pub(crate) money: Option<MoneyChange>,
    /// The amount due after the event, if the event states it.
    pub(crate) due: Option<u64>,
    /// The amount by which cancelled items lower the amount due.
    pub(crate) item_reduction: u64,
    /// The units that are shipped.
    pub(crate) shipped: &'a [ItemQuantity],
    /// The units that are returned.
    pub(crate) returned: &'a [ItemQuantity],
    /// The units that are cancelled.
    pub(crate) cancelled: &'a [ItemQuantity],
    /// The number of shipments that leave.
    pub(crate) shipments_sent: u32,
    /// The number of shipments that arrive.
    pub(crate) shipments_arrived: u32,
    /// True if the event cancels the whole order.
    pub(crate) cancels_order: bool,
}

/// The change that one event makes to the sums of payments and refunds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MoneyChange {
    /// The amount of a payment that is no longer in force.
    pub(crate) replaced: u64,
    /// The amount of a payment that is in force from now on.
    pub(crate) received: u64,
    /// The amount that is refunded.
    pub(crate) refunded: u64,
}

impl<'a> FigureChange<'a> {
    /// Returns the change that an event makes.
    pub(crate) fn of(event: &'a Event) -> Self {
        let none = Self::default();
        match event {
            // The row begins with the figures of this event.
            Event::OrderPlaced(_) => none,
            Event::PaymentReceived(event) => {
                let received = event.amount.minor_units();
                Self { money: Some(MoneyChange { received, ..MoneyChange::default() }), ..none }
            }
            Event::PaymentCorrected(event) => {
                let (replaced, received) = (event.previous_amount.minor_units(), event.corrected_amount.minor_units());
                let money = Some(MoneyChange { replaced, received, refunded: 0 });
                Self { money, due: Some(event.due.minor_units()), ..none }
            }
            Event::PaymentRefunded(event) => {
                let money = Some(MoneyChange { refunded: event.amount.minor_units(), ..MoneyChange::default() });
                Self { money, due: Some(event.due.minor_units()), ..none }
            }
            Event::ItemShipped(event) => Self { shipped: &event.items, shipments_sent: 1, ..none },
            Event::ItemDelivered(_) => Self { shipments_arrived: 1, ..none },
            Event::ItemReturned(event) => Self { returned: &event.items, ..none },
            Event::ItemsCancelled(event) => Self {
                due: Some(event.due.minor_units()),
                item_reduction: event.reduction.minor_units(),
                cancelled: &event.items,
                ..none
            },
            Event::OrderCancelled(event) => Self { due: Some(event.due.minor_units()), cancels_order: true, ..none },
        }
    }
}
