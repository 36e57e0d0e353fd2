//! Pages of the open orders over DynamoDB: every matching order occurs once, in order, and no page exceeds its budget.

use embedded_dynamodb::{EmbeddedDynamoDb, Meter};
use event_store::Timestamp;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use proptest::prelude::*;
use proptest::sample::select;
use read_models::{
    DynamoOpenOrders, DynamoRows, ListFilter, ListedFacts, NewRow, OpenOrderRow, OpenOrders, OrdersByStatus,
    PAGE_HALF_UNITS, RowKey, RowStore, Write,
};
use serde_json::json;

use crate::story::dynamo;

/// The instant 2026-11-21T09:30:00.000Z.
const BEGINNING_MS: i64 = 1_795_253_400_000;

fn instant(second: i64) -> Timestamp {
    Timestamp::from_epoch_ms(BEGINNING_MS + second * 1000).unwrap()
}

/// Returns an open order, placed at that second, with the index key that its status and its number give.
fn row(number: usize, second: i64, status: OrderStatus) -> OpenOrderRow {
    let word = if status.is_closed() { "to_settle" } else { status.as_str() };
    let row = json!({
        "orderId": format!("o-{number:05}"), "customerId": "c-1",
        "status": status, "paymentStatus": "unpaid", "fulfillmentStatus": "unfulfilled", "toShip": false,
        "statusShard": format!("{word}#{}", number % 4),
        "currency": "EUR", "total": 1, "due": 1, "itemReductions": 0, "amountPaid": 0, "amountRefunded": 0,
        "itemCount": 1, "unitsShipped": 0, "unitsReturned": 0, "unitsCancelled": 0, "shipmentsUnderWay": 0,
        "cancelled": false,
        "placedAt": instant(second), "lastUpdated": instant(second), "version": 1,
    });
    serde_json::from_value(row).unwrap()
}

struct List {
    server: EmbeddedDynamoDb,
    orders: DynamoOpenOrders,
    meter: Meter,
}

impl List {
    async fn of(rows: &[OpenOrderRow]) -> Self {
        let server = dynamo().await;
        let (client, meter) = server.metered_client();
        let list = Self { orders: DynamoOpenOrders::new(client, "OrdersByStatus"), server, meter };
        list.put(rows).await;
        list
    }

    async fn put(&self, rows: &[OpenOrderRow]) {
        let store = DynamoRows::new(self.server.client(), "OrdersByStatus");
        let new = rows.iter().map(|row| NewRow {
            key: RowKey { partition: row.order_id.clone(), sort: row.sort_key() },
            version: row.version,
            position: row.version,
            row: row.clone(),
        });
        let written = RowStore::<OrdersByStatus>::write(&store, &new.collect::<Vec<_>>(), None).await;
        assert!(written.into_iter().all(|written| written.unwrap() == Write::Written));
    }

    /// Returns all pages, and asserts that each keeps within its budget.
    async fn pages(&self, filter: &ListFilter, limit: usize) -> Vec<Vec<String>> {
        let (mut pages, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.orders.list(filter, limit, after.as_deref()).await.unwrap();
            let consumed = self.meter.take().read_half_units();
            assert_eq!(page.half_units, consumed);
            assert!(consumed <= PAGE_HALF_UNITS, "{consumed} half units");
            assert!(page.rows.len() <= limit);
            pages.push(page.rows.into_iter().map(|row| row.unwrap().order_id).collect());
            assert!(page.next.is_none() || page.next != after, "no progress");
            let Some(next) = page.next else { return pages };
            after = Some(next);
        }
    }
}

fn newest_first(numbers: impl DoubleEndedIterator<Item = usize>) -> Vec<String> {
    numbers.rev().map(|number| format!("o-{number:05}")).collect()
}

fn seconds(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

#[tokio::test]
async fn a_page_of_one_status_reads_four_partitions() {
    let rows: Vec<_> = (0..40).map(|number| row(number, seconds(number), OrderStatus::Paid)).collect();
    let list = List::of(&rows).await;
    let paid = ListFilter { status: Some(OrderStatus::Paid), ..ListFilter::default() };
    let page = list.orders.list(&paid, 20, None).await.unwrap();
    let spent = list.meter.take();
    assert_eq!(page.rows.into_iter().map(|row| row.unwrap().order_id).collect::<Vec<_>>(), newest_first(20..40));
    // Each request reads 8 rows of less than 0.5 KB, which costs a half unit.
    assert_eq!((spent.requests_of("Query"), spent.total_requests(), spent.read_half_units()), (4, 4, 4));
    let all = list.orders.list(&ListFilter::default(), 20, None).await.unwrap();
    assert_eq!(all.rows.len(), 20);
    // Of 28 partitions, the four with orders are read a second time.
    assert_eq!(list.meter.take().requests_of("Query"), 32);
}

#[tokio::test]
async fn a_filter_without_a_match_keeps_each_page_in_its_budget() {
    let rows: Vec<_> = (0..2_000).map(|number| row(number, seconds(number), OrderStatus::Paid)).collect();
    let list = List::of(&rows).await;
    let none = ListFilter { payment_status: Some(PaymentStatus::CreditOwed), ..ListFilter::default() };
    let pages = list.pages(&none, 100).await;
    assert!(pages.iter().all(Vec::is_empty) && pages.len() > 1, "{}", pages.len());
}

#[tokio::test]
async fn rows_of_the_largest_orders_stay_within_a_kilobyte() {
    let most = 2_u64.pow(53) - 1;
    let largest = OpenOrderRow {
        order_id: "o".repeat(64),
        customer_id: "c".repeat(64),
        status: OrderStatus::PartiallyReturned,
        payment_status: PaymentStatus::PartiallyRefunded,
        fulfillment_status: FulfillmentStatus::PartiallyReturned,
        status_shard: Some("partially_returned#3".to_owned()),
        total: most,
        due: most,
        item_reductions: most,
        amount_paid: most,
        amount_refunded: most,
        item_count: 100_000_000,
        units_shipped: 100_000_000,
        units_returned: 100_000_000,
        units_cancelled: 100_000_000,
        shipments_under_way: 100_000,
        reference: Some("\u{1f375}".repeat(64)),
        version: 100_000,
        ..row(0, 0, OrderStatus::Paid)
    };
    let server = dynamo().await;
    let (client, meter) = server.metered_client();
    let key = RowKey { partition: largest.order_id.clone(), sort: largest.sort_key() };
    let new = NewRow { key, version: largest.version, position: largest.version, row: largest };
    let written = RowStore::<OrdersByStatus>::write(&DynamoRows::new(client, "OrdersByStatus"), &[new], None).await;
    assert_eq!(written.into_iter().next().unwrap().unwrap(), Write::Written);
    // One unit for the row, one for its entry in the index.
    assert_eq!(meter.take().write_half_units(), 4);
}

/// An index is eventually consistent, so it can show an order under its old and its new status.
#[tokio::test]
async fn an_order_that_closes_leaves_the_list() {
    let rows: Vec<_> = (0..3).map(|number| row(number, seconds(number), OrderStatus::Shipped)).collect();
    let list = List::of(&rows).await;
    let closed = OpenOrderRow { status: OrderStatus::Delivered, status_shard: None, version: 2, ..rows[1].clone() };
    list.put(&[closed]).await;
    assert_eq!(list.pages(&ListFilter::default(), 20).await, [newest_first([0, 2].into_iter())]);
}

fn any_filter() -> impl Strategy<Value = ListFilter> {
    let second = || proptest::option::of((0..12_i64).prop_map(instant));
    (
        proptest::option::of(select(OrderStatus::ALL)),
        proptest::option::weighted(0.3, select(vec![PaymentStatus::Unpaid, PaymentStatus::Paid])),
        second(),
        second(),
    )
        .prop_map(|(status, payment_status, placed_from, placed_before)| ListFilter {
            status,
            payment_status,
            placed_from,
            placed_before,
            ..ListFilter::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pages_together_are_exactly_the_filtered_list(
        rows in prop::collection::vec((select(OrderStatus::ALL), 0..12_i64, any::<bool>()), 0..60),
        filters in prop::collection::vec((any_filter(), 1..8_usize), 6),
    ) {
        let rows: Vec<_> = (0..).zip(rows).map(|(number, (status, second, paid))| {
            let payment_status = if paid { PaymentStatus::Paid } else { PaymentStatus::Unpaid };
            OpenOrderRow { payment_status, ..row(number, second, status) }
        }).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let list = List::of(&rows).await;
            for (filter, limit) in filters {
                let mut wanted: Vec<_> = rows.iter().filter(|row| filter.admits(&ListedFacts {
                    status: row.status,
                    payment_status: row.payment_status,
                    fulfillment_status: row.fulfillment_status,
                    to_ship: row.to_ship,
                    placed_at: row.placed_at,
                })).collect();
                wanted.sort_by_key(|row| std::cmp::Reverse(row.sort_key()));
                let wanted: Vec<_> = wanted.into_iter().map(|row| row.order_id.clone()).collect();
                prop_assert_eq!(list.pages(&filter, limit).await.concat(), wanted, "{:?}", filter);
            }
            Ok(())
        })?;
    }
}
