//! Pages of a list over DynamoDB: every matching row occurs once, in order, and no page exceeds its budget.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use embedded_dynamodb::{EmbeddedDynamoDb, Meter};
use event_store::Timestamp;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use proptest::prelude::*;
use proptest::sample::select;
use read_models::{
    DynamoSummaries, ListFilter, ListedFacts, OrderSummaries, OrderSummaryRow, PAGE_HALF_UNITS, SummaryItem,
};
use serde_json::json;

use crate::story::{SUMMARY_TABLE, dynamo};

/// The instant 2026-11-21T09:30:00.000Z.
const BEGINNING_MS: i64 = 1_795_253_400_000;
/// The lines of a row of about 0.5, 12 and 115 KB.
const SIZES: [Size; 3] = [Size { lines: 1, name: 4 }, Size { lines: 100, name: 20 }, LARGEST];
/// The largest order that the domain allows.
const LARGEST: Size = Size { lines: 100, name: 256 };

#[derive(Debug, Clone, Copy)]
struct Size {
    lines: usize,
    name: usize,
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_epoch_ms(BEGINNING_MS + second * 1000).unwrap()
}

/// Returns an order placed at that second.
fn row(number: usize, second: i64, size: Size) -> OrderSummaryRow {
    let items = (0..size.lines).map(|line| SummaryItem {
        sku: format!("{line:0>64}"),
        name: Some("\u{1f375}".repeat(size.name)),
        quantity: 1_000_000,
        unit_price: 1,
        shipped: 0,
        returned: 0,
        cancelled: 0,
    });
    let row = json!({
        "orderId": format!("o-{number:05}"), "customerId": "c-1",
        "status": "placed", "paymentStatus": "unpaid", "fulfillmentStatus": "unfulfilled",
        "currency": "EUR", "total": 1, "due": 1, "amountPaid": 0, "amountRefunded": 0, "itemCount": 1, "toShip": false,
        "items": [], "shipmentsUnderWay": 0,
        "placedAt": instant(second), "lastUpdated": instant(second), "version": 1,
    });
    OrderSummaryRow { items: items.collect(), ..serde_json::from_value(row).unwrap() }
}

struct List {
    server: EmbeddedDynamoDb,
    summaries: DynamoSummaries,
    meter: Meter,
    /// The largest consumption of a page, in half units.
    budget: u64,
}

impl List {
    /// Stores a list of these rows, each with its attribute `toShip`.
    async fn of(rows: &[(OrderSummaryRow, bool)]) -> Self {
        let server = dynamo().await;
        let (client, meter) = server.metered_client();
        let summaries = DynamoSummaries::new(client, SUMMARY_TABLE);
        let list = Self { summaries, server, meter, budget: PAGE_HALF_UNITS };
        for chunk in rows.chunks(25) {
            let puts = chunk.iter().map(|(row, to_ship)| put(row, *to_ship)).collect();
            let written = list.server.client().batch_write_item().request_items(SUMMARY_TABLE, puts).send().await;
            assert!(written.unwrap().unprocessed_items.unwrap_or_default().is_empty());
        }
        list
    }

    /// Stores `count` orders of one size, newest last.
    async fn of_size(count: usize, size: Size) -> Self {
        let rows = (0..count).map(|number| (row(number, i64::try_from(number).unwrap(), size), false));
        Self::of(&rows.collect::<Vec<_>>()).await
    }

    /// Returns a page, and asserts that it keeps within its budget.
    async fn page(&self, filter: &ListFilter, limit: usize, after: Option<&str>) -> (Vec<String>, Option<String>) {
        let page = self.summaries.list("c-1", filter, limit, after).await.unwrap();
        let consumed = self.meter.take().read_half_units();
        assert_eq!(page.half_units, consumed);
        assert!(consumed <= self.budget, "{consumed} half units");
        assert!(page.rows.len() <= limit);
        (page.rows.into_iter().map(|row| row.unwrap().order_id).collect(), page.next)
    }

    /// Returns all pages.
    async fn pages(&self, filter: &ListFilter, limit: usize) -> Vec<Vec<String>> {
        let (mut pages, mut after) = (Vec::new(), None::<String>);
        loop {
            let (page, next) = self.page(filter, limit, after.as_deref()).await;
            pages.push(page);
            assert!(next.is_none() || next != after, "no progress");
            let Some(next) = next else { return pages };
            after = Some(next);
        }
    }
}

fn put(row: &OrderSummaryRow, to_ship: bool) -> WriteRequest {
    let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(row).unwrap();
    item.insert("placedAtOrderId".to_owned(), AttributeValue::S(row.sort_key()));
    item.insert("toShip".to_owned(), AttributeValue::Bool(to_ship));
    WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(item)).build().unwrap()).build()
}

fn of_status(status: OrderStatus) -> ListFilter {
    ListFilter { status: Some(status), ..ListFilter::default() }
}

fn newest_first(count: usize) -> Vec<String> {
    (0..count).rev().map(|number| format!("o-{number:05}")).collect()
}

#[tokio::test]
async fn a_filter_without_a_match_costs_at_most_64_units_a_page() {
    let list = List::of_size(3_000, SIZES[0]).await;
    let none = list.pages(&of_status(OrderStatus::Cancelled), 20).await;
    assert!(none.iter().all(Vec::is_empty));
    // 500 KB contain at least 1,000 rows of at most 0.5 KB; the reserve costs a quarter of them.
    assert_eq!(none.len(), 4);
    let large = List::of_size(30, LARGEST).await;
    assert_eq!(large.pages(&of_status(OrderStatus::Cancelled), 20).await, vec![Vec::<String>::new(); 8]);
}

#[tokio::test]
async fn a_page_of_rows_of_any_size_costs_at_most_64_units() {
    for (size, count) in SIZES.into_iter().zip([300, 130, 18]) {
        let list = List::of_size(count, size).await;
        for filter in [ListFilter::default(), of_status(OrderStatus::Placed)] {
            let pages = list.pages(&filter, 100).await;
            assert_eq!(pages.concat(), newest_first(count), "{size:?} {filter:?}");
            assert!(pages.iter().all(|page| !page.is_empty()), "{size:?} {filter:?}");
        }
    }
}

#[tokio::test]
async fn one_large_row_among_small_ones_keeps_a_page_in_its_budget() {
    for nth in 2..=8 {
        let size = |number: usize| if number.is_multiple_of(nth) { LARGEST } else { SIZES[0] };
        let rows: Vec<_> =
            (0..40).map(|number| (row(number, i64::try_from(number).unwrap(), size(number)), false)).collect();
        let list = List::of(&rows).await;
        assert_eq!(list.pages(&ListFilter::default(), 100).await.concat(), newest_first(40), "every {nth}.");
    }
}

#[tokio::test]
async fn the_last_page_has_no_cursor_also_at_multiples_of_the_limit() {
    let list = List::of_size(4, SIZES[0]).await;
    let all = ListFilter { placed_from: Some(instant(0)), placed_before: Some(instant(4)), ..ListFilter::default() };
    for filter in [ListFilter::default(), of_status(OrderStatus::Placed), all] {
        for (limit, sizes) in [(1, vec![1; 4]), (2, vec![2, 2]), (3, vec![3, 1]), (4, vec![4]), (100, vec![4])] {
            let pages = list.pages(&filter, limit).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{filter:?}");
        }
    }
}

/// Only the newest of 1,000 rows match, so all other rows are examined to find out that no more match.
#[tokio::test]
async fn rows_examined_after_the_last_match_are_not_examined_again() {
    let rows: Vec<_> = (0..2_000)
        .map(|number| {
            let status = if number == 1_999 || number < 2 { OrderStatus::Cancelled } else { OrderStatus::Placed };
            (OrderSummaryRow { status, ..row(number, i64::try_from(number).unwrap(), SIZES[0]) }, false)
        })
        .collect();
    let list = List::of(&rows).await;
    let pages = list.pages(&of_status(OrderStatus::Cancelled), 1).await;
    assert_eq!(pages.iter().filter(|page| !page.is_empty()).count(), 3);
    assert!(pages.len() <= 5, "{pages:?}");
}

#[tokio::test]
async fn the_start_of_a_range_is_in_it_and_the_end_is_not() {
    let list = List::of_size(6, SIZES[0]).await;
    let range = |from: Option<i64>, before: Option<i64>| ListFilter {
        placed_from: from.map(instant),
        placed_before: before.map(instant),
        ..ListFilter::default()
    };
    for (from, before, numbers) in [
        (Some(2), None, 2..6),
        (None, Some(2), 0..2),
        (Some(2), Some(4), 2..4),
        (Some(3), Some(3), 0..0),
        (Some(4), Some(2), 0..0),
        (Some(6), None, 0..0),
    ] {
        let wanted: Vec<_> = numbers.rev().map(|number: usize| format!("o-{number:05}")).collect();
        assert_eq!(list.pages(&range(from, before), 2).await.concat(), wanted, "{from:?} {before:?}");
    }
    // Rows outside the range cost nothing.
    list.page(&range(Some(4), Some(2)), 20, None).await;
    let page = list.summaries.list("c-1", &range(Some(5), None), 20, None).await.unwrap();
    assert_eq!((page.rows.len(), page.half_units), (1, 1));
}

/// The check in a cursor has no key, so a caller can name any position.
#[tokio::test]
async fn a_position_outside_the_range_is_no_error() {
    let list = List::of_size(6, SIZES[0]).await;
    let filter = ListFilter { placed_from: Some(instant(2)), placed_before: Some(instant(4)), ..ListFilter::default() };
    let at = |second: i64| format!("{}#o-x", instant(second));
    for (after, wanted) in [(at(9), 2), (at(4), 2), (at(3), 2), (at(2), 1), (at(1), 0)] {
        let (orders, next) = list.page(&filter, 20, Some(&after)).await;
        assert_eq!((orders.len(), next), (wanted, None), "{after}");
    }
}

fn any_filter() -> impl Strategy<Value = ListFilter> {
    let second = || proptest::option::of((0..12_i64).prop_map(instant));
    (
        proptest::option::of(select(vec![OrderStatus::Placed, OrderStatus::Paid])),
        proptest::option::weighted(0.2, select(vec![PaymentStatus::Unpaid, PaymentStatus::Paid])),
        proptest::option::weighted(0.2, select(vec![FulfillmentStatus::Unfulfilled, FulfillmentStatus::Shipped])),
        proptest::option::weighted(0.2, any::<bool>()),
        second(),
        second(),
    )
        .prop_map(|(status, payment_status, fulfillment_status, to_ship, placed_from, placed_before)| ListFilter {
            status,
            payment_status,
            fulfillment_status,
            to_ship,
            placed_from,
            placed_before,
        })
}

fn any_row() -> impl Strategy<Value = (OrderSummaryRow, bool)> {
    let size = prop_oneof![8 => Just(SIZES[0]), 3 => Just(SIZES[1]), 1 => Just(LARGEST)];
    (size, 0..12_i64, any::<[bool; 3]>(), any::<bool>()).prop_map(
        |(size, second, [paid, settled, shipped], to_ship)| {
            let status = if paid { OrderStatus::Paid } else { OrderStatus::Placed };
            let payment_status = if settled { PaymentStatus::Paid } else { PaymentStatus::Unpaid };
            let fulfillment_status = if shipped { FulfillmentStatus::Shipped } else { FulfillmentStatus::Unfulfilled };
            (OrderSummaryRow { status, payment_status, fulfillment_status, ..row(0, second, size) }, to_ship)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pages_together_are_exactly_the_filtered_list(
        rows in prop::collection::vec(any_row(), 0..40),
        filters in prop::collection::vec((any_filter(), 1..8_usize), 6),
    ) {
        let rows: Vec<_> = (0..).zip(rows).map(|(number, (row, to_ship))| {
            (OrderSummaryRow { order_id: format!("o-{number:05}"), ..row }, to_ship)
        }).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // Five of the largest orders may follow four small ones: one request of 1 MB.
            let list = List { budget: PAGE_HALF_UNITS + 256, ..List::of(&rows).await };
            for (filter, limit) in filters {
                let admitted = |row: &OrderSummaryRow, to_ship: bool| filter.admits(&ListedFacts {
                    status: row.status,
                    payment_status: row.payment_status,
                    fulfillment_status: row.fulfillment_status,
                    to_ship,
                    placed_at: row.placed_at,
                });
                let mut wanted: Vec<_> = rows.iter().filter(|(row, to_ship)| admitted(row, *to_ship)).collect();
                wanted.sort_by_key(|(row, _)| std::cmp::Reverse(row.sort_key()));
                let wanted: Vec<_> = wanted.into_iter().map(|(row, _)| row.order_id.clone()).collect();
                prop_assert_eq!(list.pages(&filter, limit).await.concat(), wanted, "{:?}", filter);
            }
            Ok(())
        })?;
    }
}
