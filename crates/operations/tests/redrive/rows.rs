//! Redriving waiting commits into a row.

use aws_sdk_dynamodb::types::AttributeValue;
use operations::redrive::Redriven;
use parked_orders::Consumer;
use serde_json::json;
use test_support::recorded::second;

use crate::scene::{ORDER, Scene};

const SUMMARIES: Consumer = Consumer::new("OrderSummaryByCustomer");
const PROJECTIONS: [Consumer; 2] = [SUMMARIES, Consumer::new("CustomerTotals")];

/// Returns the version of a projection's row of the order; `None` if there is no row.
async fn row(scene: &Scene, projection: &Consumer) -> Option<String> {
    let rows = scene.recorded.dynamodb.client().scan().table_name(projection.as_str()).send().await.unwrap().items;
    let of_order = |row: &&std::collections::HashMap<String, AttributeValue>| {
        row.values().any(|value| value.as_s().is_ok_and(|text| text.ends_with(ORDER)))
    };
    rows.unwrap().iter().find(of_order).map(|row| row["version"].as_n().unwrap().clone())
}

#[tokio::test]
async fn after_the_repair_the_row_has_all_waiting_commits() {
    let scene = Scene::with_versions(6).await;
    let sound = scene.spoil(4).await;
    for projection in &PROJECTIONS {
        scene.park(projection, 3, 6).await;
        let outcome = scene.redrive(projection).await.unwrap();
        assert!(matches!(&outcome, Redriven::StillParked { commits: 1, version: 4, .. }), "{outcome:?}");
        assert_eq!(row(&scene, projection).await.as_deref(), Some("3"), "what the row lacked before is filled in");
        let note = scene.parked(projection).await.unwrap();
        assert_eq!((note.version, note.held_up_to, note.attempts), (4, 6, 2));
    }
    scene.put(sound).await;
    for projection in &PROJECTIONS {
        assert_eq!(scene.redrive(projection).await.unwrap(), Redriven::Done { commits: 3 });
        assert_eq!(row(&scene, projection).await.as_deref(), Some("6"));
        assert_eq!(scene.parked(projection).await, None);
        assert_eq!(scene.redrive(projection).await.unwrap(), Redriven::NotParked);
    }
    assert_eq!(scene.published().await, [0; 0], "rows publish nothing");
}

#[tokio::test]
async fn a_row_that_lacks_earlier_commits_is_parked_where_it_stops() {
    let scene = Scene::with_versions(3).await;
    let sound = scene.spoil(1).await;
    scene.park(&SUMMARIES, 2, 3).await;
    let outcome = scene.redrive(&SUMMARIES).await.unwrap();
    assert!(matches!(outcome, Redriven::StillParked { commits: 0, version: 1, .. }), "{outcome:?}");
    assert_eq!(scene.parked(&SUMMARIES).await.unwrap().version, 1, "it is parked where it stops");
    scene.put(sound).await;
    assert_eq!(scene.redrive(&SUMMARIES).await.unwrap(), Redriven::Done { commits: 3 });
}

#[tokio::test]
async fn a_redrive_reads_more_than_one_page_of_commits() {
    let scene = Scene::with_versions(2).await;
    for version in 3..=14 {
        let method = "m".repeat(60);
        let payment = |part| {
            ("PaymentReceived", json!({ "paymentId": format!("p-{version}-{part}"), "amount": 1, "method": method }))
        };
        scene.recorded.record(ORDER, second(version), &(0..700).map(payment).collect::<Vec<_>>()).await;
    }
    scene.park(&SUMMARIES, 1, 14).await;
    assert_eq!(scene.redrive(&SUMMARIES).await.unwrap(), Redriven::Done { commits: 14 });
    assert_eq!(row(&scene, &SUMMARIES).await.as_deref(), Some("14"));
}
