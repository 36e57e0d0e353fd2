//! The reads for queries: an order's summary and a customer's list.

pub(crate) mod budget;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
pub use budget::PAGE_HALF_UNITS;
use event_store::TableError;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::list_filter::{ListFilter, SORT};
use crate::order_summary::{BY_ORDER, ORDER_ID, OrderSummaryByCustomer, OrderSummaryRow};
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_item::NOT_ITS_SHAPE;
use budget::Budget;

pub(crate) type Item = HashMap<String, AttributeValue>;
type Listed = Result<OrderSummaryRow, UnreadableRow>;

const PARTITION: &str = OrderSummaryByCustomer::KEY.partition;

/// The summaries of orders. Queries return a row as it is stored, whichever projection number wrote it.
pub trait OrderSummaries: Send + Sync {
    /// Finds the summary of an order; `None` if it does not exist (yet). The index that leads to a new order's row may
    /// lag for a moment; the row itself is read consistently.
    fn find<'a>(&'a self, order_id: &'a str) -> BoxFuture<'a, Result<Option<OrderSummaryRow>, RowError>>;

    /// Reads a page of a customer's orders, newest first: at most `limit` orders that pass the filter, starting after
    /// the sort key `after`. The page ends earlier if reading on would consume more than [`PAGE_HALF_UNITS`].
    fn list<'a>(
        &'a self,
        customer_id: &'a str,
        filter: &'a ListFilter,
        limit: usize,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OrderSummaryRow>, RowError>>;
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPage<R> {
    /// The rows, newest first. An unreadable row keeps its position and does not affect the others.
    pub rows: Vec<Result<R, UnreadableRow>>,
    /// The sort key after which to continue; `None` if there are no more rows. If the budget ended the page, the page
    /// can be short or even empty. There may then be no further row, because the budget did not allow checking.
    pub next: Option<String>,
    /// The half read units that the page consumed.
    pub half_units: u64,
}

impl RowPage<OrderSummaryRow> {
    /// Returns the sort key of a listed row, even if the row cannot be read.
    #[must_use]
    pub fn sort_key(listed: &Listed) -> String {
        match listed {
            Ok(row) => row.sort_key(),
            Err(unreadable) => unreadable.sort_key.clone(),
        }
    }
}

/// An unreadable row of a list, for example from a newer release. The order's events contain the same data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row {sort_key} cannot be read")]
pub struct UnreadableRow {
    /// The row's sort key, `<placedAt>#<orderId>`.
    pub sort_key: String,
}

impl UnreadableRow {
    /// Returns the order of the row; `None` if the key names no order.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.sort_key.split_once('#').map(|(_, order_id)| order_id)
    }
}

/// The summaries in the projection's DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoSummaries {
    client: Client,
    table: String,
}

impl DynamoSummaries {
    /// Creates the reader for the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Examines `count` rows of a customer after a sort key.
    async fn examine(
        &self,
        customer_id: &str,
        filter: &ListFilter,
        count: usize,
        after: Option<&str>,
    ) -> Result<Examined, RowError> {
        let Some(range) = filter.range(after) else { return Ok(Examined::default()) };
        let query = self.client.query().table_name(&self.table).limit(i32::try_from(count).unwrap_or(i32::MAX));
        let query = query.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut query = filter.attributes(range.apply(query, PARTITION, customer_id));
        if let Some(start) = range.start {
            query = query
                .exclusive_start_key(PARTITION, AttributeValue::S(customer_id.to_owned()))
                .exclusive_start_key(SORT, AttributeValue::S(start));
        }
        let output = query.send().await.map_err(|error| TableError::of("Query", error))?;
        Ok(Examined {
            count: u64::try_from(output.scanned_count).unwrap_or(0),
            half_units: budget::half_units(output.consumed_capacity.as_ref()),
            last: output.last_evaluated_key.map(|key| string(&key, SORT)),
            rows: output.items.unwrap_or_default().into_iter().map(listed).collect(),
        })
    }
}

/// The result of one request: the matching rows, and the position at which to continue.
#[derive(Default)]
struct Examined {
    rows: Vec<Listed>,
    last: Option<String>,
    count: u64,
    half_units: u64,
}

impl OrderSummaries for DynamoSummaries {
    fn find<'a>(&'a self, order_id: &'a str) -> BoxFuture<'a, Result<Option<OrderSummaryRow>, RowError>> {
        Box::pin(async move {
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(BY_ORDER)
                .limit(1)
                .key_condition_expression("#order = :order")
                .expression_attribute_names("#order", ORDER_ID)
                .expression_attribute_values(":order", AttributeValue::S(order_id.to_owned()))
                .send()
                .await
                .map_err(|error| TableError::of("Query", error))?;
            let Some(mut keys) = found.items.unwrap_or_default().pop() else { return Ok(None) };
            keys.retain(|name, _| name == PARTITION || name == SORT);
            let got = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(keys))
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| TableError::of("GetItem", error))?;
            got.item.map(read).transpose()
        })
    }

    fn list<'a>(
        &'a self,
        customer_id: &'a str,
        filter: &'a ListFilter,
        limit: usize,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OrderSummaryRow>, RowError>> {
        Box::pin(async move {
            let limit = limit.max(1);
            let mut rows: Vec<Listed> = Vec::new();
            let mut next = after.map(str::to_owned);
            let mut budget = Budget::default();
            while let Some(affordable) = budget.next_limit() {
                // One more row than requested tells whether another page follows.
                let missing = limit.saturating_add(1).saturating_sub(rows.len());
                let count = if filter.lists_every_row() { missing.min(affordable) } else { affordable };
                let (start, before) = (next, rows.len());
                let examined = self.examine(customer_id, filter, count, start.as_deref()).await?;
                budget.spend(examined.count, examined.half_units);
                rows.extend(examined.rows);
                next = examined.last;
                if rows.len() > limit {
                    rows.truncate(limit);
                    // The last request also examined rows after the page's last match. The next page need not examine them
                    // again.
                    next = if before == limit { start } else { rows.last().map(RowPage::sort_key) };
                    break;
                }
                if next.is_none() {
                    break;
                }
            }
            Ok(RowPage { rows, next, half_units: budget.half_units() })
        })
    }
}

fn read(item: Item) -> Result<OrderSummaryRow, RowError> {
    let (partition, sort) = (string(&item, PARTITION), string(&item, SORT));
    serde_dynamo::from_item(item).map_err(|_| RowError::unreadable(&RowKey { partition, sort }, NOT_ITS_SHAPE))
}

/// Reads a row of a list.
pub(crate) fn listed<R: DeserializeOwned>(item: Item) -> Result<R, UnreadableRow> {
    let sort_key = string(&item, SORT);
    serde_dynamo::from_item(item).map_err(|_| UnreadableRow { sort_key })
}

/// Returns a text attribute; empty if the item lacks it.
pub(crate) fn string(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}
