//! The lag of the read model: the time from a command's acknowledgement until the customer's list shows its version.
//!
//! The list reads rows of the read model only, while `GET /orders/{orderId}` reads events if the row is missing. The sampler
//! takes one acknowledged command at a time, polls the customer's newest orders, and records the time when the order appears
//! with that version. A sample is therefore too high by up to one request and its response. These requests are part of the
//! load, so there are at most ten samples a second.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::tally::Latencies;
use crate::api::{Api, encoded};

/// The time between two requests.
const INTERVAL: Duration = Duration::from_millis(2);
/// The time between two samples.
const PAUSE: Duration = Duration::from_millis(100);
/// The time after which the sampler abandons a sample.
const PATIENCE: Duration = Duration::from_secs(30);

/// An acknowledged command.
pub(crate) struct Acknowledged {
    pub(crate) customer_id: String,
    pub(crate) order_id: String,
    pub(crate) version: u64,
    pub(crate) at: Instant,
}

/// The samples, and the number of abandoned ones.
pub(crate) struct Lag {
    pub(crate) samples: Latencies,
    /// The number of abandoned samples.
    pub(crate) unseen: u64,
}

/// Takes samples until no client sends commands, or until the load is stopped. A client must not wait for the sampler: the
/// channel has room for one command, and a client skips a full channel.
pub(crate) async fn sample(
    api: Api,
    mut acknowledged: mpsc::Receiver<Acknowledged>,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<Lag> {
    let mut lag = Lag { samples: Latencies::new()?, unseen: 0 };
    while let Some(command) = acknowledged.recv().await {
        tokio::select! {
            seen = until_seen(&api, &command) => match seen {
                Some(latency) => lag.samples.record(latency),
                None => lag.unseen += 1,
            },
            // An interrupted sample has no value.
            _ = stopping.wait_for(|stopping| *stopping) => break,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopping.wait_for(|stopping| *stopping) => break,
        }
        // This command was acknowledged during the last sample or the pause. The list may have shown it long ago.
        let _too_old = acknowledged.try_recv();
    }
    Ok(lag)
}

async fn until_seen(api: &Api, command: &Acknowledged) -> Option<Duration> {
    let path = format!("/customers/{}/orders", encoded(&command.customer_id));
    while command.at.elapsed() < PATIENCE {
        if api.get(&path, &[]).await.is_ok_and(|page| shows(&page, command)) {
            return Some(command.at.elapsed());
        }
        tokio::time::sleep(INTERVAL).await;
    }
    None
}

fn shows(page: &Value, command: &Acknowledged) -> bool {
    let orders = page.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    orders.iter().any(|order| {
        order.get("orderId").and_then(Value::as_str) == Some(&command.order_id)
            && order.get("version").and_then(Value::as_u64).is_some_and(|version| version >= command.version)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_seen_once_the_list_has_its_version_or_a_later_one() {
        let (customer_id, order_id) = ("c-1".to_owned(), "o-1".to_owned());
        let command = Acknowledged { customer_id, order_id, version: 2, at: Instant::now() };
        let page = |id: &str, version: u64| json!({ "items": [{ "orderId": "o-0", "version": 9 }, { "orderId": id, "version": version }] });
        assert!(shows(&page("o-1", 2), &command) && shows(&page("o-1", 3), &command));
        assert!(!shows(&page("o-1", 1), &command) && !shows(&page("o-2", 2), &command) && !shows(&json!({}), &command));
    }
}
