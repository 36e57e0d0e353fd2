//! The plan of a sweep, for the operator to confirm.

use aws_sdk_dynamodb::Client;
use futures_util::future::OptionFuture;

use super::Tables;
use super::progress::item_count;

/// The number of items in each table, where DynamoDB tells it.
#[derive(Clone, Copy)]
pub(crate) struct ItemCounts {
    pub(crate) events: Option<u64>,
    pub(crate) rows: Option<u64>,
    /// 0 where totals are left out.
    pub(crate) totals: Option<u64>,
}

impl ItemCounts {
    /// Asks DynamoDB, which counts every few hours.
    pub(crate) async fn of(client: &Client, tables: &Tables) -> Self {
        let of_totals = OptionFuture::from(tables.totals.as_deref().map(|totals| item_count(client, totals)));
        let (events, rows, totals) =
            tokio::join!(item_count(client, &tables.events), item_count(client, &tables.rows), of_totals);
        Self { events, rows, totals: totals.unwrap_or(Some(0)) }
    }

    /// The number of items in all of them.
    pub(crate) fn all(self) -> Option<u64> {
        Some(self.events?.saturating_add(self.rows?).saturating_add(self.totals?))
    }

    /// Lists the tables with their item counts, after a headline and before what is done to them.
    pub(crate) fn plan(self, headline: &str, tables: &Tables, what: &str) -> String {
        let listed = [
            ("events", Some(&tables.events), self.events),
            ("rows", Some(&tables.rows), self.rows),
            ("totals", tables.totals.as_ref(), self.totals),
        ];
        let listed = listed.into_iter().filter_map(|(kind, name, count)| Some((kind, name?, count)));
        let width = listed.clone().map(|(_, name, _)| name.chars().count()).max().unwrap_or(0);
        let line = |(kind, name, count): (&str, &String, Option<u64>)| {
            let count = count.map_or_else(|| "item count unknown".to_owned(), |count| format!("about {count} items"));
            format!("  {kind:<8}{name:<width$}  {count}\n")
        };
        format!("{headline}\n{}{what}", listed.map(line).collect::<String>())
    }
}
