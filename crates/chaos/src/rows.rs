//! The rows of the summaries, as anybody may see them at any moment.

use std::collections::BTreeMap;

use embedded_dynamodb::Database;
use read_model::{CustomerTotals, OrderSummaryRow, Projection};
use serde_json::Value;

use crate::release::{SUMMARIES, TOTALS};
use crate::rolling::NextRow;
use crate::wire;

/// A row, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The order.
    pub order: String,
    /// The number of the projection that folded it.
    pub projection: u64,
    /// The version up to which it says it is folded.
    pub version: u64,
    /// The row; nothing where it cannot be read.
    pub row: Option<SeenRow>,
}

/// A row of either release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeenRow {
    /// Of the release that is deployed first.
    Older(OrderSummaryRow),
    /// Of the newer one.
    Newer(NextRow),
}

/// Looks at the rows, and keeps those that have changed.
pub(crate) struct Watch {
    pub(crate) database: Database,
    pub(crate) seen: Vec<Seen>,
    standing: Vec<Value>,
}

impl Watch {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, seen: Vec::new(), standing: Vec::new() }
    }

    /// The version of each order's row, as it was seen last.
    pub(crate) fn versions(&self) -> BTreeMap<String, u64> {
        self.seen.iter().map(|seen| (seen.order.clone(), seen.version)).collect()
    }

    /// The version of what each order contributes to its customer's totals.
    pub(crate) fn contributions(&self) -> BTreeMap<String, u64> {
        let contribution = |item: &Value| {
            let order = item[CustomerTotals::KEY.sort]["S"].as_str()?.strip_prefix("order#")?;
            Some((order.to_owned(), item["version"]["N"].as_str()?.parse().ok()?))
        };
        wire::items(&self.database, TOTALS).iter().filter_map(contribution).collect()
    }

    pub(crate) fn look(&mut self) {
        let items = wire::items(&self.database, SUMMARIES);
        let changed = items.iter().filter(|item| !self.standing.contains(item));
        self.seen.extend(changed.filter_map(seen));
        self.standing = items;
    }
}

fn seen(item: &Value) -> Option<Seen> {
    let number = |name: &str| item[name]["N"].as_str().and_then(|digits| digits.parse().ok());
    let order = item["placedAtOrderId"]["S"].as_str()?.split_once('#')?.1.to_owned();
    let (projection, version) = (number("projection").unwrap_or(0), number("version").unwrap_or(0));
    let decoded: Option<serde_dynamo::Item> = serde_json::from_value(item.clone()).ok();
    let row = decoded.and_then(|item| {
        if item.inner().contains_key("commits") {
            serde_dynamo::from_item(item).ok().map(SeenRow::Newer)
        } else {
            serde_dynamo::from_item(item).ok().map(SeenRow::Older)
        }
    });
    Some(Seen { order, projection, version, row })
}
