//! A verification in this process, against the embedded DynamoDB: orders across pages, and what a second run does.

use std::future::pending;

use std::time::Duration;

use ::read_models::{CustomerTotals, DynamoRows, Engine, LagBound, OrderSummaryByCustomer, SummedRows};
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{Delivered, EventStore, Timestamp};
use order_aggregate::Orders;
use order_domain::Event;
use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::orders::{Recorded, at, second};
use crate::sweep::large_orders::{large_orders, tables};

/// A rule by which no row is late.
fn all_lost() -> LagRule {
    LagRule { bound: LagBound::Named(Duration::ZERO), patience: Duration::ZERO, clock: Timestamp::now }
}

/// A repair of what is not counted yet.
fn repair_of(known: &mut Verification, repair: bool) -> Option<Repair> {
    if repair && known.repair.is_none() {
        known.begin_repair(Timestamp::now());
    }
    Repair::of(known)
}

/// A run over the orders as the command makes it, from what a file would have kept; with `one_page` it is told to stop once a
/// page is settled.
async fn run(recorded: &Recorded, known: &mut Verification, repair: bool, one_page: bool) -> Ended {
    let audits =
        Audits::new(&recorded.store, &recorded.dynamodb.client(), &tables(), all_lost(), repair_of(known, repair));
    let segments = orders::segments(&recorded.store, &audits, &known.orders);
    let settled = Notify::new();
    let told_to_stop = async { if one_page { settled.notified().await } else { pending().await } };
    let ended = sweep(segments, told_to_stop, |page| {
        known.add(page);
        settled.notify_one();
        Ok(())
    });
    let ended = ended.await.unwrap();
    *known = serde_json::from_str(&serde_json::to_string(known).unwrap()).unwrap();
    ended
}

#[tokio::test]
async fn orders_across_pages_are_folded_whole_and_compared_once() {
    let recorded = Recorded::nothing().await;
    large_orders(&recorded).await;
    for (segments, repair, missing) in [(1, true, 4), (1, false, 0), (4, false, 0)] {
        let mut known = Verification::new(segments);
        assert_eq!(run(&recorded, &mut known, repair, false).await, Ended::Complete);
        let tally = &known.tally;
        assert_eq!((tally.commits, tally.orders, tally.left_out), (24, 4, 0));
        assert_eq!((tally.summaries.missing, tally.contributions.missing), (missing, missing));
        assert_eq!((tally.found(), tally.left()), (2 * missing, 0));
    }
}

#[tokio::test]
async fn a_verification_that_is_told_to_stop_goes_on_with_the_order_it_was_at() {
    let recorded = Recorded::nothing().await;
    large_orders(&recorded).await;
    let (mut known, mut stops) = (Verification::new(1), 0);
    while run(&recorded, &mut known, false, true).await == Ended::Stopped {
        stops += 1;
        assert!(stops < 10, "it gets nowhere");
    }
    assert!(stops > 0, "it was never stopped");
    let tally = &known.tally;
    assert_eq!((tally.commits, tally.orders, tally.left_out), (24, 4, 0));
    assert_eq!((tally.summaries.missing, tally.contributions.missing), (4, 4));
    let mut at_once = Verification::new(1);
    run(&recorded, &mut at_once, false, false).await;
    assert!(tally.snapshots.compared > 0);
    assert_eq!(tally.snapshots, at_once.tally.snapshots, "each snapshot is compared once");
}

/// The rule of a release, five minutes after nine o'clock.
fn at_five_past_nine(patience: Duration) -> LagRule {
    LagRule { bound: LagBound::OfTheStream, patience, clock: || at("2026-11-21T09:05:00Z") }
}

/// Projects these orders, as the projector does.
async fn project(recorded: &Recorded, orders: &[&str]) {
    let mut batch = Vec::new();
    for order in orders {
        batch.extend(commits(recorded, order).await);
    }
    deliver(recorded, batch).await;
}

/// The commits of an order, as the stream delivers them.
async fn commits(recorded: &Recorded, order: &str) -> Vec<Delivered<Event>> {
    let commits = EventStore::<Orders>::commits(&recorded.store, order, 0, None).await.unwrap();
    commits.into_iter().map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) }).collect()
}

/// Delivers these commits to the projector's engines.
async fn deliver(recorded: &Recorded, batch: Vec<Delivered<Event>>) {
    let client = recorded.dynamodb.client();
    let rows = DynamoRows::new(client.clone(), tables().rows);
    let summaries = Engine::<OrderSummaryByCustomer, _, _>::new(recorded.store.clone(), rows);
    let totals = SummedRows::new(client, tables().totals.unwrap());
    let totals = Engine::<CustomerTotals, _, _>::new(recorded.store.clone(), totals);
    assert!(summaries.project(batch.clone(), None).await.failed.is_empty());
    assert!(totals.project(batch, None).await.failed.is_empty());
}

/// A sweep of the orders.
async fn swept(recorded: &Recorded, rule: LagRule, known: &mut Verification) -> Audits {
    let repair = Repair::of(known);
    let audits = Audits::new(&recorded.store, &recorded.dynamodb.client(), &tables(), rule, repair);
    let segments = orders::segments(&recorded.store, &audits, &known.orders);
    let ended = sweep(segments, pending(), |page| {
        known.add(page);
        Ok(())
    });
    assert_eq!(ended.await.unwrap(), Ended::Complete);
    audits
}

/// A sweep of the orders and the second look; `looked` is called after each look. Then a repair, if asked for.
async fn verified(recorded: &Recorded, rule: LagRule, repair: bool, looked: impl Fn()) -> Verification {
    let mut known = Verification::new(1);
    let audits = swept(recorded, rule, &mut known).await;
    let before = known.clone();
    let ended = lag::second_look(&audits, &rule, &before, pending(), |lags, page| {
        known.lags = lags;
        known.add(page);
        looked();
        Ok(())
    });
    assert_eq!(ended.await.unwrap(), Ended::Complete);
    if repair {
        known.begin_repair(rule.now());
        swept(recorded, rule, &mut known).await;
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
        assert_eq!((known.tally.orders, known.tally.found()), (5, 0));
        assert_eq!(known.lags.not_projected(), Some((3, second(3))), "o-2 was paid three seconds after nine");
        let rows = recorded.dynamodb.client().scan().table_name(tables().rows).send().await.unwrap();
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
    assert_eq!((known.tally.found(), known.lags.not_projected()), (0, None));
}

#[tokio::test]
async fn a_lost_row_is_told_from_a_late_one_by_its_age_and_by_other_rows() {
    let recorded = Recorded::nothing().await;
    // Lost: no row, and others have newer commits. Late: the newest one of all.
    recorded.paid("lost", [at("2026-11-21T08:00:00Z"), at("2026-11-21T08:10:00Z")]).await;
    recorded.paid("there", [at("2026-11-21T08:20:00Z"), at("2026-11-21T08:30:00Z")]).await;
    recorded.paid("late", [at("2026-11-21T08:31:00Z"), at("2026-11-21T08:40:00Z")]).await;
    project(&recorded, &["there"]).await;
    let known = verified(&recorded, at_five_past_nine(Duration::ZERO), true, || {}).await;
    assert_eq!((known.tally.summaries.missing, known.tally.contributions.missing), (1, 1));
    assert_eq!((known.tally.mended(), known.tally.left()), (2, 0));
    assert!(known.differences.iter().all(|named| named.order.as_deref() == Some("lost")));
    assert_eq!(known.lags.not_projected(), Some((1, at("2026-11-21T08:40:00Z"))));
}

#[tokio::test]
async fn a_late_row_that_arrives_wrong_is_a_difference() {
    let recorded = Recorded::nothing().await;
    recorded.orders(3).await;
    project(&recorded, &["o-0"]).await;
    let client = recorded.dynamodb.client();
    let mut wrong = client.scan().table_name(tables().rows).send().await.unwrap().items.unwrap().remove(0);
    let key = ["customerId", "placedAtOrderId"].map(|name| (name.to_owned(), wrong[name].clone()));
    client.delete_item().table_name(tables().rows).set_key(Some(key.into())).send().await.unwrap();
    wrong.insert("amountPaid".to_owned(), AttributeValue::N("1".to_owned()));
    let looked = Notify::new();
    let projector = async {
        let (o_1, o_2) = (commits(&recorded, "o-1").await, commits(&recorded, "o-2").await);
        looked.notified().await;
        client.put_item().table_name(tables().rows).set_item(Some(wrong)).send().await.unwrap();
        recorded.poison("o-1", 3, second(9)).await;
        // The look after this one meets both.
        for _ in 0..2 {
            looked.notified().await;
        }
        deliver(&recorded, o_1).await;
        deliver(&recorded, o_2).await;
    };
    let patient = at_five_past_nine(Duration::from_secs(600));
    let (known, ()) = tokio::join!(verified(&recorded, patient, false, || looked.notify_one()), projector);
    assert_eq!((known.tally.summaries.different, known.tally.found()), (1, 1));
    assert_eq!((known.tally.left_out, known.lags.not_projected()), (1, None), "each order is left out once");
}

/// An order that is shipped or delivered moves no money, so the totals are not concerned.
fn shipped() -> (&'static str, serde_json::Value) {
    ("ItemShipped", json!({ "shipmentId": "s-1", "items": [{ "sku": "TEA", "quantity": 3 }] }))
}

#[tokio::test]
async fn a_commit_that_concerns_no_contribution_makes_none_lost() {
    let recorded = Recorded::nothing().await;
    // The projector has not moved since a quarter to nine. The newest right contribution is of ten past eight.
    recorded.paid("there", [at("2026-11-21T08:00:00Z"), at("2026-11-21T08:10:00Z")]).await;
    project(&recorded, &["there"]).await;
    recorded.paid("late", [at("2026-11-21T08:46:00Z"), at("2026-11-21T08:47:00Z")]).await;
    recorded.record("there", at("2026-11-21T09:04:00Z"), &[shipped()]).await;
    let known = verified(&recorded, at_five_past_nine(Duration::ZERO), false, || {}).await;
    assert_eq!(known.tally.found(), 0, "{:?}", known.differences);
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
    assert_eq!((known.tally.contributions.behind, known.tally.contributions.mended), (1, 1));
    assert_eq!(known.tally.summaries.behind, 0, "its newest commit is five minutes old");
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
    // One was counted, and there are two by now.
    known.tally.summaries.without_order = 1;
    known.begin_repair(Timestamp::now());
    let audits = swept(&recorded, all_lost(), &mut known).await;
    let ended = sweep(summaries::segments(&audits, &known.summaries), pending(), |page| {
        known.add(page);
        Ok(())
    });
    assert_eq!(ended.await.unwrap(), Ended::Complete);
    assert_eq!((known.tally.summaries.without_order, known.tally.mended(), known.tally.left()), (2, 1, 1));
    assert_eq!(Repair::of(&known).unwrap().orphans_left(), 0);
}
