//! What queries read: an order's summary, a customer's list.

mod budget;
mod filter;

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
pub use budget::PAGE_HALF_UNITS;
pub use filter::{ListFilter, ListedFacts};

use crate::order_summary::{BY_ORDER, ORDER_ID, OrderSummaryByCustomer, OrderSummaryRow};
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_item::{self, NOT_ITS_SHAPE};
use budget::Budget;

type Item = HashMap<String, AttributeValue>;
type Listed = Result<OrderSummaryRow, UnreadableRow>;

const PARTITION: &str = OrderSummaryByCustomer::KEY.partition;
const SORT: &str = OrderSummaryByCustomer::KEY.sort;

/// The summaries of orders. A row is served as it is, whatever the number of the projection that wrote it.
pub trait OrderSummaries: Send + Sync {
    /// The summary of an order; `None` where there is none (yet). The index that leads to a new order's row may be a
    /// moment behind; the row itself is read consistently.
    fn find(&self, order_id: &str) -> impl Future<Output = Result<Option<OrderSummaryRow>, RowError>> + Send;

    /// A page of a customer's orders, newest first: `limit` at most, those that the filter admits, from the one after
    /// the sort key `after`. A page ends sooner where reading on would consume more than [`PAGE_HALF_UNITS`].
    fn list(
        &self,
        customer_id: &str,
        filter: &ListFilter,
        limit: usize,
        after: Option<&str>,
    ) -> impl Future<Output = Result<SummaryRows, RowError>> + Send;
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRows {
    /// The rows, newest first. One that cannot be read keeps its place and costs no other.
    pub rows: Vec<Result<OrderSummaryRow, UnreadableRow>>,
    /// The sort key to go on after; `None` once there is nothing more. With it a page may be short, or even empty,
    /// where the budget ended it. Then nothing may follow: the budget did not allow to look.
    pub next: Option<String>,
    /// The half read units that reading the page consumed.
    pub half_units: u64,
}

impl SummaryRows {
    /// The sort key of a listed row, whether or not it can be read.
    #[must_use]
    pub fn sort_key(listed: &Result<OrderSummaryRow, UnreadableRow>) -> String {
        match listed {
            Ok(row) => row.sort_key(),
            Err(unreadable) => unreadable.sort_key.clone(),
        }
    }
}

/// A row of a list that cannot be read, as one that a newer release wrote. Its order's events say the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row {sort_key} cannot be read")]
pub struct UnreadableRow {
    /// The row's sort key, `<placedAt>#<orderId>`.
    pub sort_key: String,
}

impl UnreadableRow {
    /// The order whose row this is; `None` where the key names none.
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
    /// The summaries in the table of that name.
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
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .scan_index_forward(false)
            .limit(i32::try_from(count).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let Some(query) = filter.apply(query, customer_id, after) else { return Ok(Examined::default()) };
        let output = query.send().await.map_err(|error| RowError::of("Query", error))?;
        Ok(Examined {
            count: u64::try_from(output.scanned_count).unwrap_or(0),
            half_units: budget::half_units(output.consumed_capacity.as_ref()),
            last: output.last_evaluated_key.map(|key| string(&key, SORT)),
            rows: output.items.unwrap_or_default().into_iter().map(listed).collect(),
        })
    }
}

/// The result of one request: the rows that match, and where to go on.
#[derive(Default)]
struct Examined {
    rows: Vec<Listed>,
    last: Option<String>,
    count: u64,
    half_units: u64,
}

impl OrderSummaries for DynamoSummaries {
    async fn find(&self, order_id: &str) -> Result<Option<OrderSummaryRow>, RowError> {
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
            .map_err(|error| RowError::of("Query", error))?;
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
            .map_err(|error| RowError::of("GetItem", error))?;
        got.item.map(read).transpose()
    }

    async fn list(
        &self,
        customer_id: &str,
        filter: &ListFilter,
        limit: usize,
        after: Option<&str>,
    ) -> Result<SummaryRows, RowError> {
        let limit = limit.max(1);
        let mut rows: Vec<Listed> = Vec::new();
        let mut next = after.map(str::to_owned);
        let mut budget = Budget::default();
        while let Some(affordable) = budget.next_limit() {
            // One row more than asked for tells whether there is another page.
            let missing = limit.saturating_add(1).saturating_sub(rows.len());
            let count = if filter.lists_every_row() { missing.min(affordable) } else { affordable };
            let (start, before) = (next, rows.len());
            let examined = self.examine(customer_id, filter, count, start.as_deref()).await?;
            budget.spend(examined.count, examined.half_units);
            rows.extend(examined.rows);
            next = examined.last;
            if rows.len() > limit {
                rows.truncate(limit);
                // Rows that do not match were examined after the last one: the next page need not examine them again.
                next = if before == limit { start } else { rows.last().map(SummaryRows::sort_key) };
                break;
            }
            if next.is_none() {
                break;
            }
        }
        Ok(SummaryRows { rows, next, half_units: budget.half_units() })
    }
}

fn read(item: Item) -> Result<OrderSummaryRow, RowError> {
    let (partition, sort) = (string(&item, PARTITION), string(&item, SORT));
    serde_dynamo::from_item(item).map_err(|_| row_item::unreadable(&RowKey { partition, sort }, NOT_ITS_SHAPE))
}

fn listed(item: Item) -> Listed {
    let sort_key = string(&item, SORT);
    serde_dynamo::from_item(item).map_err(|_| UnreadableRow { sort_key })
}

fn string(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}
