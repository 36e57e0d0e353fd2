//! The real `orders rebuild` and `orders verify` during live traffic.

use serde_json::Value;
use system_tests::System;
use system_tests::binaries::binary;
use tokio::process::Command;

/// Runs the command against the system's tables, asserts success, and returns its result.
pub(crate) async fn orders(system: &System, arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(binary("orders").await)
        .args(arguments)
        .args(["--local", "--json"])
        .env("AWS_ENDPOINT_URL_DYNAMODB", system.stack.dynamodb_endpoint())
        .env("AWS_ENDPOINT_URL_EVENTBRIDGE", system.stack.event_bus().endpoint())
        .current_dir(folder.path())
        .output();
    let output = output.await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A repair for which every lagging row is lost, because deleted rows are no longer in the stream.
const REPAIR: &[&str] = &["verify", "--repair", "--yes", "--lag-bound", "0s"];

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_and_repair_during_traffic_leave_no_difference() {
    // Built before the traffic starts, so that no backlog grows during the build.
    binary("orders").await;
    let system = System::start().await;
    for _ in 0..20 {
        system.api.place("anna").await;
    }
    system.drained().await;
    // Rows are deleted only while none is being written. Otherwise sums could be deleted between their write and that of
    // their row.
    let quiet = tokio::sync::Mutex::new(());
    let tools = async {
        for arguments in [&["rebuild", "--yes"][..], REPAIR, &["rebuild", "--yes"], REPAIR] {
            let drained = quiet.lock().await;
            system.delete_rows();
            drop(drained);
            orders(&system, arguments).await;
        }
    };
    let traffic = async {
        loop {
            let _traffic = quiet.lock().await;
            for customer in ["anna", "bert", "anna", "cora"] {
                let order = system.api.place(customer).await;
                system.api.pay(&order, "pay-1", 2_500).await.expect(201);
                system.api.pay(&order, "pay-2", 2_500).await.expect(201);
            }
            // One machine runs everything here. Without this wait, the read models would fall behind.
            system.drained().await;
        }
    };
    tokio::select! {
        () = tools => {}
        () = traffic => {}
    }
    system.drained().await;
    let verified = orders(&system, &["verify"]).await;
    assert_eq!(verified["differences"], Value::Array(Vec::new()));
    let counted = &verified["verified"];
    assert!(counted["orders"].as_u64() > Some(20), "{verified}");
    for model in ["OrderSummaryByCustomer", "CustomerTotals", "OrdersByStatus"] {
        assert_eq!(counted["readModels"][model]["rows"], counted["orders"], "{model}");
    }
    let totals = &counted["readModels"]["CustomerTotals"];
    assert_eq!((&totals["sums"]["partitions"], &totals["sums"]["sums"]), (&3.into(), &3.into()));
    // Each commit has one event, and nothing fails here. An event that a rebuild published would be on the bus twice.
    let published = system.stack.event_bus().published().await.len();
    assert_eq!(counted["commits"], published);
}
