//! Concurrent requests.

use futures_util::future::join_all;

use crate::order_life::{open_handler, order_body, pay, place_order, placed, send, ship};

#[tokio::test]
async fn eight_identical_requests_make_one_commit_and_get_equal_replies() {
    let (handler, store) = open_handler();
    let place = place_order().key("key-1");
    let placed = join_all((0..8).map(|_| send(&handler, &place))).await;
    let order_id = placed[0].json()["orderId"].as_str().unwrap().to_owned();
    let payment = pay(&order_id, "payment-1", 7246).key("key-2");
    let paid = join_all((0..8).map(|_| send(&handler, &payment))).await;
    for replies in [placed, paid] {
        assert!(replies.iter().all(|reply| (reply.status, &reply.body) == (201, &replies[0].body)), "{replies:?}");
        assert_eq!(replies.iter().filter(|reply| reply.header("idempotent-replayed").is_none()).count(), 1);
    }
    assert_eq!(store.appended(), 2);
}

#[tokio::test]
async fn one_of_two_requests_that_share_a_key_by_mistake_is_recorded() {
    let (handler, store) = open_handler();
    let other = {
        let mut body = order_body();
        body["shipping"] = 500.into();
        place_order().body(&body).key("key-1")
    };
    let calls = [place_order().key("key-1"), other];
    let replies = join_all((0..8).map(|index| send(&handler, &calls[index % 2]))).await;
    let recorded = replies.iter().filter(|reply| reply.status == 201).count();
    let reused = replies.iter().filter(|reply| reply.status == 422).count();
    assert_eq!((recorded, reused), (4, 4), "{replies:?}");
    assert_eq!(store.appended(), 1);
}

#[tokio::test]
async fn the_last_item_is_shipped_once_however_many_ask_for_it() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    send(&handler, &pay(&order_id, "payment-1", 7246)).await;
    let calls: Vec<_> = (0..8).map(|index| ship(&order_id, &format!("shipment-{index}"), "CAP-RED", 1)).collect();
    let replies = join_all(calls.iter().map(|call| send(&handler, call))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "{replies:?}");
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status != 201).map(|reply| reply.problem()).collect();
    assert!(refused.iter().all(|problem| *problem == (409, "quantity_exceeds_shippable".to_owned())), "{refused:?}");
    assert_eq!(store.appended(), 3);
}

#[tokio::test]
async fn different_payments_at_once_are_all_recorded_at_versions_without_a_gap() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let calls: Vec<_> = (0..4).map(|index| pay(&order_id, &format!("payment-{index}"), 1)).collect();
    let replies = join_all(calls.iter().map(|call| send(&handler, call))).await;
    let mut versions: Vec<_> = replies.iter().map(|reply| reply.json()["version"].as_u64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, [2, 3, 4, 5]);
    assert_eq!(store.appended(), 5);
}
