//! One order as it was.

use event_store::Timestamp;

use crate::given::{Ledger, get_order};

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
async fn a_version_that_does_not_exist_yet_is_not_found() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for version in ["6", "9007199254740991"] {
        let reply = ledger.ask(&get_order(&order_id).query(&format!("version={version}"))).await;
        assert_eq!(reply.problem(), (404, "order_not_found".to_owned()));
    }
}

#[tokio::test]
async fn at_every_instant_the_order_is_what_had_been_recorded_by_then() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for commit in ledger.commits(&order_id).await {
        let at = commit.recorded_at;
        let before = Timestamp::from_epoch_ms(at.epoch_ms() - 1).unwrap();
        let reply = ledger.ask(&get_order(&order_id).query(&format!("asOf={at}"))).await;
        assert_eq!((&reply.json()["version"], &reply.json()["asOf"]), (&commit.version.into(), &at.to_string().into()));
        let reply = ledger.ask(&get_order(&order_id).query(&format!("asOf={before}"))).await;
        if commit.version == 1 {
            assert_eq!(reply.problem(), (404, "order_not_found".to_owned()));
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
        ("9999-12-30T22:00:00.999Z", 200),
        ("9999-12-31T23:59:59.999Z", 400),
        ("1970-01-01T00:00:00Z", 404),
        ("0001-01-01T00:00:00Z", 404),
        ("0000-01-01T00:00:00Z", 404),
    ] {
        let reply = ledger.ask(&get_order(&order_id).query(&format!("asOf={as_of}"))).await;
        assert_eq!(reply.status, status, "{as_of}: {}", reply.body);
    }
}
