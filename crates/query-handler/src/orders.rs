//! A customer's list, newest order first.

use event_store::Timestamp;
use http_api::replies::SummaryPage;
use http_api::{Caller, ListQuery, Problem};
use order_domain::values::OrderId;
use read_model::OrderSummaries;

use crate::failure::Failure;
use crate::row_view::of_row;

/// One page of a list. A customer that nobody ever heard of has an empty one.
pub(crate) async fn list<R: OrderSummaries>(
    summaries: &R,
    caller: &Caller,
    query: &ListQuery,
) -> Result<SummaryPage, Failure> {
    // Decided on path and token alone, so it tells nothing of what there is.
    if !caller.may_see(&query.customer_id) {
        return Err(Problem::forbidden().into());
    }
    if query.after.as_deref().is_some_and(|after| !is_position(after)) {
        return Err(Failure::bad_cursor());
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let page = summaries.list(query.customer_id.as_str(), query.status, limit, query.after.as_deref()).await?;
    Ok(SummaryPage {
        items: page.rows.into_iter().map(of_row).collect(),
        next_cursor: page.next.map(|position| query.next_cursor(&position)),
    })
}

/// Whether a row could stand there: `<placedAt>#<orderId>`. Anything else may be more than a sort key can hold.
fn is_position(text: &str) -> bool {
    text.split_once('#').is_some_and(|(placed_at, order_id)| {
        placed_at.parse::<Timestamp>().is_ok_and(|instant| instant.to_string() == placed_at)
            && OrderId::parse(order_id).is_ok()
    })
}
