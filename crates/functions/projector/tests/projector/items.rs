//! Stored commits, which tests damage and restore.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use test_support::ledger::Ledger;

use crate::given::{pay, place};

/// An item of OrderEvents.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Returns the items of an order that is placed and then paid in parts, one for each version.
pub(crate) async fn items_of(order: &str, customer: &str, versions: usize) -> Vec<Item> {
    let draft = Ledger::new().await;
    draft.record(order, place(customer), "2026-11-21T09:30:00.123Z").await;
    for part in 2..=versions {
        draft.record(order, pay(&format!("p-{part}"), 1), "2026-11-21T09:30:00.123Z").await;
    }
    let query = draft.server.client().query().table_name("OrderEvents").key_condition_expression("aggregateId = :id");
    let found = query.expression_attribute_values(":id", AttributeValue::S(order.to_owned())).send().await.unwrap();
    found.items.unwrap()
}
