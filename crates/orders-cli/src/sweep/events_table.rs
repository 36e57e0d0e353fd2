//! The events table that the read models remember: tables that do not belong together are refused.

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use read_model::{Audit, CustomerTotals, DynamoRows, EventsTable, OrderSummaryByCustomer, RowError};

use super::Tables;

/// The number of rows that are looked up in the events where the read models remember nothing.
const SAMPLE: usize = 100;

/// The read models' events table, as each of them remembers it.
pub(crate) struct Remembered<'a> {
    client: &'a Client,
    tables: &'a Tables,
    summaries: Option<EventsTable>,
    totals: Option<EventsTable>,
}

impl<'a> Remembered<'a> {
    /// Reads what the read models remember.
    pub(crate) async fn read(client: &'a Client, tables: &'a Tables) -> Result<Self, RowError> {
        let rows = |table: &str| DynamoRows::new(client.clone(), table);
        let summaries = rows(&tables.rows).events_table::<OrderSummaryByCustomer>().await?;
        let totals = match &tables.totals {
            Some(totals) => rows(totals).events_table::<CustomerTotals>().await?,
            None => None,
        };
        Ok(Self { client, tables, summaries, totals })
    }

    /// The refusal of a table of events that is not the remembered one, in one line.
    pub(crate) fn mismatch(&self) -> Option<String> {
        let Tables { events, rows, totals, .. } = self.tables;
        let own = self.tables.events_id();
        [(Some(rows), &self.summaries), (totals.as_ref(), &self.totals)].into_iter().find_map(|(table, remembered)| {
            let (table, EventsTable { id, name }) = table.zip(remembered.as_ref())?;
            match own {
                Some(own) if own == id => None,
                Some(own) => Some(format!(
                    "{table} was folded from the events table {name} ({id}), and not from {events} ({own}): nothing was \
                     changed; name the table that it was folded from, or, after a restore, take over this one with \
                     --adopt-events"
                )),
                None => Some(format!(
                    "{table} was folded from the events table {name} ({id}), and the id of {events} cannot be read: nothing \
                     was changed; it needs dynamodb:DescribeTable"
                )),
            }
        })
    }

    /// True if no read model remembers a table.
    pub(crate) const fn is_empty(&self) -> bool {
        self.summaries.is_none() && self.totals.is_none()
    }

    /// Remembers the events table in the read models, where its id can be read. One that is remembered already is written
    /// over: it is the same, or it is to be replaced.
    pub(crate) async fn remember(&self) -> Result<(), RowError> {
        let Some(id) = self.tables.events_id() else { return Ok(()) };
        let events = EventsTable { id: id.to_owned(), name: self.tables.events.clone() };
        if self.summaries.as_ref() != Some(&events) {
            let rows = DynamoRows::new(self.client.clone(), &self.tables.rows);
            rows.remember_events_table::<OrderSummaryByCustomer>(&events).await?;
        }
        if let Some(totals) = &self.tables.totals
            && self.totals.as_ref() != Some(&events)
        {
            let rows = DynamoRows::new(self.client.clone(), totals);
            rows.remember_events_table::<CustomerTotals>(&events).await?;
        }
        Ok(())
    }

    /// The refusal of a table of events that read models without a memory do not fit, in one line: of the first rows,
    /// most have no commits there.
    pub(crate) async fn stranger(&self) -> anyhow::Result<Option<String>> {
        let (client, Tables { events, rows, .. }) = (self.client, self.tables);
        let audit = Audit::<OrderSummaryByCustomer, _>::new(
            DynamoEventStore::new(client.clone(), events),
            DynamoRows::new(client.clone(), rows),
        );
        let mut sample =
            DynamoRows::new(client.clone(), rows).scan_images::<OrderSummaryByCustomer>(0, 1, None).await?.rows;
        sample.truncate(SAMPLE);
        let looked_at = sample.len();
        let without = audit.strays(sample).await?.len();
        let is_stranger = without * 2 > looked_at;
        Ok(is_stranger.then(|| {
            format!(
                "{without} of the first {looked_at} rows of {rows} have no commits in {events}: nothing was changed; name the \
                 events table that they were folded from, or, after a restore, take over this one with --adopt-events"
            )
        }))
    }
}
