//! A verification in this process, against the embedded DynamoDB: orders across pages, and what a second run does.

use std::future::pending;

use tokio::sync::Notify;

use super::*;
use crate::orders::Recorded;
use crate::sweep::large_orders::{large_orders, tables};

/// A run over the orders as the command makes it, from what a file would have kept; with `one_page` it is told to stop once a
/// page is settled.
async fn run(recorded: &Recorded, known: &mut Verification, repair: bool, one_page: bool) -> Ended {
    let audits = Audits::new(&recorded.store, &recorded.dynamodb.client(), &tables(), repair);
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
}
