//! A customer's list, newest order first.

use event_store::store::chain;
use event_store::{EventStore, StoreError, Timestamp, UpTo};
use http_api::replies::{OrdersPage, SummaryView};
use http_api::{Caller, ListQuery, Problem};
use order_aggregate::Orders;
use order_domain::values::OrderId;
use parked_orders::ParkedOrderTable;
use read_models::{ListFilter, OrderSummaries, OrderSummaryRow, RowPage, UnreadableRow};

use crate::failure::Failure;
use crate::page_budget::PageBudget;
use crate::row_view::of_row;
use crate::stale::Note;
use crate::{list_filter, order, stale};

/// Returns one page of a list. An unknown customer has an empty list.
pub(crate) async fn list<S: EventStore<Orders>>(
    events: &S,
    summaries: &dyn OrderSummaries,
    parked: &ParkedOrderTable,
    caller: &Caller,
    query: &ListQuery,
) -> Result<OrdersPage<SummaryView>, Failure> {
    // This check uses only the path and the token, so it does not reveal whether the customer exists.
    if !caller.may_see(&query.customer_id) {
        return Err(Problem::forbidden().into());
    }
    if query.after.as_deref().is_some_and(|after| !is_position(after)) {
        return Err(Failure::bad_cursor());
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let customer_id = query.customer_id.as_str();
    let filter = list_filter::of_request(&query.filter);
    let (page, parked) = tokio::try_join!(
        async { Ok::<_, Failure>(summaries.list(customer_id, &filter, limit, query.after.as_deref()).await?) },
        async { Ok(parked.of_customer(&stale::SUMMARY_CONSUMER, customer_id).await?) },
    )?;
    let parked = parked.into_iter().map(stale::note).collect::<Result<Vec<_>, _>>()?;
    let (items, ended_at) = assemble(events, caller, query, &filter, page.rows, &parked, page.half_units).await?;
    let next = ended_at.or(page.next);
    let stale = stale::of_list(&items, &parked);
    Ok(OrdersPage { items, next_cursor: next.map(|position| query.next_cursor(&position)), stale })
}

/// Returns the orders of the rows, within the page's budget, and the position after which the next page begins.
async fn assemble<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    query: &ListQuery,
    filter: &ListFilter,
    rows: Vec<Result<OrderSummaryRow, UnreadableRow>>,
    parked: &[Note],
    half_units: u64,
) -> Result<(Vec<SummaryView>, Option<String>), Failure> {
    let mut budget = PageBudget::after(half_units);
    let (mut items, mut position) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        let row_position = RowPage::sort_key(&row);
        let order = match row {
            Ok(row) => Some(stale::marked(of_row(row), parked)),
            Err(_) if !budget.allows_fold() => return Ok((items, position)),
            Err(unreadable) => {
                let order = from_events(events, caller, &unreadable).await?;
                let order = order.filter(|order| order.customer_id == query.customer_id.as_str());
                budget.count_fold(order.as_ref());
                // The events may be newer than the row, so the order may no longer have the requested status.
                order.filter(|order| list_filter::admits(filter, order))
            }
        };
        match order {
            None => budget.skip(),
            Some(order) if budget.take(&order) => items.push(order),
            Some(_) => return Ok((items, position)),
        }
        position = Some(row_position);
    }
    Ok((items, None))
}

/// Folds the order of an unreadable row from its events. If the events cannot be read either, the order is left out: one
/// order must not prevent the caller from reading the list.
pub(crate) async fn from_events<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    row: &UnreadableRow,
) -> Result<Option<SummaryView>, Failure> {
    let Some(Ok(order_id)) = row.order_id().map(OrderId::parse) else {
        tracing::error!(error = chain(row), "left out of a list: the row's key names no order");
        return Ok(None);
    };
    tracing::warn!(order_id = order_id.as_str(), error = chain(row), "answering from events");
    match order::folded(events, caller, &order_id, UpTo::Head).await {
        Ok(summary) => Ok(summary),
        Err(error @ StoreError::Unreadable { .. }) => {
            tracing::error!(order_id = order_id.as_str(), error = chain(&error), "left out of a list");
            Ok(None)
        }
        Err(error @ (StoreError::Table(_) | StoreError::Unwritable { .. })) => Err(error.into()),
    }
}

/// Returns true if the text has the form of a row's position: `<placedAt>#<orderId>`. Other text may be longer than a sort
/// key.
pub(crate) fn is_position(text: &str) -> bool {
    text.split_once('#').is_some_and(|(placed_at, order_id)| {
        placed_at.parse::<Timestamp>().is_ok_and(|instant| instant.to_string() == placed_at)
            && OrderId::parse(order_id).is_ok()
    })
}
