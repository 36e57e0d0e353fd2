//! The observability of a running stack: alarms, the dashboard, logs and saved queries, compared with the functions'
//! output.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

mod alarms;
mod dashboard;
mod logging;
mod metrics;
mod queries;

use sam_template::Template;
use yaml_serde::{Mapping, Value as Yaml};

fn section(name: &str) -> Mapping {
    Template::of_this_project().unwrap().document()[name].as_mapping().unwrap().clone()
}

fn resources() -> Mapping {
    section("Resources")
}

/// Returns the properties of the resources of a type, each with its logical id.
fn of_type(kind: &str) -> Vec<(String, Yaml)> {
    let resources = resources().into_iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    resources.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource["Properties"].clone())).collect()
}

/// Returns the text of a value or of its function: `Projector` for `!Ref Projector`, the text of a `!Sub`, and for an `!If`
/// the value if its condition is true.
fn text(value: &Yaml) -> &str {
    let Yaml::Tagged(tagged) = value else { return value.as_str().unwrap() };
    match (&tagged.value, tagged.tag == "If") {
        (Yaml::Sequence(arguments), true) => text(&arguments[1]),
        (Yaml::Sequence(arguments), false) => text(&arguments[0]),
        (value, _) => text(value),
    }
}
