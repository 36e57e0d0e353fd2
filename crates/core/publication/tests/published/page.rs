//! Checks that `docs/EVENTS.md` agrees with the schemas and shows the examples.

use std::collections::BTreeMap;

use order_domain::stored::EVENT_TYPES;
use publication::schema::schemas;
use serde_json::Value;

use crate::examples::examples;
use crate::support::{project, read};

fn page() -> String {
    read(&project("docs/EVENTS.md"))
}

/// Returns the text between a heading and the next one.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = page.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no '{heading}'")) + heading.len() + 2;
    let rest = &page[start..];
    &rest[..rest.find("\n##").unwrap_or(rest.len())]
}

fn first_json(section: &str) -> Value {
    let start = section.find("```json\n").unwrap() + "```json\n".len();
    let end = start + section[start..].find("```").unwrap();
    serde_json::from_str(&section[start..end]).unwrap()
}

/// Returns the rows of a section's table. Their second column says whether the field is always present.
fn rows(section: &str) -> BTreeMap<String, bool> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        match cells.next()? {
            "always" => Some((name, true)),
            "optional" => Some((name, false)),
            _ => None,
        }
    };
    section.lines().filter_map(row).collect()
}

/// Returns the fields of a schema, a list's as `items[].sku`, and for each true if it is always present.
fn fields(schema: &Value) -> BTreeMap<String, bool> {
    let required = schema["required"].as_array().unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let field = |(name, property): (&String, &Value)| match property.get("items") {
        Some(line) => fields(line).into_iter().map(|(field, always)| (format!("{name}[].{field}"), always)).collect(),
        None => vec![(name.clone(), required.contains(&Value::from(name.as_str())))],
    };
    properties.iter().flat_map(field).collect()
}

#[test]
fn the_page_describes_the_envelope_attribute_by_attribute() {
    let (page, schema) = (page(), &schemas()[0].schema);
    let required = schema["required"].as_array().unwrap();
    let attributes = schema["properties"].as_object().unwrap().keys();
    let expected: BTreeMap<String, bool> =
        attributes.map(|name| (name.clone(), required.contains(&Value::from(name.as_str())))).collect();
    let section = section(&page, "## What is on the bus");
    assert_eq!(rows(section), expected);
    let (_, placed) = examples().into_iter().find(|(stem, _)| stem == "OrderPlaced.v2").unwrap();
    assert_eq!(first_json(section), serde_json::to_value(placed).unwrap());
}

#[test]
fn the_page_describes_every_event_in_its_newest_version() {
    let (page, examples) = (page(), examples());
    for (event_type, newest) in EVENT_TYPES.iter().copied() {
        let section = section(&page, &format!("### {event_type}"));
        assert!(section.trim_start().starts_with(&format!("Version {newest}.")), "{event_type} is at version {newest}");
        let schemas = schemas();
        let schema = schemas.iter().find(|s| (s.event_type, s.schema_version) == (event_type, newest)).unwrap();
        assert_eq!(rows(section), fields(&schema.schema["properties"]["data"]), "{event_type}");
        let stem = format!("{event_type}.v{newest}");
        let (_, example) = examples.iter().find(|(name, _)| *name == stem).unwrap();
        assert_eq!(first_json(section), example.data, "{event_type}");
    }
}

#[test]
fn the_page_describes_no_event_that_does_not_exist() {
    let page = page();
    let described = page.lines().filter_map(|line| line.strip_prefix("### ")).collect::<Vec<_>>();
    let existing = EVENT_TYPES.iter().map(|(event_type, _)| *event_type).collect::<Vec<_>>();
    assert_eq!(described.len(), existing.len(), "{described:?}");
}
