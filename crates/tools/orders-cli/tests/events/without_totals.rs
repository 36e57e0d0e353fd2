//! `--without CustomerTotals`: a deployment without customers' totals is rebuilt, verified and redriven.

use aws_sdk_dynamodb::types::Select;
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable};
use serde_json::{Value, json};

use crate::rebuild::{ROWS, Scene, TOTALS};
use crate::{orders, output, stderr, stdout};

/// The number of items in a table.
async fn items(scene: &Scene, table: &str) -> i32 {
    scene.recorded.dynamodb.client().scan().table_name(table).select(Select::Count).send().await.unwrap().count
}

#[tokio::test]
async fn a_rebuild_without_totals_writes_summaries_only() {
    let scene = Scene::with_orders(3).await;
    let done = output(scene.command("rebuild", &["--yes", "--json", "--without", "CustomerTotals"])).await;
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let expected = json!({
        "format": 2, "events": "OrderEvents", "readModels": { ROWS: ROWS },
        "rebuilt": { "commits": 6, "orders": 3, "rowsWritten": { ROWS: 3 }, "newer": 0, "leftOut": 0 },
    });
    assert_eq!(serde_json::from_str::<Value>(stdout(&done)).unwrap(), expected);
    assert!(!stderr(&done).contains("CustomerTotals"), "the plan has no such table: {}", stderr(&done));
    // Three rows, and the memory of the events table.
    assert_eq!((items(&scene, ROWS).await, items(&scene, TOTALS).await), (4, 0));
}

#[tokio::test]
async fn a_verification_without_totals_misses_none() {
    let scene = Scene::with_orders(3).await;
    output(scene.command("rebuild", &["--yes", "--without", "CustomerTotals"])).await;
    let done = output(scene.verify(&["--without", "CustomerTotals"])).await;
    assert_eq!(done.status.code(), Some(0), "{}", stdout(&done));
    let done = output(scene.verify(&["--without", "CustomerTotals", "--repair", "--yes"])).await;
    assert_eq!((done.status.code(), items(&scene, TOTALS).await), (Some(0), 0), "{}", stderr(&done));
    let done = output(scene.verify(&["--json"])).await;
    let found: Value = serde_json::from_str(stdout(&done)).unwrap();
    assert_eq!((done.status.code(), &found["verified"]["readModels"][TOTALS]["missing"]), (Some(3), &json!(3)));
    assert_eq!(found["readModels"][TOTALS], TOTALS);
}

#[tokio::test]
async fn a_redrive_without_totals_leaves_what_customer_totals_has_parked() {
    let scene = Scene::with_orders(1).await;
    let parked = ParkedOrderTable::new(scene.recorded.dynamodb.client(), "ParkedOrders");
    let (aggregate_id, reason) = ("o-0".to_owned(), "try it".to_owned());
    let parking = ParkRequest { aggregate_id, customer_id: None, version: 2, held_up_to: 2, reason };
    parked.park(&Consumer::new("CustomerTotals"), &parking).await.unwrap();
    let redrive = |arguments: &[&str]| {
        let mut command = orders(&["parked", "redrive", "--all", "--local", "--yes", "--without", "CustomerTotals"]);
        command.args(arguments).env("AWS_ENDPOINT_URL_DYNAMODB", scene.recorded.dynamodb.endpoint());
        output(command)
    };
    let done = redrive(&[]).await;
    assert_eq!((done.status.code(), stdout(&done)), (Some(0), "0 redriven, 0 commits, 0 still parked\n"));
    assert_eq!(stderr(&done), "CustomerTotals is left out: 1 orders that it has parked stay parked\n");
    let refused = redrive(&["--consumer", "CustomerTotals"]).await;
    let expected = "error: CustomerTotals is left out: the orders that it has parked stay parked\n";
    assert_eq!((refused.status.code(), stderr(&refused)), (Some(1), expected));
    assert!(parked.find(&Consumer::new("CustomerTotals"), "o-0").await.unwrap().is_some());
    assert_eq!(items(&scene, TOTALS).await, 0);
}

#[test]
fn a_read_model_that_every_deployment_keeps_is_not_left_out() {
    for command in [&["verify"][..], &["rebuild"], &["parked", "redrive", "--all"]] {
        let refused =
            orders(&[command, &["--local", "--without", "OrderSummaryByCustomer"]].concat()).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        let expected = "possible values: CustomerTotals";
        assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
    }
}
