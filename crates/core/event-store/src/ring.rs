//! The last request ids of an aggregate, small enough to be stored in every snapshot.

use sha2::{Digest, Sha256};

/// The number of newest commits whose request ids are remembered.
pub const REMEMBERED_REQUESTS: usize = 64;

/// Hashes of the request ids of the newest commits, oldest first; the last one belongs to the newest version. Each hash
/// has three bytes. A collision occurs once in 260,000 commands of an aggregate with 64 remembered ids. It costs a read
/// and never a wrong reply, because each hit is confirmed against its commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestRing(Vec<[u8; HASH]>);

/// The size of a hash in bytes.
const HASH: usize = 3;

fn hash(request_id: &str) -> [u8; HASH] {
    let digest = Sha256::digest(request_id.as_bytes());
    [digest[0], digest[1], digest[2]]
}

impl RequestRing {
    /// Adds the request of the next version, and forgets the oldest beyond [`REMEMBERED_REQUESTS`].
    pub fn push(&mut self, request_id: &str) {
        if self.0.len() == REMEMBERED_REQUESTS {
            self.0.remove(0);
        }
        self.0.push(hash(request_id));
    }

    /// Returns the versions whose request may have been `request_id`, newest first. `head` is the newest version.
    pub fn candidates(&self, request_id: &str, head: u64) -> impl Iterator<Item = u64> {
        let wanted = hash(request_id);
        (0u64..).zip(self.0.iter().rev()).filter(move |(_, seen)| **seen == wanted).map(move |(age, _)| head - age)
    }

    /// Returns the hashes as one byte sequence.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Returns the length in bytes of the ring at version `head`.
    #[must_use]
    pub fn bytes_at(head: u64) -> usize {
        usize::try_from(head).unwrap_or(usize::MAX).min(REMEMBERED_REQUESTS) * HASH
    }

    /// Reads the output of [`to_bytes`](Self::to_bytes). Returns `None` if it cannot belong to version `head`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], head: u64) -> Option<Self> {
        (bytes.len() == Self::bytes_at(head)).then(|| Self(bytes.as_chunks::<HASH>().0.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring_of(ids: std::ops::RangeInclusive<u64>) -> RequestRing {
        let mut ring = RequestRing::default();
        ids.for_each(|id| ring.push(&format!("request-{id}")));
        ring
    }

    #[test]
    fn a_request_is_found_at_the_version_it_made() {
        let ring = ring_of(1..=100);
        assert_eq!(ring.candidates("request-100", 100).collect::<Vec<_>>(), [100]);
        assert_eq!(ring.candidates("request-37", 100).collect::<Vec<_>>(), [37]);
    }

    #[test]
    fn the_sixty_fifth_youngest_request_is_forgotten() {
        let ring = ring_of(1..=100);
        assert_eq!(ring.candidates("request-36", 100).count(), 0);
        assert_eq!(ring.to_bytes().len(), 192);
    }

    #[test]
    fn bytes_that_cannot_belong_to_the_version_are_refused() {
        let bytes = ring_of(1..=5).to_bytes();
        assert_eq!(RequestRing::from_bytes(&bytes, 5), Some(ring_of(1..=5)));
        assert_eq!(RequestRing::from_bytes(&bytes, 6), None);
        assert_eq!(RequestRing::from_bytes(&bytes[..14], 5), None);
    }
}
