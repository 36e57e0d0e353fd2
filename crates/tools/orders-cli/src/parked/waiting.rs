//! Waiting commits, as far as this release can read them. Some fields can be read even from a commit of a newer release.

use anyhow::Context;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::item;
use event_store::store::chain;
use order_aggregate::Orders;
use serde::Serialize;

type Item = std::collections::HashMap<String, AttributeValue>;

/// A waiting commit, with the names that JSON has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    pub(super) version: Option<u64>,
    pub(super) recorded_at: Option<String>,
    pub(super) event_types: Vec<String>,
    /// The reason why this release cannot read the commit; `None` if it can.
    pub(super) error: Option<String>,
}

/// Reads an order's stored commits from one version to another.
pub(super) async fn commits(
    client: &Client,
    table: &str,
    order: &str,
    first: u64,
    last: u64,
) -> anyhow::Result<Vec<Waiting>> {
    let mut items = client
        .query()
        .table_name(table)
        .consistent_read(true)
        .key_condition_expression("#id = :id AND #version BETWEEN :first AND :last")
        .expression_attribute_names("#id", item::AGGREGATE_ID)
        .expression_attribute_names("#version", item::VERSION)
        .expression_attribute_values(":id", AttributeValue::S(order.to_owned()))
        .expression_attribute_values(":first", AttributeValue::N(first.to_string()))
        .expression_attribute_values(":last", AttributeValue::N(last.to_string()))
        .into_paginator()
        .items()
        .send();
    let mut commits = Vec::new();
    while let Some(item) = items.next().await {
        commits.push(Waiting::of(item.with_context(|| format!("cannot read {table}"))?));
    }
    Ok(commits)
}

impl Waiting {
    fn of(item: Item) -> Self {
        let text = |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let version = item.get(item::VERSION).and_then(|value| value.as_n().ok()?.parse().ok());
        let events = item.get("events").and_then(|value| value.as_l().ok()).map(Vec::as_slice).unwrap_or_default();
        let event_type = |event: &AttributeValue| event.as_m().ok().and_then(|event| text(event, "eventType"));
        Self {
            version,
            recorded_at: text(&item, "recordedAt"),
            event_types: events.iter().map(|event| event_type(event).unwrap_or_else(|| "?".to_owned())).collect(),
            error: item::decode::<Orders>(item.into()).err().map(|error| chain(&error)),
        }
    }
}
