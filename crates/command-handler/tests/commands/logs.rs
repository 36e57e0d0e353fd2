//! One line a command: enough to find it, and nothing of what was in it.

use std::io;
use std::sync::{Arc, Mutex};

use event_store::{EventStore, StoreError};
use http_api::AuthMode;
use order_store::Orders;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;

use crate::gateway::Call;
use crate::order_life::{cancel, handler, place_order, send};
use crate::stores::{Broken, Counted};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn logged<S: EventStore<Orders>>(store: S, mode: AuthMode, call: &Call) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    send(&handler(store, mode), call).await;
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn an_accepted_command_is_one_line_with_nothing_of_its_content() {
    let call =
        place_order().key("secret-key").header("authorization", "Bearer secret-token").gateway_request_id("gw-1");
    let lines = logged(Counted::default(), AuthMode::None, &call).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("command recorded")));
    assert_eq!((&line["request_id"], &line["outcome"]), (&json!("gw-1"), &json!("recorded")));
    assert_eq!((&line["version"], &line["attempts"]), (&json!(1), &json!(1)));
    assert!(line["order_id"].is_string() && line["duration_ms"].is_u64(), "{line}");
    let text = line.to_string();
    for content in ["secret", "T-shirt", "customer-1001", "1999"] {
        assert!(!text.contains(content), "{content} in {text}");
    }
}

#[tokio::test]
async fn a_refused_command_is_one_line_with_its_code() {
    let lines = logged(Counted::default(), AuthMode::None, &cancel("no-such-order")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("INFO"), &json!("order_not_found")));
    assert_eq!(lines[0]["order_id"], "no-such-order");
}

#[tokio::test]
async fn a_failure_is_one_error_with_everything_that_it_came_from() {
    let out = Broken(|| StoreError::Unavailable { operation: "Query", source: io::Error::other("cable cut").into() });
    let lines = logged(out, AuthMode::None, &cancel("o-1")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("ERROR"), &json!("unavailable")));
    assert_eq!(lines[0]["error"], "Query failed: the store is unavailable: cable cut");
}
