//! The facts about the template in `docs/DEPLOY.md` and `docs/RUNBOOK.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use std::collections::BTreeSet;

use sam_template::Template;
use yaml_serde::{Mapping, Value as Yaml};

const DEPLOY: &str = include_str!("../../../../docs/DEPLOY.md");
const RUNBOOK: &str = include_str!("../../../../docs/RUNBOOK.md");

fn section(name: &str) -> Mapping {
    Template::of_this_project().unwrap().document()[name].as_mapping().unwrap().clone()
}

/// Returns the resources of a type, each with its logical id.
fn of_type(kind: &str) -> Vec<(String, Yaml)> {
    let resources = section("Resources").into_iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    resources.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
}

/// The text of a section of a page, up to the next section.
fn text_of(page: &'static str, heading: &str) -> &'static str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split_once("\n## ").unwrap().0
}

/// The cells of the rows in a section of the deployment page that begin with a name; of all its tables.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let rows = text_of(DEPLOY, heading).lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.split('|').skip(1).map(str::trim).collect()).collect()
}

/// Returns the names of a template's resources of a type, without the name of the stack.
fn names(kind: &str, property: &str, stack: &str) -> Vec<String> {
    let mut names: Vec<String> = of_type(kind)
        .iter()
        .map(|(_, resource)| {
            let Yaml::Tagged(name) = &resource["Properties"][property] else {
                unreachable!("the stack's name is in it")
            };
            name.value.as_str().unwrap().strip_prefix(stack).unwrap().to_owned()
        })
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn the_page_says_of_every_alarm_what_it_means_and_what_to_do() {
    let mut described: Vec<String> = Vec::new();
    for alarms in text_of(RUNBOOK, "Alarms").split("\n### ").skip(1) {
        let (names, text) = alarms.split_once('\n').unwrap();
        for part in ["Meaning", "Check", "Fix"] {
            let (_, said) = text.split_once(&format!("\n**{part}.**")).unwrap_or_else(|| panic!("{names}: no {part}"));
            let said = said.split_once("\n**").map_or(said, |(said, _)| said);
            assert!(said.trim().len() > 20, "{names}: {part}");
        }
        described.extend(names.split(", ").map(|name| name.replace('`', "")));
    }
    described.sort_unstable();
    assert_eq!(described, names("AWS::CloudWatch::Alarm", "AlarmName", "${AWS::StackName}-"));
}

#[test]
fn the_page_lists_every_saved_query() {
    let in_two_cells = rows("Metrics and saved queries").into_iter().filter(|row| row.len() == 3);
    let mut listed: Vec<String> = in_two_cells.map(|row| row[0].replace('`', "")).collect();
    listed.sort_unstable();
    assert_eq!(listed, names("AWS::Logs::QueryDefinition", "Name", "${AWS::StackName}/"));
}

/// Names, units and dimensions agree. The descriptions may differ.
#[test]
fn the_page_lists_the_metrics_of_the_functions_as_function_setup_does() {
    let written = include_str!("../../../functions/function-setup/src/metrics.rs").lines();
    let written: Vec<Vec<&str>> = written
        .filter_map(|line| line.strip_prefix("//! ").filter(|row| row.starts_with("| `")))
        .map(|row| row.split('|').skip(1).take(3).map(str::trim).collect())
        .collect();
    let in_four_cells = rows("Metrics and saved queries").into_iter().filter(|row| row.len() == 5);
    let listed: Vec<Vec<&str>> = in_four_cells.map(|row| row[..3].to_vec()).collect();
    assert_eq!(listed, written);
}

#[test]
fn the_page_lists_every_parameter_with_its_default() {
    let listed: Vec<String> =
        rows("Parameters").iter().map(|row| format!("{} {}", row[0], row[1]).replace('`', "")).collect();
    let declared: Vec<String> = section("Parameters")
        .iter()
        .map(|(name, parameter)| {
            let default = &parameter["Default"];
            let default = default.as_str().map_or_else(|| yaml_serde::to_string(default).unwrap(), str::to_owned);
            format!("{} {}", name.as_str().unwrap(), default.trim())
        })
        .collect();
    assert_eq!(listed, declared);
}

/// The scopes of customers and of services, and `orders:admin`, each once.
#[test]
fn the_page_says_to_which_caller_each_scope_is_granted() {
    let mut listed: Vec<String> = Vec::new();
    for row in rows("Callers") {
        assert!(row.len() == 5 && row[1..4].iter().all(|cell| !cell.is_empty()), "{row:?}");
        listed.push(row[0].replace('`', ""));
    }
    let template = Template::of_this_project().unwrap().with_parameters(&[("AuthMode", "jwt")]).unwrap();
    let routes = template.routes().unwrap();
    let asked: BTreeSet<String> = routes.into_iter().flat_map(|route| route.scopes).collect();
    listed.sort_unstable();
    assert_eq!(listed, asked.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_page_asks_for_outputs_that_exist() {
    let outputs = section("Outputs");
    let asked = [DEPLOY, RUNBOOK].into_iter().flat_map(|page| page.split("$(output ").skip(1));
    let asked: Vec<&str> = asked.filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    assert!(asked.len() > 5, "{asked:?}");
    for name in asked {
        assert!(outputs.contains_key(name), "{name}");
    }
}
