//! `orders rebuild`, against the embedded DynamoDB.

use std::process::Command;

use aws_sdk_dynamodb::types::AttributeValue;
use read_models::registry::CORE;
use read_models::{DynamoTotals, Totals};
use serde_json::{Value, json};
use test_support::recorded::{Recorded, second};

use crate::verify::copied;
use crate::{every_model, orders, output, stderr, stdout};

pub(crate) const ROWS: &str = "OrderSummaryByCustomer";
pub(crate) const TOTALS: &str = "CustomerTotals";

pub(crate) struct Scene {
    pub(crate) recorded: Recorded,
    pub(crate) folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) async fn with_orders(count: u64) -> Self {
        let recorded = Recorded::nothing().await;
        recorded.orders(count).await;
        Self { recorded, folder: tempfile::tempdir().unwrap() }
    }

    fn rebuild(&self, arguments: &[&str]) -> Command {
        self.command("rebuild", &[arguments, &["--yes"]].concat())
    }

    /// A verification for which no row is late, because the commits have fixed times.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Command {
        self.command("verify", &[&["--lag-bound", "0s"], arguments].concat())
    }

    /// A command in a folder of its own.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = orders(&[name, "--local"]);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL_DYNAMODB", self.recorded.dynamodb.endpoint());
        command
    }

    /// The version of each order's row: `<order>@<version>`.
    async fn rows(&self) -> Vec<String> {
        let scan = self.recorded.dynamodb.client().scan().table_name(ROWS).send().await.unwrap();
        let row = |item: &std::collections::HashMap<String, AttributeValue>| {
            format!("{}@{}", item["orderId"].as_s().unwrap(), item["version"].as_n().unwrap())
        };
        let items = scan.items.unwrap();
        let mut rows: Vec<_> = items.iter().filter(|item| item.contains_key("orderId")).map(row).collect();
        rows.sort();
        rows
    }

    pub(crate) fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

/// The plan of a rebuild: the tables with their item counts.
fn plan(events: u64, [rows, totals]: [u64; 2]) -> String {
    format!(
        "Rebuild the read models:\n  events  OrderEvents             about {events} items\n  \
         rows    CustomerTotals          about {totals} items\n  rows    OrderSummaryByCustomer  about {rows} items\n\
         Writes rows that are missing, behind, or have an older projection number. Deletes nothing.\n"
    )
}

#[tokio::test]
async fn a_rebuild_that_is_not_confirmed_changes_nothing() {
    let scene = Scene::with_orders(2).await;
    let refused = output(scene.command("rebuild", &[])).await;
    let expected = format!(
        "{}error: standard input is not a terminal: add --yes to continue without a question\n",
        plan(4, [0, 0])
    );
    assert_eq!((refused.status.code(), stderr(&refused)), (Some(1), expected.as_str()));
    assert_eq!((scene.rows().await.len(), scene.files()), (0, 0));
}

#[tokio::test]
async fn a_table_that_is_empty_is_filled_and_a_second_time_changes_nothing() {
    let scene = Scene::with_orders(7).await;
    for written in [7, 0] {
        let done = output(scene.rebuild(&[])).await;
        // Each read model stores the id of its events table in one more item.
        let rows = if written == 7 { [0, 0] } else { [8, 9] };
        assert_eq!((done.status.code(), stderr(&done)), (Some(0), plan(14, rows).as_str()));
        let report = stdout(&done);
        assert!(
            report.starts_with(
                "Rebuild of CustomerTotals and OrderSummaryByCustomer from OrderEvents is complete, after "
            ),
            "{report}"
        );
        let lines = [("commits", "14"), ("orders", "7"), ("left out", "0")];
        for (name, count) in lines {
            assert!(report.contains(&format!("\n{name:<24}{count}")), "{report}");
        }
        for read_model in [ROWS, TOTALS] {
            assert!(report.contains(&format!("\n{read_model:<24}{written} rows written\n")), "{report}");
        }
        assert_eq!(scene.rows().await, (0..7).map(|number| format!("o-{number}@2")).collect::<Vec<_>>());
        let totals = DynamoTotals::new(scene.recorded.dynamodb.client(), TOTALS).of("alice").await.unwrap();
        assert_eq!((totals.len(), totals[0].orders, totals[0].gross), (1, 7, 7 * 2997));
        assert_eq!(scene.files(), 0, "the state is removed at the end");
    }
}

#[tokio::test]
async fn machines_read_the_result_as_json() {
    let scene = Scene::with_orders(3).await;
    let done = output(scene.rebuild(&["--json", "--segments", "1"])).await;
    let expected = json!({
        "format": 2, "events": "OrderEvents", "readModels": { ROWS: ROWS, TOTALS: TOTALS },
        "rebuilt": { "commits": 6, "orders": 3, "rowsWritten": { ROWS: 3, TOTALS: 3 }, "newer": 0, "leftOut": 0 },
    });
    assert_eq!(serde_json::from_str::<Value>(stdout(&done)).unwrap(), expected);
}

#[tokio::test]
async fn every_read_model_is_rebuilt() {
    let scene = Scene::with_orders(3).await;
    let mut command = every_model(&["rebuild", "--yes", "--json", "--local"]);
    command.env("AWS_ENDPOINT_URL_DYNAMODB", scene.recorded.dynamodb.endpoint()).current_dir(scene.folder.path());
    let done = output(command).await;
    let result: Value = serde_json::from_str(stdout(&done)).unwrap();
    for model in CORE {
        assert_eq!(result["rebuilt"]["rowsWritten"][model.name], 3, "{result}");
    }
}

#[tokio::test]
async fn an_unreadable_commit_is_named_once_and_the_rest_is_rebuilt() {
    let scene = Scene::with_orders(3).await;
    scene.recorded.poison("o-1", 3, second(5)).await;
    scene.recorded.poison("o-1", 4, second(6)).await;
    let done = output(scene.rebuild(&[])).await;
    assert_eq!(done.status.code(), Some(1));
    let expected = "error: order o-1 is left out: version 3 is poison: requestId is missing\n\
                    error: 1 orders left out, listed above\n";
    assert!(stderr(&done).ends_with(expected), "{}", stderr(&done));
    assert!(stdout(&done).contains("left out                1"), "{}", stdout(&done));
    assert_eq!(scene.rows().await, ["o-0@2", "o-1@2", "o-2@2"], "the row stands before the poison");
}

#[tokio::test]
async fn a_missing_table_leaves_no_state_file() {
    let scene = Scene::with_orders(1).await;
    let gone = output(scene.rebuild(&["--table", "OrderEvents=Missing"])).await;
    let expected = "error: there is no table Missing in the local stack\n";
    assert_eq!((gone.status.code(), stderr(&gone), scene.files()), (Some(1), expected, 0));
    let done = output(scene.rebuild(&[])).await;
    assert_eq!(
        (done.status.code(), stderr(&done)),
        (Some(0), plan(2, [0, 0]).as_str()),
        "nothing was done, so no state is left"
    );
}

#[tokio::test]
async fn the_state_of_another_rebuild_is_not_continued() {
    let scene = Scene::with_orders(1).await;
    let id = async |table: &str| {
        let described = scene.recorded.dynamodb.client().describe_table().table_name(table).send().await.unwrap();
        described.table.unwrap().table_id
    };
    let mut state = json!({
        "format": 2,
        "tables": {
            "command": "rebuild", "events": "OrderEvents", "eventsId": id("OrderEvents").await,
            "readModels": {
                ROWS: { "table": ROWS, "id": id(ROWS).await, "projection": 2 },
                TOTALS: { "table": TOTALS, "id": id(TOTALS).await, "projection": 2 },
            },
            "segments": 2, "local": true,
        },
        "begun": true,
        "sweep": {
            "segments": [{ "place": "beginning", "left_out": false }, { "place": "end", "left_out": false }],
            "counts": { "commits": 0, "orders": 0, "rowsWritten": {}, "newer": 0, "leftOut": 0 },
        },
    });
    let file = scene.folder.path().join("mine.json");
    std::fs::write(&file, state.to_string()).unwrap();
    let refused = output(scene.rebuild(&["--state", "mine.json", "--segments", "3"])).await;
    assert_eq!(refused.status.code(), Some(1));
    let expected = "\nerror: mine.json belongs to another run, with segments 2 instead of 3: ";
    assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
    let done = output(scene.rebuild(&["--state", "mine.json", "--segments", "2"])).await;
    assert_eq!(done.status.code(), Some(0));
    assert!(stderr(&done).contains("\ncontinuing from mine.json, written at 20"), "{}", stderr(&done));
    assert!(stderr(&done).ends_with("; to start from the beginning, delete the file\n"));

    // The tables of another stack with the same names, or recreated tables: the finished pages were not theirs.
    state["tables"]["eventsId"] = json!("another");
    std::fs::write(&file, state.to_string()).unwrap();
    let refused = output(scene.rebuild(&["--state", "mine.json", "--segments", "2"])).await;
    assert_eq!(refused.status.code(), Some(1));
    let expected = "\nerror: mine.json belongs to another run, with eventsId another instead of ";
    assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
}

#[test]
fn without_a_local_stack_the_tables_are_named() {
    for arguments in [
        &["rebuild"][..],
        &["rebuild", "--table", "OrderEvents=T", "--table", "CustomerTotals=S"],
        &["rebuild", "--table", "OrderEvents=T", "--table", "OrderSummaryByCustomer=R"],
        &["rebuild", "--local", "--table", "T"],
        &["rebuild", "--local", "--segments", "0"],
    ] {
        assert_eq!(orders(arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_rebuild_from_the_table_of_another_stack_is_refused() {
    let scene = Scene::with_orders(4).await;
    copied(&scene, "Another", |order| Some(format!("another-{order}"))).await;
    assert_eq!(output(scene.rebuild(&[])).await.status.code(), Some(0));
    let before = scene.rows().await;
    let refused = output(scene.rebuild(&["--table", "OrderEvents=Another"])).await;
    assert_eq!(refused.status.code(), Some(1));
    let error = stderr(&refused);
    assert!(
        error.starts_with("error: OrderSummaryByCustomer was folded from the events table OrderEvents ("),
        "{error}"
    );
    assert!(error.contains("), and not from Another (") && error.lines().count() == 1, "{error}");
    assert_eq!((scene.rows().await, scene.files()), (before, 0));
}

#[tokio::test]
async fn a_rebuild_of_rows_that_remember_nothing_looks_their_orders_up() {
    let scene = Scene::with_orders(4).await;
    copied(&scene, "Another", |order| Some(format!("another-{order}"))).await;
    assert_eq!(output(scene.rebuild(&[])).await.status.code(), Some(0));
    for (table, sort) in [(ROWS, "placedAtOrderId"), (TOTALS, "entry")] {
        let delete = scene.recorded.dynamodb.client().delete_item().table_name(table);
        let key = ["customerId", sort].map(|name| (name.to_owned(), AttributeValue::S("#events".to_owned())));
        delete.set_key(Some(key.into())).send().await.unwrap();
    }
    let refused = output(scene.rebuild(&["--table", "OrderEvents=Another"])).await;
    let expected =
        "error: 4 of the first 4 rows of OrderSummaryByCustomer have no commits in Another: nothing was changed; ";
    assert!(stderr(&refused).starts_with(expected), "{}", stderr(&refused));
    assert_eq!(output(scene.rebuild(&[])).await.status.code(), Some(0));
}

#[tokio::test]
async fn a_read_model_that_remembers_nothing_is_looked_up_by_its_own_rows() {
    let scene = Scene::with_orders(4).await;
    assert_eq!(output(scene.rebuild(&[])).await.status.code(), Some(0));
    let client = scene.recorded.dynamodb.client();
    // The summaries remember OrderEvents. The totals remember nothing, and belong to another stack.
    for item in client.scan().table_name(TOTALS).send().await.unwrap().items.unwrap() {
        let key = ["customerId", "entry"].map(|name| (name.to_owned(), item[name].clone()));
        client.delete_item().table_name(TOTALS).set_key(Some(key.into())).send().await.unwrap();
        if let Some(order) = item["entry"].as_s().unwrap().strip_prefix("order#") {
            let put = client.put_item().table_name(TOTALS).set_item(Some(item.clone()));
            put.item("entry", AttributeValue::S(format!("order#another-{order}"))).send().await.unwrap();
        }
    }
    let refused = output(scene.rebuild(&[])).await;
    let expected =
        "error: 4 of the first 4 rows of CustomerTotals have no commits in OrderEvents: nothing was changed; ";
    assert!(stderr(&refused).starts_with(expected), "{}", stderr(&refused));
}

#[tokio::test]
async fn a_restored_table_is_adopted_on_request() {
    let scene = Scene::with_orders(4).await;
    assert_eq!(output(scene.rebuild(&[])).await.status.code(), Some(0));
    copied(&scene, "Restored", |order| Some(order.to_owned())).await;
    let repair = ["--table", "OrderEvents=Restored", "--repair", "--yes"];
    let refused = output(scene.verify(&repair)).await;
    assert!(stderr(&refused).contains(" was folded from the events table OrderEvents ("), "{}", stderr(&refused));
    let noted = output(scene.verify(&["--table", "OrderEvents=Restored"])).await;
    assert_eq!(noted.status.code(), Some(0), "without --repair it is only said");
    assert!(stderr(&noted).contains(" was folded from the events table OrderEvents ("), "{}", stderr(&noted));
    let adopted = output(scene.verify(&[&repair[..], &["--adopt-events"]].concat())).await;
    assert_eq!(adopted.status.code(), Some(0));
    for table in [ROWS, TOTALS] {
        assert!(stderr(&adopted).contains(&format!("\n{table} was folded from OrderEvents (")), "{}", stderr(&adopted));
    }
    assert!(stderr(&adopted).contains("), and adopts Restored.\n"), "{}", stderr(&adopted));
    assert_eq!(output(scene.verify(&repair)).await.status.code(), Some(0));
    let refused = output(scene.rebuild(&[])).await;
    let expected = "error: OrderSummaryByCustomer was folded from the events table Restored (";
    assert!(stderr(&refused).starts_with(expected), "{}", stderr(&refused));
    assert_eq!(output(scene.rebuild(&["--adopt-events"])).await.status.code(), Some(0));
}

#[tokio::test]
async fn a_verification_without_a_repair_binds_no_read_model() {
    let scene = Scene::with_orders(2).await;
    assert_eq!(output(scene.rebuild(&[])).await.status.code(), Some(0));
    let client = scene.recorded.dynamodb.client();
    for (table, sort) in [(ROWS, "placedAtOrderId"), (TOTALS, "entry")] {
        let key = ["customerId", sort].map(|name| (name.to_owned(), AttributeValue::S("#events".to_owned())));
        client.delete_item().table_name(table).set_key(Some(key.into())).send().await.unwrap();
    }
    assert_eq!(output(scene.verify(&[])).await.status.code(), Some(0));
    for table in [ROWS, TOTALS] {
        let items = client.scan().table_name(table).send().await.unwrap().items.unwrap();
        assert!(items.iter().all(|item| item["customerId"].as_s().unwrap() != "#events"), "{table}");
    }
    let adopted = output(scene.verify(&["--adopt-events"])).await;
    assert_eq!(adopted.status.code(), Some(2), "only a repair adopts a table");
}

#[tokio::test]
async fn a_clean_repair_lets_the_read_models_remember_their_events() {
    let scene = Scene::with_orders(2).await;
    let repaired = output(scene.verify(&["--repair", "--yes"])).await;
    assert_eq!(repaired.status.code(), Some(0), "{}", stderr(&repaired));
    copied(&scene, "Another", |order| Some(format!("another-{order}"))).await;
    let refused = output(scene.rebuild(&["--table", "OrderEvents=Another"])).await;
    assert!(stderr(&refused).contains(" was folded from the events table OrderEvents ("), "{}", stderr(&refused));
}
