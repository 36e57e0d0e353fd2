//! The rows' side: every row has its order.

use read_model::{DynamoRows, OrderSummaryByCustomer, RowKey};

use super::SummaryAudit;
use super::state::{Page, Reached, Tally};
use crate::sweep::{Place, Segment};

/// A segment of the rows.
pub(super) struct RowsOf {
    rows: DynamoRows,
    audit: SummaryAudit,
    repair: bool,
    number: u32,
    of: u32,
    place: Place<RowKey>,
}

/// The segments, each from where it is.
pub(super) fn segments(rows: &DynamoRows, audit: &SummaryAudit, repair: bool, places: &[Place<RowKey>]) -> Vec<RowsOf> {
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let segment = |(number, place): (u32, &Place<RowKey>)| RowsOf {
        rows: rows.clone(),
        audit: audit.clone(),
        repair,
        number,
        of,
        place: place.clone(),
    };
    (0..).zip(places).map(segment).collect()
}

impl Segment for RowsOf {
    type Page = Page;

    async fn page(&mut self) -> anyhow::Result<Option<Page>> {
        let after = match &self.place {
            Place::Beginning => None,
            Place::After(key) => Some(key),
            Place::End => return Ok(None),
        };
        let found = self.rows.scan_images::<OrderSummaryByCustomer>(self.number, self.of, after).await?;
        let tally = Tally { rows: u64::try_from(found.rows.len())?, ..Tally::default() };
        let strays = self.audit.strays(found.rows).await?;
        self.place = Place::after(found.next);
        let reached = Reached::Rows { number: usize::try_from(self.number)?, place: self.place.clone() };
        let mut page = Page::new(reached, tally);
        page.found(strays, &self.audit, self.repair).await?;
        Ok(Some(page))
    }
}
