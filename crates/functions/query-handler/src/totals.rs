//! The totals of a customer's orders.

use http_api::replies::{CurrencyTotalsView, CustomerTotalsView, PlacedOrderView, Stale};
use http_api::{Caller, Problem, TotalsQuery};
use parked_orders::ParkedOrderTable;
use read_models::{CurrencyTotals, PlacedOrder, Totals};

use crate::failure::Failure;
use crate::stale::TOTALS_CONSUMER;

/// Returns a customer's totals. A customer without orders has no totals.
///
/// # Errors
/// When the caller may not see them, the deployment keeps no totals, or they cannot be read.
pub(crate) async fn get(
    totals: Option<&dyn Totals>,
    parked: &ParkedOrderTable,
    caller: &Caller,
    query: &TotalsQuery,
) -> Result<CustomerTotalsView, Failure> {
    // The same check as for the list.
    if !caller.may_see(&query.customer_id) {
        return Err(Problem::forbidden().into());
    }
    let totals = totals.ok_or_else(Problem::totals_not_kept)?;
    let customer_id = query.customer_id.as_str();
    let (totals, parked) = tokio::try_join!(async { Ok::<_, Failure>(totals.of(customer_id).await?) }, async {
        Ok(parked.of_customer(&TOTALS_CONSUMER, customer_id).await?)
    },)?;
    Ok(CustomerTotalsView {
        customer_id: customer_id.to_owned(),
        totals: totals.into_iter().map(of_currency).collect(),
        stale: (!parked.is_empty()).then(|| Stale::totals(parked.len())),
    })
}

fn of_currency(totals: CurrencyTotals) -> CurrencyTotalsView {
    let net = totals.net();
    let CurrencyTotals { currency, orders, gross, refunded, first_order, last_order } = totals;
    CurrencyTotalsView {
        currency,
        orders,
        gross,
        refunded,
        net,
        first_order: of_order(first_order),
        last_order: of_order(last_order),
    }
}

fn of_order(order: PlacedOrder) -> PlacedOrderView {
    let PlacedOrder { placed_at, order_id } = order;
    PlacedOrderView { order_id, placed_at }
}
