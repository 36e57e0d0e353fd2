//! A batch for one projection: a fold that panics, the cost of notes, and the time limits.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_dynamodb::meter::Reading;
use event_store::{EventStore, RecordedEvent};
use order_aggregate::{OrderCommit, Orders};
use order_domain::Event;
use parked_orders::{Consumer, ParkedOrderTable};
use projector::Processor;
use read_models::{
    DynamoRows, FoldError, InMemoryRows, KeyAttributes, OrderSummaryByCustomer, OrderSummaryRow, ProjectedRows,
    Projection, RowImages, RowKey,
};
use stream_consumer::Batch;
use test_support::ledger::Ledger;

use crate::given::{SUMMARY_CONSUMER, SUMMARY_TABLE, batch, pay, place};

const CONSUMER: Consumer = SUMMARY_CONSUMER;

/// The summaries of a release that panics on a payment.
struct Brittle;

impl Projection for Brittle {
    type Aggregate = Orders;
    type Row = OrderSummaryRow;
    const NAME: &'static str = OrderSummaryByCustomer::NAME;
    const NUMBER: u32 = OrderSummaryByCustomer::NUMBER;
    const KEY: KeyAttributes = OrderSummaryByCustomer::KEY;

    fn key(commit: &OrderCommit) -> Result<RowKey, FoldError> {
        assert_ne!(commit.aggregate_id, "o-9", "no key for {}", commit.aggregate_id);
        OrderSummaryByCustomer::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        OrderSummaryByCustomer::aggregate_id(key)
    }

    fn apply(
        row: Option<OrderSummaryRow>,
        recorded: &RecordedEvent<Event>,
        commit: &OrderCommit,
    ) -> Result<OrderSummaryRow, FoldError> {
        if let Event::PaymentReceived(payment) = &recorded.event {
            panic!("{payment:?} of {:?}", commit.tags);
        }
        OrderSummaryByCustomer::apply(row, recorded, commit)
    }
}

/// Creates a processor of a read model.
fn processor<P, S, R>(model: ProjectedRows<P, S, R>, parked: &ParkedOrderTable) -> Processor
where
    P: Projection<Aggregate = Orders>,
    S: EventStore<Orders> + Clone + 'static,
    R: RowImages<P> + Clone + 'static,
{
    Processor::new(Arc::new(model), parked.clone())
}

async fn ledger(orders: &[(&str, usize)]) -> (Ledger, Batch) {
    let ledger = Ledger::new().await;
    for (order, versions) in orders {
        ledger.record(order, place("c-1"), "2026-11-21T09:30:00.123Z").await;
        for part in 2..=*versions {
            ledger.record(order, pay(&format!("p-{part}"), 1), "2026-11-21T09:30:00.123Z").await;
        }
    }
    let batch = stream_consumer::read(batch(&ledger.stream()));
    (ledger, batch)
}

#[tokio::test]
async fn a_panicking_fold_parks_its_order_until_the_next_release() {
    let (ledger, batch) = ledger(&[("o-1", 1), ("o-2", 3), ("o-9", 1)]).await;
    let client = ledger.server.client();
    let parked = ParkedOrderTable::new(client.clone(), "ParkedOrders");
    let rows = InMemoryRows::<Brittle>::default();
    let brittle = processor(ProjectedRows::new(ledger.store.clone(), rows.clone(), SUMMARY_TABLE), &parked);

    assert_eq!(brittle.process(&batch, &ledger.store, 0).await.len(), 0);
    assert_eq!(rows.all().len(), 2, "o-1, and o-2 as it was placed");
    for (order, version, held_up_to) in [("o-2", 2, 3), ("o-9", 1, 1)] {
        let note = parked.find(&CONSUMER, order).await.unwrap().unwrap();
        assert_eq!((note.version, note.held_up_to, note.attempts), (version, held_up_to, 1));
        assert_eq!(note.reason, format!("at version {version} the code panicked"));
    }

    let repaired = ProjectedRows::new(ledger.store.clone(), rows.seen_by::<OrderSummaryByCustomer>(), SUMMARY_TABLE);
    assert_eq!(processor(repaired, &parked).process(&batch, &ledger.store, 0).await.len(), 0);
    assert_eq!((rows.all().len(), parked.page(None).await.unwrap().parked.len()), (3, 0));
}

#[tokio::test]
async fn new_orders_cost_one_query_of_notes_a_batch_and_their_next_commits_none() {
    let ledger = Ledger::new().await;
    let orders: Vec<String> = (0..150).map(|number| format!("o-{number}")).collect();
    for order in &orders {
        ledger.record(order, place("c-1"), "2026-11-21T09:30:00.123Z").await;
    }
    for order in &orders {
        ledger.record(order, pay("p-1", 1), "2026-11-21T09:30:01.123Z").await;
    }
    let (client, meter) = ledger.server.metered_client();
    let parked = ParkedOrderTable::new(client.clone(), "ParkedOrders");
    let rows = DynamoRows::new(client, SUMMARY_TABLE);
    let model = ProjectedRows::<OrderSummaryByCustomer, _, _>::new(ledger.store.clone(), rows, SUMMARY_TABLE);
    let processor = processor(model, &parked);
    let stream = ledger.stream();
    let mut spent: Vec<Reading> = Vec::new();
    for records in [&stream[..150], &stream[150..]] {
        let batch = stream_consumer::read(batch(records));
        assert_eq!(processor.process(&batch, &ledger.store, 0).await.len(), 0);
        spent.push(meter.take());
    }
    let requests = |spent: &Reading| ["Query", "BatchGetItem", "PutItem"].map(|operation| spent.requests_of(operation));
    assert_eq!((requests(&spent[0]), spent[0].total_requests(), spent[0].read_half_units()), ([1, 0, 150], 151, 2));
    // A row that follows costs half a read unit.
    assert_eq!((requests(&spent[1]), spent[1].total_requests(), spent[1].read_half_units()), ([0, 2, 150], 152, 150));
}

#[tokio::test]
async fn at_the_deadline_all_records_are_retried_and_no_order_is_parked() {
    let (ledger, batch) = ledger(&[("o-1", 2), ("o-2", 1)]).await;
    let parked = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    let model = ProjectedRows::new(ledger.store.clone(), InMemoryRows::<Brittle>::default(), SUMMARY_TABLE);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let again = processor(model, &parked).process(&batch, &ledger.store, u64::try_from(now).unwrap()).await;
    assert_eq!(again, batch.delivered.iter().map(|delivered| delivered.id.clone()).collect());
    assert_eq!(parked.page(None).await.unwrap().parked.len(), 0);
}
