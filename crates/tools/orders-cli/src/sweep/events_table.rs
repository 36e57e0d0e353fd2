//! The events table that the read models remember: tables that do not belong together are refused.

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use order_aggregate::Orders;
use read_models::{Audit, CustomerTotals, DynamoRows, EventsTable, OrderSummaryByCustomer, Projection, RowError};

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
        let Tables { rows, totals, .. } = self.tables;
        let of_totals = || self.mismatch_of(totals.as_ref()?, self.totals.as_ref());
        self.mismatch_of(rows, self.summaries.as_ref()).or_else(of_totals)
    }

    /// The same of one read model.
    fn mismatch_of(&self, table: &str, remembered: Option<&EventsTable>) -> Option<String> {
        let (events, EventsTable { id, name }) = (&self.tables.events, remembered?);
        match self.tables.events_id() {
            Some(own) if own == id => None,
            Some(own) => Some(format!(
                "{table} was folded from the events table {name} ({id}), and not from {events} ({own}): nothing was changed; \
                 name the table that it was folded from, or, after a restore, take over this one with `orders rebuild \
                 --adopt-events`"
            )),
            None => Some(format!(
                "{table} was folded from the events table {name} ({id}), and the id of {events} cannot be read: nothing was \
                 changed; it needs dynamodb:DescribeTable"
            )),
        }
    }

    /// The refusal of a table of events, in one line: each read model remembers another one, or remembers nothing and its rows
    /// do not fit.
    pub(crate) async fn refusal(&self) -> anyhow::Result<Option<String>> {
        let Tables { rows, totals, .. } = self.tables;
        if let Some(mismatch) = self.mismatch() {
            return Ok(Some(mismatch));
        }
        if self.summaries.is_none()
            && let Some(stranger) = self.stranger::<OrderSummaryByCustomer>(rows).await?
        {
            return Ok(Some(stranger));
        }
        match totals.as_ref().filter(|_| self.totals.is_none()) {
            Some(totals) => self.stranger::<CustomerTotals>(totals).await,
            None => Ok(None),
        }
    }

    /// The lines of a plan about the tables that are no longer remembered; nothing where they do not change.
    pub(crate) fn adoption(&self) -> String {
        let Tables { events, rows, totals, .. } = self.tables;
        let line = |(table, remembered): (&String, &Option<EventsTable>)| {
            let EventsTable { id, name } =
                remembered.as_ref().filter(|it| Some(it.id.as_str()) != self.tables.events_id())?;
            Some(format!("{table} was folded from {name} ({id}), and takes over {events}.\n"))
        };
        let of_totals = totals.as_ref().map(|totals| (totals, &self.totals));
        [Some((rows, &self.summaries)), of_totals].into_iter().flatten().filter_map(line).collect()
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

    /// The refusal of a table of events that the rows of a read model without a memory do not fit, in one line: of the first
    /// rows, most have no commits there.
    async fn stranger<P: Projection<Aggregate = Orders>>(&self, table: &str) -> anyhow::Result<Option<String>> {
        let (events, rows) = (&self.tables.events, DynamoRows::new(self.client.clone(), table));
        let audit = Audit::<P, _>::new(DynamoEventStore::new(self.client.clone(), events), rows.clone());
        let (mut sample, mut after) = (Vec::new(), None);
        while sample.len() < SAMPLE {
            let page = rows.scan_images::<P>(0, 1, after.as_ref()).await?;
            // Sums are of no single order.
            sample.extend(page.rows.into_iter().filter(|(key, _)| P::aggregate_id(key).is_some()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        sample.truncate(SAMPLE);
        let looked_at = sample.len();
        let without = audit.strays(sample).await?.len();
        Ok((without * 2 > looked_at).then(|| {
            format!(
                "{without} of the first {looked_at} rows of {table} have no commits in {events}: nothing was changed; name the \
                 events table that they were folded from, or, after a restore, take over this one with `orders rebuild \
                 --adopt-events`"
            )
        }))
    }
}
