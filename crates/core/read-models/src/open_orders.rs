//! The reads of the open orders of all customers, from the index of `OrdersByStatus`.
//!
//! A page merges the index partitions of the requested statuses, which are all sorted by the same key, newest first. It
//! reads on only in those partitions that can still have one of the page's orders. One position, the sort key of the
//! last order, is therefore enough to continue all of them.
//!
//! A row has at most 1 KB, and a read costs a half unit for 4 KB. So the `Limit` of a request bounds its price, and a
//! page never costs more than [`PAGE_HALF_UNITS`].

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use event_store::TableError;
use futures_util::future::{BoxFuture, try_join_all};
use order_domain::status::OrderStatus;

use crate::list_filter::{ListFilter, SORT, SortRange};
use crate::orders_by_status::{
    BY_STATUS, OpenOrderRow, OrdersByStatus, SHARDS, STATUS_SHARD, TO_SETTLE, index_word, shard_key,
};
use crate::projection::Projection;
use crate::row_error::RowError;
use crate::summaries::budget::{self, PAGE_HALF_UNITS};
use crate::summaries::{RowPage, UnreadableRow, listed, string};

/// The number of rows of 1 KB in a half read unit.
const ROWS_A_HALF_UNIT: u64 = 4;
/// The number of rows that a request reads beyond the average, because orders are not spread evenly.
const SPARE: usize = 3;

/// The open orders of all customers. Queries return a row as it is stored, whichever projection number wrote it.
pub trait OpenOrders: Send + Sync {
    /// Reads a page of the open orders, newest first: at most `limit` orders that pass the filter, starting after the
    /// sort key `after`. The page ends earlier if reading on would consume more than [`PAGE_HALF_UNITS`].
    fn list<'a>(
        &'a self,
        filter: &'a ListFilter,
        limit: usize,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OpenOrderRow>, RowError>>;
}

/// The open orders in the projection's DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoOpenOrders {
    client: Client,
    table: String,
}

/// An index partition, as far as a page has read it.
struct Shard {
    key: String,
    /// The sort key of the last row that was examined.
    position: Option<String>,
    is_at_end: bool,
}

/// The result of one request.
struct Examined {
    rows: Vec<(String, Result<OpenOrderRow, UnreadableRow>)>,
    last: Option<String>,
    half_units: u64,
}

impl DynamoOpenOrders {
    /// Creates the reader for the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Examines `count` rows of an index partition after a sort key.
    async fn examine(
        &self,
        shard: &str,
        filter: &ListFilter,
        range: &SortRange,
        position: Option<&str>,
        count: usize,
    ) -> Result<Examined, RowError> {
        let query = self.client.query().table_name(&self.table).index_name(BY_STATUS);
        let query = query.limit(i32::try_from(count).unwrap_or(i32::MAX));
        let query = query.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut query = filter.attributes(range.apply(query, STATUS_SHARD, shard));
        if let Some((start, order_id)) =
            position.or(range.start.as_deref()).and_then(|start| Some((start, order_of(start)?)))
        {
            let start = [(STATUS_SHARD, shard), (SORT, start), (OrdersByStatus::KEY.partition, order_id)];
            for (attribute, value) in start {
                query = query.exclusive_start_key(attribute, AttributeValue::S(value.to_owned()));
            }
        }
        let output = query.send().await.map_err(|error| TableError::of("Query", error))?;
        Ok(Examined {
            rows: output
                .items
                .unwrap_or_default()
                .into_iter()
                .map(|item| (string(&item, SORT), listed(item)))
                .collect(),
            last: output.last_evaluated_key.map(|key| string(&key, SORT)),
            half_units: budget::half_units(output.consumed_capacity.as_ref()),
        })
    }
}

impl OpenOrders for DynamoOpenOrders {
    fn list<'a>(
        &'a self,
        filter: &'a ListFilter,
        limit: usize,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RowPage<OpenOrderRow>, RowError>> {
        Box::pin(async move {
            let limit = limit.max(1);
            let Some(range) = filter.range(after) else {
                return Ok(RowPage { rows: Vec::new(), next: None, half_units: 0 });
            };
            let mut shards = shards(filter);
            let (mut rows, mut spent) = (BTreeMap::new(), 0);
            loop {
                // One more row than requested tells whether another page follows.
                let last = rows.keys().nth_back(limit).cloned();
                let mut open: Vec<_> =
                    shards.iter_mut().filter(|shard| shard.may_have_newer_than(last.as_ref())).collect();
                let Some(count) = rows_each(open.len(), limit, spent) else { break };
                let requests =
                    open.iter().map(|shard| self.examine(&shard.key, filter, &range, shard.position.as_deref(), count));
                let examined = try_join_all(requests).await?;
                for (shard, examined) in open.iter_mut().zip(examined) {
                    spent += examined.half_units;
                    shard.is_at_end = examined.last.is_none();
                    shard.position = examined.last;
                    examined.rows.into_iter().for_each(|(key, row)| keep_newer(&mut rows, key, row));
                }
            }
            // A partition that was not read to its end can have rows up to its position.
            let mut next = shards.into_iter().filter(|shard| !shard.is_at_end).filter_map(|shard| shard.position).max();
            let is_certain = |key: &String| next.as_ref().is_none_or(|next| key >= next);
            let mut certain: Vec<_> = rows.into_iter().rev().take_while(|(key, _)| is_certain(key)).collect();
            if certain.len() > limit {
                certain.truncate(limit);
                next = certain.last().map(|(key, _)| key.clone());
            }
            Ok(RowPage { rows: certain.into_iter().map(|(_, row)| row).collect(), next, half_units: spent })
        })
    }
}

impl Shard {
    /// Returns true if the partition can have an unread row that is newer than the page's last one.
    fn may_have_newer_than(&self, last: Option<&String>) -> bool {
        let is_past = self.position.as_ref().zip(last).is_some_and(|(position, last)| position <= last);
        !self.is_at_end && !is_past
    }
}

/// Returns the index partitions that can have orders of a filter.
fn shards(filter: &ListFilter) -> Vec<Shard> {
    let shard = |word, number| Shard { key: shard_key(word, number), position: None, is_at_end: false };
    words(filter).into_iter().flat_map(|word| (0..SHARDS).map(move |number| shard(word, number))).collect()
}

/// Returns the words of the index keys that orders of a filter can have.
fn words(filter: &ListFilter) -> Vec<&'static str> {
    if let Some(status) = filter.status {
        return vec![index_word(status)];
    }
    let may_be_to_ship = |status: &OrderStatus| match status {
        OrderStatus::Paid | OrderStatus::PartiallyShipped | OrderStatus::PartiallyReturned => true,
        OrderStatus::Placed
        | OrderStatus::PartiallyPaid
        | OrderStatus::Shipped
        | OrderStatus::Cancelled
        | OrderStatus::Returned
        | OrderStatus::Delivered
        | OrderStatus::Refunded => false,
    };
    if filter.to_ship == Some(true) {
        return OrderStatus::ALL.iter().filter(|status| may_be_to_ship(status)).map(|status| status.as_str()).collect();
    }
    let open = OrderStatus::ALL.iter().filter(|status| !status.is_closed()).map(|status| status.as_str());
    open.chain([TO_SETTLE]).collect()
}

/// Returns the number of rows to examine in each of some partitions; `None` if there are none, or no units are left.
fn rows_each(partitions: usize, limit: usize, spent: u64) -> Option<usize> {
    let each = PAGE_HALF_UNITS.saturating_sub(spent).checked_div(u64::try_from(partitions).ok()?)?;
    let affordable = usize::try_from(each * ROWS_A_HALF_UNIT).ok().filter(|rows| *rows > 0)?;
    let wanted = if spent == 0 { limit.div_ceil(partitions) + SPARE } else { limit + 1 };
    Some(wanted.min(affordable))
}

/// Adds a row. While the status of an order changes, the index can show the order twice for a moment.
fn keep_newer(
    rows: &mut BTreeMap<String, Result<OpenOrderRow, UnreadableRow>>,
    key: String,
    row: Result<OpenOrderRow, UnreadableRow>,
) {
    let version = |row: &Result<OpenOrderRow, UnreadableRow>| row.as_ref().map_or(u64::MAX, |row| row.version);
    if rows.get(&key).is_none_or(|known| version(known) < version(&row)) {
        rows.insert(key, row);
    }
}

/// Returns the order that a sort key names.
fn order_of(sort_key: &str) -> Option<&str> {
    sort_key.split_once('#').map(|(_, order_id)| order_id)
}
