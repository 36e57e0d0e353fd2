//! A customer's orders, page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Api, System};

/// Returns the entries of all pages of a list.
pub(crate) async fn all_pages(api: &Api, path: &str, limit: usize) -> Vec<Value> {
    let mut orders = Vec::new();
    let mut cursor = String::new();
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = api.get(&format!("{path}{join}limit={limit}{cursor}")).await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        orders.extend(items.iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return orders,
        }
    }
}

#[tokio::test]
async fn all_of_250_orders_are_listed_once_newest_first() {
    let system = System::start().await;
    let mut placed = BTreeSet::new();
    for number in 0..250 {
        let order = system.api.place("anna").await;
        if number % 5 == 0 {
            system.api.pay(&order, "pay-1", 5_000).await.expect(201);
        }
        placed.insert(order);
    }
    system.api.place("bert").await;
    system.drained().await;

    for limit in [7, 100] {
        let orders = all_pages(&system.api, "/customers/anna/orders", limit).await;
        assert_eq!(orders.len(), 250);
        let ids: BTreeSet<String> = orders.iter().map(|order| order["orderId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, placed);
        assert!(orders.windows(2).all(|pair| pair[0]["placedAt"].as_str() >= pair[1]["placedAt"].as_str()));
    }
    let paid = all_pages(&system.api, "/customers/anna/orders?status=paid", 20).await;
    assert_eq!(paid.len(), 50);
    assert!(paid.iter().all(|order| order["status"] == "paid"));
    assert_eq!(system.api.get("/customers/without-orders/orders").await.expect(200).body, json!({ "items": [] }));
}

#[tokio::test]
async fn a_cursor_is_bound_to_its_list_and_refused_when_altered() {
    let system = System::start().await;
    for _ in 0..3 {
        system.api.place("anna").await;
        system.api.place("bert").await;
    }
    system.drained().await;
    let page = system.api.get("/customers/anna/orders?limit=2").await.expect(200).body;
    let cursor = page["nextCursor"].as_str().unwrap();
    system.api.get(&format!("/customers/anna/orders?limit=1&cursor={cursor}")).await.expect(200);

    let swapped = if cursor.starts_with('A') { "B" } else { "A" };
    let altered = format!("{swapped}{}", &cursor[1..]);
    for refused in [
        format!("/customers/bert/orders?cursor={cursor}"),
        format!("/customers/anna/orders?status=paid&cursor={cursor}"),
        format!("/customers/anna/orders?cursor={altered}"),
        format!("/customers/anna/orders?cursor={}", &cursor[1..]),
        "/customers/anna/orders?cursor=".to_owned(),
        "/customers/anna/orders?cursor=%00".to_owned(),
    ] {
        let reply = system.api.get(&refused).await.expect_problem(400, "invalid_request");
        assert_eq!(reply.body["errors"][0]["code"], "bad_cursor", "{refused}: {}", reply.text);
    }
}

#[tokio::test]
async fn the_audit_trail_pages_through_every_event_and_says_who_and_why() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let headers = [("idempotency-key", "pay-key"), ("x-correlation-id", "basket-7")];
    let body = json!({ "paymentId": "pay-0", "amount": 10 });
    system.api.post_with(&format!("/orders/{order}/payments"), &headers, body).await.expect(201);
    for number in 1..=23 {
        system.api.pay(&order, &format!("pay-{number}"), 10).await.expect(201);
    }
    let events = all_pages(&system.api, &format!("/orders/{order}/events"), 10).await;
    assert!((1..=25).zip(&events).all(|(version, event)| event["version"] == version));
    assert_eq!(events.len(), 25);
    assert_eq!((&events[1]["requestId"], &events[1]["correlationId"]), (&json!("pay-key"), &json!("basket-7")));
    assert_eq!(events[1]["actor"], "anonymous");
}
