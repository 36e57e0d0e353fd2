//! Compares stored snapshots with the fold of the events. DynamoDB only.

use crate::ledger::{LaterLedger, Ledger, book, fill, run};
use crate::{Dynamo, dynamo};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{Aggregate, CheckedSnapshots, ScanRequest, Scope, SnapshotAudit, SnapshotDifference};

/// Audits the whole table. Returns the result by aggregate.
async fn audit<A: Aggregate>(dynamo: &Dynamo) -> Vec<CheckedSnapshots> {
    let (mut audit, mut checked) = (SnapshotAudit::<A>::default(), Vec::new());
    let mut request = ScanRequest { scope: Scope::TABLE, after: None, recorded: None, consistent: true };
    loop {
        let (page, snapshots) = dynamo.store.scan_with_snapshots::<A>(&request).await.unwrap();
        assert_eq!(page.delivered.len(), snapshots.len());
        for (delivered, snapshot) in page.delivered.iter().zip(&snapshots) {
            checked.extend(audit.push(delivered, snapshot.as_ref()));
        }
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    checked.extend(audit.finish());
    checked.sort_by(|one, other| one.aggregate_id.cmp(&other.aggregate_id));
    checked
}

fn key(aggregate_id: &str, version: u64) -> [(String, AttributeValue); 2] {
    [
        ("aggregateId".to_owned(), AttributeValue::S(aggregate_id.to_owned())),
        ("version".to_owned(), AttributeValue::N(version.to_string())),
    ]
}

async fn snapshot(dynamo: &Dynamo, aggregate_id: &str, version: u64) -> Vec<u8> {
    let get = dynamo.server.client().get_item().table_name("OrderEvents");
    let item = get.set_key(Some(key(aggregate_id, version).into())).send().await.unwrap().item.unwrap();
    item["snapshot"].as_b().unwrap().as_ref().to_vec()
}

async fn put_snapshot(dynamo: &Dynamo, aggregate_id: &str, version: u64, bytes: Vec<u8>) {
    let update = dynamo.server.client().update_item().table_name("OrderEvents");
    update
        .set_key(Some(key(aggregate_id, version).into()))
        .update_expression("SET #snapshot = :snapshot")
        .expression_attribute_names("#snapshot", "snapshot")
        .expression_attribute_values(":snapshot", AttributeValue::B(Blob::new(bytes)))
        .send()
        .await
        .unwrap();
}

fn differences(checked: Vec<CheckedSnapshots>) -> Vec<SnapshotDifference> {
    checked.into_iter().flat_map(|checked| checked.differences).collect()
}

#[tokio::test]
async fn snapshots_that_were_stored_are_the_fold_and_cost_no_request() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=80).await;
    fill(&dynamo.store, "a2", 1..=5).await;
    dynamo.meter.take();
    let checked = audit::<Ledger>(&dynamo).await;
    assert_eq!(dynamo.meter.take().total_requests(), 1);
    let compared: Vec<_> = checked.iter().map(|it| (it.aggregate_id.as_str(), it.compared)).collect();
    assert_eq!(compared, [("a1", 80), ("a2", 5)]);
    assert_eq!(differences(checked), []);
    assert!(audit::<LaterLedger>(&dynamo).await.iter().all(|it| it.compared == 0), "no command uses another schema");
}

#[tokio::test]
async fn a_snapshot_of_another_state_is_found_with_both_values() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=5).await;
    fill(&dynamo.store, "a2", 1..=4).await;
    run(&dynamo.store, "a2", "fill-5", &book(700)).await.unwrap();
    put_snapshot(&dynamo, "a1", 5, snapshot(&dynamo, "a2", 5).await).await;
    let found = differences(audit::<Ledger>(&dynamo).await).pop().unwrap();
    assert_eq!((found.aggregate_id.as_str(), found.version, found.changes.len()), ("a1", 5, 1));
    let changed = &found.changes[0];
    assert_eq!(changed.attribute, "balance");
    let (theirs, own) = (changed.found.as_ref().unwrap().as_i64(), changed.expected.as_ref().unwrap().as_i64());
    assert_eq!(theirs.unwrap() - own.unwrap(), 699);
}

#[tokio::test]
async fn a_snapshot_that_forgets_a_request_is_found() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=3).await;
    let mut bytes = snapshot(&dynamo, "a1", 2).await;
    bytes[2..5].fill(0);
    put_snapshot(&dynamo, "a1", 2, bytes).await;
    let found = differences(audit::<Ledger>(&dynamo).await).pop().unwrap();
    assert_eq!((found.version, found.changes.len(), found.changes[0].attribute.as_str()), (2, 1, "requests"));
    let hex = found.changes[0].found.as_ref().unwrap().as_str().unwrap().to_owned();
    assert_eq!((&hex[..6], hex.len()), ("000000", 12));
}

#[tokio::test]
async fn useless_snapshots_and_those_after_poison_are_not_compared() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=6).await;
    put_snapshot(&dynamo, "a1", 1, vec![0]).await;
    let mut cut = snapshot(&dynamo, "a1", 2).await;
    cut.truncate(4);
    put_snapshot(&dynamo, "a1", 2, cut).await;
    let put = dynamo.server.client().put_item().table_name("OrderEvents");
    put.set_item(Some(key("a1", 4).into())).send().await.unwrap();
    put_snapshot(&dynamo, "a1", 6, vec![9; 40]).await;
    let checked = audit::<Ledger>(&dynamo).await.pop().unwrap();
    assert_eq!((checked.compared, checked.differences), (1, Vec::new()), "only that of version 3");
}
