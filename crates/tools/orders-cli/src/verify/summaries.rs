//! The summaries' side: every row has its order.

use read_models::{OrderSummaryByCustomer, RowKey};

use super::page::{Page, Reached};
use super::read_models::Audits;
use super::tally::{Counts, Tally};
use crate::sweep::{Place, Segment};

/// A segment of the summaries.
pub(super) struct SummariesOf {
    audits: Audits,
    number: u32,
    of: u32,
    place: Place<RowKey>,
}

/// The segments, each from where it is.
pub(super) fn segments(audits: &Audits, places: &[Place<RowKey>]) -> Vec<SummariesOf> {
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let segment = |(number, place): (u32, &Place<RowKey>)| SummariesOf {
        audits: audits.clone(),
        number,
        of,
        place: place.clone(),
    };
    (0..).zip(places).map(segment).collect()
}

impl Segment for SummariesOf {
    type Page = Page;

    async fn page(&mut self) -> anyhow::Result<Option<Page>> {
        let Some(after) = self.place.to_read() else { return Ok(None) };
        let Audits { summaries: audit, summary_rows, repair, .. } = &self.audits;
        let found = summary_rows.scan_images::<OrderSummaryByCustomer>(self.number, self.of, after).await?;
        let counts = Counts { rows: u64::try_from(found.rows.len())?, ..Counts::default() };
        let strays = audit.strays(found.rows).await?;
        self.place = Place::after(found.next);
        let reached = Reached::Summaries { number: usize::try_from(self.number)?, place: self.place.clone() };
        let mut page = Page::new(reached, Tally { summaries: counts, ..Tally::default() });
        page.found_rows(strays, audit, repair.as_deref()).await?;
        Ok(Some(page))
    }
}
