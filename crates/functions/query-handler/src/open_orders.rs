//! The open orders of all customers, newest first, for callers who may see every order.

use event_store::EventStore;
use http_api::replies::{OpenOrderView, OrdersPage, Stale};
use http_api::{Caller, OpenOrdersQuery, Problem};
use order_aggregate::Orders;
use parked_orders::ParkedOrderTable;
use read_models::{OpenOrderRow, OpenOrders};

use crate::failure::Failure;
use crate::orders::{from_events, is_position};
use crate::{list_filter, stale};

/// The largest number of orders on a page that are folded from their events because their rows cannot be read.
const MAX_FOLDS: usize = 16;

/// Returns one page of the list.
pub(crate) async fn list<S: EventStore<Orders>>(
    events: &S,
    open_orders: Option<&dyn OpenOrders>,
    parked: &ParkedOrderTable,
    caller: &Caller,
    query: &OpenOrdersQuery,
) -> Result<OrdersPage<OpenOrderView>, Failure> {
    if !caller.sees_everyone() {
        return Err(Problem::forbidden().into());
    }
    let open_orders = open_orders.ok_or_else(Problem::open_orders_not_kept)?;
    if query.after.as_deref().is_some_and(|after| !is_position(after)) {
        return Err(Failure::bad_cursor());
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let filter = list_filter::of_request(&query.filter);
    let (page, parked) = tokio::try_join!(
        async { Ok::<_, Failure>(open_orders.list(&filter, limit, query.after.as_deref()).await?) },
        async { Ok(parked.count(&stale::OPEN_ORDERS_CONSUMER).await?) },
    )?;
    let (mut items, mut next, mut folds) = (Vec::with_capacity(page.rows.len()), page.next, 0);
    let mut position = None;
    for row in page.rows {
        match row {
            Ok(row) => {
                position = Some(row.sort_key());
                items.push(of_row(row));
            }
            Err(_) if folds == MAX_FOLDS => {
                next = position;
                break;
            }
            Err(unreadable) => {
                folds += 1;
                let order = from_events(events, caller, &unreadable).await?;
                // The events may be newer than the row, so the order may no longer match the filter.
                items.extend(order.filter(|order| list_filter::admits(&filter, order)).map(OpenOrderView::from));
                position = Some(unreadable.sort_key);
            }
        }
    }
    let stale = (parked.orders > 0).then(|| Stale::list(usize::try_from(parked.orders).unwrap_or(usize::MAX)));
    Ok(OrdersPage { items, next_cursor: next.map(|position| query.next_cursor(&position)), stale })
}

fn of_row(row: OpenOrderRow) -> OpenOrderView {
    OpenOrderView {
        units_to_ship: row.units_to_ship(),
        order_id: row.order_id,
        customer_id: row.customer_id,
        status: row.status,
        payment_status: row.payment_status,
        fulfillment_status: row.fulfillment_status,
        currency: row.currency,
        total: row.total,
        due: row.due,
        amount_paid: row.amount_paid,
        amount_refunded: row.amount_refunded,
        item_count: row.item_count,
        to_ship: row.to_ship,
        reference: row.reference,
        placed_at: row.placed_at,
        last_updated: row.last_updated,
        version: row.version,
    }
}
