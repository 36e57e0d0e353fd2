//! `orders verify`, against the embedded DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::orders::second;
use crate::rebuild::{ROWS, Scene};
use crate::{output, stderr, stdout};

type Item = HashMap<String, AttributeValue>;

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// So many orders and their rows.
async fn rebuilt(count: u64) -> Scene {
    let scene = Scene::with_orders(count).await;
    assert_eq!(output(scene.command("rebuild", &[])).await.status.code(), Some(0));
    scene
}

async fn rows(scene: &Scene) -> Vec<Item> {
    let scan = scene.recorded.dynamodb.client().scan().table_name(ROWS).send().await.unwrap();
    let mut rows = scan.items.unwrap();
    rows.sort_by_key(|row| row["placedAtOrderId"].as_s().unwrap().clone());
    rows
}

async fn put(scene: &Scene, row: Item) {
    scene.recorded.dynamodb.client().put_item().table_name(ROWS).set_item(Some(row)).send().await.unwrap();
}

async fn delete(scene: &Scene, row: &Item) {
    let delete = scene.recorded.dynamodb.client().delete_item().table_name(ROWS);
    let key = ["customerId", "placedAtOrderId"].map(|name| (name.to_owned(), row[name].clone()));
    delete.set_key(Some(key.into())).send().await.unwrap();
}

/// Runs it with `--json`: the exit code, what was counted, and each difference in words.
async fn verify(scene: &Scene, arguments: &[&str]) -> (i32, Value, Vec<String>) {
    let done = output(scene.command("verify", &[arguments, &["--json"]].concat())).await;
    assert_ne!(stdout(&done), "", "{}", stderr(&done));
    let result: Value = serde_json::from_str(stdout(&done)).unwrap();
    let words =
        |named: &Value| format!("{} {}", named["order"].as_str().unwrap_or("?"), named["problem"].as_str().unwrap());
    let mut differences: Vec<_> = result["differences"].as_array().unwrap().iter().map(words).collect();
    differences.sort();
    (done.status.code().unwrap(), result["verified"].clone(), differences)
}

#[tokio::test]
async fn a_read_model_that_is_complete_is_clean() {
    let scene = rebuilt(5).await;
    let done = output(scene.command("verify", &[])).await;
    assert_eq!((done.status.code(), stderr(&done)), (Some(0), ""));
    let report = stdout(&done);
    assert!(report.starts_with("OrderSummaryByCustomer compared with OrderEvents, in "), "{report}");
    for line in ["commits           10\n", "orders            5\n", "rows              5\n", "missing           0\n"] {
        assert!(report.contains(line), "{report}");
    }
    assert_eq!(scene.files(), 0, "the state is removed at the end");
}

#[tokio::test]
async fn every_kind_of_difference_is_found_and_mended() {
    let scene = rebuilt(8).await;
    let before = rows(&scene).await;
    delete(&scene, &before[0]).await;
    put(&scene, with(before[1].clone(), ("version".to_owned(), number(1)))).await;
    put(&scene, with(before[2].clone(), ("total".to_owned(), number(1)))).await;
    put(&scene, with(before[3].clone(), ("projection".to_owned(), number(0)))).await;
    put(&scene, with(before[4].clone(), ("version".to_owned(), number(7)))).await;
    let sort = AttributeValue::S("2026-11-21T09:00:00.000Z#o-gone".to_owned());
    put(&scene, with(before[5].clone(), ("placedAtOrderId".to_owned(), sort))).await;

    let expected = [
        "o-0 is missing",
        "o-1 is at version 1, behind 2",
        "o-2 differs at version 2 in total",
        "o-3 is of the older projection number 0",
        "o-4 is at version 7, beyond 2",
        "o-gone belongs to nothing that is recorded",
    ];
    for (arguments, code, mended) in [(&[][..], 2, 0), (&["--repair"], 0, 6)] {
        let (exit, counted, differences) = verify(&scene, arguments).await;
        assert_eq!((exit, differences), (code, expected.map(str::to_owned).to_vec()));
        let kinds = ["missing", "behind", "different", "olderProjection", "ahead", "withoutOrder"];
        assert!(kinds.iter().all(|kind| counted[kind] == 1), "{counted}");
        assert_eq!((&counted["mended"], &counted["newerProjection"]), (&json!(mended), &json!(0)));
    }
    assert_eq!(rows(&scene).await, before);
    assert_eq!(verify(&scene, &[]).await.0, 0);
}

fn with(mut row: Item, (name, value): (String, AttributeValue)) -> Item {
    row.insert(name, value);
    row
}

#[tokio::test]
async fn a_table_that_was_wiped_is_filled_and_twenty_of_its_rows_are_named() {
    let scene = Scene::with_orders(30).await;
    let (exit, counted, differences) = verify(&scene, &["--segments", "7"]).await;
    assert_eq!((exit, &counted["missing"], differences.len()), (2, &json!(30), 20));
    let (exit, counted, _) = verify(&scene, &["--repair"]).await;
    assert_eq!((exit, &counted["mended"]), (0, &json!(30)));
    assert_eq!(rows(&scene).await.len(), 30);
}

#[tokio::test]
async fn a_row_of_a_newer_release_is_a_difference_that_is_not_mended() {
    let scene = rebuilt(1).await;
    let newer = with(rows(&scene).await.remove(0), ("projection".to_owned(), number(99)));
    put(&scene, newer.clone()).await;
    let (exit, counted, differences) = verify(&scene, &["--repair"]).await;
    assert_eq!((exit, &counted["mended"]), (2, &json!(0)));
    assert_eq!(differences, ["o-0 is of the newer projection number 99"]);
    assert_eq!(rows(&scene).await, [newer]);
}

#[tokio::test]
async fn what_cannot_be_folded_is_named_and_is_not_called_clean() {
    let scene = Scene::with_orders(3).await;
    scene.recorded.poison("o-1", 3, second(5)).await;
    scene.recorded.poison("o-9", 1, second(5)).await;
    output(scene.command("rebuild", &[])).await;
    let done = output(scene.command("verify", &["--segments", "1"])).await;
    assert_eq!(done.status.code(), Some(1));
    let said = stderr(&done);
    assert!(said.contains("error: order o-1: version 3 is poison: requestId is missing\n"), "{said}");
    assert!(said.ends_with("error: 2 orders could not be folded to their end, listed above\n"), "{said}");
    // What comes before the poison is in its row.
    let row = rows(&scene).await.remove(1);
    delete(&scene, &row).await;
    let (exit, _, differences) = verify(&scene, &["--repair"]).await;
    assert_eq!((exit, differences), (1, vec!["o-1 is missing".to_owned()]));
    assert_eq!(rows(&scene).await.remove(1), row);
}

#[tokio::test]
async fn what_could_not_be_done_is_no_difference() {
    let scene = rebuilt(1).await;
    for missing in ["--table", "--rows"] {
        let gone = output(scene.command("verify", &[missing, "Missing", "--state", &missing[2..]])).await;
        assert_eq!(gone.status.code(), Some(1));
        let expected =
            format!("; 0 orders, 0 differences, 0 mended, the same command goes on from {}\n", &missing[2..]);
        assert!(stderr(&gone).ends_with(&expected), "{}", stderr(&gone));
    }
}
