//! Commits that wait for a row.

use event_store::DynamoEventStore;
use order_aggregate::Orders;
use read_models::{Engine, Projection, Reason, RowStore};

use super::waiting::Waiting;
use super::{Halt, RedriveError};

/// Brings the order's row as far as what waits, until a commit cannot be read or folded. The engine fills what the row lacks
/// before.
pub(super) async fn project<P, R>(
    engine: &Engine<P, DynamoEventStore, R>,
    waiting: &mut Waiting<'_>,
) -> Result<Option<Halt>, RedriveError>
where
    P: Projection<Aggregate = Orders>,
    R: RowStore<P>,
{
    loop {
        let page = waiting.page().await?;
        if page.is_empty() {
            return Ok(None);
        }
        let failed = engine.catch_up(page, None).await.failed;
        let Some(first) = failed.into_iter().min_by_key(|failure| failure.version) else { continue };
        return match first.reason {
            Reason::Poison { version, cause: reason } => {
                let version = version.or(first.version).unwrap_or(waiting.begin);
                Ok(Some(Halt { version, reason }))
            }
            Reason::Unavailable { cause } => Err(RedriveError::Row { cause }),
            Reason::NewerProjection => Err(RedriveError::NewerProjection),
        };
    }
}
