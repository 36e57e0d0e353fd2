//! What `docs/OPERATIONS.md` says of the template.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use serde_norway::Mapping;

const PAGE: &str = include_str!("../../../docs/OPERATIONS.md");

fn section(name: &str) -> Mapping {
    let template: Mapping = serde_norway::from_str(include_str!("../../../template.yaml")).unwrap();
    template[name].as_mapping().unwrap().clone()
}

#[test]
fn the_page_lists_every_parameter_with_its_default() {
    let (_, rest) = PAGE.split_once("\n## Parameters\n").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let listed: Vec<String> = rows
        .map(|row| {
            row.split('|').skip(1).take(2).map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let declared: Vec<String> = section("Parameters")
        .iter()
        .map(|(name, parameter)| {
            let default = &parameter["Default"];
            let default = default.as_str().map_or_else(|| serde_norway::to_string(default).unwrap(), str::to_owned);
            format!("{} {}", name.as_str().unwrap(), default.trim())
        })
        .collect();
    assert_eq!(listed, declared);
}

#[test]
fn the_page_asks_for_outputs_that_exist() {
    let outputs = section("Outputs");
    let asked: Vec<&str> = PAGE.split("$(output ").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    assert!(asked.len() > 5, "{asked:?}");
    for name in asked {
        assert!(outputs.contains_key(name), "{name}");
    }
}
