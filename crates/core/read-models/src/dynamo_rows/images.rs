//! Rows whole, for tools: read as they are, put right or taken away if they are still as they were read.
//!
//! Not part of the port: the engine never overwrites a row that is as far, and deletes none.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, StreamExt};
use serde_dynamo::Item;

use super::{AT_ONCE, DynamoRows, SdkItem, sdk_key};
use crate::events_table::is_memory;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_image::{ImagePage, RowImage};
use crate::row_item;
use crate::row_store::MAX_KEYS;
use crate::sum_item::REVISION;

impl DynamoRows {
    /// The rows at these keys, each given once, [`MAX_KEYS`] at most; strongly consistent. A key
    /// without a row is not among them.
    ///
    /// # Errors
    /// [`RowError::Unavailable`], also where the table stays too busy for some of the keys, and [`RowError::Refused`].
    pub async fn images<P: Projection>(&self, keys: &[RowKey]) -> Result<HashMap<RowKey, RowImage>, RowError> {
        let (items, unread) = self.items::<P>(keys).await?;
        if !unread.is_empty() {
            return Err(row_item::busy("BatchGetItem"));
        }
        Ok(items.into_iter().map(|(key, item)| (key, RowImage(item))).collect())
    }

    /// The next page of segment `number` of `of`, after a key of it: 1 MB of rows at most, in no particular order.
    ///
    /// # Errors
    /// [`RowError::Unavailable`] and [`RowError::Refused`].
    pub async fn scan_images<P: Projection>(
        &self,
        number: u32,
        of: u32,
        after: Option<&RowKey>,
    ) -> Result<ImagePage, RowError> {
        let sdk_number = |number: u32| number.try_into().unwrap_or(i32::MAX);
        let scan = self.client.scan().table_name(&self.table).consistent_read(true);
        let output = scan
            .segment(sdk_number(number))
            .total_segments(sdk_number(of))
            .set_exclusive_start_key(after.map(sdk_key::<P>))
            .send()
            .await
            .map_err(|error| RowError::of("Scan", error))?;
        image_page::<P>("Scan", output.items, output.last_evaluated_key)
    }

    /// The rows at these keys, however many, each given once; strongly consistent. A key without a row is not among them.
    pub(crate) async fn images_of_all<P: Projection>(
        &self,
        keys: Vec<RowKey>,
    ) -> HashMap<RowKey, Result<RowImage, RowError>> {
        let read = async |keys: &[RowKey]| match self.images::<P>(keys).await {
            Ok(images) => images.into_iter().map(|(key, image)| (key, Ok(image))).collect::<Vec<_>>(),
            Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
        };
        let chunks: Vec<_> = keys.chunks(MAX_KEYS).map(read).collect();
        let chunks: Vec<_> = stream::iter(chunks).buffer_unordered(AT_ONCE).collect().await;
        chunks.into_iter().flatten().collect()
    }

    /// The next page of a partition's rows, after a key of it: by sort key, strongly consistent.
    pub(crate) async fn images_of<P: Projection>(
        &self,
        partition: &str,
        after: Option<&RowKey>,
    ) -> Result<ImagePage, RowError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .set_exclusive_start_key(after.map(sdk_key::<P>))
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", P::KEY.partition)
            .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()));
        let output = query.send().await.map_err(|error| RowError::of("Query", error))?;
        image_page::<P>("Query", output.items, output.last_evaluated_key)
    }

    /// Puts an item in place of the one with that revision, or of none; false where others have changed it since.
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

    /// Puts a row where `was` stood, or nothing; false if the item has changed, or a transaction is changing it, and nothing was
    /// done.
    ///
    /// # Errors
    /// Any [`RowError`] but [`RowError::Unreadable`].
    pub async fn replace<P: Projection>(
        &self,
        key: &RowKey,
        was: Option<&RowImage>,
        version: u64,
        row: &P::Row,
    ) -> Result<bool, RowError> {
        self.put_if_still::<P>(row_item::encode::<P>(key, version, row)?, was).await
    }

    /// The same with any item.
    pub(crate) async fn put_if_still<P: Projection>(
        &self,
        item: Item,
        was: Option<&RowImage>,
    ) -> Result<bool, RowError> {
        let still = Still::as_it_was::<P>(was);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.into()))
            .condition_expression(still.expression)
            .set_expression_attribute_names(Some(still.names))
            .set_expression_attribute_values(still.values);
        put_if(put).await
    }

    /// Deletes the row `was`; false where something else stands there by now, or is about to, and nothing was done.
    ///
    /// # Errors
    /// [`RowError::Unavailable`] and [`RowError::Refused`].
    pub async fn delete<P: Projection>(&self, key: &RowKey, was: &RowImage) -> Result<bool, RowError> {
        let still = Still::as_it_was::<P>(Some(was));
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(sdk_key::<P>(key)))
            .condition_expression(still.expression)
            .set_expression_attribute_names(Some(still.names))
            .set_expression_attribute_values(still.values)
            .send()
            .await;
        let Err(error) = result else { return Ok(true) };
        match error.as_service_error() {
            // A transaction is at work on it.
            Some(
                DeleteItemError::ConditionalCheckFailedException(_) | DeleteItemError::TransactionConflictException(_),
            ) => Ok(false),
            Some(_) | None => Err(RowError::of("DeleteItem", error)),
        }
    }
}

/// Puts an item on a condition; false where that is not met.
async fn put_if(put: PutItemFluentBuilder) -> Result<bool, RowError> {
    let Err(error) = put.send().await else { return Ok(true) };
    match error.as_service_error() {
        // The release before writes rows and their sums in transactions.
        Some(PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_)) => {
            Ok(false)
        }
        Some(_) | None => Err(RowError::of("PutItem", error)),
    }
}

/// Rows as they were found, by key.
fn image_page<P: Projection>(
    operation: &'static str,
    items: Option<Vec<SdkItem>>,
    last: Option<SdkItem>,
) -> Result<ImagePage, RowError> {
    let keyed = |item: SdkItem| {
        let item = Item::from(item);
        let key = row_item::key_of::<P>(&item);
        Ok((
            key.ok_or_else(|| row_item::refused(operation, "the table's key is not this projection's"))?,
            RowImage(item),
        ))
    };
    let rows = items.unwrap_or_default().into_iter().map(keyed).collect::<Result<Vec<_>, _>>()?;
    let rows = rows.into_iter().filter(|(key, _)| !is_memory(key)).collect();
    Ok(ImagePage { rows, next: last.map(keyed).transpose()?.map(|(key, _)| key) })
}

/// The condition that a row is as it was, in each of its attributes.
struct Still {
    expression: String,
    names: HashMap<String, String>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Still {
    fn as_it_was<P: Projection>(was: Option<&RowImage>) -> Self {
        let Some(RowImage(item)) = was else {
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
