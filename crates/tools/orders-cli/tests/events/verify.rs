//! `orders verify`, against the embedded DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, BillingMode};
use event_store::Timestamp;
use serde_json::{Value, json};
use test_support::recorded::second;

use crate::rebuild::{ROWS, Scene, TOTALS};
use crate::{output, stderr, stdout};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) const REPAIR: &[&str] = &["--repair", "--yes"];

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Records a number of orders, and rebuilds their rows.
pub(crate) async fn rebuilt(count: u64) -> Scene {
    let scene = Scene::with_orders(count).await;
    assert_eq!(output(scene.command("rebuild", &["--yes"])).await.status.code(), Some(0));
    scene
}

/// One of the tables of rows, and the sort key of its rows.
#[derive(Clone, Copy)]
pub(crate) struct Table(&'static str, pub(crate) &'static str);

pub(crate) const SUMMARIES: Table = Table(ROWS, "placedAtOrderId");
pub(crate) const CONTRIBUTIONS: Table = Table(TOTALS, "entry");

impl Table {
    /// Returns all rows, by sort key.
    pub(crate) async fn rows(self, scene: &Scene) -> Vec<Item> {
        let scan = scene.recorded.dynamodb.client().scan().table_name(self.0).send().await.unwrap();
        let mut rows = scan.items.unwrap();
        // The memory of the events table is not a row.
        rows.retain(|row| row["customerId"] != text("#events"));
        rows.sort_by_key(|row| row[self.1].as_s().unwrap().clone());
        rows
    }

    async fn put(self, scene: &Scene, row: Item) {
        scene.recorded.dynamodb.client().put_item().table_name(self.0).set_item(Some(row)).send().await.unwrap();
    }

    pub(crate) async fn delete(self, scene: &Scene, row: &Item) {
        let delete = scene.recorded.dynamodb.client().delete_item().table_name(self.0);
        let key = ["customerId", self.1].map(|name| (name.to_owned(), row[name].clone()));
        delete.set_key(Some(key.into())).send().await.unwrap();
    }
}

/// Returns every row of both tables.
pub(crate) async fn all_rows(scene: &Scene) -> [Vec<Item>; 2] {
    [SUMMARIES.rows(scene).await, CONTRIBUTIONS.rows(scene).await]
}

fn with(mut row: Item, name: &str, value: AttributeValue) -> Item {
    row.insert(name.to_owned(), value);
    row
}

/// Returns a row without the attributes that a repair can change in correct sums: the revision, and the pending rows.
fn settled(mut row: Item) -> Item {
    row.remove("pending");
    with(row, "revision", number(0))
}

/// Runs the command with `--json`. Returns the exit code, the counts, and each difference as text.
pub(crate) async fn verify(scene: &Scene, arguments: &[&str]) -> (i32, Value, Vec<String>) {
    let done = output(scene.verify(&[arguments, &["--json"]].concat())).await;
    assert_ne!(stdout(&done), "", "{}", stderr(&done));
    let result: Value = serde_json::from_str(stdout(&done)).unwrap();
    let words = |named: &Value| {
        let what = named["order"].as_str().or(named["row"]["sort"].as_str()).unwrap();
        format!("{} {what} {}", named["readModel"].as_str().unwrap(), named["problem"].as_str().unwrap())
    };
    let mut differences: Vec<_> = result["differences"].as_array().unwrap().iter().map(words).collect();
    differences.sort();
    (done.status.code().unwrap(), result["verified"].clone(), differences)
}

#[tokio::test]
async fn read_models_that_are_complete_are_clean() {
    let scene = rebuilt(5).await;
    let done = output(scene.verify(&[])).await;
    assert_eq!((done.status.code(), stderr(&done)), (Some(0), ""));
    let report = stdout(&done);
    assert!(report.starts_with("CustomerTotals and OrderSummaryByCustomer compared with OrderEvents, in "), "{report}");
    for (name, count) in [("commits", 10), ("orders", 5)] {
        assert!(report.contains(&format!("\n{name:<20}{count}\n")), "{report}");
    }
    for read_model in [ROWS, TOTALS] {
        assert!(report.contains(&format!("\n{read_model}\n  {:<18}5\n  {:<18}0\n", "rows", "missing")), "{report}");
    }
    let sums = format!("\nsums of CustomerTotals\n  {:<18}1\n  {:<18}1\n", "sums", "partitions");
    assert!(report.contains(&sums), "{report}");
    assert_eq!(scene.files(), 0, "the state is removed at the end");
}

#[tokio::test]
async fn every_kind_of_difference_is_found_and_repaired_in_both_read_models() {
    let scene = rebuilt(8).await;
    let before = [SUMMARIES.rows(&scene).await, CONTRIBUTIONS.rows(&scene).await];
    let strays = ["2026-11-21T09:00:00.000Z#o-gone", "order#o-gone"];
    for ((table, rows), stray) in [SUMMARIES, CONTRIBUTIONS].into_iter().zip(&before).zip(strays) {
        table.delete(&scene, &rows[0]).await;
        table.put(&scene, with(rows[1].clone(), "version", number(1))).await;
        table.put(&scene, with(rows[2].clone(), "amountPaid", number(1))).await;
        table.put(&scene, with(rows[3].clone(), "projection", number(0))).await;
        table.put(&scene, with(rows[4].clone(), "version", number(7))).await;
        table.put(&scene, with(rows[5].clone(), table.1, text(stray))).await;
    }
    let kinds = [
        "o-0 is missing",
        "o-1 is at version 1, behind 2",
        "o-2 differs at version 2 in amountPaid",
        "o-3 is of the older projection number 0",
        "o-4 is at version 7, beyond 2",
        "o-gone belongs to nothing that is recorded",
    ];
    let of = |read_model: &str| kinds.map(|kind| format!("{read_model} {kind}"));
    for (arguments, code, repaired) in [(&[][..], 3, 0), (&[REPAIR, &["--delete-orphans", "4"]].concat(), 0, 1)] {
        let (exit, counted, differences) = verify(&scene, arguments).await;
        let (sums, rows): (Vec<_>, Vec<_>) = differences.into_iter().partition(|words| words.contains(" total#"));
        assert_eq!((exit, rows), (code, [of(TOTALS), of(ROWS)].concat()));
        assert_eq!(sums, ["CustomerTotals total#2 differs in EUR"]);
        for model in [ROWS, TOTALS] {
            let counted = &counted["readModels"][model];
            let kinds = ["missing", "behind", "different", "olderProjection", "ahead", "withoutOrder"];
            assert!(kinds.iter().all(|kind| counted[kind] == 1), "{counted}");
            assert_eq!((&counted["repaired"], &counted["newerProjection"]), (&json!(6 * repaired), &json!(0)));
        }
        let sums = &counted["readModels"][TOTALS]["sums"];
        assert_eq!((&sums["different"], &sums["repaired"]), (&json!(1), &json!(repaired)));
    }
    assert_eq!(SUMMARIES.rows(&scene).await, before[0]);
    let settled = |rows: &[Item]| rows.iter().cloned().map(settled).collect::<Vec<_>>();
    assert_eq!(settled(&CONTRIBUTIONS.rows(&scene).await), settled(&before[1]));
    assert_eq!(verify(&scene, &[]).await.0, 0);
}

#[tokio::test]
async fn sums_that_are_wrong_missing_or_of_no_row_are_found_and_repaired() {
    let scene = rebuilt(3).await;
    let sum = settled(CONTRIBUTIONS.rows(&scene).await.pop().unwrap());
    let mut by_currency = sum["sums"].as_m().unwrap().clone();
    by_currency.insert("JPY".to_owned(), by_currency["EUR"].clone());
    let euros = by_currency["EUR"].as_m().unwrap().clone();
    by_currency.insert("EUR".to_owned(), AttributeValue::M(with(euros, "gross", number(1))));
    CONTRIBUTIONS.put(&scene, with(sum.clone(), "sums", AttributeValue::M(by_currency))).await;
    CONTRIBUTIONS.put(&scene, with(sum.clone(), "customerId", text("zoe"))).await;
    let expected = ["CustomerTotals total#2 differs in EUR, JPY", "CustomerTotals total#2 is the sum of no row"]
        .map(str::to_owned);
    for (arguments, code, repaired) in [(&[][..], 3, 0), (&[REPAIR, &["--delete-orphans", "1"]].concat(), 0, 2)] {
        let (exit, counted, differences) = verify(&scene, arguments).await;
        assert_eq!((exit, differences), (code, expected.to_vec()));
        let counted = &counted["readModels"][TOTALS]["sums"];
        assert_eq!((&counted["different"], &counted["withoutRows"]), (&json!(1), &json!(1)));
        assert_eq!((&counted["partitions"], &counted["repaired"]), (&json!(2), &json!(repaired)));
    }
    CONTRIBUTIONS.delete(&scene, &sum).await;
    for (arguments, code) in [(&[][..], 3), (REPAIR, 0), (&[], 0)] {
        assert_eq!(verify(&scene, arguments).await.0, code);
    }
    assert_eq!(settled(CONTRIBUTIONS.rows(&scene).await.pop().unwrap()), sum);
}

#[tokio::test]
async fn tables_that_were_wiped_are_filled_and_twenty_of_their_rows_are_named() {
    let scene = Scene::with_orders(30).await;
    let (exit, counted, differences) = verify(&scene, &["--segments", "7"]).await;
    let missing = |counted: &Value| [ROWS, TOTALS].map(|model| counted["readModels"][model]["missing"].clone());
    assert_eq!((exit, missing(&counted), differences.len()), (3, [json!(30), json!(30)], 20));
    let (exit, counted, _) = verify(&scene, REPAIR).await;
    let counted = &counted["readModels"];
    assert_eq!((exit, &counted[ROWS]["repaired"], &counted[TOTALS]["repaired"]), (0, &json!(30), &json!(30)));
    assert_eq!(counted[TOTALS]["sums"]["missing"], 0, "the sums follow the rows that are repaired");
    assert_eq!((SUMMARIES.rows(&scene).await.len(), CONTRIBUTIONS.rows(&scene).await.len()), (30, 31));
}

/// Records an order a moment ago, without a row.
async fn not_projected() -> Scene {
    let scene = rebuilt(2).await;
    scene.recorded.paid("o-new", [Timestamp::now(), Timestamp::now()]).await;
    scene
}

#[tokio::test]
async fn a_row_that_is_only_late_exits_with_4_and_is_not_repaired() {
    let scene = not_projected().await;
    for arguments in [&["--patience", "0s"][..], &["--patience", "0s", "--repair", "--yes"]] {
        let done = output(scene.command("verify", arguments)).await;
        assert_eq!(done.status.code(), Some(4), "{}", stderr(&done));
        assert!(stdout(&done).contains("\nnot projected yet   1, the oldest commit is "), "{}", stdout(&done));
        assert!(stderr(&done).contains("error: 1 orders are not projected yet; "), "{}", stderr(&done));
        assert_eq!(SUMMARIES.rows(&scene).await.len(), 2);
    }
    let done = output(scene.command("verify", &["--patience", "0s", "--json"])).await;
    let result: Value = serde_json::from_str(stdout(&done)).unwrap();
    assert_eq!((&result["notProjectedYet"]["orders"], &result["differences"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn a_record_that_was_lost_a_moment_ago_is_repaired_if_so_told() {
    let scene = not_projected().await;
    for (arguments, code) in [(&[][..], 3), (REPAIR, 0), (&[], 0)] {
        assert_eq!(verify(&scene, arguments).await.0, code);
    }
    assert_eq!(SUMMARIES.rows(&scene).await.len(), 3);
}

#[tokio::test]
async fn values_that_differ_are_shown_beside_those_of_the_events() {
    let scene = rebuilt(1).await;
    let row = SUMMARIES.rows(&scene).await.remove(0);
    SUMMARIES.put(&scene, with(with(row, "amountPaid", number(1)), "note", text("by hand"))).await;
    let done = output(scene.verify(&[])).await;
    let expected = "differs at version 2 in amountPaid, note\n    amountPaid: 1 in the row, 2997 from the events\n    \
                    note: \"by hand\" in the row, nothing from the events";
    assert!(stdout(&done).contains(expected), "{}", stdout(&done));
    let done = output(scene.verify(&["--json"])).await;
    let result: Value = serde_json::from_str(stdout(&done)).unwrap();
    let changes = json!([
        { "attribute": "amountPaid", "found": 1, "expected": 2997 },
        { "attribute": "note", "found": "by hand", "expected": null },
    ]);
    assert_eq!(result["differences"][0]["changes"], changes);
}

#[tokio::test]
async fn a_row_of_a_newer_release_is_a_difference_that_is_not_repaired() {
    let scene = rebuilt(1).await;
    for table in [SUMMARIES, CONTRIBUTIONS] {
        let newer = with(table.rows(&scene).await.remove(0), "projection", number(99));
        table.put(&scene, newer).await;
    }
    let before = [SUMMARIES.rows(&scene).await, CONTRIBUTIONS.rows(&scene).await];
    let (exit, counted, differences) = verify(&scene, REPAIR).await;
    let counted = &counted["readModels"];
    assert_eq!((exit, &counted[ROWS]["repaired"], &counted[TOTALS]["repaired"]), (3, &json!(0), &json!(0)));
    assert_eq!(differences, [TOTALS, ROWS].map(|model| format!("{model} o-0 is of the newer projection number 99")));
    assert_eq!([SUMMARIES.rows(&scene).await, CONTRIBUTIONS.rows(&scene).await], before);
}

#[tokio::test]
async fn an_order_that_cannot_be_folded_is_reported_once_with_exit_code_1() {
    let scene = Scene::with_orders(3).await;
    scene.recorded.poison("o-1", 3, second(5)).await;
    scene.recorded.poison("o-9", 1, second(5)).await;
    output(scene.command("rebuild", &["--yes"])).await;
    let done = output(scene.verify(&["--segments", "1"])).await;
    assert_eq!(done.status.code(), Some(1));
    let said = stderr(&done);
    assert!(said.contains("error: order o-1: version 3 is poison: requestId is missing\n"), "{said}");
    assert!(said.ends_with("error: 2 orders could not be folded completely, listed above\n"), "{said}");
    // The row contains the commits before the poison.
    let row = SUMMARIES.rows(&scene).await.remove(1);
    SUMMARIES.delete(&scene, &row).await;
    let (exit, _, differences) = verify(&scene, REPAIR).await;
    assert_eq!((exit, differences), (1, vec![format!("{ROWS} o-1 is missing")]));
    assert_eq!(SUMMARIES.rows(&scene).await.remove(1), row);
}

#[tokio::test]
async fn a_missing_table_is_an_error_and_no_difference() {
    let scene = rebuilt(1).await;
    for missing in ["OrderEvents", ROWS, TOTALS] {
        let gone = output(scene.verify(&["--table", &format!("{missing}=Missing"), "--state", missing])).await;
        assert_eq!(gone.status.code(), Some(1));
        assert_eq!(stderr(&gone), "error: there is no table Missing in the local stack\n");
        assert_eq!(scene.files(), 0, "no state file");
    }
}

/// Copies commits into another table: those of the orders for which `renamed` returns a name, under that name.
pub(crate) async fn copied(scene: &Scene, table: &str, renamed: impl Fn(&str) -> Option<String>) {
    let client = scene.recorded.dynamodb.client();
    let like = client.describe_table().table_name("OrderEvents").send().await.unwrap().table.unwrap();
    let create = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    let create = create.set_key_schema(like.key_schema).set_attribute_definitions(like.attribute_definitions);
    create.send().await.unwrap();
    for item in client.scan().table_name("OrderEvents").send().await.unwrap().items.unwrap() {
        if let Some(order) = renamed(item["aggregateId"].as_s().unwrap()) {
            let item = with(item, "aggregateId", text(&order));
            client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
        }
    }
}

/// Records an order whose newest commit contains the snapshot of another order with a higher payment.
async fn with_a_wrong_snapshot() -> Scene {
    let scene = Scene::with_orders(3).await;
    let items = json!([{ "sku": "TEA", "quantity": 3, "unitPrice": 999 }]);
    let placed = json!({ "customerId": "alice", "currency": "EUR", "items": items });
    scene.recorded.record("o-rich", second(0), &[("OrderPlaced", placed)]).await;
    let paid = json!({ "paymentId": "pay-1", "amount": 99_900 });
    scene.recorded.record("o-rich", second(1), &[("PaymentReceived", paid)]).await;
    assert_eq!(output(scene.command("rebuild", &["--yes"])).await.status.code(), Some(0));
    let client = scene.recorded.dynamodb.client();
    let key = |order: &str| [("aggregateId".to_owned(), text(order)), ("version".to_owned(), number(2))].into();
    let get = async |order: &str| {
        let get = client.get_item().table_name("OrderEvents").set_key(Some(key(order)));
        get.send().await.unwrap().item.unwrap()
    };
    let theirs = get("o-rich").await["snapshot"].clone();
    let tampered = with(get("o-0").await, "snapshot", theirs);
    client.put_item().table_name("OrderEvents").set_item(Some(tampered)).send().await.unwrap();
    scene
}

#[tokio::test]
async fn a_snapshot_that_differs_from_the_fold_is_found() {
    let scene = with_a_wrong_snapshot().await;
    let done = output(scene.verify(&[])).await;
    assert_eq!(done.status.code(), Some(3), "{}", stderr(&done));
    let expected = "\nsnapshots\n  compared          8\n  wrong             1\n";
    assert!(stdout(&done).contains(expected), "{}", stdout(&done));
    let expected = "the snapshot of o-0 at version 2 differs from the fold of the events\n    ";
    assert!(stdout(&done).contains(expected), "{}", stdout(&done));
    assert!(stdout(&done).contains(": 99900 in the snapshot, 2997 from the events\n"), "{}", stdout(&done));
    assert!(stderr(&done).starts_with("error: 1 snapshots differ from the fold of their events"), "{}", stderr(&done));
    let done = output(scene.verify(&["--json"])).await;
    let result: Value = serde_json::from_str(stdout(&done)).unwrap();
    let found = &result["snapshotDifferences"][0];
    assert_eq!((&found["order"], &found["version"]), (&json!("o-0"), &json!(2)));
    let changes = found["changes"].as_array().unwrap();
    assert!(changes.iter().any(|it| it["found"] == 99_900 && it["expected"] == 2_997), "{found}");
}

#[tokio::test]
async fn a_repair_leaves_an_order_with_a_wrong_snapshot_alone() {
    let scene = with_a_wrong_snapshot().await;
    let rows = SUMMARIES.rows(&scene).await;
    for row in &rows[..2] {
        SUMMARIES.put(&scene, with(row.clone(), "amountPaid", number(1))).await;
    }
    let events = || async {
        let scan = scene.recorded.dynamodb.client().scan().table_name("OrderEvents").send().await.unwrap();
        scan.items.unwrap()
    };
    let before = events().await;
    let (exit, counted, differences) = verify(&scene, REPAIR).await;
    assert_eq!((exit, &counted["readModels"][ROWS]["repaired"]), (3, &json!(1)));
    assert_eq!(differences.len(), 2);
    let repaired = SUMMARIES.rows(&scene).await;
    assert_eq!((&repaired[0]["amountPaid"], &repaired[1]), (&number(1), &rows[1]));
    assert_eq!(events().await, before, "the events are never written");
}
