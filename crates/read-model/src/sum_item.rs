//! Sums as DynamoDB items: the sum's own attributes, its key, its revision and the projection's number.

use serde_dynamo::{AttributeValue, Item};

use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_item::{self, NOT_AN_ITEM, NOT_ITS_SHAPE, PROJECTION};
use crate::summed::Summed;

/// Raised by one with every change. A sum may come back to a value while its rows do not, so the value cannot tell.
const REVISION: &str = "revision";

pub(crate) fn encode<P: Summed>(key: &RowKey, revision: u64, sum: &P::Sum) -> Result<Item, RowError> {
    let item: Item = serde_dynamo::to_item(sum).map_err(|_| row_item::unwritable(key, NOT_AN_ITEM))?;
    let mut attributes = item.into_inner();
    attributes.extend([
        (P::KEY.partition.to_owned(), AttributeValue::S(key.partition.clone())),
        (P::KEY.sort.to_owned(), AttributeValue::S(key.sort.clone())),
        (REVISION.to_owned(), AttributeValue::N(revision.to_string())),
        (PROJECTION.to_owned(), AttributeValue::N(P::NUMBER.to_string())),
    ]);
    Ok(attributes.into())
}

pub(crate) fn decode<P: Summed>(key: &RowKey, image: &RowImage) -> Result<P::Sum, RowError> {
    serde_dynamo::from_item(image.0.clone()).map_err(|_| row_item::unreadable(key, NOT_ITS_SHAPE))
}

/// The revision of the sum that stands; 0 where there is none, or it says nothing.
pub(crate) fn revision(standing: Option<&RowImage>) -> u64 {
    match standing.and_then(|image| image.0.inner().get(REVISION)) {
        Some(AttributeValue::N(digits)) => digits.parse().unwrap_or(0),
        _ => 0,
    }
}
