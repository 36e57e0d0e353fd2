//! The variables and headers on which the functions and the template must agree.

use std::collections::{BTreeMap, BTreeSet};

use function_setup::{CommandConfig, Config, ProjectorConfig, PublisherConfig, QueryConfig};
use sam_template::Template;
use serde_json::Value;
use signed_quotes::{DEMO_AUDIENCE, QuoteSigner};

/// The variables that each function reads.
fn read() -> [(&'static str, BTreeSet<&'static str>); 4] {
    [
        ("command-handler", CommandConfig::variables()),
        ("projector", ProjectorConfig::variables()),
        ("publisher", PublisherConfig::variables()),
        ("query-handler", QueryConfig::variables()),
    ]
    .map(|(function, variables)| (function, variables.into_iter().collect()))
}

#[test]
fn every_function_is_given_the_variables_it_reads_and_no_other() {
    let functions = Template::of_this_project().unwrap().functions().unwrap();
    assert_eq!(functions.len(), read().len());
    for (name, read) in read() {
        let function = functions.iter().find(|function| function.name == name).unwrap();
        let given: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        assert_eq!(given, read, "{name}");
    }
}

#[test]
fn the_sample_environment_has_every_variable_with_local_names() {
    let lines = include_str!("../../../events/local.env").lines();
    let sample: BTreeMap<&str, &str> = lines.map(|line| line.split_once('=').unwrap()).collect();
    let laptop = Template::of_this_project().unwrap().with_every_read_model().unwrap();
    for function in laptop.functions().unwrap() {
        for (name, value) in &function.environment {
            // Local requests are not signed, and the samples' quotes are signed with the demo key. All other settings are as
            // deployed.
            let demo = QuoteSigner::key_set([&QuoteSigner::demo().unwrap()]);
            match name.as_str() {
                "AUTH_MODE" => assert_eq!(sample[name.as_str()], "none"),
                "QUOTE_KEYS" => assert_eq!(serde_json::from_str::<Value>(sample[name.as_str()]).unwrap(), demo),
                "QUOTE_AUDIENCE" => assert_eq!(sample[name.as_str()], DEMO_AUDIENCE),
                _ => assert_eq!(sample.get(name.as_str()), Some(&value.as_str()), "{name} of {}", function.name),
            }
        }
    }
    let read: BTreeSet<&str> = read().into_iter().flat_map(|(_, names)| names).collect();
    let others: Vec<&str> = sample.keys().copied().filter(|name| !read.contains(name)).collect();
    assert!(others.iter().all(|name| name.starts_with("AWS_")), "{others:?}");
}

#[test]
fn a_page_may_send_and_read_every_header_of_the_api() {
    let cors = [("CorsAllowedOrigins", "https://shop.example")];
    let template = Template::of_this_project().unwrap().with_parameters(&cors).unwrap();
    let api = template.resource("HttpApi").unwrap().unwrap();
    let listed = |list: &str| -> BTreeSet<String> {
        let names = api["CorsConfiguration"][list].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (mut sent, mut read) = (BTreeSet::new(), BTreeSet::new());
    let document = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    headers(&document, &mut sent, &mut read);
    // The content type of a body is not a parameter in the document.
    sent.extend(["authorization".to_owned(), "content-type".to_owned()]);
    assert_eq!(listed("AllowHeaders"), sent);
    // The gateway's request id, on every reply.
    read.insert("apigw-requestid".to_owned());
    assert_eq!(listed("ExposeHeaders"), read);
}

/// Collects the header names of requests and replies from an OpenAPI document, in lower case.
fn headers(part: &Value, sent: &mut BTreeSet<String>, read: &mut BTreeSet<String>) {
    if part["in"] == "header" {
        sent.insert(part["name"].as_str().unwrap().to_ascii_lowercase());
    }
    if let Some(replied) = part["headers"].as_object().filter(|_| part.get("description").is_some()) {
        read.extend(replied.keys().map(|name| name.to_ascii_lowercase()));
    }
    let parts = part.as_object().into_iter().flat_map(|it| it.values()).chain(part.as_array().into_iter().flatten());
    for part in parts {
        headers(part, sent, read);
    }
}
