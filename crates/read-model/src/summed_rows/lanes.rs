//! Turns at partitions: who would only disturb each other goes one after the other.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

/// Enough that partitions rarely share one by chance.
const LANES: usize = 64;

/// A lock for each share of all partitions. Clones are the same locks.
#[derive(Debug, Clone)]
pub(super) struct Lanes(Arc<[Mutex<()>]>);

impl Default for Lanes {
    fn default() -> Self {
        Self((0..LANES).map(|_| Mutex::default()).collect())
    }
}

impl Lanes {
    /// Waits for the turn at a partition, which lasts until what it returns is dropped.
    pub(super) async fn turn(&self, partition: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        partition.hash(&mut hasher);
        let lanes = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        let lane = hasher.finish().checked_rem(lanes).and_then(|lane| usize::try_from(lane).ok())?;
        Some(self.0.get(lane)?.lock().await)
    }
}
