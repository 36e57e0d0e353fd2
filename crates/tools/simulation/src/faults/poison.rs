//! Poison: commits that only a newer release can process.

use parked_orders::Consumer;

/// What a foreign commit is to a consumer of the older release. All of a history are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poison {
    /// It has an event of an unknown type.
    UnknownType,
    /// It has data of a type that it must not have.
    WrongType,
    /// It makes the projections panic.
    Panic,
}

impl Poison {
    pub(crate) const ALL: [Self; 3] = [Self::UnknownType, Self::WrongType, Self::Panic];

    /// Whether it stops a consumer: the publisher folds nothing.
    #[must_use]
    pub fn stops(self, consumer: Consumer) -> bool {
        match self {
            Self::UnknownType | Self::WrongType => true,
            Self::Panic => consumer != Consumer::Publisher,
        }
    }
}
