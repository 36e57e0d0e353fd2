//! Compares sums with their rows and repairs them, while other writers change both.

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{EventStore, InMemoryEventStore};
use order_aggregate::OrderCommit;
use read_models::{
    Audit, CustomerTotals, DynamoRows, Engine, Folding, RowImages, Segment, SumAudit, SumDifference, SumFinding,
    SummedRows, Sums as _, SumsChecked,
};

use crate::story::{TOTALS_TABLE, entries, entry, pay, place_in, record_from};
use crate::summed_rows::{Book, SUMS, total_of};

struct Scene {
    book: Book,
    audit: SumAudit<CustomerTotals>,
    orders: Vec<Vec<OrderCommit>>,
}

/// A customer with three orders of three versions, of which two versions are projected.
async fn scene() -> Scene {
    let book = Book::new().await;
    let audit = SumAudit::new(DynamoRows::new(book.server.client(), TOTALS_TABLE));
    let mut orders = Vec::new();
    for number in 0..3 {
        orders.push(book.order(&format!("o-{number}"), "EUR", &[pay(1, 20), pay(2, 5)]).await);
    }
    book.project(orders.iter().flat_map(|commits| &commits[..2])).await;
    Scene { book, audit, orders }
}

impl Scene {
    async fn findings(&self) -> Vec<SumFinding> {
        match self.audit.check("c-1").await.unwrap() {
            SumsChecked::Right => Vec::new(),
            SumsChecked::Wrong(finding) => vec![finding],
            SumsChecked::Unsummable | SumsChecked::Unsettled => panic!("not judged"),
        }
    }

    async fn differences(&self) -> Vec<(String, SumDifference)> {
        self.findings().await.into_iter().map(|finding| (finding.key.sort, finding.difference)).collect()
    }

    async fn repair(&self) {
        for finding in self.findings().await {
            assert!(self.audit.repair(&finding).await.unwrap().is_none());
        }
        assert_eq!(self.differences().await, []);
    }

    async fn set(&self, entry: &str, attribute: &str, value: AttributeValue) {
        let update = self.book.server.client().update_item().table_name(TOTALS_TABLE);
        update
            .key("customerId", AttributeValue::S("c-1".to_owned()))
            .key("entry", AttributeValue::S(entry.to_owned()))
            .update_expression("SET #a = :v")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":v", value)
            .send()
            .await
            .unwrap();
    }

    async fn set_gross(&self, gross: u64) {
        let mut sums = self.book.sums().await;
        let AttributeValue::M(by_name) = sums.get_mut("sums").unwrap() else { panic!("no map") };
        let AttributeValue::M(euros) = by_name.get_mut("EUR").unwrap() else { panic!("no map") };
        euros.insert("gross".to_owned(), number(gross));
        self.book.server.client().put_item().table_name(TOTALS_TABLE).set_item(Some(sums)).send().await.unwrap();
    }

    async fn delete(&self, entry: &str) {
        let delete = self.book.server.client().delete_item().table_name(TOTALS_TABLE);
        let delete = delete.key("customerId", AttributeValue::S("c-1".to_owned()));
        delete.key("entry", AttributeValue::S(entry.to_owned())).send().await.unwrap();
    }

    /// Returns true if the totals equal those of so many versions of each order.
    async fn are_at(&self, versions: usize) -> bool {
        let orders = self.orders.iter().map(|commits| &commits[..versions]);
        self.book.of("c-1").await == [total_of(orders)]
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[tokio::test]
async fn sums_that_are_right_are_clean_and_so_is_a_customer_without_any() {
    let scene = scene().await;
    assert_eq!(scene.differences().await, []);
    assert!(matches!(scene.audit.check("c-unknown").await.unwrap(), SumsChecked::Right));
}

#[tokio::test]
async fn every_kind_of_difference_is_found_and_repaired() {
    let scene = scene().await;
    let sums = |differences: SumDifference| vec![(SUMS.to_owned(), differences)];
    let different = |name: &str| sums(SumDifference::Different { names: vec![name.to_owned()] });
    scene.set_gross(1).await;
    assert_eq!(scene.differences().await, different("EUR"));
    let finding = scene.findings().await.pop().unwrap();
    let [change] = &finding.changes[..] else { panic!("{:?}", finding.changes) };
    assert_eq!(
        (change.attribute.as_str(), &change.found, &change.expected),
        ("EUR.gross", &Some(1.into()), &Some(60.into()))
    );
    scene.repair().await;
    scene.set("total#2", "sums", AttributeValue::Bool(true)).await;
    assert_eq!(scene.differences().await, sums(SumDifference::Unreadable));
    scene.repair().await;
    scene.delete(SUMS).await;
    assert_eq!(scene.differences().await, sums(SumDifference::Missing));
    scene.repair().await;
    for order in 0..3 {
        scene.delete(&format!("order#o-{order}")).await;
    }
    scene.book.forget_pending().await;
    assert_eq!(scene.differences().await, sums(SumDifference::WithoutRows));
    scene.repair().await;
    assert_eq!(scene.book.of("c-1").await, []);
}

#[tokio::test]
async fn rows_that_are_pending_are_counted_in_place_of_those_that_are_stored() {
    let scene = scene().await;
    let pending = scene.book.sums().await["pending"].as_m().unwrap().len();
    assert_eq!(pending, 3);
    for order in 0..3 {
        scene.delete(&format!("order#o-{order}")).await;
    }
    assert_eq!(scene.differences().await, []);
    scene.set_gross(1).await;
    scene.repair().await;
    // The rows stay pending, so a repeat stores them and counts nothing twice.
    scene.book.project(scene.orders.iter().flatten()).await;
    assert!(scene.are_at(3).await);
    assert_eq!(scene.differences().await, []);
}

#[tokio::test]
async fn a_kind_of_difference_that_is_repaired_is_right_afterwards() {
    let scene = scene().await;
    scene.set_gross(1).await;
    scene.repair().await;
    assert!(scene.are_at(2).await);
}

#[tokio::test]
async fn a_repaired_sum_counts_later_commits() {
    let scene = scene().await;
    scene.delete(SUMS).await;
    scene.repair().await;
    scene.book.project(scene.orders.iter().flatten()).await;
    assert!(scene.are_at(3).await);
}

#[tokio::test]
async fn mending_takes_no_sum_back_that_has_moved_on_meanwhile() {
    let scene = scene().await;
    scene.set_gross(99).await;
    let finding = scene.findings().await.pop().unwrap();
    scene.book.project(scene.orders.iter().map(|commits| &commits[2])).await;
    assert!(scene.audit.repair(&finding).await.unwrap().is_none());
    assert!(scene.are_at(3).await);
}

#[tokio::test]
async fn rows_that_cannot_be_summed_leave_their_sums_unjudged() {
    for (attribute, value) in [("projection", number(3)), ("amountPaid", AttributeValue::Bool(true))] {
        let scene = scene().await;
        scene.set("order#o-1", attribute, value).await;
        assert!(matches!(scene.audit.check("c-1").await.unwrap(), SumsChecked::Unsummable), "{attribute}");
    }
}

#[tokio::test]
async fn rows_of_an_older_number_are_no_part_of_a_sum_and_the_sums_of_other_numbers_are_left() {
    let scene = scene().await;
    scene.set("order#o-1", "projection", number(1)).await;
    scene.book.forget_pending().await;
    scene.set("total#1#EUR", "revision", number(1)).await;
    scene.set("total#3", "revision", number(1)).await;
    assert_eq!(scene.findings().await.len(), 1);
    scene.repair().await;
    let orders = [0, 2].map(|order: usize| &scene.orders[order][..2]);
    assert_eq!(scene.book.of("c-1").await, [total_of(orders)]);
    assert_eq!(scene.book.server.client().scan().table_name(TOTALS_TABLE).send().await.unwrap().count, 6);
}

#[tokio::test]
async fn beside_live_traffic_nothing_is_found_and_mending_undoes_nothing() {
    let scene = scene().await;
    let traffic = async {
        for number in 3..40 {
            let commits = scene.book.order(&format!("o-{number:02}"), "EUR", &[pay(1, 20), pay(2, 5)]).await;
            for commit in &commits {
                scene.book.project([commit]).await;
            }
        }
    };
    let auditing = async {
        let mut damaged = false;
        for look in 0.. {
            if look % 5 == 4 {
                scene.set_gross(1_000_000).await;
                damaged = true;
            }
            // If other writers changed the sums at every read, the result is not conclusive.
            if let SumsChecked::Wrong(finding) = scene.audit.check("c-1").await.unwrap() {
                assert!(damaged, "nothing is wrong with {}: it {}", finding.key.sort, finding.difference);
                damaged = scene.audit.repair(&finding).await.unwrap().is_some();
            }
        }
    };
    tokio::select! {
        biased;
        () = traffic => {}
        () = auditing => {}
    }
    scene.repair().await;
    let totals = scene.book.of("c-1").await.remove(0);
    assert_eq!((totals.orders, totals.gross), (40, 3 * 20 + 37 * 25));
}

#[tokio::test]
async fn a_row_that_is_deleted_or_taken_back_by_a_repair_is_no_longer_counted() {
    let scene = scene().await;
    let rows = SummedRows::new(scene.book.server.client(), TOTALS_TABLE);
    // The events after a restore: without o-0, and with o-1 as it was placed.
    let restored = InMemoryEventStore::default();
    record_from(&restored, "o-1", &place_in("c-1", "EUR"), &[]).await;
    record_from(&restored, "o-2", &place_in("c-1", "EUR"), &[pay(1, 20), pay(2, 5)]).await;
    let audit = Audit::<CustomerTotals, _, _>::new(restored.clone(), rows.clone());
    let stored = RowImages::<CustomerTotals>::scan(&rows, Segment::WHOLE, None, None).await.unwrap().rows;
    let contributions: Vec<_> = stored.into_iter().filter(|(key, _)| key.sort.starts_with("order#")).collect();
    let orphans = audit.orphans(contributions).await.unwrap();
    assert_eq!(orphans.iter().map(|orphan| orphan.key.sort.as_str()).collect::<Vec<_>>(), ["order#o-0"]);
    for orphan in orphans {
        assert!(audit.repair(orphan).await.unwrap().is_none());
    }
    for order in ["o-1", "o-2"] {
        let mut folding = Folding::<CustomerTotals>::default();
        for commit in EventStore::<order_aggregate::Orders>::commits(&restored, order, 0, None).await.unwrap() {
            folding.push(&entry(&commit));
        }
        let checked = audit.check(folding.finish().into_iter().collect()).await.unwrap();
        for finding in checked.findings {
            assert!(audit.repair(finding).await.unwrap().is_none(), "{order}");
        }
    }
    scene.repair().await;
    let totals = scene.book.of("c-1").await.remove(0);
    assert_eq!((totals.orders, totals.gross), (2, 25));
    // Later writes do not restore it.
    let later = record_from(&restored, "o-9", &place_in("c-1", "EUR"), &[pay(1, 7)]).await;
    let engine = Engine::<CustomerTotals, _, _>::new(restored, rows);
    for (commit, _) in &later {
        assert_eq!(engine.project(entries([commit]), None).await.failed, []);
    }
    let totals = scene.book.of("c-1").await.remove(0);
    assert_eq!((totals.orders, totals.gross), (3, 32));
}
