//! Logs of the functions and of the bus.

use yaml_serde::Value as Yaml;

use crate::{of_type, section, text};

fn yaml(text: &str) -> Yaml {
    yaml_serde::from_str(text).unwrap()
}

/// Lambda treats a line without a level as INFO. Lines of metrics have no level, so any higher level would drop them. The
/// functions filter their own lines.
#[test]
fn lambda_writes_json_and_drops_no_line_of_a_function() {
    let expected = yaml("{ LogFormat: JSON, ApplicationLogLevel: TRACE, SystemLogLevel: !Ref SystemLogLevel }");
    assert_eq!(section("Globals")["Function"]["LoggingConfig"], expected);
    let functions = of_type("AWS::Serverless::Function");
    assert!(functions.iter().all(|(_, function)| function.get("LoggingConfig").is_none()));
}

/// At WARN, Lambda writes no `platform.report` of an invocation that succeeded.
#[test]
fn the_default_log_level_includes_the_lines_of_cold_starts() {
    assert_eq!(section("Parameters")["SystemLogLevel"]["Default"], "INFO");
    let queries = of_type("AWS::Logs::QueryDefinition");
    let (_, cold_starts) = queries.iter().find(|(id, _)| id == "ColdStartsQuery").unwrap();
    assert!(text(&cold_starts["QueryString"]).starts_with(r#"filter type = "platform.report""#));
}

/// The detail of an event shows what a customer ordered.
#[test]
fn the_bus_logs_errors_without_the_detail_of_events() {
    for (id, bus) in of_type("AWS::Events::EventBus") {
        assert_eq!(bus["LogConfig"], yaml("{ Level: ERROR, IncludeDetail: NONE }"), "{id}");
    }
    let only = |kind: &str| {
        let mut of_kind = of_type(&format!("AWS::Logs::{kind}"));
        assert_eq!(of_kind.len(), 1, "{kind}");
        of_kind.remove(0)
    };
    let (source, from) = only("DeliverySource");
    assert_eq!((&from["ResourceArn"], &from["LogType"]), (&yaml("!GetAtt OrderBus.Arn"), &yaml("ERROR_LOGS")));
    let (destination, to) = only("DeliveryDestination");
    assert_eq!(to["DestinationResourceArn"], yaml("!GetAtt OrderBusErrorsLogGroup.Arn"));
    let (_, delivery) = only("Delivery");
    assert_eq!(delivery["DeliverySourceName"], yaml(&format!("!Ref {source}")));
    assert_eq!(delivery["DeliveryDestinationArn"], yaml(&format!("!GetAtt {destination}.Arn")));
}
