//! The plan of a sweep, for the operator to confirm.

use aws_sdk_dynamodb::Client;
use futures_util::future::join_all;

use super::state::Tables;

/// The tables with their item counts, if DynamoDB reports them: the events first, then the read models.
pub(crate) struct ItemCounts(Vec<(String, Option<u64>)>);

impl ItemCounts {
    /// Reads the counts from DynamoDB, which updates them every few hours.
    pub(crate) async fn of(client: &Client, tables: &Tables) -> Self {
        let names: Vec<&String> =
            [&tables.events].into_iter().chain(tables.read_models.values().map(|kept| &kept.table)).collect();
        let counts = join_all(names.iter().map(|name| item_count(client, name))).await;
        Self(names.into_iter().cloned().zip(counts).collect())
    }

    /// Returns the number of stored commits.
    pub(crate) fn events(&self) -> Option<u64> {
        self.0.first().and_then(|(_, count)| *count)
    }

    /// Returns the number of items in all tables.
    pub(crate) fn all(&self) -> Option<u64> {
        self.0.iter().map(|(_, count)| *count).sum()
    }

    /// Lists the tables with their item counts, between a headline and the work on them.
    pub(crate) fn plan(&self, headline: &str, what: &str) -> String {
        let width = self.0.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let line = |(place, (name, count)): (usize, &(String, Option<u64>))| {
            let count = count.map_or_else(|| "item count unknown".to_owned(), |count| format!("about {count} items"));
            let kind = if place == 0 { "events" } else { "rows" };
            format!("  {kind:<8}{name:<width$}  {count}\n")
        };
        format!("{headline}\n{}{what}", self.0.iter().enumerate().map(line).collect::<String>())
    }
}

/// Returns the approximate number of items in a table, which DynamoDB updates every few hours.
pub(crate) async fn item_count(client: &Client, table: &str) -> Option<u64> {
    // The number is only for the progress bar, so a caller without the permission continues without it.
    let description = client.describe_table().table_name(table).send().await.ok()?;
    description.table?.item_count.and_then(|count| u64::try_from(count).ok())
}
