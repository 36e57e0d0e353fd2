//! The dashboard: CloudWatch rejects a body that is not JSON, and draws nothing for a metric that is never written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::metrics::{Watched, assert_written, consumers, of_the_functions};
use crate::{of_type, resources, text};

/// An alarm's ARN up to its name.
const ALARM: &str = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:";

fn body() -> String {
    let dashboards = of_type("AWS::CloudWatch::Dashboard");
    assert_eq!(dashboards.len(), 1);
    text(&dashboards[0].1["DashboardBody"]).to_owned()
}

/// Returns the widgets. A `${Name}` occurs only within texts, so the body is JSON before and after substitution.
fn widgets() -> Vec<Json> {
    let body: Json = serde_json::from_str(&body()).unwrap();
    body["widgets"].as_array().unwrap().clone()
}

/// Returns the lists of one kind in all widgets: `metrics` or `alarms`.
fn listed(kind: &str) -> Vec<Json> {
    let lists = widgets().into_iter().filter_map(|widget| widget["properties"][kind].as_array().cloned());
    lists.flatten().collect()
}

/// Returns the metric that `SEARCH('{Namespace,dimension,..} MetricName="M" ..', ..)` finds.
fn searched(expression: &str) -> Watched {
    let (_, search) = expression.split_once("SEARCH('{").unwrap();
    let (schema, terms) = search.split_once("} ").unwrap();
    let mut schema = schema.split(',').map(str::to_owned);
    let namespace = schema.next().unwrap();
    let (_, name) = terms.split_once("MetricName=\"").unwrap();
    let (name, _) = name.split_once('"').unwrap();
    Watched { namespace, name: name.to_owned(), dimensions: schema.map(|dimension| (dimension, None)).collect() }
}

/// Returns the metric of a widget's line: `[namespace, metric, dimension, value, .., {rendering}]`, or an expression.
fn watched(line: &Json) -> Watched {
    if let Some(expression) = line[0]["expression"].as_str() {
        return searched(expression);
    }
    let texts: Vec<String> = line.as_array().unwrap().iter().filter_map(Json::as_str).map(str::to_owned).collect();
    let dimensions = texts[2..].chunks(2).map(|pair| {
        let value = pair[1].trim_start_matches("${").trim_end_matches('}');
        (pair[0].clone(), Some(value.to_owned()))
    });
    let dimensions: BTreeMap<String, Option<String>> = dimensions.collect();
    Watched { namespace: texts[0].clone(), name: texts[1].clone(), dimensions }
}

#[test]
fn every_line_is_a_metric_that_is_written() {
    let lines = listed("metrics");
    assert!(lines.len() > 40, "{}", lines.len());
    lines.iter().map(watched).for_each(|watched| assert_written(&watched));
}

#[test]
fn every_metric_of_the_functions_is_shown() {
    let shown: BTreeSet<String> = listed("metrics").iter().map(|line| watched(line).name).collect();
    for metric in of_the_functions().keys() {
        assert!(shown.contains(*metric), "{metric}");
    }
}

#[test]
fn every_read_model_and_every_table_is_shown() {
    let shown: Vec<Watched> = listed("metrics").iter().map(watched).collect();
    let is_shown = |name: &str, dimension: &str, value: &str| {
        shown
            .iter()
            .any(|watched| watched.name == name && watched.dimensions.get(dimension) == Some(&Some(value.into())))
    };
    for read_model in consumers().into_iter().filter(|consumer| *consumer != "publisher") {
        for name in ["ProjectionLag", "RowsWritten", "OrdersParked", "ParkedOrders", "OldestParkedSeconds"] {
            assert!(is_shown(name, "consumer", read_model), "{read_model}: {name}");
        }
    }
    for (table, _) in of_type("AWS::DynamoDB::Table") {
        for name in
            ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"]
        {
            assert!(is_shown(name, "TableName", &table), "{table}: {name}");
        }
    }
}

#[test]
fn every_alarm_is_shown() {
    let mut shown: Vec<String> = listed("alarms").iter().map(|arn| arn.as_str().unwrap().to_owned()).collect();
    let alarms = of_type("AWS::CloudWatch::Alarm").into_iter();
    let mut alarms: Vec<String> = alarms.map(|(_, alarm)| format!("{ALARM}{}", text(&alarm["AlarmName"]))).collect();
    shown.sort_unstable();
    alarms.sort_unstable();
    assert_eq!(shown, alarms);
}

#[test]
fn every_name_in_it_is_one_of_the_template() {
    let resources = resources();
    let body = body();
    let names = body.split("${").skip(1).map(|rest| rest.split_once('}').unwrap().0);
    for name in names.filter(|name| !name.starts_with('!') && !name.starts_with("AWS::")) {
        let id = name.split_once('.').map_or(name, |(id, _)| id);
        assert!(resources.contains_key(id), "{name}");
    }
}

#[test]
fn widgets_are_within_the_grid_and_do_not_overlap() {
    let mut taken = BTreeSet::new();
    for widget in widgets() {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|side| widget[side].as_u64().unwrap());
        assert!(x + width <= 24, "{widget}");
        for cell in (x..x + width).flat_map(|column| (y..y + height).map(move |row| (column, row))) {
            assert!(taken.insert(cell), "{widget}");
        }
    }
}
