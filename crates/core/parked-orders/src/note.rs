//! A note as a DynamoDB item. The attribute names are stored: never change them.

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamo::SdkItem;

use crate::consumer::Consumer;
use crate::parked::{ParkedError, ParkedOrder};

pub(crate) const CONSUMER: &str = "consumer";
pub(crate) const AGGREGATE_ID: &str = "aggregateId";
pub(crate) const CUSTOMER_ID: &str = "customerId";
pub(crate) const VERSION: &str = "version";
pub(crate) const HELD_UP_TO: &str = "heldUpTo";
pub(crate) const DEFERRED: &str = "deferred";
pub(crate) const REASON: &str = "reason";
pub(crate) const ATTEMPTS: &str = "attempts";
pub(crate) const PARKED_AT: &str = "parkedAt";
pub(crate) const LAST_ATTEMPT_AT: &str = "lastAttemptAt";

pub(crate) fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn decode(item: &SdkItem) -> Result<ParkedOrder, ParkedError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let consumer = text(CONSUMER).unwrap_or_default();
    let aggregate_id = text(AGGREGATE_ID).unwrap_or_default();
    let unreadable = |problem: String| ParkedError::Unreadable {
        consumer: consumer.clone(),
        aggregate_id: aggregate_id.clone(),
        problem,
    };
    let missing = |name: &str| unreadable(format!("{name} is missing or of another type"));
    let count = |name: &str| {
        let digits = item.get(name).and_then(|value| value.as_n().ok());
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| missing(name))
    };
    let instant = |name: &str| text(name).and_then(|text| text.parse().ok()).ok_or_else(|| missing(name));
    Ok(ParkedOrder {
        consumer: text(CONSUMER).map(Consumer::stored).ok_or_else(|| missing(CONSUMER))?,
        aggregate_id: aggregate_id.clone(),
        customer_id: text(CUSTOMER_ID),
        version: count(VERSION)?,
        held_up_to: count(HELD_UP_TO)?,
        is_deferred: item.contains_key(DEFERRED),
        reason: text(REASON).ok_or_else(|| missing(REASON))?,
        attempts: count(ATTEMPTS)?,
        parked_at: instant(PARKED_AT)?,
        last_attempt_at: instant(LAST_ATTEMPT_AT)?,
    })
}
