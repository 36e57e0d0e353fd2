//! The plan of a sweep, for the operator to confirm.

use aws_sdk_dynamodb::Client;

use super::Tables;
use super::progress::item_count;

/// The number of items in each table, where DynamoDB tells it.
#[derive(Clone, Copy)]
pub(crate) struct ItemCounts {
    pub(crate) events: Option<u64>,
    pub(crate) rows: Option<u64>,
    pub(crate) totals: Option<u64>,
}

impl ItemCounts {
    /// Asks DynamoDB, which counts every few hours.
    pub(crate) async fn of(client: &Client, tables: &Tables) -> Self {
        let (events, rows, totals) = tokio::join!(
            item_count(client, &tables.events),
            item_count(client, &tables.rows),
            item_count(client, &tables.totals)
        );
        Self { events, rows, totals }
    }

    /// The number of items in all of them.
    pub(crate) fn all(self) -> Option<u64> {
        Some(self.events?.saturating_add(self.rows?).saturating_add(self.totals?))
    }

    /// Lists the tables with their item counts, after a headline and before what is done to them.
    pub(crate) fn plan(self, headline: &str, tables: &Tables, what: &str) -> String {
        let width = [&tables.events, &tables.rows, &tables.totals].map(|name| name.chars().count());
        let width = width.into_iter().max().unwrap_or(0);
        let line = |kind: &str, name: &str, count: Option<u64>| {
            let count = count.map_or_else(|| "item count unknown".to_owned(), |count| format!("about {count} items"));
            format!("  {kind:<8}{name:<width$}  {count}\n")
        };
        let (events, rows, totals) = (&tables.events, &tables.rows, &tables.totals);
        let list =
            [line("events", events, self.events), line("rows", rows, self.rows), line("totals", totals, self.totals)];
        format!("{headline}\n{}{what}", list.concat())
    }
}
