//! Projection of waiting commits into a row.

use read_models::{ReadModel, Reason};

use super::waiting::Waiting;
use super::{PoisonCommit, RedriveError};

/// Projects the waiting commits into the order's row, until a commit cannot be read or folded. The engine also projects
/// earlier commits that the row lacks.
pub(super) async fn project(
    model: &dyn ReadModel,
    waiting: &mut Waiting<'_>,
) -> Result<Option<PoisonCommit>, RedriveError> {
    loop {
        let page = waiting.page().await?;
        if page.is_empty() {
            return Ok(None);
        }
        let failed = model.catch_up(page, None).await.failed;
        let Some(first) = failed.into_iter().min_by_key(|failure| failure.version) else { continue };
        return match first.reason {
            Reason::Poison { version, cause: reason } => {
                let version = version.or(first.version).unwrap_or(waiting.begin);
                Ok(Some(PoisonCommit { version, reason }))
            }
            Reason::Unavailable { cause } => Err(RedriveError::Row { cause }),
            Reason::NewerProjection => Err(RedriveError::NewerProjection),
        };
    }
}
