//! A verification in this process, against the embedded DynamoDB: orders across pages, and the work of a second run.

use std::future::pending;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{Delivered, EventStore, Timestamp};
use operations::verify::{LagRule, RowCounts, Verification, Verify};
use operations::{Ended, OperationError};
use order_aggregate::Orders;
use order_domain::Event;
use read_models::LagBound;
use read_models::registry::CORE;
use serde_json::json;
use test_support::recorded::{Recorded, at, second};
use tokio::sync::Notify;

use crate::large_orders::large_orders;
use crate::read_models;

const SUMMARIES: &str = "OrderSummaryByCustomer";
const TOTALS: &str = "CustomerTotals";
/// The number of read models.
const MODELS: u64 = CORE.len() as u64;

/// A rule by which every lagging row is lost.
pub(crate) fn all_lost() -> LagRule {
    LagRule { bound: LagBound::Named(Duration::ZERO), patience: Duration::ZERO, clock: Timestamp::now }
}

/// A pass over the tables of the template.
fn pass(recorded: &Recorded, rule: LagRule, known: &Verification) -> Verify {
    Verify::new(recorded.store.clone(), read_models(&recorded.dynamodb.client()), rule, known)
}

/// Runs a verification over all tables as the command does, from the content of a state file. With `one_page`, it stops
/// after one page is settled. With `repair`, it repairs the differences.
async fn run(recorded: &Recorded, known: &mut Verification, repair: bool, one_page: bool) -> Ended {
    if repair && known.repair.is_none() {
        known.begin_repair(Timestamp::now());
    }
    let settled = Notify::new();
    let stop_requested = async { if one_page { settled.notified().await } else { pending().await } };
    let begun = known.clone();
    let verify = pass(recorded, all_lost(), known);
    let ended = verify.run(&begun, stop_requested, |page| {
        known.add(page);
        settled.notify_one();
        Ok::<_, OperationError>(())
    });
    let ended = ended.await.unwrap();
    *known = serde_json::from_str(&serde_json::to_string(known).unwrap()).unwrap();
    ended
}

/// Returns the counts of the summaries.
fn summaries(known: &Verification) -> RowCounts {
    known.counts.read_models[SUMMARIES].clone()
}

/// Returns the counts of the orders' contributions to the totals.
fn contributions(known: &Verification) -> RowCounts {
    known.counts.read_models[TOTALS].clone()
}

#[tokio::test]
async fn orders_across_pages_are_folded_whole_and_compared_once() {
    let recorded = Recorded::nothing().await;
    large_orders(&recorded).await;
    for (segments, repair, missing) in [(1, true, 4), (1, false, 0), (4, false, 0)] {
        let mut known = Verification::new(segments);
        assert_eq!(run(&recorded, &mut known, repair, false).await, Ended::Complete);
        let counts = &known.counts;
        assert_eq!((counts.commits, counts.orders, counts.left_out), (24, 4, 0));
        assert_eq!((summaries(&known).missing, contributions(&known).missing), (missing, missing));
        assert_eq!((counts.found(), counts.left()), (MODELS * missing, 0));
    }
}

#[tokio::test]
async fn a_verification_that_is_stop_requested_goes_on_with_the_order_it_was_at() {
    let recorded = Recorded::nothing().await;
    large_orders(&recorded).await;
    let (mut known, mut stops) = (Verification::new(1), 0);
    while run(&recorded, &mut known, false, true).await == Ended::Stopped {
        stops += 1;
        assert!(stops < 10, "it gets nowhere");
    }
    assert!(stops > 0, "it was never stopped");
    let counts = &known.counts;
    assert_eq!((counts.commits, counts.orders, counts.left_out), (24, 4, 0));
    assert_eq!((summaries(&known).missing, contributions(&known).missing), (4, 4));
    let mut at_once = Verification::new(1);
    run(&recorded, &mut at_once, false, false).await;
    assert!(counts.snapshots.compared > 0);
    assert_eq!(counts.snapshots, at_once.counts.snapshots, "each snapshot is compared once");
}

/// Returns the release's rule with the clock at five past nine.
fn at_five_past_nine(patience: Duration) -> LagRule {
    LagRule { bound: LagBound::OfTheStream, patience, clock: || at("2026-11-21T09:05:00Z") }
}

/// Projects these orders as the projector does.
async fn project(recorded: &Recorded, orders: &[&str]) {
    let mut batch = Vec::new();
    for order in orders {
        batch.extend(commits(recorded, order).await);
    }
    deliver(recorded, batch).await;
}

/// Returns the commits of an order as the stream delivers them.
async fn commits(recorded: &Recorded, order: &str) -> Vec<Delivered<Event>> {
    let commits = EventStore::<Orders>::commits(&recorded.store, order, 0, None).await.unwrap();
    commits.into_iter().map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) }).collect()
}

/// Delivers these commits to the read models as the projector does.
async fn deliver(recorded: &Recorded, batch: Vec<Delivered<Event>>) {
    for model in &read_models(&recorded.dynamodb.client()) {
        assert!(model.project(batch.clone(), None).await.failed.is_empty());
    }
}

/// Runs a pass to its end. Calls `looked` after each check of lagging rows.
async fn passed(recorded: &Recorded, rule: LagRule, known: &mut Verification, looked: impl Fn()) {
    let begun = known.clone();
    let verify = pass(recorded, rule, known);
    let ended = verify.run(&begun, pending(), |page| {
        let is_second_look = page.is_second_look();
        known.add(page);
        if is_second_look {
            looked();
        }
        Ok::<_, OperationError>(())
    });
    assert_eq!(ended.await.unwrap(), Ended::Complete);
}

/// Verifies all tables. Calls `looked` after each check of lagging rows. Then repairs, if `repair` is true.
async fn verified(recorded: &Recorded, rule: LagRule, repair: bool, looked: impl Fn()) -> Verification {
    let mut known = Verification::new(1);
    passed(recorded, rule, &mut known, looked).await;
    if repair {
        known.begin_repair(rule.now());
        passed(recorded, rule, &mut known, || {}).await;
    }
    known
}

#[tokio::test]
async fn rows_that_the_projector_has_yet_to_reach_are_no_differences() {
    let recorded = Recorded::nothing().await;
    recorded.orders(5).await;
    project(&recorded, &["o-0", "o-1"]).await;
    for repair in [false, true] {
        let known = verified(&recorded, at_five_past_nine(Duration::ZERO), repair, || {}).await;
        assert_eq!((known.counts.orders, known.counts.found()), (5, 0));
        assert_eq!(known.lags.not_projected(), Some((3, second(3))), "o-2 was paid three seconds after nine");
        let rows = recorded.dynamodb.client().scan().table_name(SUMMARIES).send().await.unwrap();
        assert_eq!(rows.count, 2, "what is only late is not written");
    }
}

#[tokio::test]
async fn late_rows_that_arrive_during_the_second_look_leave_nothing() {
    let recorded = Recorded::nothing().await;
    recorded.orders(3).await;
    let looked = Notify::new();
    let projector = async {
        looked.notified().await;
        project(&recorded, &["o-0"]).await;
        looked.notified().await;
        project(&recorded, &["o-1", "o-2"]).await;
    };
    let patient = at_five_past_nine(Duration::from_secs(600));
    let (known, ()) = tokio::join!(verified(&recorded, patient, false, || looked.notify_one()), projector);
    assert_eq!((known.counts.found(), known.lags.not_projected()), (0, None));
}

#[tokio::test]
async fn a_lost_row_is_distinguished_from_a_late_one_by_its_age_and_other_rows() {
    let recorded = Recorded::nothing().await;
    // Order `lost` has no row, and other rows have newer commits. The late order has the newest commit of all.
    recorded.paid("lost", [at("2026-11-21T08:00:00Z"), at("2026-11-21T08:10:00Z")]).await;
    recorded.paid("there", [at("2026-11-21T08:20:00Z"), at("2026-11-21T08:30:00Z")]).await;
    recorded.paid("late", [at("2026-11-21T08:31:00Z"), at("2026-11-21T08:40:00Z")]).await;
    project(&recorded, &["there"]).await;
    let known = verified(&recorded, at_five_past_nine(Duration::ZERO), true, || {}).await;
    assert_eq!((summaries(&known).missing, contributions(&known).missing), (1, 1));
    assert_eq!((known.counts.repaired(), known.counts.left()), (MODELS, 0));
    assert!(known.differences.iter().all(|named| named.order.as_deref() == Some("lost")));
    assert_eq!(known.lags.not_projected(), Some((1, at("2026-11-21T08:40:00Z"))));
}

#[tokio::test]
async fn a_late_row_that_arrives_wrong_is_a_difference() {
    let recorded = Recorded::nothing().await;
    recorded.orders(3).await;
    project(&recorded, &["o-0"]).await;
    let client = recorded.dynamodb.client();
    let mut wrong = client.scan().table_name(SUMMARIES).send().await.unwrap().items.unwrap().remove(0);
    let key = ["customerId", "placedAtOrderId"].map(|name| (name.to_owned(), wrong[name].clone()));
    client.delete_item().table_name(SUMMARIES).set_key(Some(key.into())).send().await.unwrap();
    wrong.insert("amountPaid".to_owned(), AttributeValue::N("1".to_owned()));
    let looked = Notify::new();
    let projector = async {
        let (o_1, o_2) = (commits(&recorded, "o-1").await, commits(&recorded, "o-2").await);
        looked.notified().await;
        client.put_item().table_name(SUMMARIES).set_item(Some(wrong)).send().await.unwrap();
        recorded.poison("o-1", 3, second(9)).await;
        // The next check finds both rows.
        for _ in 0..2 {
            looked.notified().await;
        }
        deliver(&recorded, o_1).await;
        deliver(&recorded, o_2).await;
    };
    let patient = at_five_past_nine(Duration::from_secs(600));
    let (known, ()) = tokio::join!(verified(&recorded, patient, false, || looked.notify_one()), projector);
    assert_eq!((summaries(&known).different, known.counts.found()), (1, 1));
    assert_eq!((known.counts.left_out, known.lags.not_projected()), (1, None), "each order is left out once");
}

/// A shipment, which changes no amounts and so does not affect the totals.
fn shipped() -> (&'static str, serde_json::Value) {
    ("ItemShipped", json!({ "shipmentId": "s-1", "items": [{ "sku": "TEA", "quantity": 3 }] }))
}

#[tokio::test]
async fn a_commit_that_concerns_no_contribution_makes_none_lost() {
    let recorded = Recorded::nothing().await;
    // The projector stopped at a quarter to nine. The newest correct contribution is from ten past eight.
    recorded.paid("there", [at("2026-11-21T08:00:00Z"), at("2026-11-21T08:10:00Z")]).await;
    project(&recorded, &["there"]).await;
    recorded.paid("late", [at("2026-11-21T08:46:00Z"), at("2026-11-21T08:47:00Z")]).await;
    recorded.record("there", at("2026-11-21T09:04:00Z"), &[shipped()]).await;
    let known = verified(&recorded, at_five_past_nine(Duration::ZERO), false, || {}).await;
    assert_eq!(known.counts.found(), 0, "{:?}", known.differences);
    assert_eq!(known.lags.not_projected(), Some((2, at("2026-11-21T08:47:00Z"))));
}

#[tokio::test]
async fn a_commit_that_concerns_no_contribution_hides_no_lost_one() {
    let recorded = Recorded::nothing().await;
    recorded.paid("lost", [at("2026-11-18T09:00:00Z"), at("2026-11-18T09:01:00Z")]).await;
    let mut batch = commits(&recorded, "lost").await;
    batch.truncate(1);
    deliver(&recorded, batch).await;
    recorded.record("lost", at("2026-11-21T09:00:00Z"), &[shipped()]).await;
    let known = verified(&recorded, at_five_past_nine(Duration::ZERO), true, || {}).await;
    assert_eq!((contributions(&known).behind, contributions(&known).repaired), (1, 1));
    assert_eq!(summaries(&known).behind, 0, "its newest commit is five minutes old");
}

#[tokio::test]
async fn a_repair_deletes_no_more_rows_than_were_counted() {
    let recorded = Recorded::nothing().await;
    recorded.orders(3).await;
    project(&recorded, &["o-0", "o-1", "o-2"]).await;
    for (order, version) in [("o-0", 1), ("o-0", 2), ("o-1", 1), ("o-1", 2)] {
        recorded.delete(order, version).await;
    }
    let mut known = Verification::new(1);
    // One orphan was counted, and there are more now: two orders in every read model.
    known.counts.of(SUMMARIES).without_order = 1;
    known.begin_repair(Timestamp::now());
    passed(&recorded, all_lost(), &mut known, || {}).await;
    assert_eq!((summaries(&known).without_order, contributions(&known).without_order), (2, 2));
    assert_eq!((known.counts.repaired(), known.counts.left()), (1, 2 * MODELS - 1));
}
