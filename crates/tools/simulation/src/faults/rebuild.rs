//! A rebuild of the read models beside live writes: pages of the table through the projections' engines. It is of the
//! projector's release, and panics where that does.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, ScanRequest, Scope};
use fastrand::Rng;
use order_aggregate::Orders;
use read_models::{CustomerTotals, DynamoRows, Engine, OrderSummaryByCustomer, SummedRows};
use tokio::sync::watch;

use crate::faults::fault::{Fault, Faults};
use crate::faults::panicking_projection::Brittle;
use crate::world::names::{EVENTS, SUMMARIES, TOTALS};

/// How often the table is gone through at most.
const ROUNDS: u32 = 8;

/// Rebuilds, page after page, while commands are under way. What fails is left to the stream.
pub(crate) async fn rebuild(client: Client, mut random: Rng, faults: Faults, over: watch::Receiver<bool>) {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    let summaries = DynamoRows::new(client.clone(), SUMMARIES);
    let summaries = Engine::<Brittle<OrderSummaryByCustomer>, _, _>::new(store.clone(), summaries);
    let totals = Engine::<Brittle<CustomerTotals>, _, _>::new(store.clone(), SummedRows::new(client, TOTALS));
    for _ in 0..ROUNDS {
        tokio::time::sleep(Duration::from_millis(random.u64(50..=500))).await;
        if *over.borrow() {
            return;
        }
        let mut request = ScanRequest { scope: Scope::TABLE, after: None, recorded: None, consistent: true };
        while let Ok(page) = store.scan::<Orders>(&request).await {
            if !page.delivered.is_empty() && !*over.borrow() {
                faults.struck(Fault::RacingRebuild);
            }
            tokio::join!(summaries.project(page.delivered.clone(), None), totals.project(page.delivered, None));
            let Some(next) = page.next else { break };
            request.after = Some(next);
        }
    }
}
