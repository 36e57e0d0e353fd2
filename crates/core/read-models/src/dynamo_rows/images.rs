//! Stored rows in DynamoDB. They are read as they are, and replaced or deleted only if they have not changed.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::TableError;
use event_store::dynamo::Consistency;
use futures_util::stream::{self, StreamExt};
use serde_dynamo::Item;

use super::{AT_ONCE, DynamoRows, SdkItem, sdk_key};
use crate::events_table::{self, EventsTable, is_memory};
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_images::{ImagePage, RowImages, Segment};
use crate::row_item::{self, StoredItem};
use crate::row_store::MAX_KEYS;
use crate::sum_item::REVISION;

impl<P: Projection> RowImages<P> for DynamoRows {
    type Image = StoredItem;

    async fn images(&self, keys: &[RowKey]) -> Result<HashMap<RowKey, StoredItem>, RowError> {
        self.stored::<P>(keys).await
    }

    async fn scan(
        &self,
        segment: Segment,
        after: Option<&RowKey>,
        limit: Option<u32>,
    ) -> Result<ImagePage<StoredItem>, RowError> {
        let sdk_number = |number: u32| number.try_into().unwrap_or(i32::MAX);
        let scan = self.client.scan().table_name(&self.table).consistent_read(true);
        let output = scan
            .segment(sdk_number(segment.number))
            .total_segments(sdk_number(segment.of))
            .set_limit(limit.map(sdk_number))
            .set_exclusive_start_key(after.map(sdk_key::<P>))
            .send()
            .await
            .map_err(|error| TableError::of("Scan", error))?;
        image_page::<P>("Scan", output.items, output.last_evaluated_key)
    }

    async fn replace(
        &self,
        key: &RowKey,
        was: Option<&StoredItem>,
        version: u64,
        row: &P::Row,
    ) -> Result<bool, RowError> {
        self.put_if_unchanged::<P>(row_item::encode::<P>(key, version, row)?, was).await
    }

    async fn delete(&self, key: &RowKey, was: &StoredItem) -> Result<bool, RowError> {
        let unchanged = UnchangedCondition::of::<P>(Some(was));
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(sdk_key::<P>(key)))
            .condition_expression(unchanged.expression)
            .set_expression_attribute_names(Some(unchanged.names))
            .set_expression_attribute_values(unchanged.values)
            .send()
            .await;
        let Err(error) = result else { return Ok(true) };
        match error.as_service_error() {
            // A transaction is in progress on the item.
            Some(
                DeleteItemError::ConditionalCheckFailedException(_) | DeleteItemError::TransactionConflictException(_),
            ) => Ok(false),
            Some(_) | None => Err(TableError::of("DeleteItem", error).into()),
        }
    }

    async fn events_table(&self) -> Result<Option<EventsTable>, RowError> {
        let key = events_table::key();
        let item = self.stored::<P>(std::slice::from_ref(&key)).await?.remove(&key);
        Ok(item.and_then(|item| EventsTable::from_item(&item)))
    }

    async fn remember_events_table(&self, events: &EventsTable) -> Result<(), RowError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(events.to_item::<P>().0.into()));
        put.send().await.map_err(|error| TableError::of("PutItem", error))?;
        Ok(())
    }
}

impl DynamoRows {
    /// Reads the items at these keys, at most [`MAX_KEYS`].
    pub(crate) async fn stored<P: Projection>(&self, keys: &[RowKey]) -> Result<HashMap<RowKey, StoredItem>, RowError> {
        let (items, unread) = self.items::<P>(keys, Consistency::Strong).await?;
        if !unread.is_empty() {
            return Err(TableError::busy("BatchGetItem").into());
        }
        Ok(items.into_iter().map(|(key, item)| (key, StoredItem(item))).collect())
    }

    /// Reads the items at any number of keys, each given once. The reads are strongly consistent.
    pub(crate) async fn stored_at_all<P: Projection>(
        &self,
        keys: Vec<RowKey>,
    ) -> HashMap<RowKey, Result<StoredItem, RowError>> {
        let read = async |keys: &[RowKey]| match self.stored::<P>(keys).await {
            Ok(images) => images.into_iter().map(|(key, image)| (key, Ok(image))).collect::<Vec<_>>(),
            Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
        };
        let chunks: Vec<_> = keys.chunks(MAX_KEYS).map(read).collect();
        let chunks: Vec<_> = stream::iter(chunks).buffer_unordered(AT_ONCE).collect().await;
        chunks.into_iter().flatten().collect()
    }

    /// Reads the next page of a partition's rows, after one of its keys, by sort key. The read is strongly consistent.
    pub(crate) async fn partition<P: Projection>(
        &self,
        partition: &str,
        after: Option<&RowKey>,
    ) -> Result<ImagePage<StoredItem>, RowError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .set_exclusive_start_key(after.map(sdk_key::<P>))
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", P::KEY.partition)
            .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()));
        let output = query.send().await.map_err(|error| TableError::of("Query", error))?;
        image_page::<P>("Query", output.items, output.last_evaluated_key)
    }

    /// Puts an item in place of the one with that revision, or of no item. Returns false if other writers have changed
    /// it since.
    pub(crate) async fn put_revision<P: Projection>(
        &self,
        item: Item,
        replaces: Option<u64>,
    ) -> Result<bool, RowError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item.into()));
        let put = match replaces {
            Some(revision) => put
                .condition_expression("#revision = :revision")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":revision", AttributeValue::N(revision.to_string())),
            None => put
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", P::KEY.partition),
        };
        put_if(put).await
    }

    /// Puts an item in place of `was`, or of no item. Returns false if the stored item is no longer `was`.
    pub(crate) async fn put_if_unchanged<P: Projection>(
        &self,
        item: Item,
        was: Option<&StoredItem>,
    ) -> Result<bool, RowError> {
        let unchanged = UnchangedCondition::of::<P>(was);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.into()))
            .condition_expression(unchanged.expression)
            .set_expression_attribute_names(Some(unchanged.names))
            .set_expression_attribute_values(unchanged.values);
        put_if(put).await
    }
}

/// Puts an item on a condition. Returns false if the condition is not met.
async fn put_if(put: PutItemFluentBuilder) -> Result<bool, RowError> {
    // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
    let Err(error) = Box::pin(put.send()).await else { return Ok(true) };
    match error.as_service_error() {
        // The previous release writes rows and their sums in transactions.
        Some(PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_)) => {
            Ok(false)
        }
        Some(_) | None => Err(TableError::of("PutItem", error).into()),
    }
}

fn image_page<P: Projection>(
    operation: &'static str,
    items: Option<Vec<SdkItem>>,
    last: Option<SdkItem>,
) -> Result<ImagePage<StoredItem>, RowError> {
    let keyed = |item: SdkItem| {
        let item = Item::from(item);
        let key = row_item::key_of::<P>(&item);
        let key = key.ok_or_else(|| TableError::refused(operation, "the table's key is not this projection's"));
        key.map(|key| (key, StoredItem(item)))
    };
    let rows = items.unwrap_or_default().into_iter().map(keyed).collect::<Result<Vec<_>, _>>()?;
    let rows = rows.into_iter().filter(|(key, _)| !is_memory(key)).collect();
    Ok(ImagePage { rows, next: last.map(keyed).transpose()?.map(|(key, _)| key) })
}

/// The condition that no attribute of an item has changed.
struct UnchangedCondition {
    expression: String,
    names: HashMap<String, String>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl UnchangedCondition {
    fn of<P: Projection>(was: Option<&StoredItem>) -> Self {
        let Some(StoredItem(item)) = was else {
            let names = HashMap::from([("#key".to_owned(), P::KEY.partition.to_owned())]);
            return Self { expression: "attribute_not_exists(#key)".to_owned(), names, values: None };
        };
        let attributes = SdkItem::from(item.clone());
        let (mut expression, mut names, mut values) = (Vec::new(), HashMap::new(), HashMap::new());
        for (number, (name, value)) in attributes.into_iter().enumerate() {
            expression.push(format!("#a{number} = :a{number}"));
            names.insert(format!("#a{number}"), name);
            values.insert(format!(":a{number}"), value);
        }
        Self { expression: expression.join(" AND "), names, values: Some(values) }
    }
}
