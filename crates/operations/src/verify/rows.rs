//! The read models' side: every row has its order, and sums equal their rows.

use std::sync::Arc;

use read_models::{ReadModel, RowKey, Segment};

use super::counts::{RowCounts, SumCounts, VerifyCounts};
use super::page::{Reached, VerifyPage};
use super::pass::Verify;
use super::progress::Verification;
use crate::error::OperationError;
use crate::sweep::{self, Place, SegmentPages};

/// A segment of a read model's rows.
pub(super) struct RowSegment {
    verify: Verify,
    model: Arc<dyn ReadModel>,
    segment: Segment,
    place: Place<RowKey>,
}

/// Creates the segments of a read model, each from its saved position.
pub(super) fn segments(verify: &Verify, model: &Arc<dyn ReadModel>, known: &Verification) -> Vec<RowSegment> {
    let segment = |segment, place| RowSegment { verify: verify.clone(), model: Arc::clone(model), segment, place };
    sweep::segments(&known.places_of_rows(model.name()), segment)
}

impl SegmentPages for RowSegment {
    type Page = VerifyPage;

    async fn next_page(&mut self) -> Result<Option<VerifyPage>, OperationError> {
        let Some(after) = self.place.to_read() else { return Ok(None) };
        let (model, name) = (self.model.as_ref(), self.model.name());
        let found = model.scan(self.segment, after, None).await?;
        self.place = Place::after(found.next);
        let sums = model.sums();
        let mut counts = VerifyCounts::default();
        *counts.of(name) = RowCounts {
            rows: found.rows,
            sums: sums.map(|_| SumCounts {
                sums: found.sums,
                partitions: u64::try_from(found.partitions.len()).unwrap_or(u64::MAX),
                ..SumCounts::default()
            }),
            ..RowCounts::default()
        };
        let (number, place) = (self.segment.number, self.place.clone());
        let mut page =
            VerifyPage::new(&self.verify.rules, Reached::Rows { read_model: name.to_owned(), number, place }, counts);
        page.add_rows(found.orphans, model).await?;
        if let Some(sums) = sums {
            // Runs after the orphans, because deleted rows are not part of a sum.
            page.add_sums(sums.check_each(found.partitions).await?, name, sums).await?;
        }
        Ok(Some(page))
    }
}
