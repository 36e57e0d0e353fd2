//! The deployment of a new version, and the effects of parameters on functions.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::Template;
use serde_json::{Value, json};
use yaml_serde::Value as Yaml;

const FUNCTIONS: [&str; 4] = ["CommandHandler", "Projector", "Publisher", "QueryHandler"];

fn deployed(parameters: &[(&str, &str)]) -> Template {
    Template::of_this_project().unwrap().with_parameters(parameters).unwrap()
}

fn properties(parameters: &[(&str, &str)], id: &str) -> Value {
    deployed(parameters).resource(id).unwrap().unwrap()
}

/// A caller of the function itself would use a release before it is proven, and continue to use it after a rollback.
#[test]
fn apis_stream_and_schedule_call_the_alias_and_never_the_function() {
    let with_both_apis = [("AuthMode", "jwt"), ("ServiceApi", "iam")];
    for (id, property, function) in [
        ("CommandIntegration", "IntegrationUri", "CommandHandler"),
        ("CommandPermission", "FunctionName", "CommandHandler"),
        ("QueryIntegration", "IntegrationUri", "QueryHandler"),
        ("QueryPermission", "FunctionName", "QueryHandler"),
        ("ServiceRoutesCommandIntegration", "IntegrationUri", "CommandHandler"),
        ("ServiceRoutesCommandPermission", "FunctionName", "CommandHandler"),
        ("ServiceRoutesQueryIntegration", "IntegrationUri", "QueryHandler"),
        ("ServiceRoutesQueryPermission", "FunctionName", "QueryHandler"),
        ("ProjectorStream", "FunctionName", "Projector"),
        ("PublisherStream", "FunctionName", "Publisher"),
        ("ProjectorSchedulePermission", "FunctionName", "Projector"),
    ] {
        assert_eq!(properties(&with_both_apis, id)[property], format!("{function}Aliaslive"), "{id}");
    }
    assert_eq!(properties(&[], "ProjectorSchedule")["Targets"][0]["Arn"], "ProjectorAliaslive");
}

/// With AllAtOnce, CloudFormation moves the alias itself. An alarm therefore does not stop the release that fixes its
/// cause.
#[test]
fn a_gradual_release_rolls_back_on_the_alarms_of_its_function() {
    let template = deployed(&[]).document().clone();
    let preferences = template["Parameters"]["DeploymentPreference"]["AllowedValues"].as_sequence().unwrap();
    let by_codedeploy = template["Mappings"]["DeploymentPreferences"].as_mapping().unwrap();
    assert_eq!(preferences, &by_codedeploy.keys().cloned().collect::<Vec<_>>());
    for (preference, setting) in by_codedeploy {
        assert_eq!(setting["Enabled"], if preference == "AllAtOnce" { "false" } else { "true" }, "{preference:?}");
    }
    for function in FUNCTIONS {
        let preference = &properties(&[], function)["DeploymentPreference"];
        // The function's own errors are those of Lambda. Other failures are answered with 5xx, parked, or retried.
        let mut alarms = vec![format!("{function}ErrorsAlarm")];
        let others: &[&str] = match function {
            "CommandHandler" | "QueryHandler" => &["ApiServerErrorsAlarm"],
            "Projector" => &["OrdersParkedAlarm", "ProjectionLagAlarm"],
            _ => &["OrdersParkedAlarm", "PublishFailuresAlarm"],
        };
        alarms.extend(others.iter().map(|alarm| (*alarm).to_owned()));
        assert_eq!(*preference, json!({ "Alarms": alarms }), "the rest is everyone's");
    }
    let of_all: Yaml = yaml_serde::from_str(
        "Enabled: !FindInMap [DeploymentPreferences, !Ref DeploymentPreference, Enabled]
Type: !Ref DeploymentPreference
Role: !GetAtt DeploymentRole.Arn",
    )
    .unwrap();
    assert_eq!(template["Globals"]["Function"]["DeploymentPreference"], of_all);
}

/// A burst of clients on one order is answered with 503 `contention`, which the gateway counts as 5xx. It is not the fault
/// of a release.
#[test]
fn no_alarm_that_takes_a_release_back_counts_contention() {
    let template = deployed(&[]).document().clone();
    let mut counts_server_errors = 0;
    for function in FUNCTIONS {
        let alarms = properties(&[], function)["DeploymentPreference"]["Alarms"].as_array().unwrap().clone();
        for alarm in alarms {
            let alarm = &template["Resources"][alarm.as_str().unwrap()]["Properties"];
            let name = |metric: &Yaml| metric["MetricName"].as_str().unwrap_or_default().to_owned();
            assert!(!["4xx", "5xx", "Conflicts", "CommandsContended"].contains(&name(alarm).as_str()), "{function}");
            let Some(metrics) = alarm.get("Metrics").and_then(Yaml::as_sequence) else { continue };
            let of = |wanted: &str| {
                metrics
                    .iter()
                    .find(|metric| metric.get("MetricStat").is_some_and(|stat| name(&stat["Metric"]) == wanted))
            };
            let Some(errors) = of("5xx") else { continue };
            counts_server_errors += 1;
            let contended = of("CommandsContended").unwrap();
            assert_eq!(contended["MetricStat"]["Stat"], errors["MetricStat"]["Stat"], "{function}");
            assert_eq!(contended["MetricStat"]["Period"], errors["MetricStat"]["Period"], "{function}");
            let of_the_commands: Yaml =
                yaml_serde::from_str("[{ Name: function_name, Value: !Ref CommandHandler }]").unwrap();
            assert_eq!(contended["MetricStat"]["Metric"]["Dimensions"], of_the_commands, "{function}");
            // In a minute without contention, the metric has no value. Without FILL, the expression would have none either.
            let expression = metrics.iter().find_map(|metric| metric.get("Expression")?.as_str()).unwrap();
            // SUM ignores the service API's metrics if there is no such API.
            assert_eq!(
                expression,
                "100 * (SUM([errors, serviceErrors]) - FILL(contended, 0)) / SUM([requests, serviceRequests])",
                "{function}"
            );
        }
    }
    assert_eq!(counts_server_errors, 2, "both functions of the API");
}

/// The transform resolves parameters in resources only. If a parameter sets a variable of `Globals`, its change would not
/// publish a new version, and the alias would keep the old value.
#[test]
fn every_variable_that_a_parameter_sets_is_written_at_its_function() {
    let template = deployed(&[]).document().clone();
    assert_eq!(
        template["Transform"],
        yaml_serde::from_str::<Yaml>("[AWS::LanguageExtensions, AWS::Serverless-2016-10-31]").unwrap(),
        "this order"
    );
    assert_eq!(template["Globals"]["Function"]["AutoPublishAlias"], "live");
    assert_eq!(template["Globals"]["Function"].get("Environment"), None);
}

/// The transform does not change conditions. If a condition determines a variable, its change would not publish a new
/// version either.
#[test]
fn no_condition_decides_a_variable_of_a_function() {
    let template = deployed(&[]).document().clone();
    for function in FUNCTIONS {
        let variables = &template["Resources"][function]["Properties"]["Environment"]["Variables"];
        for (name, value) in variables.as_mapping().unwrap() {
            let Yaml::Tagged(tagged) = value else { continue };
            assert!(tagged.tag == "Ref" || tagged.tag == "FindInMap", "{function} {name:?}");
        }
    }
}

#[test]
fn concurrency_is_reserved_only_if_a_number_is_given_even_zero() {
    for function in FUNCTIONS {
        assert_eq!(properties(&[], function).get("ReservedConcurrentExecutions"), None, "{function}");
        let parameter = format!("{function}Concurrency");
        for given in [0, 7] {
            let with = properties(&[(&parameter, &given.to_string())], function);
            assert_eq!(with["ReservedConcurrentExecutions"], given.to_string(), "{function}");
        }
    }
}

#[test]
fn functions_may_write_traces_only_where_they_trace() {
    let tracing = |parameters: &[(&str, &str)]| -> Vec<String> {
        let grants = deployed(parameters).grants().unwrap();
        let tracing = grants.into_iter().filter(|grant| grant.actions.iter().any(|action| action.starts_with("xray:")));
        tracing.map(|grant| grant.role).collect()
    };
    assert_eq!(tracing(&[]), ["CommandHandlerRole", "QueryHandlerRole", "ProjectorRole", "PublisherRole"]);
    assert_eq!(tracing(&[("Tracing", "PassThrough")]), [""; 0]);
    for function in FUNCTIONS {
        assert_eq!(properties(&[], function)["Tracing"], "Active");
        assert_eq!(properties(&[("Tracing", "PassThrough")], function)["Tracing"], "PassThrough");
    }
}

#[test]
fn deployments_may_only_update_aliases_and_read_alarms() {
    let grants = deployed(&[]).grants().unwrap();
    let mut of_deployments = grants.iter().filter(|grant| grant.role == "DeploymentRole");
    let aliases = of_deployments.next().unwrap();
    assert_eq!(aliases.actions, ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]);
    let expected: Vec<String> = FUNCTIONS.iter().flat_map(|id| [format!("{id}.Arn"), format!("{id}.Arn:*")]).collect();
    assert_eq!(aliases.resources, expected);
    assert_eq!(of_deployments.next().unwrap().actions, ["cloudwatch:DescribeAlarms"]);
    assert_eq!(of_deployments.next(), None);
}

#[test]
fn a_stage_is_named_on_the_apis_and_the_functions() {
    for api in ["HttpApi", "ServiceHttpApi"] {
        let parameters = [("Stage", "prod"), ("ServiceApi", "iam")];
        assert_eq!(properties(&parameters, api)["Tags"], json!({ "Stage": "prod" }), "{api}");
    }
    let template = deployed(&[]).document().clone();
    let tags: Yaml = yaml_serde::from_str("Stage: !Ref Stage").unwrap();
    assert_eq!(template["Globals"]["Function"]["Tags"], tags);
}
