//! `orders verify --repair` while rows lag by minutes: the stream stands still, and no row may be called lost.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use fastrand::Rng;
use read_models::LagBound;
use tokio::sync::watch;

use crate::check::invariant::Invariant;
use crate::faults::fault::{Fault, Faults};
use crate::world::release::Release;
use crate::world::unexpected_errors::Mishaps;

/// The age at which a row is lost: the clocks of a history jump by an hour, and rows lag by minutes.
const BOUND: LagBound = LagBound::Named(Duration::from_secs(2 * 60 * 60));

/// Holds the stream for some minutes while commands are under way, and verifies at the end of that time. Returns what was
/// called lost or wrong; nothing where the verification failed.
pub(crate) async fn while_rows_lag(
    release: &dyn Release,
    client: Client,
    hold: &watch::Sender<bool>,
    mut random: Rng,
    (faults, mishaps): (&Faults, &Mishaps),
) -> Option<Vec<String>> {
    tokio::time::sleep(Duration::from_millis(random.u64(50..=3_000))).await;
    hold.send_replace(true);
    tokio::time::sleep(Duration::from_secs(random.u64(120..=840))).await;
    let verified = mishaps.outlive("a verification", release.repair(client, false, BOUND)).await;
    hold.send_replace(false);
    let repaired = mishaps.good(Invariant::LateIsNotLost, "of every kind", verified?)?;
    (0..repaired.late).for_each(|_| faults.struck(Fault::LaggingRows));
    Some(repaired.found)
}
