//! A rebuild of the read models beside live writes: the operation itself, over the read models of the projector's release, which
//! panic where its folds do.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use fastrand::Rng;
use operations::SegmentPages;
use operations::rebuild::{Rebuild, segments};
use tokio::sync::watch;

use crate::faults::fault::{Fault, Faults};
use crate::world::models;
use crate::world::names::EVENTS;

/// The most rounds through the table.
const ROUNDS: u32 = 8;

/// Rebuilds, page after page, while commands are under way. A round ends where a page fails.
pub(crate) async fn rebuild(client: Client, mut random: Rng, faults: Faults, over: watch::Receiver<bool>) {
    let (store, models) = (DynamoEventStore::new(client.clone(), EVENTS), models::panicking(&client));
    for _ in 0..ROUNDS {
        tokio::time::sleep(Duration::from_millis(random.u64(50..=500))).await;
        if *over.borrow() {
            return;
        }
        let mut rebuild = Rebuild::new(1);
        for mut segment in segments(&store, &models, rebuild.segments()) {
            while let Ok(Some(page)) = segment.next_page().await {
                let before = rebuild.counts.commits;
                rebuild.add(page);
                if rebuild.counts.commits > before && !*over.borrow() {
                    faults.struck(Fault::RacingRebuild);
                }
            }
        }
    }
}
