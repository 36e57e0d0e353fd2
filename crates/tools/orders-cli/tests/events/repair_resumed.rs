//! `orders verify --repair` that continues with the decision of an earlier run.

use event_store::Timestamp;
use serde_json::json;

use crate::rebuild::{ROWS, Scene, TOTALS};
use crate::verify::{REPAIR, all_rows, rebuilt};
use crate::{output, stderr};

/// The state of a repair that was decided some minutes ago, with 2 of 6 rows without commits.
async fn decided(scene: &Scene, minutes: i64) {
    let client = scene.recorded.dynamodb.client();
    let id =
        async |table: &str| client.describe_table().table_name(table).send().await.unwrap().table.unwrap().table_id;
    let state = json!({
        "format": 2,
        "tables": {
            "command": "repair", "events": "OrderEvents", "eventsId": id("OrderEvents").await,
            "readModels": {
                ROWS: { "table": ROWS, "id": id(ROWS).await, "projection": 2 },
                TOTALS: { "table": TOTALS, "id": id(TOTALS).await, "projection": 2 },
            },
            "segments": 1, "local": true,
        },
        "begun": true,
        "sweep": {
            "orders": ["beginning"], "rows": {},
            "counts": {
                "commits": 0, "orders": 0, "leftOut": 0, "snapshots": { "compared": 0, "wrong": 0 }, "readModels": {},
            },
            "differences": [], "snapshots": [], "untouchable": [], "lags": { "readModels": {}, "leftOut": [] },
            "repair": { "orphans": 2, "rows": 6, "at": Timestamp::now().epoch_ms() - minutes * 60_000 },
        },
    });
    std::fs::write(scene.folder.path().join("orders-repair-OrderEvents.json"), state.to_string()).unwrap();
}

/// Three orders and their rows. One order has since lost its commits.
async fn with_an_orphan() -> Scene {
    let scene = rebuilt(3).await;
    for version in [1, 2] {
        scene.recorded.delete("o-1", version).await;
    }
    scene
}

#[tokio::test]
async fn a_repair_goes_on_only_within_what_this_call_allows() {
    let scene = with_an_orphan().await;
    decided(&scene, 5).await;
    let before = all_rows(&scene).await;
    let repair = [REPAIR, &["--segments", "1"]].concat();
    for arguments in [&repair[..], &[&repair[..], &["--delete-orphans", "1"]].concat()] {
        let refused = output(scene.verify(arguments)).await;
        let expected = "error: the started repair deletes or reduces 2 of 6 rows, more than this call allows: ";
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
        assert_eq!((all_rows(&scene).await, scene.files()), (before.clone(), 1));
    }
    let done = output(scene.verify(&[&repair[..], &["--delete-orphans", "2"]].concat())).await;
    assert_eq!((done.status.code(), scene.files()), (Some(0), 0), "{}", stderr(&done));
    for words in ["Continues the repair that was decided at 20", ": no more than 2 in all runs together.\n"] {
        assert!(stderr(&done).contains(words), "{}", stderr(&done));
    }
    assert_eq!(all_rows(&scene).await.map(|rows| rows.len()), [2, 3]);
}

#[tokio::test]
async fn a_decision_older_than_an_hour_is_made_again() {
    let scene = with_an_orphan().await;
    decided(&scene, 61).await;
    let before = all_rows(&scene).await;
    let done = output(scene.verify(&[REPAIR, &["--segments", "1"]].concat())).await;
    let said = stderr(&done);
    assert!(said.contains("was decided more than an hour ago: all rows are counted again\n"), "{said}");
    assert!(said.contains("\nerror: 2 of 6 rows have no commits in OrderEvents, "), "{said}");
    assert_eq!((done.status.code(), all_rows(&scene).await), (Some(1), before));
}
