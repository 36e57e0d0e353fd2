//! The part of the template that registers the schemas of `docs/events`.

use std::fmt::Write as _;
use std::fs;
use std::io;

use publication::schema::{DetailSchema, schemas};
use serde::Serialize as _;
use serde_json::Value;

use crate::support::{project, read, updating};

/// The largest width of a line of content, after its indentation of eight.
const WIDTH: usize = 110;

/// The path of this part of the template.
const PART: &str = "templates/schemas.yaml";

const REGISTRY: &str = "\
# Generated from docs/events by `UPDATE_SCHEMAS=1 cargo test -p publication`.
AWSTemplateFormatVersion: '2010-09-09'
Description: The JSON schemas of the published events.

Parameters:
  StackName: { Type: String }

Resources:
  OrderEventSchemas:
    Type: AWS::EventSchemas::Registry
    Properties:
      RegistryName: !Sub ${StackName}-events
      Description: The schemas of the published events, one for each event type and version.
";

/// Compact JSON with a space after each comma, so that a folded scalar can break its lines there.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }
}

fn spaced(schema: &Value) -> String {
    let mut json = Vec::new();
    schema.serialize(&mut serde_json::Serializer::with_formatter(&mut json, Spaced)).unwrap();
    String::from_utf8(json).unwrap()
}

/// Returns the text in lines that break at its single spaces.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn logical_id(schema: &DetailSchema) -> String {
    format!("{}V{}Schema", schema.event_type, schema.schema_version)
}

fn part() -> String {
    let mut part = REGISTRY.to_owned();
    for schema in schemas() {
        let (id, event_type, version) = (logical_id(&schema), schema.event_type, schema.schema_version);
        let description = schema.schema["description"].as_str().unwrap();
        let properties = [
            "RegistryName: !GetAtt OrderEventSchemas.RegistryName".to_owned(),
            format!("SchemaName: order-ledger@{event_type}-v{version}"),
            "Type: JSONSchemaDraft4".to_owned(),
            format!("Description: {description}"),
            "Content: >-".to_owned(),
        ];
        writeln!(part, "\n  {id}:\n    Type: AWS::EventSchemas::Schema\n    Properties:").unwrap();
        for property in properties {
            writeln!(part, "      {property}").unwrap();
        }
        for line in folded(&spaced(&schema.schema)) {
            writeln!(part, "        {line}").unwrap();
        }
    }
    part
}

#[test]
fn the_template_registers_the_schemas_in_the_repository() {
    let path = project(PART);
    if updating() {
        fs::write(&path, part()).unwrap();
    } else {
        let advice = "`UPDATE_SCHEMAS=1 cargo test -p publication` writes it anew";
        assert!(read(&path) == part(), "{PART}: {advice}");
    }
}

#[test]
fn the_template_registers_the_published_schemas() {
    let yaml: yaml_serde::Value = yaml_serde::from_str(&part()).unwrap();
    for schema in schemas() {
        let properties = &yaml["Resources"][logical_id(&schema).as_str()]["Properties"];
        let content: Value = serde_json::from_str(properties["Content"].as_str().unwrap()).unwrap();
        assert_eq!(content, schema.schema);
        assert_eq!(properties["Description"].as_str(), schema.schema["description"].as_str());
    }
}

#[test]
fn the_registered_schemas_stay_within_the_registrys_limits() {
    for schema in schemas() {
        assert!(spaced(&schema.schema).len() <= 100_000, "a schema's content has at most 100,000 characters");
        assert!(schema.schema["description"].as_str().unwrap().len() <= 256, "a description has at most 256");
    }
    let widest = part().lines().map(|line| line.chars().count()).max();
    assert!(widest < Some(120), "{widest:?}");
}
