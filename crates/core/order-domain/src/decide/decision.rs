//! The result of a command, and the decision on a command that was recorded before.

use crate::fingerprint::Fingerprint;
use crate::order::{Recorded, RecordedAt, Reducing};
use crate::values::Amount;
use crate::{Event, Rejection};

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Record these events, together or not at all; never empty.
    Record(Vec<Event>),
    /// Change nothing: an earlier commit recorded the same data, at this place.
    Unchanged(RecordedAt),
}

pub(super) fn record(event: Event) -> Result<Decision, Rejection> {
    Ok(Decision::Record(vec![event]))
}

/// Decides a command whose id was used before, at the version that `reused` gets: the same data changes nothing, other
/// data is rejected.
pub(super) fn repeated<Id>(
    recorded: &Recorded<Id>,
    again: impl Into<Fingerprint>,
    reused: impl FnOnce(u64) -> Rejection,
) -> Result<Decision, Rejection> {
    let is_same = recorded.fingerprint == again.into();
    if is_same { Ok(Decision::Unchanged(recorded.at)) } else { Err(reused(recorded.at.version)) }
}

/// Decides a repeated command whose id lowered the amount due. A command without a reduction matches every recorded
/// reduction.
pub(super) fn repeated_reduction<Id>(
    Reducing { recorded, reduction }: &Reducing<Id>,
    again: impl Into<Fingerprint>,
    named: Option<Amount>,
    reused: impl FnOnce(u64) -> Rejection,
) -> Result<Decision, Rejection> {
    let is_same = named.is_none_or(|named| named == *reduction);
    if is_same { repeated(recorded, again, reused) } else { Err(reused(recorded.at.version)) }
}
