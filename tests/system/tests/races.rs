//! Many clients that change one order at the same time.

use std::collections::BTreeMap;

use serde_json::json;
use system_tests::{Reply, System};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_racing_clients_leave_no_gap_and_get_correct_replies() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let mut clients = JoinSet::new();
    for client in 0..16 {
        let (api, order) = (system.api.clone(), order.clone());
        clients.spawn(async move {
            let mut replies = Vec::new();
            for number in 0..5 {
                replies.push(api.pay(&order, &format!("pay-{client}-{number}"), 1).await);
            }
            replies
        });
    }
    let replies: Vec<Reply> = clients.join_all().await.into_iter().flatten().collect();

    let mut by_version = BTreeMap::new();
    for reply in &replies {
        match reply.status {
            201 => assert!(by_version.insert(reply.version(), reply).is_none(), "two winners of one version"),
            503 => {
                assert_eq!((reply.body["code"].as_str(), reply.header("retry-after")), (Some("contention"), Some("1")));
            }
            other => panic!("{other}: {}", reply.text),
        }
    }
    let accepted = by_version.len() as u64;
    assert!(accepted >= 16);
    assert_eq!(by_version.keys().copied().collect::<Vec<_>>(), (2..=accepted + 1).collect::<Vec<_>>());

    let trail = system.api.get(&format!("/orders/{order}/events?limit=100")).await.expect(200).body;
    for event in &trail["items"].as_array().unwrap()[1..] {
        let reply = by_version[&event["version"].as_u64().unwrap()];
        assert_eq!(reply.body["events"][0]["eventId"], event["eventId"]);
        assert_eq!(reply.body["events"][0]["data"], event["data"]);
    }
    system.drained().await;
    let row = system.api.get(&format!("/orders/{order}")).await.expect(200).body;
    assert_eq!((&row["version"], &row["amountPaid"]), (&json!(accepted + 1), &json!(accepted)));
}

/// Sends forty payments of one order at once. Returns the number of recorded and of rejected payments; the latter must be
/// retried.
async fn forty_payments(system: &System, order: &str) -> (usize, usize) {
    let mut clients = JoinSet::new();
    for client in 0..40 {
        let (api, order) = (system.api.clone(), order.to_owned());
        clients.spawn(async move { api.pay(&order, &format!("pay-{client}"), 1).await });
    }
    let replies = clients.join_all().await;
    let recorded = replies.iter().filter(|reply| reply.status == 201).count();
    let contended = replies.iter().filter(|reply| reply.status == 503 && reply.body["code"] == "contention");
    let contended = contended.inspect(|reply| assert_eq!(reply.header("retry-after"), Some("1"))).count();
    assert_eq!(recorded + contended, 40, "{replies:#?}");
    (recorded, contended)
}

/// Some webhook senders do not retry after a 4xx, so a payment that lost every race gets a 503.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forty_payments_at_once_are_each_recorded_or_get_503() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let (recorded, _) = forty_payments(&system, &order).await;
    assert_eq!(system.commits(), 1 + recorded);
    let trail = system.api.get(&format!("/orders/{order}/events?limit=100")).await.expect(200).body;
    assert_eq!(trail["items"].as_array().map(Vec::len), Some(1 + recorded));
    // The rejected payments are retried. In the end, each payment is recorded once.
    let mut rounds = 0;
    while system.commits() < 41 {
        rounds += 1;
        assert!(rounds < 40, "at least one payment is recorded in each round");
        for client in 0..40 {
            let reply = system.api.pay(&order, &format!("pay-{client}"), 1).await;
            assert!(matches!(reply.status, 200 | 201 | 503), "{}", reply.text);
        }
    }
    let order = system.api.get(&format!("/orders/{order}?minVersion=41")).await.expect(200).body;
    assert_eq!((&order["version"], &order["amountPaid"]), (&json!(41), &json!(40)));
}

/// Measures the share of forty concurrent payments that is rejected for a retry:
/// `cargo test -p system-tests --test system -- --ignored --nocapture forty`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a measurement: it depends on the machine's speed"]
async fn forty_payments_at_once_are_measured() {
    for round in 1..=10 {
        let system = System::start().await;
        let order = system.api.place("anna").await;
        let began = std::time::Instant::now();
        let (recorded, contended) = forty_payments(&system, &order).await;
        println!("round {round}: {recorded} recorded, {contended} contended, {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_identical_requests_at_once_are_one_commit_and_equal_replies() {
    let system = System::start().await;
    for round in 0..5 {
        let key = format!("round-{round}");
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let (api, key) = (system.api.clone(), key.clone());
            let body = system_tests::api::three_items("anna");
            clients.spawn(async move { api.post_with("/orders", &[("idempotency-key", &key)], body).await });
        }
        let replies = clients.join_all().await;
        assert!(replies.iter().all(|reply| reply.status == 201 && reply.text == replies[0].text), "{replies:#?}");
        assert_eq!(system.commits(), round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_with_eight_bodies_at_once_has_one_winner_and_the_rest_are_told() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let mut clients = JoinSet::new();
    for amount in 1..=8 {
        let (api, path) = (system.api.clone(), format!("/orders/{order}/payments"));
        let body = json!({ "paymentId": format!("pay-{amount}"), "amount": amount });
        clients.spawn(async move { api.post_with(&path, &[("idempotency-key", "one-key")], body).await });
    }
    let statuses: Vec<u16> = clients.join_all().await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 7, "{statuses:?}");
    assert_eq!(system.commits(), 2);
}

#[tokio::test]
async fn a_command_that_loses_every_attempt_is_503_and_records_nothing() {
    let system = System::start_with_a_rival().await;
    let order = system.api.place("anna").await;
    let lost = system.api.pay(&order, "mine", 7).await.expect_problem(503, "contention");
    assert_eq!(lost.header("retry-after"), Some("1"));
    let trail = system.api.get(&format!("/orders/{order}/events")).await.expect(200);
    assert!(!trail.text.contains("mine"), "{}", trail.text);
    assert_eq!(system.commits() as u64, 1 + u64::from(event_store::execute::MAX_ATTEMPTS));
}
