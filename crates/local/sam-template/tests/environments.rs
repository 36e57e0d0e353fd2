//! The deployments in `samconfig.toml`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::Template;

const CONFIG: &str = include_str!("../../../../samconfig.toml");

/// Returns the lines of a section, without comments.
fn section(name: &str) -> Vec<&'static str> {
    let lines = CONFIG.lines().map(str::trim).skip_while(|line| *line != format!("[{name}]")).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Returns the parameters of an environment, one on each line of the list.
fn parameters(environment: &str) -> Vec<(&'static str, &'static str)> {
    let section = section(&format!("{environment}.deploy.parameters"));
    let (_, after) = section.split_at(section.iter().position(|line| *line == "parameter_overrides = [").unwrap() + 1);
    let (list, _) = after.split_at(after.iter().position(|line| *line == "]").unwrap());
    list.iter().map(|line| parameter(line)).collect()
}

/// Parses `"Stage=dev",`. TOML allows the last one without a comma.
fn parameter(line: &'static str) -> (&'static str, &'static str) {
    let quoted = line.strip_suffix(',').unwrap_or(line);
    let parameter = quoted.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap();
    assert!(!parameter.contains('"'), "one parameter a line: {line}");
    parameter.split_once('=').unwrap()
}

fn deployed(environment: &str) -> Template {
    Template::of_this_project().unwrap().with_parameters(&parameters(environment)).unwrap()
}

#[test]
fn no_environment_is_refused() {
    for (environment, stage) in [("default", "dev"), ("dev", "dev"), ("prod", "prod")] {
        assert!(parameters(environment).contains(&("Stage", stage)), "{environment}");
        assert_eq!(deployed(environment).refusals().unwrap(), [""; 0], "{environment}");
    }
}

#[test]
fn the_default_environment_is_dev() {
    for part in ["global", "validate", "deploy"] {
        let lines = section(&format!("default.{part}.parameters"));
        assert!(!lines.is_empty(), "{part}");
        assert_eq!(lines, section(&format!("dev.{part}.parameters")), "{part}");
    }
}

#[test]
fn production_authenticates_callers_keeps_data_and_uses_canaries() {
    let template = deployed("prod");
    assert!(template.routes().unwrap().iter().all(|route| route.authorization == "AWS_IAM"));
    let events = template.resource("OrderEvents").unwrap().unwrap();
    assert_eq!(events["DeletionProtectionEnabled"], "true");
    assert!(parameters("prod").contains(&("DeploymentPreference", "Canary10Percent10Minutes")));
    assert_ne!(section("prod.global.parameters"), section("dev.global.parameters"), "another stack");
}

/// `sam deploy` rejects a renamed parameter only when the line is no longer a comment.
#[test]
fn comments_name_parameters_and_values_that_the_template_takes() {
    let comments = CONFIG.lines().filter_map(|line| line.trim().strip_prefix('#'));
    let quoted = comments.flat_map(|comment| comment.split('"').skip(1).step_by(2));
    let examples: Vec<_> = quoted.filter_map(|text| text.split_once('=')).collect();
    assert!(examples.len() > 5, "{examples:?}");
    let template = Template::of_this_project().unwrap().with_parameters(&examples).unwrap();
    assert_eq!(template.refusals().unwrap(), [""; 0]);
}
