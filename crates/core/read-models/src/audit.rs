//! Whether rows are what their aggregates' commits come to, and mending those that are not.
//!
//! A row and a fold compare at the same version only. Live traffic moves rows meanwhile: a row that is further is met by
//! folding on, one that differs is looked at once more before it counts, and a row is mended only where it still is as it was
//! read, or lags. So an audit beside live traffic finds what is wrong, and undoes nothing. Whether a row that lags is lost or
//! late, [`lag`] tells; an audit neither waits nor looks at a clock.

mod finding;
mod folding;
pub mod lag;
mod sums;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use event_store::store::chain;
use event_store::{EventStore, StoreError, Timestamp};
use futures_util::stream::{self, StreamExt, TryStreamExt};

pub use finding::{Difference, Finding};
pub use folding::{Folded, Folding, Halt};
pub use lag::LagBound;
pub use sums::{SumAudit, SumDifference, SumFinding, SumsChecked};

use crate::dynamo_rows::DynamoRows;
use crate::projection::{self, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_image::{RowImage, RowImages};
use crate::row_store::{MAX_KEYS, NewRow, RowStore, Write};
use finding::{Compared, compare};

/// How many aggregates are looked up at once.
const AT_ONCE: usize = 16;
/// How many commits are read at once where a row is further than its fold.
const PAGE: usize = 500;
/// How often a row is mended that others change meanwhile.
const MAX_MENDS: u32 = 5;

/// Why rows could not be checked or mended.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The events could not be read.
    #[error(transparent)]
    Events(#[from] StoreError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Rows(#[from] RowError),
}

/// What a check came to.
pub struct Checked<P: Projection> {
    /// The rows that are wrong.
    pub findings: Vec<Finding<P>>,
    /// What cannot be folded: rows that are beyond it are not judged.
    pub halts: Vec<Halt>,
    /// The time of the newest commit in a right row that concerns it: one shard at least has processed it.
    pub reached: Option<Timestamp>,
}

/// Notes on rows that were looked at, beside those that are wrong.
#[derive(Default)]
struct Seen {
    halts: BTreeMap<String, Halt>,
    reached: Option<Timestamp>,
}

/// Compares the rows of one projection with the commits.
#[derive(Debug, Clone)]
pub struct Audit<P, S, R = DynamoRows> {
    store: S,
    rows: R,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection, S: EventStore<P::Aggregate>, R: RowStore<P> + RowImages<P>> Audit<P, S, R> {
    /// An audit of `rows` by the commits in `store`.
    #[must_use]
    pub const fn new(store: S, rows: R) -> Self {
        Self { store, rows, projection: PhantomData }
    }

    /// Compares what was folded with its rows. A row that differs is looked at twice, because it may have moved since its
    /// commits were read.
    ///
    /// # Errors
    /// When events or rows cannot be read.
    pub async fn check(&self, folded: Vec<Folded<P>>) -> Result<Checked<P>, AuditError> {
        let mut seen = Seen::default();
        let findings = self.look(folded, &mut seen).await?;
        let again = findings.into_iter().filter_map(|finding| finding.folded).collect();
        let findings = self.look(again, &mut seen).await?;
        Ok(Checked { findings, halts: seen.halts.into_values().collect(), reached: seen.reached })
    }

    /// Folds these aggregates anew, and compares them with their rows.
    ///
    /// # Errors
    /// When events or rows cannot be read.
    pub async fn look_again(&self, aggregate_ids: Vec<String>) -> Result<Checked<P>, AuditError> {
        let fold = |aggregate_id: String| async move {
            let mut folded = Folded::nothing(aggregate_id);
            self.fold_on(&mut folded, u64::MAX).await?;
            Ok::<_, AuditError>(folded)
        };
        let folds: Vec<_> = aggregate_ids.into_iter().map(fold).collect();
        let folded = stream::iter(folds).buffered(AT_ONCE).try_collect().await?;
        self.check(folded).await
    }

    /// The rows among these at whose key no aggregate's row should stand.
    ///
    /// # Errors
    /// When events cannot be read.
    pub async fn strays(&self, rows: Vec<(RowKey, RowImage)>) -> Result<Vec<Finding<P>>, AuditError> {
        let stray = |(key, image): (RowKey, RowImage)| async move {
            let stray = image.projection() <= u64::from(P::NUMBER) && self.is_stray(&key).await?;
            let finding = Finding { key, difference: Difference::WithoutAggregate, was: Some(image), folded: None };
            Ok::<_, AuditError>(stray.then_some(finding))
        };
        let lookups: Vec<_> = rows.into_iter().map(stray).collect();
        stream::iter(lookups)
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|found| std::future::ready(Ok(found)))
            .try_collect()
            .await
    }

    /// Puts a row right; gives it back where that is not possible, as it is by now.
    ///
    /// # Errors
    /// When events cannot be read, or rows not read or written.
    pub async fn mend(&self, mut finding: Finding<P>) -> Result<Option<Finding<P>>, AuditError> {
        for _ in 0..MAX_MENDS {
            if let Difference::NewerProjection { .. } = finding.difference {
                break;
            }
            let Some(folded) = finding.folded.take() else { return self.take_away(finding).await };
            if self.put(&finding.difference, finding.was.as_ref(), &folded).await? {
                return Ok(None);
            }
            // Somebody has been there since.
            match self.look(vec![folded], &mut Seen::default()).await?.pop() {
                Some(as_it_is) => finding = as_it_is,
                None => return Ok(None),
            }
        }
        Ok(Some(finding))
    }

    /// Puts a folded row where it belongs; false where others have changed what stands there.
    async fn put(
        &self,
        difference: &Difference,
        was: Option<&RowImage>,
        folded: &Folded<P>,
    ) -> Result<bool, AuditError> {
        let Some((key, row)) = &folded.row else { return Ok(false) };
        if difference.lags() {
            // As an engine would: so its sums, if it has any, follow at once, and what comes meanwhile finds them right.
            let (version, position) = (folded.row_version, folded.version);
            let row = NewRow { key: key.clone(), version, position, row: row.clone() };
            match self.rows.write(&[row], None).await.pop() {
                Some(Ok(written)) => return Ok(written == Write::Written),
                // Its sums are wrong, and come after the rows.
                Some(Err(RowError::Unreadable { .. } | RowError::Unwritable { .. })) | None => {}
                Some(Err(error @ (RowError::Unavailable { .. } | RowError::Refused { .. } | RowError::OutOfTime))) => {
                    return Err(error.into());
                }
            }
        }
        self.rows.release(key).await?;
        Ok(self.rows.images().replace::<P>(key, was, folded.row_version, row).await?)
    }

    async fn take_away(&self, mut finding: Finding<P>) -> Result<Option<Finding<P>>, AuditError> {
        for _ in 0..MAX_MENDS {
            let Some(was) = &finding.was else { return Ok(None) };
            // Its first commit may have come since.
            if !self.is_stray(&finding.key).await? {
                return Ok(None);
            }
            self.rows.release(&finding.key).await?;
            if self.rows.images().delete::<P>(&finding.key, was).await? {
                return Ok(None);
            }
            finding.was =
                self.rows.images().images::<P>(std::slice::from_ref(&finding.key)).await?.remove(&finding.key);
        }
        Ok(Some(finding))
    }

    /// Whether no aggregate's row should stand at a key.
    async fn is_stray(&self, key: &RowKey) -> Result<bool, AuditError> {
        let Some(aggregate_id) = P::aggregate_id(key) else { return Ok(true) };
        match self.store.commits(aggregate_id, 0, Some(1)).await {
            Ok(commits) => {
                let elsewhere = |first| projection::key::<P>(first).is_ok_and(|own| own != *key);
                Ok(commits.first().is_none_or(elsewhere))
            }
            // There is something, and what cannot be read may well have made the row.
            Err(StoreError::Unreadable { .. }) => Ok(false),
            Err(
                error @ (StoreError::Unavailable { .. } | StoreError::Refused { .. } | StoreError::Unwritable { .. }),
            ) => Err(error.into()),
        }
    }

    async fn look(&self, folded: Vec<Folded<P>>, seen: &mut Seen) -> Result<Vec<Finding<P>>, AuditError> {
        let (mut findings, mut left) = (Vec::new(), folded.into_iter().peekable());
        while left.peek().is_some() {
            let chunk: Vec<_> = left.by_ref().take(MAX_KEYS).collect();
            let keys: Vec<_> = chunk.iter().filter_map(|folded| Some(folded.row.as_ref()?.0.clone())).collect();
            let mut images =
                if keys.is_empty() { Default::default() } else { self.rows.images().images::<P>(&keys).await? };
            for mut folded in chunk {
                let image = folded.row.as_ref().and_then(|(key, _)| images.remove(key));
                let difference = self.judge(&mut folded, image.as_ref()).await?;
                if let Some(halt) = &folded.halt {
                    seen.halts.entry(halt.aggregate_id.clone()).or_insert_with(|| halt.clone());
                }
                if difference.is_none() && image.is_some() {
                    seen.reached = seen.reached.max(folded.newest);
                }
                if let (Some(difference), Some((key, _))) = (difference, &folded.row) {
                    findings.push(Finding { key: key.clone(), difference, was: image, folded: Some(folded) });
                }
            }
        }
        Ok(findings)
    }

    /// What is wrong with a row, if anything can be said to be.
    async fn judge(&self, folded: &mut Folded<P>, image: Option<&RowImage>) -> Result<Option<Difference>, AuditError> {
        let Some((key, row)) = &folded.row else { return Ok(None) };
        match compare::<P>(key, folded.row_version, row, image)? {
            Compared::Equal => return Ok(None),
            Compared::Wrong(difference) => return Ok(Some(difference)),
            Compared::Further => {}
        }
        let reached = image.map_or(0, RowImage::version);
        self.fold_on(folded, reached).await?;
        if folded.version < reached {
            let events = folded.version;
            return Ok(folded.halt.is_none().then_some(Difference::Ahead { row: reached, events }));
        }
        let Some((key, row)) = &folded.row else { return Ok(None) };
        match compare::<P>(key, folded.row_version, row, image)? {
            Compared::Equal => Ok(None),
            // A row cannot be at a version that does not concern it.
            Compared::Further => Ok(Some(Difference::Ahead { row: reached, events: folded.row_version })),
            Compared::Wrong(difference) => Ok(Some(difference)),
        }
    }

    /// Folds up to a version, or as far as it goes.
    async fn fold_on(&self, folded: &mut Folded<P>, up_to: u64) -> Result<(), AuditError> {
        while folded.version < up_to && folded.halt.is_none() {
            let missing = usize::try_from(up_to - folded.version).unwrap_or(PAGE).min(PAGE);
            match self.store.commits(&folded.aggregate_id, folded.version, Some(missing)).await {
                Ok(commits) if commits.is_empty() => break,
                Ok(commits) => commits.iter().for_each(|commit| folded.fold(commit)),
                Err(StoreError::Unreadable { version, source, .. }) => {
                    folded.halt(format!("version {version} is poison: {}", chain(source.as_ref())));
                }
                Err(
                    error @ (StoreError::Unavailable { .. }
                    | StoreError::Refused { .. }
                    | StoreError::Unwritable { .. }),
                ) => {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}
