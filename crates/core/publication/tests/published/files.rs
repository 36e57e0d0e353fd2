//! Checks that `docs/events` has exactly one file for each type, with the generated content.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use publication::schema::schemas;
use serde::Serialize;

use crate::examples::examples;
use crate::promise;
use crate::support::{project, read, read_json, stem, updating};

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

fn hold(path: &Path, expected: &str) {
    if updating() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, expected).unwrap();
    }
    let advice = "not what the types say; `UPDATE_SCHEMAS=1 cargo test -p publication` writes it anew";
    assert!(read(path) == expected, "{}: {advice}", path.display());
}

fn json_files(folder: &str) -> BTreeSet<String> {
    let names = fs::read_dir(project(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect()
}

#[test]
fn the_schemas_in_the_repository_are_those_of_the_types() {
    for schema in schemas() {
        let path = project("docs/events").join(format!("{}.json", stem(&schema)));
        if path.exists() {
            let broken = promise::broken(&read_json(&path), &schema.schema);
            assert!(
                broken.is_empty(),
                "{} is published, and may only gain optional fields; give the event a new version, or, where this one \
                 was never released, delete the file first. Changed: {broken:?}",
                path.display(),
            );
        }
        hold(&path, &pretty(&schema.schema));
    }
}

#[test]
fn the_examples_in_the_repository_are_those_of_the_types() {
    for (stem, example) in examples() {
        hold(&project("docs/events/examples").join(format!("{stem}.json")), &pretty(&example));
    }
}

/// Returns every schema that was ever published, by the stem of its file, one on each line. Only add lines, never
/// remove one.
fn ever_published() -> BTreeSet<String> {
    let path = project("crates/core/publication/tests/ever-published.txt");
    let mut stems: BTreeSet<String> = read(&path).lines().map(str::to_owned).collect();
    if updating() {
        stems.extend(schemas().iter().map(stem));
        fs::write(&path, stems.iter().map(|stem| format!("{stem}\n")).collect::<String>()).unwrap();
    }
    stems
}

#[test]
fn every_published_schema_exists_and_is_listed() {
    let today: BTreeSet<String> = schemas().iter().map(stem).collect();
    let advice = "a type or version that was published is published for ever; a new one is added to the list by \
                  `UPDATE_SCHEMAS=1 cargo test -p publication`";
    assert_eq!(today, ever_published(), "{advice}");
}

#[test]
fn no_schema_and_no_example_was_dropped_or_left_over() {
    let expected: BTreeSet<String> = schemas().iter().map(stem).collect();
    for folder in ["docs/events", "docs/events/examples"] {
        if !updating() {
            assert_eq!(json_files(folder), expected, "{folder}: what was published stays described");
        }
    }
}
