//! The progress of a verification, and its findings.

use std::collections::BTreeSet;

use event_store::{Position, Timestamp};
use read_models::RowKey;
use serde::{Deserialize, Serialize};

use super::lag::Lags;
use super::named::{Named, NamedSnapshot};
use super::page::{Page, Reached};
use super::repair::Decision;
use super::tally::Tally;
use crate::sweep::Place;

/// The number of differences that are named.
pub(super) const NAMED: usize = 20;

/// The progress of a verification, and its findings. Kept in the state file: names are never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verification {
    /// The events' segments.
    pub(super) orders: Vec<Place<Position>>,
    /// The summaries' segments.
    pub(super) summaries: Vec<Place<RowKey>>,
    /// The totals' segments.
    pub(super) totals: Vec<Place<RowKey>>,
    pub(super) tally: Tally,
    /// The first differences.
    pub(super) differences: Vec<Named>,
    /// The first wrong snapshots.
    #[serde(default)]
    pub(super) snapshots: Vec<NamedSnapshot>,
    /// The orders with a wrong snapshot: a repair does not touch their rows.
    #[serde(default)]
    pub(super) untouchable: BTreeSet<String>,
    /// The rows that lag.
    #[serde(default)]
    pub(super) lags: Lags,
    /// The repair that was decided on; nothing while all is counted.
    #[serde(default)]
    pub(super) repair: Option<Decision>,
}

impl Verification {
    pub(super) fn new(segments: u32) -> Self {
        Self {
            orders: (0..segments).map(|_| Place::Beginning).collect(),
            summaries: (0..segments).map(|_| Place::Beginning).collect(),
            totals: (0..segments).map(|_| Place::Beginning).collect(),
            tally: Tally::default(),
            differences: Vec::new(),
            snapshots: Vec::new(),
            untouchable: BTreeSet::new(),
            lags: Lags::default(),
            repair: None,
        }
    }

    /// Begins anew, to repair what was counted.
    pub(super) fn begin_repair(&mut self, at: Timestamp) {
        let decision = Decision::new(&self.tally, at);
        let segments = u32::try_from(self.orders.len()).unwrap_or(u32::MAX);
        let (lags, untouchable) = (std::mem::take(&mut self.lags), std::mem::take(&mut self.untouchable));
        *self = Self { lags, untouchable, repair: Some(decision), ..Self::new(segments) };
    }

    /// Counts a page, and moves its segment on.
    pub(super) fn add(&mut self, page: Page) {
        self.tally.add(&page.tally);
        self.differences.extend(page.differences);
        self.differences.truncate(NAMED);
        self.untouchable.extend(page.snapshots.iter().map(|named| named.order.clone()));
        self.snapshots.extend(page.snapshots);
        self.snapshots.truncate(NAMED);
        self.lags.add(page.lags);
        match page.reached {
            Reached::Orders { number, place } => move_on(&mut self.orders, number, place),
            Reached::Summaries { number, place } => move_on(&mut self.summaries, number, place),
            Reached::Totals { number, place } => move_on(&mut self.totals, number, place),
            Reached::SecondLook => {}
        }
    }
}

fn move_on<P>(segments: &mut [Place<P>], number: usize, place: Place<P>) {
    if let Some(segment) = segments.get_mut(number) {
        *segment = place;
    }
}
