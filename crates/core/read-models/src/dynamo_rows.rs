//! The DynamoDB adapter: one `BatchGetItem` for each hundred rows, one conditional `PutItem` for each row.

mod images;

use std::collections::HashMap;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use event_store::TableError;
use event_store::dynamo::{Consistency, SdkItem, batch_get};
use futures_util::stream::{self, StreamExt};
use serde_dynamo::Item;

use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_item::{self, PROJECTION, VERSION};
use crate::row_store::{NewRow, Read, RowStore, Write, is_over};

/// The number of rows written at once. It is enough to hide the latency of a call, and few enough for one client.
pub(crate) const AT_ONCE: usize = 32;

/// The opposite of [`RowStamp::rejects`](crate::RowStamp::rejects) as a DynamoDB expression. A missing number counts as 0.
const MAY_REPLACE: &str = "((attribute_not_exists(#projection) OR #projection < :projection) \
    AND (attribute_not_exists(#version) OR #version <= :position)) \
    OR (#projection = :projection AND (attribute_not_exists(#version) OR #version < :version))";

/// The rows of any projection in a DynamoDB table that has its key.
#[derive(Debug, Clone)]
pub struct DynamoRows {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl DynamoRows {
    /// Creates the adapter for the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Returns the items found, and the keys left unprocessed because the table stays too busy.
    async fn items<P: Projection>(
        &self,
        keys: &[RowKey],
        consistency: Consistency,
    ) -> Result<(HashMap<RowKey, Item>, Vec<RowKey>), RowError> {
        let keys: Vec<_> = keys.iter().map(sdk_key::<P>).collect();
        let (items, unread) = batch_get(&self.client, &self.table, &keys, consistency).await?;
        let items = items.into_iter().map(Item::from);
        let items = items.filter_map(|item| Some((row_item::key_of::<P>(&item)?, item))).collect();
        Ok((items, unread.into_iter().filter_map(|key| row_item::key_of::<P>(&key.into())).collect()))
    }

    /// Returns the rows as far as the projection can use them.
    async fn rows<P: Projection>(&self, keys: &[RowKey], consistency: Consistency) -> Result<Read<P::Row>, RowError> {
        let (items, unread) = self.items::<P>(keys, consistency).await?;
        let rows = items.into_iter().map(|(key, item)| (key, row_item::decode::<P>(item))).collect();
        Ok(Read { rows, unread, consistency })
    }
}

impl DynamoRows {
    /// Puts a row unless the stored one has a later version or a newer number.
    pub(crate) async fn put_row<P: Projection>(
        &self,
        row: &NewRow<P::Row>,
        until: Option<Instant>,
    ) -> Result<Write, RowError> {
        if is_over(until) {
            return Err(RowError::OutOfTime);
        }
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row_item::encode::<P>(&row.key, row.version, &row.row)?.into()))
            .condition_expression(MAY_REPLACE)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#projection", PROJECTION)
            .expression_attribute_values(":version", AttributeValue::N(row.version.to_string()))
            .expression_attribute_values(":position", AttributeValue::N(row.position.to_string()))
            .expression_attribute_values(":projection", AttributeValue::N(P::NUMBER.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
        let result = Box::pin(put.send()).await;
        let Err(error) = result else { return Ok(Write::Written) };
        let standing = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
            Some(_) | None => None,
        };
        standing.map_or_else(
            || Err(TableError::of("PutItem", error).into()),
            |standing| Ok(row_item::stamp(&standing.into()).rejection::<P>()),
        )
    }
}

impl<P: Projection> RowStore<P> for DynamoRows {
    async fn read(&self, keys: &[RowKey]) -> Result<Read<P::Row>, RowError> {
        self.rows::<P>(keys, Consistency::Strong).await
    }

    async fn read_eventually(&self, keys: &[RowKey]) -> Result<Read<P::Row>, RowError> {
        self.rows::<P>(keys, Consistency::Eventual).await
    }

    async fn write(&self, rows: &[NewRow<P::Row>], until: Option<Instant>) -> Vec<Result<Write, RowError>> {
        let puts: Vec<_> = rows.iter().map(|row| self.put_row::<P>(row, until)).collect();
        stream::iter(puts).buffered(AT_ONCE).collect().await
    }
}

fn sdk_key<P: Projection>(key: &RowKey) -> SdkItem {
    HashMap::from([
        (P::KEY.partition.to_owned(), AttributeValue::S(key.partition.clone())),
        (P::KEY.sort.to_owned(), AttributeValue::S(key.sort.clone())),
    ])
}
