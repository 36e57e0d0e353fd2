//! The messages for a template that cannot be read.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its subject has failed")]

use sam_template::Template;

const FUNCTION: &str = "
Parameters:
  Seconds:
    Type: Number
    Default: 7
Resources:
  Events:
    Type: AWS::DynamoDB::Table
  Worker:
    Type: AWS::Serverless::Function
    Metadata:
      BuildProperties: { Binary: worker }
    Properties:
      MemorySize: 128
      Timeout: !Ref Seconds
      Role: !ImportValue elsewhere
      Environment:
        Variables:
          LEVEL: debug
          TABLE: !Ref Events
          GREETING: !Sub 'in ${AWS::Region}: ${Events} after ${Seconds} s, ${Events.Arn}'
";

/// Returns the error of `read` on the template after `from` is replaced by `to`.
fn complaint<T: std::fmt::Debug>(
    template: &str,
    (from, to): (&str, &str),
    read: impl Fn(&Template) -> Result<T, sam_template::TemplateError>,
) -> String {
    assert!(template.contains(from), "nothing to break");
    let template = Template::parse(&template.replace(from, to)).unwrap();
    read(&template).unwrap_err().to_string()
}

/// Returns the error for a changed part of this project's template.
fn complaint_of_part<T: std::fmt::Debug>(
    path: &str,
    (from, to): (&str, &str),
    read: impl Fn(&Template) -> Result<T, sam_template::TemplateError>,
) -> String {
    let part = Template::part_of_this_project(path).unwrap();
    assert!(part.contains(from), "nothing to break");
    let broken = part.replace(from, to);
    let parts = |location: &str| {
        if location == path { Some(broken.as_str()) } else { Template::part_of_this_project(location) }
    };
    let template = Template::parse_with_parts(include_str!("../../../../template.yaml"), parts).unwrap();
    read(&template).unwrap_err().to_string()
}

#[test]
fn references_become_local_names() {
    let functions = Template::parse(FUNCTION).unwrap().functions().unwrap();
    let worker = &functions[0];
    assert_eq!((worker.name.as_str(), worker.timeout_seconds, worker.memory_mb), ("worker", 7, 128));
    assert_eq!(worker.environment["LEVEL"], "debug");
    assert_eq!(worker.environment["TABLE"], "Events");
    assert_eq!(worker.environment["GREETING"], "in Region: Events after 7 s, Events.Arn");
}

#[test]
fn a_function_without_a_property_is_named_with_it() {
    let message = complaint(FUNCTION, ("MemorySize: 128", ""), Template::functions);
    assert_eq!(message, "Worker: missing field `MemorySize`");
    let message = complaint(FUNCTION, ("{ Binary: worker }", "{}"), Template::functions);
    assert_eq!(message, "Worker: missing field `Binary`");
    let message = complaint(FUNCTION, ("128", "plenty"), Template::functions);
    assert_eq!(message, r#"Worker: invalid type: string "plenty", expected u32"#);
}

#[test]
fn a_table_without_a_key_schema_is_named_with_it() {
    let message = complaint(
        include_str!("../../../../template.yaml"),
        ("      KeySchema:\n        - AttributeName: aggregateId", "      Keys:\n        - AttributeName: aggregateId"),
        Template::tables,
    );
    assert_eq!(message, "OrderEvents: missing field `KeySchema`");
}

#[test]
fn endless_retries_by_omission_are_refused() {
    let project = include_str!("../../../../template.yaml");
    let message = complaint(project, ("MaximumRetryAttempts: 20", ""), Template::stream_mappings);
    assert_eq!(message, "ProjectorStream: missing field `MaximumRetryAttempts`");
}

#[test]
fn a_mapping_that_skips_or_filters_records_is_refused() {
    let project = include_str!("../../../../template.yaml");
    let latest = ("StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST");
    let message = complaint(project, latest, Template::stream_mappings);
    assert_eq!(message, "ProjectorStream: StartingPosition is `LATEST`, which is not TRIM_HORIZON");
    let filtered = ("      BatchSize: 1000\n", "      BatchSize: 1000\n      FilterCriteria: { Filters: [] }\n");
    let message = complaint(project, filtered, Template::stream_mappings);
    assert!(message.starts_with("ProjectorStream: unknown field `FilterCriteria`, expected one of "), "{message}");
    let misspelt = ("- ReportBatchItemFailures", "- ReportItemFailures");
    let message = complaint(project, misspelt, Template::stream_mappings);
    assert!(message.starts_with("ProjectorStream: unknown variant `ReportItemFailures`"), "{message}");
}

#[test]
fn a_grant_in_another_way_than_by_a_plain_statement_of_a_role_is_refused() {
    let project = include_str!("../../../../template.yaml");
    let sid = "              - Sid: ReadStream\n                Effect: Allow\n";
    let policies = "      Policies:\n        - PolicyName: projector\n";
    for (from, to, expected) in [
        (sid, sid.replace("Allow", "Deny"), "ProjectorRole: unknown variant `Deny`, expected `Allow`"),
        (sid, format!("{sid}                NotAction: []\n"), "ProjectorRole: unknown field `NotAction`"),
        (
            policies,
            format!("      ManagedPolicyArns: []\n{policies}"),
            "ProjectorRole: unknown field `ManagedPolicyArns`",
        ),
        (
            "Resources:\n",
            "Resources:\n  Extra:\n    Type: AWS::IAM::Policy\n".to_owned(),
            "Extra: Type is `AWS::IAM::Policy`, which is not AWS::IAM::Role with its policies inline",
        ),
    ] {
        let message = complaint(project, (from, &to), Template::grants);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_schedule_that_the_local_stack_could_not_follow_is_refused() {
    let project = include_str!("../../../../template.yaml");
    let (rate, input) = ("rate(1 minute)", "          Input: '{\"task\": \"tick\"}'\n");
    for (from, to, expected) in [
        (
            rate,
            "cron(0 12 * * ? *)",
            "ProjectorSchedule: ScheduleExpression is `cron(0 12 * * ? *)`, which is not a rate",
        ),
        (rate, "rate(0 minutes)", "ProjectorSchedule: ScheduleExpression is `rate(0 minutes)`, which is not a rate"),
        (rate, "rate(1 week)", "ProjectorSchedule: ScheduleExpression is `rate(1 week)`, which is not a rate"),
        (input, "", "ProjectorSchedule: missing field `Input`"),
        (input, "          Input: tick\n", "ProjectorSchedule: Input is `tick`, which is not JSON"),
    ] {
        let message = complaint(project, (from, to), Template::schedules);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_route_that_leads_nowhere_is_refused() {
    let complaint = |change| complaint_of_part("templates/routes.yaml", change, Template::routes);
    for key in ["$default", "ANY /orders", "POST /{path+}"] {
        let change = ("RouteKey: POST /orders\n", &*format!("RouteKey: {key}\n"));
        let message = complaint_of_part("templates/routes.yaml", change, Template::routes);
        let expected = "which is not a method, a space and a path without a greedy variable";
        assert_eq!(message, format!("PlaceOrderRoute: RouteKey is `{key}`, {expected}"));
    }
    let message = complaint(("integrations/${CommandIntegration}", "elsewhere"));
    assert_eq!(
        message,
        "PlaceOrderRoute: Target is `elsewhere`, which is not `integrations/` and the id of an integration"
    );
    let message = complaint(("  CommandIntegration:", "  Renamed:"));
    assert_eq!(message, "PlaceOrderRoute refers to `CommandIntegration`, which the template does not define");
}

#[test]
fn an_authorizer_that_reads_something_else_is_named_with_it() {
    let project = include_str!("../../../../template.yaml");
    let read = |template: &Template| template.jwt_authorizer("JwtAuthorizer");
    let message = complaint(project, ("AuthorizerType: JWT", "AuthorizerType: REQUEST"), read);
    assert_eq!(message, "JwtAuthorizer: AuthorizerType is `REQUEST`, which is not JWT");
    let message = complaint(project, ("$request.header.Authorization", "$request.querystring.token"), read);
    assert_eq!(
        message,
        "JwtAuthorizer: IdentitySource is `$request.querystring.token`, which is not $request.header.Authorization"
    );
}

#[test]
fn a_cors_setting_that_is_not_understood_is_refused() {
    let project = include_str!("../../../../template.yaml");
    let with_cors = |template: &Template| {
        template.clone().with_parameters(&[("CorsAllowedOrigins", "https://shop.example")])?.http_apis()
    };
    let message = complaint(project, ("          MaxAge: 7200", "          MaxAgge: 7200"), with_cors);
    assert!(message.starts_with("HttpApi: unknown field `MaxAgge`"), "{message}");
}

#[test]
fn a_reference_to_nothing_is_refused() {
    let message = complaint(FUNCTION, ("!Ref Events", "!Ref Evnets"), Template::functions);
    assert_eq!(message, "Worker refers to `Evnets`, which the template does not define");
    let message = complaint(FUNCTION, ("${Events.Arn}", "${Evnets.Arn}"), Template::functions);
    assert_eq!(message, "Worker refers to `Evnets.Arn`, which the template does not define");
}

#[test]
fn a_condition_that_is_missing_or_not_understood_is_refused() {
    let message = complaint(FUNCTION, ("Timeout: !Ref Seconds", "Timeout: !If [Never, 1, 2]"), Template::functions);
    assert_eq!(message, "Worker refers to `Never`, which the template does not define");
    let conditional = "Resources:\n  Events:\n    Type: AWS::DynamoDB::Table\n    Condition: Odd\n";
    let odd = format!("Conditions:\n  Odd: !FindInMap [a, b, c]\n{conditional}");
    let message = complaint(&odd, ("", ""), |template| template.resource("Events"));
    assert_eq!(message, "Odd: Condition is `FindInMap`, which is not Condition, Equals, Contains, Not, And or Or");
}

#[test]
fn a_file_that_is_no_template_is_rejected() {
    assert_eq!(Template::parse("a: [").unwrap_err().to_string(), "the template is not valid YAML");
    assert_eq!(
        Template::parse("a: 1").unwrap_err().to_string(),
        "the template's `Resources` is missing or is not a mapping"
    );
}
