//! Saved queries of CloudWatch Logs Insights, compared with the fields of the functions' log lines.

use std::fs;
use std::path::{Path, PathBuf};

use yaml_serde::Value as Yaml;

use crate::{of_type, text};

/// For each log group, the crates whose code writes lines to it.
const WRITERS: [(&str, &[&str]); 4] = [
    ("CommandHandlerLogGroup", &["functions/command-handler"]),
    ("QueryHandlerLogGroup", &["functions/query-handler"]),
    ("ProjectorLogGroup", &["functions/projector", "core/stream-consumer"]),
    ("PublisherLogGroup", &["functions/publisher", "core/stream-consumer"]),
];

/// The fields of every line, which `tracing` adds for `function_setup::logs`.
const OF_EVERY_LINE: [&str; 3] = ["level", "message", "target"];

/// The fields of `platform.report`, which Lambda writes in the JSON format.
const OF_LAMBDA: [&str; 3] = ["type", "record.metrics.initDurationMs", "record.metrics.maxMemoryUsedMB"];

/// The words of the query language and of the queries themselves.
const WORDS: [&str; 19] = [
    "and",
    "as",
    "asc",
    "by",
    "count",
    "desc",
    "fields",
    "filter",
    "in",
    "ispresent",
    "limit",
    "max",
    "max_mb",
    "max_ms",
    "not",
    "p50_ms",
    "pct",
    "sort",
    "stats",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// Returns the text before the parenthesis that closes a call.
fn arguments(rest: &str) -> &str {
    let mut open = 1;
    let end = rest.find(|letter| {
        open += i32::from(letter == '(') - i32::from(letter == ')');
        open == 0
    });
    &rest[..end.unwrap()]
}

/// Returns the text of every call that writes a line to a crate's log, also in a macro over the level.
fn log_calls(of: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(of).join("src");
    let mut calls = String::new();
    for source in sources(&folder) {
        let source = fs::read_to_string(source).unwrap();
        for level in ["debug", "info", "warn", "error", "$level"] {
            for rest in source.split(&format!("tracing::{level}!(")).skip(1) {
                calls.push_str(arguments(rest));
                calls.push('\n');
            }
        }
    }
    calls
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && !"_@.".contains(letter)).filter(|word| !word.is_empty())
}

/// Returns the fields of log lines that a query names, without texts and without the fields of Logs Insights, which begin
/// with `@`.
fn fields(query: &str) -> Vec<String> {
    let without_texts: Vec<&str> = query.split('"').step_by(2).collect();
    let named = without_texts.iter().flat_map(|part| words(part)).filter(|word| {
        !word.starts_with('@') && !WORDS.contains(word) && !word.chars().all(|letter| letter.is_ascii_digit())
    });
    // In `count(*) as commands`, the query defines the name.
    named.filter(|word| !query.contains(&format!(" as {word}"))).map(str::to_owned).collect()
}

#[test]
fn every_field_of_a_saved_query_is_in_lines_of_its_log_groups() {
    let queries = of_type("AWS::Logs::QueryDefinition");
    assert!(queries.len() >= 6);
    for (id, query) in queries {
        let groups = query["LogGroupNames"].as_sequence().unwrap();
        let groups: Vec<&str> = groups.iter().map(text).collect();
        let written: String = WRITERS
            .iter()
            .filter(|(group, _)| groups.contains(group))
            .flat_map(|(_, crates)| crates.iter().map(|of| log_calls(of)))
            .collect();
        for field in fields(text(&query["QueryString"])) {
            let known = OF_EVERY_LINE.contains(&field.as_str())
                || OF_LAMBDA.contains(&field.as_str())
                || words(&written).any(|word| word == field);
            assert!(known, "{id} names {field}, which no line in {groups:?} has");
        }
    }
}

/// Returns the texts between `{{` and `}}`.
fn placeholders(query: &str) -> Vec<&str> {
    query.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0).collect()
}

#[test]
fn every_placeholder_of_a_saved_query_is_a_parameter_with_a_description() {
    let mut with_parameters = Vec::new();
    for (id, query) in of_type("AWS::Logs::QueryDefinition") {
        let parameters = query.get("Parameters").and_then(Yaml::as_sequence).cloned().unwrap_or_default();
        let names: Vec<&str> = parameters.iter().map(|parameter| text(&parameter["Name"])).collect();
        assert_eq!(placeholders(text(&query["QueryString"])), names, "{id}");
        assert!(parameters.iter().all(|parameter| !text(&parameter["Description"]).is_empty()), "{id}");
        if !parameters.is_empty() {
            with_parameters.push(id);
        }
    }
    assert_eq!(with_parameters, ["CorrelationQuery", "OrderQuery"]);
}

#[test]
fn saved_queries_lie_in_a_folder_of_the_stacks_name() {
    for (id, query) in of_type("AWS::Logs::QueryDefinition") {
        assert!(matches!(&query["Name"], Yaml::Tagged(_)), "{id}");
        assert!(text(&query["Name"]).starts_with("${AWS::StackName}/"), "{id}");
    }
}

#[test]
fn the_fields_of_a_query_are_distinguished_from_its_words() {
    assert_eq!(
        fields("filter ispresent(outcome) and x in [\"y\"]\n| stats count(*) as n by @log\n| sort n desc"),
        ["outcome", "x"]
    );
}
