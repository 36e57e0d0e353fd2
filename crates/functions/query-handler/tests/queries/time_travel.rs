//! One order at an earlier version or time.

use event_store::Timestamp;
use http_api::AuthMode;

use crate::given::{Ledger, ask, get_order};

#[tokio::test]
async fn every_version_is_there_for_ever() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 5).await;
    let statuses = ["placed", "partially_paid", "paid", "shipped", "delivered"];
    for (commit, status) in ledger.commits(&order_id).await.iter().zip(statuses) {
        let version = commit.version;
        let reply = ledger.ask(&get_order(&order_id).query(&format!("version={version}"))).await;
        let order = reply.json();
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("etag"), Some(format!("\"{version}\"").as_str()));
        assert_eq!((&order["version"], &order["status"]), (&version.into(), &status.into()));
        assert_eq!(order["asOf"], commit.recorded_at.to_string());
        assert_eq!(order["lastUpdated"], commit.recorded_at.to_string());
    }
}

#[tokio::test]
async fn a_version_not_reached_is_404_with_the_current_one() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for version in ["6", "9007199254740991"] {
        let reply = ledger.ask(&get_order(&order_id).query(&format!("version={version}"))).await;
        assert_eq!(reply.problem(), (404, "version_not_reached".to_owned()));
        assert_eq!(reply.json()["currentVersion"], 5);
    }
}

/// Only callers who may see the order receive a separate code. To others, it would reveal that the order exists.
#[tokio::test]
async fn a_point_not_reached_tells_strangers_nothing() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let handler = ledger.handler(AuthMode::Jwt);
    let points = ["version=1", "version=99", "asOf=1970-01-01T00:00:00Z", "asOf=2100-01-01T00:00:00Z"];
    for query in points {
        let of = async |order_id: &str, customer: &str| {
            let call = get_order(order_id).query(query).token_of(customer, "orders:read");
            ask(&handler, &call.gateway_request_id("gw-1")).await
        };
        let not_theirs = of(&order_id, "customer-2002").await;
        assert_eq!(not_theirs.problem(), (404, "order_not_found".to_owned()), "{query}");
        assert_eq!(not_theirs, of("no-such-order", "customer-2002").await, "{query}");
        assert_ne!(not_theirs, of(&order_id, "customer-1001").await, "{query}");
    }
}

#[tokio::test]
async fn as_of_returns_the_order_as_recorded_at_that_instant() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for commit in ledger.commits(&order_id).await {
        let at = commit.recorded_at;
        let before = Timestamp::from_epoch_ms(at.epoch_ms() - 1).unwrap();
        let reply = ledger.ask(&get_order(&order_id).query(&format!("asOf={at}"))).await;
        assert_eq!((&reply.json()["version"], &reply.json()["asOf"]), (&commit.version.into(), &at.to_string().into()));
        let reply = ledger.ask(&get_order(&order_id).query(&format!("asOf={before}"))).await;
        if commit.version == 1 {
            assert_eq!(reply.problem(), (404, "not_placed_yet".to_owned()));
            assert_eq!(reply.json()["placedAt"], at.to_string());
        } else {
            assert_eq!(reply.json()["version"], commit.version - 1);
        }
    }
}

#[tokio::test]
async fn an_instant_is_read_in_any_offset_and_beyond_any_event() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for (as_of, status) in [
        ("2100-01-01T02:00:00%2B02:00", 200),
        ("2100-01-01T02:00:00-23:59", 200),
        ("9999-12-30T22:00:01Z", 200),
        ("9999-12-31T23:59:59Z", 200),
        ("9999-12-31T23:59:59.999Z", 200),
        ("1970-01-01T00:00:00Z", 404),
        ("0001-01-01T00:00:00Z", 404),
        ("0000-01-01T00:00:00Z", 400),
        ("0001-01-01T00:00:00%2B00:01", 400),
        ("9999-12-31T23:59:59-00:01", 400),
        ("2026-11-21T09:30:60Z", 400),
        ("2100-01-01T00:00:00%2B24:00", 400),
        ("2100-01-01T00:00:00-25:59", 400),
        ("2100-01-01T00:00:00+02:00", 400),
    ] {
        let reply = ledger.ask(&get_order(&order_id).query(&format!("asOf={as_of}"))).await;
        assert_eq!(reply.status, status, "{as_of}: {}", reply.body);
        // An unescaped + arrives as a space.
        assert_eq!(reply.body.contains("%2B"), as_of.contains('+'), "{as_of}: {}", reply.body);
    }
}
