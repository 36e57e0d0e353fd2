//! What queries read: an order's summary, a customer's list.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use order_domain::status::OrderStatus;

use crate::order_summary::{BY_ORDER, ORDER_ID, OrderSummaryByCustomer, OrderSummaryRow, STATUS};
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_item::{self, NOT_ITS_SHAPE};

type Item = HashMap<String, AttributeValue>;
type Listed = Result<OrderSummaryRow, UnreadableRow>;

const PARTITION: &str = OrderSummaryByCustomer::KEY.partition;
const SORT: &str = OrderSummaryByCustomer::KEY.sort;

/// How many requests one page of a filtered list takes at most. Each looks at twice the rows of the one before, so
/// a page of 20 ends after 20,460 rows at the latest, however few of them match.
const MAX_REQUESTS: usize = 10;

/// The summaries of orders. A row is served as it is, whatever the number of the projection that wrote it.
pub trait OrderSummaries: Send + Sync {
    /// The summary of an order; `None` where there is none (yet). The index that leads to a new order's row may be a
    /// moment behind; the row itself is read consistently.
    fn find(&self, order_id: &str) -> impl Future<Output = Result<Option<OrderSummaryRow>, RowError>> + Send;

    /// A page of a customer's orders, newest first: `limit` at most, those of `status` where one is given, from the
    /// one after the sort key `after`.
    fn list(
        &self,
        customer_id: &str,
        status: Option<OrderStatus>,
        limit: usize,
        after: Option<&str>,
    ) -> impl Future<Output = Result<SummaryRows, RowError>> + Send;
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRows {
    /// The rows, newest first. One that cannot be read keeps its place and costs no other.
    pub rows: Vec<Result<OrderSummaryRow, UnreadableRow>>,
    /// The sort key to go on after; `None` once there is nothing more. With it a page may be short, or even empty:
    /// where few rows match, and where the list ended exactly with the page before.
    pub next: Option<String>,
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

    /// Looks at `count` rows of a customer after a sort key: those of the status, and where to go on.
    async fn look(
        &self,
        customer_id: &str,
        status: Option<OrderStatus>,
        count: usize,
        after: Option<&str>,
    ) -> Result<(Vec<Listed>, Option<String>), RowError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .scan_index_forward(false)
            .limit(i32::try_from(count).unwrap_or(i32::MAX))
            .expression_attribute_names("#customer", PARTITION)
            .expression_attribute_values(":customer", AttributeValue::S(customer_id.to_owned()))
            .key_condition_expression("#customer = :customer");
        if let Some(after) = after {
            query = query
                .set_key_condition_expression(Some("#customer = :customer AND #sort < :after".to_owned()))
                .expression_attribute_names("#sort", SORT)
                .expression_attribute_values(":after", AttributeValue::S(after.to_owned()));
        }
        if let Some(status) = status {
            query = query
                .filter_expression("#status = :status")
                .expression_attribute_names("#status", STATUS)
                .expression_attribute_values(":status", AttributeValue::S(status.as_str().to_owned()));
        }
        let output = query.send().await.map_err(|error| RowError::of("Query", error))?;
        let rows = output.items.unwrap_or_default().into_iter().map(listed);
        Ok((rows.collect(), output.last_evaluated_key.map(|key| string(&key, SORT))))
    }
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
        status: Option<OrderStatus>,
        limit: usize,
        after: Option<&str>,
    ) -> Result<SummaryRows, RowError> {
        let limit = limit.max(1);
        let mut rows: Vec<Listed> = Vec::new();
        let mut next = after.map(str::to_owned);
        let mut count = limit;
        for _ in 0..MAX_REQUESTS {
            let (found, last) = self.look(customer_id, status, count, next.as_deref()).await?;
            rows.extend(found);
            if rows.len() > limit {
                rows.truncate(limit);
                return Ok(SummaryRows { next: rows.last().map(sort_key), rows });
            }
            next = last;
            if rows.len() == limit || next.is_none() {
                break;
            }
            count = count.saturating_mul(2);
        }
        Ok(SummaryRows { rows, next })
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

fn sort_key(listed: &Listed) -> String {
    match listed {
        Ok(row) => row.sort_key(),
        Err(unreadable) => unreadable.sort_key.clone(),
    }
}

fn string(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}
