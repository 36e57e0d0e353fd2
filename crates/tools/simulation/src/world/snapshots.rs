//! `orders verify` of the snapshots: each compared with the fold of the events.

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, ScanRequest, Scope, SnapshotAudit, StoreError};
use order_aggregate::Orders;

use crate::world::names::EVENTS;
use crate::world::wire::Position;

/// The commits whose snapshot is not the fold of the events.
///
/// # Errors
/// When the events cannot be read.
pub(crate) async fn wrong_snapshots(client: Client) -> Result<Vec<Position>, StoreError> {
    let store = DynamoEventStore::new(client, EVENTS);
    let (mut audit, mut checked) = (SnapshotAudit::<Orders>::default(), Vec::new());
    let mut request = ScanRequest { scope: Scope::TABLE, after: None, recorded: None, consistent: true };
    loop {
        let (page, snapshots) = store.scan_with_snapshots::<Orders>(&request).await?;
        for (delivered, snapshot) in page.delivered.iter().zip(&snapshots) {
            checked.extend(audit.push(delivered, snapshot.as_ref()));
        }
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    checked.extend(audit.finish());
    let wrong = checked.into_iter().flat_map(|checked| checked.differences);
    Ok(wrong.map(|wrong| (wrong.aggregate_id, wrong.version)).collect())
}
