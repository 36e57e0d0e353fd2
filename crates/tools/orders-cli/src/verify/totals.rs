//! The totals' side: every contribution has its order, and every sum is what the contributions come to.

use std::collections::BTreeSet;
use std::sync::Arc;

use read_models::summed::SUMS;
use read_models::{CustomerTotals, ImagePage, RowKey};

use super::page::{Page, Reached};
use super::read_models::{Audits, TotalsAudits};
use super::repair::Repair;
use super::tally::{Counts, SumCounts, Tally};
use crate::sweep::{Place, Segment};

/// A segment of the table of totals.
pub(super) struct TotalsOf {
    audits: TotalsAudits,
    repair: Option<Arc<Repair>>,
    number: u32,
    of: u32,
    place: Place<RowKey>,
}

/// The segments, each from where it is; none where totals are left out.
pub(super) fn segments(audits: &Audits, places: &[Place<RowKey>]) -> Vec<TotalsOf> {
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let Some(totals) = &audits.totals else { return Vec::new() };
    let segment = |(number, place): (u32, &Place<RowKey>)| TotalsOf {
        audits: totals.clone(),
        repair: audits.repair.clone(),
        number,
        of,
        place: place.clone(),
    };
    (0..).zip(places).map(segment).collect()
}

impl Segment for TotalsOf {
    type Page = Page;

    async fn page(&mut self) -> anyhow::Result<Option<Page>> {
        let Some(after) = self.place.to_read() else { return Ok(None) };
        let TotalsAudits { contributions: audit, sums, rows } = &self.audits;
        let repair = self.repair.as_deref();
        let found = rows.scan_images::<CustomerTotals>(self.number, self.of, after).await?;
        let customers = complete(after, &found);
        let (in_sums, contributions): (Vec<_>, Vec<_>) =
            found.rows.into_iter().partition(|(key, _)| key.sort.starts_with(SUMS));
        let tally = Tally {
            contributions: Counts { rows: u64::try_from(contributions.len())?, ..Counts::default() },
            sums: SumCounts {
                sums: u64::try_from(in_sums.len())?,
                customers: u64::try_from(customers.len())?,
                ..SumCounts::default()
            },
            ..Tally::default()
        };
        let strays = audit.strays(contributions).await?;
        self.place = Place::after(found.next);
        let reached = Reached::Totals { number: usize::try_from(self.number)?, place: self.place.clone() };
        let mut page = Page::new(reached, tally);
        page.found_rows(strays, audit, repair).await?;
        // Now that no contribution is left that is to be taken away.
        page.found_sums(sums.check_each(customers).await?, sums, repair.is_some()).await?;
        Ok(Some(page))
    }
}

/// The customers that end on a page, all of whose contributions have been looked at by then. A table keeps what has one partition
/// key together.
fn complete(after: Option<&RowKey>, page: &ImagePage) -> Vec<String> {
    let seen = after.into_iter().chain(page.rows.iter().map(|(key, _)| key));
    let mut customers: BTreeSet<&String> = seen.map(|key| &key.partition).collect();
    if let Some(next) = &page.next {
        customers.remove(&next.partition);
    }
    customers.into_iter().cloned().collect()
}
