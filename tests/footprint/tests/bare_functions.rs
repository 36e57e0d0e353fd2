//! Checks that the bare functions are a valid reference: they make the same calls as the real ones, at the same time.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::process::Stdio;

use sam_template::Template;
use system_tests::binaries::binary;
use system_tests::workload::Workload;
use tokio::process::Command;

/// Returns the calls before the first work, and the calls of the second work.
async fn calls(function: &str, program: &str) -> [Vec<String>; 2] {
    let workload = Workload::of(2).await;
    let mut command = Command::new(binary(program).await);
    command.stdout(Stdio::null());
    let mut worker = workload.start(command, function).await.unwrap();
    worker.ready().await.unwrap();
    let primed = worker.calls();
    worker.work().await.unwrap();
    worker.calls();
    worker.work().await.unwrap();
    let calls = worker.calls();
    worker.process.end().await.unwrap();
    workload.stop().await;
    [primed, calls]
}

async fn both_call(function: &str, primed: &[&str], work: &[&str]) {
    for program in [function, &format!("bare-{function}")] {
        assert_eq!(calls(function, program).await, [primed, work], "{program}");
    }
}

#[test]
fn each_function_has_a_bare_one() {
    let functions = Template::of_this_project().unwrap().functions().unwrap();
    let functions: BTreeSet<_> = functions.into_iter().map(|function| format!("bare-{}.rs", function.name)).collect();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin")).unwrap();
    let bare: BTreeSet<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(bare, functions);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_a_query_and_a_put() {
    both_call("command-handler", &["Query OrderEvents"], &["PutItem OrderEvents", "Query OrderEvents"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_found_by_its_index_its_row_and_its_note() {
    let calls = ["GetItem OrderSummaryByCustomer", "GetItem ParkedOrders", "Query OrderSummaryByCustomer/ByOrder"];
    both_call("query-handler", &["Query OrderEvents"], &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_projected_by_six_calls() {
    let calls = [
        "BatchGetItem CustomerTotals * 1",
        "BatchGetItem CustomerTotals * 1",
        "BatchGetItem OrderSummaryByCustomer * 1",
        "PutItem CustomerTotals",
        "PutItem CustomerTotals",
        "PutItem OrderSummaryByCustomer",
    ];
    both_call("projector", &["Query OrderEvents"], &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_published_by_a_query_and_a_put() {
    let calls = ["PutEvents entries * 1", "Query ParkedOrders"];
    both_call("publisher", &["PutEvents entries * 0", "Query ParkedOrders"], &calls).await;
}
