//! An order whose history exceeds the megabyte that one DynamoDB query returns.

use serde_json::json;
use system_tests::System;

use crate::lists::all_pages;

#[tokio::test]
async fn an_order_with_a_megabyte_of_history_loads_decides_and_projects() {
    let system = System::start().await;
    let api = &system.api;
    let sku = |number| format!("{}-{number:03}", "s".repeat(60));
    let items: Vec<_> = (0..100)
        .map(|number| json!({ "sku": sku(number), "name": "ж".repeat(256), "quantity": 1_000_000, "unitPrice": 1 }))
        .collect();
    let placed =
        api.post("/orders", json!({ "customerId": "anna", "currency": "EUR", "items": items })).await.expect(201);
    let order = placed.body["orderId"].as_str().unwrap();
    api.pay(order, "pay-1", 100_000_000).await.expect(201);

    let mut bytes = 0;
    let mut shipments = 0;
    while bytes < 1_100_000 {
        let items: Vec<_> = (0..100).map(|number| json!({ "sku": sku(number), "quantity": 7 })).collect();
        let body = json!({ "shipmentId": format!("ship-{shipments}"), "items": items });
        bytes += body.to_string().len();
        shipments += 1;
        let shipped = api.post(&format!("/orders/{order}/shipments"), body).await.expect(201);
        assert_eq!(shipped.version(), shipments + 2);
    }

    system.drained().await;
    let row = api.get(&format!("/orders/{order}")).await.expect(200).body;
    assert_eq!((&row["version"], &row["items"][99]["shipped"]), (&json!(shipments + 2), &json!(shipments * 7)));
    let first = api.get(&format!("/orders/{order}?version=1")).await.expect(200).body;
    assert_eq!(first["items"][99]["shipped"], 0);
    let events = all_pages(api, &format!("/orders/{order}/events"), 100).await;
    assert_eq!(u64::try_from(events.len()).unwrap(), shipments + 2);
    let too_many =
        api.ship(order, "too-many", &[(&sku(0), 1_000_000)]).await.expect_problem(409, "quantity_exceeds_shippable");
    assert!(too_many.text.contains(&(shipments * 7).to_string()), "{}", too_many.text);
}
