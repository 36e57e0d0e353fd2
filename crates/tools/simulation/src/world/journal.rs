//! The journal of a history: every state of the read models and of the notes on parked orders, with the moment of each.

use std::collections::BTreeMap;

use embedded_dynamodb::Database;
use parked_orders::Consumer;
use read_models::{CustomerTotals, Projection};
use serde_json::Value;

use crate::world::models::{MODELS, Model, consumers};
use crate::world::names::{PARKED, SUMMARIES, TOTALS};
use crate::world::next_summary::NextRow;
use crate::world::shared::Shared;
use crate::world::wire;

/// The tables whose states are kept, because a check reads them.
const TABLES: [&str; 3] = [SUMMARIES, TOTALS, PARKED];

/// The sort key of a contribution, or of sums.
const ENTRY: &str = CustomerTotals::KEY.sort;

/// One state of a row of the summaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The order.
    pub order: String,
    /// The number of the projection that folded it.
    pub projection: u64,
    /// The version that the row claims.
    pub version: u64,
    /// The row, or `None` if it cannot be read.
    pub row: Option<NextRow>,
}

/// The parked orders of each consumer, with the last version that is known to wait.
pub type Waiting = BTreeMap<(Consumer, String), u64>;

/// A sequence of states, each with the moment at which it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States<T>(Vec<(u64, T)>);

impl<T> States<T> {
    /// The states that existed at some time from one moment to another.
    pub fn during(&self, began: u64, ended: u64) -> impl Iterator<Item = &T> {
        let before = self.0.iter().rev().find(move |(moment, _)| *moment <= began);
        let since = self.0.iter().filter(move |(moment, _)| (began + 1..=ended).contains(moment));
        before.into_iter().chain(since).map(|(_, state)| state)
    }

    fn of<S>(states: &[(u64, S)], read: impl Fn(&S) -> T) -> Self {
        Self(states.iter().map(|(moment, state)| (*moment, read(state))).collect())
    }
}

/// The states of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The rows of the summaries.
    pub summaries: States<Vec<Seen>>,
    /// The version up to which each order is counted in its customer's totals.
    pub contributions: States<BTreeMap<String, u64>>,
    /// The notes.
    pub notes: States<Waiting>,
    /// True if an outage has deferred the totals of an order.
    pub has_deferred: bool,
}

impl Kept {
    /// Every state of a row, in the order in which the states followed one another.
    pub fn rows(&self) -> impl Iterator<Item = &Seen> {
        let mut before: &[Seen] = &[];
        self.summaries.0.iter().flat_map(move |(_, rows)| {
            let known = std::mem::replace(&mut before, rows);
            rows.iter().filter(move |row| !known.contains(row))
        })
    }
}

struct State {
    moments: u64,
    tables: BTreeMap<&'static str, Vec<(u64, Vec<Value>)>>,
}

/// Counts the moments of a history, and reads a table after each write to it. Clones share their state.
#[derive(Clone)]
pub(crate) struct Journal {
    database: Database,
    state: Shared<State>,
}

impl Journal {
    pub(crate) fn new(database: Database) -> Self {
        let tables = TABLES.map(|table| (table, vec![(0, Vec::new())])).into();
        Self { database, state: Shared::new(State { moments: 0, tables }) }
    }

    /// A new moment.
    pub(crate) fn moment(&self) -> u64 {
        let mut state = self.state.lock();
        state.moments += 1;
        state.moments
    }

    /// Reads a table after a write.
    pub(crate) fn written(&self, table: &str) {
        if let Some(table) = TABLES.into_iter().find(|it| *it == table) {
            let items = wire::items(&self.database, table);
            let mut state = self.state.lock();
            let State { moments, tables } = &mut *state;
            let states = tables.entry(table).or_default();
            if states.last().is_none_or(|(_, newest)| *newest != items) {
                *moments += 1;
                states.push((*moments, items));
            }
        }
    }

    /// The current version of each row.
    pub(crate) fn rows(&self) -> Waiting {
        let rows = MODELS.iter().flat_map(|model| {
            let versions = versions(model, &wire::items(&self.database, model.name));
            versions.into_iter().map(|(order, version)| ((model.consumer(), order), version))
        });
        rows.collect()
    }

    /// Every state so far.
    pub(crate) fn kept(&self) -> Kept {
        let state = self.state.lock();
        let of = |table| state.tables.get(table).map(Vec::as_slice).unwrap_or_default();
        Kept {
            summaries: States::of(of(SUMMARIES), |items| items.iter().filter_map(seen).collect()),
            contributions: States::of(of(TOTALS), |items| counted(items)),
            notes: States::of(of(PARKED), |items| items.iter().filter_map(note).collect()),
            has_deferred: of(PARKED).iter().any(|(_, items)| items.iter().any(|item| !item["deferred"].is_null())),
        }
    }
}

/// The version of each order's stored row.
fn versions(model: &Model, items: &[Value]) -> BTreeMap<String, u64> {
    items.iter().filter_map(|item| Some((model.order(item)?, number(item, "version")?))).collect()
}

/// The version of each order in the sums: its pending contribution, or else its stored one.
fn counted(items: &[Value]) -> BTreeMap<String, u64> {
    let mut counted: BTreeMap<String, u64> =
        MODELS.iter().filter(|model| model.name == TOTALS).flat_map(|model| versions(model, items)).collect();
    let sums = items.iter().filter(|item| item[ENTRY]["S"] == format!("total#{}", CustomerTotals::NUMBER));
    for (entry, pending) in sums.filter_map(|sums| sums["pending"]["M"].as_object()).flatten() {
        counted.extend(order_of(entry).zip(number(&pending["M"], "version")));
    }
    counted
}

fn order_of(entry: &str) -> Option<String> {
    entry.strip_prefix("order#").map(str::to_owned)
}

fn note(item: &Value) -> Option<((Consumer, String), u64)> {
    let name = item["consumer"]["S"].as_str()?;
    let consumer = consumers().find(|consumer| consumer.as_str() == name)?;
    Some(((consumer, item["aggregateId"]["S"].as_str()?.to_owned()), number(item, "heldUpTo")?))
}

fn seen(item: &Value) -> Option<Seen> {
    let order = item["placedAtOrderId"]["S"].as_str()?.split_once('#')?.1.to_owned();
    let (projection, version) = (number(item, "projection").unwrap_or(0), number(item, "version").unwrap_or(0));
    let decoded: Option<serde_dynamo::Item> = serde_json::from_value(item.clone()).ok();
    let row = decoded.and_then(|item| {
        let is_of_next = item.inner().contains_key("commits");
        if is_of_next {
            serde_dynamo::from_item(item)
        } else {
            serde_dynamo::from_item(item).map(|summary| NextRow { summary, commits: None })
        }
        .ok()
    });
    Some(Seen { order, projection, version, row })
}

fn number(item: &Value, name: &str) -> Option<u64> {
    item[name]["N"].as_str()?.parse().ok()
}
