//! Compares rows with the fold of their aggregates' commits, and repairs those that differ.
//!
//! A row and a fold can be compared at the same version only. Live traffic changes rows meanwhile, so the audit does
//! the following:
//!
//! - It folds on to the version of a row that is later.
//! - It checks a differing row a second time before it reports it.
//! - It repairs a row only if the row is unchanged or lags.
//!
//! So an audit during live traffic finds the real differences and reverts nothing. An audit neither waits nor reads a
//! clock: [`lag`] distinguishes a late row from a lost one.

mod finding;
mod folding;
pub mod lag;
mod sums;

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use event_store::store::chain;
use event_store::{EventStore, StoreError, Timestamp};
use futures_util::stream::{self, StreamExt, TryStreamExt};

pub use finding::{Difference, Finding};
pub use folding::{Folded, Folding, Unfoldable};
pub use lag::LagBound;
pub use sums::{SumAudit, SumDifference, SumFinding, Sums, SumsChecked};

use crate::projection::{self, CommitOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_images::{RowImage, RowImages};
use crate::row_store::{MAX_KEYS, NewRow, Write};
use finding::{Compared, compare};

/// The number of aggregates checked at once.
const AT_ONCE: usize = 16;
/// The number of commits read at once if a row is later than its fold.
const PAGE: usize = 500;
/// The number of attempts to repair a row that other writers change meanwhile.
const MAX_REPAIRS: u32 = 5;

/// The reason why rows could not be checked or repaired.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The events could not be read.
    #[error(transparent)]
    Events(#[from] StoreError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Rows(#[from] RowError),
}

/// The result of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// The rows that are wrong.
    pub findings: Vec<Finding>,
    /// The aggregates with a commit that cannot be folded. Their rows are compared up to that commit.
    pub unfoldable: Vec<Unfoldable>,
    /// The time of the newest commit in a correct row that concerns it. At least one shard has processed that commit.
    pub reached: Option<Timestamp>,
}

/// The observations on the checked rows, besides the differences.
#[derive(Default)]
struct Seen {
    unfoldable: BTreeMap<String, Unfoldable>,
    reached: Option<Timestamp>,
}

/// A fold whose row differs, and the row that was read.
struct Differing<P: Projection, I> {
    folded: Folded<P>,
    key: RowKey,
    difference: Difference,
    image: Option<I>,
}

/// Compares the rows of one projection with the commits.
#[derive(Debug, Clone)]
pub struct Audit<P, S, R> {
    store: S,
    rows: R,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection, S: EventStore<P::Aggregate>, R: RowImages<P>> Audit<P, S, R> {
    /// Creates an audit of `rows` against the commits in `store`.
    #[must_use]
    pub const fn new(store: S, rows: R) -> Self {
        Self { store, rows, projection: PhantomData }
    }

    /// Returns the audited rows.
    #[must_use]
    pub const fn rows(&self) -> &R {
        &self.rows
    }

    /// Compares folds with their rows. A differing row is checked twice, because it may have changed since its commits
    /// were read.
    ///
    /// # Errors
    /// Returns an error if events or rows cannot be read.
    pub async fn check(&self, folded: Vec<Folded<P>>) -> Result<Checked, AuditError> {
        let mut seen = Seen::default();
        let differing = self.look(folded, &mut seen).await?;
        let again = differing.into_iter().map(|differing| differing.folded).collect();
        let differing = self.look(again, &mut seen).await?;
        let findings = differing.iter().map(Differing::finding).collect();
        Ok(Checked { findings, unfoldable: seen.unfoldable.into_values().collect(), reached: seen.reached })
    }

    /// Folds these aggregates again, and compares them with their rows.
    ///
    /// # Errors
    /// Returns an error if events or rows cannot be read.
    pub async fn look_again(&self, aggregate_ids: Vec<String>) -> Result<Checked, AuditError> {
        let folds: Vec<_> = aggregate_ids.into_iter().map(|aggregate_id| self.fold(aggregate_id)).collect();
        let folded = stream::iter(folds).buffered(AT_ONCE).try_collect().await?;
        self.check(folded).await
    }

    /// Finds the rows whose key belongs to no aggregate.
    ///
    /// # Errors
    /// Returns an error if events cannot be read.
    pub async fn orphans(&self, rows: Vec<(RowKey, R::Image)>) -> Result<Vec<Finding>, AuditError> {
        let rows = rows.into_iter().filter(|(_, image)| image.projection() <= u64::from(P::NUMBER));
        let keys: Vec<RowKey> = rows.map(|(key, _)| key).collect();
        let checks: Vec<_> = keys.chunks(MAX_KEYS).map(|keys| self.orphans_of(keys)).collect();
        let orphans: Vec<_> = stream::iter(checks).buffered(AT_ONCE).try_collect().await?;
        let finding = |key: RowKey| {
            let aggregate_id = P::aggregate_id(&key).map(str::to_owned);
            Finding { key, aggregate_id, difference: Difference::WithoutAggregate, lags_behind: None }
        };
        Ok(orphans.into_iter().flatten().map(finding).collect())
    }

    /// Returns those of some keys that belong to no aggregate.
    async fn orphans_of(&self, keys: &[RowKey]) -> Result<Vec<RowKey>, AuditError> {
        let (named, mut orphans): (Vec<_>, Vec<_>) =
            keys.iter().cloned().partition(|key| P::aggregate_id(key).is_some());
        let aggregate_ids: Vec<_> = named.iter().filter_map(P::aggregate_id).map(str::to_owned).collect();
        for (key, first) in named.into_iter().zip(self.store.first_commits(&aggregate_ids).await) {
            if has_no_row_at::<P>(&key, first)? {
                orphans.push(key);
            }
        }
        Ok(orphans)
    }

    /// Repairs a row from the events and rows that are stored now. Returns the remaining difference if that is not
    /// possible.
    ///
    /// # Errors
    /// Returns an error if events cannot be read, or if rows cannot be read or written.
    pub async fn repair(&self, finding: Finding) -> Result<Option<Finding>, AuditError> {
        let aggregate_id = match (&finding.difference, &finding.aggregate_id) {
            (Difference::NewerProjection { .. }, _) => return Ok(Some(finding)),
            (Difference::WithoutAggregate, _) | (_, None) => return self.delete_orphan(finding).await,
            (
                Difference::Missing
                | Difference::Behind { .. }
                | Difference::Different { .. }
                | Difference::Ahead { .. }
                | Difference::OlderProjection { .. },
                Some(aggregate_id),
            ) => aggregate_id.clone(),
        };
        let mut folded = self.fold(aggregate_id).await?;
        if folded.row.is_none() {
            return Ok(Some(finding));
        }
        let mut left = None;
        for _ in 0..MAX_REPAIRS {
            let Some(differing) = self.look(vec![folded], &mut Seen::default()).await?.pop() else { return Ok(None) };
            left = Some(differing.finding());
            if matches!(differing.difference, Difference::NewerProjection { .. }) {
                break;
            }
            if self.put(&differing).await? {
                return Ok(None);
            }
            folded = differing.folded;
        }
        Ok(left)
    }

    /// Stores a folded row. Returns false if other writers have changed the stored one.
    async fn put(&self, differing: &Differing<P, R::Image>) -> Result<bool, AuditError> {
        let Differing { folded, difference, image, .. } = differing;
        let Some((key, row)) = &folded.row else { return Ok(false) };
        if difference.lags() {
            // The write is the same as an engine's, so any sums follow at once, and a concurrent write finds them
            // correct.
            let (version, position) = (folded.row_version, folded.version);
            let row = NewRow { key: key.clone(), version, position, row: row.clone() };
            match self.rows.write(&[row], None).await.pop() {
                Some(Ok(written)) => return Ok(written == Write::Written),
                // The sums are wrong, and are repaired after the rows.
                Some(Err(RowError::Unreadable { .. } | RowError::Unwritable { .. })) | None => {}
                Some(Err(error @ (RowError::Table(_) | RowError::OutOfTime))) => {
                    return Err(error.into());
                }
            }
        }
        Ok(self.rows.replace(key, image.as_ref(), folded.row_version, row).await?)
    }

    async fn delete_orphan(&self, finding: Finding) -> Result<Option<Finding>, AuditError> {
        for _ in 0..MAX_REPAIRS {
            let Some(was) = self.rows.images(std::slice::from_ref(&finding.key)).await?.remove(&finding.key) else {
                return Ok(None);
            };
            // The first commit may have been recorded meanwhile.
            let is_orphan = !self.orphans_of(std::slice::from_ref(&finding.key)).await?.is_empty();
            if !is_orphan || self.rows.delete(&finding.key, &was).await? {
                return Ok(None);
            }
        }
        Ok(Some(finding))
    }

    async fn look(&self, folded: Vec<Folded<P>>, seen: &mut Seen) -> Result<Vec<Differing<P, R::Image>>, AuditError> {
        let keys: Vec<_> = folded.iter().filter_map(|folded| Some(folded.row.as_ref()?.0.clone())).collect();
        let reads: Vec<_> = keys.chunks(MAX_KEYS).map(|keys| self.rows.images(keys)).collect();
        let images: Vec<_> = stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut images: HashMap<_, _> = images.into_iter().flatten().collect();
        let mut differing = Vec::new();
        for mut folded in folded {
            let image = folded.row.as_ref().and_then(|(key, _)| images.remove(key));
            let difference = self.judge(&mut folded, image.as_ref()).await?;
            if let Some(unfoldable) = &folded.unfoldable {
                seen.unfoldable.entry(unfoldable.aggregate_id.clone()).or_insert_with(|| unfoldable.clone());
            }
            if difference.is_none() && image.is_some() {
                seen.reached = seen.reached.max(folded.newest);
            }
            let key = folded.row.as_ref().map(|(key, _)| key.clone());
            differing.extend(difference.zip(key).map(|(difference, key)| Differing { folded, key, difference, image }));
        }
        Ok(differing)
    }

    /// Returns the difference between a row and its fold, if the two can be compared.
    async fn judge(&self, folded: &mut Folded<P>, image: Option<&R::Image>) -> Result<Option<Difference>, AuditError> {
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
            return Ok(folded.unfoldable.is_none().then_some(Difference::Ahead { row: reached, events }));
        }
        let Some((key, row)) = &folded.row else { return Ok(None) };
        match compare::<P>(key, folded.row_version, row, image)? {
            Compared::Equal => Ok(None),
            // A row cannot be at a version whose commit does not concern it.
            Compared::Further => Ok(Some(Difference::Ahead { row: reached, events: folded.row_version })),
            Compared::Wrong(difference) => Ok(Some(difference)),
        }
    }

    /// Folds the commits of an aggregate, up to the first that cannot be folded.
    async fn fold(&self, aggregate_id: String) -> Result<Folded<P>, AuditError> {
        let mut folded = Folded::nothing(aggregate_id);
        self.fold_on(&mut folded, u64::MAX).await?;
        Ok(folded)
    }

    /// Folds up to a version, or up to the first commit that cannot be folded.
    async fn fold_on(&self, folded: &mut Folded<P>, up_to: u64) -> Result<(), AuditError> {
        while folded.version < up_to && folded.unfoldable.is_none() {
            let missing = usize::try_from(up_to - folded.version).unwrap_or(PAGE).min(PAGE);
            match self.store.commits(&folded.aggregate_id, folded.version, Some(missing)).await {
                Ok(commits) if commits.is_empty() => break,
                Ok(commits) => commits.iter().for_each(|commit| folded.fold(commit)),
                Err(StoreError::Unreadable { version, source, .. }) => {
                    // The commits before it are read without it.
                    let before = usize::try_from(version.saturating_sub(folded.version + 1)).unwrap_or(PAGE);
                    if before > 0 {
                        let commits = self.store.commits(&folded.aggregate_id, folded.version, Some(before)).await?;
                        commits.iter().for_each(|commit| folded.fold(commit));
                    }
                    folded.stop(format!("version {version} is poison: {}", chain(source.as_ref())));
                }
                Err(error @ (StoreError::Table(_) | StoreError::Unwritable { .. })) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Returns true if the aggregate with this first commit has no row at a key.
fn has_no_row_at<P: Projection>(
    key: &RowKey,
    first: Result<Option<CommitOf<P>>, StoreError>,
) -> Result<bool, AuditError> {
    match first {
        Ok(first) => Ok(first.is_none_or(|first| projection::key::<P>(&first).is_ok_and(|own| own != *key))),
        // An unreadable commit may have created the row.
        Err(StoreError::Unreadable { .. }) => Ok(false),
        Err(error @ (StoreError::Table(_) | StoreError::Unwritable { .. })) => Err(error.into()),
    }
}

impl<P: Projection, I: RowImage> Differing<P, I> {
    fn finding(&self) -> Finding {
        Finding::of(&self.key, self.difference.clone(), &self.folded, self.image.as_ref())
    }
}
