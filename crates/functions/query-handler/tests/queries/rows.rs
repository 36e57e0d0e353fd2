//! Rows in memory, which a test updates.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, ready};
use read_models::{ListFilter, ListedFacts, OrderSummaries, OrderSummaryRow, RowError, RowPage};

/// Rows by customer and sort key. Clones share their content.
#[derive(Clone, Default)]
pub(crate) struct Rows(Arc<Mutex<BTreeMap<(String, String), OrderSummaryRow>>>);

impl Rows {
    pub(crate) fn put(&self, row: OrderSummaryRow) {
        self.0.lock().unwrap().insert((row.customer_id.clone(), row.sort_key()), row);
    }
}

impl OrderSummaries for Rows {
    fn find<'a>(&'a self, order_id: &'a str) -> BoxFuture<'a, Result<Option<OrderSummaryRow>, RowError>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().values().find(|row| row.order_id == order_id).cloned())))
    }

    fn list<'a>(
        &'a self,
        customer_id: &'a str,
        filter: &'a ListFilter,
        limit: usize,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OrderSummaryRow>, RowError>> {
        let rows = self.0.lock().unwrap();
        let newest_first = rows.iter().rev().filter(|((customer, sort), row)| {
            customer == customer_id && after.is_none_or(|after| sort.as_str() < after) && filter.admits(&facts(row))
        });
        let mut found: Vec<_> = newest_first.map(|(_, row)| row.clone()).take(limit + 1).collect();
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(OrderSummaryRow::sort_key);
        Box::pin(ready(Ok(RowPage { rows: found.into_iter().map(Ok).collect(), next, half_units: 0 })))
    }
}

fn facts(row: &OrderSummaryRow) -> ListedFacts {
    ListedFacts {
        status: row.status,
        payment_status: row.payment_status,
        fulfillment_status: row.fulfillment_status,
        to_ship: row.to_ship,
        placed_at: row.placed_at,
    }
}

/// Rows that cannot be read, for one reason.
#[derive(Clone)]
pub(crate) struct BrokenRows(pub(crate) fn() -> RowError);

impl OrderSummaries for BrokenRows {
    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<OrderSummaryRow>, RowError>> {
        Box::pin(ready(Err((self.0)())))
    }

    fn list<'a>(
        &'a self,
        _: &'a str,
        _: &'a ListFilter,
        _: usize,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OrderSummaryRow>, RowError>> {
        Box::pin(ready(Err((self.0)())))
    }
}
