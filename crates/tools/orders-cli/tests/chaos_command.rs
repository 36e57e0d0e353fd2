//! `orders chaos` as a command.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::{Command, Output};

use serde_json::Value;

fn chaos(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orders")).arg("chaos").args(arguments).output().unwrap()
}

#[test]
fn a_few_histories_succeed_and_every_fault_is_in_the_table() {
    let output = chaos(&["--seed", "7", "--histories", "3"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.starts_with("3 histories in "), "{printed}");
    assert!(printed.contains("\n18  rolling-deploy "), "{printed}");
    assert!(printed.trim_end().ends_with("every invariant holds"), "{printed}");
}

#[test]
fn a_plan_gives_the_same_report_with_any_number_of_jobs() {
    let plan = ["--seed", "3", "--histories", "3", "--commands", "0-9", "--clients", "2", "--without", "1,wrong-clock"];
    let report = |jobs| {
        let output = chaos(&[&plan[..], &["--json", "--jobs", jobs]].concat());
        assert_eq!(output.status.code(), Some(0));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let alone = report("1");
    assert_eq!(alone, report("3"));
    assert_eq!(alone["faults"][0]["struck"], 0);
    assert_eq!(alone["faults"][13]["struck"], 0);
    assert_eq!(alone["first"], "--seed 3 --commands 0-9 --clients 2 --without throttling,wrong-clock");
}

#[test]
fn an_unknown_fault_is_rejected() {
    let output = chaos(&["--without", "boredom"]);
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(printed.contains("there is no fault 'boredom'"), "{printed}");
}
