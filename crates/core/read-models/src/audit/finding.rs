//! The differences between a row and the fold of its commits.

use std::fmt;

use event_store::{ChangedValue, Timestamp};

use super::folding::Folded;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_item;

/// A difference between a row and the fold of its commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// There is none.
    Missing,
    /// It lacks commits that are recorded.
    Behind {
        /// Its version.
        row: u64,
        /// Its aggregate's.
        events: u64,
    },
    /// It is of the same version, and not the same.
    Different {
        /// The version.
        version: u64,
        /// The values that differ, by attribute.
        changes: Vec<ChangedValue>,
    },
    /// It claims commits that are not recorded.
    Ahead {
        /// Its version.
        row: u64,
        /// Its aggregate's.
        events: u64,
    },
    /// It is of an older projection number: it counts as absent.
    OlderProjection {
        /// Its number.
        number: u64,
    },
    /// It is of a newer projection number: it belongs to a newer release.
    NewerProjection {
        /// Its number.
        number: u64,
    },
    /// There is no aggregate whose row stands at that key.
    WithoutAggregate,
}

impl Difference {
    /// True if the row only lacks what an engine would write.
    pub(super) const fn lags(&self) -> bool {
        match self {
            Self::Missing | Self::Behind { .. } | Self::OlderProjection { .. } => true,
            Self::Different { .. } | Self::Ahead { .. } | Self::NewerProjection { .. } | Self::WithoutAggregate => {
                false
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Behind { row, events } => write!(f, "is at version {row}, behind {events}"),
            Self::Different { version, changes } => {
                let attributes: Vec<&str> = changes.iter().map(|changed| changed.attribute.as_str()).collect();
                write!(f, "differs at version {version} in {}", attributes.join(", "))
            }
            Self::Ahead { row, events } => write!(f, "is at version {row}, beyond {events}"),
            Self::OlderProjection { number } => write!(f, "is of the older projection number {number}"),
            Self::NewerProjection { number } => write!(f, "is of the newer projection number {number}"),
            Self::WithoutAggregate => f.write_str("belongs to nothing that is recorded"),
        }
    }
}

/// A row that is wrong.
pub struct Finding<P: Projection> {
    /// The key of the row.
    pub key: RowKey,
    /// The difference.
    pub difference: Difference,
    /// The row as it was read.
    pub(super) was: Option<RowImage>,
    /// The fold that it should equal; `None` where there should be no row.
    pub(super) folded: Option<Folded<P>>,
}

impl<P: Projection> Finding<P> {
    /// The time of the newest commit that concerns the row and that it lacks, where nothing else is wrong: it may be late.
    #[must_use]
    pub fn lags_behind(&self) -> Option<Timestamp> {
        let folded = self.folded.as_ref()?;
        let lacks_commits = match &self.difference {
            Difference::Missing | Difference::Behind { .. } => true,
            // An older number may have counted commits that concern no row of this one. A row that has every commit waits for
            // a rebuild, and for no commit.
            Difference::OlderProjection { .. } => self.was.as_ref().map_or(0, RowImage::version) < folded.version,
            Difference::Different { .. }
            | Difference::Ahead { .. }
            | Difference::NewerProjection { .. }
            | Difference::WithoutAggregate => false,
        };
        folded.newest.filter(|_| lacks_commits)
    }
}

/// The result of comparing a row with its fold.
pub(super) enum Compared {
    Equal,
    /// The row is at a later version: there is more to fold before they compare.
    Further,
    Wrong(Difference),
}

/// Compares a row with the fold of the same version.
pub(super) fn compare<P: Projection>(
    key: &RowKey,
    version: u64,
    row: &P::Row,
    image: Option<&RowImage>,
) -> Result<Compared, RowError> {
    let Some(image) = image else { return Ok(Compared::Wrong(Difference::Missing)) };
    let number = image.projection();
    Ok(match number.cmp(&u64::from(P::NUMBER)) {
        std::cmp::Ordering::Less => Compared::Wrong(Difference::OlderProjection { number }),
        std::cmp::Ordering::Greater => Compared::Wrong(Difference::NewerProjection { number }),
        std::cmp::Ordering::Equal => match image.version().cmp(&version) {
            std::cmp::Ordering::Less => Compared::Wrong(Difference::Behind { row: image.version(), events: version }),
            std::cmp::Ordering::Greater => Compared::Further,
            std::cmp::Ordering::Equal => {
                let changes = image.changes(&row_item::encode::<P>(key, version, row)?);
                if changes.is_empty() {
                    Compared::Equal
                } else {
                    Compared::Wrong(Difference::Different { version, changes })
                }
            }
        },
    })
}
