//! The totals of a customer, for queries.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::TableError;
use futures_util::future::BoxFuture;

use crate::customer_totals::{CurrencyTotals, CustomerTotals};
use crate::projection::Projection;
use crate::row_error::RowError;
use crate::row_item::StoredItem;
use crate::sum_item;
use crate::summed::sums_key;

/// The totals of customers.
pub trait Totals: Send + Sync {
    /// Returns the totals of a customer's orders, one entry for each currency, sorted by code; empty if there is no
    /// order yet.
    ///
    /// They are read with eventual consistency, and have this release's projection number. If the number is new, they
    /// are complete only after `orders rebuild` has finished.
    fn of<'a>(&'a self, customer_id: &'a str) -> BoxFuture<'a, Result<Vec<CurrencyTotals>, RowError>>;
}

/// The totals in the projection's DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoTotals {
    client: Client,
    table: String,
}

impl DynamoTotals {
    /// Creates the reader for the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

impl Totals for DynamoTotals {
    fn of<'a>(&'a self, customer_id: &'a str) -> BoxFuture<'a, Result<Vec<CurrencyTotals>, RowError>> {
        Box::pin(async move {
            let key = sums_key::<CustomerTotals>(customer_id);
            let get = self.client.get_item().table_name(&self.table);
            let get = get.key(CustomerTotals::KEY.partition, AttributeValue::S(key.partition.clone()));
            let output = get.key(CustomerTotals::KEY.sort, AttributeValue::S(key.sort.clone())).send().await;
            let output = output.map_err(|error| TableError::of("GetItem", error))?;
            let Some(item) = output.item else { return Ok(Vec::new()) };
            let sums = sum_item::decode::<CustomerTotals>(&key, &StoredItem(item.into()))?;
            Ok(sums.sums.into_values().collect())
        })
    }
}
