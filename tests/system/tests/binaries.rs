//! The real function binaries, driven through the Lambda Runtime API.

use crate::{journeys, publication};
use system_tests::System;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_binaries_carry_an_order_through_its_whole_life() {
    let system = System::start_with_binaries().await;
    journeys::whole_life(&system).await;
    publication::the_published_life_is_the_recorded_one(&system).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_binaries_answer_what_cannot_be_read_with_a_problem() {
    let system = System::start_with_binaries().await;
    let reply = system.api.post_raw("/orders", "{\"customerId\":").await.expect_problem(400, "invalid_request");
    assert_eq!(reply.body["errors"][0]["code"], "malformed_json");
    system.api.get("/orders/no-such-order").await.expect_problem(404, "order_not_found");
    assert_eq!(system.commits(), 0);
}
