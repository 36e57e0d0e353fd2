//! `orders verify --repair` with events that do not belong to the rows: it is rejected, and nothing changes.

use serde_json::json;

use crate::rebuild::{ROWS, Scene};
use crate::service::{forwarded, refusal, service};
use crate::verify::{CONTRIBUTIONS, REPAIR, SUMMARIES, all_rows, copied, rebuilt, text, verify};
use crate::{output, stderr};

/// Deletes the memory of the events table from the read models, as read models of an earlier release have none.
async fn forgotten(scene: &Scene) {
    for table in [SUMMARIES, CONTRIBUTIONS] {
        let memory = [("customerId".to_owned(), text("#events")), (table.1.to_owned(), text("#events"))].into();
        table.delete(scene, &memory).await;
    }
}

/// Runs a repair with a table of events. The repair must fail with this message at the end, and change nothing.
async fn refused(scene: &Scene, arguments: &[&str], expected: &str) {
    let before = all_rows(scene).await;
    let done = output(scene.verify(&[REPAIR, arguments].concat())).await;
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    let error = stderr(&done).rsplit_once("error: ").unwrap().1;
    assert!(error.starts_with(expected) && error.lines().count() == 1, "{error}");
    assert_eq!(all_rows(scene).await, before);
    assert_eq!(scene.files(), 0, "another run counts anew");
}

#[tokio::test]
async fn a_repair_by_an_empty_table_is_refused() {
    let scene = rebuilt(8).await;
    forgotten(&scene).await;
    copied(&scene, "Empty", |_| None).await;
    let expected = "Empty has no orders, and the read models have 16 rows: nothing was changed; ";
    refused(&scene, &["--table", "OrderEvents=Empty"], expected).await;
    refused(&scene, &["--table", "OrderEvents=Empty", "--delete-orphans", "99"], expected).await;
}

#[tokio::test]
async fn a_repair_by_the_table_of_another_stack_is_refused() {
    let scene = rebuilt(8).await;
    forgotten(&scene).await;
    copied(&scene, "Another", |order| Some(format!("another-{order}"))).await;
    refused(
        &scene,
        &["--table", "OrderEvents=Another"],
        "16 of 16 rows have no commits in Another, more than 1 % or 100: ",
    )
    .await;
}

#[tokio::test]
async fn a_repair_by_a_half_restored_table_is_refused() {
    let scene = rebuilt(8).await;
    forgotten(&scene).await;
    copied(&scene, "Restored", |order| (order < "o-4").then(|| order.to_owned())).await;
    refused(
        &scene,
        &["--table", "OrderEvents=Restored"],
        "8 of 16 rows have no commits in Restored, more than 1 % or 100: ",
    )
    .await;
    // The table contains the first commits of each order and lacks the second ones, so a repair would reduce the rows.
    for number in 0..8 {
        scene.recorded.delete(&format!("o-{number}"), 2).await;
    }
    refused(&scene, &[], "16 of 16 rows have no commits in OrderEvents, more than 1 % or 100: ").await;
}

#[tokio::test]
async fn orphans_are_deleted_when_their_number_is_named() {
    let scene = rebuilt(3).await;
    for version in [1, 2] {
        scene.recorded.delete("o-1", version).await;
    }
    refused(&scene, &["--delete-orphans", "1"], "2 of 6 rows have no commits in OrderEvents, ").await;
    let (exit, counted, _) = verify(&scene, &[REPAIR, &["--delete-orphans", "2"]].concat()).await;
    assert_eq!((exit, &counted["readModels"][ROWS]["withoutOrder"]), (0, &json!(1)));
    let [summaries, contributions] = all_rows(&scene).await;
    assert_eq!((summaries.len(), contributions.len()), (2, 3));
}

#[tokio::test]
async fn a_repair_whose_memory_cannot_be_read_is_refused() {
    let scene = rebuilt(2).await;
    let endpoint = scene.recorded.dynamodb.endpoint();
    let url = service(move |call| {
        let is_memory = call.target.ends_with("BatchGetItem") && call.body.contains("#events");
        Some(if is_memory { refusal("AccessDeniedException", "not granted") } else { forwarded(call, &endpoint) })
    });
    for (arguments, code, said) in [
        (REPAIR, 1, "error: BatchGetItem was refused by the table: "),
        (&[], 0, "cannot read which events table the read models remember: BatchGetItem was refused by the table: "),
    ] {
        let mut command = scene.verify(arguments);
        command.env("AWS_ENDPOINT_URL_DYNAMODB", &url);
        let done = output(command).await;
        assert_eq!((done.status.code(), scene.files()), (Some(code), 0), "{}", stderr(&done));
        assert!(stderr(&done).starts_with(said), "{}", stderr(&done));
    }
}

#[tokio::test]
async fn a_repair_that_is_not_confirmed_changes_nothing() {
    let scene = Scene::with_orders(2).await;
    let done = output(scene.verify(&["--repair"])).await;
    let expected = "Verify and repair the read models:\n  events  OrderEvents             about 4 items\n  \
                    rows    CustomerTotals          about 0 items\n  rows    OrderSummaryByCustomer  about 0 items\n\
                    First compares and counts all rows, and writes nothing. \
                    Then writes rows that are lost or wrong, and deletes or reduces\n\
                    rows without commits in the events table: \
                    no more than 1 % of the rows and 100. If there are more, nothing is changed.\n\
                    error: standard input is not a terminal: add --yes to continue without a question\n";
    assert_eq!((done.status.code(), stderr(&done)), (Some(1), expected));
    assert_eq!((SUMMARIES.rows(&scene).await.len(), scene.files()), (0, 0));
}
