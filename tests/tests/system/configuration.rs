//! What a function reads from its environment is what the template puts there.

use std::collections::BTreeSet;

use function_setup::{CommandConfig, ProjectorConfig, QueryConfig, logs};
use sam_template::Template;

#[test]
fn every_function_is_given_the_variables_it_reads_and_no_other() {
    let read = [
        ("command-handler", CommandConfig::VARIABLES),
        ("projector", ProjectorConfig::VARIABLES),
        ("query-handler", QueryConfig::VARIABLES),
    ];
    let functions = Template::of_this_project().unwrap().functions().unwrap();
    assert_eq!(functions.len(), read.len());
    for (name, variables) in read {
        let function = functions.iter().find(|function| function.name == name).unwrap();
        let given: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        let read: BTreeSet<&str> = variables.iter().copied().chain([logs::LOG_LEVEL]).collect();
        assert_eq!(given, read, "{name}");
    }
}
