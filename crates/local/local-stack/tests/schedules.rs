//! The template's schedules, on the project's own functions.

use std::net::Ipv4Addr;

use local_stack::{Authentication, DataLocation, LocalStack, Options};
use sam_template::Template;

fn options(template: Template) -> Options {
    let any_port = (Ipv4Addr::LOCALHOST, 0).into();
    Options {
        data: DataLocation::InMemory,
        http: any_port,
        dynamodb: any_port,
        eventbridge: any_port,
        admission: local_stack::Admission::default(),
        authentication: Authentication::None,
        cors_origins: Vec::new(),
        quote_keys: String::new(),
        template,
    }
}

#[tokio::test]
async fn the_projector_takes_the_tick_of_the_templates_schedule() {
    let stack = LocalStack::start_in_process(options(Template::of_this_project().unwrap())).await.unwrap();
    stack.run_schedules().await.unwrap();
    stack.stop().await;
}

#[tokio::test]
async fn a_tick_that_the_projector_does_not_know_is_its_error() {
    let template = include_str!("../../../../template.yaml");
    assert_eq!(template.matches(r#"'{"task": "tick"}'"#).count(), 1);
    let template = Template::parse(&template.replace(r#"'{"task": "tick"}'"#, r#"'{"task": "tock"}'"#)).unwrap();
    let stack = LocalStack::start_in_process(options(template)).await.unwrap();
    let error = stack.run_schedules().await.unwrap_err();
    assert!(error.to_string().contains("tock"), "{error}");
    stack.stop().await;
}
