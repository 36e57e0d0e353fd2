//! Pages of the largest orders, as the real query handler returns them through the Lambda Runtime API.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use http_api::replies::size;
use local_stack::function::MAX_RESPONSE;
use serde_json::{Value, json};
use system_tests::System;

/// Returns the largest order that the domain allows, with names made of this character: 100 lines, with names of 256
/// characters.
fn largest_order(customer: &str, character: char) -> Value {
    let name = character.to_string().repeat(256);
    let line =
        |number: usize| json!({ "sku": format!("{number:0>64}"), "name": name, "quantity": 1_000_000, "unitPrice": 1 });
    let items: Vec<_> = (0..100).map(line).collect();
    json!({ "customerId": customer, "currency": "EUR", "items": items })
}

/// Returns the size of a reply as the function's response to Lambda, in which the body is a JSON string.
fn response_bytes(body: &str) -> usize {
    json!({ "statusCode": 200, "headers": {}, "body": body }).to_string().len()
}

/// Places a hundred such orders, and returns their ids.
async fn placed(system: &System, order: &Value) -> BTreeSet<String> {
    let placing = (0..100).map(|_| async { system.api.post("/orders", order.clone()).await.expect(201) });
    let placed = stream::iter(placing).buffer_unordered(4).map(|reply| Ok::<_, ()>(order_id(&reply.body)));
    placed.try_collect().await.unwrap()
}

/// Returns the pages of a customer's list. Asserts that Lambda accepts the size of each.
async fn pages(system: &System, customer: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = system.api.get(&format!("/customers/{customer}/orders?limit=100{cursor}")).await.expect(200);
        let bytes = response_bytes(&page.text);
        assert!(bytes < MAX_RESPONSE, "a page of {bytes} bytes for {customer}");
        pages.push(page.body["items"].as_array().unwrap().iter().map(order_id).collect());
        let Some(next) = page.body["nextCursor"].as_str() else { return pages };
        cursor = format!("&cursor={next}");
    }
}

/// Names with characters of four bytes are the largest in the table, and the reply contains them unchanged. Names of `"`
/// grow most: one byte in the table becomes four in the response, so more of these orders fit in the read units of a page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_largest_orders_is_one_that_lambda_takes() {
    assert_eq!(size::MAX_RESPONSE, MAX_RESPONSE);
    let system = System::start_with_binaries().await;
    for (customer, character) in [("anna", '\u{1f375}'), ("bert", '"')] {
        let placed = placed(&system, &largest_order(customer, character)).await;
        assert_eq!(placed.len(), 100);
        system.drained().await;

        let pages = pages(&system, customer).await;
        let (_last, others) = pages.split_last().unwrap();
        assert!(!others.is_empty(), "no page for {customer} ended before its limit");
        // The read budget can end a page after the last order. Then an empty page follows, which marks the end.
        assert!(others.iter().all(|page| !page.is_empty()), "a page for {customer} without an order");
        let listed = pages.concat();
        assert_eq!(listed.len(), 100, "{customer}");
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), placed, "{customer}");
    }
}

fn order_id(order: &Value) -> String {
    order["orderId"].as_str().unwrap().to_owned()
}
