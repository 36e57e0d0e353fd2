//! Poison: commits that only a newer release can process.

use parked_orders::Consumer;

/// The kind of a foreign commit for a consumer of the older release. A history has one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poison {
    /// It has an event of an unknown type.
    UnknownType,
    /// It has data of a wrong type.
    WrongType,
    /// It makes the projections panic.
    Panic,
}

impl Poison {
    pub(crate) const ALL: [Self; 3] = [Self::UnknownType, Self::WrongType, Self::Panic];

    /// Returns true if it stops a consumer. The publisher does not fold events, so a panicking fold does not stop it.
    #[must_use]
    pub fn stops(self, consumer: &Consumer) -> bool {
        match self {
            Self::UnknownType | Self::WrongType => true,
            Self::Panic => *consumer != Consumer::PUBLISHER,
        }
    }
}
