//! The search for the version that an aggregate had at an instant.
//!
//! `recordedAt` increases strictly with the version, even if a clock runs backwards. So the search needs the times of
//! only a few commits. It guesses by interpolation between two known times, which is exact if commits are evenly
//! spaced. After every guess that leaves more than half of the versions open, it halves the range. The search itself
//! does no I/O: an adapter looks up the time of the version that [`next`](Search::next) names and passes it to
//! [`learn`](Search::learn).
//!
//! A commit with unreadable events counts like any other, because the search uses only its time. If the time itself
//! cannot be read, the adapter stops with [`StoreError::Unreadable`](crate::StoreError::Unreadable), because it cannot
//! know on which side of the instant that commit lies.

use crate::Timestamp;

/// A version and the time when it was recorded.
type Known = (u64, Timestamp);

/// A search in progress.
#[derive(Debug)]
pub(crate) struct Search {
    instant: Timestamp,
    /// The newest version known to be recorded at the instant or before it.
    below: Option<Known>,
    /// The oldest version known to be recorded after it.
    above: Known,
    halves: bool,
}

impl Search {
    /// Starts a search for `instant`. `above` is a commit that was recorded after it.
    pub(crate) const fn new(instant: Timestamp, above: Known) -> Self {
        Self { instant, below: None, above, halves: false }
    }

    /// Returns the version whose time is needed next; `None` once the answer is known.
    pub(crate) fn next(&self) -> Option<u64> {
        let (above, above_at) = self.above;
        // The first commit decides whether the aggregate existed at the instant.
        let Some((below, below_at)) = self.below else { return (above > 1).then_some(1) };
        if below_at == self.instant || self.open() == 0 {
            return None;
        }
        let versions = above - below;
        if self.halves {
            return Some(below + versions / 2);
        }
        let since = |at: Timestamp| u128::from(at.epoch_ms().abs_diff(below_at.epoch_ms()));
        let steps = u128::from(versions) * since(self.instant) / since(above_at).max(1);
        let guess = below.saturating_add(u64::try_from(steps).unwrap_or(u64::MAX));
        Some(guess.clamp(below + 1, above - 1))
    }

    /// Adds the time of a version that lies between the known ones.
    pub(crate) fn learn(&mut self, version: u64, at: Timestamp) {
        let before = self.open();
        if at <= self.instant {
            self.below = Some((version, at));
        } else {
            self.above = (version, at);
        }
        self.halves = self.open() > before / 2;
    }

    /// Returns the newest version recorded at the instant or before it; 0 if there is none.
    pub(crate) fn answer(&self) -> u64 {
        self.below.map_or(0, |(version, _)| version)
    }

    /// Returns the number of versions that may still be the answer, besides `below`.
    fn open(&self) -> u64 {
        self.above.0.saturating_sub(self.answer() + 1)
    }
}

#[cfg(test)]
#[path = "as_of/tests.rs"]
mod tests;
