//! One order by a consistent read of its events.

use crate::given::{Ledger, SUMMARY_CONSUMER, get_order};

#[tokio::test]
async fn a_consistent_read_shows_every_event_whatever_the_row_shows() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for projected in [0, 2, 5] {
        if projected > 0 {
            ledger.project(&order_id, projected).await;
        }
        let get = |query| get_order(&order_id).query(query).header("x-correlation-id", "same");
        let reply = ledger.ask(&get("consistent=true")).await;
        assert_eq!((reply.status, reply.header("etag")), (200, Some("\"5\"")), "{projected}");
        assert_eq!(reply, ledger.ask(&get("minVersion=5")).await);
    }
}

#[tokio::test]
async fn consistent_false_is_as_if_it_were_not_given() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 2).await;
    let get = || get_order(&order_id).header("x-correlation-id", "same");
    let plain = ledger.ask(&get()).await;
    assert_eq!(plain.json()["version"], 2);
    assert_eq!(plain, ledger.ask(&get().query("consistent=false")).await);
}

#[tokio::test]
async fn a_consistent_read_of_a_parked_order_is_not_stale() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 2).await;
    ledger.park(&SUMMARY_CONSUMER, "customer-1001", &order_id, 3).await;
    assert_eq!(ledger.ask(&get_order(&order_id)).await.json()["stale"], true);
    for query in ["consistent=true", "include=details"] {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!((reply.json().get("stale"), reply.header("etag")), (None, Some("\"5\"")), "{query}");
    }
}

#[tokio::test]
async fn a_consistent_read_of_a_known_version_is_a_304() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for query in ["consistent=true", "include=details", "consistent=true&include=details"] {
        let ask = async |tag: &str| ledger.ask(&get_order(&order_id).query(query).header("if-none-match", tag)).await;
        let known = ask("\"5\"").await;
        assert_eq!((known.status, known.body.as_str(), known.header("etag")), (304, "", Some("\"5\"")), "{query}");
        assert_eq!(ask("\"4\"").await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn an_unknown_order_is_not_found_by_a_consistent_read() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for query in ["consistent=true", "include=details", "version=1&include=details"] {
        let reply = ledger.ask(&get_order("no-such-order").query(query)).await;
        assert_eq!(reply.problem(), (404, "order_not_found".to_owned()), "{query}");
    }
    for query in ["minVersion=1", "version=1", "asOf=2026-11-21T09:30:00Z"] {
        let reply = ledger.ask(&get_order(&order_id).query(&format!("consistent=true&{query}"))).await;
        assert_eq!(reply.json()["errors"][0]["code"], "conflicting_parameters", "{query}");
    }
}
