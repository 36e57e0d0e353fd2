//! The protection of the data when an operator deletes, restores or overloads it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::Template;
use yaml_serde::{Mapping, Value as Yaml};

fn section(name: &str) -> Mapping {
    Template::of_this_project().unwrap().document()[name].as_mapping().unwrap().clone()
}

fn yaml(text: &str) -> Yaml {
    yaml_serde::from_str(text).unwrap()
}

/// Returns the resources of a type, each with its logical id.
fn of_type(kind: &str) -> Vec<(String, Yaml)> {
    let resources = section("Resources").into_iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    resources.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
}

fn tables() -> Vec<(String, Yaml)> {
    of_type("AWS::DynamoDB::Table")
}

#[test]
fn data_is_protected_unless_a_stack_is_made_to_be_thrown_away() {
    assert_eq!(section("Parameters")["ProtectData"]["Default"], yaml("'true'"));
    assert_eq!(section("Conditions")["DataIsProtected"], yaml("!Equals [!Ref ProtectData, 'true']"));
}

#[test]
fn tables_and_what_was_not_delivered_outlive_a_protected_stack() {
    let retained = yaml("!If [DataIsProtected, Retain, Delete]");
    let resources = section("Resources");
    let outlives = |policy: &str| -> Vec<String> {
        let kept = resources.iter().filter(|(_, resource)| resource.get(policy) == Some(&retained));
        kept.map(|(id, _)| id.as_str().unwrap().to_owned()).collect()
    };
    let mut kept: Vec<String> = tables().into_iter().map(|(id, _)| id).collect();
    assert!(kept.len() > 1, "{kept:?}");
    kept.extend(["FailedBatches", "UndeliveredEvents"].map(str::to_owned));
    assert_eq!(outlives("DeletionPolicy"), kept);
    assert_eq!(outlives("UpdateReplacePolicy"), kept);
    // An operator must find and delete the remaining resources of a temporary stack by hand.
    let without_a_say = resources.values().filter(|resource| resource.get("DeletionPolicy") == Some(&yaml("Retain")));
    assert_eq!(without_a_say.count(), 0);
}

#[test]
fn tables_of_a_protected_stack_cannot_be_deleted() {
    for (id, table) in tables() {
        assert_eq!(table["Properties"]["DeletionProtectionEnabled"], yaml("!Ref ProtectData"), "{id}");
    }
}

#[test]
fn every_table_of_a_protected_stack_can_be_restored_to_any_second() {
    for (id, table) in tables() {
        let recovery = &table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
        assert_eq!(recovery, &yaml("!Ref ProtectData"), "{id}");
    }
}

#[test]
fn each_api_is_throttled_and_keeps_an_access_log_of_its_own() {
    let stages = of_type("AWS::ApiGatewayV2::Stage");
    for (id, stage) in &stages {
        let api = id.strip_suffix("Stage").unwrap();
        assert_eq!(stage["Properties"]["ApiId"], yaml(&format!("!Ref {api}")), "{id}");
        let (settings, log) = (&stage["Properties"]["DefaultRouteSettings"], &stage["Properties"]["AccessLogSettings"]);
        assert_eq!(settings["ThrottlingRateLimit"], yaml("!Ref ThrottlingRateLimit"), "{id}");
        assert_eq!(settings["ThrottlingBurstLimit"], yaml("!Ref ThrottlingBurstLimit"), "{id}");
        assert_eq!(log["DestinationArn"], yaml(&format!("!GetAtt {api}LogGroup.Arn")), "{id}");
    }
    assert_eq!(stages.len(), of_type("AWS::ApiGatewayV2::Api").len());
}

/// An index without the cap of its table would be billed without a limit.
#[test]
fn every_table_and_every_index_takes_the_caps() {
    let capped = yaml(
        "!If [TablesAreCapped, {
            MaxReadRequestUnits: !If [ReadsAreCapped, !Ref MaxReadRequestUnits, !Ref AWS::NoValue],
            MaxWriteRequestUnits: !If [WritesAreCapped, !Ref MaxWriteRequestUnits, !Ref AWS::NoValue]
        }, !Ref AWS::NoValue]",
    );
    let mut indexes = 0;
    for (id, table) in tables() {
        assert_eq!(table["Properties"]["OnDemandThroughput"], capped, "{id}");
        for index in table["Properties"].get("GlobalSecondaryIndexes").and_then(Yaml::as_sequence).into_iter().flatten()
        {
            assert_eq!(index["OnDemandThroughput"], capped, "{id}, {:?}", index["IndexName"]);
            indexes += 1;
        }
    }
    assert_eq!(indexes, 3);
}

/// Contributor Insights of a table does not include those of its indexes.
#[test]
fn every_table_and_every_index_names_throttled_keys_where_asked_to() {
    let insights = yaml("{ Enabled: !Ref ThrottledKeyInsights, Mode: THROTTLED_KEYS }");
    assert_eq!(section("Parameters")["ThrottledKeyInsights"]["Default"], "false");
    for (id, table) in tables() {
        let indexes = table["Properties"].get("GlobalSecondaryIndexes").and_then(Yaml::as_sequence);
        for part in indexes.into_iter().flatten().chain([&table["Properties"]]) {
            assert_eq!(part["ContributorInsightsSpecification"], insights, "{id}");
        }
    }
}

#[test]
fn every_table_is_encrypted_with_the_key_that_is_given() {
    let encrypted = yaml(
        "!If [KmsKeyIsGiven, { SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !Ref KmsKeyArn }, !Ref AWS::NoValue]",
    );
    for (id, table) in tables() {
        assert_eq!(table["Properties"]["SSESpecification"], encrypted, "{id}");
    }
}

/// Tables are encrypted by default.
#[test]
fn every_bucket_and_every_queue_is_encrypted() {
    for (id, queue) in of_type("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], yaml("true"), "{id}");
    }
    for (id, bucket) in of_type("AWS::S3::Bucket") {
        let rules = &bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        assert_eq!(rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], yaml("AES256"), "{id}");
    }
}
