//! The tick of the schedule: the work that is due even if no commits arrive.
//!
//! It counts the parked orders of every consumer, so the alarm on them stays raised until they are redriven.

use std::time::{Duration, Instant};

use event_store::Timestamp;
use function_setup::deadline::last_start;
use parked_orders::{Consumer, ParkedOrderTable};
use stream_consumer::before_deadline;

use crate::report;

/// The time reserved for the log.
const RESERVE: Duration = Duration::from_secs(1);

/// Counts the parked orders of these consumers and writes the gauges.
///
/// A count that fails writes a warning and no sample. The alarm on parked orders then keeps its state, and another alarm
/// reports the missing samples. The failure is not an error of the function, because an error would roll back a deployment.
pub(crate) async fn count_parked(parked: &ParkedOrderTable, all: &[Consumer], deadline_ms: u64) {
    let until = last_start(deadline_ms, RESERVE);
    let (mut orders, mut consumers) = (0, 0);
    let begun = Instant::now();
    for consumer in all {
        match before_deadline(until, parked.count(consumer)).await {
            Some(Ok(count)) => {
                report::parked_count(consumer, &count, Timestamp::now());
                orders += count.orders;
                consumers += 1;
            }
            Some(Err(error)) => report::uncounted(consumer, Some(&error)),
            None => report::uncounted(consumer, None),
        }
    }
    report::tick(orders, consumers, begun.elapsed());
}
