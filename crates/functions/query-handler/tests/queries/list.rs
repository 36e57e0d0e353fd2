//! A customer's list.

use http_api::cursor;
use test_support::gateway::Reply;

use crate::given::{Ledger, list_orders};

async fn with_orders(count: usize) -> (Ledger, Vec<String>) {
    let ledger = Ledger::empty().await;
    let mut placed = Vec::new();
    for index in 0..count {
        let order_id = ledger.place("customer-1001", &format!("key-{index}")).await;
        ledger.project(&order_id, 1).await;
        placed.push(order_id);
    }
    (ledger, placed)
}

fn order_ids(reply: &Reply) -> Vec<String> {
    let page = reply.json();
    page["items"].as_array().unwrap().iter().map(|order| order["orderId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_newest_first_and_has_only_the_customer_s_orders() {
    let (ledger, mut placed) = with_orders(3).await;
    let other = ledger.place("customer-2002", "key-other").await;
    ledger.project(&other, 1).await;
    let reply = ledger.ask(&list_orders("customer-1001")).await;
    placed.reverse();
    assert_eq!(reply.status, 200);
    assert_eq!(order_ids(&reply), placed);
    assert_eq!(reply.json().get("nextCursor"), None);
}

#[tokio::test]
async fn pages_hold_every_order_once() {
    let (ledger, mut placed) = with_orders(25).await;
    let (mut seen, mut query, mut sizes) = (Vec::new(), "limit=10".to_owned(), Vec::new());
    loop {
        let reply = ledger.ask(&list_orders("customer-1001").query(&query)).await;
        let page = order_ids(&reply);
        sizes.push(page.len());
        seen.extend(page);
        let Some(next) = reply.json()["nextCursor"].as_str().map(str::to_owned) else { break };
        query = format!("limit=10&cursor={next}");
    }
    placed.reverse();
    assert_eq!((seen, sizes), (placed, vec![10, 10, 5]));
}

#[tokio::test]
async fn without_a_limit_a_page_is_twenty() {
    let (ledger, _) = with_orders(21).await;
    let reply = ledger.ask(&list_orders("customer-1001")).await;
    assert_eq!(order_ids(&reply).len(), 20);
    assert!(reply.json()["nextCursor"].is_string());
}

#[tokio::test]
async fn a_status_filters_the_list() {
    let (ledger, placed) = with_orders(2).await;
    let of_status = async |status: &str| {
        order_ids(&ledger.ask(&list_orders("customer-1001").query(&format!("status={status}"))).await).len()
    };
    assert_eq!((of_status("placed").await, of_status("cancelled").await), (placed.len(), 0));
}

#[tokio::test]
async fn filters_can_be_combined_and_are_carried_by_the_cursor() {
    let (ledger, placed) = with_orders(5).await;
    let from = ledger.commits(&placed[1]).await[0].recorded_at;
    let to = ledger.commits(&placed[4]).await[0].recorded_at;
    let filters = format!("status=placed&paymentStatus=unpaid&fulfillmentStatus=unfulfilled&from={from}&to={to}");
    let page = async |query: &str| ledger.ask(&list_orders("customer-1001").query(query)).await;
    let first = page(&format!("{filters}&limit=2")).await;
    let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
    let second = page(&format!("{filters}&limit=2&cursor={cursor}")).await;
    let listed = [order_ids(&first), order_ids(&second)].concat();
    assert_eq!(listed, [3, 2, 1].map(|number| placed[number].clone()));
    assert_eq!(second.json().get("nextCursor"), None);
    for other in ["paymentStatus=paid", "fulfillmentStatus=shipped", "from=2100-01-01T00:00:00Z", "toShip=true"] {
        assert_eq!(order_ids(&page(other).await), Vec::<String>::new(), "{other}");
        assert_eq!(page(&format!("{other}&cursor={cursor}")).await.json()["errors"][0]["code"], "bad_cursor");
    }
}

#[tokio::test]
async fn a_range_may_lie_beyond_every_instant_that_is_stored() {
    let (ledger, placed) = with_orders(1).await;
    for (query, count) in [
        ("from=0001-01-01T00:00:00Z", 1),
        ("to=0001-01-01T00:00:00Z", 0),
        ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59.999Z", 1),
        ("from=9999-12-31T23:59:59.999Z", 0),
    ] {
        let reply = ledger.ask(&list_orders("customer-1001").query(query)).await;
        assert_eq!(order_ids(&reply), placed[..count], "{query}");
    }
}

#[tokio::test]
async fn the_last_page_has_no_cursor_at_an_exact_multiple_of_the_limit() {
    let (ledger, _) = with_orders(4).await;
    for filter in ["", "status=placed"] {
        let first = ledger.ask(&list_orders("customer-1001").query(&format!("limit=2&{filter}"))).await;
        let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
        let query = format!("limit=2&cursor={cursor}&{filter}");
        let second = ledger.ask(&list_orders("customer-1001").query(&query)).await;
        assert_eq!((order_ids(&second).len(), second.json().get("nextCursor")), (2, None), "{filter}");
    }
}

#[tokio::test]
async fn an_unknown_customer_has_an_empty_list() {
    let reply = Ledger::empty().await.ask(&list_orders("customer-9")).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"items":[]}"#));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let (ledger, _) = with_orders(2).await;
    let first = ledger.ask(&list_orders("customer-1001").query("limit=1")).await;
    let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
    let mut altered = cursor.clone();
    altered.replace_range(3..4, if &cursor[3..4] == "A" { "B" } else { "A" });
    let refused = [
        list_orders("customer-1001").query(&format!("cursor={altered}")),
        list_orders("customer-1001").query(&format!("status=placed&cursor={cursor}")),
        list_orders("customer-2002").query(&format!("cursor={cursor}")),
        list_orders("customer-1001").query("cursor="),
        list_orders("customer-1001").query("cursor=%00%F0%9F%92%A5"),
    ];
    for call in refused {
        let reply = ledger.ask(&call).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()));
        assert_eq!(reply.json()["errors"][0]["code"], "bad_cursor");
    }
    assert_eq!(ledger.ask(&list_orders("customer-1001").query(&format!("cursor={cursor}"))).await.status, 200);
}

/// The check value in a cursor has no key, so a caller can compute one. The position in the cursor must still be valid.
#[tokio::test]
async fn a_forged_cursor_is_refused_where_no_row_could_stand() {
    let (ledger, placed) = with_orders(1).await;
    let long = format!("2026-11-21T09:30:00.000Z#{}", "a".repeat(2000));
    let after_order = format!("2026-11-21#{}", placed[0]);
    let padded = format!("2026-11-21T09:30:00Z#{}", placed[0]);
    for position in
        ["", "#", "x", "2026-11-21T09:30:00.000Z#", "2026-11-21T09:30:00.000Z", &long, &after_order, &padded]
    {
        let forged = cursor::encode("orders", &["customer-1001", ""], position);
        let reply = ledger.ask(&list_orders("customer-1001").query(&format!("cursor={forged}"))).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{position:.60}");
        assert_eq!(reply.json()["errors"][0]["code"], "bad_cursor");
    }
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_refused() {
    let ledger = Ledger::empty().await;
    for query in ["limit=0", "limit=101", "limit=ten", "limit=", "status=lost", "status=Placed", "toShip=yes", "page=2"]
    {
        let reply = ledger.ask(&list_orders("customer-1001").query(query)).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{query}");
    }
    let all = ledger.ask(&list_orders("customer#1").query("limit=0&status=lost&page=2")).await;
    assert_eq!(all.json()["errors"].as_array().unwrap().len(), 4, "{}", all.body);
}
