//! An outage of the table of totals: summaries continue, and the tick updates the totals afterwards.

use function_setup::ProjectorConfig;
use parked_orders::{ParkedOrder, ParkedOrderTable};
use projector::Projector;
use read_models::{CurrencyTotals, DynamoSummaries, DynamoTotals, OrderSummaries, Totals};
use serde_json::{Value, json};
use test_support::ledger::Ledger;

use crate::given::{
    SUMMARY_CONSUMER, SUMMARY_TABLE, TOTALS_CONSUMER, config_without_table_of, event, pay, place, projector, retried,
    ship,
};
use crate::items::items_of;

const AT: &str = "2026-11-21T09:30:00.123Z";

/// Creates two orders of a customer, one of which is paid.
async fn ledger() -> Ledger {
    let ledger = Ledger::new().await;
    for (order, command) in [("o-1", place("c-1")), ("o-2", place("c-1")), ("o-1", pay("p-1", 400))] {
        ledger.record(order, command, AT).await;
    }
    ledger
}

/// Creates a projector whose table of totals does not exist.
fn without_totals(ledger: &Ledger) -> Projector {
    let config = config_without_table_of("CustomerTotals");
    Projector::on_dynamo(ledger.server.client(), &config)
}

async fn answer(projector: &Projector, records: &[Value]) -> Value {
    serde_json::to_value(projector.handle(event(records)).await.unwrap()).unwrap()
}

async fn version_of_row(ledger: &Ledger, order: &str) -> Option<u64> {
    let summaries = DynamoSummaries::new(ledger.server.client(), SUMMARY_TABLE);
    summaries.find(order).await.unwrap().map(|row| row.version)
}

async fn note(ledger: &Ledger, order: &str) -> Option<ParkedOrder> {
    ParkedOrderTable::new(ledger.server.client(), "ParkedOrders").find(&TOTALS_CONSUMER, order).await.unwrap()
}

async fn totals(ledger: &Ledger) -> Vec<CurrencyTotals> {
    DynamoTotals::new(ledger.server.client(), "CustomerTotals").of("c-1").await.unwrap()
}

#[tokio::test]
async fn an_outage_of_totals_holds_no_batch_back_and_the_tick_makes_up_for_it() {
    let ledger = ledger().await;
    let out = without_totals(&ledger);
    assert_eq!(answer(&out, &ledger.stream()).await, json!({ "batchItemFailures": [] }));
    assert_eq!((version_of_row(&ledger, "o-1").await, version_of_row(&ledger, "o-2").await), (Some(2), Some(1)));
    let deferred = note(&ledger, "o-1").await.unwrap();
    assert_eq!((deferred.is_deferred, deferred.version, deferred.held_up_to), (true, 1, 2));

    // During the outage, a tick is one more attempt.
    out.tick(0).await;
    assert_eq!(note(&ledger, "o-1").await.map(|note| (note.is_deferred, note.attempts)), Some((true, 2)));

    projector(&ledger.server).tick(0).await;
    assert_eq!((note(&ledger, "o-1").await, note(&ledger, "o-2").await), (None, None));
    let [totals] = &totals(&ledger).await[..] else { panic!("one currency") };
    assert_eq!((totals.orders, totals.gross), (2, 400));
}

#[tokio::test]
async fn an_orders_next_payment_makes_up_for_an_outage_too() {
    let ledger = ledger().await;
    answer(&without_totals(&ledger), &ledger.stream()).await;
    ledger.record("o-1", pay("p-2", 600), AT).await;
    answer(&projector(&ledger.server), &ledger.stream()[3..]).await;
    assert_eq!(note(&ledger, "o-1").await, None);
    assert!(note(&ledger, "o-2").await.is_some());
    assert_eq!(totals(&ledger).await[0].gross, 1000);
}

#[tokio::test]
async fn records_are_retried_if_their_outage_cannot_be_noted() {
    let ledger = ledger().await;
    let config =
        ProjectorConfig { parked_table: "NoSuchTable".to_owned(), ..config_without_table_of("CustomerTotals") };
    let projector = Projector::on_dynamo(ledger.server.client(), &config);
    let stream = ledger.stream();
    assert_eq!(answer(&projector, &stream).await, retried(&stream));
    assert_eq!(version_of_row(&ledger, "o-1").await, Some(2));
}

#[tokio::test]
async fn an_outage_of_summaries_is_retried_and_not_noted() {
    let ledger = ledger().await;
    let config = config_without_table_of(SUMMARY_TABLE);
    let projector = Projector::on_dynamo(ledger.server.client(), &config);
    let stream = ledger.stream();
    assert_eq!(answer(&projector, &stream).await, retried(&stream));
    let notes = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    assert_eq!(notes.find(&SUMMARY_CONSUMER, "o-1").await.unwrap(), None);
    assert_eq!(totals(&ledger).await[0].orders, 2);
}

#[tokio::test]
async fn poison_behind_an_outage_is_parked_by_the_tick() {
    let ledger = ledger().await;
    let mut items = items_of("o-3", "c-1", 2).await;
    ledger.put(&items[0]).await;
    items[1].remove("actor");
    ledger.put(&items[1]).await;
    answer(&without_totals(&ledger), &ledger.stream()).await;
    assert!(note(&ledger, "o-3").await.is_some_and(|note| note.is_deferred && note.version == 1));
    projector(&ledger.server).tick(0).await;
    let parked = note(&ledger, "o-3").await.unwrap();
    assert_eq!((parked.is_deferred, parked.version, parked.held_up_to), (false, 2, 2));
    assert_eq!(totals(&ledger).await[0].orders, 3, "the placing is counted");
}

#[tokio::test]
async fn a_shipment_leaves_deferred_totals_to_the_tick() {
    let ledger = ledger().await;
    ledger.record("o-1", pay("p-2", 600), AT).await;
    answer(&without_totals(&ledger), &ledger.stream()).await;
    ledger.record("o-1", ship(), AT).await;
    let stream = ledger.stream();
    let projector = projector(&ledger.server);
    assert_eq!(answer(&projector, &stream[4..]).await, retried([]));
    assert!(note(&ledger, "o-1").await.is_some(), "a shipment moves no money");
    projector.tick(0).await;
    assert_eq!(note(&ledger, "o-1").await, None);
    assert_eq!(totals(&ledger).await[0].gross, 1000);
}
