//! Alarms: the metrics that they watch, and the topic that they notify.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value as Yaml;

use crate::metrics::{Watched, assert_written};
use crate::{of_type, text};

fn alarms() -> Vec<(String, Yaml)> {
    of_type("AWS::CloudWatch::Alarm")
}

fn yaml(text: &str) -> Yaml {
    yaml_serde::from_str(text).unwrap()
}

/// Returns the metrics that an alarm reads: its own, or those of its expression.
fn watched(alarm: &Yaml) -> Vec<Watched> {
    let of_expression = alarm
        .get("Metrics")
        .and_then(Yaml::as_sequence)
        .map(|metrics| metrics.iter().filter_map(|metric| Some(metric.get("MetricStat")?["Metric"].clone())).collect());
    let metrics = of_expression.unwrap_or_else(|| vec![alarm.clone()]);
    metrics
        .iter()
        .map(|metric| {
            let dimensions = metric.get("Dimensions").and_then(Yaml::as_sequence).into_iter().flatten();
            Watched {
                namespace: text(&metric["Namespace"]).to_owned(),
                name: text(&metric["MetricName"]).to_owned(),
                dimensions: dimensions
                    .map(|dimension| (text(&dimension["Name"]).to_owned(), Some(text(&dimension["Value"]).to_owned())))
                    .collect(),
            }
        })
        .collect()
}

/// Returns true if a metric with this dimension is among those that are read.
fn reads(read: &[Watched], name: &str, dimension: &str, value: &str) -> bool {
    read.iter().any(|watched| {
        watched.name == name && watched.dimensions.get(dimension).and_then(Option::as_deref) == Some(value)
    })
}

#[test]
fn every_alarm_uses_metrics_that_are_written() {
    for (_, alarm) in alarms() {
        let watched = watched(&alarm);
        assert!(!watched.is_empty());
        watched.iter().for_each(assert_written);
    }
}

#[test]
fn every_alarm_tells_when_it_begins_and_when_it_is_over() {
    for (id, alarm) in alarms() {
        for change in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm[change], yaml("[!Ref AlarmTopic]"), "{id}");
        }
    }
}

/// Metrics are written only when something happens, so a quiet night has none. Only the count of parked orders is always
/// written. If it is missing, its alarm keeps its state, and another alarm is raised.
#[test]
fn silence_is_trouble_for_the_count_of_parked_orders_alone() {
    for (id, alarm) in alarms() {
        let expected = match id.as_str() {
            "OrdersStayParkedAlarm" => "ignore",
            "ParkedOrdersUncountedAlarm" => "breaching",
            _ => "notBreaching",
        };
        assert_eq!(text(&alarm["TreatMissingData"]), expected, "{id}");
    }
}

#[test]
fn the_alarm_on_parked_orders_counts_those_of_every_consumer() {
    let alarms: BTreeMap<String, Yaml> = alarms().into_iter().collect();
    let watched = watched(&alarms["OrdersStayParkedAlarm"]);
    let consumers: Vec<_> = watched.iter().map(|metric| metric.dimensions["consumer"].as_deref().unwrap()).collect();
    assert_eq!(consumers, crate::metrics::consumers());
    assert!(watched.iter().all(|metric| metric.name == "ParkedOrders"), "{watched:?}");
    // A gauge is written every minute: over five minutes, a sum would count an order five times.
    for metric in alarms["OrdersStayParkedAlarm"]["Metrics"].as_sequence().unwrap() {
        assert!(metric.get("Expression").is_some() || metric["MetricStat"]["Stat"] == "Minimum", "{metric:?}");
    }
}

/// `CommandHandlerErrorsAlarm` is `<stack>-command-handler-errors`, so the names of two stacks do not collide.
#[test]
fn alarms_are_named_for_the_stack_and_as_in_the_template() {
    for (id, alarm) in alarms() {
        let mut name = String::new();
        for letter in id.strip_suffix("Alarm").unwrap().chars() {
            if letter.is_uppercase() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        assert_eq!(text(&alarm["AlarmName"]), format!("${{AWS::StackName}}{name}"));
    }
}

/// CloudWatch's limits for an alarm on an expression.
#[test]
fn an_expression_returns_one_series_of_ten_metrics_at_most() {
    let mut expressions = 0;
    for (id, alarm) in alarms() {
        let Some(metrics) = alarm.get("Metrics").and_then(Yaml::as_sequence) else { continue };
        let (returned, read): (Vec<&Yaml>, Vec<&Yaml>) =
            metrics.iter().partition(|metric| metric.get("ReturnData").is_none());
        assert_eq!(returned.len(), 1, "{id}");
        assert!(read.len() <= 10, "{id}");
        let expression = text(&returned[0]["Expression"]);
        for metric in read {
            assert_eq!(metric["ReturnData"], yaml("false"), "{id}");
            let name = text(&metric["Id"]);
            assert!(expression.contains(name) || expression == "SUM(METRICS())", "{id} does not use {name}");
        }
        expressions += 1;
    }
    assert!(expressions > 0);
}

/// A function without batches writes no age. Without FILL, its expression has no value, and the alarm is never raised.
/// Invocations cannot be used instead, because the schedule invokes the projector too.
#[test]
fn a_reader_of_the_stream_that_writes_no_metric_counts_as_stalled() {
    let alarm = alarms().into_iter().find(|(id, _)| id == "StreamReadersStalledAlarm").unwrap().1;
    let metrics = alarm["Metrics"].as_sequence().unwrap();
    let expression = metrics.iter().find_map(|metric| metric.get("Expression")?.as_str()).unwrap();
    for metric in metrics.iter().filter(|metric| metric.get("MetricStat").is_some()) {
        let id = text(&metric["Id"]);
        let filled = expression.matches(&format!("FILL({id}, 0)")).count();
        assert!(filled > 0 && filled == expression.matches(id).count(), "{id} in {expression}");
        let name = text(&metric["MetricStat"]["Metric"]["MetricName"]);
        assert!(["CommandsAccepted", "IteratorAge"].contains(&name), "{name}");
    }
}

#[test]
fn every_function_has_alarms_for_errors_and_throttles() {
    let alarms: BTreeSet<String> = alarms().into_iter().map(|(id, _)| id).collect();
    for (function, _) in of_type("AWS::Serverless::Function") {
        for what in ["Errors", "Throttles"] {
            assert!(alarms.contains(&format!("{function}{what}Alarm")), "{function}, {what}");
        }
    }
}

#[test]
fn every_read_model_and_every_table_is_watched() {
    let read: Vec<Watched> = alarms().iter().flat_map(|(_, alarm)| watched(alarm)).collect();
    for consumer in crate::metrics::consumers() {
        let lag = if consumer == "publisher" { None } else { Some("ProjectionLag") };
        for name in ["OrdersParked", "ParkedOrders"].into_iter().chain(lag) {
            assert!(reads(&read, name, "consumer", consumer), "{consumer}: {name}");
        }
    }
    for (table, _) in of_type("AWS::DynamoDB::Table") {
        for name in ["ReadThrottleEvents", "WriteThrottleEvents"] {
            assert!(reads(&read, name, "TableName", &table), "{table}: {name}");
        }
    }
}

#[test]
fn both_readers_of_the_stream_have_alarms_for_lateness_and_giving_up() {
    let read: Vec<Watched> = alarms().iter().flat_map(|(_, alarm)| watched(alarm)).collect();
    for (mapping, properties) in of_type("AWS::Lambda::EventSourceMapping") {
        let count = "OnFailureDestinationDeliveredEventCount";
        assert_eq!(properties["MetricsConfig"]["Metrics"], yaml("[EventCount]"), "{mapping} writes no {count}");
        assert!(reads(&read, count, "EventSourceMappingUUID", &mapping), "{mapping}");
    }
    for function in ["Projector", "Publisher"] {
        let times = |name: &str| {
            let of_function =
                |watched: &&Watched| watched.dimensions.get("FunctionName") == Some(&Some(function.to_owned()));
            read.iter().filter(|watched| watched.name == name).filter(of_function).count()
        };
        assert_eq!(times("IteratorAge"), 2, "{function}: late, and without any batch");
        assert_eq!(times("DestinationDeliveryFailures"), 1, "{function}");
    }
}

/// The functions serve both APIs, so errors of either API are errors of the release.
#[test]
fn server_errors_of_either_api_raise_the_same_alarm() {
    let alarms = alarms();
    let of_apis: Vec<_> = alarms
        .iter()
        .filter(|(_, alarm)| watched(alarm).iter().any(|watched| watched.namespace == "AWS/ApiGateway"))
        .collect();
    let [(id, alarm)] = &of_apis[..] else { unreachable!("one alarm: {of_apis:?}") };
    assert_eq!(id, "ApiServerErrorsAlarm");
    let apis: BTreeSet<String> = of_type("AWS::ApiGatewayV2::Api").into_iter().map(|(id, _)| id).collect();
    assert_eq!(apis.len(), 2);
    for metric in ["5xx", "Count"] {
        let of_the_metric = watched(alarm).into_iter().filter(|watched| watched.name == metric);
        let watched: BTreeSet<String> =
            of_the_metric.filter_map(|mut watched| watched.dimensions.remove("ApiId").flatten()).collect();
        assert_eq!(watched, apis, "{metric}");
    }
}
