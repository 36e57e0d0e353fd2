//! Rows whole, as they stand in their table: what comparing and mending need, and no reader does.

use std::collections::BTreeSet;
use std::future::Future;

use event_store::{ChangedValue, changed_values};
use serde_dynamo::Item;
use serde_json::Value;

use crate::dynamo_rows::DynamoRows;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_item;
use crate::summed::Summed;
use crate::summed_rows::SummedRows;

/// A row with all its attributes, whether or not they make sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowImage(pub(crate) Item);

/// Rows that can be read and replaced whole.
pub trait RowImages<P: Projection>: Send + Sync {
    /// The table that they are in. What is replaced or deleted there changes no sum.
    fn images(&self) -> &DynamoRows;

    /// Prepares the rows for the replacement or deletion of one of them.
    ///
    /// # Errors
    /// When what goes with the row cannot be read or written.
    fn release(&self, key: &RowKey) -> impl Future<Output = Result<(), RowError>> + Send;
}

impl<P: Projection> RowImages<P> for DynamoRows {
    fn images(&self) -> &DynamoRows {
        self
    }

    async fn release(&self, _: &RowKey) -> Result<(), RowError> {
        Ok(())
    }
}

impl<P: Summed> RowImages<P> for SummedRows {
    fn images(&self) -> &DynamoRows {
        &self.rows
    }

    async fn release(&self, key: &RowKey) -> Result<(), RowError> {
        self.forget_pending::<P>(key).await
    }
}

/// What one request found in a table of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePage {
    /// The rows.
    pub rows: Vec<(RowKey, RowImage)>,
    /// Where to go on; `None` at the end.
    pub next: Option<RowKey>,
}

impl RowImage {
    /// The version up to which it says it is folded; 0 where it says nothing.
    #[must_use]
    pub fn version(&self) -> u64 {
        row_item::stamp(&self.0).0
    }

    /// The number of the projection that it says folded it; 0 where it says nothing.
    #[must_use]
    pub fn projection(&self) -> u64 {
        row_item::stamp(&self.0).1
    }

    /// The attributes that only one of both has, or that differ; sorted.
    pub(crate) fn differences(&self, expected: &Item) -> Vec<String> {
        let (own, expected) = (self.0.inner(), expected.inner());
        let names: BTreeSet<&String> = own.keys().chain(expected.keys()).collect();
        names.into_iter().filter(|name| own.get(*name) != expected.get(*name)).cloned().collect()
    }

    /// The same with both values, each as deep as it goes.
    pub(crate) fn changes(&self, expected: &Item) -> Vec<ChangedValue> {
        let json = |item: &Item, name: &str| {
            let value = item.inner().get(name).cloned()?;
            let words = format!("{value:?}");
            Some(serde_dynamo::from_attribute_value(value).unwrap_or(Value::String(words)))
        };
        let changed = |name: String| {
            let (found, expected) = (json(&self.0, &name), json(expected, &name));
            if found == expected {
                // They differ in nothing but DynamoDB's types, such as a list and a set.
                return vec![ChangedValue { attribute: name, found, expected }];
            }
            changed_values(&name, found.as_ref(), expected.as_ref())
        };
        self.differences(expected).into_iter().flat_map(changed).collect()
    }
}
