//! Pages of commits through the projector's engines, one for each read model: repeats, gaps and rows that are further are
//! their business.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, Position, ScanRequest, Scope};
use futures_util::future::OptionFuture;
use order_aggregate::Orders;
use read_models::{CustomerTotals, DynamoRows, Engine, Failure, OrderSummaryByCustomer, Reason, SummedRows};

use super::{Rebuild, SegmentState, Tally};
use crate::sweep::{Place, Segment, Tables};

/// An engine for each read model; none for totals where they are left out.
#[derive(Clone)]
pub(super) struct Engines {
    summaries: Engine<OrderSummaryByCustomer, DynamoEventStore, DynamoRows>,
    totals: Option<Engine<CustomerTotals, DynamoEventStore, SummedRows>>,
}

impl Engines {
    pub(super) fn new(store: &DynamoEventStore, client: &Client, tables: &Tables) -> Self {
        let totals = tables.totals.as_ref().map(|totals| SummedRows::new(client.clone(), totals));
        Self {
            summaries: Engine::new(store.clone(), DynamoRows::new(client.clone(), &tables.rows)),
            totals: totals.map(|totals| Engine::new(store.clone(), totals)),
        }
    }
}

/// A segment of the events on their way into rows.
pub(super) struct Folding {
    store: DynamoEventStore,
    engines: Engines,
    number: u32,
    of: u32,
    state: SegmentState,
}

/// The result of a page.
pub(super) struct Page {
    number: u32,
    state: SegmentState,
    tally: Tally,
    /// The orders that were left out, in words.
    pub(super) left_out: Vec<String>,
}

/// The segments, each from where it is.
pub(super) fn segments(store: &DynamoEventStore, engines: &Engines, states: &[SegmentState]) -> Vec<Folding> {
    let of = u32::try_from(states.len()).unwrap_or(u32::MAX);
    let folding = |(number, state): (u32, &SegmentState)| Folding {
        store: store.clone(),
        engines: engines.clone(),
        number,
        of,
        state: state.clone(),
    };
    (0..).zip(states).map(folding).collect()
}

impl Segment for Folding {
    type Page = Page;

    async fn page(&mut self) -> anyhow::Result<Option<Page>> {
        let Some(after) = self.state.place.to_read() else { return Ok(None) };
        let after = after.cloned();
        let begun_before = after.as_ref().map(order_of);
        let request = ScanRequest {
            scope: Scope::Segment { number: self.number, of: self.of },
            after,
            recorded: None,
            // A commit that was acknowledged before the rebuild was begun must not be missed.
            consistent: true,
        };
        let page = self.store.scan::<Orders>(&request).await?;
        let orders: HashSet<String> = page.delivered.iter().map(|delivered| order_in(&delivered.id)).collect();
        let continued = begun_before.as_ref().is_some_and(|order| orders.contains(order));
        let mut tally = Tally {
            commits: u64::try_from(page.delivered.len())?,
            orders: u64::try_from(orders.len())?.saturating_sub(u64::from(continued)),
            ..Tally::default()
        };
        let Engines { summaries, totals } = &self.engines;
        let of_totals = totals.as_ref().map(|totals| totals.project(page.delivered.clone(), None));
        let (summaries, totals) = tokio::join!(summaries.project(page.delivered, None), OptionFuture::from(of_totals));
        let totals = totals.unwrap_or_default();
        tally.rows_written = summaries.counters.rows_written;
        tally.totals_written = totals.counters.rows_written;
        let known = begun_before.filter(|_| self.state.left_out);
        let (left_out, newer) = held_back(summaries.failed.into_iter().chain(totals.failed))?;
        tally.newer = newer;
        let new = left_out.iter().filter(|(order, _)| Some(*order) != known.as_ref());
        let said: Vec<String> = new.map(|(order, reason)| format!("order {order} is left out: {reason}")).collect();
        tally.left_out = u64::try_from(said.len())?;
        self.state.left_out = page.next.as_ref().is_some_and(|last| left_out.contains_key(&order_of(last)));
        self.state.place = Place::after(page.next);
        Ok(Some(Page { number: self.number, state: self.state.clone(), tally, left_out: said }))
    }
}

/// The orders that are not in all of their rows as far as they should be: those with poison, and how many a newer release
/// keeps. An error where trying again may help.
fn held_back(failed: impl Iterator<Item = Failure>) -> anyhow::Result<(BTreeMap<String, Reason>, u64)> {
    let (mut left_out, mut newer) = (BTreeMap::new(), BTreeSet::new());
    for failure in failed {
        let order = failure.aggregate_id.unwrap_or(failure.id);
        match failure.reason {
            Reason::Unavailable { cause } => anyhow::bail!("the row of order {order} is not written: {cause}"),
            Reason::NewerProjection => _ = newer.insert(order),
            reason @ Reason::Poison { .. } => _ = left_out.entry(order).or_insert(reason),
        }
    }
    Ok((left_out, u64::try_from(newer.len())?))
}

impl Page {
    /// Counts it, and moves its segment on.
    pub(super) fn add_to(self, rebuild: &mut Rebuild) {
        let (sum, more) = (&mut rebuild.tally, self.tally);
        sum.commits += more.commits;
        sum.orders += more.orders;
        sum.rows_written += more.rows_written;
        sum.totals_written += more.totals_written;
        sum.newer += more.newer;
        sum.left_out += more.left_out;
        if let Some(state) = usize::try_from(self.number).ok().and_then(|number| rebuild.segments.get_mut(number)) {
            *state = self.state;
        }
    }
}

/// The order of a position.
fn order_of(position: &Position) -> String {
    order_in(&position.to_string())
}

/// The order in `<order>@<version>`.
fn order_in(id: &str) -> String {
    id.rsplit_once('@').map_or(id, |(order, _)| order).to_owned()
}
