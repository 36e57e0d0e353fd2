//! The filter of a request, in the form that the table of rows applies it and in the form for an order folded from its
//! events.

use http_api::OrderFilter;
use http_api::replies::SummaryView;
use read_models::{ListFilter, ListedFacts};

/// Returns the filter of a request.
pub(crate) fn of_request(filter: &OrderFilter) -> ListFilter {
    let OrderFilter { status, payment_status, fulfillment_status, to_ship, from, to } = filter;
    ListFilter {
        status: *status,
        payment_status: *payment_status,
        fulfillment_status: *fulfillment_status,
        to_ship: *to_ship,
        placed_from: *from,
        placed_before: *to,
    }
}

/// Returns true if the filter accepts an order that was folded from its events.
pub(crate) fn admits(filter: &ListFilter, order: &SummaryView) -> bool {
    filter.admits(&ListedFacts {
        status: order.status,
        payment_status: order.payment_status,
        fulfillment_status: order.fulfillment_status,
        to_ship: order.to_ship,
        placed_at: order.placed_at,
    })
}
