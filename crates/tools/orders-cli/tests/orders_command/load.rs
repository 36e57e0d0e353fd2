//! `orders load`, and the orders that it placed.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{complaint, curl, orders, pasted, start, stdout};

/// Returns the count in a row of a report.
#[track_caller]
fn count(report: &str, row: &str) -> u64 {
    let figures = report.lines().find_map(|line| line.strip_prefix(row)).unwrap();
    figures.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_load_reports_its_commands_and_its_orders_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(folder.path());
    let api = stack.api();
    let load = orders(&["load", "--orders", "20", "--clients", "4", "--api", api]).output().unwrap();
    let report = stdout(&load);
    assert!(report.contains("20 orders") && report.contains("errors: 0"), "{report}");
    assert_eq!(count(&report, "PlaceOrder"), 20, "{report}");
    assert!(count(&report, "summary lag") > 0, "{report}");

    let (_, placed) = curl(pasted(&stack)[0]).await;
    let id = placed["orderId"].as_str().unwrap();
    let show = stdout(&orders(&["show", id, "--api", api]).output().unwrap());
    assert!(show.contains(&format!("Order {id}")) && show.contains("29.97 EUR"), "{show}");
    let events = stdout(&orders(&["events", id]).env("ORDERS_API", api).output().unwrap());
    assert!(events.contains("OrderPlaced") && events.contains("3 TEA-500, 29.97 EUR by alice"), "{events}");
    let json: Value =
        serde_json::from_str(&stdout(&orders(&["show", id, "--json", "--api", api]).output().unwrap())).unwrap();
    assert_eq!(json["total"], 2997);

    let unknown = orders(&["show", "no-such-order", "--api", api]).output().unwrap();
    assert!(complaint(&unknown).contains("404 order_not_found"));
}

#[test]
fn a_stopped_load_reports_its_finished_commands() {
    for pace in [&["--rate", "1"][..], &[]] {
        let folder = tempfile::tempdir().unwrap();
        let stack = start(folder.path());
        let mut load = orders(&["load", "--seconds", "100000", "--clients", "2", "--api", stack.api()]);
        let load = load.args(pace).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The load has started when its first event is published.
        let published = folder.path().join("events.ndjson");
        while std::fs::metadata(&published).map_or(0, |file| file.len()) == 0 {
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&load), Signal::INT).unwrap();
        let done = load.wait_with_output().unwrap();
        let (report, said) = (stdout(&done), String::from_utf8_lossy(&done.stderr).into_owned());
        assert_eq!(done.status.code(), Some(130), "{said}");
        assert!(report.starts_with("Stopped: "), "{report}");
        assert!(count(&report, "PlaceOrder") > 0 && report.contains("\nerrors: 0"), "{report}");
        assert!(said.ends_with("error: stopped before the end: the report covers the finished commands\n"), "{said}");
    }
}
