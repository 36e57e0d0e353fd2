//! What a function reads from its environment is what the template puts there.

use std::collections::{BTreeMap, BTreeSet};

use function_setup::{CommandConfig, ProjectorConfig, PublisherConfig, QueryConfig};
use sam_template::Template;

/// The variables that a function reads, function by function.
const READ: [(&str, &[&str]); 4] = [
    ("command-handler", CommandConfig::VARIABLES),
    ("projector", ProjectorConfig::VARIABLES),
    ("publisher", PublisherConfig::VARIABLES),
    ("query-handler", QueryConfig::VARIABLES),
];

#[test]
fn every_function_is_given_the_variables_it_reads_and_no_other() {
    let functions = Template::of_this_project().unwrap().functions().unwrap();
    assert_eq!(functions.len(), READ.len());
    for (name, variables) in READ {
        let function = functions.iter().find(|function| function.name == name).unwrap();
        let given: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        let read: BTreeSet<&str> = variables.iter().copied().collect();
        assert_eq!(given, read, "{name}");
    }
}

#[test]
fn the_sample_environment_has_every_variable_with_the_local_names_of_the_tables() {
    let lines = include_str!("../../../events/local.env").lines();
    let sample: BTreeMap<&str, &str> = lines.map(|line| line.split_once('=').unwrap()).collect();
    for function in Template::of_this_project().unwrap().functions().unwrap() {
        for (name, value) in &function.environment {
            // Nobody signs requests on one machine; all else is as deployed.
            let expected = if name == "AUTH_MODE" { "none" } else { value };
            assert_eq!(sample.get(name.as_str()), Some(&expected), "{name} of {}", function.name);
        }
    }
    let read: BTreeSet<&str> = READ.iter().flat_map(|(_, names)| *names).copied().collect();
    let others: Vec<&str> = sample.keys().copied().filter(|name| !read.contains(name)).collect();
    assert!(others.iter().all(|name| name.starts_with("AWS_")), "{others:?}");
}
