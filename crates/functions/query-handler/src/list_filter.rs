//! The filter of a request, in the form that the table of rows applies it and in the form for an order folded from its
//! events.

use event_store::Timestamp;
use http_api::OrderFilter;
use http_api::replies::SummaryView;
use read_models::{ListFilter, ListedFacts};

/// Returns the filter of a request.
pub(crate) fn of_request(filter: &OrderFilter) -> ListFilter {
    let OrderFilter { status, payment_status, fulfillment_status, to_ship, from_ms, to_ms } = filter;
    ListFilter {
        status: *status,
        payment_status: *payment_status,
        fulfillment_status: *fulfillment_status,
        to_ship: *to_ship,
        placed_from: from_ms.and_then(written),
        placed_before: to_ms.and_then(written),
    }
}

/// Returns true if the filter accepts an order that was folded from its events.
pub(crate) fn admits(filter: &ListFilter, order: &SummaryView) -> bool {
    let Ok(placed_at) = Timestamp::from_epoch_ms(order.placed_at_ms) else { return false };
    filter.admits(&ListedFacts {
        status: order.status,
        payment_status: order.payment_status,
        fulfillment_status: order.fulfillment_status,
        to_ship: order.to_ship,
        placed_at,
    })
}

/// Returns the instant in the form in which the store writes it. The request's parser accepts only years that the store can
/// write, so this form exists.
fn written(epoch_ms: i64) -> Option<Timestamp> {
    Timestamp::from_epoch_ms(epoch_ms).ok()
}
