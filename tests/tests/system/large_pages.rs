//! Pages of the largest orders, as the real query handler sends them through the Lambda Runtime API.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use http_api::replies::size;
use local_stack::function::MAX_RESPONSE;
use serde_json::{Value, json};
use system_tests::System;

/// The largest order that the domain allows: 100 lines, with names of 256 characters of four bytes.
fn largest_order() -> Value {
    let line = |number: usize| json!({ "sku": format!("{number:0>64}"), "name": "\u{1f375}".repeat(256), "quantity": 1_000_000, "unitPrice": 1 });
    let items: Vec<_> = (0..100).map(line).collect();
    json!({ "customerId": "anna", "currency": "EUR", "items": items })
}

/// The bytes of a reply as the function's response to Lambda, in which the body is a JSON string.
fn response_bytes(body: &str) -> usize {
    json!({ "statusCode": 200, "headers": {}, "body": body }).to_string().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_largest_orders_is_one_that_lambda_takes() {
    assert_eq!(size::MAX_RESPONSE, MAX_RESPONSE);
    let system = System::start_with_binaries().await;
    let placing = (0..100).map(|_| async { system.api.post("/orders", largest_order()).await.expect(201) });
    let placed = stream::iter(placing).buffer_unordered(4).map(|reply| Ok::<_, ()>(order_id(&reply.body)));
    let placed: BTreeSet<String> = placed.try_collect().await.unwrap();
    assert_eq!(placed.len(), 100);
    system.drained().await;

    let (mut listed, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = system.api.get(&format!("/customers/anna/orders?limit=100{cursor}")).await.expect(200);
        let bytes = response_bytes(&page.text);
        assert!(bytes < MAX_RESPONSE, "a page of {bytes} bytes");
        let orders = page.body["items"].as_array().unwrap();
        // The budget ends a page after four of them, the last four too: then one empty page says that nothing follows.
        assert_eq!(orders.is_empty(), page.body["nextCursor"].is_null(), "a page without an order");
        listed.extend(orders.iter().map(order_id));
        pages += 1;
        let Some(next) = page.body["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(pages > 1, "no page ended before its limit");
    assert_eq!(listed.len(), 100);
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), placed);
}

fn order_id(order: &Value) -> String {
    order["orderId"].as_str().unwrap().to_owned()
}
