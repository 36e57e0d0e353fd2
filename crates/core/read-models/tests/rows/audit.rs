//! Compares rows with the expected ones and repairs them, while other writers change them.

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::{ChangedValue, EventStore, InMemoryEventStore};
use order_aggregate::{OrderCommit, Orders};
use read_models::{
    Audit, Difference, DynamoRows, EventsTable, Finding, Folded, Folding, OrderSummaryByCustomer, OrderSummaryRow,
    RowImages, RowKey, RowStore, Segment, StoredItem,
};
use serde_json::{Value, json};

use crate::story::{Numbered, SUMMARY_TABLE, dynamo, entries, paid_in_parts, row_of, write};

type Summary = OrderSummaryByCustomer;

struct Scene {
    server: EmbeddedDynamoDb,
    store: InMemoryEventStore,
    rows: DynamoRows,
    commits: Vec<OrderCommit>,
}

/// An order of five versions without a row.
async fn scene() -> Scene {
    let (server, store) = (dynamo().await, InMemoryEventStore::default());
    let rows = DynamoRows::new(server.client(), SUMMARY_TABLE);
    let commits = paid_in_parts(&store, "o-1", 4).await;
    Scene { server, store, rows, commits }
}

impl Scene {
    fn audit(&self) -> Audit<Summary, InMemoryEventStore, DynamoRows> {
        Audit::new(self.store.clone(), self.rows.clone())
    }

    fn row(&self, version: usize) -> (RowKey, OrderSummaryRow) {
        let row = row_of(&self.commits[..version]);
        (RowKey { partition: row.customer_id.clone(), sort: row.sort_key() }, row)
    }

    async fn write(&self, version: usize) {
        let (key, row) = self.row(version);
        write::<Summary>(&self.rows, &key, row.version, &row).await.unwrap();
    }

    async fn set(&self, attribute: &str, value: AttributeValue) {
        let (key, _) = self.row(1);
        let update = self.server.client().update_item().table_name(SUMMARY_TABLE);
        update
            .key("customerId", AttributeValue::S(key.partition))
            .key("placedAtOrderId", AttributeValue::S(key.sort))
            .update_expression("SET #a = :v")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":v", value)
            .send()
            .await
            .unwrap();
    }

    fn folded(&self, version: usize) -> Folded<Summary> {
        let mut folding = Folding::default();
        assert!(entries(&self.commits[..version]).iter().all(|entry| folding.push(entry).is_none()));
        folding.finish().unwrap()
    }

    /// Returns the findings of an audit that has folded so many versions.
    async fn findings(&self, version: usize) -> Vec<Finding> {
        self.audit().check(vec![self.folded(version)]).await.unwrap().findings
    }

    async fn differences(&self, version: usize) -> Vec<Difference> {
        self.findings(version).await.into_iter().map(|finding| finding.difference).collect()
    }

    /// Returns true if the row equals the fold of so many versions.
    async fn is_at(&self, version: usize) -> bool {
        let (key, row) = self.row(version);
        let mut read = RowStore::<Summary>::read(&self.rows, std::slice::from_ref(&key)).await.unwrap();
        read.rows.remove(&key) == Some(read_models::ExistingRow::Row { version: row.version, row })
    }
}

async fn scan(rows: &DynamoRows) -> Vec<(RowKey, StoredItem)> {
    RowImages::<Summary>::scan(rows, Segment::WHOLE, None, None).await.unwrap().rows
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[tokio::test]
async fn rows_are_compared_at_their_own_version() {
    let scene = scene().await;
    assert_eq!(scene.differences(5).await, [Difference::Missing]);
    scene.write(4).await;
    for folded in 1..=4 {
        assert_eq!(scene.differences(folded).await, [], "a row at version 4, and a fold of {folded}");
    }
    assert_eq!(scene.differences(5).await, [Difference::Behind { row: 4, events: 5 }]);
}

#[tokio::test]
async fn a_row_that_is_further_than_its_fold_is_held_to_all_it_claims() {
    let scene = scene().await;
    scene.write(4).await;
    scene.set("amountPaid", number(1)).await;
    scene.set("note", AttributeValue::S("by hand".to_owned())).await;
    let changed = |attribute: &str, found: Value, expected: Option<Value>| ChangedValue {
        attribute: attribute.to_owned(),
        found: Some(found),
        expected,
    };
    let paid = scene.row(4).1.amount_paid;
    let changes = vec![changed("amountPaid", json!(1), Some(json!(paid))), changed("note", json!("by hand"), None)];
    assert_eq!(scene.differences(2).await, [Difference::Different { version: 4, changes }]);
    scene.set("version", number(9)).await;
    assert_eq!(scene.differences(2).await, [Difference::Ahead { row: 9, events: 5 }]);
}

#[tokio::test]
async fn a_row_of_another_number_is_reported_and_a_newer_one_stays() {
    let scene = scene().await;
    let (key, row) = scene.row(5);
    write::<Numbered<3>>(&scene.rows, &key, 5, &row).await.unwrap();
    let finding = scene.findings(5).await.pop().unwrap();
    assert_eq!(finding.difference, Difference::NewerProjection { number: 3 });
    assert!(scene.audit().repair(finding).await.unwrap().is_some());
    scene.set("projection", number(0)).await;
    let finding = scene.findings(5).await.pop().unwrap();
    assert_eq!(finding.difference, Difference::OlderProjection { number: 0 });
    assert_eq!(finding.lags_behind, None, "it has every commit");
    assert!(scene.audit().repair(finding).await.unwrap().is_none());
    assert!(scene.is_at(5).await);
}

#[tokio::test]
async fn mending_never_takes_a_row_back_that_has_moved_on_meanwhile() {
    let scene = scene().await;
    scene.write(2).await;
    let finding = scene.findings(3).await.pop().unwrap();
    assert_eq!(finding.difference, Difference::Behind { row: 2, events: 3 });
    scene.write(5).await;
    assert!(scene.audit().repair(finding).await.unwrap().is_none());
    assert!(scene.is_at(5).await);

    let scene = self::scene().await;
    let missing = scene.findings(3).await.pop().unwrap();
    scene.write(4).await;
    assert!(scene.audit().repair(missing).await.unwrap().is_none());
    assert!(scene.is_at(5).await);
}

#[tokio::test]
async fn a_tampered_row_is_repaired_at_its_version_while_it_changes() {
    let scene = scene().await;
    scene.write(5).await;
    scene.set("total", number(1)).await;
    let finding = scene.findings(5).await.pop().unwrap();
    scene.set("total", number(2)).await;
    assert!(scene.audit().repair(finding).await.unwrap().is_none());
    assert!(scene.is_at(5).await);
    scene.set("version", number(9)).await;
    let finding = scene.findings(5).await.pop().unwrap();
    assert!(scene.audit().repair(finding).await.unwrap().is_none());
    assert!(scene.is_at(5).await, "a row cannot have commits that are not recorded");
}

#[tokio::test]
async fn a_row_without_an_order_is_taken_away_unless_its_order_has_come() {
    let scene = scene().await;
    scene.write(5).await;
    let absent = Audit::<Summary, _, _>::new(InMemoryEventStore::default(), scene.rows.clone());
    let rows = || async { scan(&scene.rows).await };
    assert!(scene.audit().orphans(rows().await).await.unwrap().is_empty());
    let stray = absent.orphans(rows().await).await.unwrap().pop().unwrap();
    assert_eq!(stray.difference, Difference::WithoutAggregate);
    assert!(scene.audit().repair(stray).await.unwrap().is_none());
    assert!(scene.is_at(5).await, "where its commits are, it is no stray");

    let stray = absent.orphans(rows().await).await.unwrap().pop().unwrap();
    scene.set("total", number(1)).await;
    assert!(absent.repair(stray).await.unwrap().is_none());
    assert_eq!(rows().await, []);
}

#[tokio::test]
async fn a_row_at_a_key_that_is_not_its_orders_is_a_stray() {
    let scene = scene().await;
    let (key, row) = scene.row(5);
    for sort in ["2020-01-01T00:00:00.000Z#o-1", "no order"] {
        let key = RowKey { sort: sort.to_owned(), ..key.clone() };
        write::<Summary>(&scene.rows, &key, 5, &row).await.unwrap();
    }
    scene.write(5).await;
    let rows = scan(&scene.rows).await;
    assert_eq!(rows.len(), 3);
    for stray in scene.audit().orphans(rows).await.unwrap() {
        assert_ne!(stray.key, key);
        assert!(scene.audit().repair(stray).await.unwrap().is_none());
    }
    assert_eq!(scan(&scene.rows).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_folded_leaves_its_row_to_be_held_to_what_comes_before() {
    let scene = scene().await;
    let mut folding = Folding::<Summary>::default();
    let mut batch = entries(&scene.commits);
    batch[2].record = Err(event_store::Poison { position: None, cause: "from the future".to_owned() });
    batch.iter().for_each(|entry| assert!(folding.push(entry).is_none()));
    let folded = folding.finish().unwrap();
    assert_eq!((folded.commits, folded.version), (5, 2));
    let checked = scene.audit().check(vec![folded]).await.unwrap();
    assert_eq!(checked.findings[0].difference, Difference::Missing);
    assert_eq!(checked.unfoldable[0].cause, "version 3 is poison: from the future");
}

#[tokio::test]
async fn a_commit_that_is_lost_is_poison_to_what_follows() {
    let scene = scene().await;
    let commits: Vec<OrderCommit> = EventStore::<Orders>::commits(&scene.store, "o-1", 0, None).await.unwrap();
    let mut folding = Folding::<Summary>::default();
    for entry in &entries(commits[..2].iter().chain(&commits[3..])) {
        assert!(folding.push(entry).is_none());
    }
    let folded = folding.finish().unwrap();
    assert_eq!(
        (folded.version, folded.unfoldable.unwrap().cause),
        (2, "version 4 is poison: version 4 does not follow version 2".to_owned())
    );
}

#[tokio::test]
async fn a_row_that_lags_says_how_old_its_newest_commit_is() {
    let scene = scene().await;
    let checked = scene.audit().look_again(vec!["o-1".to_owned()]).await.unwrap();
    assert_eq!(checked.findings[0].difference, Difference::Missing);
    assert_eq!(checked.findings[0].lags_behind, Some(scene.commits[4].recorded_at));
    assert_eq!(checked.reached, None, "no row has got anywhere");
    scene.write(5).await;
    let checked = scene.audit().look_again(vec!["o-1".to_owned()]).await.unwrap();
    assert!(checked.findings.is_empty());
    assert_eq!(checked.reached, Some(scene.commits[4].recorded_at));
    scene.set("total", number(1)).await;
    let checked = scene.audit().look_again(vec!["o-1".to_owned()]).await.unwrap();
    assert_eq!((checked.findings[0].lags_behind, checked.reached), (None, None), "it is wrong, and not late");
}

#[tokio::test]
async fn rows_remember_their_events_table_and_scans_of_rows_skip_that() {
    let scene = scene().await;
    scene.write(5).await;
    assert_eq!(RowImages::<Summary>::events_table(&scene.rows).await.unwrap(), None);
    for id in ["first", "second"] {
        let events = EventsTable { id: id.to_owned(), name: "OrderEvents".to_owned() };
        RowImages::<Summary>::remember_events_table(&scene.rows, &events).await.unwrap();
        assert_eq!(RowImages::<Summary>::events_table(&scene.rows).await.unwrap(), Some(events));
    }
    assert_eq!(scan(&scene.rows).await.len(), 1);
}
