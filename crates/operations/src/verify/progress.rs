//! The progress of a verification, and its findings. State files contain these names, so they must never change.

use std::collections::{BTreeMap, BTreeSet};

use event_store::{Position, Timestamp};
use read_models::RowKey;
use serde::{Deserialize, Serialize};

use super::counts::VerifyCounts;
use super::lag::Lags;
use super::named::{NAMED, NamedDifference, NamedSnapshot};
use super::page::{Reached, VerifyPage};
use super::repair::{Decision, Limits};
use crate::sweep::Place;

/// The progress of a verification, and its findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The positions of the segments of the events table.
    orders: Vec<Place<Position>>,
    /// The positions of the segments of each read model.
    rows: BTreeMap<String, Vec<Place<RowKey>>>,
    /// The total counts of all runs.
    pub counts: VerifyCounts,
    /// The first differences.
    pub differences: Vec<NamedDifference>,
    /// The first wrong snapshots.
    pub snapshots: Vec<NamedSnapshot>,
    /// The orders with a wrong snapshot. A repair does not change their rows.
    pub(super) untouchable: BTreeSet<String>,
    /// The lagging rows.
    pub lags: Lags,
    /// The decision to repair; `None` while the verification counts.
    pub repair: Option<Decision>,
}

impl Verification {
    /// Creates a verification with a number of segments.
    #[must_use]
    pub fn new(segments: u32) -> Self {
        Self {
            orders: beginnings(segments),
            rows: BTreeMap::new(),
            counts: VerifyCounts::default(),
            differences: Vec::new(),
            snapshots: Vec::new(),
            untouchable: BTreeSet::new(),
            lags: Lags::default(),
            repair: None,
        }
    }

    /// Restarts at the beginning, to repair the counted differences.
    pub fn begin_repair(&mut self, at: Timestamp) {
        let decision = Decision::new(&self.counts, at);
        let (lags, untouchable) = (std::mem::take(&mut self.lags), std::mem::take(&mut self.untouchable));
        *self = Self { lags, untouchable, repair: Some(decision), ..Self::new(self.segments()) };
    }

    /// Returns the limits of the rest of the repair; `None` while the verification counts.
    pub(super) fn limits(&self) -> Option<Limits> {
        let decision = self.repair?;
        Some(Limits {
            orphans: decision.orphans.saturating_sub(self.counts.orphans()).into(),
            at: decision.at()?,
            lags: self.lags.clone(),
            untouchable: self.untouchable.clone(),
        })
    }

    /// Counts a page, and advances its segment.
    pub fn add(&mut self, page: VerifyPage) {
        self.counts.add(page.counts);
        self.differences.extend(page.differences);
        self.differences.truncate(NAMED);
        self.untouchable.extend(page.snapshots.iter().map(|named| named.order.clone()));
        self.snapshots.extend(page.snapshots);
        self.snapshots.truncate(NAMED);
        match page.reached {
            Reached::Orders { number, place } => move_on(&mut self.orders, number, place),
            Reached::Rows { read_model, number, place } => {
                let segments = self.segments();
                move_on(self.rows.entry(read_model).or_insert_with(|| beginnings(segments)), number, place);
            }
            Reached::SecondLook { lags } => self.lags = lags,
        }
        self.lags.add(page.lags);
    }

    /// Returns the positions of the segments of the events table.
    pub(super) fn places_of_orders(&self) -> &[Place<Position>] {
        &self.orders
    }

    /// Returns the positions of the segments of a read model.
    pub(super) fn places_of_rows(&self, read_model: &str) -> Vec<Place<RowKey>> {
        self.rows.get(read_model).cloned().unwrap_or_else(|| beginnings(self.segments()))
    }

    fn segments(&self) -> u32 {
        u32::try_from(self.orders.len()).unwrap_or(u32::MAX)
    }
}

fn beginnings<P>(segments: u32) -> Vec<Place<P>> {
    (0..segments).map(|_| Place::Beginning).collect()
}

fn move_on<P>(segments: &mut [Place<P>], number: u32, place: Place<P>) {
    if let Some(segment) = usize::try_from(number).ok().and_then(|number| segments.get_mut(number)) {
        *segment = place;
    }
}
