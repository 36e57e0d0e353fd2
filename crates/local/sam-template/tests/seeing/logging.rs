//! Logs of the functions and of the bus.

use serde_norway::Value as Yaml;

use crate::{of_type, section, text};

fn yaml(text: &str) -> Yaml {
    serde_norway::from_str(text).unwrap()
}

/// Lambda takes a line without a level for INFO. Lines of metrics have none, so any level above would drop them, and the functions
/// filter their own lines.
#[test]
fn lambda_writes_json_and_drops_no_line_of_a_function() {
    let expected = yaml("{ LogFormat: JSON, ApplicationLogLevel: TRACE, SystemLogLevel: !Ref SystemLogLevel }");
    assert_eq!(section("Globals")["Function"]["LoggingConfig"], expected);
    let functions = of_type("AWS::Serverless::Function");
    assert!(functions.iter().all(|(_, function)| function.get("LoggingConfig").is_none()));
}

/// At WARN, Lambda writes no `platform.report` of an invocation that succeeded.
#[test]
fn the_default_system_log_level_writes_what_the_query_for_cold_starts_reads() {
    assert_eq!(section("Parameters")["SystemLogLevel"]["Default"], "INFO");
    let queries = of_type("AWS::Logs::QueryDefinition");
    let (_, cold_starts) = queries.iter().find(|(id, _)| id == "ColdStartsQuery").unwrap();
    assert!(text(&cold_starts["QueryString"]).starts_with(r#"filter type = "platform.report""#));
}
