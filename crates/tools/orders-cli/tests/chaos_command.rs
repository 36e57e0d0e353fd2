//! `orders chaos` as a person runs it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::{Command, Output};

use serde_json::Value;

fn chaos(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orders")).arg("chaos").args(arguments).output().unwrap()
}

#[test]
fn a_few_histories_hold_and_every_fault_is_in_the_table() {
    let output = chaos(&["--seed", "7", "--histories", "3"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.starts_with("3 histories in "), "{printed}");
    assert!(printed.contains("\n18  rolling-deploy "), "{printed}");
    assert!(printed.trim_end().ends_with("all that was checked held"), "{printed}");
}

#[test]
fn the_same_plan_tells_the_same_however_many_jobs_there_are_and_what_is_left_out_does_not_strike() {
    let plan = ["--seed", "3", "--histories", "3", "--commands", "0-9", "--clients", "2", "--without", "1,wrong-clock"];
    let told = |jobs| {
        let output = chaos(&[&plan[..], &["--json", "--jobs", jobs]].concat());
        assert_eq!(output.status.code(), Some(0));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let alone = told("1");
    assert_eq!(alone, told("3"));
    assert_eq!(alone["faults"][0]["struck"], 0);
    assert_eq!(alone["faults"][13]["struck"], 0);
    assert_eq!(alone["first"], "--seed 3 --commands 0-9 --clients 2 --without throttling,wrong-clock");
}

#[test]
fn a_fault_that_there_is_not_is_refused() {
    let output = chaos(&["--without", "boredom"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("there is no fault 'boredom'"), "{said}");
}
