//! Snapshots inside commits: when one is attached, and how it is encoded.
//!
//! A snapshot is one binary attribute with three parts:
//!
//! - the state's schema number (2 bytes, big-endian)
//! - the request ring (3 bytes for each request, as many as the version has, 64 at most)
//! - the state as MessagePack with structs as arrays
//!
//! Field names would double the size, and a small snapshot is free. A snapshot is only a cache: a load skips one that
//! it cannot use and reads further back, to the first event if necessary.

use crate::Aggregate;
use crate::aggregate::CodecError;
use crate::ring::RequestRing;

/// The size of a write unit: writes are billed per started kilobyte.
const WRITE_UNIT_BYTES: usize = 1024;
/// The size for which memory is allocated at first. Most snapshots are smaller.
const USUAL_BYTES: usize = 512;

/// The rule for attaching a snapshot to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// True if a snapshot is attached when it fits into the kilobyte that is already paid for.
    pub when_free: bool,
    /// The number of versions, the new one included, after which a snapshot is attached even if it costs a write unit.
    pub every: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { when_free: true, every: 20 }
    }
}

impl Policy {
    /// Attaches no snapshots: every load folds every event.
    pub const NEVER: Self = Self { when_free: false, every: u64::MAX };

    /// Returns true if a snapshot is to be attached that grows an item from `bytes` to `bytes_with`.
    #[must_use]
    pub const fn attaches(self, since_snapshot: u64, bytes: usize, bytes_with: usize) -> bool {
        let free = bytes.div_ceil(WRITE_UNIT_BYTES) == bytes_with.div_ceil(WRITE_UNIT_BYTES);
        (self.when_free && free) || self.is_due(since_snapshot)
    }

    /// Returns true if a snapshot is worth a write unit.
    pub(crate) const fn is_due(self, since_snapshot: u64) -> bool {
        since_snapshot >= self.every
    }
}

/// A snapshot as it is stored in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot(pub(crate) Vec<u8>);

/// A stored state that makes folding unnecessary, with the request ids of the newest commits up to it.
pub(crate) struct Snapshot<A: Aggregate> {
    pub(crate) state: A::State,
    pub(crate) requests: RequestRing,
}

pub(crate) fn encode<A: Aggregate>(state: &A::State, requests: &RequestRing) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend(u16::try_from(A::STATE_SCHEMA)?.to_be_bytes());
    bytes.extend(requests.to_bytes());
    rmp_serde::encode::write(&mut bytes, state)?;
    Ok(bytes)
}

/// Decodes a snapshot. Returns `None` if it has another schema or is malformed.
pub(crate) fn decode<A: Aggregate>(bytes: &[u8], version: u64) -> Option<Snapshot<A>> {
    let (schema, rest) = bytes.split_first_chunk::<2>()?;
    if u32::from(u16::from_be_bytes(*schema)) != A::STATE_SCHEMA {
        return None;
    }
    let (requests, state) = rest.split_at_checked(RequestRing::bytes_at(version))?;
    let state = rmp_serde::from_slice(state).ok()?;
    Some(Snapshot { state, requests: RequestRing::from_bytes(requests, version)? })
}

#[cfg(test)]
mod tests {
    use super::Policy;

    #[test]
    fn a_snapshot_is_attached_while_it_fits_the_kilobyte_already_paid_for() {
        assert!(Policy::default().attaches(1, 600, 1024));
        assert!(!Policy::default().attaches(1, 600, 1025));
        assert!(Policy::default().attaches(1, 1100, 2048));
    }

    #[test]
    fn a_snapshot_that_costs_waits_for_its_turn() {
        assert!(!Policy::default().attaches(19, 600, 1500));
        assert!(Policy::default().attaches(20, 600, 1500));
    }
}
