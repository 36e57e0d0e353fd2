//! Comparing sums with the rows they are the sums of, and mending them, while others are at work on both.

use aws_sdk_dynamodb::types::AttributeValue;
use order_store::OrderCommit;
use read_model::{CustomerTotals, DynamoRows, SumAudit, SumDifference, SumFinding, SumsChecked};

use crate::story::{TOTALS_TABLE, pay};
use crate::summed_rows::{Book, total_of};

struct Scene {
    book: Book,
    audit: SumAudit<CustomerTotals>,
    orders: Vec<Vec<OrderCommit>>,
}

/// A customer's three orders of three versions, of which two are projected.
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
    async fn findings(&self) -> Vec<SumFinding<CustomerTotals>> {
        let SumsChecked::Judged(findings) = self.audit.check("c-1").await.unwrap() else { panic!("not judged") };
        findings
    }

    async fn differences(&self) -> Vec<(String, SumDifference)> {
        self.findings().await.into_iter().map(|finding| (finding.key.sort, finding.difference)).collect()
    }

    async fn mend(&self) {
        for finding in self.findings().await {
            assert!(self.audit.mend(finding).await.unwrap().is_none());
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

    async fn delete(&self, entry: &str) {
        let delete = self.book.server.client().delete_item().table_name(TOTALS_TABLE);
        let delete = delete.key("customerId", AttributeValue::S("c-1".to_owned()));
        delete.key("entry", AttributeValue::S(entry.to_owned())).send().await.unwrap();
    }

    /// Whether the totals are what so many versions of each order come to.
    async fn are_at(&self, versions: usize) -> bool {
        let orders = self.orders.iter().map(|commits| &commits[..versions]);
        self.book.of("c-1").await == [total_of(orders)]
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

const EUR: &str = "total#1#EUR";

#[tokio::test]
async fn sums_that_are_right_are_clean_and_so_is_a_customer_without_any() {
    let scene = scene().await;
    assert_eq!(scene.differences().await, []);
    let SumsChecked::Judged(findings) = scene.audit.check("nobody").await.unwrap() else { panic!("not judged") };
    assert!(findings.is_empty());
}

#[tokio::test]
async fn every_kind_of_difference_is_found_and_mended() {
    let scene = scene().await;
    scene.set(EUR, "gross", number(1)).await;
    scene.set(EUR, "note", AttributeValue::S("by hand".to_owned())).await;
    let attributes = vec!["gross".to_owned(), "note".to_owned()];
    assert_eq!(scene.differences().await, [(EUR.to_owned(), SumDifference::Different { attributes })]);
    scene.mend().await;
    scene.delete(EUR).await;
    assert_eq!(scene.differences().await, [(EUR.to_owned(), SumDifference::Missing)]);
    scene.mend().await;
    scene.set("total#1#JPY", "revision", number(1)).await;
    assert_eq!(scene.differences().await, [("total#1#JPY".to_owned(), SumDifference::WithoutRows)]);
    scene.mend().await;
    assert!(scene.are_at(2).await);
}

#[tokio::test]
async fn a_sum_that_was_wrong_and_is_mended_carries_on_with_what_comes() {
    let scene = scene().await;
    scene.delete(EUR).await;
    scene.mend().await;
    scene.book.project(scene.orders.iter().flatten()).await;
    assert!(scene.are_at(3).await);
}

#[tokio::test]
async fn mending_takes_no_sum_back_that_has_moved_on_meanwhile() {
    let scene = scene().await;
    scene.set(EUR, "gross", number(99)).await;
    let finding = scene.findings().await.pop().unwrap();
    scene.book.project(scene.orders.iter().map(|commits| &commits[2])).await;
    assert!(scene.audit.mend(finding).await.unwrap().is_none());
    assert!(scene.are_at(3).await);
}

#[tokio::test]
async fn rows_that_cannot_be_summed_leave_their_sums_unjudged() {
    for (attribute, value) in [("projection", number(2)), ("amountPaid", AttributeValue::Bool(true))] {
        let scene = scene().await;
        scene.set("order#o-1", attribute, value).await;
        assert!(matches!(scene.audit.check("c-1").await.unwrap(), SumsChecked::Unsummable), "{attribute}");
    }
}

#[tokio::test]
async fn rows_of_an_older_number_are_no_part_of_a_sum_and_the_sums_of_other_numbers_are_left() {
    let scene = scene().await;
    scene.set("order#o-1", "projection", number(0)).await;
    scene.set("total#0#EUR", "revision", number(1)).await;
    scene.set("total#2#EUR", "revision", number(1)).await;
    assert_eq!(scene.findings().await.len(), 1);
    scene.mend().await;
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
                scene.set(EUR, "gross", number(1_000_000)).await;
                damaged = true;
            }
            // A look that others never left in peace says nothing.
            let SumsChecked::Judged(findings) = scene.audit.check("c-1").await.unwrap() else { continue };
            for finding in findings {
                assert!(damaged, "nothing is wrong with {}: it {}", finding.key.sort, finding.difference);
                damaged = scene.audit.mend(finding).await.unwrap().is_some();
            }
        }
    };
    tokio::select! {
        biased;
        () = traffic => {}
        () = auditing => {}
    }
    scene.mend().await;
    let totals = scene.book.of("c-1").await.remove(0);
    assert_eq!((totals.orders, totals.gross), (40, 3 * 20 + 37 * 25));
}
