//! The differences between a row and the fold of its commits.

use std::collections::BTreeSet;
use std::fmt;

use event_store::{ChangedValue, Timestamp, changed_values};
use serde_json::{Map, Value};

use super::folding::Folded;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_images::RowImage;
use crate::row_item::row_attributes;

/// A difference between a row and the fold of its commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// No row is stored.
    Missing,
    /// The row lacks recorded commits.
    Behind {
        /// The row's version.
        row: u64,
        /// The aggregate's version.
        events: u64,
    },
    /// The row has the same version and other values.
    Different {
        /// The version.
        version: u64,
        /// The values that differ, by attribute.
        changes: Vec<ChangedValue>,
    },
    /// The row claims to have commits that are not recorded.
    Ahead {
        /// The row's version.
        row: u64,
        /// The aggregate's version.
        events: u64,
    },
    /// The row has an older projection number and counts as absent.
    OlderProjection {
        /// The row's number.
        number: u64,
    },
    /// The row has a newer projection number and belongs to a newer release.
    NewerProjection {
        /// The row's number.
        number: u64,
    },
    /// No aggregate has a row with that key.
    WithoutAggregate,
}

impl Difference {
    /// Returns true if the row only lacks commits that an engine would write.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The key of the row.
    pub key: RowKey,
    /// The aggregate to which the key belongs; `None` if the key names none.
    pub aggregate_id: Option<String>,
    /// The difference.
    pub difference: Difference,
    /// The time of the newest commit that the row lacks and that concerns it, if nothing else is wrong. The row may
    /// then be late.
    pub lags_behind: Option<Timestamp>,
}

impl Finding {
    /// Returns the finding on the row of a folded aggregate. `image` is the stored row.
    pub(super) fn of<P: Projection>(
        key: &RowKey,
        difference: Difference,
        folded: &Folded<P>,
        image: Option<&impl RowImage>,
    ) -> Self {
        let lacks_commits = match &difference {
            Difference::Missing | Difference::Behind { .. } => true,
            // A row of an older number may count commits that do not concern a row of this number. A row that has every
            // commit needs a rebuild, and not a further commit.
            Difference::OlderProjection { .. } => image.map_or(0, RowImage::version) < folded.version,
            Difference::Different { .. }
            | Difference::Ahead { .. }
            | Difference::NewerProjection { .. }
            | Difference::WithoutAggregate => false,
        };
        let aggregate_id = Some(folded.aggregate_id.clone());
        Self { key: key.clone(), aggregate_id, difference, lags_behind: folded.newest.filter(|_| lacks_commits) }
    }
}

/// The result of comparing a row with its fold.
pub(super) enum Compared {
    Equal,
    /// The row is at a later version, so more commits must be folded first.
    Further,
    Wrong(Difference),
}

/// Compares a row with the fold of the same version.
pub(super) fn compare<P: Projection>(
    key: &RowKey,
    version: u64,
    row: &P::Row,
    image: Option<&impl RowImage>,
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
                let changes = changes(image.attributes(), &row_attributes::<P>(key, version, row)?);
                if changes.is_empty() {
                    Compared::Equal
                } else {
                    Compared::Wrong(Difference::Different { version, changes })
                }
            }
        },
    })
}

/// Lists the values that differ, by attribute, each with its full path.
fn changes(mut found: Map<String, Value>, expected: &Map<String, Value>) -> Vec<ChangedValue> {
    let names: BTreeSet<String> = found.keys().chain(expected.keys()).cloned().collect();
    let changed = |name: String| {
        let found = found.remove(&name);
        changed_values(&name, found.as_ref(), expected.get(&name))
    };
    names.into_iter().flat_map(changed).collect()
}
