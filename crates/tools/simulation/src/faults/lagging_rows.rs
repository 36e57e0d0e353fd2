//! A verification with repair while rows lag by minutes because the stream is stopped. It must report no row as lost.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use fastrand::Rng;
use read_models::LagBound;

use crate::faults::fault::{Fault, Faults};
use crate::faults::hold::Hold;
use crate::world::release::Release;
use crate::world::unexpected_errors::{UnexpectedErrors, Work};

/// The age at which a row counts as lost. The clocks of a history jump by an hour, and rows lag by minutes.
const BOUND: LagBound = LagBound::Named(Duration::from_secs(2 * 60 * 60));

/// Stops the stream for some minutes while commands are sent, and verifies at the end of that time. Returns the rows that were
/// reported as lost or wrong, or `None` if the verification failed.
pub(crate) async fn while_rows_lag(
    release: &dyn Release,
    client: Client,
    hold: &Hold,
    mut random: Rng,
    faults: &Faults,
    errors: &UnexpectedErrors,
) -> Option<Vec<String>> {
    tokio::time::sleep(Duration::from_millis(random.u64(50..=3_000))).await;
    hold.begin();
    tokio::time::sleep(Duration::from_secs(random.u64(120..=840))).await;
    let verified = errors.catch_panic("a verification", release.repair(client, false, BOUND)).await;
    hold.end();
    let repaired = errors.ok(Work::Verification, "of every kind", verified?)?;
    (0..repaired.late).for_each(|_| faults.struck(Fault::LaggingRows));
    Some(repaired.found)
}
