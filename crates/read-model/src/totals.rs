//! What queries read of the totals: a customer's, by currency.

use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::customer_totals::{CurrencyTotals, CustomerTotals};
use crate::projection::Projection;
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_item;
use crate::sum_item;
use crate::summed::sums_of;

/// The totals of customers.
pub trait Totals: Send + Sync {
    /// What a customer's orders come to, by currency code; empty where there is none (yet).
    ///
    /// They are as the last write to each currency left them, and read with eventual consistency. They are of this
    /// release's projection number: where that is new, `orders rebuild` has to complete before they are whole.
    fn of(&self, customer_id: &str) -> impl Future<Output = Result<Vec<CurrencyTotals>, RowError>> + Send;
}

/// The totals in the projection's DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoTotals {
    client: Client,
    table: String,
}

impl DynamoTotals {
    /// The totals in the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

impl Totals for DynamoTotals {
    async fn of(&self, customer_id: &str) -> Result<Vec<CurrencyTotals>, RowError> {
        let output = self
            .client
            .query()
            .table_name(&self.table)
            // One page: there are no more sums than currencies, at less than 1 KB each.
            .key_condition_expression("#partition = :customer AND begins_with(#sort, :sums)")
            .expression_attribute_names("#partition", CustomerTotals::KEY.partition)
            .expression_attribute_names("#sort", CustomerTotals::KEY.sort)
            .expression_attribute_values(":customer", AttributeValue::S(customer_id.to_owned()))
            .expression_attribute_values(":sums", AttributeValue::S(sums_of::<CustomerTotals>()))
            .send()
            .await
            .map_err(|error| RowError::of("Query", error))?;
        let read = |item: std::collections::HashMap<String, AttributeValue>| {
            let item = serde_dynamo::Item::from(item);
            let key = row_item::key_of::<CustomerTotals>(&item);
            let key =
                key.ok_or_else(|| RowError::Refused { operation: "Query", source: "an item has no key".into() })?;
            sum_item::decode::<CustomerTotals>(&key, &RowImage(item))
        };
        output.items.unwrap_or_default().into_iter().map(read).collect()
    }
}
