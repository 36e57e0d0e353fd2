//! `orders cost` as an operator runs it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::{Command, Output};

fn cost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orders")).arg("cost").args(arguments).output().unwrap()
}

#[test]
fn it_prints_what_the_documentation_shows() {
    let output = cost(&[]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documented =
        include_str!("../../../../docs/COST.md").split("```").find(|block| block.contains("A million orders of"));
    let documented = documented.unwrap().split_once("$ cargo orders cost\n").unwrap().1;
    assert_eq!(printed.trim_end(), documented.trim_end(), "paste what is printed into docs/COST.md:\n{printed}");
}

#[test]
fn the_documentation_counts_what_the_template_has_by_the_month() {
    let template = [
        include_str!("../../../../template.yaml"),
        include_str!("../../../../templates/alarms.yaml"),
        include_str!("../../../../templates/dashboard.yaml"),
        include_str!("../../../../templates/saved-queries.yaml"),
    ]
    .concat();
    let page = include_str!("../../../../docs/COST.md");
    let count = |text: &str| template.matches(text).count();
    let alarms = count("    Type: AWS::CloudWatch::Alarm\n");
    // An alarm names its metric directly, or lists the metrics of its expression. Each metric costs ten cents.
    let metrics = count("\n      MetricName: ") + count("MetricStat:");
    let (dashboards, queries) =
        (count("Type: AWS::CloudWatch::Dashboard\n"), count("Type: AWS::Logs::QueryDefinition\n"));
    for told in [
        format!("| {alarms} alarms on {metrics} metrics | {}.{}0 |", metrics / 10, metrics % 10),
        format!("| dashboards, 3 $ each | {dashboards} | {}.00 |", dashboards * 3),
        format!("| metrics of {} mappings", count("- EventCount\n")),
        format!("| saved queries | {queries} | 0 |"),
    ] {
        assert!(page.contains(&told), "docs/COST.md does not say: {told}");
    }
}

#[test]
fn other_prices_are_taken_from_a_file_and_wrong_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.json");
    let prices = include_str!("../src/cost/us-east-1.json");
    let run = |prices: String| {
        std::fs::write(&file, prices).unwrap();
        cost(&["--orders", "8", "--json", "--prices", file.to_str().unwrap()])
    };
    let output = run(prices.replace("us-east-1", "eu-central-1").replace("\"1.00\"", "\"2.00\""));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["region"], "eu-central-1");
    assert_eq!(told["bills"][1]["lines"][0]["dollars"], "8.000");

    let output = run(prices.replace("\"1.00\"", "\"one dollar\""));
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("one dollar is not an amount in dollars"), "{said}");
}
